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

import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * The results as a picture: for each workload bars that are as long as the medians, with
 * lines from the least to the most, the longest first, and a line where the ideal is.
 * Readable on light and on dark pages.
 *
 * @param rows the rows
 */
record SvgPlot(List<Row> rows) {

	/** What tells most; others are drawn only if none of these were run. */
	private static final List<String> PREFERRED = List.of("noop", "noop-1key", "io-16", "io-100", "io-1000", "mixed");

	private static final int COLUMNS = 2;

	private static final int PANEL_WIDTH = 565;

	private static final int NAME_WIDTH = 260;

	private static final int BAR_WIDTH = 215;

	private static final int LINE = 18;

	private static final int TITLE = 34;

	private static final int PADDING = 16;

	String text() {
		List<String> workloads = this.rows.stream().map(Row::workload).distinct().toList();
		List<String> preferred = workloads.stream().filter(PREFERRED::contains).toList();
		List<String> drawn = preferred.isEmpty() ? workloads : preferred;
		StringBuilder panels = new StringBuilder();
		int top = PADDING;
		for (int first = 0; first < drawn.size(); first += COLUMNS) {
			int height = 0;
			for (int column = 0; column < COLUMNS && first + column < drawn.size(); column++) {
				List<Row> bars = bars(drawn.get(first + column));
				appendPanel(panels, drawn.get(first + column), bars, PADDING + column * PANEL_WIDTH, top);
				height = Math.max(height, TITLE + bars.size() * LINE + PADDING);
			}
			top += height;
		}
		return """
				<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="12">
				<style>
					text { fill: #24292f } .title { font-weight: 600; font-size: 14px }
					.bare { fill: #8c959f } .spring { fill: #4d9a4a } .parallel { fill: #d08122 } .kaffe { fill: #2f6fdb }
					.range { stroke: #24292f; stroke-width: 1.5 } .ideal { stroke: #cf222e; stroke-dasharray: 4 3 }
					@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .range { stroke: #e6edf3 } }
				</style>
				%s</svg>
				"""
			.formatted(PADDING + Math.min(COLUMNS, drawn.size()) * PANEL_WIDTH, top, panels);
	}

	private List<Row> bars(String workload) {
		return this.rows.stream()
			.filter((row) -> row.workload().equals(workload) && !row.isIdeal() && !Double.isNaN(row.spread().median()))
			.sorted(Comparator.comparingDouble((Row row) -> row.spread().median()).reversed())
			.toList();
	}

	private void appendPanel(StringBuilder svg, String workload, List<Row> bars, int left, int top) {
		double ideal = this.rows.stream()
			.filter((row) -> row.workload().equals(workload) && row.isIdeal())
			.mapToDouble((row) -> row.spread().median())
			.findFirst()
			.orElse(0);
		double most = Math.max(ideal, bars.stream().mapToDouble((row) -> row.spread().most()).max().orElse(1));
		String unit = bars.isEmpty() ? "" : ", " + bars.get(0).unit();
		append(svg, "<text class=\"title\" x=\"%d\" y=\"%d\">%s%s</text>", left, top + 16, workload, unit);
		int y = top + TITLE;
		int start = left + NAME_WIDTH;
		for (Row row : bars) {
			Spread spread = row.spread();
			append(svg, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", start - 6, y + 10, row.contender());
			append(svg, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>", family(row),
					start, y, spread.median() / most * BAR_WIDTH, LINE - 5);
			append(svg, "<line class=\"range\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%2$.1f\"/>",
					start + spread.least() / most * BAR_WIDTH, y + (LINE - 5) / 2.0,
					start + spread.most() / most * BAR_WIDTH);
			append(svg, "<text x=\"%.1f\" y=\"%d\">%s%s</text>", start + spread.most() / most * BAR_WIDTH + 6, y + 10,
					String.format(Locale.ROOT, "%,.0f", spread.median()), row.failures().isEmpty() ? "" : " FAILED");
			y += LINE;
		}
		if (ideal > 0) {
			double x = start + ideal / most * BAR_WIDTH;
			append(svg, "<line class=\"ideal\" x1=\"%.1f\" y1=\"%d\" x2=\"%1$.1f\" y2=\"%d\"/>", x, top + TITLE - 6, y);
			append(svg, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">ideal %s</text>", x, top + TITLE - 10,
					String.format(Locale.ROOT, "%,.0f", ideal));
		}
	}

	private static String family(Row row) {
		String first = row.contender().split("[ -]", 2)[0];
		return List.of("bare", "spring", "parallel", "kaffe").contains(first) ? first : "bare";
	}

	private static void append(StringBuilder svg, String format, Object... values) {
		svg.append(String.format(Locale.ROOT, format, values)).append('\n');
	}

}
