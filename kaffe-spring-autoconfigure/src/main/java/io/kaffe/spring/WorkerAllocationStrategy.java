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
 * Decides which records share a worker, which handles them one at a time in the order in
 * which they were polled.
 * <p>
 * A strategy decides for each partition, by {@link #workerName}, or for each record: see
 * {@link RecordWorkerAllocationStrategy}. It must be free of side effects, safe for
 * concurrent use, and give the same answer to the same question every time. It is asked
 * on threads of the workers, so that one that is slow or fails cannot keep its consumer
 * from polling.
 *
 * @see StandardWorkerAllocationStrategy
 */
@FunctionalInterface
public interface WorkerAllocationStrategy {

	/**
	 * Return the name of the worker of a partition. Asked once when a partition is
	 * assigned; until it is answered the partition is paused, and if it throws it is
	 * asked again.
	 * @param topic the topic
	 * @param partition the partition's number, from 0
	 * @return the name, unique among the workers of one consumer; never {@code null} or
	 * empty
	 */
	String workerName(String topic, int partition);

	/**
	 * Return whether this strategy decides for each record, by {@link #workerKey}, rather
	 * than for each partition.
	 * @return the same every time; {@code false} unless overridden
	 */
	default boolean isPerRecord() {
		return false;
	}

	/**
	 * Return what tells the record's worker from others. Asked only if
	 * {@link #isPerRecord()}.
	 * @param record the record; its key and value may be {@code null}
	 * @return an object with {@code equals} and {@code hashCode}, or an array, which is
	 * compared by content; {@code null} if the record need not be in order with any other
	 */
	default @Nullable Object workerKey(ConsumerRecord<?, ?> record) {
		throw new UnsupportedOperationException("Workers are allocated for each partition");
	}

}
