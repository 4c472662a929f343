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

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.listener.KafkaListenerErrorHandler;
import org.springframework.messaging.handler.annotation.SendTo;
import reactor.core.publisher.Mono;

import io.kaffe.spring.table.ConsumerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for listeners that take batches and complete them later.
 */
class AsyncBatchListenerIntegrationTests {

	@ParameterizedTest
	@ValueSource(strings = { "batch", "manual" })
	void batchIsCompletedWithItsFutureAndHoldsUpItsWorkerOnly(String ackMode) {
		try (ListenerApplication application = application(Futures.class, 2).topic("orders", 2)) {
			application.send("orders", 0, 0, 4);
			application.send("orders", 1, 10, 12);
			ConfigurableApplicationContext context = application.start("--spring.kafka.listener.ack-mode=" + ackMode);
			Futures futures = context.getBean(Futures.class);
			await("both partitions are begun")
				.until(() -> futures.begun.keySet().containsAll(List.of("[0, 1]", "[10, 11]")));
			assertThat(ListenerApplication.table(context, "orders").load().inFlight()).isEqualTo(4);
			futures.of("[10, 11]").complete(null);
			await("the other partition goes on")
				.until(() -> Long.valueOf(2).equals(application.committed("orders", 1)));
			assertThat(futures.begun).doesNotContainKey("[2, 3]");
			assertThat(application.committed("orders", 0)).isIn(null, 0L);
			futures.of("[0, 1]").complete(null);
			await("the next one").until(() -> futures.begun.containsKey("[2, 3]"));
			futures.of("[2, 3]").complete(null);
			await("all is committed").until(() -> Long.valueOf(4).equals(application.committed("orders", 0)));
		}
	}

	@Test
	void recordsBeforeTheOneThatAFutureFailsWithAreCompleted() {
		try (ListenerApplication application = application(Futures.class, 3).topic("orders", 1)) {
			application.send("orders", 0, 0, 3);
			ConfigurableApplicationContext context = application.start();
			Futures futures = context.getBean(Futures.class);
			await("it is begun").until(() -> futures.begun.containsKey("[0, 1, 2]"));
			futures.of("[0, 1, 2]").completeExceptionally(new BatchListenerFailedException("broken", 1));
			await("up to the failure").until(() -> Long.valueOf(1).equals(application.committed("orders", 0)));
			await("the rest").until(() -> futures.begun.containsKey("[1, 2]"));
			futures.of("[1, 2]").completeExceptionally(new IllegalStateException("broken"));
			await("once more").until(() -> !futures.of("[1, 2]").isDone());
			futures.of("[1, 2]").complete(null);
			await("all is committed").until(() -> Long.valueOf(3).equals(application.committed("orders", 0)));
		}
	}

	@Test
	void stopWaitsForTheFutureAndCommits() {
		try (ListenerApplication application = application(Futures.class, 2).topic("orders", 1)) {
			application.send("orders", 0, 0, 4);
			ConfigurableApplicationContext context = application.start();
			Futures futures = context.getBean(Futures.class);
			await("it is begun").until(() -> futures.begun.containsKey("[0, 1]"));
			CompletableFuture<Void> stopped = CompletableFuture
				.runAsync(() -> ListenerApplication.container(context, "orders").stop());
			await("it drains")
				.until(() -> ListenerApplication.table(context, "orders").status().state() == ConsumerState.DRAINING);
			assertThat(stopped).isNotDone();
			futures.of("[0, 1]").complete(null);
			stopped.join();
			assertThat(application.committed("orders", 0)).isEqualTo(2);
			assertThat(futures.begun).doesNotContainKey("[2, 3]");
		}
	}

	@Test
	void repliesAreSentWhenTheMonoHasItsValue() {
		try (ListenerApplication application = application(Monos.class, 2).topic("orders", 1).topic("replies", 1)) {
			application.send("orders", 0, 0, 4);
			ConfigurableApplicationContext context = application.start();
			Monos monos = context.getBean(Monos.class);
			await("replies").untilAsserted(() -> assertThat(monos.replies).containsExactly("re: [0, 1]", "re: [2, 3]"));
			await("all is committed").until(() -> Long.valueOf(4).equals(application.committed("orders", 0)));
			assertThat(monos.handled).as("the first fails once").containsExactly("[0, 1]", "[0, 1]", "[2, 3]");
		}
	}

	@Test
	void errorHandlerOfTheListenerIsAskedAboutAFailedFuture() {
		try (ListenerApplication application = application(Recovering.class, 2).topic("orders", 1)
			.topic("replies", 1)) {
			application.send("orders", 0, 0, 2);
			ConfigurableApplicationContext context = application.start();
			Recovering recovering = context.getBean(Recovering.class);
			await("what it returns is the reply").untilAsserted(() -> assertThat(recovering.replies)
				.containsExactly("instead of java.lang.IllegalStateException: no"));
			await("all is committed").until(() -> Long.valueOf(2).equals(application.committed("orders", 0)));
			assertThat(recovering.handled).as("it throws at first, which fails the second record")
				.containsExactly("[0, 1]", "[1]");
		}
	}

	private static ListenerApplication application(Class<?> configuration, int batch) {
		return ListenerApplication.of(configuration)
			.with("kaffe.consumers.orders", "")
			.with("kaffe.commit.interval", "50ms")
			.with("kaffe.failure.backoff.initial-interval", "10ms")
			.with("kaffe.batch.max-size", batch)
			.with("kaffe.batch.max-wait", "1h");
	}

	@Configuration(proxyBeanMethods = false)
	static class Futures {

		final Map<String, CompletableFuture<Void>> begun = new ConcurrentHashMap<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}", batch = "true")
		CompletableFuture<Void> handle(List<String> values) {
			CompletableFuture<Void> future = new CompletableFuture<>();
			this.begun.put(values.toString(), future);
			return future;
		}

		CompletableFuture<Void> of(String values) {
			return Objects.requireNonNull(this.begun.get(values), values);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Monos {

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		final Queue<String> replies = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}", batch = "true")
		@SendTo("replies-${test.id}")
		Mono<String> handle(List<String> values) {
			this.handled.add(values.toString());
			return (this.handled.size() == 1) ? Mono.error(new IllegalStateException("once"))
					: Mono.delay(Duration.ofMillis(20)).map((tick) -> "re: " + values);
		}

		@KafkaListener(id = "replies", groupId = "replies-${test.id}", topics = "replies-${test.id}")
		void reply(String value) {
			this.replies.add(value);
		}

	}

	/**
	 * Has an error handler that throws at first, and then returns something else.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Recovering {

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		final Queue<String> replies = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}", batch = "true",
				errorHandler = "errorHandler")
		@SendTo("replies-${test.id}")
		CompletableFuture<String> handle(List<ConsumerRecord<String, String>> records) {
			this.handled.add(records.stream().map(ConsumerRecord::value).toList().toString());
			return CompletableFuture.failedFuture(new IllegalStateException("no"));
		}

		@KafkaListener(id = "replies", groupId = "replies-${test.id}", topics = "replies-${test.id}")
		void reply(String value) {
			this.replies.add(value);
		}

		@Bean
		static KafkaListenerErrorHandler errorHandler() {
			AtomicInteger calls = new AtomicInteger();
			return (message, failure) -> {
				assertThat(message.getPayload()).asInstanceOf(InstanceOfAssertFactories.LIST).isNotEmpty();
				if (calls.incrementAndGet() == 1) {
					throw new BatchListenerFailedException("broken", failure.getCause(), 1);
				}
				return "instead of " + failure.getCause();
			};
		}

	}

}
