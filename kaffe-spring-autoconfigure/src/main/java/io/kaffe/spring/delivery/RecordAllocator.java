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

package io.kaffe.spring.delivery;

import org.apache.kafka.clients.consumer.ConsumerRecord;

import io.kaffe.spring.worker.ConsumerWorkers;
import io.kaffe.spring.worker.WorkerAllocationStrategy;

/**
 * Gives records to workers one by one, as a strategy says that decides for each record.
 * <p>
 * <b>Threading.</b> Immutable. The strategy and the methods of keys are user code: called
 * by workers, never on the thread that polls.
 */
public final class RecordAllocator {

	private final WorkerAllocationStrategy strategy;

	private final ConsumerWorkers workers;

	/**
	 * Create an allocator.
	 * @param strategy decides for each record
	 * @param workers the consumer's workers
	 */
	public RecordAllocator(WorkerAllocationStrategy strategy, ConsumerWorkers workers) {
		this.strategy = strategy;
		this.workers = workers;
	}

	/**
	 * Give a record to its worker.
	 * @throws RuntimeException or Error if the strategy or the key throws it
	 */
	void allocate(ConsumerRecord<?, ?> record, RecordSource source) {
		this.workers.submit(this.strategy.workerKey(record), record, source.slot(), new SingleRecord(record, source));
	}

	/**
	 * Give a record to its worker, or, if that cannot be found, to one that keeps trying.
	 */
	void allocateInAnyCase(ConsumerRecord<?, ?> record, RecordSource source) {
		try {
			allocate(record, source);
		}
		catch (Throwable ex) {
			// Asked again there, so that this failure is reported like any other.
			this.workers.submit(null, record, source.slot(), new UnallocatedRecord(record, source, this));
		}
	}

}
