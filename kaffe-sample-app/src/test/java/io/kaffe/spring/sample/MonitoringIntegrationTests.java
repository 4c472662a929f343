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

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that what the documents offer for monitoring is there: every metric, label and
 * value that the dashboard, the alert rules and the examples name, in what the running
 * sample answers to Prometheus after some trouble.
 */
class MonitoringIntegrationTests {

	/**
	 * The tag that the sample's configuration adds to all meters.
	 */
	private static final String APPLICATION = "application";

	private static SampleInstance sample;

	private static Scrape scrape = Scrape.parse("");

	@BeforeAll
	static void scrapeTheSampleInTrouble() throws Exception {
		sample = SampleInstance.start(List.of(), "--sample.rate=200");
		cause("customer");
		await("a refused payment").atMost(Duration.ofSeconds(60))
			.until(() -> !sample.consumers().failingRecords("orders").isEmpty());
		await("records of all kinds").atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
			scrape = Scrape.parse(SampleScenario.get(sample, "/actuator/prometheus"));
			assertThat(scrape.values("kaffe_records_seconds_count", "outcome")).containsExactly("failed", "handled");
			assertThat(scrape.values("kaffe_partition_lag", "topic")).containsExactly("orders", "refunds");
		});
	}

	@AfterAll
	static void stop() {
		sample.close();
	}

	@Test
	void whateverTheDashboardAsksForIsThere() {
		assertThat(Dashboard.read(MonitoringFilesTests.DASHBOARD).queries())
			.flatExtracting((query) -> query.problems(scrape))
			.isEmpty();
	}

	@Test
	void whateverAlertRulesAskForIsThere() throws Exception {
		assertThat(AlertRule.read(MonitoringFilesTests.ALERTS)).flatExtracting((rule) -> rule.query().problems(scrape))
			.isEmpty();
	}

	@Test
	void allMetersAreDocumentedAndAllDocumentedOnesAreThere() throws Exception {
		assertThat(MetricsDocument.read(MonitoringFilesTests.METRICS).problems(scrape, Set.of(APPLICATION))).isEmpty();
	}

	@Test
	void whateverExamplesAskForIsThere() throws Exception {
		assertThat(MetricsDocument.read(MonitoringFilesTests.METRICS).queries()).hasSizeGreaterThan(10)
			.flatExtracting((query) -> query.problems(scrape))
			.isEmpty();
	}

	// As the switches of the start page do.
	private static void cause(String trouble) throws Exception {
		HttpRequest request = HttpRequest
			.newBuilder(URI.create("http://localhost:" + sample.port() + "/trouble/" + trouble))
			.header("Content-Type", "application/json")
			.POST(HttpRequest.BodyPublishers.noBody())
			.build();
		HttpResponse<Void> response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding());
		assertThat(response.statusCode()).isEqualTo(200);
	}

}
