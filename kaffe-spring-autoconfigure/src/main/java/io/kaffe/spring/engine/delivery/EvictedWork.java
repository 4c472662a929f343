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

import io.kaffe.spring.engine.worker.Turn;
import io.kaffe.spring.engine.worker.Work;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.table.WorkerState;

/**
 * Stands in the queue of a key's worker for all records of the key that are evicted: what
 * is read of them is handled here, in their order, until no more are.
 * <p>
 * <b>Threading.</b> Owned by the worker. What is being handled may be looked at by any
 * thread.
 */
final class EvictedWork extends Work {

	private final KeyEviction eviction;

	private final EvictedKey key;

	private final WorkFactory works;

	private final AssignmentHandle assignment;

	private volatile @Nullable Work current;

	EvictedWork(KeyEviction eviction, EvictedKey key, WorkFactory works) {
		this.eviction = eviction;
		this.key = key;
		this.works = works;
		this.assignment = new EvictedRecords(eviction, key);
	}

	@Override
	public Progress proceed(Worker worker, Turn turn) {
		while (true) {
			Work current = this.current;
			if (current != null) {
				Progress progress = current.proceed(worker, turn);
				if (progress != Progress.DONE) {
					return progress;
				}
				this.current = null;
				if (turn.isOver()) {
					return Progress.TURN_OVER;
				}
			}
			if (this.key.isRevoked()) {
				return Progress.DONE;
			}
			List<ConsumerRecord<?, ?>> records = this.key.take(worker);
			if (this.key.request()) {
				this.eviction.read(this.key);
			}
			if (!records.isEmpty()) {
				this.current = this.works.workOf(records, this.assignment);
			}
			else if (this.key.isTaken()) {
				this.eviction.end(this.key);
				return Progress.DONE;
			}
			else {
				return Progress.WAITING;
			}
		}
	}

	@Override
	public boolean isReady(long now) {
		Work current = this.current;
		return (current != null) ? current.isReady(now) : this.key.isAnswered();
	}

	@Override
	public WorkerState waitingState() {
		Work current = this.current;
		return (current != null) ? current.waitingState() : WorkerState.RUNNING;
	}

	@Override
	public boolean isWithHandler() {
		Work current = this.current;
		return current != null && current.isWithHandler();
	}

	@Override
	public int inFlight() {
		Work current = this.current;
		return (current != null) ? current.inFlight() : 1;
	}

	/**
	 * The assignment as the records have it that were read again.
	 */
	private record EvictedRecords(KeyEviction eviction, EvictedKey key) implements AssignmentHandle {

		private AssignmentHandle assignment() {
			return this.eviction.assignment();
		}

		@Override
		public boolean enter() {
			return assignment().enter();
		}

		@Override
		public void exit() {
			assignment().exit();
		}

		@Override
		public void hold() {
			assignment().hold();
		}

		@Override
		public boolean isRevoked() {
			return assignment().isRevoked();
		}

		@Override
		public boolean isOver(ConsumerRecord<?, ?> record) {
			return assignment().isOver(record);
		}

		@Override
		public void complete(ConsumerRecord<?, ?> record) {
			this.eviction.complete(record, this.key);
		}

		@Override
		public void leaveToNext(ConsumerRecord<?, ?> record) {
			complete(record);
		}

		@Override
		public void drop(ConsumerRecord<?, ?> record) {
			this.key.drop(record.offset());
		}

		@Override
		public HeldRecords held() {
			return assignment().held();
		}

		@Override
		public PollingConsumer polledBy() {
			return assignment().polledBy();
		}

		@Override
		public OnceStore.@Nullable Partition noted() {
			return assignment().noted();
		}

		@Override
		public String toString() {
			return assignment().toString();
		}

	}

}
