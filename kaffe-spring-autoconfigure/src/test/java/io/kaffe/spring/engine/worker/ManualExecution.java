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

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.PriorityQueue;
import java.util.concurrent.Delayed;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;

import org.jspecify.annotations.Nullable;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.Trigger;

/**
 * An executor, a scheduler and a clock that move when a test moves them.
 */
public final class ManualExecution extends Clock implements Executor, TaskScheduler, Ticker {

	private final Deque<Runnable> tasks = new ArrayDeque<>();

	private final PriorityQueue<Timer> timers = new PriorityQueue<>(Comparator.comparing((timer) -> timer.at));

	private Instant now = Instant.parse("2026-01-01T00:00:00Z");

	private boolean rejecting;

	private IntPredicate failing = (schedule) -> false;

	private int schedules;

	private @Nullable Error timerFailure;

	/**
	 * Run what is submitted until nothing is left.
	 */
	public void runAll() {
		while (runOne()) {
			// One after the other.
		}
	}

	/**
	 * Run the task that was submitted first.
	 * @return whether there was one
	 */
	public boolean runOne() {
		Runnable task = this.tasks.poll();
		if (task != null) {
			task.run();
		}
		return task != null;
	}

	/**
	 * Let time go by, without running what timers submit.
	 * @param duration how long
	 */
	public void advance(Duration duration) {
		this.now = this.now.plus(duration);
		Timer timer = this.timers.peek();
		while (timer != null && !timer.at.isAfter(this.now)) {
			this.timers.remove();
			timer.run();
			timer = this.timers.peek();
		}
	}

	/**
	 * Let all timers go off that are set, however early that is.
	 */
	public void fireTimers() {
		for (int left = this.timers.size(); left > 0; left--) {
			this.timers.remove().run();
		}
	}

	/**
	 * Throw something when the next timer is to be set.
	 * @param failure what is thrown
	 */
	public void failTimer(Error failure) {
		this.timerFailure = failure;
	}

	/**
	 * Return how many tasks wait.
	 * @return the number of tasks
	 */
	public int waiting() {
		return this.tasks.size();
	}

	/**
	 * Return how many timers are set, which keep what their tasks refer to.
	 * @return the number of timers
	 */
	public int timers() {
		return this.timers.size();
	}

	/**
	 * Turn tasks away, or take them again.
	 * @param rejecting whether to turn them away
	 */
	public void reject(boolean rejecting) {
		this.rejecting = rejecting;
	}

	/**
	 * Have the scheduler lack memory for some tasks.
	 * @param which whether to do so, by the number of the task that follows, from 0
	 */
	public void failToSchedule(IntPredicate which) {
		this.failing = which;
		this.schedules = 0;
	}

	@Override
	public void execute(Runnable command) {
		if (this.rejecting) {
			throw new RejectedExecutionException("No room");
		}
		this.tasks.add(command);
	}

	@Override
	public long nanoTime() {
		return Duration.between(Instant.EPOCH, this.now).toNanos();
	}

	@Override
	public Instant instant() {
		return this.now;
	}

	@Override
	public ZoneId getZone() {
		return ZoneOffset.UTC;
	}

	@Override
	public Clock withZone(ZoneId zone) {
		return this;
	}

	@Override
	public Clock getClock() {
		return this;
	}

	@Override
	public ScheduledFuture<?> schedule(Runnable task, Instant startTime) {
		Error failure = this.timerFailure;
		if (failure != null) {
			this.timerFailure = null;
			throw failure;
		}
		if (this.failing.test(this.schedules++)) {
			throw new OutOfMemoryError("Simulated");
		}
		Timer timer = new Timer(startTime, task);
		this.timers.add(timer);
		return timer;
	}

	@Override
	public @Nullable ScheduledFuture<?> schedule(Runnable task, Trigger trigger) {
		throw new UnsupportedOperationException();
	}

	@Override
	public ScheduledFuture<?> scheduleAtFixedRate(Runnable task, Instant startTime, Duration period) {
		throw new UnsupportedOperationException();
	}

	@Override
	public ScheduledFuture<?> scheduleAtFixedRate(Runnable task, Duration period) {
		throw new UnsupportedOperationException();
	}

	@Override
	public ScheduledFuture<?> scheduleWithFixedDelay(Runnable task, Instant startTime, Duration delay) {
		throw new UnsupportedOperationException();
	}

	@Override
	public ScheduledFuture<?> scheduleWithFixedDelay(Runnable task, Duration delay) {
		throw new UnsupportedOperationException();
	}

	/**
	 * A task and its time.
	 */
	private final class Timer extends FutureTask<@Nullable Void> implements ScheduledFuture<@Nullable Void> {

		private final Instant at;

		Timer(Instant at, Runnable task) {
			super(task, null);
			this.at = at;
		}

		@Override
		public boolean cancel(boolean mayInterruptIfRunning) {
			ManualExecution.this.timers.remove(this);
			return super.cancel(mayInterruptIfRunning);
		}

		@Override
		protected void setException(Throwable failure) {
			throw new AssertionError("A task of the scheduler failed", failure);
		}

		@Override
		public long getDelay(TimeUnit unit) {
			return unit.convert(Duration.between(ManualExecution.this.now, this.at));
		}

		@Override
		public int compareTo(Delayed other) {
			return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
		}

	}

}
