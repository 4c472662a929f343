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
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.skyscreamer.jsonassert.JSONAssert;
import org.skyscreamer.jsonassert.JSONCompareMode;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.actuate.audit.AuditEvent;
import org.springframework.boot.actuate.audit.listener.AuditApplicationEvent;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.kafka.annotation.KafkaListener;

import io.kaffe.spring.DeadLetterRun;
import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.support.TestTopics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the endpoint {@code kaffedeadletters} over HTTP: among them all that
 * {@code docs/guide/dead-letters.md} shows.
 */
class DeadLetterEndpointIntegrationTests {

	private static final HttpClient client = HttpClient.newHttpClient();

	private static final Pattern TIME = Pattern.compile("\"\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z\"");

	@Test
	void documentedExamplesDoWhatTheDocumentSays() throws Exception {
		List<Example> examples = Example.of(Files.readString(Path.of("..", "docs", "guide", "dead-letters.md")));
		assertThat(examples).hasSize(7);
		try (ListenerApplication application = application()) {
			ConfigurableApplicationContext context = start(application);
			Failing failing = context.getBean(Failing.class);
			failing.mended = true;
			for (Example example : examples) {
				String body = example.body();
				HttpResponse<String> response = send(context, named(application, example.path()),
						(body != null) ? named(application, body) : null);
				assertThat(response.statusCode()).as(example.toString()).isIn(200, 202);
				JSONAssert.assertEquals(timeless(named(application, example.answer())), timeless(response.body()),
						JSONCompareMode.STRICT);
				awaitEnd(context);
			}
			assertThat(failing.handled).endsWith("7", "8").doesNotContain("9");
			assertThat(failing.audited).extracting((event) -> event.getData().get("operation"))
				.containsExactly("abandon", "replay", "cancel");
			assertThat(failing.audited.element().getData()).containsEntry("consumer", "orders")
				.containsEntry("offset", 2L)
				.containsEntry("outcome", "The abandonment has begun");
		}
	}

	private static String timeless(String json) {
		return TIME.matcher(json).replaceAll("\"a time\"");
	}

	@Test
	void valuesAreShownToThoseToWhomWorkersAreShown() throws Exception {
		try (ListenerApplication application = application().with("management.endpoint.kaffeworkers.show-values",
				"always")) {
			ConfigurableApplicationContext context = start(application);
			String body = send(context, "orders?key=key&limit=1", null).body();
			assertThat(body).contains("\"key\":\"key\"", "\"value\":\"7\"", "On purpose");
		}
	}

	@Test
	void readOnlyEndpointChangesNothing() throws Exception {
		try (ListenerApplication application = application().without("management.endpoint.kaffedeadletters.access")) {
			ConfigurableApplicationContext context = start(application);
			assertThat(send(context, "orders", null).body()).contains("\"access\":\"read-only\"");
			assertThat(send(context, "orders/replay", "{\"all\": true}").statusCode()).isEqualTo(405);
		}
	}

	private static ListenerApplication application() {
		ListenerApplication application = ListenerApplication.of(Failing.class)
			.with("management.endpoint.kaffedeadletters.access", "unrestricted")
			.with("management.endpoints.web.exposure.include", "kaffedeadletters")
			.with("kaffe.consumers.orders", "")
			.with("kaffe.failure.max-attempts", 1)
			.with("kaffe.failure.then", "dead-letter")
			.with("kaffe.commit.interval", "50ms");
		application.topic("orders", 1);
		TestTopics.create(System.getProperty("spring.kafka.bootstrap-servers"), application.topic("orders") + "-dlt",
				1);
		application.send("orders", 0, 0, 10);
		return application;
	}

	private static ConfigurableApplicationContext start(ListenerApplication application) {
		ConfigurableApplicationContext context = application.start(WebApplicationType.SERVLET);
		await("all are completed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
		return context;
	}

	private static void awaitEnd(ConfigurableApplicationContext context) {
		await("it ends").until(() -> {
			DeadLetterRun run = context.getBean(KaffeConsumers.class).deadLetters("orders").run();
			return run == null || run.state() != DeadLetterRun.State.RUNNING;
		});
	}

	/**
	 * Return a text with the real names of the topics.
	 */
	private static String named(ListenerApplication application, String text) {
		return text.replaceAll("orders(?=-dlt)|(?<=\"topic\": \")orders(?=\")", application.topic("orders"));
	}

	private static HttpResponse<String> send(ConfigurableApplicationContext context, String path, @Nullable String body)
			throws Exception {
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:"
				+ context.getEnvironment().getProperty("local.server.port") + "/actuator/kaffedeadletters/" + path));
		if (body != null) {
			request.header("Content-Type", "application/json").POST(BodyPublishers.ofString(body));
		}
		return client.send(request.build(), BodyHandlers.ofString());
	}

	/**
	 * Tests for what is rejected.
	 */
	@Nested
	@TestInstance(TestInstance.Lifecycle.PER_CLASS)
	class Senseless {

		private final ListenerApplication application = application();

		private final ConfigurableApplicationContext context = DeadLetterEndpointIntegrationTests
			.start(this.application);

		@AfterAll
		void stop() {
			this.application.close();
		}

		@ParameterizedTest
		@CsvSource(delimiter = '|', quoteCharacter = '`', nullValues = "-",
				textBlock = """
						order                       | -                                        | 404 | There is no consumer 'order'
						order/replay                | {"all": true}                            | 404 | There is no consumer 'order'
						orders?limit=0              | -                                        | 400 | must be from 1 to 500, not 0
						orders?limit=501            | -                                        | 400 | must be from 1 to 500, not 501
						orders?from=here            | -                                        | 400 | is not where a page begins
						orders?since=yesterday      | -                                        | 400 | 'since' is not a time
						orders?partition=0          | -                                        | 400 | needs the 'topic'
						orders/count?topic=x&offset=1 | -                                      | 400 | needs the 'partition'
						orders/sum                  | -                                        | 404 | ``
						orders/explode              | {"all": true}                            | 400 | Unknown operation 'explode'
						orders/replay               | {}                                       | 400 | 'replay' needs an 'offset'
						orders/replay               | {"excepton": "x"}                        | 400 | 'replay' needs an 'offset'
						orders/replay               | {"topic": "orders-dlt", "excepton": "x"} | 400 | 'replay' needs an 'offset'
						orders/replay               | {"all": false}                           | 400 | 'replay' needs an 'offset'
						orders/replay               | {"all": true, "exception": "x"}          | 400 | 'replay' needs an 'offset'
						orders/abandon              | {}                                       | 400 | 'abandon' needs an 'offset'
						orders/abandon              | {"topic": "orders-dlt"}                  | 400 | 'abandon' needs an 'offset'
						orders/abandon              | {"all": true, "maxPerSecond": 1}         | 400 | does not accept 'maxPerSecond'
						orders/replay               | {"all": true, "maxPerSecond": 0}         | 400 | must be from 1 to 10000 per second
						orders/replay               | {"until": "soon"}                        | 400 | 'until' is not a time
						orders/cancel               | {"all": true}                            | 400 | accepts no arguments
						""")
		void senselessRequestChangesNothing(String path, @Nullable String body, int status, String message)
				throws Exception {
			HttpResponse<String> response = send(this.context, path, body);
			assertThat(response.statusCode()).isEqualTo(status);
			assertThat(response.body()).contains(message);
			assertThat(this.context.getBean(KaffeConsumers.class).deadLetters("orders").run()).isNull();
		}

		@Test
		void stoppedConsumerIsAConflict() throws Exception {
			KaffeConsumers consumers = this.context.getBean(KaffeConsumers.class);
			consumers.stop("orders");
			try {
				HttpResponse<String> response = send(this.context, "orders/replay", "{\"all\": true}");
				assertThat(response.statusCode()).isEqualTo(409);
				assertThat(response.body()).contains("Consumer 'orders' is stopped; start it first");
				assertThat(send(this.context, "orders", null).statusCode()).isEqualTo(409);
			}
			finally {
				consumers.start("orders");
				ListenerApplication.awaitAssigned(this.context, "orders", 1);
			}
		}

	}

	/**
	 * An example of the document.
	 */
	private record Example(String path, @Nullable String body, String answer) {

		private static final Pattern COMMAND = Pattern
			.compile("\\$ curl (?:-s|-X POST) '?localhost:8080/actuator/kaffedeadletters/([^\\s']+)'?"
					+ "(?: -H 'Content-Type: application/json' -d '([^']*)')?");

		static List<Example> of(String text) {
			List<String> lines = text.lines().toList();
			return IntStream.range(0, lines.size())
				.filter((line) -> lines.get(line).contains("curl "))
				.mapToObj((line) -> of(lines.get(line), lines.get(line + 1)))
				.toList();
		}

		private static Example of(String command, String answer) {
			Matcher matcher = COMMAND.matcher(command);
			if (!matcher.matches()) {
				throw new IllegalArgumentException("Not understood: " + command);
			}
			return new Example(matcher.group(1), matcher.group(2), answer);
		}

	}

	/**
	 * Fails at three records until it is mended.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Failing {

		private final Queue<String> handled = new ConcurrentLinkedQueue<>();

		private final Queue<AuditEvent> audited = new ConcurrentLinkedQueue<>();

		private volatile boolean mended;

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			if (!this.mended && List.of("7", "8", "9").contains(record.value())) {
				throw record.value().equals("9") ? new UnsupportedOperationException("On purpose")
						: new IllegalStateException("On purpose");
			}
			this.handled.add(record.value());
		}

		@EventListener
		void audited(AuditApplicationEvent event) {
			this.audited.add(event.getAuditEvent());
		}

	}

}
