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

import java.util.concurrent.Executor;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

/**
 * The executor that runs the turns of workers, and the scheduler that wakes them.
 * <p>
 * They are no beans themselves: whoever looks for an executor or a scheduler by its type,
 * as {@code @Async} and {@code @Scheduled} do, takes the only one there is, even one that
 * is no candidate for injection. They take tasks until this bean is destroyed, which is
 * after listener containers have stopped.
 * <p>
 * <b>Threading.</b> Immutable.
 */
final class WorkerThreads implements DisposableBean {

	private static final String PREFIX = "kaffe-";

	private final Executor executor;

	private final ThreadPoolTaskScheduler scheduler;

	private final Runnable closeExecutor;

	private WorkerThreads(Executor executor, Runnable closeExecutor) {
		this.executor = executor;
		this.closeExecutor = closeExecutor;
		this.scheduler = new ThreadPoolTaskScheduler();
		this.scheduler.setThreadNamePrefix("kaffe-scheduler-");
		this.scheduler.setDaemon(true);
		this.scheduler.setRemoveOnCancelPolicy(true);
		this.scheduler.initialize();
	}

	/**
	 * Use an executor that somebody else looks after, or one of our own.
	 * @param executor the executor, or {@code null} if there is none
	 * @param virtual whether threads of our own are virtual
	 */
	static WorkerThreads of(@Nullable Executor executor, boolean virtual) {
		if (executor != null) {
			return new WorkerThreads(executor, () -> {
			});
		}
		return virtual ? virtualThreads() : platformThreads();
	}

	private static WorkerThreads virtualThreads() {
		SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor(PREFIX);
		executor.setVirtualThreads(true);
		return new WorkerThreads(executor, executor::close);
	}

	private static WorkerThreads platformThreads() {
		ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
		executor.setThreadNamePrefix(PREFIX);
		// A thread for each worker that has something to do, and none for the others.
		executor.setCorePoolSize(0);
		executor.setQueueCapacity(0);
		executor.initialize();
		return new WorkerThreads(executor, executor::destroy);
	}

	Executor executor() {
		return this.executor;
	}

	/**
	 * Return the scheduler, which must not run user code.
	 */
	TaskScheduler scheduler() {
		return this.scheduler;
	}

	@Override
	public void destroy() {
		this.scheduler.destroy();
		this.closeExecutor.run();
	}

}
