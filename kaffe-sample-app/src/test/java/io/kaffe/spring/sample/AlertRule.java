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
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A rule of Prometheus that alerts.
 *
 * @param alert its name
 * @param expression what has to be found, in PromQL
 * @param duration for how long, as Prometheus writes durations; empty if it is not said
 * @param labels what the alert is given, by name
 * @param annotations the annotations, by name
 */
record AlertRule(String alert, String expression, String duration, Map<String, String> labels,
		Map<String, String> annotations) {

	private static final List<String> SEVERITIES = List.of("critical", "warning", "info");

	private static final Pattern DURATION = Pattern.compile("\\d+[smhd]");

	private static final Pattern REPORTED_LABEL = Pattern.compile("\\$labels\\.(?<label>\\w+)");

	/**
	 * Read a file of rules.
	 * @param file the file
	 * @return its rules, of all groups, in their order
	 * @throws IOException if it cannot be read
	 */
	static List<AlertRule> read(Path file) throws IOException {
		LoaderOptions options = new LoaderOptions();
		options.setAllowDuplicateKeys(false);
		Object yaml = new Yaml(new SafeConstructor(options)).load(Files.readString(file));
		List<AlertRule> rules = new ArrayList<>();
		for (JsonNode group : JsonMapper.shared().<JsonNode>valueToTree(yaml).path("groups")) {
			for (JsonNode rule : group.path("rules")) {
				rules.add(new AlertRule(rule.path("alert").asString(), rule.path("expr").asString(),
						rule.path("for").asString(""), texts(rule.path("labels")), texts(rule.path("annotations"))));
			}
		}
		return rules;
	}

	private static Map<String, String> texts(JsonNode node) {
		Map<String, String> texts = new TreeMap<>();
		node.properties().forEach((property) -> texts.put(property.getKey(), property.getValue().asString()));
		return texts;
	}

	/**
	 * Return what it asks for and tells.
	 */
	MonitoringQuery query() {
		Set<String> labels = new TreeSet<>();
		Matcher matcher = REPORTED_LABEL.matcher(String.join(" ", this.annotations.values()));
		while (matcher.find()) {
			labels.add(matcher.group("label"));
		}
		return new MonitoringQuery("alert " + this.alert, this.expression, labels);
	}

	/**
	 * Return what it lacks, whatever metrics there are.
	 * @return a sentence for each; empty if all is well
	 */
	List<String> flaws() {
		List<String> flaws = new ArrayList<>();
		if (!DURATION.matcher(this.duration).matches()) {
			flaws.add(this.alert + ": it does not say for how long");
		}
		if (!SEVERITIES.contains(this.labels.getOrDefault("severity", ""))) {
			flaws.add(this.alert + ": its severity is none of " + SEVERITIES);
		}
		for (String annotation : List.of("summary", "description")) {
			if (!this.annotations.getOrDefault(annotation, "").contains("{{ $labels.consumer }}")) {
				flaws.add(this.alert + ": its " + annotation + " does not name the consumer");
			}
		}
		if (this.annotations.getOrDefault("action", "").isBlank()) {
			flaws.add(this.alert + ": it does not say what to do");
		}
		return flaws;
	}

}
