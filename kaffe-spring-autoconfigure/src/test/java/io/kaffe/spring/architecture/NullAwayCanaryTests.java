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

package io.kaffe.spring.architecture;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the build checks for null: a compiler that is given what the build's
 * compiler is given refuses sources that break their promises, and no others.
 */
@EnabledIfSystemProperty(named = "kaffe.error-prone.active", matches = "true",
		disabledReason = "Error Prone and NullAway are part of the build on JDK 25 and later only")
class NullAwayCanaryTests {

	private static final Path CANARIES = Path.of("src/test/canary");

	@TempDir
	private Path output;

	@Test
	void returnedNullIsRefused() throws Exception {
		assertThat(compile("ReturnsNull", arguments())).contains("ReturnsNull.java")
			.contains("error: [NullAway] returning @Nullable expression from method with @NonNull return type")
			.contains("1 error");
		assertThat(classFile("ReturnsNull")).doesNotExist();
	}

	@Test
	void nullInTypeArgumentIsRefused() throws Exception {
		assertThat(compile("MixesTypeArguments", arguments())).contains("MixesTypeArguments.java")
			.contains("error: [NullAway]")
			.contains("1 error");
		assertThat(classFile("MixesTypeArguments")).doesNotExist();
	}

	@Test
	void keptPromisesAreNot() throws Exception {
		assertThat(compile("KeepsItsPromises", arguments())).isEmpty();
		assertThat(classFile("KeepsItsPromises")).exists();
	}

	@ParameterizedTest
	@ValueSource(strings = { "ReturnsNull", "MixesTypeArguments" })
	void compilerAloneRefusesNothing(String canary) throws Exception {
		assertThat(compile(canary, List.of())).isEmpty();
		assertThat(classFile(canary)).exists();
	}

	private Path classFile(String canary) {
		return this.output.resolve(canary + ".class");
	}

	/**
	 * Compile a canary and return what the compiler says about it.
	 */
	private String compile(String canary, List<String> arguments) throws IOException, InterruptedException {
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "javac").toString());
		for (String option : Files.readAllLines(Path.of(property("jvm-config")))) {
			command.add("-J" + option);
		}
		command.addAll(List.of("--release", property("release"), "-d", this.output.toString(), "-classpath",
				jspecify().toString()));
		command.addAll(arguments);
		command.add(CANARIES.resolve(canary + ".java").toString());
		Path log = this.output.resolve("log");
		Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
		assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
		String said = Files.readString(log, StandardCharsets.UTF_8);
		assertThat(process.exitValue()).as(said).isEqualTo(said.isEmpty() ? 0 : 1);
		return said;
	}

	private static List<String> arguments() {
		return List.of("-processorpath", property("path"), property("compile-policy"), property("should-stop"),
				property("type-annotations"), property("args"));
	}

	private static String property(String name) {
		assertThat(System.getProperty("kaffe.error-prone." + name)).as(name).isNotBlank().doesNotContain("${");
		return System.getProperty("kaffe.error-prone." + name);
	}

	private static File jspecify() {
		return new File(NullMarked.class.getProtectionDomain().getCodeSource().getLocation().getPath());
	}

}
