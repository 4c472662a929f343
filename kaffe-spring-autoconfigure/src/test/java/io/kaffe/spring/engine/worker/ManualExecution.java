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
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntPredicate;

import org.jspecify.annotations.Nullable;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.Trigger;

/**
 * An executor, a scheduler and a clock that move when a test moves them. Threads that
 * wait for other threads do so in real time.
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
	 * Return a runtime that has nothing else.
	 * @return a new runtime, which runs all tasks here
	 */
	public WorkerRuntime runtime() {
		return new WorkerRuntime(this, this, this, (prefix) -> this);
	}

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
	 * Let the readings of the clock begin below 0, as those of {@link System#nanoTime()}
	 * may.
	 */
	public void beginBelowZero() {
		this.now = Instant.EPOCH.minus(Duration.ofDays(1));
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

	/**
	 * Park the calling thread in real time: the one that unparks it is another thread of
	 * the test, and only the test moves the clock.
	 */
	@Override
	public void park(Object blocker, long nanos) {
		LockSupport.parkNanos(blocker, nanos);
	}

	@Override
	public void unpark(Thread thread) {
		LockSupport.unpark(thread);
	}

	/**
	 * Let time go by.
	 */
	@Override
	public void pause(Duration duration) throws InterruptedException {
		if (Thread.interrupted()) {
			throw new InterruptedException();
		}
		advance(duration);
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
		return add(new Timer(startTime, task, null));
	}

	private Timer add(Timer timer) {
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
		return add(new Timer(startTime, task, delay));
	}

	@Override
	public ScheduledFuture<?> scheduleWithFixedDelay(Runnable task, Duration delay) {
		return scheduleWithFixedDelay(task, this.now, delay);
	}

	/**
	 * A task and its time, the next one if it has a delay after which it is repeated.
	 */
	private final class Timer extends FutureTask<@Nullable Void> implements ScheduledFuture<@Nullable Void> {

		private final @Nullable Duration delay;

		private Instant at;

		Timer(Instant at, Runnable task, @Nullable Duration delay) {
			super(task, null);
			this.at = at;
			this.delay = delay;
		}

		@Override
		public void run() {
			if (this.delay == null) {
				super.run();
			}
			else if (runAndReset()) {
				this.at = this.at.plus(this.delay);
				add(this);
			}
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
