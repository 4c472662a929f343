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

package io.kaffe.spring.fault;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A {@link FaultInstance} in a process of its own.
 * <p>
 * <b>Threading.</b> Used by the thread of a test.
 */
final class InstanceProcess implements AutoCloseable {

	private static final long PATIENCE_SECONDS = 60;

	private final String name;

	private final Process process;

	private final Thread hook;

	private InstanceProcess(String name, Process process) {
		this.name = name;
		this.process = process;
		this.hook = new Thread(process::destroyForcibly);
		Runtime.getRuntime().addShutdownHook(this.hook);
	}

	static InstanceProcess start(InstanceSettings settings) {
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
						"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"),
						FaultInstance.class.getName()));
		command.addAll(settings.arguments());
		try {
			return new InstanceProcess(settings.name(),
					new ProcessBuilder(command).redirectErrorStream(true)
						.redirectOutput(settings.directory().resolve(settings.name() + ".log").toFile())
						.start());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	String name() {
		return this.name;
	}

	boolean isAlive() {
		return this.process.isAlive();
	}

	/**
	 * Kill it as {@code kill -9} does, and wait until it is dead.
	 */
	void kill() {
		this.process.destroyForcibly();
		await();
	}

	/**
	 * Ask it to end, as {@code kill} does.
	 */
	void terminate() {
		this.process.destroy();
	}

	/**
	 * Wait until it has ended.
	 */
	void await() {
		try {
			if (!this.process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
				throw new IllegalStateException(this.name + " does not end");
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Stop it where it is, until it is woken.
	 */
	void freeze() {
		signal("-STOP");
	}

	void wake() {
		signal("-CONT");
	}

	private void signal(String signal) {
		try {
			int code = new ProcessBuilder("kill", signal, Long.toString(this.process.pid())).inheritIO()
				.start()
				.waitFor();
			if (code != 0) {
				throw new IllegalStateException("kill " + signal + " ended with code " + code);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	@Override
	public void close() {
		this.process.destroyForcibly();
		await();
		Runtime.getRuntime().removeShutdownHook(this.hook);
	}

	@Override
	public String toString() {
		return this.name;
	}

}
