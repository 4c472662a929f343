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

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.WorkerRuntime;

/**
 * When the consumer thread is to commit next: when the commit interval is over since it
 * looked last at what is complete, and the last commit is answered. Ends the poll that it
 * is in then, if there may be something to commit, so that polls may last as long as the
 * container's poll timeout says.
 * <p>
 * <b>Threading.</b> Any thread calls {@link #completed} and {@link #arm()}: in the normal
 * case, that is one read of {@code alarm}. The first one since the last look sets an
 * alarm, which the scheduler runs; so there is one of them, and one wake-up, in each
 * interval at most, and none while nothing is completed. The consumer thread clears
 * {@code alarm} and then reads what is complete; who completes a record first counts it
 * and then reads {@code alarm}: so one of them sees the other. An alarm that goes off
 * while a commit is not answered wakes nothing; it first reads the time and then
 * {@code onItsWay}, which the consumer thread clears before it reads {@code alarm} and
 * the time: so one of them wakes the consumer thread.
 */
final class CommitTimer {

	private final AtomicReference<@Nullable Alarm> alarm = new AtomicReference<>();

	private final ConsumerWakeup wakeup;

	private final Duration interval;

	private final WorkerRuntime runtime;

	private final Ticker ticker;

	private volatile long lookedAt;

	private volatile boolean onItsWay;

	/**
	 * Create a timer. The first interval begins now.
	 * @param wakeup wakes the consumer thread
	 * @param interval how often to commit at most
	 * @param runtime runs alarms
	 */
	CommitTimer(ConsumerWakeup wakeup, Duration interval, WorkerRuntime runtime) {
		this.wakeup = wakeup;
		this.interval = interval;
		this.runtime = runtime;
		this.ticker = runtime.ticker();
		this.lookedAt = this.ticker.nanoTime();
	}

	Duration interval() {
		return this.interval;
	}

	/**
	 * Return whether the interval is over.
	 */
	boolean isIntervalOver() {
		return left() <= 0;
	}

	/**
	 * Return whether a commit was sent and is not answered.
	 */
	boolean isOnItsWay() {
		return this.onItsWay;
	}

	/**
	 * Begin the next interval: the consumer thread is about to look at what is complete.
	 */
	void look() {
		this.lookedAt = this.ticker.nanoTime();
		this.alarm.set(null);
	}

	/**
	 * Note that a record is completed, or left to be completed with another one. Any
	 * thread; nothing blocks.
	 * @param freesSpace whether this frees buffer space that the consumer thread may be
	 * waiting for
	 */
	void completed(boolean freesSpace) {
		arm();
		if (freesSpace) {
			this.wakeup.freed();
		}
	}

	/**
	 * Have the consumer thread look when it may commit next, since there may be something
	 * new. Any thread; nothing blocks.
	 */
	void arm() {
		if (this.alarm.get() == null) {
			Alarm fresh = new Alarm();
			if (this.alarm.compareAndSet(null, fresh)) {
				fresh.set();
			}
		}
	}

	/**
	 * Note that a commit is being sent. Consumer thread.
	 */
	void sent() {
		this.onItsWay = true;
	}

	/**
	 * Note that the commit is answered, or could not be sent. Consumer thread.
	 */
	void answered() {
		this.onItsWay = false;
		if (this.alarm.get() != null && isIntervalOver()) {
			this.wakeup.wakeUp();
		}
	}

	private long left() {
		return this.lookedAt + this.interval.toNanos() - this.ticker.nanoTime();
	}

	/**
	 * Wakes the consumer thread when the interval is over, unless that has looked before.
	 */
	private final class Alarm implements Runnable {

		void set() {
			long left = left();
			if (left > 0) {
				schedule(Duration.ofNanos(left));
			}
			else if (!CommitTimer.this.onItsWay) {
				CommitTimer.this.wakeup.wakeUp();
			}
		}

		private void schedule(Duration delay) {
			try {
				CommitTimer.this.runtime.after(delay, this);
			}
			catch (OutOfMemoryError ex) {
				// The record is completed all the same, and the next one tries again.
				CommitTimer.this.alarm.compareAndSet(this, null);
			}
		}

		@Override
		public void run() {
			if (CommitTimer.this.alarm.get() == this) {
				// The scheduler's clock is another one: it may be early.
				set();
			}
		}

	}

}
