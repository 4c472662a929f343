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

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.listener.BatchListenerFailedException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the meters of consumers that run.
 */
class MetricsIntegrationTests {

	@Test
	void attemptsCommitsAndPartitionsOfARunningConsumerAreMeasured() {
		try (ListenerApplication application = application(Handler.class).with("kaffe.commit.interval", "50ms")) {
			application.send("orders", 0, 0, 3);
			ConfigurableApplicationContext context = application.start();
			String topic = application.topic("orders");
			MeterRegistry registry = context.getBean(MeterRegistry.class);
			await("records are timed").untilAsserted(() -> {
				assertThat(count(registry, topic, "handled")).isEqualTo(3);
				assertThat(count(registry, topic, "failed")).isEqualTo(1);
			});
			await("commits are counted").untilAsserted(
					() -> assertThat(registry.get("kaffe.commits").tag("result", "success").counter().count())
						.isPositive());
			await("its partition has meters").until(() -> !registry.find("kaffe.partition.lag").gauges().isEmpty());
			assertThat(registry.get("kaffe.partition.lag").tags("topic", topic, "partition", "0").gauges()).hasSize(1);
			assertThat(registry.get("kaffe.rebalances").tag("kind", "assigned").counter().count()).isEqualTo(1);
			await("the retry is counted").untilAsserted(
					() -> assertThat(registry.get("kaffe.records.retries").functionCounter().count()).isEqualTo(1));
			ListenerApplication.container(context, "orders").stop();
			await("the partition's meters were removed").untilAsserted(() -> {
				registry.get("kaffe.records.buffered").gauge().value();
				assertThat(registry.find("kaffe.partition.lag").gauges()).isEmpty();
			});
			assertThat(registry.get("kaffe.drain").tag("outcome", "completed").timer().count()).isEqualTo(1);
			assertThat(count(registry, topic, "handled")).as("its topic is still subscribed").isEqualTo(3);
		}
	}

	@Test
	void recordOfABatchCountsWithItsShareOfTheTime() {
		try (ListenerApplication application = application(BatchHandler.class)) {
			application.send("orders", 0, 0, 4);
			ConfigurableApplicationContext context = application.start();
			String topic = application.topic("orders");
			MeterRegistry registry = context.getBean(MeterRegistry.class);
			await("records are timed").untilAsserted(() -> {
				assertThat(count(registry, topic, "handled")).isEqualTo(4);
				assertThat(count(registry, topic, "failed")).isEqualTo(1);
			});
		}
	}

	@Test
	void handlerThatAnswersLaterIsTimedUntilItAnswers() {
		try (ListenerApplication application = application(AsyncHandler.class)) {
			application.send("orders", 0, 0, 1);
			ConfigurableApplicationContext context = application.start();
			String topic = application.topic("orders");
			MeterRegistry registry = context.getBean(MeterRegistry.class);
			AsyncHandler handler = context.getBean(AsyncHandler.class);
			await("it is called").until(() -> handler.called);
			assertThat(registry.find("kaffe.records").timers()).isEmpty();
			long before = System.nanoTime();
			await("time passes").until(() -> System.nanoTime() - before > TimeUnit.MILLISECONDS.toNanos(20));
			handler.answer.complete(null);
			await("it is timed").untilAsserted(() -> assertThat(count(registry, topic, "handled")).isEqualTo(1));
			assertThat(registry.get("kaffe.records").tag("outcome", "handled").timer().totalTime(TimeUnit.MILLISECONDS))
				.isGreaterThanOrEqualTo(20);
		}
	}

	private static long count(MeterRegistry registry, String topic, String outcome) {
		return registry.find("kaffe.records")
			.tags("consumer", "orders", "topic", topic, "outcome", outcome)
			.timers()
			.stream()
			.mapToLong(Timer::count)
			.sum();
	}

	private static ListenerApplication application(Class<?> handler) {
		return ListenerApplication.of(handler)
			.with("kaffe.consumers.orders", "")
			.with("kaffe.failure.backoff.initial-interval", "1ms")
			.topic("orders", 1);
	}

	/**
	 * Fails once.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Handler {

		private boolean failed;

		@KafkaListener(id = "orders", topics = "orders-${test.id}", idIsGroup = false)
		void handle(ConsumerRecord<String, String> record) {
			if (record.offset() == 1 && !this.failed) {
				this.failed = true;
				throw new IllegalStateException("On purpose");
			}
		}

	}

	/**
	 * Fails once, at the second record it is given.
	 */
	@Configuration(proxyBeanMethods = false)
	static class BatchHandler {

		private boolean failed;

		@KafkaListener(id = "orders", topics = "orders-${test.id}", idIsGroup = false, batch = "true")
		void handle(List<ConsumerRecord<String, String>> records) {
			if (records.get(0).offset() <= 1 && records.get(records.size() - 1).offset() >= 1 && !this.failed) {
				this.failed = true;
				throw new BatchListenerFailedException("On purpose", records.size() - 1);
			}
		}

	}

	/**
	 * Answers when it is asked to.
	 */
	@Configuration(proxyBeanMethods = false)
	static class AsyncHandler {

		final CompletableFuture<Void> answer = new CompletableFuture<>();

		volatile boolean called;

		@KafkaListener(id = "orders", topics = "orders-${test.id}", idIsGroup = false)
		CompletableFuture<Void> handle(ConsumerRecord<String, String> record) {
			this.called = true;
			return this.answer;
		}

	}

}
