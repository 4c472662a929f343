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
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.skyscreamer.jsonassert.JSONAssert;
import org.skyscreamer.jsonassert.JSONCompareMode;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.actuate.audit.AuditEvent;
import org.springframework.boot.actuate.audit.listener.AuditApplicationEvent;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.kafka.annotation.KafkaListener;

import io.kaffe.spring.BulkDecisionRequest;
import io.kaffe.spring.FailingRecordFilter;
import io.kaffe.spring.FailingRecords;
import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.table.BulkDecisionSnapshot;
import io.kaffe.spring.table.BulkDecisionSnapshot.State;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

/**
 * Tests for one decision about many parked records, over HTTP, as
 * {@code docs/guide/failure-handling.md} shows it.
 */
class BulkDecisionIntegrationTests {

	private static final int KEYS = 300;

	private static final int PARTITIONS = 4;

	private static final int RECORDS_OF_A_KEY = 3;

	/** Keys below fail with one exception, the others with another one. */
	private static final int WITH_A_BUG = 200;

	@Test
	void hundredsAreRetriedInTheOrderOfTheirKeysAsTheDocumentSays() throws Exception {
		List<Example> examples = Example.of(Files.readString(Path.of("..", "docs", "guide", "failure-handling.md")));
		assertThat(examples).extracting(Example::path)
			.containsExactly("orders?exception=IllegalStateException&from=150&limit=50", "orders/retry", "orders/retry",
					"orders", "orders/cancel");
		try (ListenerApplication application = application()) {
			ConfigurableApplicationContext context = start(application);
			Orders orders = context.getBean(Orders.class);
			FailingRecords records = context.getBean(KaffeConsumers.class).failing("orders");
			await("the first record of each key is parked")
				.until(() -> records.count(FailingRecordFilter.parked()) == KEYS);
			orders.fixed = true;
			Operator operator = new Operator(application, context);
			for (Example example : examples) {
				if (example.path().equals("orders")) {
					await("all are retried").until(() -> decision(records).counts().completed() == WITH_A_BUG);
				}
				String response = (example.body() != null) ? operator.post(example.path(), example.body()).body()
						: operator.get(example.path());
				JSONAssert.assertEquals(operator.named(example.answer()), response,
						(example.body() != null) ? JSONCompareMode.STRICT : JSONCompareMode.LENIENT);
			}
			await("what waited behind them is handled").until(() -> orders.handled() == WITH_A_BUG * RECORDS_OF_A_KEY);
			assertThat(orders.handled).hasSize(WITH_A_BUG)
				.allSatisfy((key, values) -> assertThat(values).as(key).containsExactly("0", "1", "2"));
			assertThat(records.count(FailingRecordFilter.parked().withException("IllegalArgumentException")))
				.as("the others stay parked")
				.isEqualTo(KEYS - WITH_A_BUG);
			assertThat(records.count(FailingRecordFilter.any())).isEqualTo(KEYS - WITH_A_BUG);
			assertThat(orders.audited).filteredOn((event) -> event.getData().containsKey("atMost"))
				.singleElement()
				.satisfies((event) -> assertThat(event.getData()).containsEntry("operation", "retry")
					.containsEntry("exception", "IllegalStateException")
					.containsEntry("outcome",
							"200 parked records with IllegalStateException are retried, at most 50 per second"));
		}
	}

	@Test
	void recordsThatFailAgainAreNotRetriedAgainAndMoreThanExpectedAreNotDecided() {
		try (ListenerApplication application = application()) {
			ConfigurableApplicationContext context = start(application);
			FailingRecords records = context.getBean(KaffeConsumers.class).failing("orders");
			await("the first record of each key is parked")
				.until(() -> records.count(FailingRecordFilter.parked()) == KEYS);
			Operator operator = new Operator(application, context);
			HttpResponse<String> refused = operator.post("orders/retry", "{\"all\": true, \"atMost\": 299}");
			assertThat(refused.statusCode()).isEqualTo(409);
			assertThat(refused.body()).contains("300 parked records match, not at most 299: nothing is done");
			HttpResponse<String> begun = operator.post("orders/retry",
					"{\"all\": true, \"atMost\": 300, \"maxPerSecond\": 1000}");
			assertThat(begun.statusCode()).isEqualTo(202);
			await("all have failed again").until(() -> decision(records).counts().failed() == KEYS);
			await("all are parked").until(() -> records.count(FailingRecordFilter.parked()) == KEYS);
			assertThat(context.getBean(Orders.class).attempts).hasSize(2 * KEYS);
			BulkDecisionSnapshot retried = decision(records);
			assertThat(retried.state()).isEqualTo(State.DONE);
			operator.post("orders/skip", "{\"all\": true, \"atMost\": 300, \"maxPerSecond\": 1}");
			HttpResponse<String> second = operator.post("orders/retry", "{\"all\": true, \"atMost\": 300}");
			assertThat(second.statusCode()).isEqualTo(409);
			assertThat(second.body())
				.contains("Another decision of consumer 'orders' is running: 'skip' for 300 parked");
			assertThat(operator.post("orders/cancel", "{}").body())
				.contains("Canceled 'skip' of 300 parked records, of which ");
			assertThat(decision(records).state()).isEqualTo(State.CANCELED);
		}
	}

	@Test
	void partitionsThatAreRevokedMeanwhileAreNoErrors() {
		try (ListenerApplication application = application()) {
			ConfigurableApplicationContext context = start(application);
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			FailingRecords records = consumers.failing("orders");
			await("the first record of each key is parked")
				.until(() -> records.count(FailingRecordFilter.parked()) == KEYS);
			records.decideAll(BulkDecisionRequest.retry(FailingRecordFilter.parked()).withMaxPerSecond(10));
			consumers.stop("orders");
			await("it is over").until(() -> decision(records).state() == State.DONE);
			BulkDecisionSnapshot.Counts counts = decision(records).counts();
			assertThat(counts.revoked()).isPositive();
			assertThat(counts.revoked() + counts.failed()).isEqualTo(KEYS);
			assertThat(counts.left() + counts.inProgress()).isZero();
		}
	}

	@Test
	void invalidPageIsRejected() {
		Map<String, String> messages = Map.of("partition=0", "Partition 0 needs a topic", "limit=0",
				"The 'limit' must be from 1 to 1000, not 0", "limit=1001",
				"The 'limit' must be from 1 to 1000, not 1001", "from=-1",
				"Neither 'from' nor 'limit' can be negative: -1, 100", "since=soon", "Invalid 'since'", "state=wild",
				"Unknown state 'wild'");
		try (ListenerApplication application = application()) {
			Operator operator = new Operator(application, application.start(WebApplicationType.SERVLET));
			assertThat(messages).allSatisfy((query, message) -> assertThat(operator.get("orders?" + query))
				.contains("\"error\":\"Bad Request\"", message));
			assertThat(operator.get("orders?limit=1")).contains("\"failingCount\":0");
		}
	}

	@Test
	void exampleThatIsNotUnderstoodIsNotPassedOver() {
		assertThatIllegalArgumentException().isThrownBy(() -> Example.of("$ curl --request POST localhost:8080/\n{}\n"))
			.withMessageContaining("--request");
	}

	private static BulkDecisionSnapshot decision(FailingRecords records) {
		return Objects.requireNonNull(records.latestDecision());
	}

	private static ListenerApplication application() {
		return ListenerApplication.of(Orders.class)
			.with("management.endpoint.kaffeworkers.access", "unrestricted")
			.with("management.endpoints.web.exposure.include", "kaffeworkers")
			.with("kaffe.consumers.orders.worker-allocation-strategy", "worker-per-key")
			.with("kaffe.consumers.orders.failure.max-attempts", 1)
			.with("kaffe.consumers.orders.failure.max-parked", 1000)
			.with("kaffe.failure.outage.enabled", false)
			.with("kaffe.commit.interval", "50ms")
			.topic("orders", PARTITIONS);
	}

	private static ConfigurableApplicationContext start(ListenerApplication application) {
		List<ProducerRecord<String, String>> records = new ArrayList<>();
		IntStream.range(0, RECORDS_OF_A_KEY)
			.forEach((number) -> IntStream.range(0, KEYS)
				.forEach((key) -> records.add(new ProducerRecord<>(application.topic("orders"), key % PARTITIONS,
						Integer.toString(key), Integer.toString(number)))));
		ListenerApplication.send(records);
		return application.start(WebApplicationType.SERVLET);
	}

	/**
	 * An example of the document; without a body, it is a {@code GET}.
	 */
	private record Example(String path, @Nullable String body, String answer) {

		private static final Pattern COMMAND = Pattern
			.compile("\\$ curl (?:'localhost:8080/actuator/kaffeworkers/([^']+)'"
					+ "|-X POST localhost:8080/actuator/kaffeworkers/(\\S+) -H 'Content-Type: application/json' -d '([^']*)')");

		static List<Example> of(String text) {
			List<String> lines = text.lines().toList();
			return IntStream.range(0, lines.size())
				.filter((line) -> lines.get(line).startsWith("$ curl "))
				.mapToObj((line) -> of(lines.get(line), lines.get(line + 1)))
				.toList();
		}

		private static Example of(String command, String answer) {
			Matcher matcher = COMMAND.matcher(command);
			if (!matcher.matches()) {
				throw new IllegalArgumentException("Not understood: " + command);
			}
			return new Example((matcher.group(1) != null) ? matcher.group(1) : matcher.group(2), matcher.group(3),
					answer);
		}

	}

	/**
	 * Fails at the first record of each key: at some until a bug is fixed, at the others
	 * for ever.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Orders {

		final Map<String, Queue<String>> handled = new ConcurrentHashMap<>();

		final Queue<String> attempts = new ConcurrentLinkedQueue<>();

		final Queue<AuditEvent> audited = new ConcurrentLinkedQueue<>();

		volatile boolean fixed;

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			this.attempts.add(record.key());
			if (Integer.parseInt(record.key()) >= WITH_A_BUG) {
				throw new IllegalArgumentException("A bad order");
			}
			if (!this.fixed) {
				throw new IllegalStateException("A bug");
			}
			this.handled.computeIfAbsent(record.key(), (key) -> new ConcurrentLinkedQueue<>()).add(record.value());
		}

		int handled() {
			return this.handled.values().stream().mapToInt(Queue::size).sum();
		}

		@EventListener
		void audited(AuditApplicationEvent event) {
			this.audited.add(event.getAuditEvent());
		}

	}

}
