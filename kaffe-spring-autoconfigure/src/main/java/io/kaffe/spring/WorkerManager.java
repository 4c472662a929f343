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

package io.kaffe.spring;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.WorkerSnapshot;
import io.kaffe.spring.table.WorkerTable;

/**
 * Manages the workers of all consumers. A worker handles its records one at a time; the
 * {@link WorkerAllocationStrategy} of a consumer allocates records to workers.
 * <p>
 * A bean of this type is auto-configured. It is read-only: {@link KaffeConsumers} has the
 * operations.
 * <p>
 * May be called by any thread; no method blocks.
 */
public interface WorkerManager {

	/**
	 * Return the worker of a partition.
	 * @param consumer the consumer's name
	 * @param topic the topic
	 * @param partition the partition's number
	 * @return a snapshot of the worker; {@code null} if the consumer is unknown, the
	 * partition is not assigned to it, or workers are allocated for each record
	 */
	@Nullable WorkerSnapshot workerFor(String consumer, String topic, int partition);

	/**
	 * Describe all consumers, without keys, values and exception messages.
	 * @return a snapshot; empty if there are no consumers
	 */
	WorkerTable table();

	/**
	 * Describe one consumer, without keys, values and exception messages.
	 * @param consumer the consumer's name
	 * @return a snapshot, or {@code null} if the consumer is unknown
	 */
	@Nullable ConsumerSnapshot table(String consumer);

}
