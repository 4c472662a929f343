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

package io.kaffe.spring.worker;

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
 * Looks now and then for records of a consumer that have been with their handlers for too
 * long: says so once, with the stack of the thread, and once more when they end.
 * <p>
 * <b>Threading.</b> {@link #watch()} is called by whoever starts to run workers; looking
 * is done by the scheduler, one look after the other, and only while workers run. What a
 * worker is at is read from its {@link Turn}.
 */
final class StallWatch {

	private static final Log logger = LogFactory.getLog(StallWatch.class);

	private static final Duration SHORTEST_PERIOD = Duration.ofMillis(10);

	private static final Duration LONGEST_PERIOD = Duration.ofSeconds(5);

	private final AtomicBoolean armed = new AtomicBoolean();

	private final Map<Turn, Stall> stalls = new ConcurrentHashMap<>();

	private final WorkerSupervisor supervisor;

	private final StallLimits limits;

	private final Duration period;

	private final Collection<Turn> turns;

	/**
	 * Create a watch.
	 * @param supervisor has the scheduler and the time
	 * @param limits what counts as stalled
	 * @param turns a live view of the turns of threads that run workers
	 */
	StallWatch(WorkerSupervisor supervisor, StallLimits limits, Collection<Turn> turns) {
		this.supervisor = supervisor;
		this.limits = limits;
		this.turns = turns;
		Duration period = limits.threshold().dividedBy(4);
		period = (period.compareTo(LONGEST_PERIOD) < 0) ? period : LONGEST_PERIOD;
		this.period = (period.compareTo(SHORTEST_PERIOD) > 0) ? period : SHORTEST_PERIOD;
	}

	/**
	 * Look from now on, for as long as workers run.
	 */
	void watch() {
		if (!this.armed.get() && this.armed.compareAndSet(false, true)) {
			boolean set = false;
			try {
				this.supervisor.after(this.period, this::look);
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
		long now = this.supervisor.ticker().nanoTime();
		return this.stalls.values()
			.stream()
			.filter(Stall::isGoingOn)
			.map((stall) -> new StalledRecord(stall.worker.name(), stall.record, stall.duration(now)))
			.toList();
	}

	private void look() {
		this.armed.set(false);
		long now = this.supervisor.ticker().nanoTime();
		this.stalls.values().removeIf((stall) -> hasEnded(stall, now));
		for (Turn turn : this.turns) {
			lookAt(turn, now);
		}
		if (!this.turns.isEmpty() || !this.stalls.isEmpty()) {
			watch();
		}
	}

	private boolean hasEnded(Stall stall, long now) {
		if (stall.isGoingOn()) {
			return false;
		}
		logger.info(stall + " goes on after " + stall.duration(now).toMillis() + " ms at most");
		return true;
	}

	private void lookAt(Turn turn, long now) {
		Stall stall = this.stalls.get(turn);
		if (stall == null) {
			stall = Stall.of(turn);
			if (stall == null || stall.duration(now).compareTo(this.limits.threshold()) < 0) {
				return;
			}
			turn.watch();
			this.stalls.put(turn, stall);
			logger.warn(stall + " has taken " + stall.duration(now).toMillis()
					+ " ms, longer than the stall threshold; the thread that handles it is at", stall.stack());
			return;
		}
		Duration interruptThreshold = this.limits.interruptThreshold();
		if (interruptThreshold != null && !stall.interrupted
				&& stall.duration(now).compareTo(interruptThreshold) >= 0) {
			stall.interrupted = turn.interruptIf(stall::isGoingOn);
		}
	}

	/**
	 * A record that takes too long.
	 */
	private static final class Stall {

		private final Turn turn;

		private final Worker worker;

		private final ConsumerRecord<?, ?> record;

		private final long since;

		private boolean interrupted;

		private Stall(Turn turn, Worker worker, ConsumerRecord<?, ?> record, long since) {
			this.turn = turn;
			this.worker = worker;
			this.record = record;
			this.since = since;
		}

		static @Nullable Stall of(Turn turn) {
			Worker worker = turn.worker();
			ConsumerRecord<?, ?> record = (worker != null) ? worker.currentRecord() : null;
			return (worker != null && record != null) ? new Stall(turn, worker, record, worker.recordSince()) : null;
		}

		boolean isGoingOn() {
			return this.turn.worker() == this.worker && this.worker.currentRecord() == this.record
					&& this.worker.recordSince() == this.since;
		}

		Duration duration(long now) {
			return Duration.ofNanos(now - this.since);
		}

		/**
		 * Return where the thread is, in a form that loggers print.
		 */
		Throwable stack() {
			Thread thread = this.turn.thread();
			Exception stack = new StalledHandler(String.valueOf(thread));
			stack.setStackTrace((thread != null) ? thread.getStackTrace() : new StackTraceElement[0]);
			return stack;
		}

		@Override
		public String toString() {
			return "The handling of " + this.record.topic() + "-" + this.record.partition() + "@" + this.record.offset()
					+ " by " + this.worker;
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
