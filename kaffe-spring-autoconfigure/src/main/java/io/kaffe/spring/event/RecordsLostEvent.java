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

/**
 * Published when it is detected that records were deleted from the log before they were
 * handled. The consumer goes on behind them.
 *
 * @param consumer the consumer's name
 * @param topic the topic
 * @param partition the number of the partition
 * @param firstOffset the offset of the first lost record
 * @param lastOffset the offset of the last one; not all between them need to be lost
 * @param count the number of unfinished offsets; not all of them need to have held a
 * record, so there are at most as many records
 */
public record RecordsLostEvent(String consumer, String topic, int partition, long firstOffset, long lastOffset,
		long count) {

}
