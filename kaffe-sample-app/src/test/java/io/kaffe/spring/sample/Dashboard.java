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

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A dashboard as Grafana exports it.
 *
 * @param json the whole of it
 */
record Dashboard(JsonNode json) {

	private static final int GRID_WIDTH = 24;

	private static final Pattern VARIABLE = Pattern.compile("\\$\\{?(\\w+)");

	private static final Pattern LABEL_VALUES = Pattern.compile("label_values\\((?<metric>.*), *(?<label>\\w+)\\)");

	private static final Pattern LEGEND_LABEL = Pattern.compile("\\{\\{ *(?<label>\\w+) *}}");

	private static final Pattern COLUMN_WITHOUT_LABEL = Pattern.compile("Time|Value( #\\w)?");

	static Dashboard read(Path file) {
		return new Dashboard(JsonMapper.shared().readTree(file));
	}

	/**
	 * Return all panels, rows among them, in their order.
	 */
	List<JsonNode> panels() {
		List<JsonNode> panels = new ArrayList<>();
		for (JsonNode panel : this.json.path("panels")) {
			panels.add(panel);
			panel.path("panels").forEach(panels::add);
		}
		return panels;
	}

	/**
	 * Return the variables.
	 */
	List<JsonNode> variables() {
		List<JsonNode> variables = new ArrayList<>();
		this.json.path("templating").path("list").forEach(variables::add);
		return variables;
	}

	/**
	 * Return what is asked for anywhere: in panels, by variables and by annotations.
	 */
	List<MonitoringQuery> queries() {
		List<MonitoringQuery> queries = new ArrayList<>();
		for (JsonNode panel : panels()) {
			String place = "panel '" + panel.path("title").asString() + "'";
			Set<String> columns = columns(panel);
			for (JsonNode target : panel.path("targets")) {
				Set<String> shown = new TreeSet<>(columns);
				shown.addAll(labels(target.path("legendFormat").asString("")));
				queries.add(new MonitoringQuery(place, target.path("expr").asString(), shown));
			}
		}
		for (JsonNode variable : variables()) {
			if (variable.path("type").asString().equals("query")) {
				queries.add(ofVariable(variable));
			}
		}
		for (JsonNode annotation : this.json.path("annotations").path("list")) {
			queries.add(new MonitoringQuery("annotation '" + annotation.path("name").asString() + "'",
					annotation.path("expr").asString(), labels(annotation.path("textFormat").asString(""))));
		}
		return queries;
	}

	/**
	 * Return what is wrong with it, whatever metrics there are: what would be
	 * overwritten, hidden, unexplained, or bound to the Grafana that it comes from.
	 * @return a sentence for each; empty if all is well
	 */
	List<String> flaws() {
		List<String> flaws = new ArrayList<>();
		if (!this.json.path("id").isNull()) {
			flaws.add("it has the id of some Grafana's database");
		}
		Set<Integer> ids = new TreeSet<>();
		for (JsonNode panel : panels()) {
			String place = "panel '" + panel.path("title").asString("") + "'";
			if (!ids.add(panel.path("id").asInt(0))) {
				flaws.add(place + ": another one has the id " + panel.path("id"));
			}
			JsonNode position = panel.path("gridPos");
			if (position.path("x").asInt() + position.path("w").asInt() > GRID_WIDTH) {
				flaws.add(place + ": it leaves the grid");
			}
			if (panel.path("title").asString("").isBlank()) {
				flaws.add(place + ": the title of " + panel.path("id") + " is missing");
			}
			if (!panel.path("type").asString("").equals("row") && panel.path("description").asString("").isBlank()) {
				flaws.add(place + ": it does not say what it shows");
			}
		}
		for (JsonNode source : this.json.findValues("datasource")) {
			if (!source.path("uid").asString("").equals("${datasource}")) {
				flaws.add("a data source is not that of the variable: " + source);
			}
		}
		Set<String> variables = new TreeSet<>();
		variables().forEach((variable) -> variables.add(variable.path("name").asString()));
		for (MonitoringQuery query : queries()) {
			VARIABLE.matcher(query.expression())
				.results()
				.map((result) -> result.group(1))
				.filter((variable) -> !variable.startsWith("__") && !variables.contains(variable))
				.forEach((variable) -> flaws.add(query.place() + ": there is no variable " + variable));
		}
		return flaws;
	}

	private static MonitoringQuery ofVariable(JsonNode variable) {
		String place = "variable '" + variable.path("name").asString() + "'";
		String query = variable.path("query").path("query").asString();
		Matcher matcher = LABEL_VALUES.matcher(query);
		return matcher.matches() ? new MonitoringQuery(place, matcher.group("metric"), Set.of(matcher.group("label")))
				: new MonitoringQuery(place, query, Set.of());
	}

	private static Set<String> labels(String format) {
		Set<String> labels = new LinkedHashSet<>();
		Matcher matcher = LEGEND_LABEL.matcher(format);
		while (matcher.find()) {
			labels.add(matcher.group("label"));
		}
		return labels;
	}

	private static Set<String> columns(JsonNode panel) {
		Set<String> columns = new TreeSet<>();
		for (JsonNode transformation : panel.path("transformations")) {
			columns.addAll(transformation.path("options").path("renameByName").propertyNames());
		}
		columns.removeIf(COLUMN_WITHOUT_LABEL.asMatchPredicate());
		return columns;
	}

}
