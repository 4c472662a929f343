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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * A defect of the engine, as a patch. It is applied to a copy of the sources that it
 * changes, and their classes are put before the engine's.
 *
 * @param name its name
 * @param patch the file
 */
record SeededDefect(String name, Path patch) {

	private static final String ENDING = ".patch";

	private static final String RARE = "rare";

	private static final String CHANGED = "+++ b/";

	/**
	 * Return the defects of a directory, by name.
	 * @param directory has the patches, and those that take long to find in a directory
	 * of their own
	 */
	static List<SeededDefect> in(Path directory) throws IOException {
		try (Stream<Path> files = Files.walk(directory, 2)) {
			return files.filter((file) -> file.toString().endsWith(ENDING)).map((file) -> {
				String name = file.getFileName().toString();
				return new SeededDefect(name.substring(0, name.length() - ENDING.length()), file);
			}).sorted(Comparator.comparing(SeededDefect::name)).toList();
		}
	}

	/**
	 * Return whether it takes more histories to find than a minute has.
	 */
	boolean isRare() {
		return Objects.requireNonNull(this.patch.getParent()).endsWith(RARE);
	}

	/**
	 * Return what is wrong with the engine then.
	 */
	String description() throws IOException {
		return String.join(" ",
				Files.readAllLines(this.patch)
					.stream()
					.takeWhile((line) -> !line.startsWith("diff "))
					.filter((line) -> line.startsWith("#"))
					.map((line) -> line.substring(1).strip())
					.toList());
	}

	/**
	 * Apply it to copies of the sources that it changes.
	 * @param root the root of the project
	 * @param directory where to copy them
	 * @return the changed copies
	 */
	List<Path> apply(Path root, Path directory) throws IOException, InterruptedException {
		List<Path> sources = new ArrayList<>();
		for (String line : Files.readAllLines(this.patch)) {
			if (line.startsWith(CHANGED)) {
				Path source = Path.of(line.substring(CHANGED.length()));
				Path copy = directory.resolve(source);
				Files.createDirectories(copy.getParent());
				Files.copy(root.resolve(source), copy);
				sources.add(copy);
			}
		}
		ProcessBuilder builder = new ProcessBuilder("git", "apply", "--whitespace=nowarn",
				this.patch.toAbsolutePath().toString())
			.directory(directory.toFile())
			.redirectErrorStream(true);
		// Outside of any repository, so that all paths count.
		builder.environment().put("GIT_DIR", directory.resolve("none").toString());
		Process git = builder.start();
		git.getInputStream().readAllBytes();
		if (!git.waitFor(1, TimeUnit.MINUTES) || git.exitValue() != 0) {
			throw new IllegalStateException("'" + this.name + "' does not apply");
		}
		return sources;
	}

	/**
	 * Compile the engine's classes that it changes.
	 * @param root the root of the project
	 * @param directory where to; empty
	 * @return the directory of the classes
	 */
	Path compile(Path root, Path directory) throws IOException, InterruptedException {
		List<Path> sources = apply(root, directory.resolve("sources"));
		Path classes = Files.createDirectories(directory.resolve("classes"));
		JavaCompiler compiler = Objects.requireNonNull(ToolProvider.getSystemJavaCompiler(), "Needs a JDK");
		try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
			List<String> options = List.of("--release", "17", "-proc:none", "-nowarn", "-parameters", "-d",
					classes.toString(), "-cp", System.getProperty("java.class.path"));
			if (!compiler.getTask(null, files, null, options, null, files.getJavaFileObjectsFromPaths(sources))
				.call()) {
				throw new IllegalStateException("'" + this.name + "' does not compile");
			}
		}
		return classes;
	}

}
