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

import java.util.Arrays;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * {@link MarkdownReport}, {@link JsonReport} and {@link SvgPlot}.
 */
class ReportTests {

	private static final Row BARE = row("noop", "bare loop", 1_000, 3_000, 2_000);

	private static final Row KAFFE = row("noop", "kaffe worker-per-topic-partition", 3_000, 3_000, 3_000);

	private static final Row BROKEN = new Row("noop", "spring record", "records/s",
			List.of(Round.failed("lost \"all\" | of it\nat once"), new Round(1, Map.of(), List.of())));

	private final List<Row> rows = List.of(BARE, KAFFE, BROKEN);

	@Test
	void tableHasMediansSpreadsAndVerdicts() {
		assertThat(new MarkdownReport("here", this.rows).text()).startsWith("here\n")
			.contains("### noop")
			.contains("| bare loop | 2,000 | 1,000 – 3,000 | 12.50 | passed |")
			.contains("| spring record | 1 | 1 – 1 |  | **FAILED**: lost \"all\" \\| of it |");
	}

	@Test
	void goalsAreComparedWhereBothTookPart() {
		assertThat(new MarkdownReport("here", this.rows).text())
			.contains("| noop | kaffe worker-per-topic-partition | bare loop | 1.50 | 1.30 | reached |")
			.doesNotContain("parallel-consumer");
		assertThat(new MarkdownReport("here", List.of(KAFFE, row("noop", "bare loop", 3_000, 3_000, 3_000))).text())
			.contains("| noop | kaffe worker-per-topic-partition | bare loop | 1.00 | 1.30 | missed |");
	}

	@Test
	void jsonHasAnObjectForEachRow() {
		assertThat(new JsonReport(List.of(BARE, BROKEN)).text()).isEqualTo("""
				[
				  {"workload": "noop", "contender": "bare loop", "rounds": [1000.0, 3000.0, 2000.0], "median": 2000.0, \
				"unit": "records/s", "least": 1000.0, "most": 3000.0, "passed": true, "failures": [], \
				"figures": {"allocatedBytesPerRecord": 12.5}},
				  {"workload": "noop", "contender": "spring record", "rounds": [null, 1.0], "median": 1.0, \
				"unit": "records/s", "least": 1.0, "most": 1.0, "passed": false, \
				"failures": ["lost \\"all\\" | of it\\nat once"], "figures": {}}
				]
				""");
	}

	@Test
	void plotDrawsALineForTheIdealAndTheLongestBarFirst() {
		Row ideal = new Row("io-16", Row.IDEAL, "records/s", List.of(new Round(3_200, Map.of(), List.of())));
		String plot = new SvgPlot(
				List.of(ideal, row("io-16", "bare loop", 200), row("io-16", "kaffe worker-per-key", 3_100)))
			.text();
		assertThat(plot).startsWith("<svg ").contains("ideal 3,200").endsWith("</svg>\n");
		assertThat(plot.indexOf("kaffe worker-per-key")).isLessThan(plot.indexOf("bare loop"));
		assertThat(plot).doesNotContain("FAILED");
		assertThat(new SvgPlot(this.rows).text()).contains("1 FAILED");
	}

	private static Row row(String workload, String contender, double... values) {
		return new Row(workload, contender, "records/s",
				Arrays.stream(values)
					.mapToObj((value) -> new Round(value, Map.of("allocatedBytesPerRecord", 12.5), List.of()))
					.toList());
	}

}
