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

package io.kaffe.spring.engine.delivery;

import java.util.List;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.ConsumerWorkers;

/**
 * Gives records to workers one by one, as a strategy says that decides for each record.
 * <p>
 * <b>Threading.</b> Immutable. The strategy and the methods of keys are user code: called
 * by workers, never on the thread that polls.
 */
public final class RecordAllocator {

	private final WorkerAllocationStrategy strategy;

	private final ConsumerWorkers workers;

	private final Delivery delivery;

	/**
	 * Create an allocator.
	 * @param strategy decides for each record
	 * @param workers the consumer's workers
	 * @param delivery delivers each to the listener
	 */
	public RecordAllocator(WorkerAllocationStrategy strategy, ConsumerWorkers workers, Delivery delivery) {
		this.strategy = strategy;
		this.workers = workers;
		this.delivery = delivery;
	}

	/**
	 * Give a record to its worker.
	 * @throws RuntimeException or Error if the strategy or the key throws it
	 */
	void allocate(ConsumerRecord<?, ?> record, AssignmentHandle source, int slot) {
		submit(this.strategy.workerKey(record), record, source, slot);
	}

	private void submit(@Nullable Object key, ConsumerRecord<?, ?> record, AssignmentHandle source, int slot) {
		this.workers.submit(key, record, slot, this.delivery.workOf(record, source));
	}

	/**
	 * Return how many records that are ordered with no others one worker gets.
	 */
	int groupSize() {
		return this.delivery.maxUnordered();
	}

	/**
	 * Give records that are ordered with no others to a worker of their own.
	 * @param records records of one partition, not empty, not to be changed any more
	 */
	void allocateUnordered(List<ConsumerRecord<?, ?>> records, AssignmentHandle source, int slot) {
		this.workers.submit(null, records.get(0), slot, this.delivery.unorderedWorkOf(records, source));
	}

	/**
	 * Give a record to its worker, or, if that cannot be found, to one that keeps trying.
	 * A record that is ordered with no other may be left to the caller.
	 * @param gather whether to leave such a record
	 * @return whether the record is left
	 */
	boolean allocateInAnyCase(ConsumerRecord<?, ?> record, AssignmentHandle source, int slot, boolean gather) {
		try {
			Object key = this.strategy.workerKey(record);
			if (key == null && gather) {
				return true;
			}
			submit(key, record, source, slot);
		}
		catch (Throwable ex) {
			// Asked again there, so that this failure is reported like any other.
			this.workers.submit(null, record, slot, new UnallocatedRecord(record, source, slot, this.delivery, this));
		}
		return false;
	}

}
