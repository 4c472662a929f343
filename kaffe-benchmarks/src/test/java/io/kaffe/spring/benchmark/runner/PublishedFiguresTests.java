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
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what is published of the reference run: the figures in the README are those
 * of {@code docs/guide/benchmarks.md}, and the ratios there are those of the tables below
 * them.
 */
class PublishedFiguresTests {

	private static final Map<String, String> CONTENDERS = Map.of("what arithmetic allows", "ideal",
			"a bare `KafkaConsumer` loop", "bare loop", "Spring Kafka's record listener", "spring record",
			"Spring Kafka's, a thread for each partition", "spring record per partition",
			"Parallel Consumer 0.5.3.3, by key", "parallel-consumer key", "`worker-per-topic-partition`",
			"kaffe worker-per-topic-partition", "`worker-per-key`", "kaffe worker-per-key",
			"`worker-per-key`, virtual threads", "kaffe worker-per-key virtual", "`worker-per-key`, with metrics",
			"kaffe worker-per-key metered", "`worker-per-key`, with metrics and observation",
			"kaffe worker-per-key observed");

	@Test
	void figuresInTheReadmeAreThoseOfTheReferenceRun() throws IOException {
		List<Map<String, String>> claims = readmeTable(Files.readString(Path.of("..", "README.md")));
		assertThat(claims).hasSameSizeAs(CONTENDERS.keySet());
		assertThat(wrongFigures(claims, referenceRun())).isEmpty();
	}

	@Test
	void figuresInTheTextOfTheReadmeAreThoseOfTheReferenceRun() throws IOException {
		Map<String, List<Map<String, String>>> run = referenceRun();
		assertThat(Files.readString(Path.of("..", "README.md")))
			.contains("handles " + cell(row(run, "io-100", "spring record per partition"), "records/s")
					+ " records a second, `worker-per-key` "
					+ cell(row(run, "io-100", "kaffe worker-per-key"), "records/s") + " at a concurrency of 100");
	}

	@Test
	void noOtherTableOfTheReadmeHasFigures() throws IOException {
		assertThat(strayFigures(Files.readString(Path.of("..", "README.md")))).isEmpty();
	}

	@Test
	void ratiosAreThoseOfTheMedians() throws IOException {
		Map<String, List<Map<String, String>>> run = referenceRun();
		assertThat(goals(run)).hasSizeGreaterThan(10);
		assertThat(wrongRatios(run)).isEmpty();
	}

	@Test
	void noTableOfTheOtherDocumentsHasFigures() throws IOException {
		try (Stream<Path> files = Files.walk(Path.of("..", "docs"))) {
			List<Path> documents = files.filter((file) -> file.toString().endsWith(".md"))
				.filter((file) -> !file.endsWith("benchmarks.md"))
				.toList();
			assertThat(documents).hasSizeGreaterThan(10);
			for (Path document : documents) {
				assertThat(strayFigures(Files.readString(document))).as(document.toString()).isEmpty();
			}
		}
	}

	/**
	 * Benchmarks do not write into documents: figures are copied from the report of a
	 * run. A table that replaced another one by mistake is detected by its columns.
	 */
	@Test
	void tablesOfTheReferenceRunHaveTheColumnsOfTheReport() throws IOException {
		Map<String, List<Map<String, String>>> run = referenceRun();
		assertThat(run.keySet()).containsAll(workloads());
		assertThat(strangeTables(run)).isEmpty();
	}

	@Test
	void tablesWithOtherColumnsAreFound() {
		String table = """
				#### noop
				| contender | %s | least to most | %s | checks |
				| --- | ---: | ---: | ---: | --- |
				| bare loop | 2,000 | 1 – 2 | 0 | passed |
				""";
		assertThat(strangeTables(tables(table.formatted("records/s", "repeated")))).isEmpty();
		assertThat(strangeTables(tables(table.formatted("records/min", "repeated")))).containsExactly("noop");
		assertThat(strangeTables(tables(table.formatted("records/s", "guessed")))).containsExactly("noop");
		assertThat(strangeTables(tables("#### noop\n| x |\n| --- |\n| 1 |\n"))).containsExactly("noop");
	}

	@Test
	void otherFiguresAreFound() {
		Map<String, List<Map<String, String>>> run = tables("""
				#### noop
				| contender | records/s |
				| --- | ---: |
				| bare loop | 2,000 |
				| kaffe worker-per-key | 1,000 |
				""");
		String readme = """
				| | does nothing (`noop`) | waits (`io-16`) |
				| --- | ---: | ---: |
				| a bare `KafkaConsumer` loop | 2,000 | |
				| `worker-per-key` | %s | %s |
				| somebody else | %s | |
				""";
		assertThat(wrongFigures(readmeTable(readme.formatted("1,000", "", "")), run)).isEmpty();
		assertThat(wrongFigures(readmeTable(readme.formatted("1,001", "", "")), run))
			.containsExactly("kaffe worker-per-key in noop: 1,001");
		assertThat(wrongFigures(readmeTable(readme.formatted("1,000", "5", "")), run))
			.containsExactly("kaffe worker-per-key in io-16: 5");
		assertThat(wrongFigures(readmeTable(readme.formatted("1,000", "", "2,000")), run))
			.containsExactly("somebody else in noop: 2,000");
	}

	@Test
	void figuresInAnotherTableAreFound() {
		String readme = """
				## Strategies
				| Strategy | For |
				| --- | --- |
				| `worker-per-key` | %s |
				| somebody else | 4.1 |
				## Figures
				| | does nothing (`noop`) |
				| --- | ---: |
				| `worker-per-key` | 88,470 |
				""";
		assertThat(strayFigures(readme.formatted("many keys, 100 at once"))).isEmpty();
		assertThat(strayFigures(readme.formatted("88,470"))).containsExactly("`worker-per-key`: 88,470");
		assertThat(strayFigures(readme.formatted("770"))).containsExactly("`worker-per-key`: 770");
	}

	@Test
	void otherRatiosAreFound() {
		String document = """
				#### Against the goals
				| workload | contender | compared with | ratio of medians | goal | |
				| --- | --- | --- | ---: | ---: | --- |
				| noop | kaffe worker-per-key | bare loop | %s | 0.90 | %s |
				| stall | kaffe worker-per-key | itself before the record hung | 0.50 | 0.40 | reached |
				#### noop
				| contender | records/s |
				| --- | ---: |
				| bare loop | 2,000 |
				| kaffe worker-per-key | 1,000 |
				#### stall
				| contender | records/s | before the stall |
				| --- | ---: | ---: |
				| kaffe worker-per-key | 500 | 1,000 |
				""";
		assertThat(wrongRatios(tables(document.formatted("0.50", "missed")))).isEmpty();
		assertThat(wrongRatios(tables(document.formatted("0.52", "missed")))).hasSize(1);
		assertThat(wrongRatios(tables(document.formatted("0.50", "reached")))).hasSize(1);
		assertThat(wrongRatios(tables(document.formatted("0.50", "missed").replace("| 500 |", "| 700 |")))).hasSize(1);
		assertThat(wrongRatios(tables(document.formatted("0.50", "missed").replace("#### noop", "#### io"))))
			.hasSize(1);
	}

	private static Map<String, List<Map<String, String>>> referenceRun() throws IOException {
		return tables(Files.readString(Path.of("..", "docs", "guide", "benchmarks.md")));
	}

	/**
	 * Return the workloads whose tables do not have the columns that the report writes.
	 */
	private static List<String> strangeTables(Map<String, List<Map<String, String>>> run) {
		return run.entrySet()
			.stream()
			.filter((table) -> workloads().contains(table.getKey()))
			.filter((table) -> table.getValue().isEmpty() || !isOfTheReport(table.getValue().get(0).keySet()))
			.map(Map.Entry::getKey)
			.toList();
	}

	private static List<String> workloads() {
		return Workloads.all(1, 1).stream().map(Workload::name).toList();
	}

	private static boolean isOfTheReport(Set<String> columns) {
		List<String> titles = new ArrayList<>(columns);
		return titles.size() > 3 && titles.get(0).equals("contender")
				&& List.of("records/s", "ms", "bytes/record").contains(titles.get(1))
				&& titles.get(2).equals("least to most") && titles.get(titles.size() - 1).equals("checks")
				&& MarkdownReport.columns().values().containsAll(titles.subList(3, titles.size() - 1));
	}

	private static List<Map<String, String>> readmeTable(String text) {
		return tables(text).values().stream().flatMap(List::stream).filter(PublishedFiguresTests::isOfARun).toList();
	}

	private static boolean isOfARun(Map<String, String> row) {
		return row.keySet().stream().anyMatch((column) -> column.endsWith("(`noop`)"));
	}

	/**
	 * Return the figures that stand beside a contender in a table that is about something
	 * else.
	 */
	private static List<String> strayFigures(String text) {
		return tables(text).values()
			.stream()
			.flatMap(List::stream)
			.filter((row) -> !isOfARun(row))
			.map((row) -> List.copyOf(row.values()))
			.filter((cells) -> CONTENDERS.containsKey(cells.get(0)))
			.flatMap((cells) -> cells.stream()
				.filter((cell) -> cell.matches("[\\d.,]+"))
				.map((figure) -> cells.get(0) + ": " + figure))
			.toList();
	}

	private static List<String> wrongFigures(List<Map<String, String>> claims,
			Map<String, List<Map<String, String>>> run) {
		List<String> wrong = new ArrayList<>();
		for (Map<String, String> claim : claims) {
			String label = cell(claim, "");
			String contender = CONTENDERS.getOrDefault(label, label);
			claim.forEach((column, figure) -> {
				if (!column.isEmpty() && !figure.isEmpty()) {
					String workload = column.substring(column.indexOf('`') + 1, column.lastIndexOf('`'));
					if (!figure.equals(cell(row(run, workload, contender), "records/s"))) {
						wrong.add(contender + " in " + workload + ": " + figure);
					}
				}
			});
		}
		return wrong;
	}

	private static List<Map<String, String>> goals(Map<String, List<Map<String, String>>> run) {
		return run.getOrDefault("Against the goals", List.of());
	}

	private static List<String> wrongRatios(Map<String, List<Map<String, String>>> run) {
		List<String> wrong = new ArrayList<>();
		for (Map<String, String> goal : goals(run)) {
			Map<String, String> row = row(run, cell(goal, "workload"), cell(goal, "contender"));
			String before = cell(row, "before the stall");
			double other = !before.isEmpty() ? number(before)
					: number(cell(row(run, cell(goal, "workload"), cell(goal, "compared with")), "records/s"));
			double ratio = number(cell(row, "records/s")) / other;
			boolean reached = number(cell(goal, "ratio of medians")) >= number(cell(goal, "goal"));
			if (!(Math.abs(ratio - number(cell(goal, "ratio of medians"))) <= 0.0051)
					|| !cell(goal, "").equals(reached ? "reached" : "missed")) {
				wrong.add(goal + ", but it is " + ratio);
			}
		}
		return wrong;
	}

	private static Map<String, String> row(Map<String, List<Map<String, String>>> run, String workload,
			String contender) {
		return run.getOrDefault(workload, List.of())
			.stream()
			.filter((row) -> contender.equals(cell(row, "contender")))
			.findFirst()
			.orElse(Map.of());
	}

	private static String cell(Map<String, String> row, String column) {
		return row.getOrDefault(column, "");
	}

	private static double number(String figure) {
		return figure.isEmpty() ? Double.NaN : Double.parseDouble(figure.replace(",", ""));
	}

	/**
	 * Return the rows of the tables by the headings that they are under, each by the
	 * names of its columns. Of several tables under one heading, the first.
	 */
	private static Map<String, List<Map<String, String>>> tables(String text) {
		Map<String, List<Map<String, String>>> tables = new LinkedHashMap<>();
		String heading = "";
		List<String> columns = List.of();
		List<Map<String, String>> rows = List.of();
		for (String line : text.lines().toList()) {
			if (line.startsWith("#")) {
				heading = line.replaceFirst("#+ ", "");
			}
			if (!line.startsWith("|")) {
				columns = List.of();
			}
			else if (columns.isEmpty()) {
				columns = cells(line);
				rows = new ArrayList<>();
				tables.putIfAbsent(heading, rows);
			}
			else if (!line.startsWith("| ---")) {
				List<String> cells = cells(line);
				Map<String, String> row = new LinkedHashMap<>();
				for (int column = 0; column < columns.size(); column++) {
					row.put(columns.get(column), cells.get(column));
				}
				rows.add(row);
			}
		}
		return tables;
	}

	private static List<String> cells(String line) {
		return Arrays.stream(line.substring(1).split("\\|")).map(String::strip).toList();
	}

}
