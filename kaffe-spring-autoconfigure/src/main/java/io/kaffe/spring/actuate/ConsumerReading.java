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

package io.kaffe.spring.actuate;

import java.util.Map;
import java.util.stream.Collectors;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.PartitionSnapshot;
import io.kaffe.spring.table.WorkerState;

/**
 * A snapshot for all gauges of a consumer.
 *
 * @param table the consumer
 * @param partitions its partitions
 * @param workers the number of its workers by state
 * @param stalled the number of stalled records
 */
record ConsumerReading(ConsumerSnapshot table, Map<TopicPartition, PartitionSnapshot> partitions,
		Map<WorkerState, Integer> workers, int stalled) {

	/**
	 * Read a consumer.
	 * @return the reading, or {@code null} if the consumer is unknown
	 */
	static @Nullable ConsumerReading of(DefaultWorkerManager manager, String consumer) {
		ConsumerSnapshot table = manager.table(consumer);
		ConsumerWorkers workers = manager.workers(consumer);
		if (table == null || workers == null) {
			return null;
		}
		// During a rebalance, two threads may show a partition for a moment.
		Map<TopicPartition, PartitionSnapshot> partitions = table.partitions()
			.stream()
			.collect(Collectors.toMap((partition) -> new TopicPartition(partition.topic(), partition.partition()),
					(partition) -> partition, (older, newer) -> newer));
		return new ConsumerReading(table, partitions, workers.states(), workers.stalled().size());
	}

	/**
	 * Return whether the consumer is not down.
	 */
	boolean up() {
		return problems(ConsumerProblem.Severity.DOWN) == 0;
	}

	/**
	 * Return the number of problems with a severity.
	 */
	long problems(ConsumerProblem.Severity severity) {
		return this.table.status().problems().stream().filter((problem) -> problem.severity() == severity).count();
	}

}
