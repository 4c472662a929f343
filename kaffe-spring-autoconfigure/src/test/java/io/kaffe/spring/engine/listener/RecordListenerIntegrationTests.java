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

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;

import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.ConsumerState;
import io.kaffe.spring.table.WorkerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for record listeners that are named in configuration.
 */
class RecordListenerIntegrationTests {

	@Test
	void namedListenerHandlesRecordsOnWorkersAndCommits() {
		try (ListenerApplication application = ListenerApplication.of(Listening.class).topic("orders", 4)) {
			application.send("orders", 0, 0, 1000);
			application.send("orders", 3, 0, 10);
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=");
			Queue<ConsumerRecord<String, String>> handled = context.getBean(Listening.class).handled;
			await("all are handled").until(() -> handled.size() == 1010);
			assertThat(handled).filteredOn((record) -> record.partition() == 0)
				.extracting(ConsumerRecord::value)
				.containsExactlyElementsOf(IntStream.range(0, 1000).mapToObj(Integer::toString).toList());
			assertThat(context.getBean(Listening.class).threads).allMatch((name) -> name.startsWith("kaffe-"));
			await("all is committed").until(() -> Long.valueOf(1000).equals(application.committed("orders", 0)));
			ConsumerSnapshot table = ListenerApplication.table(context, "orders");
			assertThat(table.status().state()).isEqualTo(ConsumerState.RUNNING);
			assertThat(table.workers()).extracting(WorkerSnapshot::name)
				.containsExactlyElementsOf(IntStream.range(0, 4)
					.mapToObj((partition) -> "worker_" + application.topic("orders") + "_" + partition)
					.toList());
			assertThat(table.workers().get(0).counters().handled()).isEqualTo(1000);
			assertThat(application.partition(context, "orders", "orders", 0).offsets().completed()).isEqualTo(1000);
			assertThat(context.getBean(DefaultWorkerManager.class).workerFor("orders", application.topic("orders"), 3))
				.isNotNull()
				.satisfies((worker) -> assertThat(worker.partitions()).hasSize(1));
		}
	}

	@Test
	void listenerThatIsNotNamedStaysAsItWas() {
		try (ListenerApplication application = ListenerApplication.of(Listening.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start();
			Listening listening = context.getBean(Listening.class);
			await("all are handled").until(() -> listening.handled.size() == 10);
			assertThat(listening.threads).noneMatch((name) -> name.startsWith("kaffe-"));
			assertThat(context.getBean(DefaultWorkerManager.class).table().consumers()).isEmpty();
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class Listening {

		final Queue<ConsumerRecord<String, String>> handled = new ConcurrentLinkedQueue<>();

		final Queue<String> threads = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			this.handled.add(record);
			this.threads.add(Thread.currentThread().getName());
		}

	}

}
