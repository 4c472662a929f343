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

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.kafka.autoconfigure.KafkaConnectionDetails;
import org.springframework.boot.kafka.autoconfigure.KafkaProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.support.serializer.DeserializationException;
import org.springframework.kafka.support.serializer.ErrorHandlingDeserializer;

import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.table.ConsumerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for records that cannot be deserialized: the consumer goes on, their worker does
 * not, and they are neither lost nor delivered.
 */
class PoisonRecordsIntegrationTests {

	private static final String POISON = "poison";

	/** In partition 0 a poisonous value, in partition 2 a poisonous key. */
	private static final int AT = 5;

	private static final int COUNT = 12;

	/** Keys take turns, so the one of the poisonous value comes again at 9. */
	private static final int KEYS = 4;

	static Stream<Arguments> strategiesAndProtocols() {
		return Stream.of("worker-per-topic-partition", "worker-per-partition", "worker-per-key", "worker-per-record")
			.flatMap(
					(strategy) -> Stream.of("classic", "consumer").map((protocol) -> Arguments.of(strategy, protocol)));
	}

	@ParameterizedTest
	@MethodSource("strategiesAndProtocols")
	void poisonHoldsUpItsWorkerAndNothingElse(String strategy, String protocol) {
		try (ListenerApplication application = ListenerApplication.of(Handler.class)
			.with("spring.kafka.consumer.properties.group.protocol", protocol)
			.with("spring.kafka.consumer.key-deserializer", Picky.class.getName())
			.with("spring.kafka.consumer.value-deserializer", Picky.class.getName())) {
			poisonHoldsUpItsWorkerAndNothingElse(application, strategy);
		}
	}

	@ParameterizedTest
	@ValueSource(
			strings = { "worker-per-topic-partition", "worker-per-partition", "worker-per-key", "worker-per-record" })
	void itIsTheSameWithErrorHandlingDeserializers(String strategy) {
		try (ListenerApplication application = ListenerApplication.of(Handler.class)
			.with("spring.kafka.consumer.key-deserializer", ErrorHandlingDeserializer.class.getName())
			.with("spring.kafka.consumer.value-deserializer", ErrorHandlingDeserializer.class.getName())
			.with("spring.kafka.consumer.properties.spring.deserializer.key.delegate.class", Picky.class.getName())
			.with("spring.kafka.consumer.properties.spring.deserializer.value.delegate.class", Picky.class.getName())) {
			poisonHoldsUpItsWorkerAndNothingElse(application, strategy);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "worker-per-topic-partition", "worker-per-key" })
	void itIsTheSameWithDeserializersThatAreInstances(String strategy) {
		try (ListenerApplication application = ListenerApplication.of(Instances.class)) {
			poisonHoldsUpItsWorkerAndNothingElse(application, strategy);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "worker-per-topic-partition", "worker-per-key" })
	void itIsTheSameWithDeserializersThatAreSupplied(String strategy) {
		try (ListenerApplication application = ListenerApplication.of(Supplied.class)) {
			poisonHoldsUpItsWorkerAndNothingElse(application, strategy);
		}
	}

	private static void poisonHoldsUpItsWorkerAndNothingElse(ListenerApplication application, String strategy) {
		application.topic("orders", 3)
			.with("kaffe.consumers.orders.worker-allocation-strategy", strategy)
			.with("kaffe.commit.interval", "100ms")
			.with("kaffe.failure.backoff.initial-interval", "50ms");
		send(application, 0, COUNT, false);
		send(application, 1, COUNT, false);
		send(application, 2, COUNT, true);
		ConfigurableApplicationContext context = application.start();
		Handler handler = context.getBean(Handler.class);
		TreeSet<String> unfinished = new TreeSet<>(unfinished(strategy));
		await("all others are handled").until(() -> handler.handled.size() == 3 * COUNT - unfinished.size());
		awaitFailure(application, context, 0);
		awaitFailure(application, context, 2);
		application.send("orders", 1, COUNT, 2 * COUNT);
		await("the consumer goes on").until(() -> Long.valueOf(2 * COUNT).equals(application.committed("orders", 1)));
		await("what is before is committed, and not more").untilAsserted(() -> {
			assertThat(application.committed("orders", 0)).isEqualTo(AT);
			assertThat(application.committed("orders", 2)).isEqualTo(AT);
		});
		assertThat(handler.handled).doesNotHaveDuplicates().doesNotContainAnyElementsOf(unfinished);
		assertThat(handler.handled).hasSize(4 * COUNT - unfinished.size());
		if (!strategy.equals("worker-per-record")) {
			handler.assertOrderOfKeys();
		}
		assertPoisonIsShown(context);
		context.close();
		assertThat(application.committed("orders", 0)).isEqualTo(AT);
		Picky.tolerant.add(application.group());
		Handler again = application.start("--spring.kafka.consumer.properties.picky.id=" + application.group())
			.getBean(Handler.class);
		await("what was not finished comes again").until(() -> again.handled.size() >= unfinished.size());
		await("all is committed").until(() -> Long.valueOf(COUNT).equals(application.committed("orders", 0))
				&& Long.valueOf(COUNT).equals(application.committed("orders", 2)));
		assertThat(again.handled).as("and nothing else").containsExactlyInAnyOrderElementsOf(unfinished);
		if (!strategy.equals("worker-per-record")) {
			again.assertOrderOfKeys();
		}
	}

	private static void assertPoisonIsShown(ConfigurableApplicationContext context) {
		ConsumerSnapshot shown = Objects
			.requireNonNull(context.getBean(DefaultWorkerManager.class).table("orders", true));
		assertThat(shown.failures().failing()).hasSize(2).allSatisfy((failing) -> {
			assertThat(failing.exception()).isEqualTo(DeserializationException.class.getName());
			assertThat(failing.cause()).isEqualTo(IllegalStateException.class.getName());
			assertThat(failing.causeMessage()).isEqualTo("Not poison");
			assertThat(List.of(failing.key() + "", failing.value() + "")).contains(POISON);
			assertThat(failing.keySize()).isPositive();
			assertThat(failing.valueSize()).isPositive();
		});
	}

	private static List<String> unfinished(String strategy) {
		return switch (strategy) {
			case "worker-per-record" -> List.of("0@" + AT, "2@" + AT);
			case "worker-per-key" -> List.of("0@" + AT, "0@" + (AT + KEYS), "2@" + AT);
			default -> Stream.of(0, 2)
				.flatMap((partition) -> IntStream.range(AT, COUNT).mapToObj((offset) -> partition + "@" + offset))
				.toList();
		};
	}

	@ParameterizedTest
	@ValueSource(strings = { "classic", "consumer" })
	void partitionMayBeginWithPoisonAndHaveMoreOfItInARow(String protocol) {
		try (ListenerApplication application = ListenerApplication.of(Handler.class)
			.with("spring.kafka.consumer.properties.group.protocol", protocol)
			.with("spring.kafka.consumer.value-deserializer", Picky.class.getName())
			.with("kaffe.consumers.orders.worker-allocation-strategy", "worker-per-record")
			.topic("orders", 1)) {
			List<ProducerRecord<String, String>> records = new ArrayList<>();
			IntStream.range(0, 5).forEach((i) -> records.add(record(application, 0, "key", POISON)));
			records.add(record(application, 0, "key", "good"));
			records.add(record(application, 0, "key", POISON));
			records.add(record(application, 0, "key", null));
			records.add(record(application, 0, null, "good"));
			ListenerApplication.send(records);
			Handler handler = application.start().getBean(Handler.class);
			await("the others are handled").until(() -> handler.handled.size() == 3);
			assertThat(handler.handled).containsExactlyInAnyOrder("0@5", "0@7", "0@8");
			assertThat(application.committed("orders", 0)).isIn(null, 0L);
		}
	}

	@Test
	void recordWithPoisonousKeyAndValueIsUnreadableOnce() {
		try (ListenerApplication application = ListenerApplication.of(Handler.class)
			.with("spring.kafka.consumer.key-deserializer", Picky.class.getName())
			.with("spring.kafka.consumer.value-deserializer", Picky.class.getName())
			.with("kaffe.consumers.orders.worker-allocation-strategy", "worker-per-key")
			.topic("orders", 3)) {
			ListenerApplication
				.send(List.of(record(application, 0, POISON, POISON), record(application, 0, "key", "good")));
			ConfigurableApplicationContext context = application.start();
			Handler handler = context.getBean(Handler.class);
			await("the other is handled").until(() -> handler.handled.size() == 1);
			assertThat(handler.handled).containsExactly("0@1");
			await("it fails").untilAsserted(() -> assertThat(ListenerApplication.table(context, "orders").workers())
				.anySatisfy((worker) -> assertThat(worker.lastFailure()).isNotNull()
					.satisfies((failure) -> assertThat(failure.record())
						.isEqualTo(application.topic("orders") + "-0@0"))));
		}
	}

	@Test
	void recordAtWhichADeserializerThrowsAnErrorIsNotPassedOver() {
		try (ListenerApplication application = ListenerApplication.of(Handler.class)
			.with("spring.kafka.consumer.value-deserializer", Overflowing.class.getName())
			.with("kaffe.consumers.orders.worker-allocation-strategy", "worker-per-record")
			.topic("orders", 1)) {
			ListenerApplication.send(List.of(record(application, 0, "key", "good")));
			ConfigurableApplicationContext context = application.start();
			await("what is before is committed")
				.until(() -> Long.valueOf(1).equals(application.committed("orders", 0)));
			ListenerApplication.send(
					List.of(record(application, 0, "key", application.group()), record(application, 0, "key", "good")));
			await("it is met").until(() -> Overflowing.met.contains(application.group()));
			Handler handler = context.getBean(Handler.class);
			context.close();
			assertThat(handler.handled).containsOnly("0@0");
			assertThat(application.committed("orders", 0)).isEqualTo(1);
		}
	}

	private static void awaitFailure(ListenerApplication application, ConfigurableApplicationContext context,
			int partition) {
		await("it fails").untilAsserted(() -> assertThat(ListenerApplication.table(context, "orders").workers())
			.anySatisfy((worker) -> assertThat(worker.lastFailure()).isNotNull().satisfies((failure) -> {
				assertThat(failure.record()).isEqualTo(application.topic("orders") + "-" + partition + "@" + AT);
				assertThat(failure.exception()).isEqualTo(DeserializationException.class.getName());
			})));
	}

	/**
	 * Send records to a partition, keys taking turns; those of partition 0 and 2 have one
	 * that cannot be read.
	 */
	private static void send(ListenerApplication application, int partition, int count, boolean key) {
		List<ProducerRecord<String, String>> records = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			boolean poison = i == AT && partition != 1;
			records.add(record(application, partition, (poison && key) ? POISON : partition + "-" + (i % KEYS),
					(poison && !key) ? POISON : Integer.toString(i)));
		}
		ListenerApplication.send(records);
	}

	private static ProducerRecord<String, String> record(ListenerApplication application, int partition,
			@Nullable String key, @Nullable String value) {
		return new ProducerRecord<>(application.topic("orders"), partition, key, value);
	}

	@Configuration(proxyBeanMethods = false)
	static class Handler {

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		final Queue<ConsumerRecord<String, String>> records = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			this.records.add(record);
			this.handled.add(record.partition() + "@" + record.offset());
		}

		void assertOrderOfKeys() {
			Map<String, Long> last = new HashMap<>();
			for (ConsumerRecord<String, String> record : this.records) {
				if (record.key() != null) {
					Long before = last.put(record.partition() + record.key(), record.offset());
					assertThat(record.offset()).as("after %s", before).isGreaterThan((before != null) ? before : -1);
				}
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import(Handler.class)
	static class Instances {

		@Bean
		DefaultKafkaConsumerFactory<Object, Object> consumerFactory(KafkaProperties properties,
				KafkaConnectionDetails details) {
			Map<String, Object> configuration = configuration(properties, details);
			return new DefaultKafkaConsumerFactory<>(configuration, anyType(new Picky()), anyType(new Picky()));
		}

		@SuppressWarnings("unchecked")
		static Deserializer<Object> anyType(Deserializer<?> deserializer) {
			return (Deserializer<Object>) deserializer;
		}

		static Map<String, Object> configuration(KafkaProperties properties, KafkaConnectionDetails details) {
			Map<String, Object> configuration = properties.buildConsumerProperties();
			configuration.put("bootstrap.servers", details.getConsumer().getBootstrapServers());
			return configuration;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import(Handler.class)
	static class Supplied {

		@Bean
		DefaultKafkaConsumerFactory<Object, Object> consumerFactory(KafkaProperties properties,
				KafkaConnectionDetails details) {
			return new DefaultKafkaConsumerFactory<>(Instances.configuration(properties, details),
					() -> Instances.anyType(new Picky()), () -> Instances.anyType(new Picky()));
		}

	}

	/**
	 * Reads anything but poison, until its application is tolerant.
	 */
	public static class Picky implements Deserializer<String> {

		static final Queue<String> tolerant = new ConcurrentLinkedQueue<>();

		private boolean tolerates;

		@Override
		public void configure(Map<String, ?> configuration, boolean key) {
			Object id = configuration.get("picky.id");
			this.tolerates = id != null && tolerant.contains(id.toString());
		}

		@Override
		public @Nullable String deserialize(String topic, byte @Nullable [] data) {
			if (data == null) {
				return null;
			}
			String text = new String(data, StandardCharsets.UTF_8);
			if (text.equals(POISON) && !this.tolerates) {
				throw new IllegalStateException("Not " + text);
			}
			return text;
		}

	}

	/**
	 * Throws an error at the name of a group.
	 */
	public static class Overflowing extends Picky {

		static final Queue<String> met = new ConcurrentLinkedQueue<>();

		@Override
		public @Nullable String deserialize(String topic, byte @Nullable [] data) {
			String text = super.deserialize(topic, data);
			if (text != null && text.startsWith("group-")) {
				met.add(text);
				throw new StackOverflowError();
			}
			return text;
		}

	}

}
