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

/**
 * Allocates records to workers one by one, for example by key, by a header, by a field of
 * the value, or by tenant.
 * <p>
 * Records of one consumer with equal worker keys are handled one at a time in the order
 * in which they were polled, across topics and partitions; all others concurrently. A
 * worker exists as long as records with its key are in flight.
 * <p>
 * Called by worker threads, never by the consumer thread: a slow strategy slows down its
 * own consumer and nothing else. If it throws, the record fails and is retried like any
 * other.
 */
@FunctionalInterface
public interface RecordWorkerAllocationStrategy extends WorkerAllocationStrategy {

	@Override
	@Nullable Object workerKey(ConsumerRecord<?, ?> record);

	@Override
	default boolean isPerRecord() {
		return true;
	}

	@Override
	default String workerName(String topic, int partition) {
		throw new UnsupportedOperationException("Workers are allocated for each record");
	}

}
