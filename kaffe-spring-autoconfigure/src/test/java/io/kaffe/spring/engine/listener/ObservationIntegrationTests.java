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
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.support.micrometer.KafkaRecordReceiverContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what observes deliveries, and for what the MDC has about them.
 */
class ObservationIntegrationTests {

	private static final String QUICK = "--kaffe.failure.backoff.initial-interval=10ms";

	@Test
	void eachAttemptIsObservedOnItsWorker() {
		try (ListenerApplication application = ListenerApplication.of(Observed.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 2);
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=", QUICK,
					"--spring.kafka.listener.observation-enabled=true");
			Observed observed = context.getBean(Observed.class);
			await("all is committed").until(() -> Long.valueOf(2).equals(application.committed("orders", 0)));
			assertThat(observed.events).containsExactly("start 0", "open", "handle 0", "close",
					"error IllegalStateException", "stop 0", "start 0", "open", "handle 0", "close", "stop 0",
					"start 1", "open", "handle 1", "close", "stop 1");
			assertThat(observed.threads).allMatch((name) -> name.startsWith("kaffe-"));
			assertThat(observed.contexts).allSatisfy((receiver) -> {
				assertThat(receiver.getListenerId()).isEqualTo("orders-0");
				assertThat(receiver.getGroupId()).isEqualTo(application.group());
				assertThat(receiver.getName()).isEqualTo("spring.kafka.listener");
			});
		}
	}

	@Test
	void observationLastsAsLongAsTheFuture() {
		try (ListenerApplication application = ListenerApplication.of(ObservedLater.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 1);
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=",
					"--spring.kafka.listener.observation-enabled=true");
			ObservedLater observed = context.getBean(ObservedLater.class);
			await("it is begun").until(() -> observed.events.contains("close"));
			assertThat(observed.events).containsExactly("start 0", "open", "close");
			observed.future.complete(null);
			await("all is committed").until(() -> Long.valueOf(1).equals(application.committed("orders", 0)));
			assertThat(observed.events).containsExactly("start 0", "open", "close", "open", "close", "stop 0");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "start", "open", "close", "stop" })
	void recordIsHandledOnceThoughItsObservationFails(String when) {
		assertHandledOnce(FailingObservation.class, when);
	}

	@ParameterizedTest
	@ValueSource(strings = { "start", "stop" })
	void batchIsHandledOnceThoughItsObservationFails(String when) {
		assertHandledOnce(FailingObservationOfBatches.class, when);
	}

	private static void assertHandledOnce(Class<? extends Failing> configuration, String when) {
		try (ListenerApplication application = ListenerApplication.of(configuration).topic("orders", 1)) {
			application.send("orders", 0, 0, 3);
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=", QUICK,
					"--spring.kafka.listener.observation-enabled=true", "--test.fails=" + when);
			await("all is committed").until(() -> Long.valueOf(3).equals(application.committed("orders", 0)));
			Failing failing = context.getBean(configuration);
			assertThat(failing.handled).containsExactly("0", "1", "2");
			assertThat(failing.events).as("it did fail").contains("fails");
		}
	}

	@Test
	void nothingIsObservedUnlessAskedFor() {
		try (ListenerApplication application = ListenerApplication.of(Observed.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 1);
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=", QUICK);
			await("all is committed").until(() -> Long.valueOf(1).equals(application.committed("orders", 0)));
			assertThat(context.getBean(Observed.class).events).containsExactly("handle 0", "handle 0");
		}
	}

	@Test
	void loggersKnowWhichRecordItIs() {
		try (ListenerApplication application = ListenerApplication.of(Logging.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 3);
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=");
			await("all is committed").until(() -> Long.valueOf(3).equals(application.committed("orders", 0)));
			String topic = application.topic("orders");
			assertThat(context.getBean(Logging.class).contexts).hasSize(3)
				.first()
				.isEqualTo(Map.of("consumer", "orders", "worker", "worker_" + topic + "_0", "topic", topic, "partition",
						"0", "offset", "0"));
			assertThat(context.getBean(Logging.class).contexts).extracting((logged) -> logged.get("offset"))
				.containsExactly("0", "1", "2");
		}
	}

	@Test
	void loggersKnowNothingIfThatIsSwitchedOff() {
		try (ListenerApplication application = ListenerApplication.of(Logging.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 1);
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders.mdc=false");
			await("all is committed").until(() -> Long.valueOf(1).equals(application.committed("orders", 0)));
			assertThat(context.getBean(Logging.class).contexts).containsExactly(Map.of());
		}
	}

	/**
	 * Remembers what is observed, by the registry that Spring Boot gives it to.
	 */
	private abstract static class Recording implements ObservationHandler<KafkaRecordReceiverContext> {

		final Queue<String> events = new ConcurrentLinkedQueue<>();

		final Queue<String> threads = new ConcurrentLinkedQueue<>();

		final Queue<KafkaRecordReceiverContext> contexts = new ConcurrentLinkedQueue<>();

		@Override
		public boolean supportsContext(Observation.Context context) {
			return context instanceof KafkaRecordReceiverContext;
		}

		@Override
		public void onStart(KafkaRecordReceiverContext context) {
			this.contexts.add(context);
			event("start " + context.getRecord().value());
		}

		@Override
		public void onScopeOpened(KafkaRecordReceiverContext context) {
			event("open");
		}

		@Override
		public void onScopeClosed(KafkaRecordReceiverContext context) {
			event("close");
		}

		@Override
		public void onError(KafkaRecordReceiverContext context) {
			event("error " + Objects.requireNonNull(context.getError()).getClass().getSimpleName());
		}

		@Override
		public void onStop(KafkaRecordReceiverContext context) {
			event("stop " + context.getRecord().value());
		}

		void event(String what) {
			this.events.add(what);
			this.threads.add(Thread.currentThread().getName());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Observed extends Recording {

		private boolean failed;

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			event("handle " + record.value());
			if (!this.failed) {
				this.failed = true;
				throw new IllegalStateException("once");
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ObservedLater extends Recording {

		final CompletableFuture<Void> future = new CompletableFuture<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		CompletableFuture<Void> handle(String value) {
			return this.future;
		}

	}

	/**
	 * Fails at what the property {@code test.fails} names.
	 */
	private abstract static class Failing extends Recording {

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		@Value("${test.fails}")
		private String when = "";

		@Override
		void event(String what) {
			super.event(what);
			if (what.startsWith(this.when)) {
				super.event("fails");
				throw new AssertionError("On purpose");
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FailingObservation extends Failing {

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(String value) {
			this.handled.add(value);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FailingObservationOfBatches extends Failing {

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}", batch = "true")
		void handle(List<String> values) {
			this.handled.addAll(values);
		}

		@Bean
		static ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> observed() {
			return (container) -> container.getContainerProperties().setRecordObservationsInBatch(true);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Logging {

		final Queue<Map<String, String>> contexts = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(String value) {
			Map<String, String> context = MDC.getCopyOfContextMap();
			this.contexts.add((context != null) ? Map.copyOf(context) : Map.of());
		}

	}

}
