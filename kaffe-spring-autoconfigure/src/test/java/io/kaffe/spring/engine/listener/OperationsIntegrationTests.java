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

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
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

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the operations of the endpoint {@code kaffeworkers} over HTTP, with consumers
 * that run: among them all that {@code docs/guide/endpoint.md} shows.
 */
class OperationsIntegrationTests {

	private static final String UNRESTRICTED = "management.endpoint.kaffeworkers.access";

	@Test
	void documentedExamplesDoWhatTheDocumentSays() throws Exception {
		List<Example> examples = Example.of(Files.readString(Path.of("..", "docs", "guide", "endpoint.md")));
		assertThat(examples).extracting(Example::operation)
			.as("every operation has an example")
			.contains("pause", "resume", "retry", "skip", "dead-letter", "max-concurrency", "seek", "stop", "start");
		try (ListenerApplication application = application().topic("orders", 2).topic("orders-dlt", 2)) {
			application.send("orders", 0, 0, 50);
			ConfigurableApplicationContext context = start(application);
			Operator operator = new Operator(application, context);
			Failing failing = context.getBean(Failing.class);
			await("three are parked").until(() -> failing.failed.size() == 3);
			await("the others are handled").until(() -> failing.handled.size() == 47);
			failing.mended = true;
			for (Example example : examples) {
				HttpResponse<String> response = operator.post(example.path(), example.body());
				assertThat(response.statusCode()).as(example.toString()).isEqualTo(200);
				JSONAssert.assertEquals(operator.named(example.answer()), response.body(), JSONCompareMode.STRICT);
				if (example.operation().equals("dead-letter")) {
					await("one is tried again").until(() -> failing.handled.contains("7"));
					assertThat(failing.handled).as("skipped, and sent away").doesNotContain("8", "9");
					await("it is completed").until(() -> Long.valueOf(50).equals(application.committed("orders", 0)));
				}
			}
			await("all is committed").until(() -> Long.valueOf(50).equals(application.committed("orders", 0)));
		}
	}

	@Test
	void exampleThatIsNotUnderstoodIsNotPassedOver() {
		String text = """
				```console
				$ curl -X POST localhost:8080/actuator/kaffeworkers/orders/pause -H 'Content-Type: application/json' -d '{}'
				{"done": true}
				$ curl --request POST localhost:8080/actuator/kaffeworkers/orders/stop
				{"done": true}
				```
				""";
		assertThat(text.lines().filter((line) -> line.contains("curl")).count()).isEqualTo(2);
		assertThatIllegalArgumentException().isThrownBy(() -> Example.of(text)).withMessageContaining("--request");
	}

	@Test
	void stoppedConsumerIsNotSoughtButStarted() {
		try (ListenerApplication application = application().topic("orders", 1)) {
			ConfigurableApplicationContext context = start(application);
			ListenerApplication.awaitAssigned(context, "orders", 1);
			Operator operator = new Operator(application, context);
			assertThat(operator.post("orders/stop", "{}").body()).contains("Stopped");
			assertThat(operator.post("orders/stop", "{}").body()).contains("Already stopped");
			HttpResponse<String> seek = operator.post("orders/seek",
					"{\"topic\": \"orders\", \"partition\": 0, \"to\": \"end\"}");
			assertThat(seek.statusCode()).isEqualTo(409);
			assertThat(seek.body()).contains("is stopped; start it first");
			assertThat(operator.post("orders/start", "{}").body()).contains("Started");
			assertThat(operator.post("orders/start", "{}").body()).contains("Already running");
		}
	}

	@Test
	void ofTwoOperatorsOneDecidesAboutARecord() throws Exception {
		try (ListenerApplication application = application().topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = start(application);
			await("three are parked").until(() -> context.getBean(Failing.class).failed.size() == 3);
			Operator operator = new Operator(application, context);
			String body = "{\"topic\": \"orders\", \"partition\": 0, \"offset\": 7}";
			CountDownLatch both = new CountDownLatch(2);
			ExecutorService operators = Executors.newFixedThreadPool(2);
			List<Future<Integer>> answers = new ArrayList<>();
			for (String operation : List.of("skip", "skip")) {
				answers.add(operators.submit(() -> {
					both.countDown();
					both.await();
					return operator.post("orders/" + operation, body).statusCode();
				}));
			}
			operators.shutdown();
			assertThat(answers.get(0).get()).isIn(200, 404);
			assertThat(answers.get(1).get()).isIn(200, 404);
			assertThat(List.of(answers.get(0).get(), answers.get(1).get())).as("one of them did it").contains(200);
			await("it is skipped").until(() -> operator.post("orders/skip", body).statusCode() == 404);
			assertThat(context.getBean(Failing.class).handled).doesNotContain("7");
		}
	}

	@Test
	void attemptsAreAudited() {
		try (ListenerApplication application = application().topic("orders", 1)) {
			ConfigurableApplicationContext context = start(application);
			Operator operator = new Operator(application, context);
			operator.post("orders/pause", "{\"all\": true}");
			operator.post("orders/explode", "{}");
			Queue<AuditEvent> audited = context.getBean(Failing.class).audited;
			assertThat(audited).hasSize(2).allSatisfy((event) -> {
				assertThat(event.getType()).isEqualTo("KAFFE_OPERATION");
				assertThat(event.getPrincipal()).isEqualTo("anonymous");
				assertThat(event.getData()).containsEntry("consumer", "orders");
			});
			assertThat(audited).extracting((event) -> event.getData().get("operation"))
				.containsExactly("pause", "explode");
			assertThat(audited).extracting((event) -> String.valueOf(event.getData().get("outcome")))
				.satisfiesExactly((done) -> assertThat(done).startsWith("Paused"),
						(rejected) -> assertThat(rejected).startsWith("rejected: "));
		}
	}

	@Test
	void tableSaysWhatCallersMayDo() {
		try (ListenerApplication application = application().topic("orders", 1)) {
			Operator operator = new Operator(application, start(application));
			assertThat(operator.get("")).contains("\"access\":\"unrestricted\"");
		}
		try (ListenerApplication application = application().with(UNRESTRICTED, "read-only").topic("orders", 1)) {
			Operator operator = new Operator(application, start(application));
			assertThat(operator.get("")).contains("\"access\":\"read-only\"");
			assertThat(operator.post("orders/pause", "{}").statusCode()).isEqualTo(405);
		}
	}

	private static ListenerApplication application() {
		return ListenerApplication.of(Failing.class)
			.with(UNRESTRICTED, "unrestricted")
			.with("management.endpoints.web.exposure.include", "kaffeworkers")
			.with("kaffe.consumers.orders.worker-allocation-strategy", "worker-per-record")
			.with("kaffe.consumers.orders.failure.max-attempts", 1)
			.with("kaffe.consumers.orders.failure.dead-letter-topic", "orders-dlt-${test.id}")
			.with("kaffe.commit.interval", "50ms");
	}

	private static ConfigurableApplicationContext start(ListenerApplication application) {
		return application.start(WebApplicationType.SERVLET);
	}

	/**
	 * Tests for what cannot be done.
	 */
	@Nested
	@TestInstance(TestInstance.Lifecycle.PER_CLASS)
	class Senseless {

		private final AtomicLong sent = new AtomicLong();

		private final ListenerApplication application = application().topic("orders", 1);

		private final ConfigurableApplicationContext context = OperationsIntegrationTests.start(this.application);

		@AfterAll
		void stop() {
			this.application.close();
		}

		@ParameterizedTest
		@CsvSource(delimiter = '|', quoteCharacter = '`',
				textBlock = """
						order/pause            | {}                                                      | 404 | There is no consumer 'order'
						orders/explode         | {}                                                      | 400 | Unknown operation 'explode'
						orders/pause           | {"partition": 0}                                        | 400 | 'pause' needs a 'topic'
						orders/pause           | {"offset": 0}                                           | 400 | not supported [offset]
						orders/pause           | {"topc": "orders", "partition": 0}                      | 400 | 'pause' needs a 'topic', which may have a 'partition', or '\\"all\\": true' for the whole consumer
						orders/pause           | {"topc": "orders"}                                      | 400 | needs a 'topic'
						orders/pause           | {"Topic": null}                                         | 400 | needs a 'topic'
						orders/pause           | {}                                                      | 400 | needs a 'topic'
						orders/pause           | {"all": false}                                          | 400 | needs a 'topic'
						orders/pause           | {"all": "x"}                                            | 400 | Bad Request
						orders/pause           | {"alll": true}                                          | 400 | needs a 'topic'
						orders/pause           | {"all": true, "topic": "orders"}                        | 400 | needs a 'topic'
						orders/pause           | {"all": true, "partition": 0}                           | 400 | needs a 'topic'
						orders/resume          | {}                                                      | 400 | 'resume' needs a 'topic'
						orders/resume          | {"partition": 0}                                        | 400 | 'resume' needs a 'topic'
						orders/start           | {"all": true}                                           | 400 | not supported [all]
						orders/pause?topc=x    | {}                                                      | 400 | needs a 'topic'
						orders/pause           | {"topic": "refunds"}                                    | 404 | does not have the topic 'refunds'
						orders/pause           | {"topic": "orders", "partition": 7}                     | 404 | does not have
						orders/pause           | {"topic": "orders", "partition": "x"}                   | 400 | Bad Request
						orders/pause           | {"topic"                                                | 400 | Bad Request
						orders/max-concurrency | {}                                                      | 400 | missing [maxConcurrency]
						orders/max-concurrency | {"maxConcurrency": 0}                                   | 400 | must be 1 or more
						orders/retry           | {"topic": "orders", "partition": 0}                     | 400 | missing [offset]
						orders/skip            | {"topic": "orders", "partition": 0, "offset": 3}        | 404 | is not failing; consumer 'orders' has no failing records
						orders/retry           | {}                                                      | 400 | true' is for all records that match
						orders/retry           | {"all": false, "preview": true}                         | 400 | missing [topic, partition, offset]
						orders/retry           | {"alll": true, "preview": true}                         | 400 | missing [topic, partition, offset], not supported [preview]
						orders/retry           | {"topic": "orders", "partition": 0, "offset": 3, "exception": "X"} | 400 | not supported [exception]
						orders/retry           | {"all": true}                                           | 400 | 'retry' of all records that match needs
						orders/skip            | {"all": true, "previw": true}                           | 400 | or 'atMost' with the number of records that the preview has shown
						orders/skip            | {"all": true, "preview": false}                         | 400 | or 'atMost'
						orders/skip            | {"all": true, "atMost": 3, "offset": 7}                 | 400 | missing [], not supported [offset]
						orders/skip            | {"all": true, "atMost": -1}                             | 400 | must not be negative: -1
						orders/skip            | {"all": true, "atMost": "many"}                         | 400 | Bad Request
						orders/skip            | {"all": true, "atMost": 3, "maxPerSecond": 0}           | 400 | must be from 1 to 10000, not 0
						orders/skip            | {"all": true, "atMost": 3, "maxPerSecond": 10001}       | 400 | must be from 1 to 10000, not 10001
						orders/skip            | {"all": true, "preview": true, "topc": "a", "partition": 0} | 400 | Partition 0 needs a topic
						orders/skip            | {"all": true, "preview": true, "since": "soon"}         | 400 | Invalid 'since': expected a time such as '2026-01-31T08:00:00Z', not 'soon'
						orders/skip            | {"all": true, "preview": true, "before": "1"}           | 400 | Invalid 'before'
						orders/skip            | {"all": true, "preview": true, "state": "PARKED"}       | 400 | Unknown state 'PARKED'; the states are [retrying, recovering, parked, stopping], or 'any'
						orders/dead-letter     | {"all": true, "atMost": 3}                              | 404 | Consumer 'orders' has no parked records
						orders/retry           | {"all": true, "atMost": 3, "state": "any", "exception": "X"} | 404 | has no failing records with X
						orders/cancel          | {"all": true}                                           | 400 | not supported [all]
						orders/seek            | {"topic": "orders", "partition": 0, "to": "soon"}       | 400 | Invalid position 'soon'
						orders/seek            | {"topic": "orders", "partition": 0, "to": "1000"}         | 400 | has offsets from 0 to
						orders/seek            | {"topic": "orders", "partition": 9, "to": "end"}        | 404 | does not have
						orders/seek            | {"topic": "refunds", "to": "end", "allPartitions": true}    | 404 | has no partition of the topic
						orders/seek            | {"topic": "orders", "partion": 0, "to": "end"}              | 400 | needs either a 'partition' or
						orders/seek            | {"topic": "orders", "to": "end"}                            | 400 | needs either a 'partition' or
						orders/seek            | {"topic": "orders", "to": "3", "allPartitions": true}       | 400 | An offset needs a 'partition'
						orders/seek            | {"topic": "orders", "partition": 0, "to": "end", "allPartitions": true} | 400 | needs either
						""")
		void senselessOperationChangesNothing(String path, String body, int status, String message) {
			HttpResponse<String> response = new Operator(this.application, this.context).post(path, body);
			assertThat(response.statusCode()).isEqualTo(status);
			assertThat(response.body()).contains(message);
			long sent = this.sent.getAndIncrement();
			this.application.send("orders", 0, 20, 21);
			await("it goes on").until(() -> Long.valueOf(sent + 1).equals(this.application.committed("orders", 0)));
		}

	}

	/**
	 * An example of the document.
	 */
	private record Example(String path, String body, String answer) {

		private static final Pattern COMMAND = Pattern.compile(
				"\\$ curl -X POST localhost:8080/actuator/kaffeworkers/(\\S+) -H 'Content-Type: application/json' -d '([^']*)'");

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

		String operation() {
			return this.path.substring(this.path.indexOf('/') + 1);
		}

	}

	/**
	 * Fails at three records until it is mended.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Failing {

		final Set<String> failed = ConcurrentHashMap.newKeySet();

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		final Queue<AuditEvent> audited = new ConcurrentLinkedQueue<>();

		volatile boolean mended;

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			@Nullable String value = record.value();
			if (Set.of("7", "8", "9").contains(value) && !this.mended) {
				this.failed.add(value);
				throw new IllegalStateException("On purpose");
			}
			this.handled.add(value);
		}

		@EventListener
		void audited(AuditApplicationEvent event) {
			this.audited.add(event.getAuditEvent());
		}

	}

}
