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
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

import org.springframework.scheduling.TaskScheduler;

/**
 * A process of a simulation: threads that are frozen, woken and killed together, and see
 * the same clock.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
public final class SimulatedProcess {

	/** The site of a thread that has submitted a task. */
	private static final int EXECUTE = 0x5BD1_E995;

	private final Simulation simulation;

	private final String name;

	private final Set<SimulatedThread> living = new LinkedHashSet<>();

	private final List<SimulatedThread> held = new ArrayList<>();

	private long clockOffset;

	private boolean frozen;

	private boolean killed;

	private boolean rejecting;

	SimulatedProcess(Simulation simulation, String name) {
		this.simulation = simulation;
		this.name = name;
	}

	/**
	 * Start a process.
	 * @param simulation where
	 * @param name its name in stories
	 * @return the process
	 */
	public static SimulatedProcess start(Simulation simulation, String name) {
		return simulation.add(new SimulatedProcess(simulation, name));
	}

	/**
	 * Return its name.
	 * @return its name
	 */
	public String name() {
		return this.name;
	}

	/**
	 * Return whether it runs: neither frozen nor killed.
	 * @return whether its threads can run
	 */
	public boolean isRunning() {
		return !this.frozen && !this.killed;
	}

	/**
	 * Return whether it was killed.
	 * @return whether its threads will never run again
	 */
	public boolean isKilled() {
		return this.killed;
	}

	/**
	 * Hold all of its threads where they are.
	 */
	public void freeze() {
		this.frozen = true;
	}

	/**
	 * Let frozen threads go on.
	 */
	public void wake() {
		this.frozen = false;
		if (!this.killed) {
			List<SimulatedThread> resumed = List.copyOf(this.held);
			this.held.clear();
			this.simulation.resume(resumed);
		}
	}

	/**
	 * Let none of its threads ever run again.
	 */
	public void kill() {
		this.killed = true;
	}

	/**
	 * Let its executors reject tasks, or take them again.
	 * @param rejecting whether they reject
	 */
	public void reject(boolean rejecting) {
		this.rejecting = rejecting;
	}

	/**
	 * Let the time of day jump. The monotonic clock does not.
	 * @param by how far, also back
	 */
	public void moveClock(Duration by) {
		this.clockOffset += by.toNanos();
	}

	/**
	 * Return what this process takes for the time of day.
	 * @return its time
	 */
	public Instant instant() {
		return this.simulation.instant().plusNanos(this.clockOffset);
	}

	/**
	 * Start a thread of its own carrier, which ends with it.
	 * @param thread its name in stories
	 * @param body what it does
	 * @return the thread
	 */
	public SimulatedThread thread(String thread, Runnable body) {
		return start(thread, body, true);
	}

	/**
	 * Create an executor that runs some tasks at a time.
	 * @param prefix the names of its threads
	 * @param size how many at a time at most
	 * @return the executor
	 */
	public Executor executor(String prefix, int size) {
		return new Pool(prefix, size);
	}

	/**
	 * Create an executor of one thread, which can be shut down.
	 * @param prefix the name of its thread
	 * @return the executor
	 */
	public SimulatedExecutorService singleThread(String prefix) {
		return new SimulatedExecutorService(this.simulation, new Pool(prefix, 1));
	}

	/**
	 * Create a scheduler.
	 * @param prefix the names of its threads
	 * @return the scheduler
	 */
	public TaskScheduler scheduler(String prefix) {
		return new SimulatedScheduler(this.simulation, this, prefix);
	}

	/**
	 * Return its time of day as a clock.
	 */
	Clock clock() {
		return new ProcessClock();
	}

	SimulatedThread start(String thread, Runnable body, boolean dedicated) {
		SimulatedThread started = this.simulation.start(this, thread, body, dedicated);
		this.living.add(started);
		return started;
	}

	void ended(SimulatedThread thread) {
		this.living.remove(thread);
	}

	void hold(SimulatedThread thread) {
		this.held.add(thread);
	}

	Set<SimulatedThread> living() {
		return this.living;
	}

	List<SimulatedThread> held() {
		return this.held;
	}

	@Override
	public String toString() {
		return this.name;
	}

	/**
	 * Threads that run tasks in the order in which they came.
	 */
	private final class Pool implements Executor {

		private final Queue<Runnable> tasks = new ArrayDeque<>();

		private final String prefix;

		private final int size;

		private int running;

		Pool(String prefix, int size) {
			this.prefix = prefix;
			this.size = size;
		}

		@Override
		public void execute(Runnable task) {
			if (SimulatedProcess.this.rejecting) {
				throw new RejectedExecutionException("Rejected by the seed");
			}
			this.tasks.add(task);
			if (this.running < this.size) {
				this.running++;
				start(this.prefix, this::work, false);
			}
			Simulation.point(EXECUTE);
		}

		private void work() {
			try {
				for (Runnable task = this.tasks.poll(); task != null; task = this.tasks.poll()) {
					task.run();
					if (!this.tasks.isEmpty()) {
						SimulatedProcess.this.simulation.letOthersRun();
					}
				}
			}
			finally {
				this.running--;
			}
		}

	}

	/**
	 * The time of day of this process.
	 */
	private final class ProcessClock extends Clock {

		@Override
		public ZoneId getZone() {
			return ZoneOffset.UTC;
		}

		@Override
		public Clock withZone(ZoneId zone) {
			throw new UnsupportedOperationException();
		}

		@Override
		public Instant instant() {
			return SimulatedProcess.this.instant();
		}

	}

}
