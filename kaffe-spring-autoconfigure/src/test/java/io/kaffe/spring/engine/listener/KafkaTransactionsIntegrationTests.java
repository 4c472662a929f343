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

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.kafka.autoconfigure.DefaultKafkaProducerFactoryCustomizer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.messaging.handler.annotation.SendTo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for attempts in Kafka transactions, as consumers see them that read committed
 * records only.
 */
class KafkaTransactionsIntegrationTests {

	private static final String SERVERS = System.getProperty("spring.kafka.bootstrap-servers");

	private final ListenerApplication application = ListenerApplication.of(Service.class)
		.topic("orders", 3)
		.topic("results", 3)
		.topic("questions", 1)
		.topic("answers", 1)
		.topic("parcels", 1)
		.topic("labels", 1)
		.topic("letters", 1)
		.with("kaffe.adopt", "all")
		.with("kaffe.worker-allocation-strategy", "worker-per-key")
		.with("kaffe.failure.backoff.initial-interval", "10ms")
		.with("spring.kafka.producer.properties.transaction.timeout.ms", "10000")
		.with("spring.kafka.consumer.isolation-level", "read_committed");

	@AfterEach
	void stop() {
		this.application.close();
	}

	@Test
	void everyRecordHasOneResultAndAbortedAttemptsHaveNone() {
		send(60);
		ConfigurableApplicationContext context = start();
		awaitCommitted(20, 20, 20);
		assertThat(context.getBean(Service.class).aborted).as("attempts that failed after they had sent")
			.hasPositiveValue();
		assertEachOnceAndInOrder(60);
	}

	@Test
	void repliesArePartOfTheTransaction() {
		this.application.send("questions", 0, 0, 10);
		start();
		await().until(() -> Long.valueOf(10).equals(this.application.committed("questions", 0)));
		assertThat(results("answers").stream().map(ConsumerRecord::value))
			.containsExactlyElementsOf(IntStream.range(0, 10).mapToObj((number) -> "answer " + number).toList());
	}

	@Test
	void everyRecordHasOneResultThoughInstancesComeAndGo() {
		send(600);
		ConfigurableApplicationContext first = start("--kaffe.drain-timeout=100ms");
		awaitResults(50);
		ConfigurableApplicationContext second = start("--kaffe.drain-timeout=100ms");
		awaitResults(150);
		first.close();
		ConfigurableApplicationContext third = start();
		awaitResults(300);
		second.close();
		awaitCommitted(200, 200, 200);
		assertThat(third.isRunning()).isTrue();
		assertEachOnceAndInOrder(600);
	}

	@Test
	void handlerThatOutlastsItsAssignmentLeavesNothing() throws InterruptedException {
		send(6);
		ConfigurableApplicationContext first = start("--kaffe.drain-timeout=100ms", "--test.held=2");
		Service holding = first.getBean(Service.class);
		assertThat(holding.holding.await(30, TimeUnit.SECONDS)).isTrue();
		ConfigurableApplicationContext second = start();
		ListenerApplication.container(first, "orders").stop();
		awaitCommitted(2, 2, 2);
		holding.release.countDown();
		await().until(() -> holding.ended.get() == 1);
		assertThat(second.isRunning()).isTrue();
		first.close();
		assertThat(results("results")).hasSize(6);
		assertEachOnceAndInOrder(6);
	}

	@Test
	void batchIsOneTransaction() {
		this.application.send("parcels", 0, 0, 10);
		start();
		await().until(() -> Long.valueOf(10).equals(this.application.committed("parcels", 0)));
		assertThat(results("labels").stream().map(ConsumerRecord::value))
			.containsExactlyElementsOf(IntStream.range(0, 10).mapToObj(Integer::toString).toList());
	}

	@Test
	void deadLettersArePartOfTheTransactionThatPassesTheirRecord() {
		ListenerApplication.send(List.of(new ProducerRecord<>(this.application.topic("orders"), 0, "key", "poison"),
				new ProducerRecord<>(this.application.topic("orders"), 0, "key", "1")));
		start("--kaffe.failure.max-attempts=2", "--kaffe.failure.then=dead-letter",
				"--kaffe.failure.dead-letter-topic=" + this.application.topic("letters"));
		await().until(() -> Long.valueOf(2).equals(this.application.committed("orders", 0)));
		assertThat(results("letters").stream().map(ConsumerRecord::value)).containsExactly("poison");
		assertThat(results("results").stream().map(ConsumerRecord::value)).containsExactly("1");
	}

	@Test
	void markersOfTransactionsArePassed() {
		this.application.sendInTransaction("orders", 0, 1, 4);
		start();
		await("3 records and a marker are passed")
			.until(() -> Long.valueOf(4).equals(this.application.committed("orders", 0)));
		assertThat(results("results").stream().map(ConsumerRecord::value)).containsExactly("1", "2", "3");
	}

	@Test
	void commitThatIsNotAnsweredIsReadBackFromTheBroker() {
		send(12);
		Service service = start("--test.unanswered=3").getBean(Service.class);
		awaitCommitted(4, 4, 4);
		assertThat(service.unanswered).hasNonPositiveValue();
		assertThat(service.calls.get() - service.aborted.get()).as("attempts that did not fail").isEqualTo(12);
		assertEachOnceAndInOrder(12);
	}

	private void awaitResults(int number) {
		await().atMost(Duration.ofMinutes(1)).until(() -> results("results").size() >= number);
	}

	private ConfigurableApplicationContext start(String... more) {
		List<String> arguments = new ArrayList<>(List.of(more));
		arguments.add("--spring.kafka.producer.transaction-id-prefix=" + UUID.randomUUID().toString().substring(0, 8));
		return this.application.start(arguments.toArray(String[]::new));
	}

	/**
	 * Send records of six keys, two in each partition.
	 */
	private void send(int records) {
		List<ProducerRecord<String, String>> all = new ArrayList<>();
		for (int number = 0; number < records; number++) {
			all.add(new ProducerRecord<>(this.application.topic("orders"), number % 3, "key-" + number % 6,
					Integer.toString(number)));
		}
		ListenerApplication.send(all);
	}

	private void awaitCommitted(long... offsets) {
		await().atMost(Duration.ofMinutes(1))
			.untilAsserted(() -> assertThat(IntStream.range(0, offsets.length)
				.mapToObj((partition) -> this.application.committed("orders", partition))
				.map((committed) -> (committed != null) ? committed : 0L))
				.containsExactly(Arrays.stream(offsets).boxed().toArray(Long[]::new)));
	}

	private void assertEachOnceAndInOrder(int records) {
		Map<String, List<Integer>> byKey = new HashMap<>();
		results("results").forEach((result) -> byKey.computeIfAbsent(result.key(), (key) -> new ArrayList<>())
			.add(Integer.valueOf(result.value())));
		Map<String, List<Integer>> expected = new HashMap<>();
		IntStream.range(0, records)
			.forEach((number) -> expected.computeIfAbsent("key-" + number % 6, (key) -> new ArrayList<>()).add(number));
		assertThat(byKey).isEqualTo(expected);
	}

	/**
	 * Read what is committed, to the end.
	 */
	private List<ConsumerRecord<String, String>> results(String topic) {
		List<ConsumerRecord<String, String>> results = new ArrayList<>();
		Map<String, Object> configuration = Map.of("bootstrap.servers", SERVERS, "isolation.level", "read_committed",
				"auto.offset.reset", "earliest");
		try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(configuration, new StringDeserializer(),
				new StringDeserializer())) {
			List<TopicPartition> partitions = consumer.partitionsFor(this.application.topic(topic))
				.stream()
				.map((partition) -> new TopicPartition(partition.topic(), partition.partition()))
				.toList();
			consumer.assign(partitions);
			Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
			while (partitions.stream()
				.anyMatch((partition) -> consumer.position(partition) < ends.getOrDefault(partition, 0L))) {
				consumer.poll(Duration.ofMillis(100)).forEach(results::add);
			}
		}
		return results;
	}

	@Configuration(proxyBeanMethods = false)
	static class Service {

		final AtomicInteger calls = new AtomicInteger();

		final AtomicInteger aborted = new AtomicInteger();

		/** How many commits are not answered. */
		final AtomicInteger unanswered = new AtomicInteger();

		private final Set<String> failed = ConcurrentHashMap.newKeySet();

		private @Nullable KafkaTemplate<String, String> template;

		final CountDownLatch holding = new CountDownLatch(1);

		final CountDownLatch release = new CountDownLatch(1);

		final AtomicInteger ended = new AtomicInteger();

		@Value("${test.held:none}")
		private String held = "none";

		@Bean
		Object sender(KafkaTemplate<String, String> template) {
			this.template = template;
			return new Object();
		}

		@Bean
		DefaultKafkaProducerFactoryCustomizer commits(@Value("${test.unanswered:0}") int unanswered) {
			this.unanswered.set(unanswered);
			return this::leaveUnanswered;
		}

		private <K, V> void leaveUnanswered(DefaultKafkaProducerFactory<K, V> factory) {
			factory.addPostProcessor(this::leavingUnanswered);
		}

		@SuppressWarnings("unchecked")
		private <K, V> Producer<K, V> leavingUnanswered(Producer<K, V> producer) {
			return (Producer<K, V>) Proxy.newProxyInstance(Service.class.getClassLoader(),
					new Class<?>[] { Producer.class }, (proxy, method, arguments) -> call(producer, method, arguments));
		}

		private @Nullable Object call(Object producer, Method method, @Nullable Object @Nullable [] arguments)
				throws Throwable {
			try {
				Object result = method.invoke(producer, arguments);
				if (method.getName().equals("commitTransaction") && this.unanswered.getAndDecrement() > 0) {
					throw new TimeoutException("It was committed");
				}
				return result;
			}
			catch (InvocationTargetException ex) {
				throw ex.getTargetException();
			}
		}

		@KafkaListener(id = "orders", topics = "orders-${test.id}", idIsGroup = false, concurrency = "2")
		void handle(ConsumerRecord<String, String> order) throws InterruptedException {
			this.calls.incrementAndGet();
			Thread.sleep(order.value().endsWith("9") ? 300 : ThreadLocalRandom.current().nextInt(5));
			String results = order.topic().replace("orders", "results");
			Objects.requireNonNull(this.template).send(results, order.key(), order.value());
			if (order.value().equals(this.held)) {
				this.holding.countDown();
				this.release.await();
				this.ended.incrementAndGet();
			}
			if (order.value().equals("poison")) {
				throw new IllegalStateException("Always");
			}
			if (Integer.parseInt(order.value()) % 7 == 0 && this.failed.add(order.value())) {
				this.aborted.incrementAndGet();
				throw new IllegalStateException("After the result was sent");
			}
		}

		@KafkaListener(id = "parcels", topics = "parcels-${test.id}", idIsGroup = false, batch = "true")
		void label(List<ConsumerRecord<String, String>> parcels) {
			for (ConsumerRecord<String, String> parcel : parcels) {
				Objects.requireNonNull(this.template)
					.send(parcel.topic().replace("parcels", "labels"), parcel.key(), parcel.value());
				if (parcel.value().equals("6") && this.failed.add("parcel 6")) {
					throw new BatchListenerFailedException("After its label was sent", parcel);
				}
			}
		}

		@KafkaListener(id = "questions", topics = "questions-${test.id}", idIsGroup = false)
		@SendTo("answers-${test.id}")
		String answer(String question) {
			return "answer " + question;
		}

	}

}
