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

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Puts the mutants into the engine that PIT has made and that no test has noticed, one
 * after the other, and sees which of them histories find:
 *
 * <pre>
 * MutantsMain [directory of PIT's report] [seconds for each] [lanes] [classes...]
 * </pre>
 *
 * Prints a table, and a summary by package.
 */
public final class MutantsMain {

	private MutantsMain() {
	}

	/**
	 * Run.
	 * @param args see above
	 * @throws Exception if a mutant cannot be put in
	 */
	public static void main(String[] args) throws Exception {
		Path report = Path.of(args[0]);
		long seconds = (args.length > 1) ? Long.parseLong(args[1]) : 20;
		int lanes = (args.length > 2) ? Integer.parseInt(args[2]) : Runtime.getRuntime().availableProcessors();
		List<String> classes = List.of(args).subList(Math.min(3, args.length), args.length);
		Map<String, Counts> packages = new TreeMap<>();
		System.out.println("| Class | Line | Mutator | Change | Found by | Seconds |");
		System.out.println("| --- | ---: | --- | --- | --- | ---: |");
		for (Mutant mutant : Mutant.in(report)) {
			if (classes.isEmpty() || classes.contains(mutant.className())) {
				Counts counts = packages.computeIfAbsent(mutant.packageName(), (name) -> new Counts());
				counts.mutants++;
				if (mutant.killed()) {
					counts.killedByTests++;
				}
				else if (isFound(mutant, seconds, lanes)) {
					counts.killedByHistories++;
				}
			}
		}
		System.out.println();
		System.out.println("| Package | Mutants | Killed by tests | Killed by histories | Survivors | Killed |");
		System.out.println("| --- | ---: | ---: | ---: | ---: | ---: |");
		packages.forEach((name, counts) -> System.out.println("| " + name + " " + counts));
	}

	private static boolean isFound(Mutant mutant, long seconds, int lanes) throws IOException, InterruptedException {
		Trial trial = Trial.of(mutant, seconds, lanes);
		System.out.printf("| %s | %d | %s | %s | %s | %.1f |%n", mutant.className(), mutant.line(), mutant.mutator(),
				mutant.description(), trial.isFound() ? trial.foundBy() : "-", trial.seconds());
		return trial.isFound();
	}

	/**
	 * What became of the mutants of a package.
	 */
	private static final class Counts {

		private int mutants;

		private int killedByTests;

		private int killedByHistories;

		@Override
		public String toString() {
			int killed = this.killedByTests + this.killedByHistories;
			return "| %,d | %,d | %,d | %,d | %.0f %% |".formatted(this.mutants, this.killedByTests,
					this.killedByHistories, this.mutants - killed, 100.0 * killed / this.mutants);
		}

	}

}
