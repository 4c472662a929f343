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

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;

/**
 * Allocates records to workers. A worker handles its records one at a time in the order
 * in which they were polled.
 * <p>
 * A strategy allocates a worker for each partition, by {@link #workerName}, or for each
 * record: see {@link RecordWorkerAllocationStrategy}. It must be free of side effects,
 * thread-safe, and return equal results for equal arguments. It is called by worker
 * threads, so that a slow or failing strategy cannot keep its consumer from polling.
 *
 * @see StandardWorkerAllocationStrategy
 */
@FunctionalInterface
public interface WorkerAllocationStrategy {

	/**
	 * Return the name of the worker of a partition. Called once when a partition is
	 * assigned; the partition is paused until it returns. If it throws, it is called
	 * again.
	 * @param topic the topic
	 * @param partition the partition's number, from 0
	 * @return the name, unique among the workers of one consumer; never {@code null} or
	 * empty
	 */
	String workerName(String topic, int partition);

	/**
	 * Return whether this strategy allocates a worker for each record, by
	 * {@link #workerKey}, rather than for each partition.
	 * @return always the same; {@code false} unless overridden
	 */
	default boolean isPerRecord() {
		return false;
	}

	/**
	 * Return the key of the record's worker. Called only if {@link #isPerRecord()}.
	 * @param record the record; its key and value may be {@code null}
	 * @return an object with {@code equals} and {@code hashCode}, or an array, which is
	 * compared by content; {@code null} if the record may be handled in any order
	 */
	default @Nullable Object workerKey(ConsumerRecord<?, ?> record) {
		throw new UnsupportedOperationException("Workers are allocated for each partition");
	}

}
