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

package io.kaffe.spring.engine.listener;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.json.JSONException;
import org.junit.jupiter.api.Test;
import org.skyscreamer.jsonassert.JSONAssert;
import org.skyscreamer.jsonassert.JSONCompareMode;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.listener.ConsumerAwareRebalanceListener;

import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.table.ConsumerProblem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the health of consumers, as those see it who ask for it over HTTP.
 */
class HealthIntegrationTests {

	private final HttpClient client = HttpClient.newHttpClient();

	@Test
	void healthReportsProblemsAndWhatAnOperatorPausedOrStoppedAndLivenessIsUnaffected() throws Exception {
		try (ListenerApplication application = application(Failing.class)
			.with("management.endpoint.health.probes.enabled", true)
			.with("management.endpoint.health.show-details", "always")
			.with("kaffe.health.parked", "down")
			.with("kaffe.failure.max-attempts", 1)) {
			ConfigurableApplicationContext context = application.start(WebApplicationType.SERVLET);
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			await("it is down").until(() -> get(context, "/kaffe").statusCode() == 503);
			String parked = application.topic("orders") + "-0@3";
			assertThat(problems(context)).singleElement()
				.asString()
				.startsWith("parked: " + parked + ", java.lang.UnsupportedOperationException since ")
				.doesNotContain("On purpose");
			assertThat(get(context, "/kaffe").body()).contains("\"parked: " + parked);
			assertThat(get(context, "").statusCode()).isEqualTo(503);
			for (String probe : List.of("/liveness", "/readiness")) {
				assertThat(get(context, probe)).extracting(HttpResponse::statusCode).isEqualTo(200);
				assertThat(get(context, probe).body()).contains("\"UP\"").doesNotContain("kaffe");
			}
			consumers.skip("orders", new TopicPartition(application.topic("orders"), 0), 3);
			await("it is up").until(() -> get(context, "/kaffe").statusCode() == 200);
			assertHealth(context, "up");
			consumers.pause("orders");
			assertHealth(context, "paused");
			consumers.stop("orders");
			assertHealth(context, "stopped");
			consumers.resume("orders");
			consumers.start("orders");
			assertHealth(context, "up");
		}
	}

	@Test
	void parkedRecordIsAWarningThatFailsNeitherHealthNorReadiness() throws Exception {
		try (ListenerApplication application = application(Failing.class)
			.with("management.endpoint.health.show-details", "always")
			.with("management.endpoint.health.group.readiness.include", "readinessState,kaffe")
			.with("kaffe.failure.max-attempts", 1)) {
			ConfigurableApplicationContext context = application.start(WebApplicationType.SERVLET);
			await("it is parked").until(() -> !problems(context).isEmpty());
			HttpResponse<String> kaffe = get(context, "/kaffe");
			assertThat(kaffe.statusCode()).isEqualTo(200);
			assertThat(kaffe.body()).contains("\"status\":\"WARNING\"")
				.contains("\"parked: " + application.topic("orders") + "-0@3");
			for (String path : List.of("", "/readiness")) {
				HttpResponse<String> all = get(context, path);
				assertThat(all.statusCode()).as(path).isEqualTo(200);
				assertThat(all.body()).as(path).contains("\"WARNING\"").contains("\"status\":\"UP\"");
			}
		}
	}

	@Test
	void threadThatDoesNotPollIsLateUntilItDoes() {
		try (ListenerApplication application = application(Holding.class)
			.with("spring.kafka.consumer.properties[max.poll.interval.ms]", 3000)
			.with("kaffe.drain-timeout", "1s")) {
			ConfigurableApplicationContext context = application.start();
			Holding holding = context.getBean(Holding.class);
			try {
				await("it is late").untilAsserted(() -> assertThat(problems(context)).singleElement()
					.asString()
					.matches("poll thread late: orders-0-C-1 has not polled for \\d{4} ms, and "
							+ "max.poll.interval.ms is 3000"));
			}
			finally {
				holding.letGo.countDown();
			}
			await("all is committed").until(() -> Long.valueOf(5).equals(application.committed("orders", 0)));
			assertThat(problems(context)).isEmpty();
		}
	}

	private void assertHealth(ConfigurableApplicationContext context, String orders) throws Exception {
		HttpResponse<String> response = get(context, "/kaffe");
		assertThat(response.statusCode()).isEqualTo(200);
		assertJson(response.body(), "{\"status\": \"UP\", \"details\": {\"orders\": \"" + orders + "\"}}");
	}

	private static void assertJson(String actual, String expected) throws JSONException {
		JSONAssert.assertEquals(expected, actual, JSONCompareMode.STRICT);
	}

	private HttpResponse<String> get(ConfigurableApplicationContext context, String path) throws Exception {
		return this.client.send(HttpRequest
			.newBuilder(URI.create("http://localhost:" + context.getEnvironment().getProperty("local.server.port")
					+ "/actuator/health" + path))
			.build(), BodyHandlers.ofString());
	}

	private static List<String> problems(ConfigurableApplicationContext context) {
		return context.getBean(DefaultWorkerManager.class)
			.problems("orders")
			.stream()
			.map(ConsumerProblem::message)
			.toList();
	}

	private static ListenerApplication application(Class<?> configuration) {
		ListenerApplication application = ListenerApplication.of(configuration)
			.with("kaffe.consumers.orders", "")
			.with("kaffe.commit.interval", "100ms")
			.topic("orders", 1);
		application.send("orders", 0, 0, 5);
		return application;
	}

	/**
	 * Handles records, but for number 3.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Failing {

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			if (record.value().equals("3")) {
				throw new UnsupportedOperationException("On purpose");
			}
		}

	}

	/**
	 * Keeps the thread that polls when partitions are assigned.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Holding {

		final CountDownLatch letGo = new CountDownLatch(1);

		@Bean
		ConsumerAwareRebalanceListener rebalanceListener() {
			return new ConsumerAwareRebalanceListener() {

				@Override
				public void onPartitionsAssigned(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
					try {
						assertThat(Holding.this.letGo.await(30, TimeUnit.SECONDS)).isTrue();
					}
					catch (InterruptedException ex) {
						Thread.currentThread().interrupt();
					}
				}

			};
		}

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			// Nothing to do.
		}

	}

}
