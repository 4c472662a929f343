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
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.util.Assert;

import io.kaffe.spring.engine.worker.DetachedRecord;
import io.kaffe.spring.engine.worker.DisplayText;
import io.kaffe.spring.engine.worker.Ticker;

/**
 * Completes a record when the listener acknowledges it: once, on whatever thread. Where
 * acknowledgments are {@link Acknowledging#CUMULATIVE cumulative}, it completes the
 * records before it, too, that the listener has returned from and has not acknowledged.
 * Or has it delivered again, when the listener calls {@code nack} before it returns.
 * <p>
 * <b>Threading.</b> Created, and asked what has become of the record, by the worker that
 * delivers it. Any thread acknowledges; each record is completed by the one that changes
 * its state. When a listener acknowledges a record, it has returned from those before it,
 * which were handled by the same worker: so they are in the {@link HeldRecords} of the
 * assignment, or completed.
 */
public final class RecordAcknowledgment implements WorkerAcknowledgment, DetachedRecord, HeldRecords.LeftOpen {

	private static final Log logger = LogFactory.getLog(RecordAcknowledgment.class);

	private final AtomicReference<State> state = new AtomicReference<>(State.NEW);

	private final ConsumerRecord<?, ?> record;

	private final AssignmentHandle assignment;

	private final Listener listener;

	private final long since;

	/**
	 * That of the delivery, until the listener returns. Another thread may see an old
	 * value, which is never that thread.
	 */
	private @Nullable Thread thread = Thread.currentThread();

	/**
	 * After which time to deliver the record again; negative if that is not wanted.
	 * Belongs to the thread of the delivery.
	 */
	private long nackSleepMillis = -1;

	RecordAcknowledgment(ConsumerRecord<?, ?> record, AssignmentHandle assignment, Listener listener) {
		this.record = record;
		this.assignment = assignment;
		this.listener = listener;
		this.since = listener.ticker.nanoTime();
	}

	@Override
	public void acknowledge() {
		// Otherwise a drain would not wait for it if the listener returns at this
		// moment.
		this.assignment.hold();
		try {
			if (isCumulative()) {
				int earlier = this.assignment.held().acknowledgeBelow(this.record.offset());
				if (earlier > 0) {
					this.listener.acknowledgedTogether(this.record, earlier);
				}
			}
			acknowledged();
		}
		finally {
			this.assignment.exit();
		}
	}

	/**
	 * Complete the record by itself, since the listener is not called for it.
	 */
	public void discard() {
		this.assignment.hold();
		try {
			acknowledged();
		}
		finally {
			this.assignment.exit();
		}
	}

	@Override
	public boolean acknowledged() {
		State before = this.state.getAndSet(State.ACKNOWLEDGED);
		if (before == State.LEFT_OPEN) {
			this.listener.detachedRecords.remove(this);
			this.assignment.held().acknowledge();
			this.assignment.complete(this.record);
		}
		else if (before == State.NEW) {
			this.assignment.complete(this.record);
		}
		return before == State.LEFT_OPEN;
	}

	@Override
	public void nack(Duration sleep) {
		Assert.state(Thread.currentThread() == this.thread,
				"nack() can only be called on the thread of the worker, before the listener returns");
		Assert.state(this.listener.acknowledging != Acknowledging.OUT_OF_ORDER,
				"nack() is not supported with out-of-order commits (asyncAcks)");
		Assert.isTrue(!sleep.isNegative(), "sleep cannot be negative");
		this.nackSleepMillis = sleep.toMillis();
	}

	@Override
	public boolean isOutOfOrderCommit() {
		return !isCumulative();
	}

	private boolean isCumulative() {
		return this.listener.acknowledging == Acknowledging.CUMULATIVE;
	}

	boolean isAcknowledged() {
		return this.state.get() == State.ACKNOWLEDGED;
	}

	/**
	 * Note that the listener has returned or thrown: it is too late for {@code nack}.
	 */
	void listenerEnded() {
		this.thread = null;
	}

	/**
	 * Leave the record open if it is not acknowledged.
	 * @throws NackException if it is to be delivered again
	 */
	void listenerReturned() {
		if (this.nackSleepMillis >= 0) {
			throw new NackException(this.nackSleepMillis);
		}
		if (this.state.compareAndSet(State.NEW, State.LEFT_OPEN)) {
			this.assignment.held().leaveOpen();
			if (isCumulative()) {
				this.assignment.held().leaveToLater(this.record.offset(), this);
			}
			this.listener.detachedRecords.add(this);
			// Whoever ends it, or acknowledges together from now on, has done so before
			// or finds it.
			if (isOver() || this.listener.acknowledgesTogether) {
				this.listener.detachedRecords.remove(this);
			}
		}
	}

	@Override
	public ConsumerRecord<?, ?> record() {
		return this.record;
	}

	@Override
	public @Nullable String workerName() {
		return null;
	}

	@Override
	public long since() {
		return this.since;
	}

	@Override
	public boolean isOver() {
		return isAcknowledged() || this.assignment.isOver(this.record);
	}

	@Override
	public String toString() {
		return "Acknowledgment for " + DisplayText.coordinatesOf(this.record);
	}

	/**
	 * How the listener of a consumer acknowledges its records.
	 * <p>
	 * <b>Threading.</b> Safe for concurrent use.
	 */
	static final class Listener {

		private final Acknowledging acknowledging;

		private final Set<DetachedRecord> detachedRecords;

		private final Ticker ticker;

		private volatile boolean acknowledgesTogether;

		/**
		 * Create a listener that has not acknowledged anything.
		 * @param acknowledging which acknowledgments complete a record
		 * @param detachedRecords where records are found that a revocation waits for
		 */
		Listener(Acknowledging acknowledging, Set<DetachedRecord> detachedRecords, Ticker ticker) {
			this.acknowledging = acknowledging;
			this.detachedRecords = detachedRecords;
			this.ticker = ticker;
		}

		/**
		 * Note that an acknowledgment has completed earlier records, too: what the
		 * listener leaves open is expected to be acknowledged with a later record, so
		 * that neither a revocation waits for it, nor is it a stall.
		 */
		private void acknowledgedTogether(ConsumerRecord<?, ?> record, int earlier) {
			if (!this.acknowledgesTogether) {
				this.acknowledgesTogether = true;
				this.detachedRecords.clear();
				logger.info("The acknowledgment of " + DisplayText.coordinatesOf(record) + " completes "
						+ ((earlier == 1) ? "one record" : earlier + " records")
						+ " before it, too, since 'asyncAcks' is false. From now on, a revocation does not wait for "
						+ "what this listener has left open");
			}
		}

	}

	/**
	 * Whether the listener has returned, or acknowledged the record.
	 */
	private enum State {

		NEW, LEFT_OPEN, ACKNOWLEDGED

	}

}
