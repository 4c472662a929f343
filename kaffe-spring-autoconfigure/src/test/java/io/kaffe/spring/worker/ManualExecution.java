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

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Delayed;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.Trigger;

/**
 * An executor, a scheduler and a clock that move when a test says so.
 */
public final class ManualExecution extends Clock implements Executor, TaskScheduler, Ticker {

	private final Deque<Runnable> tasks = new ArrayDeque<>();

	private final PriorityQueue<Timer> timers = new PriorityQueue<>(Comparator.comparing(Timer::at));

	private Instant now = Instant.parse("2026-01-01T00:00:00Z");

	private boolean rejecting;

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
		while (timer != null && !timer.at().isAfter(this.now)) {
			this.timers.remove();
			timer.task().run();
			timer = this.timers.peek();
		}
	}

	/**
	 * Let all timers go off that are set, however early that is.
	 */
	public void fireTimers() {
		for (int left = this.timers.size(); left > 0; left--) {
			this.timers.remove().task().run();
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
	 * Turn tasks away, or take them again.
	 * @param rejecting whether to turn them away
	 */
	public void reject(boolean rejecting) {
		this.rejecting = rejecting;
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
		this.timers.add(new Timer(startTime, task));
		return new NeverAsked();
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
	private record Timer(Instant at, Runnable task) {
	}

	/**
	 * A future that nobody looks at.
	 */
	private static final class NeverAsked extends CompletableFuture<Void> implements ScheduledFuture<Void> {

		@Override
		public long getDelay(TimeUnit unit) {
			return 0;
		}

		@Override
		public int compareTo(Delayed other) {
			return 0;
		}

	}

}
