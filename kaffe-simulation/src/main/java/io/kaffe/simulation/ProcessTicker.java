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

package io.kaffe.simulation;

import java.time.Duration;
import java.time.Instant;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.test.simulation.SimulatedProcess;
import io.kaffe.spring.test.simulation.Simulation;

/**
 * Time and waiting as a simulated process has them.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time.
 */
final class ProcessTicker implements Ticker {

	private final Simulation simulation;

	private final SimulatedProcess process;

	ProcessTicker(Simulation simulation, SimulatedProcess process) {
		this.simulation = simulation;
		this.process = process;
	}

	@Override
	public long nanoTime() {
		return this.simulation.nanoTime();
	}

	@Override
	public Instant instant() {
		return this.process.instant();
	}

	@Override
	public void park(Object blocker, long nanos) {
		this.simulation.park(nanos);
	}

	@Override
	public void unpark(@Nullable Thread thread) {
		this.simulation.unpark(thread);
	}

	@Override
	public void pause(Duration duration) throws InterruptedException {
		this.simulation.sleep(duration.toNanos());
	}

}
