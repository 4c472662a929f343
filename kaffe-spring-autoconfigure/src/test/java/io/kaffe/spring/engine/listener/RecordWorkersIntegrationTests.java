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

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;

import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.RecordWorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.PartitionSnapshot;
import io.kaffe.spring.table.WorkerSnapshot;
import io.kaffe.spring.table.WorkerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

/**
 * Tests for workers that are allocated for each record.
 */
class RecordWorkersIntegrationTests {

	@Test
	void equalKeysOfAllTopicsAreHandledOneAtATimeAndOthersSideBySide() {
		try (ListenerApplication application = application("worker-per-key").topic("orders", 2).topic("refunds", 2)) {
			for (int partition = 0; partition < 2; partition++) {
				application.sendWithKeys("orders", partition, keys(300, 10));
				application.sendWithKeys("refunds", partition, keys(300, 10));
			}
			ConfigurableApplicationContext context = application.start("--spring.kafka.listener.concurrency=2",
					"--kaffe.max-concurrency=8", "--test.together=8");
			Handler handler = context.getBean(Handler.class);
			await("all are handled").until(() -> handler.handled.get() == 1200);
			assertThat(handler.disorders).as("records of one key and partition out of order").hasValue(0);
			assertThat(handler.overlaps).as("records of one key at the same time").hasValue(0);
			assertThat(handler.mostAtOnce).as("more than there are partitions, and no more than allowed").hasValue(8);
			awaitCommitted(context, 300);
			ConsumerSnapshot table = ListenerApplication.table(context, "sales");
			assertThat(table.workers()).isEmpty();
			assertThat(table.workerCount()).isZero();
			assertThat(table.settings().maxConcurrency()).isEqualTo(8);
			assertThat(table.partitions()).extracting(PartitionSnapshot::worker).containsOnlyNulls();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "worker-per-key", "worker-per-record" })
	void recordsWithoutAKeyAreHandledSideBySide(String strategy) {
		try (ListenerApplication application = application(strategy).topic("orders", 1).topic("refunds", 1)) {
			application.sendWithKeys("orders", 0, Collections.nCopies(200, (String) null));
			ConfigurableApplicationContext context = application.start("--kaffe.max-concurrency=5",
					"--test.together=5");
			Handler handler = context.getBean(Handler.class);
			await("all are handled").until(() -> handler.handled.get() == 200);
			assertThat(handler.mostAtOnce).hasValue(5);
		}
	}

	@Test
	void recordsOfOneKeyAreHandledSideBySideByWorkersPerRecord() {
		try (ListenerApplication application = application("worker-per-record").topic("orders", 1)
			.topic("refunds", 1)) {
			application.sendWithKeys("orders", 0, Collections.nCopies(200, "key"));
			ConfigurableApplicationContext context = application.start("--test.together=16");
			Handler handler = context.getBean(Handler.class);
			await("all are handled").until(() -> handler.handled.get() == 200);
			assertThat(handler.mostAtOnce).as("16 by default").hasValue(16);
		}
	}

	@Test
	void keyThatIsStuckHoldsUpItselfAndNothingElse() {
		try (ListenerApplication application = application("worker-per-key").topic("orders", 1).topic("refunds", 1)) {
			ConfigurableApplicationContext context = application.start();
			Handler handler = context.getBean(Handler.class);
			handler.hang("key-0");
			application.sendWithKeys("orders", 0, keys(500, 10));
			await("the others are handled").until(() -> handler.handled.get() == 450);
			ConsumerSnapshot table = ListenerApplication.table(context, "sales");
			assertThat(table.workerCount()).isEqualTo(1);
			String name = "worker_" + application.topic("orders") + "_0_0";
			assertThat(table.workers()).singleElement().satisfies((worker) -> {
				assertThat(worker.name()).isEqualTo(name);
				assertThat(worker.state()).isEqualTo(WorkerState.RUNNING);
				assertThat(worker.queued()).isEqualTo(49);
				assertThat(worker.partitions()).containsExactly(application.topic("orders") + "-0");
				assertThat(worker.current()).extracting(WorkerSnapshot.CurrentRecord::offset).containsExactly(0L);
			});
			assertThat(context.getBean(DefaultWorkerManager.class).table("sales", name)).isNotNull();
			assertThat(context.getBean(DefaultWorkerManager.class).table("sales", "worker_0")).isNull();
			await("the commit reports the others").untilAsserted(() -> assertThat(
					application.partition(context, "sales", "orders", 0).offsets().completedInMetadata())
				.isEqualTo(450));
			handler.letGo.countDown();
			await("all are handled").until(() -> handler.handled.get() == 500);
			assertThat(handler.disorders).hasValue(0);
			await("all is committed").until(() -> Long.valueOf(500).equals(application.committed("orders", 0)));
		}
	}

	@Test
	void limitIsChangedWhileWorkersRun() {
		try (ListenerApplication application = application("worker-per-key").topic("orders", 1).topic("refunds", 1)) {
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.sales.max-concurrency=2");
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			Handler handler = context.getBean(Handler.class);
			assertThat(consumers.names()).containsExactly("sales");
			assertThat(consumers.maxConcurrency("sales")).hasValue(2);
			handler.hang("");
			application.sendWithKeys("orders", 0, keys(400, 100));
			await("two run").until(() -> handler.atOnce.get() == 2);
			assertThat(ListenerApplication.table(context, "sales").workerCount()).isGreaterThan(2);
			consumers.setMaxConcurrency("sales", 10);
			await("more run").until(() -> handler.atOnce.get() == 10);
			assertThat(handler.mostAtOnce).hasValue(10);
			consumers.setMaxConcurrency("sales", 1);
			handler.letGo.countDown();
			await("what runs has ended").until(() -> handler.atOnce.get() <= 1);
			handler.mostAtOnce.set(0);
			application.sendWithKeys("orders", 0, keys(100, 100));
			await("all are handled").until(() -> handler.handled.get() == 500);
			assertThat(handler.mostAtOnce).hasValueLessThanOrEqualTo(1);
			assertThat(handler.disorders).hasValue(0);
			assertThat(handler.overlaps).hasValue(0);
			assertThat(ListenerApplication.table(context, "sales").settings().maxConcurrency()).isEqualTo(1);
			assertThatIllegalArgumentException().isThrownBy(() -> consumers.setMaxConcurrency("sales", 0))
				.withMessageContaining("must be 1 or more, not 0");
			assertThatIllegalArgumentException().isThrownBy(() -> consumers.maxConcurrency("orders"))
				.withMessageContaining("There is no consumer 'orders' with workers; there are [sales]");
		}
	}

	@Test
	void coldKeysDoNotWaitForTheRecordsOfAHotOne() {
		try (ListenerApplication application = application("worker-per-key").topic("orders", 1).topic("refunds", 1)) {
			ConfigurableApplicationContext context = application.start("--kaffe.max-concurrency=2");
			Handler handler = context.getBean(Handler.class);
			handler.hang("hot");
			application.sendWithKeys("orders", 0, Collections.nCopies(1000, "hot"));
			application.sendWithKeys("orders", 0, keys(50, 50));
			await("all cold ones are handled").until(() -> handler.handled.get() == 50);
			assertThat(handler.order).as("while the hot one has all of its records").doesNotContain("hot");
			assertThat(ListenerApplication.table(context, "sales").load().buffered().records()).isEqualTo(1000);
			handler.letGo.countDown();
			await("all are handled").until(() -> handler.handled.get() == 1050);
		}
	}

	@Test
	void coldPartitionDoesNotWaitForTheKeysOfAHotOne() {
		try (ListenerApplication application = application("worker-per-key").topic("orders", 1).topic("refunds", 1)) {
			ConfigurableApplicationContext context = application.start("--kaffe.max-concurrency=1",
					"--kaffe.buffer.max-records=100000");
			Handler handler = context.getBean(Handler.class);
			handler.hang("");
			application.sendWithKeys("orders", 0, keys(3000, 3000));
			await("the hot partition is buffered")
				.until(() -> ListenerApplication.table(context, "sales").load().buffered().records() == 3000);
			application.sendWithKeys("refunds", 0, List.of("cold"));
			await("both are")
				.until(() -> ListenerApplication.table(context, "sales").load().buffered().records() == 3001);
			handler.letGo.countDown();
			await("all are handled").until(() -> handler.handled.get() == 3001);
			assertThat(List.copyOf(handler.order).indexOf("cold")).as("records handled before").isLessThan(10);
		}
	}

	@Test
	void keyThatCannotBeComparedIsAFailureOfItsRecord() {
		try (ListenerApplication application = application("worker-per-key")
			.with("spring.kafka.consumer.key-deserializer", BrokenKeyDeserializer.class.getName())
			.with("kaffe.failure.backoff.initial-interval", "20ms")
			.topic("orders", 1)
			.topic("refunds", 1)) {
			BrokenKey.broken = true;
			application.sendWithKeys("orders", 0, List.of("good-1", "broken", "good-2", "broken", "good-1"));
			ConfigurableApplicationContext context = application.start();
			Handler handler = context.getBean(Handler.class);
			await("the good ones are handled").until(() -> handler.handled.get() == 3);
			await("the others are tried again").until(() -> ListenerApplication.table(context, "sales")
				.workers()
				.stream()
				.filter((worker) -> worker.counters().failed() > 1 && worker.lastFailure() != null)
				.count() == 2);
			BrokenKey.broken = false;
			await("all are handled").until(() -> handler.handled.get() == 5);
			await("all is committed").until(() -> Long.valueOf(5).equals(application.committed("orders", 0)));
		}
	}

	@Test
	void onlyStrategyBeanIsTheDefaultAndDecidesForEachRecord() {
		try (ListenerApplication application = ListenerApplication.of(FirstLetters.class)
			.with("kaffe.consumers.sales", "")
			.with("kaffe.failure.backoff.initial-interval", "20ms")
			.topic("orders", 1)
			.topic("refunds", 1)) {
			List<String> keys = new ArrayList<>(List.of("null-1", "fails-twice"));
			IntStream.range(0, 300).forEach((number) -> keys.add("abc".charAt(number % 3) + "-" + number));
			application.sendWithKeys("orders", 0, keys);
			ConfigurableApplicationContext context = application.start();
			FirstLetters letters = context.getBean(FirstLetters.class);
			await("all are handled").until(() -> letters.handled.size() == 302);
			assertThat(ListenerApplication.table(context, "sales").settings().workerAllocationStrategy())
				.isEqualTo("workerPerFirstLetter");
			for (String letter : List.of("a", "b", "c")) {
				assertThat(letters.handled).filteredOn((key) -> key.startsWith(letter))
					.containsExactlyElementsOf(keys.stream().filter((key) -> key.startsWith(letter)).toList());
			}
			assertThat(letters.handled).contains("null-1", "fails-twice");
			assertThat(letters.asking).as("threads of the strategy").allMatch((thread) -> thread.startsWith("kaffe-"));
		}
	}

	private static ListenerApplication application(String strategy) {
		return ListenerApplication.of(Handler.class).with("kaffe.consumers.sales.worker-allocation-strategy", strategy);
	}

	private static List<String> keys(int records, int keys) {
		return IntStream.range(0, records).mapToObj((number) -> "key-" + number % keys).toList();
	}

	private static void awaitCommitted(ConfigurableApplicationContext context, long offset) {
		await("all is committed").until(() -> ListenerApplication.table(context, "sales")
			.partitions()
			.stream()
			.map((snapshot) -> snapshot.offsets().committed())
			.allMatch(Long.valueOf(offset)::equals));
	}

	/**
	 * Watches the order. The first records wait for each other, as many of them as are to
	 * be handled together.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Handler {

		final AtomicInteger handled = new AtomicInteger();

		final AtomicInteger overlaps = new AtomicInteger();

		final AtomicInteger disorders = new AtomicInteger();

		final AtomicInteger atOnce = new AtomicInteger();

		final AtomicInteger mostAtOnce = new AtomicInteger();

		final Queue<String> order = new ConcurrentLinkedQueue<>();

		final CountDownLatch letGo = new CountDownLatch(1);

		private final Set<String> inside = ConcurrentHashMap.newKeySet();

		private final Map<Object, Long> last = new ConcurrentHashMap<>();

		private final CountDownLatch together;

		private volatile @Nullable String hanging;

		Handler(@Value("${test.together:0}") int together) {
			this.together = new CountDownLatch(together);
		}

		/**
		 * Hang at keys that begin with some letters.
		 */
		void hang(String key) {
			this.hanging = key;
		}

		@KafkaListener(id = "sales", idIsGroup = false, topics = { "orders-${test.id}", "refunds-${test.id}" })
		void handle(ConsumerRecord<?, String> record) throws InterruptedException {
			this.mostAtOnce.accumulateAndGet(this.atOnce.incrementAndGet(), Math::max);
			String key = (record.key() != null) ? record.key().toString() : null;
			if (key != null) {
				if (!this.inside.add(key)) {
					this.overlaps.incrementAndGet();
				}
				Long before = this.last.put(List.of(new TopicPartition(record.topic(), record.partition()), key),
						record.offset());
				if (before != null && before >= record.offset()) {
					this.disorders.incrementAndGet();
				}
				if (this.hanging != null && key.startsWith(this.hanging) && !this.letGo.await(60, TimeUnit.SECONDS)) {
					throw new IllegalStateException(key + " was not released");
				}
			}
			this.together.countDown();
			if (!this.together.await(60, TimeUnit.SECONDS)) {
				throw new IllegalStateException("Not enough are handled together");
			}
			if (key != null) {
				this.order.add(key);
				this.inside.remove(key);
			}
			this.atOnce.decrementAndGet();
			this.handled.incrementAndGet();
		}

	}

	/**
	 * A listener and a strategy that looks at the first letter of the key.
	 */
	@Configuration(proxyBeanMethods = false)
	static class FirstLetters {

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		final Queue<String> asking = new ConcurrentLinkedQueue<>();

		private final AtomicInteger failures = new AtomicInteger();

		@KafkaListener(id = "sales", idIsGroup = false, topics = { "orders-${test.id}", "refunds-${test.id}" })
		void handle(ConsumerRecord<String, String> record) {
			this.handled.add(record.key());
		}

		@Bean
		RecordWorkerAllocationStrategy workerPerFirstLetter() {
			return (record) -> {
				this.asking.add(Thread.currentThread().getName());
				String key = (String) record.key();
				if (key.startsWith("fails") && this.failures.incrementAndGet() < 3) {
					throw new IllegalStateException("No letter");
				}
				return key.startsWith("null") ? null : key.substring(0, 1);
			};
		}

	}

	/**
	 * Makes keys that cannot be compared as long as they are broken.
	 */
	public static final class BrokenKeyDeserializer implements Deserializer<Object> {

		@Override
		public @Nullable Object deserialize(String topic, byte @Nullable [] data) {
			String key = (data != null) ? new String(data, java.nio.charset.StandardCharsets.UTF_8) : null;
			return "broken".equals(key) ? new BrokenKey() : key;
		}

	}

	/**
	 * A key whose methods throw.
	 */
	private static final class BrokenKey {

		private static volatile boolean broken;

		@Override
		public boolean equals(Object other) {
			if (broken) {
				throw new IllegalStateException("equals");
			}
			return other instanceof BrokenKey;
		}

		@Override
		public int hashCode() {
			if (broken) {
				throw new StackOverflowError("hashCode");
			}
			return 1;
		}

		@Override
		public String toString() {
			return "broken";
		}

	}

}
