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

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What Prometheus gets when it scrapes a service.
 *
 * @param metrics for each metric, by its name, the values that each of its labels has, by
 * the label's name
 */
record Scrape(Map<String, Map<String, Set<String>>> metrics) {

	private static final Pattern SAMPLE = Pattern
		.compile("(?<metric>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(?<labels>.*)})? \\S+( \\S+)?");

	private static final Pattern LABEL = Pattern.compile("(?<label>\\w+)=\"(?<value>(?:\\\\.|[^\"\\\\])*)\",?");

	/**
	 * Read the text format of Prometheus.
	 * @param text the text, as {@code /actuator/prometheus} answers
	 * @return what is in it
	 * @throws IllegalArgumentException if a line is not understood
	 */
	static Scrape parse(String text) {
		Map<String, Map<String, Set<String>>> metrics = new TreeMap<>();
		text.lines().filter((line) -> !line.isBlank() && !line.startsWith("#")).forEach((line) -> {
			Matcher sample = SAMPLE.matcher(line);
			if (!sample.matches()) {
				throw new IllegalArgumentException("Not a sample: " + line);
			}
			Map<String, Set<String>> labels = metrics.computeIfAbsent(sample.group("metric"),
					(metric) -> new TreeMap<>());
			if (sample.group("labels") != null) {
				Matcher label = LABEL.matcher(sample.group("labels"));
				while (label.find()) {
					labels.computeIfAbsent(label.group("label"), (name) -> new TreeSet<>()).add(label.group("value"));
				}
			}
		});
		return new Scrape(metrics);
	}

	/**
	 * Return the labels of a metric; empty if there is no such metric.
	 */
	Set<String> labels(String metric) {
		return this.metrics.getOrDefault(metric, Map.of()).keySet();
	}

	/**
	 * Return the values of a metric's label; empty if there is no such label.
	 */
	Set<String> values(String metric, String label) {
		return this.metrics.getOrDefault(metric, Map.of()).getOrDefault(label, Set.of());
	}

	/**
	 * Return the names of metrics that begin so.
	 */
	Set<String> metricsOf(String prefix) {
		return this.metrics.keySet()
			.stream()
			.filter((metric) -> metric.startsWith(prefix))
			.collect(Collectors.toCollection(TreeSet::new));
	}

}
