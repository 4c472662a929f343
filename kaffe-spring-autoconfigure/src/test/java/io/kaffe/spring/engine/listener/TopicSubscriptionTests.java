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
import java.util.Set;
import java.util.regex.Pattern;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;

import io.kaffe.spring.engine.adapter.SpringKafkaFields;
import io.kaffe.spring.engine.listener.TopicSubscription.ListenerKeepingConsumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link TopicSubscription}.
 */
class TopicSubscriptionTests {

	private static final TopicPartition REFUNDS = new TopicPartition("refunds", 0);

	private final MockConsumer<String, String> target = new MockConsumer<>("earliest");

	private final Consumer<String, String> consumer = ListenerKeepingConsumer.of(this.target);

	private final Assigned assigned = new Assigned();

	private final DefaultKafkaConsumerFactory<String, String> shared = new DefaultKafkaConsumerFactory<>(
			Map.of("client.rack", "a")) {

		@Override
		protected Consumer<String, String> createRawConsumer(Map<String, Object> configuration) {
			return TopicSubscriptionTests.this.target;
		}

	};

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
	void answersAreThoseOfTheConsumer() {
		this.consumer.assign(List.of(REFUNDS));
		this.consumer.seek(REFUNDS, 7);
		assertThat(this.consumer.position(REFUNDS)).isEqualTo(7);
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
			.isNotEqualTo(ListenerKeepingConsumer.of(this.target));
	}

	@Test
	void applicationsAreGivenTheConsumerThatTheirFactoryCreated() {
		assertThat(TopicSubscription.unwrap(this.consumer)).isSameAs(this.target);
		assertThat(TopicSubscription.unwrap(this.target)).isSameAs(this.target);
	}

	@Test
	void sharedConsumerFactoryIsLeftAsItIs() {
		ConcurrentMessageListenerContainer<String, String> container = container("orders");
		TopicSubscription subscription = new TopicSubscription("orders", container);
		subscription.installIn(container);
		assertThat(this.shared.getPostProcessors()).isEmpty();
		assertThat(this.shared.createConsumer("group", "client")).isSameAs(this.target);
		assertThat(subscription.add(List.of("refunds"))).containsExactly("refunds");
	}

	@Test
	void consumersOfTheContainerAreSubscribedToAddedTopicsWithTheirListener() {
		ConcurrentMessageListenerContainer<String, String> container = container("orders");
		TopicSubscription subscription = new TopicSubscription("orders", container);
		subscription.installIn(container);
		Consumer<?, ?> made = SpringKafkaFields.consumerFactory(container).createConsumer("group", "client");
		made.subscribe(List.of("orders"), this.assigned);
		subscription.renew(made);
		assertThat(made.subscription()).containsExactly("orders");
		subscription.add(Set.of("refunds"));
		subscription.renew(made);
		assertThat(made.subscription()).isEqualTo(subscription.topics()).containsExactlyInAnyOrder("orders", "refunds");
		this.target.rebalance(List.of(REFUNDS));
		assertThat(this.assigned.partitions).containsExactly(REFUNDS);
		made.subscribe(List.of("orders", "refunds", "returns"));
		subscription.renew(made);
		assertThat(made.subscription()).as("what the container did not subscribe to itself")
			.containsExactlyInAnyOrder("orders", "refunds");
	}

	@Test
	void factoryOfTheContainerAnswersWhatTheSharedOneDoes() {
		ConcurrentMessageListenerContainer<String, String> container = container("orders");
		new TopicSubscription("orders", container).installIn(container);
		ConsumerFactory<?, ?> factory = SpringKafkaFields.consumerFactory(container);
		this.shared.updateConfigs(Map.of("client.rack", "b"));
		assertThat(factory.getConfigurationProperties()).isEqualTo(this.shared.getConfigurationProperties())
			.containsEntry("client.rack", "b");
		assertThat(factory).isEqualTo(factory).isNotEqualTo(this.shared).isNotSameAs(this.shared);
	}

	@Test
	void containerWithPatternKeepsItsFactory() {
		ContainerProperties properties = new ContainerProperties(Pattern.compile("orders"));
		ConcurrentMessageListenerContainer<String, String> container = new ConcurrentMessageListenerContainer<>(
				this.shared, properties);
		TopicSubscription subscription = new TopicSubscription("orders", container);
		subscription.installIn(container);
		assertThat(SpringKafkaFields.consumerFactory(container)).isSameAs(this.shared);
		assertThatIllegalStateException().isThrownBy(() -> subscription.add(Set.of("refunds")))
			.withMessageContaining("topic pattern");
	}

	private ConcurrentMessageListenerContainer<String, String> container(String topic) {
		return new ConcurrentMessageListenerContainer<>(this.shared, new ContainerProperties(topic));
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
