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

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.BeanUtils;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.RecordBackOff;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.ConsumerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for retries, which failures are not worth one, and for what comes after the last
 * attempt.
 */
class RetryIntegrationTests {

	@Test
	void recordIsTriedAsOftenAsConfiguredAndReportsItsAttempt() {
		try (ListenerApplication application = application(Failing.class).with("kaffe.failure.max-attempts", 4)) {
			Failing failing = application.start().getBean(Failing.class);
			awaitCommitted(application);
			assertThat(failing.attempts).containsExactlyElementsOf(attemptsWith("3#1", "3#2", "3#3", "3#4"));
		}
	}

	@Test
	void recordIsTriedWithoutLimit() {
		try (ListenerApplication application = application(Failing.class).with("kaffe.failure.max-attempts", 0)
			.with("kaffe.failure.backoff.max-interval", "2ms")
			.with("test.failures", 49)) {
			Failing failing = application.start().getBean(Failing.class);
			awaitCommitted(application);
			assertThat(failing.attempts).containsExactlyElementsOf(attemptsWith(
					IntStream.rangeClosed(1, 50).mapToObj((number) -> "3#" + number).toArray(String[]::new)));
		}
	}

	@Test
	void listenerThatDoesNotAskHearsOfAttemptsFromTheSecondOneOn() {
		try (ListenerApplication application = application(NotAsking.class)) {
			NotAsking listener = application.start().getBean(NotAsking.class);
			awaitCommitted(application);
			assertThat(listener.attempts).containsExactlyElementsOf(attemptsWith("3#1", "3#2", "3#3").stream()
				.map((attempt) -> attempt.endsWith("#1") ? attempt.replace("#1", "#") : attempt)
				.toList());
		}
	}

	@Test
	void onlyWhatMaySucceedIsTriedAgain() {
		List<Class<? extends Throwable>> failures = List.of(FileNotFoundException.class, UncheckedIOException.class,
				ClassCastException.class, IllegalStateException.class, StackOverflowError.class,
				NoClassDefFoundError.class, AssertionError.class);
		try (ListenerApplication application = application(Failing.class).with("test.failing", "0,1,2,3,4,5,6")
			.with("test.failure", String.join(",", failures.stream().map(Class::getName).toList()))
			.with("kaffe.failure.not-retryable", IOException.class.getName())) {
			ConfigurableApplicationContext context = application.start();
			awaitCommitted(application);
			assertThat(context.getBean(Failing.class).attempts)
				.as("an exception that is named, one that it caused, one that Spring Kafka takes for fatal, and others")
				.containsExactly("0#1", "1#1", "2#1", "3#1", "3#2", "3#3", "4#1", "4#2", "4#3", "5#1", "5#2", "5#3",
						"6#1", "6#2", "6#3", "7#1", "8#1", "9#1");
			assertThat(ListenerApplication.table(context, "orders").status().stopped()).isNull();
		}
	}

	@Test
	void recordThatIsNoParameterOfTheListenerIsNotTriedAgain() {
		try (ListenerApplication application = ListenerApplication.of(Converting.class)
			.with("kaffe.consumers.orders", "")
			.with("kaffe.failure.max-attempts", 0)
			.with("kaffe.failure.then", "park")
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 3);
			application.send("orders", 0, 40_000, 40_001);
			application.send("orders", 0, 4, 6);
			ConfigurableApplicationContext context = application.start();
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			await("it is parked").untilAsserted(
					() -> assertThat(consumers.failingRecords("orders")).singleElement().satisfies((record) -> {
						assertThat(record.offset()).isEqualTo(3);
						assertThat(record.attempts()).isEqualTo(1);
					}));
			consumers.skip("orders", consumers.failingRecords("orders").get(0).partition(), 3);
			await("the rest is committed").until(() -> Long.valueOf(6).equals(application.committed("orders", 0)));
			assertThat(context.getBean(Converting.class).handled).containsExactly((short) 0, (short) 1, (short) 2,
					(short) 4, (short) 5);
		}
	}

	@Test
	void typeOfTheFailureDecidesWhatIsNext() {
		try (ListenerApplication application = application(Failing.class).with("kaffe.failure.then", "park")
			.with("test.failure", "java.io.FileNotFoundException")
			.with("kaffe.failure.then-for[java.io.IOException]", "skip")) {
			Failing failing = application.start().getBean(Failing.class);
			awaitCommitted(application);
			assertThat(failing.attempts).containsExactlyElementsOf(attemptsWith("3#1", "3#2", "3#3"));
		}
	}

	@Test
	void backOffOfARecordEndsItsAttempts() {
		try (ListenerApplication application = application(WithBackOff.class).with("kaffe.failure.max-attempts", 5)) {
			Failing failing = application.start("--test.failing=3,6").getBean(Failing.class);
			awaitCommitted(application);
			assertThat(failing.attempts).as("3 has a back-off of its own, 6 has the common one")
				.containsExactly("0#1", "1#1", "2#1", "3#1", "3#2", "4#1", "5#1", "6#1", "6#2", "6#3", "6#4", "6#5",
						"7#1", "8#1", "9#1");
		}
	}

	@ParameterizedTest
	@CsvSource({ "java.lang.IllegalStateException, 2, failed after 2 attempts",
			"java.lang.OutOfMemoryError, 1, failed with java.lang.OutOfMemoryError" })
	void consumerIsStoppedAndTheRecordComesAgainWhenItIsStartedAgain(String failure, int attempts, String reason) {
		try (ListenerApplication application = application(Failing.class)
			.with("kaffe.failure.then", (attempts > 1) ? "stop" : "skip")
			.with("kaffe.failure.max-attempts", 2)
			.with("test.failure", failure)
			.with("test.failures", attempts)) {
			ConfigurableApplicationContext context = application.start();
			Failing failing = context.getBean(Failing.class);
			await("it is stopped")
				.until(() -> ListenerApplication.table(context, "orders").status().state() == ConsumerState.STOPPED);
			await("it has let go").until(() -> ListenerApplication.table(context, "orders").partitions().isEmpty());
			assertThat(failing.attempts).hasSize(3 + attempts).last().isEqualTo("3#" + attempts);
			assertThat(application.committed("orders", 0)).isEqualTo(3);
			assertThat(ListenerApplication.container(context, "orders").isRunning()).isFalse();
			ConsumerSnapshot.Stop stopped = Objects
				.requireNonNull(ListenerApplication.table(context, "orders").status().stopped());
			assertThat(stopped.reason()).contains(application.topic("orders") + "-0@3").contains(reason);
			assertThat(problems(context)).containsExactly("stopped: " + stopped.reason());
			failing.attempts.clear();
			ListenerApplication.container(context, "orders").start();
			awaitCommitted(application);
			assertThat(failing.attempts).containsExactly("3#1", "4#1", "5#1", "6#1", "7#1", "8#1", "9#1");
			assertThat(ListenerApplication.table(context, "orders").status().stopped()).isNull();
			assertThat(problems(context)).isEmpty();
		}
	}

	private static List<String> problems(ConfigurableApplicationContext context) {
		return context.getBean(DefaultWorkerManager.class)
			.problems("orders")
			.stream()
			.map(ConsumerProblem::message)
			.toList();
	}

	/**
	 * An application with ten records, of which number 3 fails, by default, three times,
	 * and then is skipped.
	 */
	private static ListenerApplication application(Class<?> configuration) {
		ListenerApplication application = ListenerApplication.of(configuration)
			.with("kaffe.consumers.orders", "")
			.with("kaffe.commit.interval", "100ms")
			.with("kaffe.failure.max-attempts", 3)
			.with("kaffe.failure.backoff.initial-interval", "1ms")
			.with("kaffe.failure.then", "skip")
			.topic("orders", 1);
		application.send("orders", 0, 0, 10);
		return application;
	}

	private static void awaitCommitted(ListenerApplication application) {
		await("all is committed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
	}

	/**
	 * Return attempts at all ten records, with those of number 3 given.
	 */
	private static List<String> attemptsWith(String... ofThree) {
		List<String> attempts = new ArrayList<>(List.of("0#1", "1#1", "2#1"));
		attempts.addAll(List.of(ofThree));
		IntStream.range(4, 10).forEach((number) -> attempts.add(number + "#1"));
		return attempts;
	}

	/**
	 * Fails as often as it is asked to.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Failing {

		final Queue<String> attempts = new ConcurrentLinkedQueue<>();

		private final AtomicInteger failed = new AtomicInteger();

		@Value("${test.failing:3}")
		private List<Integer> failing = List.of();

		@Value("${test.failure:java.lang.IllegalStateException}")
		private List<Class<? extends Throwable>> failure = List.of();

		@Value("${test.failures:2147483647}")
		private int failures;

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record, @Header(KafkaHeaders.DELIVERY_ATTEMPT) int attempt)
				throws Throwable {
			this.attempts.add(record.value() + "#" + attempt);
			int index = this.failing.indexOf(Integer.valueOf(record.value()));
			if (index >= 0 && this.failed.getAndIncrement() < this.failures) {
				throw newFailure(this.failure.get(index % this.failure.size()));
			}
		}

		private static Throwable newFailure(Class<? extends Throwable> type) {
			return (type == UncheckedIOException.class) ? new UncheckedIOException(new IOException("On purpose"))
					: BeanUtils.instantiateClass(type);
		}

	}

	/**
	 * Fails, with a back-off of one more attempt for number 3.
	 */
	@Configuration(proxyBeanMethods = false)
	@Import(Failing.class)
	static class WithBackOff {

		@Bean
		RecordBackOff recordBackOff() {
			return (record, failure) -> "3".equals(record.value()) ? new FixedBackOff(1, 1) : null;
		}

	}

	/**
	 * Fails, and does not ask for the attempt.
	 */
	@Configuration(proxyBeanMethods = false)
	static class NotAsking {

		final Queue<String> attempts = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			org.apache.kafka.common.header.@Nullable Header attempt = record.headers()
				.lastHeader(KafkaHeaders.DELIVERY_ATTEMPT);
			this.attempts
				.add(record.value() + "#" + ((attempt != null) ? ByteBuffer.wrap(attempt.value()).getInt() : ""));
			if (record.value().equals("3")) {
				throw new IllegalStateException("On purpose");
			}
		}

	}

	/**
	 * Takes small numbers.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Converting {

		final Queue<Short> handled = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(@Payload Short number) {
			this.handled.add(number);
		}

	}

}
