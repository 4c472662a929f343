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

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.function.Function;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.scheduling.TaskScheduler;

/**
 * What the workers of all consumers run on: the task executor, the scheduler that wakes
 * them, the time, and the threads of the engine that run no workers. All of it is handed
 * in, so that a test or a simulation can control all of it.
 * <p>
 * <b>Threading.</b> Immutable; every method may be called by any thread. Nothing blocks
 * unless the executor does.
 */
public final class WorkerRuntime {

	private static final Log logger = LogFactory.getLog(WorkerRuntime.class);

	private static final int LONGEST_CAUSE_CHAIN = 100;

	private final Executor executor;

	private final TaskScheduler scheduler;

	private final Ticker ticker;

	private final Function<String, Executor> threads;

	/**
	 * Create a runtime.
	 * @param executor runs workers
	 * @param scheduler wakes workers that wait; must not run user code
	 * @param ticker the time
	 * @param threads creates an executor whose threads may block, from the prefix of
	 * their names
	 */
	public WorkerRuntime(Executor executor, TaskScheduler scheduler, Ticker ticker,
			Function<String, Executor> threads) {
		this.executor = executor;
		this.scheduler = scheduler;
		this.ticker = ticker;
		this.threads = threads;
	}

	/**
	 * Return whether a failure is an error of the virtual machine, such as a lack of
	 * memory, after which nothing can be relied upon. A stack overflow is not: it ends
	 * with the call that caused it.
	 * @param failure what was thrown
	 * @return {@code true} if it, or one of its causes, is such an error
	 */
	public static boolean isFatal(Throwable failure) {
		Throwable cause = failure;
		for (int depth = 0; cause != null && depth < LONGEST_CAUSE_CHAIN; depth++) {
			if (cause instanceof VirtualMachineError && !(cause instanceof StackOverflowError)) {
				return true;
			}
			cause = causeOf(cause);
		}
		return false;
	}

	/**
	 * Return the cause of a failure, even of one that throws when it is asked.
	 * @param failure what was thrown
	 * @return the cause, or {@code null} if there is none or asking for it throws
	 */
	public static @Nullable Throwable causeOf(Throwable failure) {
		try {
			return failure.getCause();
		}
		catch (Throwable ex) {
			return null;
		}
	}

	/**
	 * Return what a failure was caused by in the end.
	 * @param failure what was thrown
	 * @return the last of its causes, or {@code null} if there is none
	 */
	public static @Nullable Throwable rootCauseOf(Throwable failure) {
		Throwable root = null;
		Throwable cause = causeOf(failure);
		for (int depth = 0; cause != null && depth < LONGEST_CAUSE_CHAIN; depth++) {
			root = cause;
			cause = causeOf(cause);
		}
		return root;
	}

	/**
	 * Return the time.
	 * @return always the same
	 */
	public Ticker ticker() {
		return this.ticker;
	}

	/**
	 * Create an executor for tasks that may block and are none of workers.
	 * @param prefix the prefix of the names of its threads
	 * @return a new executor, which needs no shutdown: its threads end with their tasks
	 */
	public Executor threads(String prefix) {
		return this.threads.apply(prefix);
	}

	/**
	 * Run a task on the executor.
	 * @throws RuntimeException or Error what the executor throws, if it rejects the task
	 */
	void execute(Runnable task) {
		this.executor.execute(task);
	}

	/**
	 * Run a task of the engine after a while.
	 * @param delay how long to wait
	 * @param task the task, run by the scheduler: must not block or call user code
	 * @return what to cancel if it is not needed any more; {@code null} if the scheduler
	 * is shut down
	 */
	public @Nullable Future<?> after(Duration delay, Runnable task) {
		Instant time = this.scheduler.getClock().instant().plus(delay);
		try {
			return this.scheduler.schedule(task, time);
		}
		catch (RuntimeException ex) {
			logger.warn("The scheduler has been shut down; delayed tasks are not run any more", ex);
			return null;
		}
	}

}
