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
import java.util.concurrent.atomic.AtomicReference;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when workers cannot run on the executor that the application provides for them.
 */
final class UnsuitableTaskExecutorException extends RuntimeException {

	@Serial
	private static final long serialVersionUID = 1L;

	private static final Log logger = LogFactory.getLog(UnsuitableTaskExecutorException.class);

	private UnsuitableTaskExecutorException(String message) {
		super(message);
	}

	/**
	 * Refuse an executor on which the user's code would run on consumer threads.
	 * @param executor the executor, which is given a task that does nothing
	 * @throws UnsuitableTaskExecutorException if it runs the task in this thread
	 */
	static void throwIfItRunsTasksInTheCallersThread(Executor executor) {
		AtomicReference<@Nullable Thread> runner = new AtomicReference<>();
		try {
			executor.execute(() -> runner.set(Thread.currentThread()));
		}
		catch (RejectedExecutionException ex) {
			logger.debug("The task executor takes no tasks yet", ex);
		}
		if (runner.get() == Thread.currentThread()) {
			throw new UnsuitableTaskExecutorException("The executor of workers, bean 'kaffeTaskExecutor' of type "
					+ executor.getClass().getName() + ", runs tasks in the thread that submits them. Workers would "
					+ "keep their consumers from polling.");
		}
	}

}
