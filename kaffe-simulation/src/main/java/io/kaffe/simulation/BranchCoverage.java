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

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

import org.jacoco.core.analysis.Analyzer;
import org.jacoco.core.analysis.CoverageBuilder;
import org.jacoco.core.analysis.IClassCoverage;
import org.jacoco.core.analysis.ICounter;
import org.jacoco.core.tools.ExecFileLoader;

/**
 * Which branches of the engine were taken in other virtual machines. JaCoCo's agent sees
 * the classes as they are woven, and keeps a copy, without which what it saw cannot be
 * read.
 * <p>
 * <b>Threading.</b> Used by one thread.
 */
final class BranchCoverage implements AutoCloseable {

	private static final String ENGINE = "io/kaffe/spring/engine/";

	private final Path directory;

	private BranchCoverage(Path directory) {
		this.directory = directory;
	}

	static BranchCoverage create() throws IOException {
		return new BranchCoverage(Files.createTempDirectory("coverage"));
	}

	/**
	 * Return the options by which a virtual machine counts.
	 * @param lane its number
	 */
	List<String> options(int lane) {
		String agent = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
			.filter((each) -> each.matches(".*org\\.jacoco\\.agent-[^/\\\\]*-runtime\\.jar"))
			.findFirst()
			.orElseThrow(() -> new IllegalStateException("JaCoCo's agent is not on the class path"));
		return List.of("-javaagent:" + agent + "=destfile=" + this.directory.resolve("lane-" + lane + ".exec")
				+ ",classdumpdir=" + this.directory.resolve("classes")
				+ ",inclnolocationclasses=true,exclclassloader=*$AppClassLoader,includes=io.kaffe.spring.engine.*,excludes=io.kaffe.spring.engine.listener.EngineInstance*");
	}

	private CoverageBuilder read() throws IOException {
		ExecFileLoader loader = new ExecFileLoader();
		try (Stream<Path> files = Files.list(this.directory)) {
			for (Path file : files.filter((each) -> each.toString().endsWith(".exec")).toList()) {
				loader.load(file.toFile());
			}
		}
		CoverageBuilder builder = new CoverageBuilder();
		new Analyzer(loader.getExecutionDataStore(), builder).analyzeAll(this.directory.resolve("classes").toFile());
		return builder;
	}

	/**
	 * Return a table of the branches, by package, and the methods that were never called,
	 * when the virtual machines have ended.
	 */
	String report() throws IOException {
		Map<String, long[]> packages = new TreeMap<>();
		List<String> never = new ArrayList<>();
		long[] all = new long[2];
		for (IClassCoverage type : read().getClasses()) {
			ICounter branches = type.getBranchCounter();
			long[] sums = packages.computeIfAbsent(type.getPackageName().replace(ENGINE, ""), (name) -> new long[2]);
			sums[0] += branches.getTotalCount();
			sums[1] += branches.getCoveredCount();
			all[0] += branches.getTotalCount();
			all[1] += branches.getCoveredCount();
			type.getMethods()
				.stream()
				.filter((method) -> method.getMethodCounter().getCoveredCount() == 0)
				.forEach((method) -> never.add(type.getName().replace(ENGINE, "") + "." + method.getName()));
		}
		StringBuilder text = new StringBuilder("| Package | Branches | Taken | |\n| --- | ---: | ---: | ---: |\n");
		packages.forEach((name, sums) -> text.append(line(name, sums)));
		text.append(line("all", all)).append("Never called:\n");
		never.stream().sorted().distinct().forEach((method) -> text.append("  ").append(method).append('\n'));
		return text.toString();
	}

	private static String line(String name, long[] sums) {
		return "| %s | %,d | %,d | %.1f %% |%n".formatted(name, sums[0], sums[1],
				100.0 * sums[1] / Math.max(1, sums[0]));
	}

	@Override
	public void close() throws IOException {
		try (Stream<Path> files = Files.walk(this.directory)) {
			for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
				Files.delete(file);
			}
		}
	}

}
