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
 * Partitions have gone from a consumer, because they were revoked or it is being stopped,
 * and the records that were being handled, or were to be acknowledged, have been waited
 * for.
 *
 * @param consumer the consumer's name
 * @param at when the waiting was over
 * @param partitions the partitions, such as {@code orders-0}, sorted
 * @param drain how long it took, in milliseconds
 * @param givenUp the records that were waited for in vain, such as {@code orders-0@77},
 * at most 100; their next owner gets them again
 */
public record PartitionsDrainedEvent(String consumer, Instant at, List<String> partitions, Duration drain,
		List<String> givenUp) {

	/**
	 * Create an event.
	 * @param consumer the consumer's name
	 * @param at when the waiting was over
	 * @param partitions the partitions
	 * @param drain how long it took
	 * @param givenUp the records that were waited for in vain
	 */
	public PartitionsDrainedEvent {
		partitions = List.copyOf(partitions);
		givenUp = List.copyOf(givenUp);
	}

	/**
	 * Return whether the records were all finished in time.
	 * @return {@code false} if some are delivered again to the partitions' next owner
	 * although they are still being handled or to be acknowledged
	 */
	public boolean isComplete() {
		return this.givenUp.isEmpty();
	}

}
