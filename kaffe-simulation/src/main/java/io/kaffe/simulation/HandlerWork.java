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

import org.springframework.dao.DataAccessException;

import io.kaffe.spring.test.simulation.Simulation;

/**
 * What handlers of one instance do with a record: they take time, fail and hang, as the
 * seed decides.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time.
 */
final class HandlerWork {

	private static final long MILLI = 1_000_000;

	private static final long HANG = 3_000 * MILLI;

	private final World world;

	private final HandlerDisturbances disturbances;

	private final Journal journal;

	private final Simulation simulation;

	private final ServiceInstance instance;

	private final ContainerControls controls;

	HandlerWork(World world, ServiceInstance instance) {
		this.world = world;
		this.disturbances = world.handlerDisturbances();
		this.journal = world.journal();
		this.simulation = world.simulation();
		this.instance = instance;
		this.controls = new ContainerControls(world, instance);
	}

	/**
	 * Do what a handler does with one record: first, it has its effects in the database,
	 * if there is one.
	 */
	void work(Fact fact) {
		this.controls.use();
		this.disturbances.maybeRestart(this.instance);
		try {
			this.instance.database().apply(fact);
			takeTime();
		}
		catch (DataAccessException ex) {
			this.journal.failed(this.instance.service(), fact);
			throw new IllegalStateException("The statement fails", ex);
		}
		catch (IllegalStateException ex) {
			this.journal.failed(this.instance.service(), fact);
			throw ex;
		}
		if (!this.world.isCalm() && (this.disturbances.isFailing(fact.key()) || this.simulation.choose(25) == 0)) {
			this.journal.failed(this.instance.service(), fact);
			throw new IllegalStateException("refused");
		}
	}

	private void takeTime() {
		if (this.disturbances.takesHang()) {
			sleep(HANG);
		}
		else if (this.disturbances.isSlow()) {
			sleep((20 + this.simulation.choose(150)) * MILLI);
		}
		else if (!this.world.isCalm() && this.simulation.choose(4) == 0) {
			sleep(this.simulation.choose(5) * MILLI);
		}
	}

	/**
	 * Let a handler take time. An interrupt lets it fail.
	 */
	void sleep(long nanos) {
		try {
			this.simulation.sleep(nanos);
		}
		catch (InterruptedException ex) {
			this.simulation.record(() -> "is interrupted");
			throw new IllegalStateException("interrupted", ex);
		}
	}

	/**
	 * Do something later, on a thread of the application.
	 */
	void later(Runnable task) {
		// At once, too: an answer races with the return of the handler then. And within a
		// few milliseconds, so that several race with each other.
		int longest = switch (this.simulation.choose(4)) {
			case 0 -> 1;
			case 1 -> 4;
			default -> 60;
		};
		this.instance.later(this.simulation.choose(longest) * MILLI, task);
	}

}
