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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;

import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.table.PartitionSnapshot;
import io.kaffe.spring.table.WorkerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for strategies of the user's that name the workers of partitions.
 */
@ExtendWith(OutputCaptureExtension.class)
class PartitionStrategyIntegrationTests {

	@Test
	void partitionsThatAreNamedAlikeShareAWorker() {
		try (ListenerApplication application = application()) {
			ConfigurableApplicationContext context = application.start();
			Strategy strategy = context.getBean(Strategy.class);
			await("all are handled").until(() -> strategy.handled.size() == 150);
			assertThat(ListenerApplication.table(context, "orders").workers()).extracting(WorkerSnapshot::name)
				.containsExactly("even", "odd");
			assertThat(strategy.asking).allMatch((thread) -> thread.startsWith("kaffe-"));
		}
	}

	@Test
	void partitionWhoseWorkerCannotBeNamedIsPausedUntilItCan(CapturedOutput output) {
		try (ListenerApplication application = application()) {
			ConfigurableApplicationContext context = application.start("--test.fails=true");
			Strategy strategy = context.getBean(Strategy.class);
			await("the others are handled").until(() -> strategy.handled.size() == 100);
			PartitionSnapshot unnamed = application.partition(context, "orders", "orders", 2);
			assertThat(unnamed.worker()).isNull();
			assertThat(unnamed.paused()).isEqualTo("worker-allocation");
			await("it is asked again").untilAsserted(() -> assertThat(
					output.toString().split("failed to name a worker for " + application.topic("orders") + "-2"))
				.hasSizeGreaterThan(2));
			assertThat(output).contains("named the worker of " + application.topic("orders")
					+ "-2 ''; a name with at least one character is needed");
			strategy.fails = false;
			awaitAll(application, context, strategy);
		}
	}

	@Test
	void strategyThatHangsDoesNotKeepItsConsumerFromPolling() {
		try (ListenerApplication application = application()) {
			ConfigurableApplicationContext context = application.start("--test.hangs=true",
					"--spring.kafka.consumer.properties.max.poll.interval.ms=3000", "--kaffe.drain-timeout=1s");
			Strategy strategy = context.getBean(Strategy.class);
			await("the others are handled").until(() -> strategy.handled.size() == 100);
			long epoch = application.partition(context, "orders", "orders", 2).epoch();
			await("it would be taken for dead").pollDelay(4, TimeUnit.SECONDS).until(() -> true);
			assertThat(application.partition(context, "orders", "orders", 2).epoch()).isEqualTo(epoch);
			assertThat(application.partition(context, "orders", "orders", 2).paused()).isEqualTo("worker-allocation");
			strategy.answer.countDown();
			awaitAll(application, context, strategy);
			assertThat(application.partition(context, "orders", "orders", 2).epoch()).isEqualTo(epoch);
		}
	}

	private static ListenerApplication application() {
		ListenerApplication application = ListenerApplication.of(Strategy.class)
			.with("kaffe.consumers.orders.worker-allocation-strategy", "evenAndOdd")
			.topic("orders", 3);
		for (int partition = 0; partition < 3; partition++) {
			application.send("orders", partition, 0, 50);
		}
		return application;
	}

	private static void awaitAll(ListenerApplication application, ConfigurableApplicationContext context,
			Strategy strategy) {
		await("all are handled").until(() -> strategy.handled.size() == 150);
		assertThat(strategy.handled).filteredOn((record) -> record.partition() == 2)
			.extracting(ConsumerRecord::value)
			.containsExactlyElementsOf(IntStream.range(0, 50).mapToObj(Integer::toString).toList());
		PartitionSnapshot named = application.partition(context, "orders", "orders", 2);
		assertThat(named.worker()).isEqualTo("even");
		assertThat(named.paused()).isNull();
		await("all is committed").until(() -> Long.valueOf(50).equals(application.committed("orders", 2)));
	}

	/**
	 * A strategy that may fail or hang for partition 2, and a listener.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Strategy {

		final Queue<ConsumerRecord<String, String>> handled = new ConcurrentLinkedQueue<>();

		final Queue<String> asking = new ConcurrentLinkedQueue<>();

		final CountDownLatch answer = new CountDownLatch(1);

		volatile boolean fails;

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			this.handled.add(record);
		}

		@Bean
		WorkerAllocationStrategy evenAndOdd(@Value("${test.fails:false}") boolean fails,
				@Value("${test.hangs:false}") boolean hangs) {
			this.fails = fails;
			return (topic, partition) -> {
				this.asking.add(Thread.currentThread().getName());
				if (partition == 2 && this.fails) {
					return "";
				}
				if (partition == 2 && hangs) {
					try {
						this.answer.await();
					}
					catch (InterruptedException ex) {
						throw new IllegalStateException(ex);
					}
				}
				return (partition % 2 == 0) ? "even" : "odd";
			};
		}

	}

}
