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
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the dashboard, the alert rules and the document on metrics, without a
 * service: what can be wrong with them whatever metrics there are. Each check is shown to
 * notice what it is for.
 */
class MonitoringFilesTests {

	static final Path DASHBOARD = Path.of("..", "docs", "guide", "grafana-dashboard.json");

	static final Path ALERTS = Path.of("..", "docs", "guide", "prometheus-alerts.yml");

	static final Path METRICS = Path.of("..", "docs", "guide", "metrics.md");

	private static final Scrape SCRAPE = Scrape.parse("""
			kaffe_restarts_total{application="any",consumer="orders"} 0
			kaffe_workers{application="any",consumer="orders",state="idle"} 8
			process_uptime_seconds{application="any"} 1
			""");

	@Test
	void dashboardHasNoFlaws() {
		Dashboard dashboard = Dashboard.read(DASHBOARD);
		assertThat(dashboard.flaws()).isEmpty();
		assertThat(dashboard.panels()).hasSizeGreaterThan(30);
		assertThat(dashboard.queries()).allSatisfy(
				(query) -> assertThat(PromQl.parse(query.expression()).selectors()).as(query.place()).isNotEmpty());
	}

	@Test
	void flawsOfDashboardsAreNoticed() {
		assertThat(flawsIf((dashboard) -> dashboard.put("id", 17))).singleElement()
			.asString()
			.isEqualTo("it has the id of some Grafana's database");
		assertThat(flawsIf((dashboard) -> panel(dashboard, 2).put("id", panel(dashboard, 1).path("id").asInt())))
			.containsExactly("panel 'Lag in time': another one has the id 2");
		assertThat(flawsIf((dashboard) -> ((ObjectNode) panel(dashboard, 2).path("gridPos")).put("x", 22)))
			.containsExactly("panel 'Lag in time': it leaves the grid");
		assertThat(flawsIf((dashboard) -> panel(dashboard, 2).remove("description")))
			.containsExactly("panel 'Lag in time': it does not say what it shows");
		assertThat(flawsIf((dashboard) -> panel(dashboard, 2).remove("title"))).singleElement()
			.asString()
			.endsWith("the title of 3 is missing");
		assertThat(flawsIf((dashboard) -> target(dashboard, 2).putObject("datasource").put("uid", "P1809F7CD0C75ACF3")))
			.containsExactly("a data source is not that of the variable: {\"uid\":\"P1809F7CD0C75ACF3\"}");
		assertThat(flawsIf((dashboard) -> target(dashboard, 2).put("expr", "max(metric{consumer=~\"$konsumer\"})")))
			.containsExactly("panel 'Lag in time': there is no variable konsumer");
	}

	@Test
	void misspeltNamesOnTheDashboardAreReportedWithTheirPanel() {
		assertThat(problemsIf((dashboard) -> target(dashboard, 2).put("expr", "max(kaffe_worker)")))
			.contains("panel 'Lag in time': there is no metric kaffe_worker");
		assertThat(problemsIf((dashboard) -> target(dashboard, 2).put("expr", "max(kaffe_workers{konsumer=\"a\"})")))
			.contains("panel 'Lag in time': kaffe_workers has no label konsumer but [application, consumer, state]");
		assertThat(problemsIf((dashboard) -> target(dashboard, 2).put("expr", "max(kaffe_workers)")
			.put("legendFormat", "{{konsumer}}")))
			.contains("panel 'Lag in time': none of its metrics has a label konsumer");
		assertThat(problemsIf((dashboard) -> ((ObjectNode) dashboard.at("/templating/list/1/query")).put("query",
				"label_values(kaffe_workers, konsumer)")))
			.contains("variable 'application': none of its metrics has a label konsumer");
		assertThat(
				problemsIf((dashboard) -> ((ObjectNode) dashboard.at("/annotations/list/0")).put("expr", "no_metric")))
			.contains("annotation 'Drains that timed out': there is no metric no_metric");
		assertThat(problemsIf((dashboard) -> dashboard.path("panels").forEach((panel) -> {
			if (panel.at("/transformations/1/options/renameByName") instanceof ObjectNode columns) {
				columns.put("topik", "Topic");
				((ArrayNode) panel.path("targets")).removeAll().addObject().put("expr", "kaffe_workers");
			}
		}))).contains("panel 'Partitions, the one furthest behind first': none of its metrics has a label topik");
	}

	@Test
	void alertRulesHaveNoFlaws() throws IOException {
		List<AlertRule> rules = AlertRule.read(ALERTS);
		assertThat(rules).extracting(AlertRule::alert).hasSizeGreaterThan(10).doesNotHaveDuplicates();
		assertThat(rules).flatExtracting(AlertRule::flaws).isEmpty();
		assertThat(rules).allSatisfy(
				(rule) -> assertThat(PromQl.parse(rule.expression()).selectors()).as(rule.alert()).isNotEmpty());
	}

	@Test
	void flawsOfAlertRulesAreNoticed(@TempDir Path directory) throws IOException {
		Path file = Files.writeString(directory.resolve("alerts.yml"),
				"""
						groups:
						  - name: any
						    rules:
						      - alert: Bare
						        expr: kaffe_restarts_total > 0
						      - alert: Misspelt
						        expr: kaffe_restart_total{consumer="orders"} > 0
						        for: 5m
						        labels: { severity: warning }
						        annotations: { summary: "{{ $labels.consumer }}", description: "{{ $labels.consumer }}", action: "look" }
						      - alert: MisspeltLabel
						        expr: sum by (konsumer) (kaffe_restarts_total) > 0
						        for: 5 minutes
						        labels: { severity: high }
						        annotations: { summary: "{{ $labels.consumer }} {{ $labels.topik }}", description: "look" }
						""");
		List<AlertRule> rules = AlertRule.read(file);
		assertThat(rules.get(0).flaws()).containsExactly("Bare: it does not say for how long",
				"Bare: its severity is none of [critical, warning, info]",
				"Bare: its summary does not name the consumer", "Bare: its description does not name the consumer",
				"Bare: it does not say what to do");
		assertThat(rules.get(1).flaws()).isEmpty();
		assertThat(rules.get(2).flaws()).containsExactly("MisspeltLabel: it does not say for how long",
				"MisspeltLabel: its severity is none of [critical, warning, info]",
				"MisspeltLabel: its description does not name the consumer",
				"MisspeltLabel: it does not say what to do");
		assertThat(rules).flatExtracting((rule) -> rule.query().problems(SCRAPE))
			.containsExactly("alert Misspelt: there is no metric kaffe_restart_total",
					"alert Misspelt: none of its metrics has a label consumer",
					"alert MisspeltLabel: none of its metrics has a label konsumer",
					"alert MisspeltLabel: none of its metrics has a label topik");
	}

	@Test
	void alertRulesAreListedWithTheirSeverity() throws IOException {
		assertThat(Files.readAllLines(METRICS)
			.stream()
			.filter((line) -> line.startsWith("| `Kaffe"))
			.map((line) -> line.split("\\|"))
			.map((cells) -> Map.entry(cells[1].strip().replace("`", ""), cells[3].strip())))
			.containsExactlyElementsOf(AlertRule.read(ALERTS)
				.stream()
				.map((rule) -> Map.entry(rule.alert(), rule.labels().get("severity")))
				.toList());
	}

	@Test
	void metersThatDifferFromTheDocumentAreNoticed() {
		String head = "| Meter | Type | Tags | Prometheus | Meaning |\n| --- | --- | --- | --- | --- |\n";
		String restarts = "| `kaffe.restarts` | counter | `consumer` | `kaffe_restarts_total` | … |\n";
		String workers = "| `kaffe.workers` | gauge | `consumer`, `state` | `kaffe_workers` | … |\n";
		assertThat(problems(head + restarts + workers)).isEmpty();
		assertThat(problems(head + restarts)).containsExactly("kaffe_workers exists but is not documented");
		assertThat(problems(head + restarts + workers + restarts))
			.containsExactly("kaffe_restarts_total is documented twice");
		assertThat(problems(head + restarts + workers.replace("_workers", "_people"))).containsExactly(
				"kaffe_people is documented but does not exist", "kaffe_workers exists but is not documented");
		assertThat(problems(head + restarts + workers.replace(", `state`", "")))
			.containsExactly("kaffe_workers has the labels [consumer, state] but is documented with [consumer]");
	}

	@Test
	void expressionsOfADocumentAreFound() {
		assertThat(MetricsDocument
			.parse("How?\n\n```promql\nsum(\n  a)\n\nb\n```\n\n```yaml\nc: d\n```\n```promql\ne\n```\n")
			.queries()).extracting(MonitoringQuery::expression).containsExactly("sum(\n  a)", "b", "e");
	}

	private static List<String> problems(String document) {
		return MetricsDocument.parse(document).problems(SCRAPE, Set.of("application"));
	}

	private static List<String> flawsIf(Consumer<ObjectNode> change) {
		return changed(change).flaws();
	}

	private static List<String> problemsIf(Consumer<ObjectNode> change) {
		return changed(change).queries().stream().flatMap((query) -> query.problems(SCRAPE).stream()).toList();
	}

	private static Dashboard changed(Consumer<ObjectNode> change) {
		JsonNode json = JsonMapper.shared().readTree(DASHBOARD);
		change.accept((ObjectNode) json);
		return new Dashboard(json);
	}

	private static ObjectNode panel(ObjectNode dashboard, int index) {
		return (ObjectNode) dashboard.path("panels").path(index);
	}

	private static ObjectNode target(ObjectNode dashboard, int panel) {
		return (ObjectNode) dashboard.path("panels").path(panel).path("targets").path(0);
	}

}
