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

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * Lets histories happen in several virtual machines at a time:
 *
 * <pre>
 * WorldMain [seconds] [first seed] [lanes]
 * WorldMain night [seconds] [first seed] [lanes]
 * WorldMain replay [seed]
 * WorldMain shorten [seed]
 * </pre>
 *
 * Each prints its seed, a short history and its story if it broke a promise. At night
 * they go on then, and in the end it is printed which branches of the engine and which
 * pairs of disturbances they saw. The exit code is 1 if a promise was broken.
 */
public final class WorldMain {

	/** Within these, better code would not pay for its compilation. */
	private static final long SHORT_SECONDS = 120;

	private static final String LANE = "io.kaffe.simulation.Lane";

	private static final int SECONDS_TO_END = 20;

	private static @Nullable String fixedOrder;

	private WorldMain() {
	}

	/**
	 * Run.
	 * @param args see above
	 * @throws Exception if a virtual machine cannot be started
	 */
	public static void main(String[] args) throws Exception {
		if (args.length > 0 && args[0].equals("lane")) {
			lane(List.of(args).subList(1, args.length).toArray(String[]::new));
			return;
		}
		if (args.length == 2 && (args[0].equals("replay") || args[0].equals("shorten"))) {
			Process process = start(System.getProperty("java.class.path"), args);
			process.getInputStream().transferTo(System.out);
			System.exit(process.waitFor());
		}
		boolean night = args.length > 0 && args[0].equals("night");
		List<String> rest = List.of(args).subList(night ? 1 : 0, args.length);
		long seconds = (rest.size() > 0) ? Long.parseLong(rest.get(0)) : 60;
		long seed = (rest.size() > 1) ? Long.parseLong(rest.get(1)) : System.nanoTime();
		int lanes = (rest.size() > 2) ? Integer.parseInt(rest.get(2)) : Runtime.getRuntime().availableProcessors();
		System.out.println("From seed " + seed);
		String classPath = System.getProperty("java.class.path");
		Summary summary = night ? night(classPath, seconds, seed, lanes)
				: run(classPath, seconds, seed, lanes, Lane.Mode.FIRST);
		System.out.println(summary);
		System.exit((summary.violations() > 0) ? 1 : 0);
	}

	private static Summary night(String classPath, long seconds, long seed, int lanes)
			throws IOException, InterruptedException {
		try (BranchCoverage coverage = BranchCoverage.create()) {
			Summary summary = run(classPath, coverage::options, seconds, seed, lanes, Lane.Mode.ALL);
			System.out.println(summary.pairs());
			System.out.println(coverage.report());
			return summary;
		}
	}

	/**
	 * Let histories happen in virtual machines of their own.
	 * @param classPath with the engine
	 * @param seconds for how long
	 * @param seed the first seed
	 * @param lanes in how many virtual machines
	 * @param mode what to do when one breaks a promise; nothing is printed if it is brief
	 * @return what they saw
	 */
	static Summary run(String classPath, long seconds, long seed, int lanes, Lane.Mode mode)
			throws IOException, InterruptedException {
		List<String> options = (seconds <= SHORT_SECONDS) ? List.of("-XX:TieredStopAtLevel=1") : List.of();
		return run(classPath, (lane) -> options, seconds, seed, lanes, mode);
	}

	private static Summary run(String classPath, IntFunction<List<String>> options, long seconds, long seed, int lanes,
			Lane.Mode mode) throws IOException, InterruptedException {
		List<Process> processes = new ArrayList<>();
		for (int lane = 0; lane < lanes; lane++) {
			processes.add(start(classPath, options.apply(lane), String.valueOf(seconds), String.valueOf(seed + lane),
					String.valueOf(lanes), mode.name()));
		}
		Summary summary = new Summary(mode);
		List<Thread> readers = new ArrayList<>();
		for (Process process : processes) {
			Thread reader = new Thread(() -> read(process, processes, summary), "lane");
			reader.start();
			readers.add(reader);
		}
		for (int lane = 0; lane < lanes; lane++) {
			if (mode == Lane.Mode.BRIEF) {
				// A change of the engine can let it go on for ever, without a point.
				readers.get(lane).join(TimeUnit.SECONDS.toMillis(seconds + SECONDS_TO_END));
				processes.get(lane).toHandle().destroyForcibly();
			}
			readers.get(lane).join();
		}
		return summary;
	}

	/**
	 * Start a virtual machine.
	 * @param classPath with the engine
	 * @param args those of {@link Lane#main}
	 */
	static Process start(String classPath, String... args) throws IOException {
		return start(classPath, List.of(), args);
	}

	private static Process start(String classPath, List<String> options, String... args) throws IOException {
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.add(fixedOrder());
		// Without the third and fourth, identity hash codes differ from one virtual
		// machine to the next, and by what happened before: so would the order of maps.
		command.addAll(List.of("-Xmx768m", "-XX:+UseSerialGC", "-XX:+UnlockExperimentalVMOptions", "-XX:hashCode=2",
				"-XX:MaxJavaStackTraceDepth=32"));
		if (Runtime.version().feature() >= 24) {
			command.addAll(List.of("-Djdk.virtualThreadScheduler.parallelism=1",
					"-Djdk.virtualThreadScheduler.maxPoolSize=1", "-XX:+UseCompactObjectHeaders"));
		}
		command.addAll(options);
		command.addAll(List.of("-cp", classPath, WorldMain.class.getName(), "lane"));
		command.addAll(List.of(args));
		return new ProcessBuilder(command).redirectErrorStream(true).start();
	}

	/**
	 * Return the option that gives immutable collections their order. Written once.
	 */
	private static synchronized String fixedOrder() throws IOException {
		if (fixedOrder == null) {
			Path directory = Files.createTempDirectory("fixed-order");
			fixedOrder = FixedOrder.option(directory);
			try (Stream<Path> files = Files.walk(directory)) {
				files.forEach((file) -> file.toFile().deleteOnExit());
			}
		}
		return fixedOrder;
	}

	private static void read(Process process, List<Process> all, Summary summary) {
		try (BufferedReader lines = new BufferedReader(
				new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
			boolean ended = false;
			for (String line = lines.readLine(); line != null; line = lines.readLine()) {
				if (line.startsWith("summary ")) {
					summary.add(line);
					ended = true;
				}
				else if (!summary.pairs().read(line)) {
					summary.print(line);
					if (line.startsWith("violated ") && summary.violated(line)) {
						all.stream().filter((other) -> other != process).forEach(Process::destroy);
					}
				}
			}
			if (!ended) {
				summary.violated("violated by seed 0: a virtual machine has not ended its histories");
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static void lane(String[] args) throws ReflectiveOperationException {
		WeavingClassLoader loader = new WeavingClassLoader(WorldMain.class.getClassLoader());
		Thread.currentThread().setContextClassLoader(loader);
		try {
			loader.loadClass(LANE).getMethod("main", String[].class).invoke(null, (Object) args);
		}
		catch (InvocationTargetException ex) {
			throw new IllegalStateException(ex.getCause());
		}
	}

	/**
	 * Return a class path with something before the present one.
	 */
	static String classPath(Path before) {
		return before + File.pathSeparator + System.getProperty("java.class.path");
	}

	/**
	 * What all lanes saw. Filled by the threads that read their output.
	 */
	static final class Summary {

		private final long[] sums = new long[10];

		private final List<String> violations = new ArrayList<>();

		private int lanes;

		private final Pairs pairs = new Pairs();

		private final Lane.Mode mode;

		Summary(Lane.Mode mode) {
			this.mode = mode;
		}

		synchronized void add(String line) {
			String[] numbers = line.split(" ");
			for (int index = 0; index < this.sums.length; index++) {
				this.sums[index] += Long.parseLong(numbers[index + 1]);
			}
			this.lanes++;
		}

		synchronized void print(String line) {
			if (this.mode != Lane.Mode.BRIEF) {
				System.out.println(line);
			}
		}

		/**
		 * A promise was broken.
		 * @return whether that is the end
		 */
		synchronized boolean violated(String line) {
			this.violations.add(line);
			return this.mode != Lane.Mode.ALL;
		}

		synchronized Pairs pairs() {
			return this.pairs;
		}

		synchronized int violations() {
			return this.violations.size();
		}

		/**
		 * Return the first violation, without what differs from case to case.
		 */
		synchronized String firstViolation() {
			String first = this.violations.get(0);
			return first.substring(first.indexOf(": ") + 2).replaceAll("\\[.*", "...").replace('|', '/');
		}

		synchronized long violatingSeed() {
			String first = this.violations.get(0);
			return Long.parseLong(first.substring("violated by seed ".length(), first.indexOf(':')));
		}

		synchronized long histories() {
			return this.sums[0];
		}

		@Override
		public synchronized String toString() {
			double minutes = this.sums[7] / 60_000.0 / Math.max(1, this.lanes);
			return "%,d histories (%,.0f a minute), %,d violations, %,d records, %,d disturbances, %,d deliveries, %,d commits, %,d points, %,d s of simulated time; once warm, %.2f ms of CPU time each"
				.formatted(this.sums[0], this.sums[0] / minutes, this.violations.size(), this.sums[1], this.sums[2],
						this.sums[3], this.sums[4], this.sums[5], this.sums[6] / 1000,
						this.sums[9] / (double) Math.max(1, this.sums[8]));
		}

	}

}
