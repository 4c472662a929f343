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

import java.lang.reflect.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.support.converter.BatchMessageConverter;
import org.springframework.kafka.support.converter.BatchMessagingMessageConverter;
import org.springframework.kafka.support.converter.MessagingMessageConverter;
import org.springframework.messaging.Message;
import org.springframework.messaging.handler.annotation.Header;

import io.kaffe.spring.BatchResult;
import io.kaffe.spring.engine.adapter.BatchRecordHandlerListener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for listeners and handlers that take batches.
 */
class BatchListenersIntegrationTests {

	private static final int RECORDS = 400;

	private static final int KEYS = 10;

	@ParameterizedTest
	@ValueSource(
			strings = { "worker-per-topic-partition", "worker-per-partition", "worker-per-key", "worker-per-record" })
	void batchesAreFullInOrderAndHandledOnce(String strategy) {
		try (ListenerApplication application = application(Checking.class)
			.with("kaffe.worker-allocation-strategy", strategy)
			.with("kaffe.batch.max-size", 50)
			.topic("orders", 2)
			.topic("refunds", 2)) {
			ConfigurableApplicationContext context = application.start("--spring.kafka.listener.concurrency=2");
			ListenerApplication.awaitPolling(context, "orders", 2);
			List<String> keys = IntStream.range(0, RECORDS).mapToObj((number) -> "key-" + number % KEYS).toList();
			for (int partition = 0; partition < 2; partition++) {
				application.sendWithKeys("orders", partition, keys);
				application.sendWithKeys("refunds", partition, keys);
			}
			Checking listener = context.getBean(Checking.class);
			await("all are buffered")
				.until(() -> ListenerApplication.table(context, "orders").load().buffered().records() == 4 * RECORDS);
			listener.open.countDown();
			await("all are handled").until(() -> listener.handled.size() >= 4 * RECORDS);
			await("all is committed").until(() -> Long.valueOf(RECORDS).equals(application.committed("orders", 1))
					&& Long.valueOf(RECORDS).equals(application.committed("orders", 0))
					&& Long.valueOf(RECORDS).equals(application.committed("refunds", 0))
					&& Long.valueOf(RECORDS).equals(application.committed("refunds", 1)));
			assertThat(listener.handled).hasSize(4 * RECORDS).doesNotHaveDuplicates();
			assertThat(listener.sizes).allMatch((size) -> size <= 50).anyMatch((size) -> size > 10);
			if (strategy.equals("worker-per-key")) {
				assertThat(listener.mostKeys).as("keys of a batch").hasValue(1);
			}
			if (!strategy.equals("worker-per-record")) {
				assertThat(listener.disorders).as("records of a key and a partition").hasValue(0);
				assertThat(listener.overlaps).as("batches with the same key and partition").hasValue(0);
			}
		}
	}

	@Test
	void batchIsNoLargerThanAPollByDefault() {
		try (ListenerApplication application = application(Checking.class).topic("orders", 1).topic("refunds", 1)) {
			application.send("orders", 0, 0, 60);
			ConfigurableApplicationContext context = application.start("--spring.kafka.consumer.max-poll-records=5");
			Checking listener = context.getBean(Checking.class);
			await("all are buffered")
				.until(() -> ListenerApplication.table(context, "orders").load().buffered().records() == 60);
			listener.open.countDown();
			await("all are committed").until(() -> Long.valueOf(60).equals(application.committed("orders", 0)));
			assertThat(listener.sizes).contains(5).allMatch((size) -> size <= 5);
		}
	}

	@ParameterizedTest
	@ValueSource(
			strings = { "worker-per-topic-partition", "worker-per-partition", "worker-per-key", "worker-per-record" })
	void listenersTakeBatchesInAllTheirShapes(String strategy) {
		List<String> shapes = List.of("payloads", "messages", "records", "polled");
		ListenerApplication application = ListenerApplication.of(Shapes.class)
			.with("kaffe.commit.interval", "50ms")
			.with("spring.kafka.listener.type", "batch")
			.with("kaffe.worker-allocation-strategy", strategy);
		shapes.forEach((shape) -> application.with("kaffe.consumers." + shape, "").topic(shape, 1));
		try (application) {
			shapes.forEach((shape) -> application.send(shape, 0, 0, 5));
			ConfigurableApplicationContext context = application.start();
			shapes
				.forEach((shape) -> await(shape).until(() -> Long.valueOf(5).equals(application.committed(shape, 0))));
			Map<String, Queue<String>> handled = context.getBean(Shapes.class).handled;
			assertThat(handled).containsOnlyKeys(shapes);
			assertThat(handled.get("payloads")).containsExactlyInAnyOrder("0@0", "1@1", "2@2", "3@3", "4@4");
			assertThat(handled.get("messages")).containsExactlyInAnyOrder("0@0", "1@1", "2@2", "3@3", "4@4");
			assertThat(handled.get("records")).containsExactlyInAnyOrder("0@0", "1@1", "2@2", "3@3", "4@4");
			assertThat(handled.get("polled")).containsExactlyInAnyOrder("0@0", "1@1", "2@2", "3@3", "4@4");
		}
	}

	@Test
	void batchMessageConverterOfTheApplicationIsUsed() {
		try (ListenerApplication application = application(Converting.class).with("spring.kafka.listener.type", "batch")
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 3);
			ConfigurableApplicationContext context = application.start();
			await("all are committed").until(() -> Long.valueOf(3).equals(application.committed("orders", 0)));
			assertThat(context.getBean(Converting.class).handled).containsExactly(0, 10, 20);
		}
	}

	@Test
	void listenerAcknowledgesPartsOfABatch() {
		try (ListenerApplication application = application(Acknowledging.class)
			.with("spring.kafka.listener.ack-mode", "manual")
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start("--kaffe.batch.max-wait=1h",
					"--kaffe.batch.max-size=10");
			Acknowledging listener = context.getBean(Acknowledging.class);
			await("the batch is delivered").until(() -> listener.acknowledgments.size() == 1);
			Acknowledgment acknowledgment = listener.acknowledgments.get(0);
			acknowledgment.acknowledge(3);
			await("up to the index").until(() -> Long.valueOf(4).equals(application.committed("orders", 0)));
			acknowledgment.acknowledge();
			await("all of it").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
		}
	}

	@Test
	void recordsFromAnIndexOnAreDeliveredAgainAfterASleepWhichHoldsUpItsWorkerOnly() {
		try (ListenerApplication application = application(Refusing.class)
			.with("spring.kafka.listener.ack-mode", "manual")
			.topic("orders", 2)) {
			application.send("orders", 0, 0, 4);
			application.send("orders", 1, 10, 14);
			ConfigurableApplicationContext context = application.start("--kaffe.batch.max-wait=1h",
					"--kaffe.batch.max-size=4");
			Refusing listener = context.getBean(Refusing.class);
			await("up to the index").until(() -> Long.valueOf(2).equals(application.committed("orders", 0)));
			await("the other partition").until(() -> Long.valueOf(4).equals(application.committed("orders", 1)));
			await("all of it").until(() -> Long.valueOf(4).equals(application.committed("orders", 0)));
			assertThat(listener.batches).filteredOn((batch) -> !batch.startsWith("[10,"))
				.containsExactly("[0, 1, 2, 3]", "[2, 3]");
			assertThat(Duration.ofNanos(listener.redelivered - listener.refused))
				.isGreaterThanOrEqualTo(Refusing.SLEEP);
		}
	}

	@Test
	void interceptorAndFilterAreCalledOnTheWorkerAroundEachBatch() {
		try (ListenerApplication application = application(Intercepted.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 6);
			ConfigurableApplicationContext context = application.start("--kaffe.batch.max-size=6",
					"--kaffe.batch.max-wait=1h");
			await("all are committed").until(() -> Long.valueOf(6).equals(application.committed("orders", 0)));
			assertThat(context.getBean(Intercepted.class).calls).containsExactly("setup", "intercept 6", "filter 6",
					"handle [0, 2, 4]", "success 6", "clear");
			assertThat(context.getBean(Intercepted.class).threads).allMatch((name) -> name.startsWith("kaffe-"));
		}
	}

	@Test
	void failedRecordIsRetriedWithThoseAfterItAndExhaustedAlone() {
		try (ListenerApplication application = application(Failing.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 6);
			ConfigurableApplicationContext context = application.start("--kaffe.batch.max-size=6",
					"--kaffe.batch.max-wait=1h", "--kaffe.failure.max-attempts=2", "--kaffe.failure.then=skip",
					"--kaffe.failure.backoff.initial-interval=10ms");
			Failing listener = context.getBean(Failing.class);
			await("up to the failure").until(() -> listener.batches.size() >= 3);
			application.send("orders", 0, 6, 12);
			await("all are committed").until(() -> Long.valueOf(12).equals(application.committed("orders", 0)));
			assertThat(listener.batches).startsWith("[0, 1, 2, 3, 4, 5]", "[2, 3, 4, 5]", "[3, 4, 5]");
		}
	}

	@Test
	void moreRecordsEndTheWaitForAFullBatch() {
		try (ListenerApplication application = application(Failing.class).topic("orders", 1)) {
			ConfigurableApplicationContext context = application.start("--kaffe.batch.max-wait=1h",
					"--kaffe.batch.max-size=3");
			Failing listener = context.getBean(Failing.class);
			application.send("orders", 0, 3, 5);
			await("they are buffered")
				.until(() -> ListenerApplication.table(context, "orders").load().buffered().records() == 2);
			assertThat(listener.batches).isEmpty();
			application.send("orders", 0, 5, 7);
			await("one batch").until(() -> Long.valueOf(3).equals(application.committed("orders", 0)));
			assertThat(listener.batches).containsExactly("[3, 4, 5]");
			ListenerApplication.container(context, "orders").stop();
			assertThat(application.committed("orders", 0)).as("a stop does not wait for more").isEqualTo(3);
		}
	}

	@Test
	void batchIsFinishedInARebalanceAndNothingIsHandledTwice() {
		try (ListenerApplication application = application(Gated.class)
			.with("kaffe.worker-allocation-strategy", "worker-per-partition")
			.with("kaffe.batch.max-size", 10)
			.topic("orders", 2)
			.topic("refunds", 2)) {
			for (int partition = 0; partition < 2; partition++) {
				application.send("orders", partition, 0, 50);
				application.send("refunds", partition, 0, 50);
			}
			ConfigurableApplicationContext first = application.start();
			Gated one = first.getBean(Gated.class);
			await("both workers are at a batch").until(() -> one.started.get() == 2);
			ConfigurableApplicationContext second = application.start();
			Gated other = second.getBean(Gated.class);
			other.gate.countDown();
			await("a drain has begun").until(
					() -> ListenerApplication.table(first, "orders").status().state().toString().equals("rebalancing"));
			one.gate.countDown();
			await("all are handled").until(() -> one.handled.size() + other.handled.size() >= 200);
			List<String> handled = new ArrayList<>(one.handled);
			handled.addAll(other.handled);
			assertThat(handled).hasSize(200).doesNotHaveDuplicates();
			assertThat(other.handled).isNotEmpty();
			for (int partition = 0; partition < 2; partition++) {
				int number = partition;
				await("all is committed").until(() -> Long.valueOf(50).equals(application.committed("orders", number))
						&& Long.valueOf(50).equals(application.committed("refunds", number)));
			}
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "worker-per-topic-partition", "worker-per-key" })
	void whatAHandlerKeepsOpenIsDeliveredAgainAfterARestart(String strategy) {
		try (ListenerApplication application = application(Handling.class)
			.with("kaffe.worker-allocation-strategy", strategy)
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 5);
			ConfigurableApplicationContext context = application.start("--kaffe.batch.max-size=5",
					"--kaffe.batch.max-wait=1h");
			Handling handler = context.getBean(Handling.class);
			handler.results.add(BatchResult.commitUpTo(1));
			await("the first batch").until(() -> Long.valueOf(2).equals(application.committed("orders", 0)));
			assertThat(ListenerApplication.table(context, "orders").load().buffered().records()).isEqualTo(3);
			ConcurrentMessageListenerContainer<?, ?> container = context.getBean("orders",
					ConcurrentMessageListenerContainer.class);
			container.stop();
			assertThat(application.committed("orders", 0)).isEqualTo(2);
			handler.results.add(BatchResult.noCommit());
			handler.results.add(BatchResult.commit());
			container.start();
			application.send("orders", 0, 5, 12);
			await("all are committed").until(() -> Long.valueOf(12).equals(application.committed("orders", 0)));
			assertThat(handler.batches).containsExactly("[0, 1, 2, 3, 4]", "[2, 3, 4, 5, 6]", "[7, 8, 9, 10, 11]");
		}
	}

	private static ListenerApplication application(Class<?> configuration) {
		return ListenerApplication.of(configuration)
			.with("kaffe.consumers.orders", "")
			.with("kaffe.commit.interval", "50ms");
	}

	private static List<Object> values(Collection<? extends ConsumerRecord<?, ?>> records) {
		return records.stream().<Object>map(ConsumerRecord::value).toList();
	}

	/**
	 * Looks whether what it is given is in order and alone.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Checking {

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		final Queue<Integer> sizes = new ConcurrentLinkedQueue<>();

		final AtomicInteger mostKeys = new AtomicInteger();

		final AtomicInteger disorders = new AtomicInteger();

		final AtomicInteger overlaps = new AtomicInteger();

		final CountDownLatch open = new CountDownLatch(1);

		private final Map<String, Long> offsets = new ConcurrentHashMap<>();

		private final Set<String> running = ConcurrentHashMap.newKeySet();

		@KafkaListener(id = "orders", idIsGroup = false, topics = { "orders-${test.id}", "refunds-${test.id}" },
				batch = "true")
		void handle(List<ConsumerRecord<String, String>> records) throws InterruptedException {
			Set<String> keys = records.stream()
				.map((record) -> record.key() + "/" + record.topic() + record.partition())
				.collect(Collectors.toSet());
			this.mostKeys.accumulateAndGet((int) records.stream().map(ConsumerRecord::key).distinct().count(),
					Math::max);
			this.sizes.add(records.size());
			if (!keys.stream().allMatch(this.running::add)) {
				this.overlaps.incrementAndGet();
			}
			for (ConsumerRecord<String, String> record : records) {
				Long before = this.offsets.put(record.key() + "/" + record.topic() + record.partition(),
						record.offset());
				if (before != null && before >= record.offset()) {
					this.disorders.incrementAndGet();
				}
				this.handled.add(ListenerApplication.coordinates(record));
			}
			if (!this.open.await(60, TimeUnit.SECONDS)) {
				throw new IllegalStateException("The gate was not opened");
			}
			this.running.removeAll(keys);
		}

	}

	/**
	 * Has a listener for each shape of a batch.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Shapes {

		final Map<String, Queue<String>> handled = new ConcurrentHashMap<>();

		@KafkaListener(id = "payloads", idIsGroup = false, topics = "payloads-${test.id}")
		void payloads(List<String> values, @Header(KafkaHeaders.OFFSET) List<Long> offsets) {
			for (int index = 0; index < values.size(); index++) {
				handled("payloads", values.get(index) + "@" + offsets.get(index));
			}
		}

		@KafkaListener(id = "messages", idIsGroup = false, topics = "messages-${test.id}")
		void messages(List<Message<String>> messages) {
			messages.forEach((message) -> handled("messages",
					message.getPayload() + "@" + message.getHeaders().get(KafkaHeaders.OFFSET)));
		}

		@KafkaListener(id = "records", idIsGroup = false, topics = "records-${test.id}")
		void records(List<ConsumerRecord<String, String>> records) {
			records.forEach((record) -> handled("records", record.value() + "@" + record.offset()));
		}

		@KafkaListener(id = "polled", idIsGroup = false, topics = "polled-${test.id}")
		void polled(ConsumerRecords<String, String> records) {
			records.forEach((record) -> handled("polled", record.value() + "@" + record.offset()));
		}

		private void handled(String shape, String what) {
			this.handled.computeIfAbsent(shape, (key) -> new ConcurrentLinkedQueue<>()).add(what);
		}

	}

	/**
	 * Has a converter.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Converting {

		final Queue<Integer> handled = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(List<Integer> values) {
			this.handled.addAll(values);
		}

		@Bean
		static BatchMessageConverter tenfold() {
			return new BatchMessagingMessageConverter(new MessagingMessageConverter() {

				@Override
				protected Object extractAndConvertValue(ConsumerRecord<?, ?> record, @Nullable Type type) {
					return 10 * Integer.parseInt(record.value().toString());
				}

			});
		}

	}

	/**
	 * Leaves it to the test to acknowledge.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Acknowledging {

		final List<Acknowledgment> acknowledgments = new CopyOnWriteArrayList<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}", batch = "true")
		void handle(List<String> values, Acknowledgment acknowledgment) {
			this.acknowledgments.add(acknowledgment);
		}

	}

	/**
	 * Takes the first two records of partition 0 only, and the others when they come
	 * again.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Refusing {

		static final Duration SLEEP = Duration.ofMillis(500);

		final Queue<String> batches = new ConcurrentLinkedQueue<>();

		volatile long refused;

		volatile long redelivered;

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}", batch = "true")
		void handle(List<String> values, Acknowledgment acknowledgment) {
			this.batches.add(values.toString());
			if (values.contains("0")) {
				acknowledgment.nack(2, SLEEP);
				this.refused = System.nanoTime();
				return;
			}
			if (values.contains("2")) {
				this.redelivered = System.nanoTime();
			}
			acknowledgment.acknowledge();
		}

	}

	/**
	 * Writes down what is called.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Intercepted {

		final Queue<String> calls = new ConcurrentLinkedQueue<>();

		final Queue<String> threads = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}", batch = "true")
		void handle(List<String> values) {
			call("handle " + values);
		}

		private void call(String what) {
			this.calls.add(what);
			this.threads.add(Thread.currentThread().getName());
		}

		@Bean
		RecordFilterStrategy<Object, Object> filter() {
			Intercepted intercepted = this;
			return new RecordFilterStrategy<>() {

				@Override
				public boolean filter(ConsumerRecord<Object, Object> record) {
					return record.offset() % 2 == 1;
				}

				@Override
				public List<ConsumerRecord<Object, Object>> filterBatch(List<ConsumerRecord<Object, Object>> records) {
					intercepted.call("filter " + records.size());
					return RecordFilterStrategy.super.filterBatch(records);
				}

			};
		}

		@Bean
		BatchInterceptor<Object, Object> interceptor() {
			Intercepted intercepted = this;
			return new BatchInterceptor<>() {

				@Override
				public void setupThreadState(Consumer<?, ?> consumer) {
					intercepted.call("setup");
				}

				@Override
				public ConsumerRecords<Object, Object> intercept(ConsumerRecords<Object, Object> records,
						Consumer<Object, Object> consumer) {
					intercepted.call("intercept " + records.count());
					return records;
				}

				@Override
				public void success(ConsumerRecords<Object, Object> records, Consumer<Object, Object> consumer) {
					intercepted.call("success " + records.count());
				}

				@Override
				public void clearThreadState(Consumer<?, ?> consumer) {
					intercepted.call("clear");
				}

			};
		}

	}

	/**
	 * Fails at the value 2, always.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Failing {

		final Queue<String> batches = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}", batch = "true")
		void handle(List<String> values) {
			this.batches.add(values.toString());
			if (values.contains("2")) {
				throw new BatchListenerFailedException("broken", values.indexOf("2"));
			}
		}

	}

	/**
	 * Waits in each batch until it is let through.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Gated {

		final CountDownLatch gate = new CountDownLatch(1);

		final AtomicInteger started = new AtomicInteger();

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = { "orders-${test.id}", "refunds-${test.id}" },
				batch = "true")
		void handle(List<ConsumerRecord<String, String>> records) throws InterruptedException {
			this.started.incrementAndGet();
			if (!this.gate.await(60, TimeUnit.SECONDS)) {
				throw new IllegalStateException("The gate was not opened");
			}
			records.forEach((record) -> this.handled.add(ListenerApplication.coordinates(record)));
		}

	}

	/**
	 * Has a container whose batches a handler gets.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Handling {

		final Queue<BatchResult> results = new ConcurrentLinkedQueue<>();

		final Queue<String> batches = new ConcurrentLinkedQueue<>();

		@Bean
		ConcurrentMessageListenerContainer<Object, Object> orders(ConsumerFactory<Object, Object> consumers,
				@Value("orders-${test.id}") String topic) {
			ContainerProperties properties = new ContainerProperties(topic);
			properties.setMessageListener(new BatchRecordHandlerListener("orders", (records) -> {
				await("a result").until(() -> !this.results.isEmpty());
				this.batches.add(values(records).toString());
				return this.results.remove();
			}));
			return new ConcurrentMessageListenerContainer<>(consumers, properties);
		}

	}

}
