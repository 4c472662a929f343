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

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The class paths of the processes, as the build left them in {@code target}.
 *
 * @param contender that of contenders
 * @param actuator that of contenders which have metrics besides, as an application has
 * that uses Spring Boot's actuator
 * @param database that of contenders which have a database besides
 * @param broker that of the broker
 * @param sample that of the sample application
 */
record ClassPaths(String contender, String actuator, String database, String broker, String sample) {

	/**
	 * Read the class paths.
	 * @param module the directory of this module
	 */
	static ClassPaths of(Path module) throws IOException {
		Path target = module.resolve("target");
		Path classes = jar(target);
		Path sample = module.resolveSibling("kaffe-sample-app").resolve("target");
		String contender = classes + File.pathSeparator + Files.readString(target.resolve("class-path"));
		return new ClassPaths(contender,
				contender + File.pathSeparator + Files.readString(target.resolve("actuator-class-path")),
				contender + File.pathSeparator + Files.readString(target.resolve("database-class-path")),
				classes + File.pathSeparator + Files.readString(target.resolve("broker-class-path")),
				sample.resolve("classes") + File.pathSeparator + classes + File.pathSeparator
						+ Files.readString(sample.resolve("run-class-path")));
	}

	/** A directory would keep the JVMs from sharing an archive of loaded classes. */
	private static Path jar(Path target) throws IOException {
		try (Stream<Path> files = Files.list(target)) {
			return files.filter((file) -> file.toString().endsWith(".jar") && !file.toString().endsWith("-sources.jar"))
				.findFirst()
				.orElseThrow(() -> new IOException("There is no jar in " + target));
		}
	}

	/**
	 * Return the sample's class path without the starter.
	 */
	String sampleWithoutStarter() {
		return Arrays.stream(this.sample.split(File.pathSeparator))
			.filter((path) -> !Path.of(path).getFileName().toString().startsWith("kaffe-spring-"))
			.collect(Collectors.joining(File.pathSeparator));
	}

}
