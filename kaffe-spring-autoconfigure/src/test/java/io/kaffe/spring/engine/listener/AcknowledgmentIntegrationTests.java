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
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.kafka.support.Acknowledgment;

import io.kaffe.spring.table.WorkerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for listeners that acknowledge only some records, and that call {@code nack}.
 */
@ExtendWith(OutputCaptureExtension.class)
class AcknowledgmentIntegrationTests {

	@ParameterizedTest
	@ValueSource(strings = { "worker-per-topic-partition", "worker-per-partition" })
	void acknowledgmentCountsForTheRecordsBeforeItInItsPartition(String strategy) {
		try (ListenerApplication application = application(EachFifth.class, strategy)) {
			application.send("orders", 0, 1, 13);
			application.send("orders", 1, 1, 4);
			ConfigurableApplicationContext context = application.start();
			Queue<String> delivered = context.getBean(EachFifth.class).delivered;
			await("all are delivered").until(() -> delivered.size() == 15);
			await("up to the tenth").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			assertThat(application.committed("orders", 1)).isIn(null, 0L);
			assertThat(CompletableFuture.runAsync(() -> ListenerApplication.container(context, "orders").stop()))
				.as("what is left to a later acknowledgment is not waited for")
				.succeedsWithin(10, TimeUnit.SECONDS);
			ListenerApplication.container(context, "orders").start();
			await("what is not acknowledged is delivered again").until(() -> delivered.size() == 20);
		}
	}

	@Test
	void filteredRecordDoesNotCountForThoseBeforeIt() {
		try (ListenerApplication application = application(Filtered.class, "worker-per-topic-partition")) {
			application.send("orders", 0, 0, 4);
			ConfigurableApplicationContext context = application.start();
			await("all are handled").untilAsserted(
					() -> assertThat(application.partition(context, "orders", "orders", 0).offsets().completedAhead())
						.isEqualTo(2));
			assertThat(application.committed("orders", 0)).isIn(null, 0L);
			Queue<Acknowledgment> open = context.getBean(Filtered.class).open;
			assertThat(open).hasSize(2);
			open.remove();
			open.remove().acknowledge();
			await("all are committed").until(() -> Long.valueOf(4).equals(application.committed("orders", 0)));
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "worker-per-key", "worker-per-record" })
	void acknowledgmentCountsForItsRecordAloneWhereWorkersAreAllocatedForEachRecord(String strategy,
			CapturedOutput output) {
		try (ListenerApplication application = application(EachFifth.class, strategy)) {
			application.send("orders", 0, 1, 6);
			ConfigurableApplicationContext context = application.start("--kaffe.drain-timeout=200ms");
			await("the fifth is completed").untilAsserted(
					() -> assertThat(application.partition(context, "orders", "orders", 0).offsets().completedAhead())
						.isOne());
			assertThat(application.committed("orders", 0)).isIn(null, 0L);
			assertThat(output)
				.containsOnlyOnce("The listener of 'orders' has to acknowledge each record: with " + strategy);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "worker-per-topic-partition", "worker-per-key" })
	void nackedRecordIsDeliveredAgainInItsOrder(String strategy) {
		try (ListenerApplication application = application(Nacking.class, strategy)) {
			application.send("orders", 0, 0, 3);
			ConfigurableApplicationContext context = application.start("--nack.first=500ms");
			Nacking listener = context.getBean(Nacking.class);
			await("all are committed").until(() -> Long.valueOf(3).equals(application.committed("orders", 0)));
			assertThat(listener.delivered).containsExactly("0", "0", "1", "2");
			assertThat(ListenerApplication.table(context, "orders").counters().failed()).isZero();
		}
	}

	@Test
	void neitherOtherWorkersNorARevocationWaitForANackedRecord() {
		try (ListenerApplication application = application(Nacking.class, "worker-per-topic-partition")) {
			application.send("orders", 0, 0, 3);
			application.send("orders", 1, 10, 13);
			ConfigurableApplicationContext context = application.start("--nack.first=1h");
			await("the other partition is committed")
				.until(() -> Long.valueOf(3).equals(application.committed("orders", 1)));
			await("it sleeps").untilAsserted(() -> assertThat(ListenerApplication.table(context, "orders").workers())
				.extracting((worker) -> worker.state())
				.contains(WorkerState.BACKING_OFF));
			assertThat(context.getBean(Nacking.class).delivered).contains("0").doesNotContain("1", "2");
			assertThat(CompletableFuture.runAsync(() -> ListenerApplication.container(context, "orders").stop()))
				.succeedsWithin(10, TimeUnit.SECONDS);
			ListenerApplication.container(context, "orders").start();
			await("all are committed").until(() -> Long.valueOf(3).equals(application.committed("orders", 0)));
			assertThat(context.getBean(Nacking.class).delivered)
				.filteredOn((value) -> List.of("0", "1", "2").contains(value))
				.containsExactly("0", "0", "1", "2");
		}
	}

	private static ListenerApplication application(Class<?> configuration, String strategy) {
		return ListenerApplication.of(configuration)
			.with("kaffe.consumers.orders", "")
			.with("kaffe.worker-allocation-strategy", strategy)
			.with("kaffe.commit.interval", "50ms")
			.with("spring.kafka.listener.ack-mode", "manual")
			.topic("orders", 2);
	}

	/**
	 * Acknowledges each fifth record of a partition.
	 */
	@Configuration(proxyBeanMethods = false)
	static class EachFifth {

		private final Queue<String> delivered = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(String value, Acknowledgment acknowledgment) {
			if (Integer.parseInt(value) % 5 == 0) {
				acknowledgment.acknowledge();
			}
			this.delivered.add(value);
		}

	}

	/**
	 * Acknowledges nothing, and is not given each second record.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Filtered {

		private final Queue<Acknowledgment> open = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(String value, Acknowledgment acknowledgment) {
			this.open.add(acknowledgment);
		}

		@Bean
		static RecordFilterStrategy<Object, Object> filter() {
			return (record) -> Integer.parseInt(record.value().toString()) % 2 == 1;
		}

	}

	/**
	 * Calls {@code nack} for the first delivery of the record 0.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Nacking {

		private final Queue<String> delivered = new ConcurrentLinkedQueue<>();

		private final Duration sleep;

		Nacking(@Value("${nack.first}") Duration sleep) {
			this.sleep = sleep;
		}

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(String value, Acknowledgment acknowledgment) {
			boolean first = !this.delivered.contains(value);
			this.delivered.add(value);
			if (first && value.equals("0")) {
				acknowledgment.nack(this.sleep);
			}
			else {
				acknowledgment.acknowledge();
			}
		}

	}

}
