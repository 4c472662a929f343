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

package io.kaffe.spring.engine.listener;

import java.util.concurrent.Executor;

import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

/**
 * What workers run on: the executors that the auto-configuration makes.
 */
public enum WorkerThreads {

	/**
	 * A cached pool of platform threads.
	 */
	PLATFORM {

		@Override
		Executor executor() {
			ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
			executor.setThreadNamePrefix("kaffe-");
			executor.setDaemon(true);
			executor.setCorePoolSize(0);
			executor.setQueueCapacity(0);
			executor.initialize();
			return executor;
		}

	},

	/**
	 * A virtual thread for each lane. Not before Java 21.
	 */
	VIRTUAL {

		@Override
		Executor executor() {
			SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor("kaffe-");
			executor.setVirtualThreads(true);
			return executor;
		}

	};

	/**
	 * Return a new executor, whose threads do not outlive the benchmark.
	 */
	abstract Executor executor();

}
