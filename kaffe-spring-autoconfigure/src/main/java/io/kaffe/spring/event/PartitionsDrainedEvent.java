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
import java.time.Instant;
import java.util.List;

/**
 * Published when partitions of a consumer were revoked, or the consumer is being stopped,
 * after waiting for records that were in progress or not yet acknowledged.
 *
 * @param consumer the consumer's name
 * @param at when the drain ended
 * @param partitions the partitions, such as {@code orders-0}, sorted
 * @param drain how long the drain took, in milliseconds
 * @param givenUp the records that were not completed in time, such as
 * {@code orders-0@77}, at most 100; they are redelivered to the next owner of the
 * partition
 */
public record PartitionsDrainedEvent(String consumer, Instant at, List<String> partitions, Duration drain,
		List<String> givenUp) {

	/**
	 * Create an event.
	 * @param consumer the consumer's name
	 * @param at when the drain ended
	 * @param partitions the partitions
	 * @param drain how long the drain took
	 * @param givenUp the records that were not completed in time
	 */
	public PartitionsDrainedEvent {
		partitions = List.copyOf(partitions);
		givenUp = List.copyOf(givenUp);
	}

	/**
	 * Return whether all records were completed in time.
	 * @return {@code false} if some are redelivered to the next owner of the partitions
	 * although they are still in progress or not yet acknowledged
	 */
	public boolean isComplete() {
		return this.givenUp.isEmpty();
	}

}
