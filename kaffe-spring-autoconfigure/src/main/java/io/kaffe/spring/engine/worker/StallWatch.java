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

package io.kaffe.spring.engine.worker;

import java.io.Serial;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Looks periodically for records of a consumer that have been with their handlers for too
 * long: reports each once, with the stack of the thread if there is one, to the log and
 * to the consumer's observers, and logs when it has ended.
 * <p>
 * <b>Threading.</b> {@link #watch()} is called by each thread that begins to run workers;
 * the scheduler looks, one look after the other, and only while records are being
 * handled. What a worker is handling is read from its {@link Turn}.
 */
final class StallWatch {

	private static final Log logger = LogFactory.getLog(StallWatch.class);

	private static final Duration SHORTEST_PERIOD = Duration.ofMillis(10);

	private static final Duration LONGEST_PERIOD = Duration.ofSeconds(5);

	private final AtomicBoolean armed = new AtomicBoolean();

	private final Map<Object, Stall> stalls = new ConcurrentHashMap<>();

	private final WorkerRuntime runtime;

	private final WorkerOwner.StallLimits limits;

	private final Duration period;

	private final Collection<Turn> turns;

	private final Collection<? extends DetachedRecord> detached;

	private final ConsumerObservers observers;

	/**
	 * Create a watch.
	 * @param runtime has the scheduler and the time
	 * @param limits what counts as stalled
	 * @param turns a live view of the turns of threads that run workers
	 * @param detached a live collection of records that no thread is handling
	 * @param observers are notified of each record once
	 */
	StallWatch(WorkerRuntime runtime, WorkerOwner.StallLimits limits, Collection<Turn> turns,
			Collection<? extends DetachedRecord> detached, ConsumerObservers observers) {
		this.runtime = runtime;
		this.limits = limits;
		this.turns = turns;
		this.detached = detached;
		this.observers = observers;
		Duration period = limits.threshold().dividedBy(4);
		period = (period.compareTo(LONGEST_PERIOD) < 0) ? period : LONGEST_PERIOD;
		this.period = (period.compareTo(SHORTEST_PERIOD) > 0) ? period : SHORTEST_PERIOD;
	}

	/**
	 * Look from now on, for as long as records are being handled.
	 */
	void watch() {
		if (!this.armed.get() && this.armed.compareAndSet(false, true)) {
			boolean set = false;
			try {
				this.runtime.after(this.period, this::look);
				set = true;
			}
			finally {
				if (!set) {
					this.armed.set(false);
				}
			}
		}
	}

	/**
	 * Return what is stalled.
	 */
	List<StalledRecord> stalled() {
		long now = this.runtime.ticker().nanoTime();
		return this.stalls.values().stream().filter(Stall::isGoingOn).map((stall) -> stall.describe(now)).toList();
	}

	private void look() {
		this.armed.set(false);
		long now = this.runtime.ticker().nanoTime();
		this.stalls.values().removeIf((stall) -> hasEnded(stall, now));
		for (Turn turn : this.turns) {
			lookAt(turn, Stall.of(turn), now);
		}
		// A record is detached before the thread that handled it leaves.
		boolean working = !this.turns.isEmpty();
		this.detached.removeIf(DetachedRecord::isOver);
		for (DetachedRecord record : this.detached) {
			lookAt(record, new Stall(record), now);
		}
		if (working || !this.detached.isEmpty() || !this.stalls.isEmpty()) {
			watch();
		}
	}

	private boolean hasEnded(Stall stall, long now) {
		if (stall.isGoingOn()) {
			return false;
		}
		logger.info(stall + " ended after at most " + stall.duration(now).toMillis() + " ms");
		return true;
	}

	private void lookAt(Object key, @Nullable Stall seen, long now) {
		Stall stall = this.stalls.get(key);
		if (stall != null) {
			interruptIfDue(stall, now);
		}
		else if (seen != null && seen.duration(now).compareTo(this.limits.threshold()) >= 0) {
			seen.watch();
			this.stalls.put(key, seen);
			logger.warn(seen + " has taken " + seen.duration(now).toMillis() + " ms, longer than the stall threshold"
					+ seen.where(), seen.stack());
			this.observers.stalled(seen.describe(now));
		}
	}

	/**
	 * Interrupt the thread that handles a record: at the earliest when the thread has
	 * been announced in an earlier look that this may happen.
	 */
	private void interruptIfDue(Stall stall, long now) {
		Duration threshold = this.limits.interruptThreshold();
		Turn turn = stall.turn;
		if (turn != null && threshold != null && !stall.interrupted && stall.duration(now).compareTo(threshold) >= 0) {
			stall.interrupted = turn.interruptIf(stall::isGoingOn);
		}
	}

	/**
	 * A record that takes too long, with a thread or without.
	 */
	private static final class Stall {

		private final @Nullable Turn turn;

		private final @Nullable Worker worker;

		private final @Nullable DetachedRecord detached;

		private final ConsumerRecord<?, ?> record;

		private final long since;

		private boolean interrupted;

		private Stall(Turn turn, Worker worker, ConsumerRecord<?, ?> record) {
			this.turn = turn;
			this.worker = worker;
			this.detached = null;
			this.record = record;
			this.since = worker.recordSince();
		}

		Stall(DetachedRecord detached) {
			this.turn = null;
			this.worker = null;
			this.detached = detached;
			this.record = detached.record();
			this.since = detached.since();
		}

		static @Nullable Stall of(Turn turn) {
			Worker worker = turn.worker();
			ConsumerRecord<?, ?> record = (worker != null) ? worker.currentRecord() : null;
			return (worker != null && record != null) ? new Stall(turn, worker, record) : null;
		}

		void watch() {
			if (this.turn != null) {
				this.turn.watch();
			}
		}

		boolean isGoingOn() {
			if (this.turn == null || this.worker == null) {
				return this.detached != null && !this.detached.isOver();
			}
			return this.turn.worker() == this.worker && this.worker.currentRecord() == this.record
					&& this.worker.recordSince() == this.since;
		}

		Duration duration(long now) {
			return Duration.ofNanos(now - this.since);
		}

		StalledRecord describe(long now) {
			return new StalledRecord(workerName(), this.record, duration(now));
		}

		@Nullable String workerName() {
			if (this.worker != null) {
				return this.worker.name();
			}
			return (this.detached != null) ? this.detached.workerName() : null;
		}

		String where() {
			return (this.turn != null) ? "; the stack of its thread follows"
					: "; its handler has returned and has not completed it";
		}

		/**
		 * Return where the thread is, in a form that loggers print.
		 */
		@Nullable Throwable stack() {
			Thread thread = (this.turn != null) ? this.turn.thread() : null;
			if (thread == null) {
				return null;
			}
			Exception stack = new StalledHandler(String.valueOf(thread));
			stack.setStackTrace(thread.getStackTrace());
			return stack;
		}

		@Override
		public String toString() {
			return "The handling of " + this.record.topic() + "-" + this.record.partition() + "@" + this.record.offset()
					+ ((workerName() != null) ? " by " + workerName() : "");
		}

	}

	/**
	 * Carries the stack of a thread to a logger. Never thrown.
	 */
	private static final class StalledHandler extends Exception {

		@Serial
		private static final long serialVersionUID = 1L;

		StalledHandler(String thread) {
			super(thread);
		}

	}

}
