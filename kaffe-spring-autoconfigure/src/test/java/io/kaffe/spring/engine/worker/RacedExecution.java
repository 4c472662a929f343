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
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Delayed;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.Trigger;

/**
 * An executor, a scheduler and a clock for races: like {@link ManualExecution}, but for
 * many threads. Time stands still until a timer is fired, and who parks waits until it is
 * unparked.
 */
public final class RacedExecution extends Clock implements Executor, TaskScheduler, Ticker {

	/** What comes later only watches, again and again. */
	private static final Duration LATEST = Duration.ofSeconds(2);

	private final Deque<Runnable> tasks = new ArrayDeque<>();

	private final List<Timer> timers = new ArrayList<>();

	private volatile Instant now = Instant.EPOCH;

	/**
	 * Return a runtime that has nothing else.
	 * @return a new runtime, which runs all tasks here
	 */
	public WorkerRuntime runtime() {
		return new WorkerRuntime(this, this, this, (prefix) -> this);
	}

	/**
	 * Run what is submitted on the calling thread while others have threads of their own,
	 * and then what is left. No time goes by.
	 * @param others what happens at the same time
	 */
	public void runBeside(Runnable... others) {
		List<Thread> threads = Stream.of(others).map(Thread::new).toList();
		threads.forEach(Thread::start);
		runAll();
		for (Thread thread : threads) {
			try {
				thread.join();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}
		runAll();
	}

	/**
	 * Run what is submitted, and let time go by, until nothing happens any more.
	 */
	public void finish() {
		runAll();
		Timer timer = takeTimer();
		while (timer != null) {
			if (timer.at.isAfter(this.now)) {
				this.now = timer.at;
			}
			timer.run();
			runAll();
			timer = takeTimer();
		}
	}

	/**
	 * Fire a timer that is set, if there is one, a moment too early: the scheduler has
	 * another clock.
	 */
	public void fireEarly() {
		Timer timer = takeTimer();
		if (timer != null) {
			timer.run();
		}
	}

	/**
	 * Return how many timers are set.
	 * @return the number of timers
	 */
	public synchronized int timers() {
		return this.timers.size();
	}

	private void runAll() {
		Runnable task = takeTask();
		while (task != null) {
			task.run();
			task = takeTask();
		}
	}

	private synchronized @Nullable Runnable takeTask() {
		return this.tasks.poll();
	}

	private synchronized @Nullable Timer takeTimer() {
		return this.timers.isEmpty() ? null : this.timers.remove(0);
	}

	@Override
	public synchronized void execute(Runnable command) {
		this.tasks.add(command);
	}

	@Override
	public ScheduledFuture<?> schedule(Runnable task, Instant startTime) {
		Timer timer = new Timer(startTime, task);
		if (startTime.isBefore(this.now.plus(LATEST))) {
			synchronized (this) {
				this.timers.add(timer);
			}
		}
		return timer;
	}

	private synchronized void cancel(Timer timer) {
		this.timers.remove(timer);
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
	public void park(Object blocker, long nanos) {
		LockSupport.park(blocker);
	}

	@Override
	public void unpark(Thread thread) {
		LockSupport.unpark(thread);
	}

	@Override
	public void pause(Duration duration) {
		throw new UnsupportedOperationException();
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
			RacedExecution.this.cancel(this);
			return super.cancel(mayInterruptIfRunning);
		}

		@Override
		protected void setException(Throwable failure) {
			throw new AssertionError("A task of the scheduler failed", failure);
		}

		@Override
		public long getDelay(TimeUnit unit) {
			return unit.convert(Duration.between(RacedExecution.this.now, this.at));
		}

		@Override
		public int compareTo(Delayed other) {
			return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
		}

	}

}
