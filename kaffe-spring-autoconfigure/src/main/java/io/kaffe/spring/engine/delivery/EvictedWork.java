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

	private final EvictedKeys keys;

	private final EvictedKey key;

	private final WorkFactory works;

	private volatile @Nullable Work current;

	EvictedWork(EvictedKeys keys, EvictedKey key, WorkFactory works) {
		this.keys = keys;
		this.key = key;
		this.works = works;
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
			if (!records.isEmpty()) {
				this.current = this.works.workOf(records, this.key);
			}
			else if (this.key.isTaken()) {
				this.keys.end(this.key);
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

}
