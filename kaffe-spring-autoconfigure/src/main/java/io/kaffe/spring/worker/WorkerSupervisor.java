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

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.scheduling.TaskScheduler;

/**
 * Starts workers, gives them turns on the task executor, and starts them again when they
 * break down outside the user's handler or the executor turns them away.
 * <p>
 * <b>Threading.</b> Immutable; every method may be called by any thread. Nothing blocks
 * unless the executor does.
 */
public final class WorkerSupervisor {

	private static final Log logger = LogFactory.getLog(WorkerSupervisor.class);

	private static final Duration TURN = Duration.ofMillis(20);

	private static final Duration RESTART_DELAY = Duration.ofSeconds(1);

	private final Executor executor;

	private final TaskScheduler scheduler;

	private final Ticker ticker;

	/**
	 * Create a supervisor.
	 * @param executor runs the turns of workers
	 * @param scheduler wakes workers that wait; must not run user code
	 * @param ticker the time
	 */
	public WorkerSupervisor(Executor executor, TaskScheduler scheduler, Ticker ticker) {
		this.executor = executor;
		this.scheduler = scheduler;
		this.ticker = ticker;
	}

	Worker start(String name, Runnable onIdle) {
		return new Worker(name, this, onIdle);
	}

	Ticker ticker() {
		return this.ticker;
	}

	void schedule(Worker worker) {
		try {
			this.executor.execute(() -> run(worker));
		}
		catch (Throwable ex) {
			logger.warn(
					"The task executor turned away " + worker + "; trying again in " + RESTART_DELAY.toMillis() + " ms",
					ex);
			scheduleLater(worker);
		}
	}

	void wakeAfter(Worker worker, Duration delay) {
		after(delay, worker::wake);
	}

	private void run(Worker worker) {
		try {
			worker.runTurn(this.ticker.nanoTime() + TURN.toNanos());
		}
		catch (Throwable ex) {
			logger.error("Worker " + worker + " broke down; starting it again in " + RESTART_DELAY.toMillis() + " ms",
					ex);
			if (worker.brokeDown()) {
				scheduleLater(worker);
			}
		}
	}

	private void scheduleLater(Worker worker) {
		after(RESTART_DELAY, () -> schedule(worker));
	}

	private void after(Duration delay, Runnable task) {
		Instant time = this.scheduler.getClock().instant().plus(delay);
		try {
			this.scheduler.schedule(task, time);
		}
		catch (RuntimeException ex) {
			logger.warn("The scheduler is shut down; nothing is started any more", ex);
		}
	}

}
