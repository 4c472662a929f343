/*
 * Copyright 2026-present the original author or authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.kaffe.spring.event;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * Published when the handler of a record has not returned within the
 * {@code stall-threshold}, once for each delivery attempt.
 *
 * @param consumer the consumer's name
 * @param worker the name of the worker of the record; {@code null} if it has none
 * @param topic the record's topic
 * @param partition the number of its partition
 * @param offset its offset
 * @param duration how long the handler had been running when the stall was detected
 */
public record WorkerStalledEvent(String consumer, @Nullable String worker, String topic, int partition, long offset,
		Duration duration) {

}
