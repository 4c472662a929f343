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

package io.kaffe.spring.benchmark.runner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.kaffe.spring.benchmark.contender.Work;

/**
 * The side-by-side run: the main class behind {@code run.sh}. Ends with code 0 if every
 * contender did in every round what it promises, with 1 if one did not, and with 2 if the
 * command line makes no sense.
 */
public final class SideBySide {

	/** What a quick run may take besides the build, in seconds. */
	private static final double QUICK_SECONDS = 145;

	private final long start = System.nanoTime();

	private final Options options;

	private final Path module;

	private final Machine machine = Machine.here();

	private final int javaVersion = Runtime.version().feature();

	private final String withoutDatabase;

	private final List<Workload> workloads;

	private SideBySide(Options options, Path module, List<Workload> workloads) {
		this.options = options;
		this.module = module;
		this.withoutDatabase = workloads.stream().anyMatch(SideBySide::needsDatabase)
				? Database.absent(options.database()) : "";
		this.workloads = this.withoutDatabase.isEmpty() ? workloads
				: workloads.stream().filter((workload) -> !needsDatabase(workload)).toList();
	}

	private static boolean needsDatabase(Workload workload) {
		return workload.kind() == Workload.Kind.ONCE;
	}

	/**
	 * Run what the command line says.
	 * @param args the directory of this module, then the arguments of {@code run.sh}
	 * @throws Exception if the run could not be finished
	 */
	public static void main(String[] args) throws Exception {
		String[] arguments = Arrays.copyOfRange(args, 1, args.length);
		List<Workload> all = Workloads.all(Runtime.getRuntime().availableProcessors(), spins());
		SideBySide run;
		try {
			Options options = Options.of(arguments);
			run = new SideBySide(options, Path.of(args[0]).toAbsolutePath(), Workloads.named(all, options.workloads()));
		}
		catch (IllegalArgumentException ex) {
			System.err.println(ex.getMessage());
			System.err.printf(Options.USAGE, all.stream().map(Workload::name).collect(Collectors.joining(", ")));
			System.exit(2);
			return;
		}
		System.exit(run.run());
	}

	/**
	 * Return how many steps of work take as long as a handler of {@code cpu} is to take.
	 */
	private static long spins() {
		long steps = 100_000;
		long best = Long.MAX_VALUE;
		for (int time = 0; time < 50; time++) {
			long start = System.nanoTime();
			Work.spin(steps, time);
			best = Math.min(best, System.nanoTime() - start);
		}
		return Math.round(steps * Workloads.CPU_MICROS * 1_000 / Math.max(1, best));
	}

	private int run() throws Exception {
		System.out.println(this.machine);
		Stream.of(Field.absent(this.javaVersion), this.withoutDatabase)
			.filter((absent) -> !absent.isEmpty())
			.forEach(System.out::println);
		List<Row> rows = new ArrayList<>();
		try (Workspace workspace = new Workspace(
				this.options.profile() ? this.module.resolve("target").resolve("profiles") : null)) {
			ClassPaths classPaths = ClassPaths.of(this.module);
			Broker broker = Broker.start(workspace, classPaths.broker());
			try (Topics topics = new Topics(broker)) {
				for (Workload workload : this.workloads) {
					rows.addAll(rows(workload, workspace, classPaths, broker, topics));
					topics.clear();
					// What is there so far outlives an end before time.
					report(rows);
				}
			}
		}
		System.out.println();
		System.out.println(new MarkdownReport(this.machine.toString(), rows).text());
		return Row.exitCode(rows);
	}

	private List<Row> rows(Workload workload, Workspace workspace, ClassPaths classPaths, Broker broker, Topics topics)
			throws Exception {
		Sizing sizing = this.options.quick() ? Sizing.QUICK : Sizing.FULL;
		if (needsDatabase(workload)) {
			try (Database database = Database.start(workspace, this.options.database());
					Accounts accounts = new Accounts(database.url())) {
				System.out.println(database.settings());
				return rows(workload,
						new ContenderRounds(workload, sizing, workspace, classPaths, broker, topics, accounts));
			}
		}
		return rows(workload,
				(workload.kind() == Workload.Kind.STARTUP) ? new StartupRounds(workspace, classPaths, broker)
						: new ContenderRounds(workload, sizing, workspace, classPaths, broker, topics, null));
	}

	private List<Row> rows(Workload workload, Measurement measurement) throws Exception {
		return new Rounds(workload, measurement, workload.rounds(this.options), limit(workload), System.out)
			.run(Field.of(workload, this.options, this.javaVersion));
	}

	/**
	 * Return the share of a workload in what is left of the time of a quick run, unless
	 * the contenders were chosen explicitly.
	 */
	private TimeLimit limit(Workload workload) {
		if (!this.options.quick() || !this.options.contenders().isEmpty()) {
			return TimeLimit.NONE;
		}
		double left = QUICK_SECONDS - (System.nanoTime() - this.start) / 1e9;
		int weights = this.workloads.stream().skip(this.workloads.indexOf(workload)).mapToInt(Field::quickWeight).sum();
		return new TimeLimit(Math.max(1, left * Field.quickWeight(workload) / weights), Field.quickLeast(workload));
	}

	private void report(List<Row> rows) throws IOException {
		Path target = this.module.resolve("target");
		Files.writeString(target.resolve("side-by-side.json"), new JsonReport(rows).text());
		Files.writeString(target.resolve("side-by-side.md"), new MarkdownReport(this.machine.toString(), rows).text());
		Files.writeString(target.resolve("side-by-side.svg"), new SvgPlot(rows).text());
	}

}
