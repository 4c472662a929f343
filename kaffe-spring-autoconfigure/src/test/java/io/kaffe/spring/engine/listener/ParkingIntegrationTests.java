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

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.PartitionSnapshot;
import io.kaffe.spring.table.WorkerSnapshot;
import io.kaffe.spring.table.WorkerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for parked records: what stands still with them, what does not, and how they go
 * on.
 */
class ParkingIntegrationTests {

	private static final int RECORDS = 100;

	private static final int KEYS = 10;

	@ParameterizedTest
	@EnumSource
	void exactlyTheWorkerOfAParkedRecordStandsStillAndAfterARestartExactlyTheUnfinishedComesAgain(
			StandardWorkerAllocationStrategy strategy) {
		try (ListenerApplication application = ListenerApplication.of(Handler.class)
			.with("kaffe.consumers.sales.worker-allocation-strategy", strategy.configurationName())
			.with("kaffe.failure.max-attempts", 2)
			.with("kaffe.failure.backoff.initial-interval", "1ms")
			.topic("orders", 2)
			.topic("refunds", 2)) {
			List<String> keys = IntStream.range(0, RECORDS).mapToObj((number) -> "key-" + number % KEYS).toList();
			for (int partition = 0; partition < 2; partition++) {
				application.sendWithKeys("orders", partition, keys);
				application.sendWithKeys("refunds", partition, keys);
			}
			Set<String> all = coordinates(application, (record) -> true);
			String parked = application.topic("orders") + "-0@25";
			Set<String> others = coordinates(application, mayGoOn(strategy));
			ConfigurableApplicationContext context = application.start("--test.failing=" + parked);
			Handler handler = context.getBean(Handler.class);
			await("all others are handled").until(() -> handler.handled.containsAll(others));
			await("it is parked").untilAsserted(
					() -> assertThat(consumers(context).failingRecords("sales")).singleElement().satisfies((record) -> {
						assertThat(record.partition() + "@" + record.offset()).isEqualTo(parked);
						assertThat(record.state()).isEqualTo(FailingRecord.State.PARKED);
						assertThat(record.attempts()).isEqualTo(2);
					}));
			await("its worker alone is").untilAsserted(() -> {
				List<WorkerSnapshot> workers = ListenerApplication.table(context, "sales").workers();
				assertThat(workers.stream().filter((worker) -> worker.state() != WorkerState.IDLE)).singleElement()
					.satisfies((worker) -> assertThat(worker.state()).isEqualTo(WorkerState.PARKED));
			});
			assertThat(problems(context)).singleElement().asString().startsWith("parked: " + parked);
			assertThat(application.partition(context, "sales", "orders", 0).parked()).isEqualTo(1);
			assertThat(handler.handled).doesNotContain(parked).doesNotHaveDuplicates();
			assertThat(handler.handled.stream().filter((record) -> !others.contains(record)))
				.as("what the worker had handled before")
				.allMatch((record) -> !isAfter(record, parked));
			context.close();
			Set<String> unfinished = new TreeSet<>(all);
			unfinished.removeAll(handler.handled);
			ConfigurableApplicationContext again = application.start();
			Handler successor = again.getBean(Handler.class);
			await("the rest is handled").until(() -> successor.handled.containsAll(unfinished));
			awaitCommitted(application, "orders", "refunds");
			assertThat(successor.handled).containsExactlyInAnyOrderElementsOf(unfinished);
			assertThat(problems(again)).isEmpty();
		}
	}

	@Test
	void parkedRecordsAreTriedAgainOrSkippedByAnOperator() {
		try (ListenerApplication application = ListenerApplication.of(Handler.class)
			.with("kaffe.consumers.sales", "")
			.with("kaffe.commit.interval", "100ms")
			.with("kaffe.failure.max-attempts", 1)
			.topic("orders", 2)
			.topic("refunds", 1)) {
			application.send("orders", 0, 0, RECORDS);
			application.send("orders", 1, 0, RECORDS);
			TopicPartition first = new TopicPartition(application.topic("orders"), 0);
			TopicPartition second = new TopicPartition(application.topic("orders"), 1);
			ConfigurableApplicationContext context = application
				.start("--test.failing=" + first + "@25," + first + "@26," + second + "@0");
			Handler handler = context.getBean(Handler.class);
			KaffeConsumers consumers = consumers(context);
			await("they are parked")
				.untilAsserted(() -> assertThat(consumers.failingRecords("sales")).extracting(FailingRecord::offset)
					.containsExactly(25L, 0L));
			assertThat(consumers.retry("sales", first, 24)).as("handled").isFalse();
			assertThat(consumers.skip("sales", first, 26)).as("waits behind").isFalse();
			int attempts = handler.failed.size();
			assertThat(consumers.retry("sales", first, 25)).isTrue();
			await("it is tried again").until(() -> handler.failed.size() > attempts);
			await("it is parked again")
				.untilAsserted(() -> assertThat(consumers.failingRecords("sales")).extracting(FailingRecord::state)
					.containsExactly(FailingRecord.State.PARKED, FailingRecord.State.PARKED));
			assertThat(consumers.skip("sales", second, 0)).isTrue();
			await("the second partition goes on")
				.until(() -> Long.valueOf(RECORDS).equals(application.committed("orders", 1)));
			assertThat(application.committed("orders", 0)).isEqualTo(25);
			handler.failing.remove(first + "@25");
			consumers.retry("sales", first, 25);
			await("the next one is parked")
				.untilAsserted(() -> assertThat(consumers.failingRecords("sales")).extracting(FailingRecord::offset)
					.containsExactly(26L));
			handler.failing.clear();
			await("it is parked")
				.untilAsserted(() -> assertThat(application.partition(context, "sales", "orders", 0).parked()).isOne());
			consumers.retry("sales", first, 26);
			await("all is committed").until(() -> Long.valueOf(RECORDS).equals(application.committed("orders", 0)));
			assertThat(handler.handled.stream().filter((record) -> record.startsWith(first + "@")))
				.containsExactlyElementsOf(
						IntStream.range(0, RECORDS).mapToObj((offset) -> first + "@" + offset).toList());
			assertThat(handler.handled).doesNotContain(second + "@0");
			assertThat(consumers.failingRecords("sales")).isEmpty();
			assertThat(problems(context)).isEmpty();
		}
	}

	@Test
	void partitionWithTooManyParkedRecordsIsPausedUntilSomebodyDecidesAboutOne() {
		try (ListenerApplication application = ListenerApplication.of(Handler.class)
			.with("kaffe.consumers.sales.worker-allocation-strategy", "worker-per-record")
			.with("kaffe.failure.max-attempts", 1)
			.with("kaffe.failure.max-parked", 3)
			.topic("orders", 2)
			.topic("refunds", 1)) {
			application.send("orders", 0, 0, 3);
			TopicPartition partition = new TopicPartition(application.topic("orders"), 0);
			ConfigurableApplicationContext context = application
				.start("--test.failing=" + partition + "@0," + partition + "@1," + partition + "@2");
			Handler handler = context.getBean(Handler.class);
			await("it is paused")
				.untilAsserted(() -> assertThat(partition(application, context).paused()).isEqualTo("parked"));
			assertThat(partition(application, context).parked()).isEqualTo(3);
			application.send("orders", 0, 3, 10);
			application.send("orders", 1, 0, 10);
			await("the other partition goes on").until(() -> handler.handled.size() == 10);
			await("nothing more is fetched").during(Duration.ofMillis(500))
				.until(() -> Long.valueOf(3).equals(partition(application, context).offsets().nextFetch()));
			handler.failing.remove(partition + "@1");
			consumers(context).retry("sales", partition, 1);
			await("it goes on").until(() -> handler.handled.size() == 10 + 8);
			await("it is not paused any more").untilAsserted(() -> {
				assertThat(partition(application, context).paused()).isNull();
				assertThat(partition(application, context).parked()).isEqualTo(2);
			});
		}
	}

	@Test
	void neitherRevocationNorStopWaitsForFailingRecords() {
		try (ListenerApplication application = ListenerApplication.of(Handler.class)
			.with("kaffe.consumers.sales", "")
			.with("kaffe.drain-timeout", "60s")
			.with("kaffe.failure.backoff.initial-interval", "1h")
			.with("kaffe.failure.backoff.max-interval", "1h")
			.with("kaffe.failure.not-retryable", "java.lang.UnsupportedOperationException")
			.topic("orders", 2)
			.topic("refunds", 2)) {
			for (int partition = 0; partition < 2; partition++) {
				application.send("orders", partition, 0, RECORDS);
				application.send("refunds", partition, 0, RECORDS);
			}
			String orders = application.topic("orders");
			String refunds = application.topic("refunds");
			ConfigurableApplicationContext context = application.start(
					"--test.failing=" + orders + "-0@20," + orders + "-1@21," + refunds + "-0@23," + refunds + "-1@22");
			await("two are parked and two back off")
				.untilAsserted(() -> assertThat(ListenerApplication.table(context, "sales").workers())
					.extracting(WorkerSnapshot::state)
					.containsExactlyInAnyOrder(WorkerState.PARKED, WorkerState.PARKED, WorkerState.BACKING_OFF,
							WorkerState.BACKING_OFF));
			long begin = System.nanoTime();
			ConfigurableApplicationContext other = application.start();
			ListenerApplication.awaitAssigned(other, "sales", 2);
			ListenerApplication.awaitAssigned(context, "sales", 2);
			await("those of what was taken are forgotten").untilAsserted(() -> {
				assertThat(consumers(context).failingRecords("sales")).hasSize(2);
				assertThat(problems(context)).hasSize(1);
			});
			ListenerApplication.container(context, "sales").stop();
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).as("of a drain timeout of 60 s")
				.isLessThan(Duration.ofSeconds(40));
			assertThat(consumers(context).failingRecords("sales")).isEmpty();
			assertThat(problems(context)).isEmpty();
			awaitCommitted(application, "orders", "refunds");
			List<String> handled = new ArrayList<>(context.getBean(Handler.class).handled);
			handled.addAll(other.getBean(Handler.class).handled);
			assertThat(handled).hasSize(4 * RECORDS).doesNotHaveDuplicates();
		}
	}

	private static PartitionSnapshot partition(ListenerApplication application,
			ConfigurableApplicationContext context) {
		return application.partition(context, "sales", "orders", 0);
	}

	private static KaffeConsumers consumers(ConfigurableApplicationContext context) {
		return context.getBean(KaffeConsumers.class);
	}

	private static List<String> problems(ConfigurableApplicationContext context) {
		return context.getBean(DefaultWorkerManager.class)
			.problems("sales")
			.stream()
			.map(ConsumerProblem::message)
			.toList();
	}

	private static void awaitCommitted(ListenerApplication application, String... topics) {
		for (String topic : topics) {
			for (int partition = 0; partition < 2; partition++) {
				int number = partition;
				await("all of " + topic + " is committed")
					.until(() -> Long.valueOf(RECORDS).equals(application.committed(topic, number)));
			}
		}
	}

	/**
	 * Return which records have nothing to do with orders-0@25.
	 */
	private static Predicate<Sent> mayGoOn(StandardWorkerAllocationStrategy strategy) {
		return switch (strategy) {
			case WORKER_PER_TOPIC_PARTITION ->
				(record) -> !record.topic.equals("orders") || record.partition != 0 || record.offset < 25;
			case WORKER_PER_PARTITION -> (record) -> record.partition != 0;
			case WORKER_PER_KEY -> (record) -> record.offset % KEYS != 5;
			case WORKER_PER_RECORD ->
				(record) -> !record.topic.equals("orders") || record.partition != 0 || record.offset != 25;
		};
	}

	private static Set<String> coordinates(ListenerApplication application, Predicate<Sent> which) {
		Set<String> coordinates = new TreeSet<>();
		for (String topic : List.of("orders", "refunds")) {
			for (int partition = 0; partition < 2; partition++) {
				for (int offset = 0; offset < RECORDS; offset++) {
					if (which.test(new Sent(topic, partition, offset))) {
						coordinates.add(application.topic(topic) + "-" + partition + "@" + offset);
					}
				}
			}
		}
		return coordinates;
	}

	/**
	 * Return whether a record comes after another one in the same partition.
	 */
	private static boolean isAfter(String record, String other) {
		int at = record.indexOf('@');
		return other.startsWith(record.substring(0, at + 1))
				&& Integer.parseInt(record.substring(at + 1)) > Integer.parseInt(other.substring(at + 1));
	}

	/**
	 * A record that was sent.
	 */
	private record Sent(String topic, int partition, int offset) {
	}

	/**
	 * Fails at some records.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Handler {

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		final Queue<String> failed = new ConcurrentLinkedQueue<>();

		final Set<String> failing = ConcurrentHashMap.newKeySet();

		@Autowired
		void failing(@Value("${test.failing:}") List<String> failing) {
			this.failing.addAll(failing);
		}

		@KafkaListener(id = "sales", idIsGroup = false, topics = { "orders-${test.id}", "refunds-${test.id}" })
		void handle(ConsumerRecord<String, String> record) {
			String coordinates = ListenerApplication.coordinates(record);
			if (this.failing.contains(coordinates)) {
				this.failed.add(coordinates);
				throw (record.offset() % 2 == 0) ? new UnsupportedOperationException("On purpose")
						: new IllegalStateException("On purpose");
			}
			this.handled.add(coordinates);
		}

	}

}
