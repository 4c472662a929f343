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
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;

import io.kaffe.spring.table.ConsumerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for decisions about failing records over HTTP that contradict each other or
 * cannot be carried out.
 */
class RecordOperationIntegrationTests {

	private static final String SEVENTH = "{\"topic\": \"orders\", \"partition\": 0, \"offset\": 7}";

	@Test
	void withoutATemplateNothingIsDeadLettered() {
		try (ListenerApplication application = application(TwoTemplates.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start(WebApplicationType.SERVLET);
			Operator operator = new Operator(application, context);
			awaitParked(context);
			HttpResponse<String> response = operator.post("orders/dead-letter", SEVENTH);
			assertThat(response.statusCode()).isEqualTo(409);
			assertThat(response.body()).contains("Consumer 'orders' has nothing to send dead letters with: "
					+ "there is no KafkaTemplate bean, or there are several and none is primary");
			awaitParked(context);
			assertThat(operator.post("orders/skip", SEVENTH).statusCode()).isEqualTo(200);
			await("it goes on").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
		}
	}

	@RepeatedTest(3)
	void ofTwoDecisionsAtOnceOneIsCarriedOut() {
		try (ListenerApplication application = application().topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start(WebApplicationType.SERVLET);
			Operator operator = new Operator(application, context);
			Handler handler = context.getBean(Handler.class);
			awaitParked(context);
			handler.open.countDown();
			handler.mended = true;
			CompletableFuture<HttpResponse<String>> retry = operator.postSoon("orders/retry", SEVENTH);
			CompletableFuture<HttpResponse<String>> skip = operator.postSoon("orders/skip", SEVENTH);
			List<HttpResponse<String>> answers = List.of(retry.join(), skip.join());
			assertThat(answers).extracting(HttpResponse::statusCode).contains(200).isSubsetOf(200, 404, 409);
			assertThat(answers).filteredOn((answer) -> answer.statusCode() == 404)
				.allSatisfy((answer) -> assertThat(answer.body()).contains("-0@7 is not failing"));
			assertThat(answers).filteredOn((answer) -> answer.statusCode() == 409)
				.allSatisfy((answer) -> assertThat(answer.body()).contains("Operator requested "));
			await("it is completed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			ConsumerSnapshot table = ListenerApplication.table(context, "orders");
			assertThat(table.counters().handled()).as("all, and each once").isEqualTo(10);
			assertThat(handler.handled).doesNotHaveDuplicates()
				.hasSize((int) (table.counters().handled() - table.counters().skipped()));
			assertThat(table.failures().failing()).isEmpty();
		}
	}

	@Test
	void decisionThatIsNotCarriedOutYetIsNotReplaced() {
		try (ListenerApplication application = application().topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start(WebApplicationType.SERVLET);
			Operator operator = new Operator(application, context);
			Handler handler = context.getBean(Handler.class);
			awaitParked(context);
			assertThat(operator.post("orders/retry", SEVENTH).statusCode()).isEqualTo(200);
			await("it is tried again").until(() -> handler.attempts.size() == 2);
			assertThat(operator.post("orders/skip", SEVENTH).statusCode()).isEqualTo(200);
			assertThat(operator.post("orders/skip", SEVENTH).statusCode()).as("said twice").isEqualTo(200);
			for (String other : List.of("orders/retry", "orders/dead-letter")) {
				HttpResponse<String> response = operator.post(other, SEVENTH);
				assertThat(response.statusCode()).isEqualTo(409);
				assertThat(response.body()).contains("requested 'skip' for ", "-0@7 already, which is not done yet");
			}
			handler.open.countDown();
			await("it is skipped").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			assertThat(handler.attempts).as("not tried once more").hasSize(2);
			assertThat(ListenerApplication.table(context, "orders").counters().skipped()).isEqualTo(1);
			assertThat(operator.post("orders/skip", SEVENTH).statusCode()).isEqualTo(404);
		}
	}

	private static void awaitParked(ConfigurableApplicationContext context) {
		await("it is parked").until(() -> ListenerApplication.table(context, "orders")
			.failures()
			.failing()
			.stream()
			.anyMatch((failing) -> failing.offset() == 7 && failing.state().equals("parked")));
	}

	private static ListenerApplication application(Class<?>... more) {
		return ListenerApplication.of(Handler.class, more)
			.with("management.endpoint.kaffeworkers.access", "unrestricted")
			.with("management.endpoints.web.exposure.include", "kaffeworkers")
			.with("kaffe.consumers.orders.worker-allocation-strategy", "worker-per-record")
			.with("kaffe.consumers.orders.failure.max-attempts", 1)
			.with("kaffe.commit.interval", "50ms");
	}

	/**
	 * Fails at one record until it is mended; tries it again only when a gate is open.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Handler {

		final Queue<String> attempts = new ConcurrentLinkedQueue<>();

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		final CountDownLatch open = new CountDownLatch(1);

		volatile boolean mended;

		private final Set<String> failed = ConcurrentHashMap.newKeySet();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) throws InterruptedException {
			String value = record.value();
			if (value.equals("7")) {
				this.attempts.add(value);
				boolean again = !this.failed.add(value);
				if (again && !this.open.await(60, TimeUnit.SECONDS)) {
					throw new IllegalStateException("The gate was not opened");
				}
				if (!again || !this.mended) {
					throw new IllegalStateException("On purpose");
				}
			}
			this.handled.add(value);
		}

	}

	/**
	 * Nobody knows which of the templates is meant.
	 */
	@Configuration(proxyBeanMethods = false)
	static class TwoTemplates {

		@Bean
		KafkaTemplate<Object, Object> one(ProducerFactory<Object, Object> factory) {
			return new KafkaTemplate<>(factory);
		}

		@Bean
		KafkaTemplate<Object, Object> two(ProducerFactory<Object, Object> factory) {
			return new KafkaTemplate<>(factory);
		}

	}

}
