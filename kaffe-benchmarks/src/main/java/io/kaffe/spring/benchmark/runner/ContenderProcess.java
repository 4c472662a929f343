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
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.benchmark.contender.Contender;
import io.kaffe.spring.benchmark.contender.ContenderMain;
import io.kaffe.spring.benchmark.contender.RoundResult;
import io.kaffe.spring.benchmark.contender.RoundSettings;

/**
 * The JVM in which a contender has a round.
 */
final class ContenderProcess {

	/** What it may take beyond the patience that the contender has itself. */
	private static final long GRACE_SECONDS = 60;

	/**
	 * The first JDK that keeps an archive of what was loaded, for the next JVM to share.
	 */
	private static final int FIRST_WITH_ARCHIVES = 19;

	private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

	private static final int LAST_WORDS = 15;

	private final Process process;

	private final RoundSettings settings;

	private final Path log;

	private ContenderProcess(Process process, RoundSettings settings, Path log) {
		this.process = process;
		this.settings = settings;
		this.log = log;
	}

	static ContenderProcess start(Workspace workspace, ClassPaths classPaths, RoundSettings settings)
			throws IOException {
		Files.deleteIfExists(settings.result());
		Files.deleteIfExists(ContenderMain.idle(settings.result()));
		Path file = workspace.file(settings.group() + "-" + settings.phase() + ".properties");
		settings.write(file);
		Path log = workspace.file(settings.group() + "-" + settings.phase() + ".log");
		Contender contender = Contender.named(settings.contender());
		String classPath = classPaths.contender();
		String archive = "contender.jsa";
		if (contender.hasActuator()) {
			classPath = classPaths.actuator();
			archive = "actuator.jsa";
		}
		else if (contender.variant().hasDatabase()) {
			classPath = classPaths.database();
			archive = "database.jsa";
		}
		Process process = workspace.java(classPath, jvmArguments(workspace, settings, archive),
				List.of(ContenderMain.class.getName(), file.toString()), log);
		return new ContenderProcess(process, settings, log);
	}

	private static List<String> jvmArguments(Workspace workspace, RoundSettings settings, String archive) {
		List<String> arguments = new ArrayList<>(List.of("-Xms1g", "-Xmx1g"));
		if (Runtime.version().feature() >= FIRST_WITH_ARCHIVES) {
			// It takes a second from each start, and nothing from what is measured.
			arguments.add("-XX:+AutoCreateSharedArchive");
			arguments.add("-XX:SharedArchiveFile=" + workspace.file(archive));
		}
		Path profiles = workspace.profiles();
		if (profiles != null) {
			String name = settings.group() + "-" + settings.phase();
			arguments.add("-XX:StartFlightRecording:settings=profile,filename=" + profiles.resolve(name + ".jfr"));
			arguments.addAll(ContenderMain.profiled(profiles.resolve(name + ".html")));
		}
		return arguments;
	}

	/**
	 * Wait until the contender has ended.
	 * @return its result, or {@code null} if it left none
	 */
	@Nullable RoundResult awaitEnd() throws IOException, InterruptedException {
		if (!this.process.waitFor(this.settings.patienceSeconds() + GRACE_SECONDS, TimeUnit.SECONDS)) {
			kill();
		}
		return Files.exists(this.settings.result()) ? RoundResult.read(this.settings.result()) : null;
	}

	/**
	 * Wait until the contender has left a file.
	 * @return whether it has, before it ended or took too long
	 */
	boolean awaitFile(Path file) {
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(this.settings.patienceSeconds() + GRACE_SECONDS);
		while (!Files.exists(file)) {
			if (!this.process.isAlive() || System.nanoTime() > deadline) {
				return false;
			}
			LockSupport.parkNanos(LOOK_AGAIN_NANOS);
		}
		return true;
	}

	/**
	 * End the process at once, as {@code kill -9} does.
	 */
	void kill() throws InterruptedException {
		this.process.destroyForcibly().waitFor();
	}

	/**
	 * Return the end of what it has printed.
	 */
	String lastWords() throws IOException {
		List<String> lines = Files.readAllLines(this.log);
		return String.join(System.lineSeparator(), lines.subList(Math.max(0, lines.size() - LAST_WORDS), lines.size()));
	}

}
