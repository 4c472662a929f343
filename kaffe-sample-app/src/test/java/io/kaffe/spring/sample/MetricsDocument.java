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

package io.kaffe.spring.sample;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The meters and expressions that a document tells.
 *
 * @param meters the meters in its tables
 * @param queries the expressions in its blocks of {@code promql}, each a line or more
 * that end with an empty line or the block
 */
record MetricsDocument(List<Meter> meters, List<MonitoringQuery> queries) {

	private static final Pattern ROW = Pattern
		.compile("(?m)^\\| `kaffe\\.[^|]+\\|[^|]+\\|(?<tags>[^|]*)\\|(?<names>[^|]*)\\|.*$");

	private static final Pattern CODE = Pattern.compile("`(?<code>[a-z_.]+)[^`]*`");

	private static final Pattern BLOCK = Pattern.compile("(?s)```promql\\n(?<expressions>.*?)```");

	static MetricsDocument read(Path file) throws IOException {
		return parse(Files.readString(file));
	}

	static MetricsDocument parse(String text) {
		List<Meter> meters = new ArrayList<>();
		Matcher row = ROW.matcher(text);
		while (row.find()) {
			meters.add(new Meter(codes(row.group("names")), codes(row.group("tags"))));
		}
		List<MonitoringQuery> queries = new ArrayList<>();
		Matcher block = BLOCK.matcher(text);
		while (block.find()) {
			for (String expression : block.group("expressions").strip().split("\n\n")) {
				queries.add(new MonitoringQuery("example '" + expression + "'", expression, Set.of()));
			}
		}
		return new MetricsDocument(meters, queries);
	}

	/**
	 * Return what is told of meters and is not so, and what there is and is not told.
	 * @param scrape what there is
	 * @param common labels that all meters have and that are not told
	 * @return a sentence for each; empty if all is well
	 */
	List<String> problems(Scrape scrape, Set<String> common) {
		List<String> problems = new ArrayList<>();
		Set<String> told = new TreeSet<>();
		for (Meter meter : this.meters) {
			for (String name : meter.names()) {
				if (!told.add(name)) {
					problems.add(name + " is told twice");
				}
				if (!scrape.metrics().containsKey(name)) {
					problems.add(name + " is told but not there");
				}
				else {
					Set<String> labels = new TreeSet<>(scrape.labels(name));
					labels.removeAll(common);
					if (!labels.equals(meter.labels())) {
						problems.add(name + " has the labels " + labels + " but is told to have " + meter.labels());
					}
				}
			}
		}
		scrape.metricsOf("kaffe_")
			.stream()
			.filter((name) -> !told.contains(name))
			.forEach((name) -> problems.add(name + " is there but not told"));
		return problems;
	}

	private static Set<String> codes(String cell) {
		Set<String> codes = new TreeSet<>();
		CODE.matcher(cell).results().map((MatchResult result) -> result.group(1)).forEach(codes::add);
		return codes;
	}

	/**
	 * A meter as it is told.
	 *
	 * @param names what Prometheus calls its time series
	 * @param labels what Prometheus calls its tags
	 */
	record Meter(Set<String> names, Set<String> labels) {

	}

}
