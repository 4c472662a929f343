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

import java.time.Instant;

import org.jspecify.annotations.Nullable;

/**
 * Published when an outage of what the handlers of a consumer depend on, such as a
 * database, is detected or requested by an operator. Until it is over, attempts do not
 * count, and none are made but probes.
 *
 * @param consumer the consumer's name
 * @param since when it began
 * @param failureRate how many attempts failed, in percent; {@code null} if it was
 * requested
 * @param exception the name of the class of the root cause of such a failure;
 * {@code null} if it was requested
 */
public record OutageBeganEvent(String consumer, Instant since, @Nullable Float failureRate,
		@Nullable String exception) {

}
