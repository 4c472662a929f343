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
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationEvent;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.event.ConsumerFailedToStartEvent;
import org.springframework.kafka.event.ConsumerStoppingEvent;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ConsumerAwareRebalanceListener;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;

import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ContainerHooks}: what the application's own rebalance listener is
 * notified of, and with which consumer.
 */
@ExtendWith(OutputCaptureExtension.class)
class ContainerHooksTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private final List<String> notifications = new ArrayList<>();

	private final List<Consumer<?, ?>> consumers = new ArrayList<>();

	private final List<Object> events = new ArrayList<>();

	private final MockConsumer<Object, Object> target = new MockConsumer<>("earliest");

	private final Consumer<Object, Object> consumer = TopicSubscription.ListenerKeepingConsumer.of(this.target);

	private final KafkaMessageListenerContainer<Object, Object> container = new KafkaMessageListenerContainer<>(
			new DefaultKafkaConsumerFactory<>(Map.of()), new ContainerProperties("orders"));

	private final ManualExecution execution = new ManualExecution();

	private final List<Long> handled = new ArrayList<>();

	private final WorkerContainer adopted = ContainerFixtures.adopted(this.container, this.execution,
			(record) -> this.handled.add(record.offset()));

	private @Nullable RuntimeException failure;

	@BeforeEach
	void install() {
		this.container.getContainerProperties().setGroupId("orders");
		this.container.getContainerProperties().setConsumerRebalanceListener(new Listener());
		this.container.setApplicationEventPublisher(new ApplicationEventPublisher() {

			@Override
			public void publishEvent(Object event) {
				ContainerHooksTests.this.events.add(event);
			}

		});
		ContainerHooks.installIn(this.adopted);
		this.target.subscribe(List.of("orders"));
		this.target.rebalance(List.of(PARTITION));
		this.target.updateBeginningOffsets(Map.of(PARTITION, 0L));
		this.target.updateEndOffsets(Map.of(PARTITION, 0L));
		listener().onPartitionsAssigned(this.consumer, List.of(PARTITION));
	}

	@Test
	void applicationIsNotifiedOfARevocationWithItsOwnConsumer() {
		listener().onPartitionsRevokedBeforeCommit(this.consumer, List.of(PARTITION));
		listener().onPartitionsRevokedAfterCommit(this.consumer, List.of(PARTITION));
		assertThat(this.notifications).containsExactly("assigned [orders-0]", "before commit [orders-0]",
				"after commit [orders-0]");
		assertThat(this.consumers).allSatisfy((given) -> assertThat(given).isSameAs(this.target));
	}

	@Test
	void applicationIsNotifiedOnceOfThePartitionsOfAConsumerThatStops() {
		ApplicationEventPublisher publisher = Objects.requireNonNull(this.container.getApplicationEventPublisher());
		ApplicationEvent stopping = new ConsumerStoppingEvent(this.container, this.container, this.consumer, null);
		publisher.publishEvent(stopping);
		assertThat(this.notifications).containsExactly("assigned [orders-0]", "before commit [orders-0]");
		listener().onPartitionsRevokedBeforeCommit(this.consumer, List.of(PARTITION));
		assertThat(this.notifications).as("when the client revokes them").hasSize(2);
		assertThat(this.events).containsExactly(stopping);
	}

	@Test
	void applicationIsNotifiedOfLostPartitions() {
		listener().onPartitionsLost(this.consumer, List.of(PARTITION));
		assertThat(this.notifications).containsExactly("assigned [orders-0]", "lost [orders-0]");
	}

	@Test
	void applicationIsNotifiedAgainIfTheConsumerIsAssignedThePartitionAfterAStop() {
		ApplicationEventPublisher publisher = Objects.requireNonNull(this.container.getApplicationEventPublisher());
		publisher.publishEvent(new ConsumerStoppingEvent(this.container, this.container, this.consumer, null));
		this.notifications.clear();
		listener().onPartitionsAssigned(this.consumer, List.of(PARTITION));
		listener().onPartitionsRevokedBeforeCommit(this.consumer, List.of(PARTITION));
		assertThat(this.notifications).containsExactly("assigned [orders-0]", "before commit [orders-0]");
	}

	@Test
	void stopGoesOnIfTheApplicationThrows(CapturedOutput output) {
		this.failure = new IllegalStateException("broken");
		ApplicationEventPublisher publisher = Objects.requireNonNull(this.container.getApplicationEventPublisher());
		publisher.publishEvent(new ConsumerStoppingEvent(this.container, this.container, this.consumer, null));
		assertThat(this.events).hasSize(1);
		assertThat(this.adopted.assignments()).isEmpty();
		assertThat(output).contains("The rebalance listener of consumer 'orders' threw an exception while the consumer "
				+ "was being stopped");
	}

	@Test
	void listenerThatIsGivenNoConsumerIsNotifiedToo() {
		KafkaMessageListenerContainer<Object, Object> other = new KafkaMessageListenerContainer<>(
				new DefaultKafkaConsumerFactory<>(Map.of()), new ContainerProperties("orders"));
		other.getContainerProperties().setGroupId("orders");
		other.getContainerProperties().setConsumerRebalanceListener(new ConsumerRebalanceListener() {

			@Override
			public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
				ContainerHooksTests.this.notifications.add("notified of assigned " + partitions);
			}

			@Override
			public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
				ContainerHooksTests.this.notifications.add("notified of revoked " + partitions);
			}

			@Override
			public void onPartitionsLost(Collection<TopicPartition> partitions) {
				ContainerHooksTests.this.notifications.add("notified of lost " + partitions);
			}

		});
		ContainerHooks.installIn(ContainerFixtures.adopted(other, new ManualExecution()));
		this.notifications.clear();
		listener(other).onPartitionsAssigned(this.consumer, List.of(PARTITION));
		listener(other).onPartitionsRevokedBeforeCommit(this.consumer, List.of(PARTITION));
		listener(other).onPartitionsRevokedAfterCommit(this.consumer, List.of(PARTITION));
		listener(other).onPartitionsLost(this.consumer, List.of(PARTITION));
		assertThat(this.notifications).containsExactly("notified of assigned [orders-0]",
				"notified of revoked [orders-0]", "notified of lost [orders-0]");
	}

	@Test
	void sessionIsNotifiedBeforeTheApplication() {
		assertThat(this.adopted.assignments()).extracting(Object::toString).containsExactly("orders-0#1");
		listener().onPartitionsLost(this.consumer, List.of(PARTITION));
		assertThat(this.adopted.assignments()).isEmpty();
		listener().onPartitionsAssigned(this.consumer, List.of(PARTITION));
		assertThat(this.adopted.assignments()).extracting(Object::toString).containsExactly("orders-0#2");
	}

	@Test
	@SuppressWarnings("unchecked")
	void whatIsPolledIsDispatchedAndCommittedBeforeALaterPoll() {
		BatchMessageListener<Object, Object> dispatching = (BatchMessageListener<Object, Object>) Objects
			.requireNonNull(this.container.getContainerProperties().getMessageListener());
		assertThat(dispatching.wantsPollResult()).isTrue();
		ConsumerRecord<Object, Object> record = new ConsumerRecord<>("orders", 0, 0, "key", "value");
		dispatching.onMessage(
				new ConsumerRecords<>(Map.of(PARTITION, List.of(record)), Map.of(PARTITION, new OffsetAndMetadata(1))),
				null, this.consumer);
		this.execution.runAll();
		assertThat(this.handled).containsExactly(0L);
		this.execution.advance(Duration.ofSeconds(1));
		Objects.requireNonNull(this.container.getBatchInterceptor()).setupThreadState(this.consumer);
		assertThat(this.target.committed(Set.of(PARTITION))).containsEntry(PARTITION, new OffsetAndMetadata(1));
	}

	@Test
	void supervisionSeesTheEventsOfTheContainer() {
		ApplicationEventPublisher publisher = Objects.requireNonNull(this.container.getApplicationEventPublisher());
		publisher.publishEvent(new ConsumerFailedToStartEvent(this, this.container));
		assertThat(this.adopted.supervision().failedToStart()).isEqualTo(1);
		assertThat(this.events).hasSize(1);
		assertThat(this.container.getRecordInterceptor()).isNull();
	}

	@Test
	void failuresOfPollsAreThoseOfUnreadableRecords() {
		assertThat(this.container.getCommonErrorHandler()).isInstanceOf(UnreadableRecords.class);
	}

	private ConsumerAwareRebalanceListener listener() {
		return listener(this.container);
	}

	private static ConsumerAwareRebalanceListener listener(KafkaMessageListenerContainer<?, ?> container) {
		return (ConsumerAwareRebalanceListener) Objects
			.requireNonNull(container.getContainerProperties().getConsumerRebalanceListener());
	}

	/**
	 * The application's.
	 */
	private final class Listener implements ConsumerAwareRebalanceListener {

		@Override
		public void onPartitionsAssigned(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
			note("assigned", consumer, partitions);
		}

		@Override
		public void onPartitionsRevokedBeforeCommit(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
			note("before commit", consumer, partitions);
		}

		@Override
		public void onPartitionsRevokedAfterCommit(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
			note("after commit", consumer, partitions);
		}

		@Override
		public void onPartitionsLost(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
			note("lost", consumer, partitions);
		}

		private void note(String what, Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
			ContainerHooksTests.this.notifications.add(what + " " + partitions);
			ContainerHooksTests.this.consumers.add(consumer);
			if (ContainerHooksTests.this.failure != null) {
				throw ContainerHooksTests.this.failure;
			}
		}

	}

}
