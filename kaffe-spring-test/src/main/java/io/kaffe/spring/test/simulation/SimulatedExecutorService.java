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

import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * An executor of simulated threads that can be shut down.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time.
 */
public final class SimulatedExecutorService extends AbstractExecutorService {

	private final Simulation simulation;

	private final Executor executor;

	private int unfinished;

	private boolean shutdown;

	SimulatedExecutorService(Simulation simulation, Executor executor) {
		this.simulation = simulation;
		this.executor = executor;
	}

	@Override
	public void execute(Runnable task) {
		if (this.shutdown) {
			throw new RejectedExecutionException("Shut down");
		}
		this.executor.execute(() -> {
			try {
				task.run();
			}
			finally {
				this.unfinished--;
			}
		});
		this.unfinished++;
	}

	@Override
	public void shutdown() {
		this.shutdown = true;
	}

	@Override
	public List<Runnable> shutdownNow() {
		this.shutdown = true;
		return List.of();
	}

	@Override
	public boolean isShutdown() {
		return this.shutdown;
	}

	@Override
	public boolean isTerminated() {
		return this.shutdown && this.unfinished == 0;
	}

	@Override
	public boolean awaitTermination(long timeout, TimeUnit unit) {
		return this.simulation.await(this::isTerminated, unit.toNanos(timeout));
	}

}
