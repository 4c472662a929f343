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

package io.kaffe.spring.autoconfigure;

import java.io.Serial;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.RejectedExecutionHandler;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicReference;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

/**
 * Thrown when workers cannot run on the executor that the application provides.
 */
final class UnsuitableTaskExecutorException extends RuntimeException {

	@Serial
	private static final long serialVersionUID = 1L;

	private static final Log logger = LogFactory.getLog(UnsuitableTaskExecutorException.class);

	private UnsuitableTaskExecutorException(Executor executor, String reason) {
		super("The executor of workers, bean 'kaffeTaskExecutor' of type " + executor.getClass().getName() + ", "
				+ reason);
	}

	/**
	 * Reject an executor that would run user code on consumer threads, blocks them, or
	 * loses tasks.
	 * @param executor the executor, to which a task that does nothing is submitted
	 * @throws UnsuitableTaskExecutorException if it is one of these
	 */
	static void throwIfUnsuitable(Executor executor) {
		if (executor instanceof SimpleAsyncTaskExecutor simple && simple.isThrottleActive()) {
			throw new UnsuitableTaskExecutorException(executor, "has a concurrency limit, at which it blocks. "
					+ "Consumers would not poll. Limit the workers with 'kaffe.max-concurrency' instead.");
		}
		if (losesTasks(executor)) {
			throw new UnsuitableTaskExecutorException(executor,
					"discards tasks when it is full. Workers would never " + "run again.");
		}
		if (runsTasksInTheCallersThread(executor)) {
			throw new UnsuitableTaskExecutorException(executor, "runs tasks in the thread that submits them. Workers "
					+ "would keep their consumers from polling.");
		}
	}

	private static boolean losesTasks(Executor executor) {
		Executor pool = (executor instanceof ThreadPoolTaskExecutor spring) ? spring.getThreadPoolExecutor() : executor;
		RejectedExecutionHandler handler = (pool instanceof ThreadPoolExecutor threads)
				? threads.getRejectedExecutionHandler() : null;
		return handler instanceof ThreadPoolExecutor.DiscardPolicy
				|| handler instanceof ThreadPoolExecutor.DiscardOldestPolicy;
	}

	private static boolean runsTasksInTheCallersThread(Executor executor) {
		AtomicReference<@Nullable Thread> runner = new AtomicReference<>();
		try {
			executor.execute(() -> runner.set(Thread.currentThread()));
		}
		catch (RejectedExecutionException ex) {
			logger.debug("The task executor does not accept tasks yet", ex);
		}
		return runner.get() == Thread.currentThread();
	}

}
