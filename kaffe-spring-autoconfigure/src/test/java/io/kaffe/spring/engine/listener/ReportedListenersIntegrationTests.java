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

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.support.micrometer.KafkaRecordReceiverContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what timers and observations report of listeners: in one service, a listener
 * with workers and the same listener without them, named {@code adopted} and
 * {@code plain}, are compared.
 */
class ReportedListenersIntegrationTests {

	private static final String ADOPTED = "--kaffe.consumers.adopted=";

	private static final String QUICK = "--kaffe.failure.backoff.initial-interval=10ms";

	private static final String OBSERVED = "--spring.kafka.listener.observation-enabled=true";

	@Test
	void timersAreThoseOfAListenerWithoutWorkers() {
		try (ListenerApplication application = ListenerApplication.of(Listeners.class, Records.class)
			.topic("orders", 2)) {
			ConfigurableApplicationContext context = start(application, 2);
			application.send("orders", 0, 0, 3);
			application.send("orders", 1, 3, 5);
			SortedMap<String, Long> timers = awaitTimers(context, 5, 1);
			assertThat(timers).containsEntry("Kafka Listener Timer exception=none name=plain-0 result=success", 3L)
				.containsEntry("Kafka Listener Timer exception=IllegalStateException name=plain-0 result=failure", 1L)
				.containsEntry("Kafka Listener Timer exception=none name=plain-1 result=success", 2L)
				.hasSize(3);
			assertThat(timers(context, "adopted")).isEqualTo(timers);
			ListenerApplication.container(context, "plain").stop();
			ListenerApplication.container(context, "adopted").stop();
			assertThat(timers(context, "plain")).isEmpty();
			assertThat(timers(context, "adopted")).as("while it is stopped").isEmpty();
		}
	}

	@Test
	void tagsOfTheContainerAndOfRecordsAreAdded() {
		try (ListenerApplication application = ListenerApplication.of(Listeners.class, Records.class, Tagged.class)
			.topic("orders", 2)) {
			ConfigurableApplicationContext context = start(application, 2);
			application.send("orders", 0, 0, 3);
			application.send("orders", 1, 3, 5);
			SortedMap<String, Long> timers = awaitTimers(context, 5, 1);
			assertThat(timers)
				.containsEntry("Kafka Listener Timer exception=none name=plain-0 partition=0 result=success team=shop",
						3L)
				.hasSize(5);
			assertThat(timers(context, "adopted")).isEqualTo(timers);
		}
	}

	@Test
	void batchesAreTimedByTheCall() {
		try (ListenerApplication application = ListenerApplication.of(Listeners.class, Batches.class, Tagged.class)
			.topic("orders", 1)) {
			ConfigurableApplicationContext context = start(application, 1, OBSERVED);
			application.send("orders", 0, 0, 20);
			Batches batches = context.getBean(Batches.class);
			for (String name : List.of("adopted", "plain")) {
				await("all batches").untilAsserted(() -> {
					assertThat(batches.records(name)).hasValue(20);
					assertThat(timers(context, name)).containsEntry(
							"Kafka Listener Timer exception=none name=plain-0 result=success team=shop",
							batches.calls(name).longValue() - 1);
				});
			}
			assertThat(timers(context, "plain")).containsEntry(
					"Kafka Listener Timer exception=IllegalStateException name=plain-0 result=failure team=shop", 1L)
				.hasSize(2);
			assertThat(timers(context, "adopted").keySet()).isEqualTo(timers(context, "plain").keySet());
			assertThat(context.getBean(Listeners.class).observed).as("records of batches, by default").isEmpty();
		}
	}

	@Test
	void asynchronousListenersAreTimedUntilTheCallReturns() {
		try (ListenerApplication application = ListenerApplication.of(Listeners.class, Futures.class)
			.topic("orders", 1)) {
			ConfigurableApplicationContext context = start(application, 1);
			application.send("orders", 0, 0, 1);
			SortedMap<String, Long> timers = awaitTimers(context, 1, 0);
			assertThat(timers).isEqualTo(Map.of("Kafka Listener Timer exception=none name=plain-0 result=success", 1L));
			assertThat(timers(context, "adopted")).isEqualTo(timers);
			context.getBean(Futures.class).answer.complete(null);
		}
	}

	@Test
	void nothingIsTimedIfThatIsSwitchedOff() {
		try (ListenerApplication application = ListenerApplication.of(Listeners.class, Records.class, Untimed.class)
			.topic("orders", 2)) {
			ConfigurableApplicationContext context = start(application, 2);
			application.send("orders", 0, 0, 3);
			for (String name : List.of("adopted", "plain")) {
				await("it is handled")
					.untilAsserted(() -> assertThat(context.getBean(Records.class).handled(name)).hasValue(3));
				assertThat(timers(context, name)).isEmpty();
			}
		}
	}

	@Test
	void observationsHaveTheNamesOfAListenerWithoutWorkers() throws Exception {
		try (ListenerApplication application = ListenerApplication.of(Listeners.class, Records.class)
			.topic("orders", 2)) {
			ConfigurableApplicationContext context = start(application, 2, OBSERVED);
			application.send("orders", 0, 0, 3);
			application.send("orders", 1, 3, 5);
			List<String> observed = awaitObserved(context, 6);
			assertThat(observed.get(0)).contains("spring.kafka.listener.id=plain-0",
					"messaging.kafka.client_id=plain-client-0", "messaging.consumer.id=",
					"messaging.kafka.consumer.group=plain-", "Apache Kafka: " + cluster(application));
			assertThat(observed).anyMatch((text) -> text.endsWith("failed with IllegalStateException"));
			assertThat(context.getBean(Listeners.class).observed("adopted")).isEqualTo(observed);
			List<String> ids = context.getBean(MeterRegistry.class)
				.get("spring.kafka.listener")
				.timers()
				.stream()
				.map((timer) -> text(timer.getId().getTags()))
				.toList();
			assertThat(ids).as("made of the observations")
				.isNotEmpty()
				.allMatch((id) -> id.contains("spring.kafka.listener.id="));
			assertThat(
					ids.stream().filter((id) -> id.contains("adopted")).map(ReportedListenersIntegrationTests::asPlain))
				.containsExactlyInAnyOrderElementsOf(ids.stream().filter((id) -> id.contains("plain")).toList());
		}
	}

	@Test
	void recordsOfBatchesAreObservedIfThatIsSwitchedOn() {
		try (ListenerApplication application = ListenerApplication
			.of(Listeners.class, SucceedingBatches.class, ObservedBatches.class)
			.topic("orders", 1)) {
			ConfigurableApplicationContext context = start(application, 1, OBSERVED);
			application.send("orders", 0, 0, 3);
			List<String> observed = awaitObserved(context, 3);
			assertThat(context.getBean(Listeners.class).observed("adopted")).isEqualTo(observed);
		}
	}

	private static ConfigurableApplicationContext start(ListenerApplication application, int threads, String... more) {
		List<String> arguments = new ArrayList<>(
				List.of(ADOPTED, QUICK, "--spring.kafka.listener.concurrency=" + threads));
		arguments.addAll(List.of(more));
		ConfigurableApplicationContext context = application.start(arguments.toArray(String[]::new));
		// So that each consumer has the same partitions with workers and without them.
		ListenerApplication.awaitPolling(context, "adopted", threads);
		ListenerApplication.awaitPolling(context, "plain", threads);
		return context;
	}

	/**
	 * Return what timers of the listener without workers have counted, when those of both
	 * have counted all.
	 */
	private static SortedMap<String, Long> awaitTimers(ConfigurableApplicationContext context, int successes,
			int failures) {
		for (String name : List.of("adopted", "plain")) {
			await("all is timed").untilAsserted(
					() -> assertThat(timers(context, name).values().stream().mapToLong(Long::longValue).sum()).as(name)
						.isEqualTo(successes + failures));
		}
		return timers(context, "plain");
	}

	private static List<String> awaitObserved(ConfigurableApplicationContext context, int size) {
		Listeners listeners = context.getBean(Listeners.class);
		for (String name : List.of("adopted", "plain")) {
			await("all is observed").untilAsserted(() -> assertThat(listeners.observed(name)).as(name).hasSize(size));
		}
		return listeners.observed("plain");
	}

	/**
	 * Return what the timers of a listener have counted, by their description and tags,
	 * as if the listener was the one without workers.
	 */
	private static SortedMap<String, Long> timers(ConfigurableApplicationContext context, String name) {
		return context.getBean(MeterRegistry.class)
			.find("spring.kafka.listener")
			.timers()
			.stream()
			.filter((timer) -> Objects.requireNonNullElse(timer.getId().getTag("name"), "").startsWith(name))
			.collect(Collectors.toMap(
					(timer) -> asPlain(timer.getId().getDescription() + " " + text(timer.getId().getTags())),
					Timer::count, Long::sum, TreeMap::new));
	}

	private static String text(List<Tag> tags) {
		return tags.stream()
			.map((tag) -> tag.getKey() + "=" + tag.getValue())
			.sorted()
			.collect(Collectors.joining(" "));
	}

	private static String asPlain(String text) {
		return text.replace("adopted", "plain");
	}

	private static String cluster(ListenerApplication application) throws Exception {
		try (Admin admin = application.admin()) {
			return admin.describeCluster().clusterId().get();
		}
	}

	/**
	 * Remembers what is observed.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Listeners implements ObservationHandler<KafkaRecordReceiverContext> {

		final Queue<String> observed = new ConcurrentLinkedQueue<>();

		@Override
		public boolean supportsContext(Observation.Context context) {
			return context instanceof KafkaRecordReceiverContext;
		}

		@Override
		public void onStop(KafkaRecordReceiverContext context) {
			Throwable error = context.getError();
			this.observed.add(text(context.getLowCardinalityKeyValues()) + " / "
					+ text(context.getHighCardinalityKeyValues()) + " / " + context.getRemoteServiceName()
					+ ((error != null) ? " failed with " + error.getClass().getSimpleName() : ""));
		}

		private static String text(KeyValues values) {
			return values.stream().map(KeyValue::toString).sorted().collect(Collectors.joining(" "));
		}

		/**
		 * Return what was observed of a listener, in the order of texts, as if it was the
		 * one without workers.
		 */
		List<String> observed(String name) {
			return this.observed.stream()
				.filter((text) -> text.contains("listener.id=" + name))
				.map(ReportedListenersIntegrationTests::asPlain)
				.sorted()
				.toList();
		}

	}

	/**
	 * Fail once, at the record 1.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Records {

		private final Map<String, AtomicInteger> handled = new ConcurrentHashMap<>();

		private final Map<String, Boolean> failed = new ConcurrentHashMap<>();

		@KafkaListener(id = "adopted", groupId = "adopted-${test.id}", clientIdPrefix = "adopted-client",
				topics = "orders-${test.id}")
		void adopted(String value) {
			handle("adopted", value);
		}

		@KafkaListener(id = "plain", groupId = "plain-${test.id}", clientIdPrefix = "plain-client",
				topics = "orders-${test.id}")
		void plain(String value) {
			handle("plain", value);
		}

		private void handle(String name, String value) {
			if (value.equals("1") && this.failed.put(name, true) == null) {
				throw new IllegalStateException("On purpose");
			}
			handled(name).incrementAndGet();
		}

		AtomicInteger handled(String name) {
			return this.handled.computeIfAbsent(name, (key) -> new AtomicInteger());
		}

	}

	/**
	 * Fail once, with the first batch.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Batches {

		private final Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();

		private final Map<String, AtomicInteger> records = new ConcurrentHashMap<>();

		@KafkaListener(id = "adopted", groupId = "adopted-${test.id}", topics = "orders-${test.id}", batch = "true")
		void adopted(List<ConsumerRecord<String, String>> records) {
			handle("adopted", records);
		}

		@KafkaListener(id = "plain", groupId = "plain-${test.id}", topics = "orders-${test.id}", batch = "true")
		void plain(List<ConsumerRecord<String, String>> records) {
			handle("plain", records);
		}

		private void handle(String name, List<ConsumerRecord<String, String>> records) {
			if (calls(name).incrementAndGet() == 1) {
				throw new IllegalStateException("On purpose");
			}
			records(name).addAndGet(records.size());
		}

		AtomicInteger calls(String name) {
			return this.calls.computeIfAbsent(name, (key) -> new AtomicInteger());
		}

		AtomicInteger records(String name) {
			return this.records.computeIfAbsent(name, (key) -> new AtomicInteger());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class SucceedingBatches {

		@KafkaListener(id = "adopted", groupId = "adopted-${test.id}", clientIdPrefix = "adopted-client",
				topics = "orders-${test.id}", batch = "true")
		void adopted(List<String> values) {
		}

		@KafkaListener(id = "plain", groupId = "plain-${test.id}", clientIdPrefix = "plain-client",
				topics = "orders-${test.id}", batch = "true")
		void plain(List<String> values) {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Futures {

		final CompletableFuture<Void> answer = new CompletableFuture<>();

		@KafkaListener(id = "adopted", groupId = "adopted-${test.id}", topics = "orders-${test.id}")
		CompletableFuture<Void> adopted(String value) {
			return this.answer;
		}

		@KafkaListener(id = "plain", groupId = "plain-${test.id}", topics = "orders-${test.id}")
		CompletableFuture<Void> plain(String value) {
			return this.answer;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Tagged {

		@Bean
		ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> tagging() {
			return (container) -> {
				ContainerProperties properties = container.getContainerProperties();
				properties.setMicrometerTags(Map.of("team", "shop"));
				properties
					.setMicrometerTagsProvider((record) -> Map.of("partition", Integer.toString(record.partition())));
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Untimed {

		@Bean
		ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> untimed() {
			return (container) -> container.getContainerProperties().setMicrometerEnabled(false);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ObservedBatches {

		@Bean
		ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> observed() {
			return (container) -> container.getContainerProperties().setRecordObservationsInBatch(true);
		}

	}

}
