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

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;

/**
 * Creates the executors of the engine that run no workers.
 */
final class EngineThreads {

	private static final Duration IDLE = Duration.ofSeconds(10);

	private EngineThreads() {
	}

	/**
	 * Return an executor with a platform thread for each task, which ends with it.
	 * @param prefix the prefix of the names of its threads
	 */
	static AsyncTaskExecutor named(String prefix) {
		return new SimpleAsyncTaskExecutor(prefix);
	}

	/**
	 * Return an executor with a daemon thread for each task, which ends with it.
	 * @param prefix the prefix of the names of its threads
	 */
	static AsyncTaskExecutor daemons(String prefix) {
		SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor(prefix);
		executor.setDaemon(true);
		return executor;
	}

	/**
	 * Return an executor with a single daemon thread, which ends when there is nothing to
	 * do.
	 * @param prefix the prefix of the name of its thread
	 * @param maxWaiting how many tasks it queues; more are rejected
	 */
	static ExecutorService single(String prefix, int maxWaiting) {
		CustomizableThreadFactory threads = new CustomizableThreadFactory(prefix);
		threads.setDaemon(true);
		ThreadPoolExecutor executor = new ThreadPoolExecutor(1, 1, IDLE.toMillis(), TimeUnit.MILLISECONDS,
				new LinkedBlockingQueue<>(maxWaiting), threads);
		executor.allowCoreThreadTimeOut(true);
		return executor;
	}

}
