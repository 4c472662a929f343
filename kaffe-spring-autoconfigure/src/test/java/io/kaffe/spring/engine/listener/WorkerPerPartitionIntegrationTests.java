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

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;

import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.WorkerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for one worker that serves partitions which different consumer threads poll.
 */
class WorkerPerPartitionIntegrationTests {

	private static final int CONSUMERS = 3;

	private static final int PARTITIONS = 6;

	private static final int RECORDS = 300;

	@Test
	void sameWorkerHandlesPartitionsOfDifferentConsumerThreadsOneRecordAtATime() {
		try (ListenerApplication application = ListenerApplication.of(Listening.class)
			.topic("orders", PARTITIONS)
			.topic("refunds", PARTITIONS)) {
			ConfigurableApplicationContext context = application.start(
					"--spring.kafka.listener.concurrency=" + CONSUMERS,
					"--kaffe.consumers.sales.worker-allocation-strategy=worker-per-partition",
					"--spring.kafka.consumer.properties.heartbeat.interval.ms=300",
					"--spring.kafka.consumer.properties.partition.assignment.strategy="
							+ CrossingAssignor.class.getName());
			ListenerApplication.awaitPolling(context, "sales", CONSUMERS);
			assertCrossing(application, context);
			for (int partition = 0; partition < PARTITIONS; partition++) {
				application.send("orders", partition, 0, RECORDS);
				application.send("refunds", partition, 0, RECORDS);
			}
			Listening listening = context.getBean(Listening.class);
			await("all are handled").until(() -> listening.handled.get() == 2 * PARTITIONS * RECORDS);
			assertCrossing(application, context);
			ConsumerSnapshot table = ListenerApplication.table(context, "sales");
			assertThat(table.workers()).extracting(WorkerSnapshot::name)
				.containsExactly("worker_0", "worker_1", "worker_2", "worker_3", "worker_4", "worker_5");
			assertThat(table.workers()).allSatisfy((worker) -> {
				assertThat(worker.counters().handled()).isEqualTo(2 * RECORDS);
				assertThat(worker.partitions()).hasSize(2);
			});
			assertThat(listening.overlaps).as("records of one worker at the same time").hasValue(0);
			assertThat(listening.disorders).as("records of one partition out of order").hasValue(0);
			assertThat(listening.mostAtOnce).as("workers at the same time").hasValueGreaterThan(1);
			await("all is committed").until(() -> ListenerApplication.table(context, "sales")
				.partitions()
				.stream()
				.map((snapshot) -> snapshot.offsets().committed())
				.allMatch(Long.valueOf(RECORDS)::equals));
		}
	}

	private static void assertCrossing(ListenerApplication application, ConfigurableApplicationContext context) {
		for (int partition = 0; partition < PARTITIONS; partition++) {
			assertThat(clientOf(context, application.topic("orders"), partition)).as("consumer of orders-N")
				.isNotEqualTo(clientOf(context, application.topic("refunds"), partition));
		}
	}

	private static String clientOf(ConfigurableApplicationContext context, String topic, int partition) {
		Map<String, Collection<TopicPartition>> assignments = Objects
			.requireNonNull(ListenerApplication.container(context, "sales").getAssignmentsByClientId());
		List<String> clients = assignments.entrySet()
			.stream()
			.filter((assignment) -> assignment.getValue().contains(new TopicPartition(topic, partition)))
			.map(Map.Entry::getKey)
			.toList();
		assertThat(clients).hasSize(1);
		return clients.get(0);
	}

	@Configuration(proxyBeanMethods = false)
	static class Listening {

		final AtomicInteger handled = new AtomicInteger();

		final AtomicInteger overlaps = new AtomicInteger();

		final AtomicInteger disorders = new AtomicInteger();

		final AtomicInteger mostAtOnce = new AtomicInteger();

		private final AtomicInteger atOnce = new AtomicInteger();

		private final Map<Integer, AtomicInteger> inside = new ConcurrentHashMap<>();

		private final Map<TopicPartition, Long> last = new ConcurrentHashMap<>();

		@KafkaListener(id = "sales", idIsGroup = false, topics = { "orders-${test.id}", "refunds-${test.id}" })
		void handle(ConsumerRecord<String, String> record) {
			AtomicInteger here = this.inside.computeIfAbsent(record.partition(), (key) -> new AtomicInteger());
			if (here.incrementAndGet() > 1) {
				this.overlaps.incrementAndGet();
			}
			this.mostAtOnce.accumulateAndGet(this.atOnce.incrementAndGet(), Math::max);
			LockSupport.parkNanos(200_000);
			Long before = this.last.put(new TopicPartition(record.topic(), record.partition()), record.offset());
			if (before != null && before != record.offset() - 1) {
				this.disorders.incrementAndGet();
			}
			this.atOnce.decrementAndGet();
			here.decrementAndGet();
			this.handled.incrementAndGet();
		}

	}

}
