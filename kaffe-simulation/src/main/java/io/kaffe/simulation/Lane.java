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

import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;

import io.kaffe.spring.test.simulation.Carriers;

/**
 * Lets histories happen for a while, in a virtual machine of its own, and prints what it
 * saw.
 * <p>
 * <b>Threading.</b> One thread, and the simulated ones. Another one looks whether
 * histories end.
 */
public final class Lane {

	private static final int HEAP_OF_LINES = 100_000;

	/** How long a processor works on a history at most, compilation included. */
	private static final long LONGEST_HISTORY_MILLIS = 30_000;

	/** How long a history takes at most, however busy the machine is. */
	private static final long LONGEST_WAIT_MILLIS = 600_000;

	private final Pairs pairs = new Pairs();

	private final Carriers carriers = new Carriers();

	private final Histories histories = new Histories(this.carriers);

	private final PrintStream out;

	/** The seed of the history that happens. */
	private volatile long present;

	private Lane(PrintStream out) {
		this.out = out;
	}

	/**
	 * Let histories happen.
	 * @param args for how many seconds, the first seed, by how much the next one is
	 * greater, and a {@link Mode}; or {@code replay} and a seed, or {@code shorten} and a
	 * seed
	 * @throws InterruptedException if the calling thread is interrupted
	 */
	public static void main(String[] args) throws InterruptedException {
		LogManager.getLogManager().reset();
		Logger.getLogger("").setLevel(Level.OFF);
		Lane lane = new Lane(System.out);
		AtomicBoolean violated = new AtomicBoolean();
		lane.carriers.run(() -> violated.set(lane.run(args)));
		System.out.flush();
		System.exit(violated.get() ? 1 : 0);
	}

	private boolean run(String[] args) {
		if (args[0].equals("replay") || args[0].equals("shorten")) {
			return replay(Long.parseLong(args[1]), args[0].equals("shorten"));
		}
		return run(Duration.ofSeconds(Long.parseLong(args[0])), Long.parseLong(args[1]), Long.parseLong(args[2]),
				Mode.valueOf(args[3]));
	}

	/**
	 * A change of the engine can let a history go on for ever, without a point.
	 */
	private void watch() {
		try {
			long watched = this.present;
			long cpu = cpuMillis();
			for (long waited = 0; cpuMillis() - cpu < LONGEST_HISTORY_MILLIS
					&& waited < LONGEST_WAIT_MILLIS; waited += 1000) {
				TimeUnit.SECONDS.sleep(1);
				if (this.present != watched) {
					watched = this.present;
					cpu = cpuMillis();
					waited = 0;
				}
			}
			this.out.println("violated by seed " + watched + ": it does not end");
			this.out.flush();
			Runtime.getRuntime().halt(1);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private boolean run(Duration time, long first, long step, Mode mode) {
		Thread watch = new Thread(this::watch, "watch");
		watch.setDaemon(true);
		watch.start();
		long begin = System.nanoTime();
		long count = 0;
		long records = 0;
		long disturbances = 0;
		long deliveries = 0;
		long commits = 0;
		long points = 0;
		long millis = 0;
		boolean violated = false;
		long cold = 0;
		long coldCpu = 0;
		for (long seed = first; System.nanoTime() - begin < time.toNanos(); seed += step) {
			if (coldCpu == 0 && System.nanoTime() - begin > time.toNanos() / 2) {
				cold = count;
				coldCpu = cpuMillis();
			}
			Scenario scenario = Scenario.of(seed);
			this.present = seed;
			Outcome outcome = this.histories.of(scenario, false);
			count++;
			records += outcome.records();
			disturbances += scenario.happenings().stream().filter(Happening::disturbs).count();
			this.pairs.add(scenario);
			deliveries += outcome.deliveries();
			commits += outcome.commits();
			points += outcome.points();
			millis += outcome.millis();
			ViolationException violation = outcome.violation();
			if (violation != null) {
				violated = true;
				if (mode != Mode.ALL) {
					watch.interrupt();
				}
				report(outcome, violation, mode);
				if (mode != Mode.ALL) {
					break;
				}
			}
		}
		this.out.printf("summary %d %d %d %d %d %d %d %d %d %d%n", count, records, disturbances, deliveries, commits,
				points, millis, (System.nanoTime() - begin) / 1_000_000, count - cold, cpuMillis() - coldCpu);
		if (mode == Mode.ALL) {
			this.pairs.lines().forEach(this.out::println);
		}
		return violated;
	}

	/**
	 * Return how long this virtual machine has had a processor.
	 */
	private static long cpuMillis() {
		return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO).toMillis();
	}

	private boolean replay(long seed, boolean shorten) {
		Outcome outcome = this.histories.of(Scenario.of(seed), true);
		if (shorten && outcome.isViolated()) {
			outcome = this.histories.shorten(outcome);
		}
		print(outcome);
		return outcome.isViolated();
	}

	private void report(Outcome outcome, ViolationException violation, Mode mode) {
		this.out.println("violated by seed " + outcome.scenario().seed() + ": " + violation.what());
		this.out.flush();
		if (mode == Mode.FIRST) {
			print(this.histories.shorten(outcome));
		}
	}

	private void print(Outcome outcome) {
		this.out.println(outcome.scenario().service());
		this.out.println("then " + outcome.scenario().other());
		if (outcome.scenario().once()) {
			this.out.println("once, in a database");
		}
		this.out.println(outcome.scenario().instances() + " instances, " + outcome.scenario().partitions()
				+ " partitions of each topic, slowness " + outcome.scenario().slowness());
		outcome.scenario().happenings().forEach((happening) -> this.out.println("  " + happening));
		int skipped = Math.max(0, outcome.story().size() - HEAP_OF_LINES);
		outcome.story().stream().skip(skipped).forEach(this.out::println);
		ViolationException violation = outcome.violation();
		if (violation != null) {
			this.out.println("=> " + violation.what());
			if (violation.getCause() != null) {
				violation.getCause().printStackTrace(this.out);
			}
		}
		this.out.println("replay with seed " + outcome.scenario().seed());
	}

	/**
	 * What to do when a history breaks a promise.
	 */
	enum Mode {

		/** Shorten it, print its story, and end. */
		FIRST,

		/** End. */
		BRIEF,

		/** Go on. */
		ALL

	}

}
