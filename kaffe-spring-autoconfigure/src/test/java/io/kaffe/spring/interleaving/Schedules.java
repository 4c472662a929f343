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

package io.kaffe.spring.interleaving;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;
import org.pastalab.fray.core.TestRunner;
import org.pastalab.fray.core.command.Configuration;
import org.pastalab.fray.core.command.ExecutionInfo;
import org.pastalab.fray.core.command.Executor;
import org.pastalab.fray.core.command.NetworkDelegateType;
import org.pastalab.fray.core.command.SystemTimeDelegateType;
import org.pastalab.fray.core.randomness.ControlledRandom;
import org.pastalab.fray.core.randomness.Randomness;
import org.pastalab.fray.core.randomness.RandomnessProvider;
import org.pastalab.fray.core.scheduler.PCTScheduler;
import org.pastalab.fray.core.scheduler.POSScheduler;
import org.pastalab.fray.core.scheduler.Scheduler;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.util.ReflectionUtils;

/**
 * Schedules under which a race is run: Fray lets one thread take one step at a time, and
 * decides which at each access to what threads share. A race in which all threads wait
 * for ever fails, too, and so does one that stands still: its schedules take few steps
 * and little time.
 * <p>
 * Half of the schedules are drawn by partial order sampling, half by probabilistic
 * concurrency testing: each finds mistakes that the other one takes long for. They are
 * the same in each run, unless another seed is given ({@code -Dfray.seed}).
 */
public final class Schedules {

	private static final long SEED = Long.getLong("fray.seed", 1);

	/** {@link BoundedScheduler} has one, with which the race fails. */
	private static final int NO_LIMIT = -1;

	/** Longer than any schedule takes, however busy the machine is. */
	private static final Duration LONGEST_SCHEDULE = Duration.ofMinutes(1);

	private static final PrintStream OUT = System.out;

	private static final PrintStream ERR = System.err;

	private static @Nullable Thread exploring;

	static {
		// What is meant to fail is logged, which takes more steps than what is tested.
		LoggingSystem.get(Schedules.class.getClassLoader()).setLogLevel("io.kaffe.spring", LogLevel.OFF);
	}

	private final int count;

	private boolean ordinaryAccesses;

	private Duration longestSchedule = LONGEST_SCHEDULE;

	private Schedules(int count) {
		this.count = count;
	}

	/**
	 * Return schedules that switch threads at accesses to volatile fields, at atomic
	 * operations, and where threads wait.
	 * @param count how many
	 * @return the schedules
	 */
	public static Schedules of(int count) {
		return new Schedules(count);
	}

	/**
	 * Return whether this JVM is an image that Fray has made.
	 * @return whether schedules can be explored
	 */
	public static boolean areControlled() {
		try {
			return Files.readString(Path.of(System.getProperty("java.home"), "release")).contains("Fray");
		}
		catch (IOException ex) {
			return false;
		}
	}

	/**
	 * Switch threads at accesses to ordinary fields and arrays, too.
	 * @return these schedules
	 */
	public Schedules withOrdinaryAccesses() {
		this.ordinaryAccesses = true;
		return this;
	}

	/**
	 * Wait no longer for a schedule to end.
	 * @param duration how long, instead of a minute
	 * @return these schedules
	 */
	Schedules lastingAtMost(Duration duration) {
		this.longestSchedule = duration;
		return this;
	}

	/**
	 * Run a race under all schedules.
	 * @param race starts its threads, joins them and checks what they have done
	 * @throws AssertionError if it fails under one of them, with its failure as the cause
	 */
	public void assertAllPass(Runnable race) {
		Exploration exploration = explore(race);
		if (exploration.failure() != null) {
			throw new AssertionError(exploration.toString(), exploration.failure());
		}
	}

	/**
	 * Run a race until it fails.
	 * @param race starts its threads, joins them and checks what they have done
	 * @return how it failed, and when
	 */
	public Exploration explore(Runnable race) {
		Exploration first = explore(race, POSScheduler::new);
		if (first.failure() != null) {
			return first;
		}
		Exploration second = explore(race, PCTScheduler::new);
		return new Exploration(second.failure(), first.schedules() + second.schedules());
	}

	private Exploration explore(Runnable race, Function<Randomness, Scheduler> schedulers) {
		// Fray clears a terminal, and counts.
		PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream());
		System.setOut(nowhere);
		System.setErr(nowhere);
		try {
			Seeds seeds = new Seeds();
			Scheduler scheduler = new BoundedScheduler(schedulers.apply(seeds.getRandomness()));
			Configuration configuration = configuration(race, seeds, scheduler);
			Throwable failure = run(configuration);
			int schedules = configuration.getCurrentIteration();
			return new Exploration(failure, (failure != null) ? schedules + 1 : schedules);
		}
		finally {
			System.setOut(OUT);
			System.setErr(ERR);
		}
	}

	/**
	 * Explore on a thread of its own, so that this one can watch it.
	 */
	private @Nullable Throwable run(Configuration configuration) {
		FutureTask<@Nullable Throwable> exploration = new FutureTask<>(() -> new TestRunner(configuration).run());
		try {
			if (exploring == null || ends(exploring)) {
				exploring = new Thread(exploration, "exploring");
				exploring.setDaemon(true);
				exploring.start();
				int schedules = -1;
				while (configuration.getCurrentIteration() > schedules) {
					schedules = configuration.getCurrentIteration();
					if (ends(exploring)) {
						return exploration.get();
					}
				}
			}
			return new AssertionError("Stands still: " + BoundedScheduler.stacks());
		}
		catch (InterruptedException | ExecutionException ex) {
			return ex;
		}
	}

	private boolean ends(Thread thread) throws InterruptedException {
		thread.join(this.longestSchedule.toMillis());
		return !thread.isAlive();
	}

	private Configuration configuration(Runnable race, Seeds seeds, Scheduler scheduler) {
		boolean replayed = false;
		boolean exploresOn = false;
		boolean exits = false;
		ExecutionInfo execution = new ExecutionInfo(new Race(race), false, this.ordinaryAccesses, NO_LIMIT);
		return new Configuration(execution, Path.of("target", "fray", "report"), (this.count + 1) / 2,
				Integer.MAX_VALUE, scheduler, seeds, true, exploresOn, !exits, replayed, false, false,
				NetworkDelegateType.PROACTIVE, SystemTimeDelegateType.NONE, 1, false, true, false, false, false, false,
				null);
	}

	/**
	 * How an exploration ended.
	 *
	 * @param failure what the race failed with, or {@code null} if it never did
	 * @param schedules how many schedules were tried
	 */
	public record Exploration(@Nullable Throwable failure, int schedules) {

		@Override
		public String toString() {
			return (this.failure != null) ? "Fails under schedule " + this.schedules + " of seed " + SEED
					: "Passes under " + this.schedules + " schedules";
		}

	}

	/**
	 * Runs the race once for each schedule, on a thread other than Fray's first one,
	 * which Fray would not end when another thread has failed.
	 */
	private static final class Race implements Executor {

		private final Runnable race;

		private @Nullable Throwable failure;

		Race(Runnable race) {
			this.race = race;
		}

		@Override
		public void execute(boolean resetClassLoader) {
			this.failure = null;
			Thread thread = new Thread(this::run, "race");
			thread.start();
			try {
				thread.join();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
			if (this.failure != null) {
				ReflectionUtils.rethrowRuntimeException(this.failure);
			}
		}

		private void run() {
			try {
				this.race.run();
			}
			catch (Throwable ex) {
				this.failure = ex;
			}
		}

		@Override
		public void beforeExecution() {
			// Nothing to do.
		}

		@Override
		public void afterExecution() {
			// Nothing to do.
		}

	}

	/**
	 * A seed for each schedule.
	 */
	private static final class Seeds implements RandomnessProvider {

		private long next = SEED << Integer.SIZE;

		@Override
		public Randomness getRandomness() {
			return new ControlledRandom(new ArrayList<>(), new ArrayList<>(), new Random(this.next++));
		}

	}

}
