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

/**
 * Published when an outage of what the handlers of a consumer depend on is over, and as
 * many attempts are made as before.
 *
 * @param consumer the consumer's name
 * @param since when it began
 * @param probes the number of attempts that were made to probe whether it is over
 */
public record OutageEndedEvent(String consumer, Instant since, int probes) {

}
