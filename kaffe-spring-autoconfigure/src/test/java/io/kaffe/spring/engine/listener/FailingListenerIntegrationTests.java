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
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.support.serializer.DeserializationException;
import org.springframework.kafka.support.serializer.ErrorHandlingDeserializer;

import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.WorkerSnapshot;
import io.kaffe.spring.table.WorkerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for handlers that throw.
 */
class FailingListenerIntegrationTests {

	@Test
	void workerStaysOnAFailingRecordWhileOthersGoOn() {
		try (ListenerApplication application = ListenerApplication.of(Failing.class).topic("orders", 2)) {
			application.send("orders", 0, 0, 20);
			application.send("orders", 1, 100, 300);
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=",
					"--kaffe.failure.max-attempts=0", "--kaffe.failure.backoff.initial-interval=20ms",
					"--kaffe.failure.backoff.max-interval=50ms");
			Failing failing = context.getBean(Failing.class);
			await("it is tried often").until(() -> failing.attempts.size() >= 5);
			await("the other partition is committed")
				.until(() -> Long.valueOf(200).equals(application.committed("orders", 1)));
			assertThat(application.committed("orders", 0)).isEqualTo(7);
			await("the table shows it").untilAsserted(() -> {
				WorkerSnapshot worker = worker(application, context, 0);
				assertThat(worker.state()).isEqualTo(WorkerState.BACKING_OFF);
				assertThat(worker.counters().handled()).isEqualTo(7);
				assertThat(worker.counters().failed()).isGreaterThanOrEqualTo(5);
				assertThat(worker.queued()).isEqualTo(12);
				assertThat(worker.current()).singleElement().satisfies((current) -> {
					assertThat(current.partition()).isEqualTo(application.topic("orders") + "-0");
					assertThat(current.offset()).isEqualTo(7);
					assertThat(current.attempt()).isGreaterThanOrEqualTo(5);
				});
				assertThat(worker.lastFailure()).isNotNull().satisfies((failure) -> {
					assertThat(failure.record()).isEqualTo(application.topic("orders") + "-0@7");
					assertThat(failure.exception()).isEqualTo(AssertionError.class.getName());
				});
			});
			failing.fail = false;
			await("the rest is handled in order").until(() -> failing.handled.size() == 20);
			assertThat(failing.handled).containsExactlyElementsOf(IntStream.range(0, 20).boxed().toList());
			await("all is committed").until(() -> Long.valueOf(20).equals(application.committed("orders", 0)));
		}
	}

	@Test
	void revocationDoesNotWaitForARecordThatBacksOff() {
		try (ListenerApplication application = ListenerApplication.of(Failing.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 20);
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=",
					"--kaffe.failure.backoff.initial-interval=1h", "--kaffe.failure.backoff.max-interval=1h");
			Failing failing = context.getBean(Failing.class);
			await("it backs off").untilAsserted(
					() -> assertThat(worker(application, context, 0).state()).isEqualTo(WorkerState.BACKING_OFF));
			long before = System.nanoTime();
			ListenerApplication.container(context, "orders").stop();
			assertThat(System.nanoTime() - before).as("nanoseconds, of a drain timeout of 20 s")
				.isLessThan(15_000_000_000L);
			assertThat(application.committed("orders", 0)).isEqualTo(7);
			assertThat(ListenerApplication.table(context, "orders").workers()).isEmpty();
			failing.fail = false;
			ListenerApplication.container(context, "orders").start();
			await("the rest is handled in order").until(() -> failing.handled.size() == 20);
			assertThat(failing.handled).containsExactlyElementsOf(IntStream.range(0, 20).boxed().toList());
		}
	}

	@Test
	void recordThatCannotBeDeserializedIsNeitherDeliveredNorPassedOver() {
		try (ListenerApplication application = ListenerApplication.of(Failing.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 3);
			application.send("orders", 0, 666, 667);
			application.send("orders", 0, 4, 5);
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=",
					"--spring.kafka.consumer.value-deserializer=" + ErrorHandlingDeserializer.class.getName(),
					"--spring.kafka.consumer.properties.spring.deserializer.value.delegate.class="
							+ Picky.class.getName());
			await("it fails").untilAsserted(() -> assertThat(worker(application, context, 0).lastFailure()).isNotNull()
				.satisfies((failure) -> assertThat(failure.exception())
					.isEqualTo(DeserializationException.class.getName())));
			await("what is before is committed")
				.until(() -> Long.valueOf(3).equals(application.committed("orders", 0)));
			assertThat(context.getBean(Failing.class).handled).containsExactly(0, 1, 2);
		}
	}

	private static WorkerSnapshot worker(ListenerApplication application, ConfigurableApplicationContext context,
			int partition) {
		ConsumerSnapshot table = ListenerApplication.table(context, "orders");
		return table.workers()
			.stream()
			.filter((worker) -> worker.name().equals("worker_" + application.topic("orders") + "_" + partition))
			.findFirst()
			.orElseThrow(() -> new AssertionError("No worker of partition " + partition + " in " + table));
	}

	@Configuration(proxyBeanMethods = false)
	static class Failing {

		final Queue<Integer> handled = new ConcurrentLinkedQueue<>();

		final Queue<Integer> attempts = new ConcurrentLinkedQueue<>();

		volatile boolean fail = true;

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			int number = Integer.parseInt(record.value());
			if (number == 7) {
				this.attempts.add(number);
				if (this.fail) {
					throw new AssertionError("An Error rather than an Exception");
				}
			}
			if (record.partition() == 0) {
				this.handled.add(number);
			}
		}

	}

	/**
	 * Cannot read 666.
	 */
	public static class Picky implements Deserializer<String> {

		@Override
		public String deserialize(String topic, byte[] data) {
			String value = new String(data, StandardCharsets.UTF_8);
			if (value.equals("666")) {
				throw new IllegalStateException("Not " + value);
			}
			return value;
		}

	}

}
