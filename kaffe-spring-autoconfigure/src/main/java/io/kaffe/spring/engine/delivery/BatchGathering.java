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

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Future;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.delivery.BatchAttempt.BatchedRecord;
import io.kaffe.spring.engine.worker.Turn;
import io.kaffe.spring.engine.worker.Worker;

/**
 * Gathers the records of a batch from the queue of its worker, and waits for more of
 * them. A record that cannot be deserialized, or that an earlier owner of its partition
 * has parked, ends the batch before it and is a batch of its own.
 * <p>
 * <b>Threading.</b> Owned by the worker. {@link #isReady} may be called while another
 * thread runs.
 * <p>
 * A batch that grows never waits without a timer. At most one is pending. It may be that
 * of a batch before this one, which fires too early but never too late, since each batch
 * waits equally long and begins after the one before. When a timer fires, the scheduler's
 * thread first notes that none is set and then wakes the worker; the worker first notes
 * that it waits and then asks {@link #isReady}, which is {@code true} if no timer is set.
 * So either the wake-up finds the worker waiting, or the worker finds that no timer is
 * set: in both cases it looks once more and, if it is too early, sets a timer of its own.
 */
final class BatchGathering {

	/** What was removed from the worker's queue and is not in the batch yet. */
	private final Deque<Polled> behind = new ArrayDeque<>();

	private final Function<Worker, @Nullable Polled> queue;

	private final BatchDelivery.Limits limits;

	private final boolean separatesPartitions;

	private final boolean waitsForMore;

	/** Whether the next record does not belong to this batch. */
	private boolean closed;

	private volatile boolean timerIsSet;

	/** Kept by the scheduler until it fires, so canceled when it is of no use. */
	private @Nullable Future<?> timer;

	private long gatherUntil;

	/**
	 * Begin.
	 * @param first what the batch begins with
	 * @param queue takes what comes next from the queue of a worker, or returns
	 * {@code null}
	 * @param delivery has its limits
	 * @param alone whether nothing can come behind that
	 */
	BatchGathering(Polled first, Function<Worker, @Nullable Polled> queue, BatchDelivery delivery, boolean alone) {
		this.behind.add(first);
		this.queue = queue;
		this.limits = delivery.limits();
		this.separatesPartitions = delivery.separatesPartitions();
		this.waitsForMore = !alone && !this.limits.maxWait().isZero();
	}

	/**
	 * Take records back that are not delivered with the batch: the next one begins with
	 * them.
	 * @param records the last ones of the batch, to be copied
	 */
	void putBack(List<BatchedRecord> records) {
		this.behind.addFirst(new PutBack(new ArrayDeque<>(records)));
		this.closed = true;
	}

	/**
	 * Add what is queued and belongs to the batch.
	 * @return whether anything was added
	 */
	boolean addTo(List<BatchedRecord> batch, Worker worker, Turn turn) {
		int before = batch.size();
		if (batch.isEmpty()) {
			this.closed = false;
			this.gatherUntil = turn.now() + this.limits.maxWait().toNanos();
		}
		while (!isFull(batch)) {
			Polled next = this.behind.peek();
			if (next == null) {
				next = this.queue.apply(worker);
				if (next == null) {
					break;
				}
				this.behind.add(next);
			}
			BatchedRecord record = next.peek();
			if (record == null) {
				this.behind.remove();
			}
			else if (belongs(record, batch)) {
				next.advance();
				this.closed = record.isAlone();
				batch.add(record);
			}
			else {
				this.closed = true;
			}
		}
		return batch.size() > before;
	}

	private boolean isFull(List<BatchedRecord> batch) {
		return this.closed || batch.size() >= this.limits.maxSize();
	}

	private boolean belongs(BatchedRecord record, List<BatchedRecord> batch) {
		if (batch.isEmpty()) {
			return true;
		}
		AssignmentHandle first = batch.get(0).assignment();
		return !record.isAlone() && record.assignment().ownFailurePolicy() == first.ownFailurePolicy()
				&& !(this.separatesPartitions && record.assignment() != first);
	}

	/**
	 * Return whether to wait for more. Then the worker is woken when the wait is over.
	 */
	boolean isToGrow(List<BatchedRecord> batch, Worker worker, Turn turn) {
		long left = this.gatherUntil - turn.now();
		if (!this.waitsForMore || isFull(batch) || left <= 0) {
			return false;
		}
		if (!this.timerIsSet) {
			setTimer(Duration.ofNanos(left), worker);
		}
		return true;
	}

	private void setTimer(Duration delay, Worker worker) {
		this.timerIsSet = true;
		try {
			this.timer = worker.after(delay, () -> {
				// It may come too early, by a little or for a batch before this one.
				this.timerIsSet = false;
				worker.wake();
			});
		}
		catch (Throwable ex) {
			this.timerIsSet = false;
			throw ex;
		}
	}

	void cancelTimer() {
		if (this.timer != null) {
			this.timer.cancel(false);
			this.timer = null;
		}
	}

	/**
	 * Wait for no more: what is left of a batch that was delivered has waited.
	 */
	void end(long now) {
		this.gatherUntil = now;
	}

	/**
	 * Return whether nothing is left besides what is in the worker's queue.
	 */
	boolean isEmpty() {
		return this.behind.isEmpty();
	}

	/**
	 * Return whether a worker that waits for more has something to do. Any thread; a
	 * moment's view.
	 */
	boolean isReady(long now) {
		return !this.timerIsSet || this.gatherUntil - now <= 0;
	}

	/**
	 * Records of a partition that were polled together, in their order.
	 */
	interface Polled {

		/**
		 * Return the next one, or {@code null} if there is none.
		 */
		@Nullable BatchedRecord peek();

		/**
		 * Leave the next one to the batch.
		 */
		void advance();

	}

	/**
	 * Records that are not delivered with the batch that they belonged to.
	 */
	private record PutBack(Deque<BatchedRecord> records) implements Polled {

		@Override
		public @Nullable BatchedRecord peek() {
			BatchedRecord next = this.records.peek();
			while (next != null && next.assignment().isRevoked()) {
				next.assignment().drop(this.records.remove().record());
				next = this.records.peek();
			}
			return next;
		}

		@Override
		public void advance() {
			this.records.remove();
		}

	}

}
