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
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.stream.Stream;

/**
 * Where and when a run took place.
 *
 * @param processors how many processors the JVM sees
 * @param processor what they are called
 * @param java the JDK
 * @param system the operating system
 * @param date the day
 * @param load how many threads ran or wanted to when the run began, on average over a
 * minute; negative if that is not known
 */
record Machine(int processors, String processor, String java, String system, LocalDate date, double load) {

	static Machine here() {
		return new Machine(Runtime.getRuntime().availableProcessors(), processorName(),
				System.getProperty("java.vendor") + " " + Runtime.version(),
				System.getProperty("os.name") + " " + System.getProperty("os.version"), LocalDate.now(),
				ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
	}

	private static String processorName() {
		try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
			return lines.filter((line) -> line.startsWith("model name"))
				.map((line) -> line.substring(line.indexOf(':') + 1).trim())
				.findFirst()
				.orElse(System.getProperty("os.arch"));
		}
		catch (IOException ex) {
			return System.getProperty("os.arch");
		}
	}

	@Override
	public String toString() {
		return "%d × %s, %s, %s, %s, load at the start %.1f".formatted(this.processors, this.processor, this.java,
				this.system, this.date, this.load);
	}

}
