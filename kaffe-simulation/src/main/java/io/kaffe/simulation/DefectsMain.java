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
import java.util.ArrayList;
import java.util.List;

/**
 * Puts defects into the engine, one after the other, and sees that histories find each:
 *
 * <pre>
 * DefectsMain [root of the project] [seconds for each] [lanes] [names...]
 * </pre>
 *
 * Without names: all that are not rare. The name {@code rare} stands for those that are.
 * Prints a table. The exit code is 1 if one was not found.
 */
public final class DefectsMain {

	private static final Path DEFECTS = Path.of("kaffe-simulation/src/defects");

	private DefectsMain() {
	}

	/**
	 * Run.
	 * @param args see above
	 * @throws Exception if a defect cannot be put in
	 */
	public static void main(String[] args) throws Exception {
		Path root = Path.of((args.length > 0) ? args[0] : ".");
		long seconds = (args.length > 1) ? Long.parseLong(args[1]) : 60;
		int lanes = (args.length > 2) ? Integer.parseInt(args[2]) : Runtime.getRuntime().availableProcessors();
		List<String> names = List.of(args).subList(Math.min(3, args.length), args.length);
		List<SeededDefect> defects = SeededDefect.in(root.resolve(DEFECTS))
			.stream()
			.filter((defect) -> names.contains(defect.name())
					|| (defect.isRare() ? names.contains("rare") : names.isEmpty()))
			.toList();
		System.out.println("| Defect | Found by | Seed | Histories | Seconds |");
		System.out.println("| --- | --- | ---: | ---: | ---: |");
		List<String> notFound = new ArrayList<>();
		for (SeededDefect defect : defects) {
			if (!isFound(defect, root, seconds, lanes)) {
				notFound.add(defect.name());
			}
		}
		System.out.println();
		System.out.println((defects.size() - notFound.size()) + " of " + defects.size() + " found"
				+ (notFound.isEmpty() ? "" : "; not found: " + String.join(", ", notFound)));
		System.exit(notFound.isEmpty() ? 0 : 1);
	}

	private static boolean isFound(SeededDefect defect, Path root, long seconds, int lanes)
			throws IOException, InterruptedException {
		Trial trial = Trial.of((directory) -> defect.compile(root, directory), seconds, lanes);
		System.out.printf("| %s | %s | %s | %,d | %.1f |%n", defect.name(), trial.isFound() ? trial.foundBy() : "-",
				trial.isFound() ? trial.seed() : "-", trial.histories(), trial.seconds());
		return trial.isFound();
	}

}
