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

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

import io.kaffe.spring.benchmark.contender.RoundResult;
import io.kaffe.spring.benchmark.contender.StartupMain;

/**
 * The results as Markdown: a table for each workload, and one of the goals.
 *
 * @param machine where they were measured
 * @param rows all of them, those of a workload side by side
 */
record MarkdownReport(String machine, List<Row> rows) {

	private static final Map<String, String> COLUMNS = columns();

	/**
	 * Return the titles of the columns that depend on the workload, in their order.
	 */
	static Map<String, String> columns() {
		Map<String, String> columns = new TreeMap<>();
		columns.put(RoundResult.ALLOCATED, "allocated B/record");
		columns.put(RoundResult.CPU, "CPU µs/record");
		columns.put(RoundResult.COLD, "with warm-up");
		columns.put(RoundResult.BEFORE_STALL, "before the stall");
		columns.put(RoundResult.REACHED, "of the others handled");
		columns.put(RoundResult.USED_HEAP, "heap in use MB");
		columns.put(RoundResult.IN_FLIGHT, "in flight");
		columns.put(StartupMain.CPU_MILLIS, "CPU ms");
		columns.put("metadataBytes", "commit metadata B");
		columns.put("measuredRecords", "records measured");
		columns.put("repeated", "repeated");
		columns.put("replayed", "handled again after kill -9");
		return columns;
	}

	String text() {
		StringBuilder text = new StringBuilder(this.machine).append("\n");
		this.rows.stream().map(Row::workload).distinct().forEach((workload) -> appendTable(text, workload));
		appendGoals(text);
		return text.toString();
	}

	private void appendTable(StringBuilder text, String workload) {
		List<Row> table = this.rows.stream().filter((row) -> row.workload().equals(workload)).toList();
		List<String> figures = COLUMNS.keySet()
			.stream()
			.filter((figure) -> table.stream().anyMatch((row) -> row.figures().containsKey(figure)))
			.toList();
		text.append("\n### ").append(workload).append("\n\n");
		List<String> header = new ArrayList<>(List.of("contender", table.get(0).unit(), "least to most"));
		figures.forEach((figure) -> header.add(COLUMNS.get(figure)));
		header.add("checks");
		text.append(line(header));
		text.append(header.stream()
			.map((title) -> (title.equals("contender") || title.equals("checks")) ? "---" : "---:")
			.collect(Collectors.joining(" | ", "| ", " |\n")));
		for (Row row : table) {
			Spread spread = row.spread();
			List<String> cells = new ArrayList<>(List.of(row.contender(), number(spread.median()),
					row.isIdeal() ? "" : number(spread.least()) + " – " + number(spread.most())));
			Map<String, Double> medians = row.figures();
			figures.forEach((figure) -> cells.add(number(medians.getOrDefault(figure, Double.NaN))));
			cells.add(row.isIdeal() ? "" : verdict(row));
			text.append(line(cells));
		}
	}

	private static String verdict(Row row) {
		List<String> failures = row.failures();
		return failures.isEmpty() ? "passed"
				: "**FAILED**: " + String.join("; ", failures).lines().findFirst().orElse("").replace("|", "\\|");
	}

	private void appendGoals(StringBuilder text) {
		List<String> lines = new ArrayList<>();
		for (Goal goal : Goal.ALL) {
			Optional<Double> ratio = goal.ratio(this.rows);
			ratio.ifPresent((value) -> lines.add(line(List.of(goal.workload(), goal.contender(), goal.than(),
					String.format(Locale.ROOT, "%.2f", value), String.format(Locale.ROOT, "%.2f", goal.factor()),
					(value >= goal.factor()) ? "reached" : "missed"))));
		}
		if (!lines.isEmpty()) {
			text.append("\n### Goals\n\n| workload | contender | compared with | ratio of medians | goal | |\n")
				.append("| --- | --- | --- | ---: | ---: | --- |\n");
			lines.forEach(text::append);
		}
	}

	private static String line(List<String> cells) {
		return cells.stream().collect(Collectors.joining(" | ", "| ", " |\n"));
	}

	private static String number(double value) {
		if (Double.isNaN(value)) {
			return "";
		}
		return String.format(Locale.ROOT, (Math.abs(value) < 100 && value != Math.rint(value)) ? "%,.2f" : "%,.0f",
				value);
	}

}
