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
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.listener.CommonContainerStoppingErrorHandler;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.CommonLoggingErrorHandler;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.RetryListener;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.KaffeConsumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what the error handler of a container says about failed records, which its
 * workers do.
 */
@ExtendWith(OutputCaptureExtension.class)
class ErrorHandlerIntegrationTests {

	private static final String[] ADOPTED = { "--kaffe.adopt=all", "--kaffe.commit.interval=50ms" };

	@Test
	void recordThatFailsIsRetriedAndPublishedAsTheDefaultErrorHandlerSays(CapturedOutput output) {
		try (ListenerApplication application = ListenerApplication.of(Orders.class, Publishing.class)
			.topic("orders", 1)
			.topic("letters", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start(ADOPTED);
			Orders orders = context.getBean(Orders.class);
			Letters letters = context.getBean(Letters.class);
			await("all is committed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			await("the letters have arrived").untilAsserted(() -> assertThat(letters.values).containsExactly("7", "8"));
			assertThat(orders.attempts).containsExactly("0", "1", "2", "3", "4", "5", "6", "7", "7", "7", "8", "9");
			assertThat(context.getBean(Publishing.class).notified).containsExactly("7 failed 1", "7 failed 2",
					"7 failed 3", "7 recovered", "8 failed 1", "8 recovered");
			assertThat(context.getBean(KaffeConsumers.class).failingRecords("orders")).isEmpty();
			assertThat(output).contains("Failed records of consumer 'orders' are retried by its DefaultErrorHandler "
					+ "(FixedBackOff[interval=10, maxAttempts=2]), then passed to the recoverer of its "
					+ "DefaultErrorHandler");
		}
	}

	@Test
	void propertiesComeBeforeTheErrorHandler(CapturedOutput output) {
		try (ListenerApplication application = ListenerApplication.of(Orders.class, Publishing.class)
			.topic("orders", 1)
			.topic("letters", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start("--kaffe.adopt=all",
					"--kaffe.commit.interval=50ms", "--kaffe.failure.max-attempts=1", "--kaffe.failure.then=park");
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			await("it is parked").until(() -> !consumers.failingRecords("orders").isEmpty());
			consumers.skip("orders", new TopicPartition(application.topic("orders"), 0), 7);
			await("so is the next one").until(() -> Long.valueOf(8).equals(application.committed("orders", 0)));
			assertThat(context.getBean(Orders.class).attempts).startsWith("0", "1", "2", "3", "4", "5", "6", "7", "8")
				.doesNotContain("9");
			assertThat(context.getBean(Letters.class).values).isEmpty();
			assertThat(output).contains("Failed records of consumer 'orders' are not retried "
					+ "(kaffe.failure.max-attempts), then parked (kaffe.failure.then)");
		}
	}

	@Test
	void recordOfABatchThatFailsIsPublishedAlone() {
		try (ListenerApplication application = ListenerApplication.of(Batches.class, Publishing.class)
			.topic("orders", 1)
			.topic("letters", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start(ADOPTED);
			await("all is committed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			Letters letters = context.getBean(Letters.class);
			await("the letter has arrived").untilAsserted(() -> assertThat(letters.values).containsExactly("7"));
			assertThat(context.getBean(Batches.class).handled).containsExactly("0", "1", "2", "3", "4", "5", "6", "8",
					"9");
			assertThat(context.getBean(Publishing.class).notified).containsExactly("7 failed 1", "7 failed 2",
					"7 failed 3", "7 recovered");
		}
	}

	@Test
	void containerStopsAtAFailureIfItsErrorHandlerSaysSo() {
		try (ListenerApplication application = ListenerApplication.of(Orders.class, Stopping.class)
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start(ADOPTED);
			await("it stops").until(() -> !ListenerApplication.container(context, "orders").isRunning());
			assertThat(application.committed("orders", 0)).isEqualTo(7);
			assertThat(context.getBean(Orders.class).attempts).containsExactly("0", "1", "2", "3", "4", "5", "6", "7");
		}
	}

	@Test
	void recordThatFailsIsSkippedIfTheErrorHandlerLogsOnly() {
		try (ListenerApplication application = ListenerApplication.of(Orders.class, Logging.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start(ADOPTED);
			await("all is committed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			assertThat(context.getBean(Orders.class).attempts).containsExactly("0", "1", "2", "3", "4", "5", "6", "7",
					"8", "9");
		}
	}

	@Test
	void recordThatIsRecoveredIsCommittedWithTheNextOneIfTheErrorHandlerSaysSo() {
		try (ListenerApplication application = ListenerApplication.of(Orders.class, LeavingOpen.class)
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 9);
			try (ConfigurableApplicationContext context = application.start(ADOPTED)) {
				LeavingOpen recovering = context.getBean(LeavingOpen.class);
				await("both are recovered")
					.untilAsserted(() -> assertThat(recovering.recovered).containsExactly("7", "8"));
			}
			assertThat(application.committed("orders", 0)).as("at the end").isEqualTo(7);
			ConfigurableApplicationContext context = application.start(ADOPTED);
			await("both are recovered again").untilAsserted(
					() -> assertThat(context.getBean(LeavingOpen.class).recovered).containsExactly("7", "8"));
			application.send("orders", 0, 9, 10);
			await("all is committed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
		}
	}

	/**
	 * Fails with the records 7, and 8 in a way that is not retried.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Orders {

		final Queue<String> attempts = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(String value) {
			this.attempts.add(value);
			if (value.equals("7")) {
				throw new IllegalStateException("On purpose");
			}
			if (value.equals("8")) {
				throw new IllegalArgumentException("On purpose");
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Batches {

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}", batch = "true")
		void handle(List<String> values) {
			int failing = values.indexOf("7");
			this.handled.addAll((failing < 0) ? values : values.subList(0, failing));
			if (failing >= 0) {
				throw new BatchListenerFailedException("On purpose", new IllegalStateException(), failing);
			}
		}

	}

	static class Letters {

		final Queue<String> values = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "letters", idIsGroup = false, topics = "letters-${test.id}")
		void handle(String value) {
			this.values.add(value);
		}

	}

	/**
	 * The error handler that most applications have: it retries, and then publishes dead
	 * letters.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Publishing implements RetryListener {

		final Queue<String> notified = new ConcurrentLinkedQueue<>();

		@Bean
		Letters letters() {
			return new Letters();
		}

		@Bean
		CommonErrorHandler errorHandler(KafkaTemplate<Object, Object> template) {
			DefaultErrorHandler handler = new DefaultErrorHandler(
					new DeadLetterPublishingRecoverer(template,
							(record, failure) -> new TopicPartition(record.topic().replace("orders-", "letters-"), 0)),
					new FixedBackOff(10, 2));
			handler.addNotRetryableExceptions(IllegalArgumentException.class);
			handler.setRetryListeners(this);
			return handler;
		}

		@Override
		public void failedDelivery(ConsumerRecord<?, ?> record, @Nullable Exception failure, int attempt) {
			this.notified.add(record.value() + " failed " + attempt);
		}

		@Override
		public void recovered(ConsumerRecord<?, ?> record, @Nullable Exception failure) {
			this.notified.add(record.value() + " recovered");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Stopping {

		@Bean
		CommonErrorHandler errorHandler() {
			return new CommonContainerStoppingErrorHandler();
		}

	}

	/**
	 * Leaves records uncommitted that are recovered.
	 */
	@Configuration(proxyBeanMethods = false)
	static class LeavingOpen {

		final Queue<String> recovered = new ConcurrentLinkedQueue<>();

		@Bean
		CommonErrorHandler errorHandler() {
			DefaultErrorHandler handler = new DefaultErrorHandler(
					(record, failure) -> this.recovered.add((String) record.value()), new FixedBackOff(10, 2));
			handler.setAckAfterHandle(false);
			return handler;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Logging {

		@Bean
		CommonErrorHandler errorHandler() {
			return new CommonLoggingErrorHandler();
		}

	}

}
