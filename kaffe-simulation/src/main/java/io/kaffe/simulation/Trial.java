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
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * What histories show of an engine of which some classes are others.
 *
 * @param foundBy the promise that one of them broke, or {@code null} if none did
 * @param seed the seed of that one
 * @param histories how many there were
 * @param seconds how long they took
 */
record Trial(@Nullable String foundBy, long seed, long histories, double seconds) {

	/**
	 * Let histories happen until one breaks a promise.
	 * @param change what is changed
	 * @param seconds for how long, at most
	 * @param lanes in how many virtual machines
	 */
	static Trial of(Change change, long seconds, int lanes) throws IOException, InterruptedException {
		Path directory = Files.createTempDirectory("changed-engine");
		try {
			String classPath = WorldMain.classPath(change.classes(directory));
			long begin = System.nanoTime();
			WorldMain.Summary summary = WorldMain.run(classPath, seconds, begin, lanes, Lane.Mode.BRIEF);
			boolean found = summary.violations() > 0;
			return new Trial(found ? summary.firstViolation() : null, found ? summary.violatingSeed() : 0,
					summary.histories(), (System.nanoTime() - begin) / 1e9);
		}
		finally {
			try (Stream<Path> files = Files.walk(directory)) {
				files.sorted(Comparator.reverseOrder()).forEach(Trial::delete);
			}
		}
	}

	boolean isFound() {
		return this.foundBy != null;
	}

	private static void delete(Path file) {
		try {
			Files.delete(file);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * A change of the engine.
	 */
	interface Change {

		/**
		 * Provide the classes that take the place of the engine's.
		 * @param directory where to write files; empty
		 * @return the directory of the classes
		 */
		Path classes(Path directory) throws IOException, InterruptedException;

	}

}
