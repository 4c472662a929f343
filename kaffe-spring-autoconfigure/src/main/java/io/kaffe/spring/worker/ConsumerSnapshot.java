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

package io.kaffe.spring.worker;

import java.time.Instant;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A consumer, its workers and its partitions as they were at one moment.
 *
 * @param groupId the consumer group, or {@code null} if it has none
 * @param topics the topics it consumes, sorted; for a topic pattern those that are
 * assigned
 * @param workerAllocationStrategy the name of its strategy
 * @param state what it was doing
 * @param stopped why it was stopped, if that was because it could not go on, else
 * {@code null}
 * @param maxConcurrency how many workers may run at once; {@code null}: all
 * @param buffered what is polled and not final
 * @param workerCount the number of its workers
 * @param workers its workers, sorted by name, numbers by value; where they are allocated
 * for each record, the busiest of them
 * @param partitions its partitions, sorted by topic and number
 */
public record ConsumerSnapshot(@Nullable String groupId, List<String> topics, String workerAllocationStrategy,
		ConsumerState state, @Nullable Stop stopped, @Nullable Integer maxConcurrency, Buffered buffered,
		int workerCount, List<WorkerSnapshot> workers, List<PartitionSnapshot> partitions) {

	/**
	 * That a consumer was stopped because it could not go on.
	 *
	 * @param at when it was stopped
	 * @param reason why, as a sentence
	 */
	public record Stop(Instant at, String reason) {
	}

	/**
	 * What is polled and not final.
	 *
	 * @param records the number of records
	 * @param bytes the size of their serialized keys and values
	 */
	public record Buffered(long records, long bytes) {
	}

}
