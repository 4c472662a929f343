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

package io.kaffe.spring.test;

import java.time.Duration;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.test.simulation.SimulatedTime;

/**
 * Runs a test method with many seeds, and finds the shortest history that breaks it.
 */
final class SeedRuns {

	private final SimulatedWorlds worlds;

	private final String name;

	private final SimulatedWorlds.Action action;

	SeedRuns(SimulatedWorlds worlds, String name, SimulatedWorlds.Action action) {
		this.worlds = worlds;
		this.name = name;
		this.action = action;
	}

	void run(int count, long only) {
		Result undisturbed = run(1, Disorder.NONE);
		if (undisturbed.failure() != null) {
			throw new AssertionError(describe(1, Disorder.NONE, undisturbed), undisturbed.failure());
		}
		long first = (only != 0) ? only : 1;
		long last = (only != 0) ? only : count;
		for (long seed = first; seed <= last; seed++) {
			Disorder disorder = Disorder.of(seed, undisturbed.world().deliveries());
			Result result = run(seed, disorder);
			if (result.failure() != null) {
				throw shortest(seed, disorder, result);
			}
		}
	}

	private AssertionError shortest(long seed, Disorder disorder, Result result) {
		Disorder shortest = disorder;
		Result failed = result;
		for (int index = shortest.disturbances().size() - 1; index >= 0; index--) {
			Disorder shorter = shortest.without(index);
			Result again = run(seed, shorter);
			if (again.failure() != null) {
				shortest = shorter;
				failed = again;
			}
		}
		return new AssertionError(describe(seed, shortest, failed), failed.failure());
	}

	private String describe(long seed, Disorder disorder, Result result) {
		String disturbances = disorder.disturbances().isEmpty() ? "  none"
				: disorder.disturbances().stream().map((each) -> "  " + each).collect(Collectors.joining("\n"));
		int[] number = new int[1];
		String history = result.world()
			.handled()
			.stream()
			.map((handled) -> line(++number[0], handled))
			.collect(Collectors.joining("\n"));
		return """
				%s is broken by seed %d. To repeat it: @ManySeeds(seed = %d)
				%s
				Disturbances:
				%s
				Deliveries:
				%s""".formatted(this.name, seed, seed, result.failure(), disturbances, history);
	}

	private static String line(int number, HandledRecord handled) {
		Duration time = Duration.between(SimulatedTime.BEGIN, handled.time());
		return "  %3d  %9.3f s  %s  %s  key %s, attempt %d: %s".formatted(number, time.toNanos() / 1e9,
				(handled.worker() != null) ? handled.worker() : handled.consumer(),
				SimulatedWorld.coordinates(handled.record()), handled.key(), handled.attempt(),
				(handled.failure() != null) ? handled.failure() : handled.outcome());
	}

	private Result run(long seed, Disorder disorder) {
		SimulatedWorld[] world = new SimulatedWorld[1];
		try {
			SimulatedWorld ended = this.worlds.run(seed, disorder, () -> {
				world[0] = this.worlds.present();
				this.action.run();
				world[0].awaitIdle();
				Oracles.check(world[0]);
			});
			return new Result(ended, null);
		}
		catch (Throwable ex) {
			if (world[0] == null) {
				throw new IllegalStateException("The listeners do not start with seed " + seed, ex);
			}
			return new Result(world[0], ex);
		}
	}

	/**
	 * A run that has ended.
	 */
	private record Result(SimulatedWorld world, @Nullable Throwable failure) {
	}

}
