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
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.listener.AbstractConsumerSeekAware;

import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.RecordWorkerAllocationStrategy;
import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.SeekResult;
import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.table.Evicted;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for keys that are blocked while many records are polled behind them: the records
 * of other keys are handled, those of the blocked keys are evicted and read again when
 * they are not blocked any more.
 */
class EvictionIntegrationTests {

	private static final int KEYS = 100;

	private static final int BUFFER = 500;

	private static final List<String> BLOCKED = List.of("key-7", "key-42");

	private int sent;

	@ParameterizedTest
	@ValueSource(strings = { "park", "back-off" })
	void blockedKeysDoNotHoldUpOthersAndAreHandledInOrderWhenTheyAreReleased(String blockedBy) throws Exception {
		try (ListenerApplication application = application(blockedBy)) {
			ConfigurableApplicationContext context = application.start();
			Orders orders = context.getBean(Orders.class);
			send(application, 20_000);
			await("all others are handled").until(() -> orders.countOfOthers() == othersOf(this.sent));
			assertThat(application.partition(context, "orders", "orders", 0).paused()).isNull();
			await("what is blocked is committed by its keys")
				.until(() -> metadata(application).blocked().all().size() == 2);
			assertThat(metadata(application).text()).hasSizeLessThan(1024);
			assertThat(metadata(application).completed().count()).isGreaterThan(19_000);
			Evicted evicted = application.partition(context, "orders", "orders", 0).evicted();
			assertThat(evicted.keys()).isEqualTo(2);
			assertThat(evicted.records()).isGreaterThan(200);
			orders.blocked.clear();
			send(application, 2000);
			retryAll(context);
			assertAllIsHandledInOrder(orders);
			await("all is committed").until(() -> Objects.equals(application.committed("orders", 0), (long) this.sent));
			assertThat(orders.handled).as("nothing is repeated").hasSize(this.sent);
			assertThat(application.partition(context, "orders", "orders", 0).evicted()).isEqualTo(Evicted.NONE);
		}
	}

	@Test
	void keysOfACustomStrategyAreEvictedAndReportedByOffset() throws Exception {
		try (ListenerApplication application = application("park", OrdersByStrategy.class)
			.with("kaffe.consumers.orders.worker-allocation-strategy", "byKey")) {
			ConfigurableApplicationContext context = application.start();
			Orders orders = context.getBean(Orders.class);
			send(application, 10_000);
			await("all others are handled").until(() -> orders.countOfOthers() == othersOf(this.sent));
			assertThat(application.partition(context, "orders", "orders", 0).evicted().keys()).isEqualTo(2);
			await("what is completed is committed").until(() -> metadata(application).completed().count() > 9_000);
			assertThat(metadata(application).blocked().isEmpty()).isTrue();
			orders.blocked.clear();
			send(application, 1000);
			retryAll(context);
			assertAllIsHandledInOrder(orders);
			await("all is committed").until(() -> Objects.equals(application.committed("orders", 0), (long) this.sent));
			assertThat(orders.handled).as("nothing is repeated").hasSize(this.sent);
		}
	}

	@Test
	void nextOwnerHandlesOnlyWhatIsBlocked() throws Exception {
		try (ListenerApplication application = application("park")) {
			ConfigurableApplicationContext context = application.start();
			Orders orders = context.getBean(Orders.class);
			send(application, 10_000);
			await("all others are handled").until(() -> orders.countOfOthers() == othersOf(this.sent));
			context.close();
			ConfigurableApplicationContext next = application.start();
			Orders nextOrders = next.getBean(Orders.class);
			await("one attempt is made at what was parked").until(() -> nextOrders.blockedAttempts.size() == 2);
			send(application, 5000);
			await("all others are handled").until(() -> nextOrders.countOfOthers() == othersOf(5000));
			nextOrders.blocked.clear();
			retryAll(next);
			await("all is committed").until(() -> Objects.equals(application.committed("orders", 0), (long) this.sent));
			List<ConsumerRecord<String, String>> handled = new ArrayList<>(orders.handled);
			handled.addAll(nextOrders.handled);
			assertThat(handled).extracting(ConsumerRecord::offset)
				.containsExactlyInAnyOrderElementsOf(LongStream.range(0, this.sent).boxed().toList());
			assertInOrder(handled);
		}
	}

	@Test
	void operatorSkipsWhatIsBlockedByASeek() throws Exception {
		try (ListenerApplication application = application("park")) {
			ConfigurableApplicationContext context = application.start();
			Orders orders = context.getBean(Orders.class);
			send(application, 10_000);
			await("all others are handled").until(() -> orders.countOfOthers() == othersOf(this.sent));
			orders.blocked.clear();
			SeekResult result = context.getBean(KaffeConsumers.class)
				.seek("orders", new TopicPartition(application.topic("orders"), 0), SeekPosition.offset(9_000))
				.get();
			assertThat(result.unfinished()).isBetween(180L, 200L);
			assertThat(result.parked()).containsExactly(7L, 42L);
			await("all is committed").until(() -> Objects.equals(application.committed("orders", 0), (long) this.sent));
			List<Long> offsets = orders.handled.stream().map(ConsumerRecord::offset).sorted().toList();
			assertThat(offsets).as("only what was sought is repeated, only what was blocked is skipped")
				.hasSize(othersOf(9_000) + 980 + 1000);
		}
	}

	@Test
	void listenerThatSeeksDoesNotSkipWhatIsBlocked() throws Exception {
		try (ListenerApplication application = application("park")) {
			ConfigurableApplicationContext context = application.start();
			Orders orders = context.getBean(Orders.class);
			send(application, 10_000);
			await("all others are handled").until(() -> orders.countOfOthers() == othersOf(this.sent));
			orders.blocked.clear();
			orders.seek(new TopicPartition(application.topic("orders"), 0), 9_000);
			await("all is committed").until(() -> Objects.equals(application.committed("orders", 0), (long) this.sent));
			List<Long> offsets = orders.handled.stream().map(ConsumerRecord::offset).sorted().toList();
			assertThat(offsets).as("what was sought is repeated").hasSize(this.sent + 980);
			assertThat(offsets.stream().distinct().count()).as("nothing is skipped").isEqualTo(this.sent);
		}
	}

	private static ListenerApplication application(String blockedBy) {
		return application(blockedBy, Orders.class).with("kaffe.consumers.orders.worker-allocation-strategy",
				"worker-per-key");
	}

	private static ListenerApplication application(String blockedBy, Class<?> configuration) {
		ListenerApplication application = ListenerApplication.of(configuration)
			.with("kaffe.buffer.max-records", BUFFER)
			.topic("orders", 1);
		return blockedBy.equals("park") ? application.with("kaffe.failure.max-attempts", 1)
				: application.with("kaffe.failure.max-attempts", 0)
					.with("kaffe.failure.back-off.max-interval", "200ms");
	}

	private static int othersOf(int sent) {
		return sent / KEYS * (KEYS - 2);
	}

	private void send(ListenerApplication application, int count) {
		ListenerApplication.send(IntStream.range(this.sent, this.sent + count)
			.mapToObj((number) -> new ProducerRecord<>(application.topic("orders"), 0, "key-" + number % KEYS,
					Integer.toString(number)))
			.toList());
		this.sent += count;
	}

	private static CommitMetadata metadata(ListenerApplication application) throws Exception {
		try (var admin = application.admin()) {
			OffsetAndMetadata commit = Objects.requireNonNull(admin.listConsumerGroupOffsets(application.group())
				.partitionsToOffsetAndMetadata()
				.get()
				.get(new TopicPartition(application.topic("orders"), 0)));
			return CommitMetadata.read(commit.metadata(), commit.offset());
		}
	}

	private static void retryAll(ConfigurableApplicationContext context) {
		KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
		consumers.failingRecords("orders")
			.forEach((record) -> consumers.retry("orders", record.partition(), record.offset()));
	}

	private void assertAllIsHandledInOrder(Orders orders) {
		await("all is handled").atMost(Duration.ofSeconds(60)).until(() -> orders.handled.size() >= this.sent);
		assertThat(orders.handled).extracting(ConsumerRecord::offset)
			.containsExactlyInAnyOrderElementsOf(LongStream.range(0, this.sent).boxed().toList());
		assertInOrder(orders.handled);
	}

	private static void assertInOrder(List<ConsumerRecord<String, String>> handled) {
		Map<String, Long> last = new HashMap<>();
		for (ConsumerRecord<String, String> record : List.copyOf(handled)) {
			Long before = last.put(record.key(), record.offset());
			assertThat(before == null || before < record.offset()).as(record.offset() + " after " + before).isTrue();
		}
	}

	/**
	 * Fails for some keys.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Orders extends AbstractConsumerSeekAware {

		private final Set<String> blocked = ConcurrentHashMap.newKeySet();

		private final Set<Long> blockedAttempts = ConcurrentHashMap.newKeySet();

		private final List<ConsumerRecord<String, String>> handled = Collections.synchronizedList(new ArrayList<>());

		Orders() {
			this.blocked.addAll(BLOCKED);
		}

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			if (this.blocked.contains(record.key())) {
				this.blockedAttempts.add(record.offset());
				throw new IllegalStateException("Blocked");
			}
			this.handled.add(record);
		}

		void seek(TopicPartition partition, long offset) {
			Objects.requireNonNull(getSeekCallbacksFor(partition))
				.forEach((callback) -> callback.seek(partition.topic(), partition.partition(), offset));
		}

		long countOfOthers() {
			synchronized (this.handled) {
				return this.handled.stream().filter((record) -> !BLOCKED.contains(record.key())).count();
			}
		}

	}

	/**
	 * The same, with keys that have no stable hash.
	 */
	@Configuration(proxyBeanMethods = false)
	static class OrdersByStrategy extends Orders {

		@Bean
		RecordWorkerAllocationStrategy byKey() {
			return (record) -> List.of(String.valueOf(record.key()));
		}

	}

}
