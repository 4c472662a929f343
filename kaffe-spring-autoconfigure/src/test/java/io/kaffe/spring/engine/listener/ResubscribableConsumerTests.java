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

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.core.ConsumerPostProcessor;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link ResubscribableConsumer}.
 */
class ResubscribableConsumerTests {

	private static final TopicPartition REFUNDS = new TopicPartition("refunds", 0);

	private final MockConsumer<String, String> target = new MockConsumer<>("earliest");

	private final Consumer<String, String> consumer = ResubscribableConsumer.of(this.target);

	private final Assigned assigned = new Assigned();

	@Test
	void listenerIsKeptBySubscriptionsWithoutOne() {
		this.consumer.subscribe(List.of("orders"), this.assigned);
		this.consumer.subscribe(List.of("orders", "refunds"));
		this.target.rebalance(List.of(REFUNDS));
		assertThat(this.assigned.partitions).containsExactly(REFUNDS);
		assertThat(this.consumer.subscription()).containsExactlyInAnyOrder("orders", "refunds");
	}

	@Test
	void withoutListenerThereIsNoneToKeep() {
		this.consumer.subscribe(List.of("orders"));
		this.target.rebalance(List.of(REFUNDS));
		assertThat(this.consumer.assignment()).containsExactly(REFUNDS);
	}

	@Test
	void failuresAreThoseOfTheConsumer() {
		this.target.close();
		assertThatIllegalStateException().isThrownBy(() -> this.consumer.subscribe(List.of("orders")))
			.withMessageContaining("closed");
	}

	@Test
	void consumerEqualsItself() {
		assertThat(this.consumer).isEqualTo(this.consumer)
			.hasSameHashCodeAs(this.consumer)
			.isNotEqualTo(ResubscribableConsumer.of(this.target));
	}

	@Test
	void whatTheApplicationWrapsConsumersInStaysAroundThem() {
		DefaultKafkaConsumerFactory<String, String> factory = new DefaultKafkaConsumerFactory<>(Map.of());
		ConsumerPostProcessor<String, String> wrapping = (consumer) -> consumer;
		factory.addPostProcessor(wrapping);
		assertThat(ResubscribableConsumer.madeBy(factory)).isTrue();
		assertThat(factory.getPostProcessors()).hasSize(2).last().isSameAs(wrapping);
		assertThat(ResubscribableConsumer.madeBy(factory)).isTrue();
		assertThat(factory.getPostProcessors()).hasSize(2);
	}

	@Test
	void factoryWithoutPostProcessorsDoesNotMakeThem() {
		DefaultKafkaConsumerFactory<String, String> factory = new DefaultKafkaConsumerFactory<>(Map.of()) {

			@Override
			public void addPostProcessor(ConsumerPostProcessor<String, String> postProcessor) {
			}

		};
		assertThat(ResubscribableConsumer.madeBy(factory)).isFalse();
	}

	/**
	 * Remembers what was assigned.
	 */
	private static final class Assigned implements ConsumerRebalanceListener {

		private Collection<TopicPartition> partitions = List.of();

		@Override
		public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
		}

		@Override
		public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
			this.partitions = partitions;
		}

	}

}
