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

package io.kaffe.spring.test.simulation;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.Trigger;
import org.springframework.scheduling.TriggerContext;

/**
 * Runs tasks of a process at times of the simulation, each at a thread of its own.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time.
 */
final class SimulatedScheduler implements TaskScheduler {

	private final Simulation simulation;

	private final SimulatedProcess process;

	private final String prefix;

	private final Clock clock;

	SimulatedScheduler(Simulation simulation, SimulatedProcess process, String prefix) {
		this.simulation = simulation;
		this.process = process;
		this.prefix = prefix;
		this.clock = process.clock();
	}

	@Override
	public Clock getClock() {
		return this.clock;
	}

	@Override
	public ScheduledFuture<?> schedule(Runnable task, Instant time) {
		return begin(new Task(task, null, false), time);
	}

	@Override
	public ScheduledFuture<?> scheduleAtFixedRate(Runnable task, Instant time, Duration period) {
		return begin(new Task(task, period, true), time);
	}

	@Override
	public ScheduledFuture<?> scheduleAtFixedRate(Runnable task, Duration period) {
		return scheduleAtFixedRate(task, this.clock.instant(), period);
	}

	@Override
	public ScheduledFuture<?> scheduleWithFixedDelay(Runnable task, Instant time, Duration delay) {
		return begin(new Task(task, delay, false), time);
	}

	@Override
	public ScheduledFuture<?> scheduleWithFixedDelay(Runnable task, Duration delay) {
		return scheduleWithFixedDelay(task, this.clock.instant(), delay);
	}

	@Override
	public @Nullable ScheduledFuture<?> schedule(Runnable task, Trigger trigger) {
		Instant next = trigger.nextExecution(new Context());
		return (next != null) ? schedule(task, next) : null;
	}

	private Task begin(Task task, Instant time) {
		task.after(Duration.between(this.clock.instant(), time).toNanos());
		return task;
	}

	/**
	 * A task that is run once, or again and again.
	 */
	private final class Task extends FutureTask<@Nullable Void> implements ScheduledFuture<@Nullable Void> {

		private final @Nullable Duration period;

		private final boolean fixedRate;

		private long time;

		Task(Runnable task, @Nullable Duration period, boolean fixedRate) {
			super(task, null);
			this.period = period;
			this.fixedRate = fixedRate;
		}

		void after(long nanos) {
			Simulation simulation = SimulatedScheduler.this.simulation;
			this.time = simulation.nanoTime() + Math.max(0, nanos);
			simulation.after(nanos, () -> {
				if (!isDone() && !SimulatedScheduler.this.process.isKilled()) {
					SimulatedScheduler.this.process.start(SimulatedScheduler.this.prefix, this::runNow, false);
				}
			});
		}

		private void runNow() {
			if (this.period == null) {
				run();
			}
			else if (runAndReset()) {
				long late = this.fixedRate ? SimulatedScheduler.this.simulation.nanoTime() - this.time : 0;
				after(this.period.toNanos() - late);
			}
		}

		@Override
		public long getDelay(TimeUnit unit) {
			return unit.convert(this.time - SimulatedScheduler.this.simulation.nanoTime(), TimeUnit.NANOSECONDS);
		}

		@Override
		public int compareTo(Delayed other) {
			return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
		}

	}

	/**
	 * The context of a task that has not run yet.
	 */
	private static final class Context implements TriggerContext {

		@Override
		public @Nullable Instant lastScheduledExecution() {
			return null;
		}

		@Override
		public @Nullable Instant lastActualExecution() {
			return null;
		}

		@Override
		public @Nullable Instant lastCompletion() {
			return null;
		}

	}

}
