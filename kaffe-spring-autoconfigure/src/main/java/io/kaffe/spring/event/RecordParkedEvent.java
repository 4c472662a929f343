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
 * Published when a record has exhausted its attempts and is kept until an operator
 * retries, skips or dead-letters it. Published again if it is parked again, after a retry
 * or by the next owner of its partition.
 *
 * @param consumer the consumer's name
 * @param topic the record's topic
 * @param partition the number of its partition
 * @param offset its offset
 * @param failure the exception of the last attempt; its message may reveal the contents
 * of the record
 * @param since when it was parked first, by this owner of its partition or an earlier
 * one, in whole seconds
 * @param owners how many owners of its partition have parked it, one after the other; 1
 * if it was not parked before, or an operator had it retried since
 */
public record RecordParkedEvent(String consumer, String topic, int partition, long offset, Throwable failure,
		Instant since, int owners) {

}
