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
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.IntegerDeserializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.listener.ConsumerRecordRecoverer;
import org.springframework.kafka.support.KafkaHeaders;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for records that are dead-lettered, or recovered by the user's own recoverer,
 * when they are not tried again.
 */
class RecoveryIntegrationTests {

	private static final String NAMED = "--kaffe.consumers.orders=";

	private static final String[] DEAD_LETTER = { NAMED, "--kaffe.failure.max-attempts=2",
			"--kaffe.failure.backoff.initial-interval=10ms", "--kaffe.failure.then=dead-letter" };

	@ParameterizedTest
	@ValueSource(
			strings = { "worker-per-topic-partition", "worker-per-partition", "worker-per-key", "worker-per-record" })
	void failedRecordsAreCompletedWhenTheirDeadLettersAre(String strategy) {
		try (ListenerApplication application = ListenerApplication.of(Picky.class)
			.with("kaffe.worker-allocation-strategy", strategy)
			.topic("orders", 2)
			.topic("orders-dlt", 2)) {
			String target = application.topic("orders") + "-dlt";
			application.with("kaffe.failure.dead-letter-topic", application.topic("orders-dlt"));
			application.send("orders", 0, 0, 20);
			application.send("orders", 1, 20, 40);
			ConfigurableApplicationContext context = application.start(DEAD_LETTER);
			await("all is committed").until(() -> Long.valueOf(20).equals(application.committed("orders", 0))
					&& Long.valueOf(20).equals(application.committed("orders", 1)));
			List<ConsumerRecord<byte[], byte[]>> letters = read(application, "orders-dlt", 2);
			assertThat(letters).as(target).hasSize(4);
			assertThat(letters).extracting((letter) -> letter.partition() + ":" + text(letter.value()))
				.containsExactlyInAnyOrder("0:7", "0:17", "1:27", "1:37");
			assertThat(letters).allSatisfy((letter) -> {
				assertThat(text(letter.key())).isEqualTo("key");
				assertThat(header(letter, KafkaHeaders.DLT_ORIGINAL_TOPIC)).isEqualTo(application.topic("orders"));
				assertThat(header(letter, KafkaHeaders.DLT_EXCEPTION_CAUSE_FQCN))
					.isEqualTo(IllegalArgumentException.class.getName());
			});
			Picky picky = context.getBean(Picky.class);
			assertThat(picky.attempts)
				.allSatisfy((value, attempts) -> assertThat(attempts).isEqualTo(value.endsWith("7") ? 2 : 1))
				.hasSize(40);
			assertThat(context.getBean(KaffeConsumers.class).failingRecords("orders")).isEmpty();
		}
	}

	@Test
	void deadLetterThatCannotBeSentHoldsUpItsWorkerOnly() {
		try (ListenerApplication application = ListenerApplication.of(Picky.class).topic("orders", 2)) {
			application.send("orders", 0, 0, 10);
			application.send("orders", 1, 20, 27);
			ConfigurableApplicationContext context = application.start(
					"--spring.kafka.producer.properties.max.block.ms=500",
					"--kaffe.failure.dead-letter-topic={topic}-missing", NAMED, "--kaffe.failure.max-attempts=1",
					"--kaffe.failure.backoff.initial-interval=10ms", "--kaffe.failure.then=dead-letter",
					"--kaffe.stall-threshold=100ms", "--kaffe.commit.interval=50ms");
			await("the others are committed").until(() -> Long.valueOf(7).equals(application.committed("orders", 1))
					&& Long.valueOf(7).equals(application.committed("orders", 0)));
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			await("it is seen")
				.untilAsserted(() -> assertThat(context.getBean(DefaultWorkerManager.class).problems().get("orders"))
					.singleElement()
					.asString()
					.startsWith("recovering: " + application.topic("orders") + "-0@7"));
			assertThat(consumers.failingRecords("orders")).singleElement()
				.extracting(FailingRecord::state)
				.isEqualTo(FailingRecord.State.RECOVERING);
			long before = System.nanoTime();
			ListenerApplication.container(context, "orders").stop();
			assertThat(Duration.ofNanos(System.nanoTime() - before)).as("of a drain timeout of 20 s")
				.isLessThan(Duration.ofSeconds(15));
			assertThat(application.committed("orders", 0)).isEqualTo(7);
		}
	}

	@Test
	void parkedRecordIsDeadLetteredWhenSomebodyWantsThat() {
		try (ListenerApplication application = ListenerApplication.of(Picky.class)
			.topic("orders", 1)
			.topic("orders-dlt", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start(NAMED, "--kaffe.failure.max-attempts=1",
					"--kaffe.failure.dead-letter-topic=" + application.topic("orders-dlt"));
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			await("it is parked").until(() -> consumers.failingRecords("orders")
				.stream()
				.anyMatch((record) -> record.state() == FailingRecord.State.PARKED));
			TopicPartition partition = new TopicPartition(application.topic("orders"), 0);
			assertThat(consumers.deadLetter("orders", partition, 6)).as("a record that does not fail").isFalse();
			assertThat(consumers.deadLetter("orders", partition, 7)).isTrue();
			await("all is committed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			assertThat(read(application, "orders-dlt", 1)).extracting((letter) -> text(letter.value()))
				.containsExactly("7");
		}
	}

	@Test
	void bytesThatCannotBeReadAreKeptInTheDeadLetter() {
		try (ListenerApplication application = ListenerApplication.of(Numbers.class)
			.topic("orders", 1)
			.topic("orders-dlt", 1)) {
			application.send("orders", 0, 0, 3);
			ConfigurableApplicationContext context = application.start(NAMED, "--kaffe.failure.then=dead-letter",
					"--spring.kafka.consumer.value-deserializer=" + IntegerDeserializer.class.getName(),
					"--kaffe.failure.dead-letter-topic=" + application.topic("orders-dlt"));
			await("all is committed").until(() -> Long.valueOf(3).equals(application.committed("orders", 0)));
			assertThat(context.getBean(Numbers.class).handled).as("no integer has one byte").isEmpty();
			assertThat(read(application, "orders-dlt", 1)).extracting((letter) -> text(letter.value()))
				.containsExactly("0", "1", "2");
		}
	}

	@Test
	void recovererOfTheUserTakesThePlaceOfWhatIsConfigured() {
		try (ListenerApplication application = ListenerApplication.of(Recovering.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 20);
			ConfigurableApplicationContext context = application.start(NAMED, "--kaffe.failure.max-attempts=2",
					"--kaffe.failure.backoff.initial-interval=10ms", "--kaffe.failure.then=stop");
			await("all is committed").until(() -> Long.valueOf(20).equals(application.committed("orders", 0)));
			assertThat(context.getBean(Recovering.class).recovered).as("the first recovery fails")
				.containsExactly("7", "7", "17");
			assertThat(context.getBean(Picky.class).attempts).containsEntry("7", 2).containsEntry("17", 2);
		}
	}

	private static List<ConsumerRecord<byte[], byte[]>> read(ListenerApplication application, String topic,
			int partitions) {
		Map<String, Object> config = Map.of("bootstrap.servers",
				String.valueOf(System.getProperty("spring.kafka.bootstrap-servers")));
		List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
		try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(),
				new ByteArrayDeserializer())) {
			Set<TopicPartition> assigned = new TreeSet<>(
					(one, other) -> Integer.compare(one.partition(), other.partition()));
			for (int partition = 0; partition < partitions; partition++) {
				assigned.add(new TopicPartition(application.topic(topic), partition));
			}
			consumer.assign(assigned);
			consumer.seekToBeginning(assigned);
			Map<TopicPartition, Long> ends = consumer.endOffsets(assigned);
			while (assigned.stream()
				.anyMatch((partition) -> consumer.position(partition) < ends.getOrDefault(partition, 0L))) {
				consumer.poll(Duration.ofMillis(100)).forEach(records::add);
			}
		}
		return records;
	}

	private static @Nullable String header(ConsumerRecord<?, ?> record, String name) {
		return (record.headers().lastHeader(name) != null) ? text(record.headers().lastHeader(name).value()) : null;
	}

	private static String text(byte[] bytes) {
		return new String(bytes, StandardCharsets.UTF_8);
	}

	@Configuration(proxyBeanMethods = false)
	static class Picky {

		final Map<String, Integer> attempts = new ConcurrentHashMap<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(String value) {
			this.attempts.merge(value, 1, Integer::sum);
			if (value.endsWith("7")) {
				throw new IllegalArgumentException("No sevens");
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Recovering extends Picky {

		final Queue<String> recovered = new ConcurrentLinkedQueue<>();

		@Bean
		ConsumerRecordRecoverer recoverer() {
			return (record, failure) -> {
				this.recovered.add(String.valueOf(record.value()));
				if (this.recovered.size() == 1) {
					throw new IllegalStateException("once");
				}
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Numbers {

		final Queue<Integer> handled = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(Integer value) {
			this.handled.add(value);
		}

	}

}
