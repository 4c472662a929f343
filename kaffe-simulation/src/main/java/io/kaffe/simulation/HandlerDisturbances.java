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

import java.util.HashSet;
import java.util.Set;

import io.kaffe.spring.test.simulation.Simulation;

/**
 * What goes wrong in handlers: keys and outages they fail for, slowness, hangs, restarts
 * of their container, and dead letters that cannot be sent.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class HandlerDisturbances {

	private final Set<String> failingKeys = new HashSet<>();

	/** Of whose records two of three attempts fail. */
	private final Set<String> unsteadyKeys = new HashSet<>();

	private final Simulation simulation;

	private final InstanceDisturbances instances;

	private long slowUntil;

	private long outageUntil;

	private long noDeadLettersUntil;

	private int hangs;

	private int restarts;

	HandlerDisturbances(Simulation simulation, InstanceDisturbances instances) {
		this.simulation = simulation;
		this.instances = instances;
	}

	/**
	 * Disturb the handlers of all instances.
	 */
	void happen(Happening happening) {
		long until = this.simulation.nanoTime() + happening.spanNanos();
		switch (happening.kind()) {
			case FAILING_KEY -> ((this.simulation.choose(2) == 0) ? this.failingKeys : this.unsteadyKeys)
				.add(Topics.key(happening.which()));
			case MENDED_KEY -> {
				this.failingKeys.remove(Topics.key(happening.which()));
				this.unsteadyKeys.remove(Topics.key(happening.which()));
			}
			case HANG -> {
				this.hangs = 1;
			}
			case RESTART_BY_HANDLER -> {
				this.restarts = 1;
			}
			case OUTAGE -> {
				this.outageUntil = until + happening.spanNanos() * (happening.which() % 4);
			}
			case SLOW_HANDLERS -> {
				this.slowUntil = until + happening.spanNanos() * (happening.which() % 5);
			}
			default -> {
				this.noDeadLettersUntil = until;
			}
		}
	}

	/**
	 * Let handlers do what they should from now on.
	 */
	void clear() {
		this.failingKeys.clear();
		this.unsteadyKeys.clear();
		this.slowUntil = 0;
		this.outageUntil = 0;
		this.hangs = 0;
		this.restarts = 0;
		this.noDeadLettersUntil = 0;
	}

	/**
	 * Return whether handlers take long now.
	 */
	boolean isSlow() {
		return this.simulation.nanoTime() < this.slowUntil;
	}

	/**
	 * Return whether an attempt of a handler fails now with a record of a key.
	 */
	boolean isFailing(String key) {
		return this.failingKeys.contains(key) || this.simulation.nanoTime() < this.outageUntil
				|| (this.unsteadyKeys.contains(key) && this.simulation.choose(3) != 0);
	}

	/**
	 * Return for how many nanoseconds all handlers are going to fail.
	 */
	long outageLeft() {
		return Math.max(0, this.outageUntil - this.simulation.nanoTime());
	}

	/**
	 * Return whether dead letters cannot be sent now.
	 */
	boolean refusesDeadLetters() {
		return this.simulation.nanoTime() < this.noDeadLettersUntil;
	}

	/**
	 * Let the next handler have its container started again, once.
	 */
	void maybeRestart(ServiceInstance instance) {
		if (this.restarts > 0 && instance.isUp()) {
			this.restarts--;
			this.instances.restartByHandler(instance);
		}
	}

	/**
	 * Return whether the next handler is to hang, once.
	 */
	boolean takesHang() {
		return this.hangs > 0 && this.hangs-- > 0;
	}

}
