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

import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link MonitoringQuery}: that it notices what is not there.
 */
class MonitoringQueryTests {

	private static final Scrape SCRAPE = Scrape.parse("""
			# HELP kaffe_drain_seconds how long
			# TYPE kaffe_drain_seconds summary
			kaffe_drain_seconds_count{application="a \\"quoted\\", odd} one",consumer="orders",outcome="completed"} 3
			kaffe_drain_seconds_count{application="other",consumer="orders",outcome="timed-out"} 0
			kaffe_records_parked{application="other",consumer="orders"} NaN
			process_uptime_seconds 1.5E-3 1700000000000
			""");

	@Test
	void scrapeHasMetricsLabelsAndValues() {
		assertThat(SCRAPE.metrics()).containsOnlyKeys("kaffe_drain_seconds_count", "kaffe_records_parked",
				"process_uptime_seconds");
		assertThat(SCRAPE.labels("kaffe_drain_seconds_count")).containsOnly("application", "consumer", "outcome");
		assertThat(SCRAPE.values("kaffe_drain_seconds_count", "application"))
			.containsExactly("a \\\"quoted\\\", odd} one", "other");
		assertThat(SCRAPE.labels("process_uptime_seconds")).isEmpty();
		assertThat(SCRAPE.metricsOf("kaffe_")).containsExactly("kaffe_drain_seconds_count", "kaffe_records_parked");
	}

	@ParameterizedTest
	@ValueSource(strings = { "kaffe_records_parked > 0",
			"sum by (consumer, instance) (rate(kaffe_drain_seconds_count{outcome=\"timed-out\"}[5m]))",
			"kaffe_drain_seconds_count{outcome=~\"completed|timed-out\", instance=\"here:80\", job=\"any\"}",
			"kaffe_drain_seconds_count{consumer=~\"$consumer\", outcome=~\"time.*\"}",
			"process_uptime_seconds * on (instance) group_left (consumer) kaffe_records_parked" })
	void findsNothingWrongWithWhatIsThere(String expression) {
		assertThat(query(expression).problems(SCRAPE)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = ';', quoteCharacter = '`',
			textBlock = """
					sum(kaffe_record_parked)                            ; there is no metric kaffe_record_parked
					kaffe_records_parked + kaffe_drain_count            ; there is no metric kaffe_drain_count
					kaffe_records_parked{konsumer="orders"}             ; kaffe_records_parked has no label konsumer but [application, consumer]
					kaffe_records_parked{outcome="completed"}           ; kaffe_records_parked has no label outcome but [application, consumer]
					kaffe_drain_seconds_count{outcome="timed_out"}      ; outcome of kaffe_drain_seconds_count is never timed_out but one of [completed, timed-out]
					kaffe_drain_seconds_count{outcome=~"lost|timed-out"}; outcome of kaffe_drain_seconds_count is never lost but one of [completed, timed-out]
					sum by (konsumer) (kaffe_records_parked)            ; none of its metrics has a label konsumer
					sum without (outcome) (kaffe_records_parked)        ; none of its metrics has a label outcome
					vector(1)                                           ; it selects no metric
					sum(kaffe_records_parked                            ; a ')' is missing
					""")
	void reportsWhereAndWhatIsMissing(String expression, String problem) {
		assertThat(query(expression).problems(SCRAPE)).containsExactly("panel 'Any': " + problem);
	}

	@Test
	void reportsWhichShownLabelIsMissing() {
		MonitoringQuery query = new MonitoringQuery("alert Any", "kaffe_records_parked > 0",
				Set.of("consumer", "instance", "topik"));
		assertThat(query.problems(SCRAPE)).containsExactly("alert Any: none of its metrics has a label topik");
	}

	private static MonitoringQuery query(String expression) {
		return new MonitoringQuery("panel 'Any'", expression, Set.of());
	}

}
