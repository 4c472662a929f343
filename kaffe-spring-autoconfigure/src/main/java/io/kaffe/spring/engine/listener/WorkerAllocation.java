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

package io.kaffe.spring.engine.listener;

import java.util.List;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.delivery.Delivery;
import io.kaffe.spring.engine.delivery.KeyAllocationWork;
import io.kaffe.spring.engine.delivery.WorkFactory;
import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.Worker;

/**
 * Which workers the partitions of one Kafka consumer have: where a strategy decides for
 * each partition, the one that it names; where it decides for each record, those that the
 * records go to by way of one worker that asks it. Strategies of the user's are asked by
 * workers, so that the consumer thread never runs them.
 * <p>
 * <b>Threading.</b> Belongs to the consumer thread.
 */
final class WorkerAllocation {

	private static final int COMMON_SLOT = 0;

	private final WorkerAllocationStrategy strategy;

	private final boolean perRecord;

	private final ConsumerWorkers workers;

	private final WorkFactory works;

	private final KeyAllocationWork.Allocator allocator;

	private final Worker asking;

	/**
	 * Create an allocation.
	 * @param strategy decides
	 * @param perRecord whether it does so for each record
	 * @param workers the workers of all threads of the consumer
	 * @param delivery delivers records to the listener
	 */
	WorkerAllocation(WorkerAllocationStrategy strategy, boolean perRecord, ConsumerWorkers workers, Delivery delivery) {
		this.strategy = strategy;
		this.perRecord = perRecord;
		this.workers = workers;
		this.works = WorkFactory.of(delivery);
		this.allocator = new KeyAllocationWork.Allocator(strategy, workers, this.works);
		this.asking = workers.internal("allocation for " + Thread.currentThread().getName());
	}

	/**
	 * Take on a partition. Its worker may have no name yet, in which case it has to be
	 * paused until {@link #allocateIfNamed} finds one.
	 */
	PartitionAssignment assign(AssignedPartition assigned, ConsumerSession session) {
		if (this.perRecord) {
			return new PartitionAssignment(assigned, this.workers.openSlot(), session);
		}
		PartitionAssignment assignment = new PartitionAssignment(assigned, COMMON_SLOT, session);
		if (this.strategy instanceof StandardWorkerAllocationStrategy) {
			TopicPartition partition = assigned.partition();
			allocate(assignment, this.strategy.workerName(partition.topic(), partition.partition()));
		}
		else {
			WorkerNaming naming = new WorkerNaming(this.strategy, assignment, session::roomAvailable);
			assignment.naming(naming);
			this.workers.internal("naming for " + assignment).submit(naming);
		}
		return assignment;
	}

	/**
	 * Give a partition its worker, if the strategy has named it meanwhile.
	 */
	void allocateIfNamed(PartitionAssignment assignment) {
		WorkerNaming naming = assignment.naming();
		String name = (naming != null) ? naming.name() : null;
		if (name != null) {
			allocate(assignment, name);
		}
	}

	private void allocate(PartitionAssignment assignment, String name) {
		assignment.worker(this.workers.allocate(name, assignment.assigned()));
	}

	/**
	 * Hand records to their workers.
	 * @param records the records, not empty
	 * @param assignment where they came from; has its worker, if it has one of its own
	 */
	void handOver(List<? extends ConsumerRecord<?, ?>> records, PartitionAssignment assignment) {
		Worker worker = assignment.worker();
		if (worker != null) {
			worker.submit(this.works.workOf(records, assignment));
		}
		else {
			this.asking.submit(new KeyAllocationWork(records, assignment, assignment.slot(), this.allocator));
		}
	}

	/**
	 * Release what a partition had.
	 */
	void release(PartitionAssignment assignment) {
		Worker worker = assignment.worker();
		if (worker != null) {
			this.workers.release(worker, assignment.assigned());
		}
		if (assignment.slot() != COMMON_SLOT) {
			this.workers.closeSlot(assignment.slot());
		}
	}

}
