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
import java.time.Instant;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.Turn;
import io.kaffe.spring.engine.worker.Worker;

/**
 * When a record or a batch is tried next, and the timer that wakes its worker then. In an
 * {@link Outage}, its worker queues up when it is due.
 * <p>
 * <b>Threading.</b> Owned by the worker. Others read what is volatile. When the timer
 * fires, the scheduler's thread first notes that none is set and then wakes the worker. A
 * timer that fires too early, while the worker runs, wakes no worker: so one that waits
 * without a timer has something to do.
 */
final class RetrySchedule {

	private final Worker worker;

	private volatile long nextAt;

	/** Kept by the scheduler until it fires, so canceled when it is of no use. */
	private @Nullable Future<?> timer;

	private volatile boolean timerIsSet;

	private volatile long timerAt;

	/** Only in an outage, from when the attempt is due until it is over. */
	private volatile Outage.@Nullable Ticket ticket;

	/**
	 * Create a schedule.
	 * @param worker the worker
	 * @param now the reading of the ticker, which is when the next attempt is due
	 */
	RetrySchedule(Worker worker, long now) {
		this.worker = worker;
		this.nextAt = now;
	}

	/**
	 * Note that the next attempt is due. The timer stays as it is.
	 */
	void dueNow(Turn turn) {
		this.nextAt = turn.now();
	}

	/**
	 * Note that the next attempt is due after a delay. The timer stays as it is.
	 */
	void dueIn(long millis, Turn turn) {
		this.nextAt = turn.now() + TimeUnit.MILLISECONDS.toNanos(millis);
	}

	/**
	 * Note that the next attempt is due after a delay, and have the worker woken then.
	 */
	void wakeIn(long millis, Turn turn) {
		dueIn(millis, turn);
		setTimer(turn);
	}

	/**
	 * Return whether the next attempt is due. If it is not, the worker is woken when it
	 * is.
	 */
	boolean isDue(Turn turn) {
		if (this.nextAt - turn.now() <= 0) {
			return true;
		}
		setTimer(turn);
		return false;
	}

	/**
	 * Return whether the attempt that is due may be made: in an outage, the worker has to
	 * queue up for it, and is woken when it may.
	 * @param fresh whether no attempt was made before
	 */
	boolean isAdmitted(Outages outages, boolean fresh) {
		Outage.Ticket ticket = this.ticket;
		if (ticket == null) {
			ticket = outages.enter(this.worker, fresh);
			this.ticket = ticket;
		}
		return ticket == null || ticket.isThrough();
	}

	/**
	 * Note that the attempt that was admitted is over, or is not made.
	 */
	void attemptOver() {
		Outage.Ticket ticket = this.ticket;
		if (ticket != null) {
			this.ticket = null;
			ticket.end();
		}
	}

	/**
	 * Have the worker woken when the next attempt is due.
	 */
	void setTimer(Turn turn) {
		long at = this.nextAt;
		if (this.timerIsSet && this.timerAt == at) {
			return;
		}
		cancelTimer();
		this.timerAt = at;
		this.timerIsSet = true;
		boolean set = false;
		try {
			this.timer = this.worker.after(Duration.ofNanos(Math.max(0, at - turn.now())), () -> timeIsUp(at));
			set = true;
		}
		finally {
			if (!set) {
				this.timerIsSet = false;
			}
		}
	}

	private void timeIsUp(long at) {
		if (this.timerAt == at) {
			this.timerIsSet = false;
		}
		this.worker.wake();
	}

	void cancelTimer() {
		Future<?> timer = this.timer;
		if (timer != null) {
			this.timer = null;
			this.timerIsSet = false;
			timer.cancel(false);
		}
	}

	/**
	 * Return whether a worker that waits for the next attempt has something to do. Any
	 * thread; a moment's view.
	 */
	boolean isReady(long now) {
		Outage.Ticket ticket = this.ticket;
		return (ticket != null) ? ticket.isThrough() : !this.timerIsSet || this.nextAt - now <= 0;
	}

	/**
	 * Return when the next attempt is due, or {@code null} if it is. Any thread; a
	 * moment's view.
	 */
	@Nullable Instant nextAt(Ticker ticker) {
		long left = this.nextAt - ticker.nanoTime();
		return (left > 0) ? ticker.instant().plusNanos(left) : null;
	}

}
