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

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.Turn;
import io.kaffe.spring.engine.worker.Work;
import io.kaffe.spring.engine.worker.Worker;

/**
 * The records of one partition from one poll, which are submitted to workers one by one,
 * by their keys. All polls of a consumer go through one worker, so that records are
 * submitted in the order in which they were polled, across partitions and topics. Records
 * that are delivered in batches and are ordered with no others are submitted in groups as
 * large as a batch.
 * <p>
 * <b>Threading.</b> Owned by the worker.
 */
public final class KeyAllocationWork extends Work {

	private static final int READ_CLOCK_MASK = 0b11111;

	private final List<? extends ConsumerRecord<?, ?>> records;

	private final AssignmentHandle assignment;

	private final int slot;

	private final Allocator allocator;

	private final int groupSize;

	/** {@code null} if no records are evicted. */
	private final @Nullable KeyEviction eviction;

	/** Records that are ordered with no others and not submitted yet. */
	private List<ConsumerRecord<?, ?>> unordered = new ArrayList<>(0);

	private int index;

	/**
	 * Create the work on records none of which is completed.
	 * @param records the records in offset order, not to be changed any more
	 * @param assignment the assignment that they were polled for
	 * @param slot the slot of the workers of the partition's records while they are ready
	 * @param allocator finds the worker of each
	 */
	public KeyAllocationWork(List<? extends ConsumerRecord<?, ?>> records, AssignmentHandle assignment, int slot,
			Allocator allocator) {
		this(records, assignment, slot, allocator, null);
	}

	/**
	 * Create the work.
	 * @param records the records in offset order, not to be changed any more
	 * @param assignment the assignment that they were polled for
	 * @param slot the slot of the workers of the partition's records while they are ready
	 * @param allocator finds the worker of each
	 * @param eviction evicts records whose workers do not get on; {@code null}: none are
	 */
	public KeyAllocationWork(List<? extends ConsumerRecord<?, ?>> records, AssignmentHandle assignment, int slot,
			Allocator allocator, @Nullable KeyEviction eviction) {
		this.records = records;
		this.assignment = assignment;
		this.slot = slot;
		this.allocator = allocator;
		this.eviction = eviction;
		this.groupSize = allocator.works.delivery().maxUnordered();
	}

	@Override
	public Progress proceed(Worker worker, Turn turn) {
		while (this.index < this.records.size()) {
			if (this.assignment.isRevoked()) {
				this.unordered.forEach(this.assignment::drop);
				this.records.subList(this.index, this.records.size()).forEach(this.assignment::drop);
				return Progress.DONE;
			}
			allocate(this.records.get(this.index), turn.now());
			this.index++;
			if ((this.index & READ_CLOCK_MASK) == 0) {
				turn.readClock();
				if (turn.isOver() && this.index < this.records.size()) {
					return Progress.TURN_OVER;
				}
			}
		}
		allocateGroup();
		return Progress.DONE;
	}

	private void allocate(ConsumerRecord<?, ?> record, long now) {
		if (this.allocator.allocateInAnyCase(record, this, now)) {
			this.unordered.add(record);
			if (this.unordered.size() == this.groupSize) {
				allocateGroup();
			}
		}
	}

	private void allocateGroup() {
		if (!this.unordered.isEmpty()) {
			this.allocator.allocateUnordered(this.unordered, this.assignment, this.slot);
			this.unordered = new ArrayList<>(0);
		}
	}

	@Override
	public boolean isReady(long now) {
		return true;
	}

	/**
	 * Submits records to the workers of their keys.
	 * <p>
	 * <b>Threading.</b> Immutable. The strategy and the methods of keys are user code:
	 * called by workers, never on the thread that polls.
	 */
	public static final class Allocator {

		private final WorkerAllocationStrategy strategy;

		private final ConsumerWorkers workers;

		private final WorkFactory works;

		/** Whether the key of a record is the same whenever it is read. */
		private final boolean hashed;

		/**
		 * Create an allocator.
		 * @param strategy decides for each record
		 * @param workers the consumer's workers
		 * @param works creates what they do
		 */
		public Allocator(WorkerAllocationStrategy strategy, ConsumerWorkers workers, WorkFactory works) {
			this.strategy = strategy;
			this.workers = workers;
			this.works = works;
			this.hashed = strategy instanceof StandardWorkerAllocationStrategy;
		}

		/**
		 * Submit a record to its worker.
		 * @throws RuntimeException or Error if the strategy or the key throws it
		 */
		void allocate(ConsumerRecord<?, ?> record, AssignmentHandle assignment, int slot) {
			submit(this.strategy.workerKey(record), record, assignment, slot);
		}

		private void submit(@Nullable Object key, ConsumerRecord<?, ?> record, AssignmentHandle assignment, int slot) {
			this.workers.submit(key, record, slot, this.works.workOf(record, assignment));
		}

		/**
		 * Evict a record if the worker of its key does not get on, so that what is queued
		 * there does not take the room of others. In an outage, all wait.
		 */
		private boolean evict(Object key, ConsumerRecord<?, ?> record, KeyEviction eviction, int slot, long now) {
			Object name = ConsumerWorkers.nameOf(key);
			if (eviction.evict(name, record)) {
				return true;
			}
			if (!this.workers.isBlocked(name, now) || !eviction.hasRoom()
					|| this.works.delivery().outages().isOutage()) {
				return false;
			}
			EvictedKey added = eviction.key(name, this.hashed ? KeyHashes.of(key) : null, record);
			// First, since nothing may be evicted that is not read again.
			this.workers.submit(key, record, slot, new EvictedWork(eviction, added, this.works));
			boolean first = eviction.isUnused();
			if (!eviction.add(added, record)) {
				return false;
			}
			this.works.delivery().evictionLog().began(added, first, key, record, this.workers.failureLog());
			return true;
		}

		/**
		 * Submit records that are ordered with no others to a worker of their own.
		 * @param records records of one partition, not empty, not to be changed any more
		 */
		void allocateUnordered(List<ConsumerRecord<?, ?>> records, AssignmentHandle assignment, int slot) {
			this.workers.submit(null, records.get(0), slot, this.works.unorderedWorkOf(records, assignment));
		}

		/**
		 * Submit a record to its worker, or, if that cannot be found, to one that keeps
		 * trying. A record that is ordered with no other may be left to the work that it
		 * is of.
		 * @return whether the record is left
		 */
		private boolean allocateInAnyCase(ConsumerRecord<?, ?> record, KeyAllocationWork work, long now) {
			AssignmentHandle assignment = work.assignment;
			KeyEviction eviction = work.eviction;
			try {
				Object key = this.strategy.workerKey(record);
				if (key == null && work.groupSize > 1) {
					return true;
				}
				else if (key == null || eviction == null || !evict(key, record, eviction, work.slot, now)) {
					submit(key, record, assignment, work.slot);
				}
			}
			catch (Throwable ex) {
				if (eviction != null) {
					eviction.exclude(record);
				}
				// Asked again there, so that this failure is reported like any other.
				this.workers.submit(null, record, work.slot,
						new UnallocatedRecord(record, assignment, work.slot, this));
			}
			return false;
		}

	}

	/**
	 * A record whose worker could not be found, because the strategy or the key failed: a
	 * failure of the record like any other, with a worker for this record alone. What
	 * comes after it is not blocked and may overtake it.
	 */
	private static final class UnallocatedRecord extends RecordWork {

		private final int slot;

		private final Allocator allocator;

		private @Nullable ConsumerRecord<?, ?> record;

		UnallocatedRecord(ConsumerRecord<?, ?> record, AssignmentHandle assignment, int slot, Allocator allocator) {
			super(assignment, allocator.works.delivery());
			this.slot = slot;
			this.allocator = allocator;
			this.record = record;
		}

		@Override
		@Nullable ConsumerRecord<?, ?> head() {
			return this.record;
		}

		@Override
		void advance() {
			this.record = null;
		}

		@Override
		@Nullable CompletableFuture<?> deliver(ConsumerRecord<?, ?> record, int attempt) {
			this.allocator.allocate(record, assignment(), this.slot);
			return null;
		}

		@Override
		void attempted(ConsumerRecord<?, ?> record, long nanos, boolean handled, Worker worker) {
			// What has found its worker is not handled yet.
			if (!handled) {
				super.attempted(record, nanos, false, worker);
			}
		}

	}

}
