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

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.util.StringUtils;

import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.delivery.KeyAllocationWork;
import io.kaffe.spring.engine.delivery.KeyEviction;
import io.kaffe.spring.engine.delivery.PollingConsumer;
import io.kaffe.spring.engine.delivery.WorkFactory;
import io.kaffe.spring.engine.listener.Preparation.Awaited;
import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.Turn;
import io.kaffe.spring.engine.worker.Work;
import io.kaffe.spring.engine.worker.Worker;

/**
 * Allocates workers to the partitions of one Kafka consumer: where the strategy decides
 * for each partition, the worker that it names; where it decides for each record, records
 * go through one worker that calls it and dispatches them. Strategies of the application
 * are called by workers, so that the consumer thread never runs them.
 * <p>
 * <b>Threading.</b> Belongs to the consumer thread.
 */
final class WorkerAllocation {

	private static final int COMMON_SLOT = 0;

	/** So near to the end of what was evicted of a key, no more of it is. */
	private static final int NEAR = 10_000;

	/** Of the partitions whose worker the strategy has not named yet. */
	private final Map<PartitionAssignment, WorkerNaming> naming = new HashMap<>();

	private final ConsumerContext context;

	private final ConsumerWakeup wakeup;

	private final CommitTimer commitTimer;

	private final PollingConsumer polledBy;

	private final WorkerAllocationStrategy strategy;

	private final WorkFactory works;

	private final KeyAllocationWork.Allocator allocator;

	private final Worker dispatching;

	/** Of the partitions whose records may be evicted. */
	private final Map<PartitionAssignment, KeyEviction> evictions = new HashMap<>();

	/** {@code null} if no records are evicted. */
	private final @Nullable EvictedRecordReader evictedRecords;

	/**
	 * Create an allocation.
	 * @param context the consumer
	 * @param wakeup wakes the consumer thread
	 * @param commitTimer is to know of completions
	 * @param polledBy the Kafka consumer
	 * @param evictedRecords reads records again that were evicted; {@code null} if
	 * workers are not allocated by keys
	 */
	WorkerAllocation(ConsumerContext context, ConsumerWakeup wakeup, CommitTimer commitTimer, PollingConsumer polledBy,
			@Nullable EvictedRecordReader evictedRecords) {
		this.context = context;
		this.wakeup = wakeup;
		this.commitTimer = commitTimer;
		this.polledBy = polledBy;
		this.strategy = context.settings().strategy();
		this.works = WorkFactory.of(context.delivery());
		this.allocator = new KeyAllocationWork.Allocator(this.strategy, context.workers(), this.works);
		this.evictedRecords = (context.settings().failurePolicy().ackAfterHandle() && !polledBy.isTransactional())
				? evictedRecords : null;
		this.dispatching = context.workers().internal("allocation for " + Thread.currentThread().getName());
	}

	/**
	 * Assign a partition. Its worker may have no name yet, in which case the partition
	 * must stay paused until {@link #allocateIfNamed} finds one.
	 */
	PartitionAssignment assign(TopicPartition partition) {
		AssignedPartition assigned = new AssignedPartition(partition, this.context.nextEpoch());
		if (this.context.isPerRecord()) {
			PartitionAssignment assignment = assignment(assigned, this.context.workers().openSlot());
			EvictedRecordReader reader = this.evictedRecords;
			if (reader != null) {
				PartitionEviction owner = new PartitionEviction(assignment, this.commitTimer,
						this.context.lateCompletions());
				int near = Math.min(NEAR, this.context.settings().maxBufferedRecords());
				this.evictions.put(assignment,
						new KeyEviction(partition, assignment, assignment.progress().evicted(), owner, reader, near));
			}
			return assignment;
		}
		PartitionAssignment assignment = assignment(assigned, COMMON_SLOT);
		if (this.strategy instanceof StandardWorkerAllocationStrategy) {
			allocate(assignment, this.strategy.workerName(partition.topic(), partition.partition()));
		}
		else {
			WorkerNaming work = new WorkerNaming(this.strategy, assignment, this.wakeup);
			this.naming.put(assignment, work);
			assignment.preparation().await(Awaited.WORKER);
			this.context.workers().internal("naming for " + assignment).submit(work);
		}
		return assignment;
	}

	private PartitionAssignment assignment(AssignedPartition assigned, int slot) {
		PartitionAssignment assignment = new PartitionAssignment(assigned, slot,
				this.context.settings().failurePolicy(), this.wakeup, this.commitTimer, this.context.lateCompletions(),
				this.context.ticker(), this.polledBy);
		if (this.context.delivery().once() != null) {
			assignment.preparation().await(Awaited.NOTES);
		}
		return assignment;
	}

	/**
	 * Allocate the worker of a partition, if the strategy has named it meanwhile.
	 */
	void allocateIfNamed(PartitionAssignment assignment) {
		WorkerNaming work = this.naming.get(assignment);
		String name = (work != null) ? work.name : null;
		if (name != null) {
			this.naming.remove(assignment);
			allocate(assignment, name);
		}
	}

	private void allocate(PartitionAssignment assignment, String name) {
		assignment.worker(this.context.workers().allocate(name, assignment.assigned()));
	}

	/**
	 * Dispatch records to their workers.
	 * @param records the records, not empty
	 * @param assignment where they were polled; has its worker, if it has one of its own
	 */
	void dispatch(List<? extends ConsumerRecord<?, ?>> records, PartitionAssignment assignment) {
		Worker worker = assignment.worker();
		if (worker != null) {
			worker.submit(this.works.workOf(records, assignment));
		}
		else {
			this.dispatching.submit(new KeyAllocationWork(records, assignment, assignment.slot(), this.allocator,
					this.evictions.get(assignment)));
		}
	}

	/**
	 * End reading evicted records again. Any thread; does not wait.
	 */
	void close() {
		if (this.evictedRecords != null) {
			this.evictedRecords.close();
		}
	}

	/**
	 * Release what a partition had.
	 */
	void release(PartitionAssignment assignment) {
		this.naming.remove(assignment);
		this.evictions.remove(assignment);
		Worker worker = assignment.worker();
		if (worker != null) {
			this.context.workers().release(worker, assignment.assigned());
		}
		if (assignment.slot() != COMMON_SLOT) {
			this.context.workers().closeSlot(assignment.slot());
		}
	}

	/**
	 * Calls a strategy of the application for the name of a partition's worker. A
	 * strategy that throws breaks the worker that calls it, which is restarted as any
	 * other is.
	 */
	private static final class WorkerNaming extends Work {

		private final WorkerAllocationStrategy strategy;

		private final PartitionAssignment assignment;

		private final ConsumerWakeup wakeup;

		private volatile @Nullable String name;

		WorkerNaming(WorkerAllocationStrategy strategy, PartitionAssignment assignment, ConsumerWakeup wakeup) {
			this.strategy = strategy;
			this.assignment = assignment;
			this.wakeup = wakeup;
		}

		@Override
		public Progress proceed(Worker worker, Turn turn) {
			if (!this.assignment.isRevoked()) {
				try {
					this.name = requestName();
				}
				catch (Throwable ex) {
					throw new IllegalStateException("The worker allocation strategy failed to name a worker for "
							+ this.assignment + "; the partition stays paused until it does", ex);
				}
				this.wakeup.wakeUp();
			}
			return Progress.DONE;
		}

		private String requestName() {
			TopicPartition partition = this.assignment.partition();
			String answer = this.strategy.workerName(partition.topic(), partition.partition());
			if (!StringUtils.hasText(answer)) {
				throw new IllegalStateException("The strategy " + this.strategy + " named the worker of " + partition
						+ " '" + answer + "'; a name with at least one character is needed");
			}
			return answer;
		}

		@Override
		public boolean isReady(long now) {
			return true;
		}

	}

}
