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
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.jspecify.annotations.Nullable;
import org.springframework.util.FileSystemUtils;

/**
 * A temporary directory and the processes that work in it. Both are removed when it is
 * closed or the JVM ends, also by Ctrl-C.
 * <p>
 * <b>Threading.</b> Used by one thread and closed by any.
 */
final class Workspace implements AutoCloseable {

	private final Path directory;

	private final @Nullable Path profiles;

	private final Queue<Process> processes = new ConcurrentLinkedQueue<>();

	private volatile boolean closed;

	/**
	 * Create a workspace.
	 * @param profiles the directory for recordings of contenders, or {@code null} to make
	 * none
	 */
	Workspace(@Nullable Path profiles) {
		this.profiles = profiles;
		try {
			if (profiles != null) {
				Files.createDirectories(profiles);
			}
			this.directory = Files.createTempDirectory("kaffe-benchmarks-");
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		Runtime.getRuntime().addShutdownHook(new Thread(this::close));
	}

	@Nullable Path profiles() {
		return this.profiles;
	}

	Path file(String name) {
		return this.directory.resolve(name);
	}

	/**
	 * Start a JVM.
	 * @param classPath its class path
	 * @param jvmArguments what to tell the JVM
	 * @param main the main class and its arguments
	 * @param log the file for its output
	 * @return the process
	 */
	Process java(String classPath, List<String> jvmArguments, List<String> main, Path log) {
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(jvmArguments);
		// Not for the sample, which has a configuration of its own.
		command.add("-Dlogback.configurationFile=side-by-side-logback.xml");
		command.add("-cp");
		command.add(classPath);
		command.addAll(main);
		return start(command, this.directory, log);
	}

	/**
	 * Create a directory in which processes of another user can work.
	 * @param name its name
	 * @param owner the user
	 */
	Path directory(String name, UserPrincipal owner) throws IOException {
		Path directory = Files.createDirectory(file(name));
		Files.setOwner(directory, owner);
		// That user does not own what it is in.
		Files.setPosixFilePermissions(this.directory, PosixFilePermissions.fromString("rwx--x--x"));
		return directory;
	}

	/**
	 * Start a process.
	 * @param command the program and its arguments
	 * @param directory the directory that it runs in
	 * @param log the file for its output
	 * @return the process
	 */
	Process start(List<String> command, Path directory, Path log) {
		if (this.closed) {
			throw new IllegalStateException("The run was ended");
		}
		try {
			Process process = new ProcessBuilder(command).directory(directory.toFile())
				.redirectErrorStream(true)
				.redirectOutput(log.toFile())
				.start();
			this.processes.add(process);
			if (this.closed) {
				process.destroyForcibly();
			}
			return process;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	public void close() {
		this.closed = true;
		for (Process process : this.processes) {
			process.destroyForcibly();
		}
		for (Process process : this.processes) {
			try {
				process.waitFor();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}
		FileSystemUtils.deleteRecursively(this.directory.toFile());
	}

}
