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

import java.time.Instant;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * The time of a simulation, what happens in it later, and the choices of its seed.
 * <p>
 * <b>Threading.</b> One simulated thread runs at a time, so that what belongs to a
 * simulation needs neither locks nor volatile fields.
 */
public interface SimulatedTime {

	/**
	 * When every simulation begins.
	 */
	Instant BEGIN = Instant.parse("2030-01-01T00:00:00Z");

	/**
	 * Return the time since the simulation began.
	 * @return nanoseconds
	 */
	long nanoTime();

	/**
	 * Return the time of day.
	 * @return the current instant of the simulation
	 */
	default Instant instant() {
		return BEGIN.plusNanos(nanoTime());
	}

	/**
	 * Let an event happen later. It runs at no simulated thread and must not wait.
	 * @param nanos when, in nanoseconds from now
	 * @param event what happens
	 */
	void after(long nanos, Runnable event);

	/**
	 * Let the calling simulated thread wait until a condition holds or the time is up.
	 * Other threads and events run meanwhile.
	 * @param condition what is waited for; asked often, and must not change anything
	 * @param nanos how long to wait at most
	 * @return whether the condition holds
	 */
	boolean await(BooleanSupplier condition, long nanos);

	/**
	 * Return a choice of the seed.
	 * @param bound how many possibilities there are
	 * @return a number from 0 to below {@code bound}
	 */
	int choose(int bound);

	/**
	 * Add a line to the story of this history.
	 * @param line its text, which is asked for only if the story is kept
	 */
	void record(Supplier<String> line);

}
