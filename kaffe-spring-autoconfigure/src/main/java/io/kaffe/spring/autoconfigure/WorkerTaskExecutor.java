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

import org.springframework.beans.factory.DisposableBean;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

/**
 * The executor that runs the turns of workers.
 * <p>
 * It is deliberately not a {@code TaskExecutor}: a lookup by type, as by {@code @Async},
 * uses a single such bean even if it is not a candidate for injection. It accepts tasks
 * until it is destroyed, after listener containers have stopped.
 * <p>
 * <b>Threading.</b> Immutable.
 */
final class WorkerTaskExecutor implements Executor, DisposableBean {

	private static final String PREFIX = "kaffe-";

	private final Executor executor;

	private final Runnable close;

	private WorkerTaskExecutor(Executor executor, Runnable close) {
		this.executor = executor;
		this.close = close;
	}

	static WorkerTaskExecutor ofVirtualThreads() {
		SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor(PREFIX);
		executor.setVirtualThreads(true);
		return new WorkerTaskExecutor(executor, executor::close);
	}

	static WorkerTaskExecutor ofPlatformThreads() {
		ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
		executor.setThreadNamePrefix(PREFIX);
		// A thread for each busy worker, and none for idle ones.
		executor.setCorePoolSize(0);
		executor.setQueueCapacity(0);
		executor.initialize();
		return new WorkerTaskExecutor(executor, executor::destroy);
	}

	@Override
	public void execute(Runnable command) {
		this.executor.execute(command);
	}

	@Override
	public void destroy() {
		this.close.run();
	}

}
