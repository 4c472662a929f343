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
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.support.TopicPartitionOffset;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ListenerSeeks}: partitions with offsets from 10 to 100, of which
 * {@code orders-0} is at 50.
 */
@ExtendWith(OutputCaptureExtension.class)
class ListenerSeeksTests {

	private static final TopicPartition ORDERS = new TopicPartition("orders", 0);

	private static final TopicPartition REFUNDS = new TopicPartition("refunds", 0);

	private final List<String> moved = new ArrayList<>();

	private final List<String> notifications = new ArrayList<>();

	private final MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest") {

		@Override
		public synchronized Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(
				Map<TopicPartition, Long> timestamps) {
			return timestamps.entrySet()
				.stream()
				.filter((entry) -> entry.getValue() < 1000)
				.collect(Collectors.toMap(Map.Entry::getKey,
						(entry) -> new OffsetAndTimestamp(20 + entry.getValue(), entry.getValue())));
		}

	};

	private @Nullable RuntimeException failure;

	private int wakeUps;

	private final ListenerSeeks seeks = new ListenerSeeks(this.consumer, new Listener(),
			facts(new ContainerProperties("orders")), (partition, timeout) -> 50,
			(partition, offset) -> this.moved.add(partition + "@" + offset), () -> this.wakeUps++);

	@BeforeEach
	void assign() {
		this.consumer.assign(List.of(ORDERS, REFUNDS));
		this.consumer.updateBeginningOffsets(Map.of(ORDERS, 10L, REFUNDS, 10L));
		this.consumer.updateEndOffsets(Map.of(ORDERS, 100L, REFUNDS, 100L));
	}

	@Test
	void partitionsWithoutAPositionDoNotFailTheOthers(CapturedOutput output) {
		TopicPartition returns = new TopicPartition("returns", 0);
		List<String> asked = new ArrayList<>();
		Map<TopicPartition, Long> notified = new HashMap<>();
		ListenerSeeks seeks = new ListenerSeeks(this.consumer, new ConsumerSeekAware() {

			@Override
			public void onPartitionsAssigned(Map<TopicPartition, Long> assignments, ConsumerSeekCallback callback) {
				notified.putAll(assignments);
			}

		}, facts(new ContainerProperties("orders")), (partition, timeout) -> {
			asked.add(partition + " within " + timeout);
			if (!partition.equals(ORDERS)) {
				throw new TimeoutException("No position of " + partition);
			}
			return 7;
		}, (partition, offset) -> {
		}, () -> {
		});
		seeks.assigned(List.of(REFUNDS, returns, ORDERS));
		assertThat(notified).isEqualTo(Map.of(ORDERS, 7L));
		assertThat(asked).containsExactly("refunds-0 within null", "returns-0 within PT0S", "orders-0 within PT0S");
		assertThat(output)
			.contains("The listener is not notified of [refunds-0, returns-0]: their positions are unknown")
			.containsOnlyOnce("The listener is not notified of")
			.containsOnlyOnce("TimeoutException: No position of refunds-0")
			.doesNotContain("No position of returns-0");
	}

	@Test
	void positionIsMovedAtOnceOnTheConsumersThread() {
		this.seeks.seek("orders", 0, 33);
		this.seeks.seek("orders", 0, (position) -> position + 1);
		this.seeks.seekToBeginning("orders", 0);
		this.seeks.seekToEnd("orders", 0);
		assertThat(this.moved).containsExactly("orders-0@33", "orders-0@51", "orders-0@10", "orders-0@100");
		assertThat(this.wakeUps).isZero();
		assertThat(this.consumer.position(ORDERS)).isEqualTo(100);
	}

	@Test
	void relativeSeekCountsFromThePositionTheBeginningOrTheEnd() {
		this.seeks.seekRelative("orders", 0, -7, true);
		this.seeks.seekRelative("orders", 0, 7, true);
		this.seeks.seekRelative("orders", 0, 7, false);
		this.seeks.seekRelative("orders", 0, 0, false);
		this.seeks.seekRelative("orders", 0, -7, false);
		this.seeks.seekRelative("orders", 0, -70, true);
		assertThat(this.moved).containsExactly("orders-0@43", "orders-0@57", "orders-0@17", "orders-0@10",
				"orders-0@93", "orders-0@0");
	}

	@Test
	void seekToATimeGoesToItsOffsetIfThereIsOne() {
		this.seeks.seekToTimestamp("orders", 0, 5);
		this.seeks.seekToTimestamp("orders", 0, 5000);
		this.seeks.seekToTimestamp(List.of(ORDERS, REFUNDS), 6);
		assertThat(this.moved).containsExactly("orders-0@25", "orders-0@26", "refunds-0@26");
	}

	@Test
	void severalPartitionsAreMovedTogether() {
		this.seeks.seekToBeginning(List.of(ORDERS, REFUNDS));
		this.seeks.seekToEnd(List.of(ORDERS, REFUNDS));
		assertThat(this.moved).containsExactly("orders-0@10", "refunds-0@10", "orders-0@100", "refunds-0@100");
	}

	@Test
	void otherThreadsHaveItDoneBeforeTheNextPoll(CapturedOutput output) throws Exception {
		Thread other = new Thread(() -> {
			this.seeks.seek("orders", 0, 33);
			this.seeks.seek("payments", 0, 1);
			this.seeks.seek("refunds", 0, (position) -> {
				throw new IllegalStateException("broken");
			});
			this.seeks.seek("refunds", 0, 44);
		});
		other.start();
		other.join();
		assertThat(this.moved).isEmpty();
		assertThat(this.wakeUps).isEqualTo(4);
		this.seeks.perform();
		assertThat(this.moved).containsExactly("orders-0@33", "refunds-0@44");
		assertThat(output).contains("Not seeking payments-0: it is not assigned any more")
			.contains("Could not seek refunds-0");
		this.seeks.perform();
		assertThat(this.moved).as("once").hasSize(2);
	}

	@Test
	void listenerIsNotifiedOfItsPartitionsAndPositions(CapturedOutput output) {
		this.seeks.begin();
		this.seeks.assigned(List.of(ORDERS));
		this.seeks.polled();
		this.seeks.polled();
		this.seeks.idle(List.of(ORDERS));
		this.seeks.revoked(List.of(ORDERS));
		this.seeks.end(List.of(REFUNDS));
		this.seeks.end(List.of());
		assertThat(this.notifications).containsExactly("registered", "registered", "assigned {orders-0=50}",
				"first poll", "registered", "idle {orders-0=50}", "revoked [orders-0]", "revoked [refunds-0]",
				"revoked []", "unregistered", "revoked []", "unregistered");
		assertThat(this.seeks.getGroupId()).isEqualTo("shop");
		assertThat(output).doesNotContain("The listener is not notified of");
	}

	@Test
	void partitionsThatTheApplicationAssignsAreNotRevokedInTheEnd() {
		ListenerSeeks seeks = new ListenerSeeks(this.consumer, new Listener(),
				facts(new ContainerProperties(new TopicPartitionOffset("orders", 0))), (partition, timeout) -> 50,
				(partition, offset) -> {
				}, () -> {
				});
		seeks.end(List.of(ORDERS));
		assertThat(this.notifications).containsExactly("revoked []", "unregistered");
	}

	@Test
	void listenerThatFailsInTheEndIsLogged(CapturedOutput output) {
		this.failure = new IllegalStateException("broken");
		this.seeks.end(List.of(ORDERS));
		assertThat(output).contains("The listener failed to forget its partitions [orders-0]");
	}

	private static ContainerFacts facts(ContainerProperties properties) {
		properties.setGroupId("shop");
		return new ContainerFacts(
				new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(Map.of()), properties));
	}

	/**
	 * Notes what it is notified of.
	 */
	private final class Listener implements ConsumerSeekAware {

		@Override
		public void registerSeekCallback(ConsumerSeekCallback callback) {
			note("registered");
		}

		@Override
		public void onPartitionsAssigned(Map<TopicPartition, Long> assignments, ConsumerSeekCallback callback) {
			assertThat(callback).isSameAs(ListenerSeeksTests.this.seeks);
			note("assigned " + assignments);
		}

		@Override
		public void onFirstPoll() {
			note("first poll");
		}

		@Override
		public void onIdleContainer(Map<TopicPartition, Long> assignments, ConsumerSeekCallback callback) {
			assertThat(callback).isSameAs(ListenerSeeksTests.this.seeks);
			note("idle " + assignments);
		}

		@Override
		public void onPartitionsRevoked(@Nullable Collection<TopicPartition> partitions) {
			note("revoked " + partitions);
		}

		@Override
		public void unregisterSeekCallback() {
			note("unregistered");
		}

		private void note(String what) {
			ListenerSeeksTests.this.notifications.add(what);
			if (ListenerSeeksTests.this.failure != null) {
				throw ListenerSeeksTests.this.failure;
			}
		}

	}

}
