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

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;

import io.kaffe.spring.BatchRecordHandler;
import io.kaffe.spring.BatchResult;
import io.kaffe.spring.RecordHandler;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.ConsumerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for consumers that are declared in the configuration and have a handler instead
 * of a listener.
 */
class DeclaredConsumerIntegrationTests {

	@Test
	void handlerIsGivenTheRecordsOnWorkers() {
		try (ListenerApplication application = declared(Handling.class).topic("orders", 2)) {
			application.send("orders", 0, 0, 3);
			application.send("orders", 1, 3, 5);
			ConfigurableApplicationContext context = application
				.start("--kaffe.consumers.orders.worker-allocation-strategy=worker-per-partition");
			await("all are committed").until(() -> Long.valueOf(3).equals(application.committed("orders", 0))
					&& Long.valueOf(2).equals(application.committed("orders", 1)));
			Handling handling = context.getBean(Handling.class);
			assertThat(handling.handled).containsExactlyInAnyOrder("0", "1", "2", "3", "4");
			assertThat(handling.threads).allMatch((name) -> name.startsWith("kaffe-"));
			ConsumerSnapshot table = ListenerApplication.table(context, "orders");
			assertThat(table.settings().groupId()).isEqualTo(application.group());
			assertThat(table.settings().topics()).containsExactly(application.topic("orders"));
			assertThat(table.settings().workerAllocationStrategy()).isEqualTo("worker-per-partition");
			assertThat(ListenerApplication.container(context, "orders").isRunning()).isTrue();
		}
	}

	@Test
	void recordsOfTopicsThatMatchThePatternAreHandled() {
		try (ListenerApplication application = ListenerApplication.of(Handling.class)
			.with("kaffe.consumers.orders.topic-pattern", "shop-.*-${test.id}")
			.topic("shop-orders", 1)
			.topic("shop-refunds", 1)) {
			application.send("shop-orders", 0, 0, 1);
			application.send("shop-refunds", 0, 1, 2);
			ConfigurableApplicationContext context = application.start();
			await("both are committed").until(() -> Long.valueOf(1).equals(application.committed("shop-orders", 0))
					&& Long.valueOf(1).equals(application.committed("shop-refunds", 0)));
			assertThat(context.getBean(Handling.class).handled).containsExactlyInAnyOrder("0", "1");
		}
	}

	@Test
	void handlerThatThrowsIsTriedAgainUntilItReturns() {
		try (ListenerApplication application = declared(Failing.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 2);
			ConfigurableApplicationContext context = application.start();
			await("both are committed").until(() -> Long.valueOf(2).equals(application.committed("orders", 0)));
			assertThat(context.getBean(Failing.class).calls).containsExactly("0", "0", "1");
			assertThat(context.getBean(DefaultWorkerManager.class).table("orders")).isNotNull()
				.satisfies((table) -> assertThat(table.workers()).singleElement()
					.satisfies((worker) -> assertThat(worker.counters().failed()).isEqualTo(1)));
		}
	}

	@Test
	void deserializersOfOneConsumerAreItsOwn() {
		try (ListenerApplication application = declared(HandlingBytes.class).topic("orders", 1)
			.with("kaffe.consumers.orders.properties.[value.deserializer]",
					"org.apache.kafka.common.serialization.ByteArrayDeserializer")) {
			application.send("orders", 0, 7, 8);
			ConfigurableApplicationContext context = application.start();
			await("it is committed").until(() -> Long.valueOf(1).equals(application.committed("orders", 0)));
			assertThat(context.getBean(HandlingBytes.class).handled).singleElement()
				.satisfies((value) -> assertThat(value).asString(StandardCharsets.UTF_8).isEqualTo("7"));
		}
	}

	@Test
	void filterAndInterceptorOfTheApplicationAreApplied() {
		try (ListenerApplication application = declared(Filtering.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 4);
			ConfigurableApplicationContext context = application.start();
			await("all are committed").until(() -> Long.valueOf(4).equals(application.committed("orders", 0)));
			assertThat(context.getBean(Filtering.class).calls).containsExactly("intercept 0", "handle 0", "intercept 1",
					"intercept 2", "handle 2", "intercept 3");
		}
	}

	@Test
	void recordIsCompletedWhenTheHandlerReturnsWhateverTheAckMode() {
		try (ListenerApplication application = declared(Handling.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 2);
			application.start("--spring.kafka.listener.ack-mode=manual");
			await("all are committed").until(() -> Long.valueOf(2).equals(application.committed("orders", 0)));
		}
	}

	@Test
	void batchTypeOfListenersDoesNotConcernHandlers() {
		try (ListenerApplication application = declared(Handling.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 2);
			application.start("--spring.kafka.listener.type=batch");
			await("all are committed").until(() -> Long.valueOf(2).equals(application.committed("orders", 0)));
		}
	}

	@Test
	void batchHandlerReportsWhatIsCompleted() {
		try (ListenerApplication application = declared(HandlingBatches.class).with("kaffe.batch.max-size", 4)
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start();
			HandlingBatches handling = context.getBean(HandlingBatches.class);
			await("all are handled").until(() -> handling.handled.size() == 10);
			await("what is completed is committed")
				.until(() -> Long.valueOf(8).equals(application.committed("orders", 0)));
			assertThat(handling.handled).containsExactly("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
			assertThat(handling.largest.get()).as("records in a batch").isBetween(1, 4);
			ListenerApplication.container(context, "orders").stop();
			assertThat(application.committed("orders", 0)).as("the rest is kept open").isEqualTo(8);
		}
	}

	@Test
	void consumerWithoutAutoStartupWaitsToBeStarted() {
		try (ListenerApplication application = declared(Handling.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 2);
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders.auto-startup=false");
			assertThat(ListenerApplication.container(context, "orders").isRunning()).isFalse();
			assertThat(ListenerApplication.table(context, "orders").status().state()).isEqualTo(ConsumerState.STOPPED);
			ListenerApplication.container(context, "orders").start();
			await("all are committed").until(() -> Long.valueOf(2).equals(application.committed("orders", 0)));
		}
	}

	@Test
	void twoConsumersPollForOneGroupWithSeveralConsumersEach() {
		try (ListenerApplication application = ListenerApplication.of(Handling.class)
			.with("kaffe.consumers.orders.topics", "orders-${test.id}")
			.with("kaffe.consumers.orders.concurrency", 2)
			.with("kaffe.consumers.orders.handler", "handler")
			.with("kaffe.consumers.refunds.topics", "refunds-${test.id}")
			.with("kaffe.consumers.refunds.handler", "handler")
			.topic("orders", 2)
			.topic("refunds", 1)) {
			ConfigurableApplicationContext context = application.start();
			ListenerApplication.awaitPolling(context, "orders", 2);
			ListenerApplication.awaitAssigned(context, "refunds", 1);
			assertThat(ListenerApplication.container(context, "orders").getAssignmentsByClientId()).hasSize(2)
				.allSatisfy((client, partitions) -> assertThat(partitions).hasSize(1));
			application.send("refunds", 0, 0, 1);
			await("it is committed").until(() -> Long.valueOf(1).equals(application.committed("refunds", 0)));
		}
	}

	@Test
	void handlerIsTheBeanThatIsNamedOrElseTheOneOfTheSameName() {
		try (ListenerApplication application = declared(HandlingByName.class).topic("orders", 1)
			.topic("refunds", 1)
			.with("kaffe.consumers.refunds.topics", "refunds-${test.id}")
			.with("kaffe.consumers.refunds.handler", "bookkeeping")) {
			application.send("orders", 0, 0, 1);
			application.send("refunds", 0, 1, 2);
			ConfigurableApplicationContext context = application.start();
			await("both are handled").until(() -> context.getBean(HandlingByName.class).calls.size() == 2);
			assertThat(context.getBean(HandlingByName.class).calls).containsExactlyInAnyOrder("orders 0",
					"bookkeeping 1");
		}
	}

	private static ListenerApplication declared(Class<?> configuration) {
		return ListenerApplication.of(configuration)
			.with("kaffe.consumers.orders.topics", "orders-${test.id}")
			.with("kaffe.commit.interval", "50ms");
	}

	/**
	 * Remembers what it was given, and on which threads.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Handling {

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		final Queue<String> threads = new ConcurrentLinkedQueue<>();

		@Bean
		RecordHandler<String, String> handler() {
			return (record) -> {
				this.handled.add(record.value());
				this.threads.add(Thread.currentThread().getName());
			};
		}

	}

	/**
	 * Has two handlers.
	 */
	@Configuration(proxyBeanMethods = false)
	static class HandlingByName {

		final Queue<String> calls = new ConcurrentLinkedQueue<>();

		@Bean
		RecordHandler<String, String> orders() {
			return (record) -> this.calls.add("orders " + record.value());
		}

		@Bean
		RecordHandler<String, String> bookkeeping() {
			return (record) -> this.calls.add("bookkeeping " + record.value());
		}

	}

	/**
	 * Fails once, with a checked exception.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Failing implements RecordHandler<String, String> {

		final Queue<String> calls = new ConcurrentLinkedQueue<>();

		private final AtomicBoolean failed = new AtomicBoolean();

		@Override
		public void handle(ConsumerRecord<String, String> record) throws Exception {
			this.calls.add(record.value());
			if (!this.failed.getAndSet(true)) {
				throw new IOException("once");
			}
		}

	}

	/**
	 * Handles what was not deserialized.
	 */
	@Configuration(proxyBeanMethods = false)
	static class HandlingBytes {

		final Queue<byte[]> handled = new ConcurrentLinkedQueue<>();

		@Bean
		RecordHandler<String, byte[]> orders() {
			return (record) -> this.handled.add(record.value());
		}

	}

	/**
	 * Filters every other record, and intercepts all.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Filtering {

		final Queue<String> calls = new ConcurrentLinkedQueue<>();

		@Bean
		RecordHandler<String, String> handler() {
			return (record) -> this.calls.add("handle " + record.value());
		}

		@Bean
		RecordFilterStrategy<Object, Object> odd() {
			return (record) -> Integer.parseInt(String.valueOf(record.value())) % 2 == 1;
		}

		@Bean
		RecordInterceptor<Object, Object> interceptor() {
			return (record, consumer) -> {
				this.calls.add("intercept " + record.value());
				return record;
			};
		}

	}

	/**
	 * Keeps numbers from 8 on open.
	 */
	@Configuration(proxyBeanMethods = false)
	static class HandlingBatches {

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		final AtomicInteger largest = new AtomicInteger();

		@Bean
		BatchRecordHandler<String, String> orders() {
			return (records) -> {
				this.largest.accumulateAndGet(records.size(), Math::max);
				records.forEach((record) -> this.handled.add(record.value()));
				return BatchResult.commitUpTo(Math.min(7, records.get(records.size() - 1).offset()));
			};
		}

	}

}
