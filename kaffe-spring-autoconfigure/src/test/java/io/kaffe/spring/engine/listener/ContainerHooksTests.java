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
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.apache.kafka.common.serialization.Deserializer;
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
import org.springframework.kafka.event.ConsumerStartingEvent;
import org.springframework.kafka.event.ConsumerStoppingEvent;
import org.springframework.kafka.event.ListenerContainerIdleEvent;
import org.springframework.kafka.event.ListenerContainerPartitionIdleEvent;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.CommonLoggingErrorHandler;
import org.springframework.kafka.listener.ConsumerAwareRebalanceListener;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;

import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.table.ConsumerProblem;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ContainerHooks}: what the application's own rebalance listener is
 * notified of, and with which consumer.
 */
@ExtendWith(OutputCaptureExtension.class)
class ContainerHooksTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private static final TopicPartition OTHER = new TopicPartition("orders", 1);

	private final List<String> notifications = new ArrayList<>();

	private final List<Consumer<?, ?>> consumers = new ArrayList<>();

	private final List<Object> events = new ArrayList<>();

	private final MockConsumer<Object, Object> target = new MockConsumer<>("earliest");

	private final Consumer<Object, Object> consumer = TopicSubscription.ListenerKeepingConsumer.of(this.target);

	private final Deserializer<Object> deserializer = new Deserializer<>() {

		@Override
		public Object deserialize(String topic, byte[] data) {
			return "key";
		}

		@Override
		public void close() {
			ContainerHooksTests.this.notifications.add("closed");
		}

	};

	private final KafkaMessageListenerContainer<Object, Object> container = new KafkaMessageListenerContainer<>(
			new DefaultKafkaConsumerFactory<>(Map.of(), this.deserializer, this.deserializer),
			new ContainerProperties("orders"));

	private final ManualExecution execution = new ManualExecution();

	private final List<Long> handled = new ArrayList<>();

	private final WorkerContainer adopted = ContainerFixtures.adopted(this.container, this.execution,
			(record) -> this.handled.add(record.offset()), new Seeking(), null);

	private final List<String> seeks = new ArrayList<>();

	private @Nullable Long soughtWhenAssigned;

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
		this.container.getContainerProperties().setIdleEventInterval(5000L);
		this.container.getContainerProperties().setIdlePartitionEventInterval(5000L);
		this.adopted.subscription().installIn(this.container);
		ContainerHooks.installIn(this.adopted);
		this.target.subscribe(List.of("orders"));
		this.target.rebalance(List.of(PARTITION));
		this.target.updateBeginningOffsets(Map.of(PARTITION, 0L, OTHER, 0L));
		this.target.updateEndOffsets(Map.of(PARTITION, 0L, OTHER, 0L));
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
	void recordsHaveTheNameOfTheContainerThatPollsOnTheirThread() {
		this.target.rebalance(List.of());
		listener().onPartitionsLost(this.consumer, List.of(PARTITION));
		KafkaMessageListenerContainer<Object, Object> child = new KafkaMessageListenerContainer<>(
				new DefaultKafkaConsumerFactory<>(Map.of()), new ContainerProperties("orders"));
		child.setBeanName("orders-1");
		publisher().publishEvent(new ConsumerStartingEvent(child, this.container));
		assertThat(listenerIdOf(OTHER)).isEqualTo("orders-1");
		this.container.setBeanName("alone");
		assertThat(listenerIdOf(PARTITION)).as("on a thread on which none has started").isEqualTo("alone");
	}

	/**
	 * Return the name of a consumer that polls a partition on this thread, until it
	 * stops.
	 */
	private String listenerIdOf(TopicPartition partition) {
		MockConsumer<Object, Object> polling = new MockConsumer<>("earliest");
		polling.subscribe(List.of("orders"));
		polling.rebalance(List.of(partition));
		polling.updateBeginningOffsets(Map.of(partition, 0L));
		polling.updateEndOffsets(Map.of(partition, 0L));
		Consumer<Object, Object> wrapped = TopicSubscription.ListenerKeepingConsumer.of(polling);
		listener().onPartitionsAssigned(wrapped, List.of(partition));
		String listenerId = this.adopted.assignments().iterator().next().polledBy().listenerId();
		publisher().publishEvent(new ConsumerStoppingEvent(this.container, this.container, wrapped, null));
		return listenerId;
	}

	@Test
	void applicationIsNotifiedOnceOfThePartitionsOfAConsumerThatStops() {
		ApplicationEvent stopping = new ConsumerStoppingEvent(this.container, this.container, this.consumer, null);
		publisher().publishEvent(stopping);
		assertThat(this.notifications).containsExactly("assigned [orders-0]", "before commit [orders-0]");
		listener().onPartitionsRevokedBeforeCommit(this.consumer, List.of(PARTITION));
		assertThat(this.notifications).as("when the client revokes them").hasSize(2);
		assertThat(this.events).containsExactly(stopping);
	}

	@Test
	void applicationIsNotifiedOfTheRestIfAConsumerThatStopsIsAssignedSomeOfItsPartitionsAgain() {
		this.target.rebalance(List.of(PARTITION, OTHER));
		listener().onPartitionsAssigned(this.consumer, List.of(OTHER));
		publisher().publishEvent(new ConsumerStoppingEvent(this.container, this.container, this.consumer, null));
		this.notifications.clear();
		listener().onPartitionsAssigned(this.consumer, List.of(PARTITION));
		listener().onPartitionsRevokedBeforeCommit(this.consumer, List.of(PARTITION, OTHER));
		assertThat(this.notifications).containsExactly("assigned [orders-0]", "before commit [orders-0]");
	}

	@Test
	void applicationIsNotifiedOfPartitionsOfAConsumerThatHasEnded() {
		Consumer<Object, Object> ended = new MockConsumer<>("earliest");
		this.notifications.clear();
		this.seeks.clear();
		listener().onPartitionsRevokedBeforeCommit(ended, List.of(PARTITION));
		listener().onPartitionsRevokedAfterCommit(ended, List.of(PARTITION));
		listener().onPartitionsLost(ended, List.of(PARTITION));
		assertThat(this.notifications).containsExactly("before commit [orders-0]", "after commit [orders-0]",
				"lost [orders-0]");
		assertThat(this.seeks).isEmpty();
	}

	@Test
	void listenerThatSeeksIsNotifiedOfPartitionsAndThatTheyAreIdle() {
		this.target.rebalance(List.of(PARTITION, OTHER));
		listener().onPartitionsAssigned(this.consumer, List.of(OTHER));
		assertThat(this.seeks).containsExactly("assigned {orders-0=0}", "first poll", "assigned {orders-1=0}");
		this.seeks.clear();
		publisher().publishEvent(idle(this.consumer));
		publisher().publishEvent(new ListenerContainerPartitionIdleEvent(this.container, this.container, 5000, "orders",
				OTHER, this.consumer, false));
		publisher().publishEvent(idle(new MockConsumer<>("earliest")));
		assertThat(this.seeks).containsExactly("idle {orders-0=0, orders-1=0}", "idle {orders-1=0}");
		this.seeks.clear();
		listener().onPartitionsRevokedBeforeCommit(this.consumer, List.of(OTHER));
		assertThat(this.seeks).isEmpty();
		listener().onPartitionsRevokedAfterCommit(this.consumer, List.of(OTHER));
		assertThat(this.seeks).containsExactly("revoked [orders-1]");
	}

	@Test
	void whatACommitReportsIsHandledAgainIfTheApplicationSeeksElsewhere() {
		listener().onPartitionsLost(this.consumer, List.of(PARTITION));
		CompletedOffsets completed = new CompletedOffsets.Builder().add(3, 4).build();
		this.target
			.commitSync(Map.of(PARTITION, new OffsetAndMetadata(2, CommitMetadata.of(2, completed, 100).text())));
		this.target.updateEndOffsets(Map.of(PARTITION, 5L));
		this.target.seek(PARTITION, 2);
		this.soughtWhenAssigned = 3L;
		listener().onPartitionsAssigned(this.consumer, List.of(PARTITION));
		poll(3, 4);
		assertThat(this.handled).containsExactly(3L, 4L);
	}

	@Test
	void applicationIsNotifiedOfLostPartitions() {
		listener().onPartitionsLost(this.consumer, List.of(PARTITION));
		assertThat(this.notifications).containsExactly("assigned [orders-0]", "lost [orders-0]");
	}

	@Test
	void applicationIsNotifiedAgainIfTheConsumerIsAssignedThePartitionAfterAStop() {
		publisher().publishEvent(new ConsumerStoppingEvent(this.container, this.container, this.consumer, null));
		this.notifications.clear();
		listener().onPartitionsAssigned(this.consumer, List.of(PARTITION));
		listener().onPartitionsRevokedBeforeCommit(this.consumer, List.of(PARTITION));
		assertThat(this.notifications).containsExactly("assigned [orders-0]", "before commit [orders-0]");
	}

	@Test
	void stopGoesOnIfTheApplicationThrows(CapturedOutput output) {
		this.failure = new IllegalStateException("broken");
		publisher().publishEvent(new ConsumerStoppingEvent(this.container, this.container, this.consumer, null));
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
	void whatIsPolledIsDispatchedAndCommittedBeforeALaterPoll() {
		poll(0);
		assertThat(this.handled).containsExactly(0L);
		this.execution.advance(Duration.ofSeconds(1));
		Objects.requireNonNull(this.container.getBatchInterceptor()).setupThreadState(this.consumer);
		assertThat(this.target.committed(Set.of(PARTITION))).containsEntry(PARTITION, new OffsetAndMetadata(1));
	}

	@Test
	void addedTopicsAreSubscribedToBeforeTheNextPoll() {
		this.adopted.subscription().add(List.of("refunds"));
		Objects.requireNonNull(this.container.getBatchInterceptor()).setupThreadState(this.consumer);
		assertThat(this.target.subscription()).containsExactlyInAnyOrder("orders", "refunds");
	}

	@Test
	void supervisionSeesTheEventsOfTheContainer() {
		publisher().publishEvent(new ConsumerFailedToStartEvent(this, this.container));
		assertThat(this.adopted.supervision().failedToStart()).isEqualTo(1);
		assertThat(this.events).hasSize(1);
	}

	@Test
	void whatReadsUnreadableRecordsIsReleasedWhenTheConsumerStops() {
		CommonErrorHandler handler = Objects.requireNonNull(this.container.getCommonErrorHandler());
		handler.handleOtherException(UnreadableRecordsTests.poison(), this.consumer, this.container, true);
		assertThat(this.target.position(PARTITION)).isEqualTo(8);
		this.notifications.clear();
		publisher().publishEvent(new ConsumerStoppingEvent(this.container, this.container, this.consumer, null));
		assertThat(this.notifications).containsExactly("before commit [orders-0]", "closed");
	}

	@Test
	void containerIsRestartedWhenAConsumerIsOutOfItsGroup() {
		ContainerSupervisionTests.Container running = new ContainerSupervisionTests.Container();
		running.setCommonErrorHandler(new CommonLoggingErrorHandler());
		WorkerContainer adopted = ContainerFixtures.adopted(running, this.execution);
		ContainerHooks.installIn(adopted);
		running.start();
		failPollWithoutPause(running, new UnreleasedInstanceIdException("The instance has not left yet"));
		this.execution.runAll();
		assertThat(running.isRunning()).isFalse();
		assertThat(adopted.problems()).extracting(ConsumerProblem::kind).containsExactly(ConsumerProblem.Kind.STOPPED);
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(running.isRunning()).isTrue();
		running.stop();
	}

	private void failPollWithoutPause(AbstractMessageListenerContainer<?, ?> container, Exception failure) {
		CommonErrorHandler handler = Objects.requireNonNull(container.getCommonErrorHandler());
		// The pause that follows a failed poll ends at once then.
		LockSupport.unpark(Thread.currentThread());
		try {
			handler.handleOtherException(failure, this.consumer, container, true);
		}
		finally {
			// Otherwise the next test that waits would not, if there was no pause.
			LockSupport.parkNanos(1);
		}
	}

	@SuppressWarnings("unchecked")
	private void poll(long... offsets) {
		BatchMessageListener<Object, Object> dispatching = (BatchMessageListener<Object, Object>) Objects
			.requireNonNull(this.container.getContainerProperties().getMessageListener());
		assertThat(dispatching.wantsPollResult()).isTrue();
		List<ConsumerRecord<Object, Object>> records = Arrays.stream(offsets)
			.mapToObj((offset) -> new ConsumerRecord<Object, Object>("orders", 0, offset, "key", "value"))
			.toList();
		dispatching.onMessage(
				new ConsumerRecords<>(Map.of(PARTITION, records),
						Map.of(PARTITION, new OffsetAndMetadata(offsets[offsets.length - 1] + 1))),
				null, this.consumer);
		this.execution.runAll();
	}

	private ListenerContainerIdleEvent idle(Consumer<?, ?> consumer) {
		return new ListenerContainerIdleEvent(this.container, this.container, 5000, "orders", List.of(PARTITION, OTHER),
				consumer, false);
	}

	private ApplicationEventPublisher publisher() {
		return Objects.requireNonNull(this.container.getApplicationEventPublisher());
	}

	private ConsumerAwareRebalanceListener listener() {
		return listener(this.container);
	}

	private static ConsumerAwareRebalanceListener listener(KafkaMessageListenerContainer<?, ?> container) {
		return (ConsumerAwareRebalanceListener) Objects
			.requireNonNull(container.getContainerProperties().getConsumerRebalanceListener());
	}

	/**
	 * The application's listener for records.
	 */
	private final class Seeking implements ConsumerSeekAware {

		@Override
		public void onPartitionsAssigned(Map<TopicPartition, Long> assignments, ConsumerSeekCallback callback) {
			note("assigned", sorted(assignments));
		}

		@Override
		public void onFirstPoll() {
			ContainerHooksTests.this.seeks.add("first poll");
		}

		@Override
		public void onIdleContainer(Map<TopicPartition, Long> assignments, ConsumerSeekCallback callback) {
			note("idle", sorted(assignments));
		}

		@Override
		public void onPartitionsRevoked(@Nullable Collection<TopicPartition> partitions) {
			note("revoked", partitions);
		}

		private void note(String what, @Nullable Object partitions) {
			ContainerHooksTests.this.seeks.add(what + " " + partitions);
		}

		private static Map<TopicPartition, Long> sorted(Map<TopicPartition, Long> positions) {
			Map<TopicPartition, Long> sorted = new TreeMap<>(Comparator.comparing(TopicPartition::toString));
			sorted.putAll(positions);
			return sorted;
		}

	}

	/**
	 * The application's listener for rebalances.
	 */
	private final class Listener implements ConsumerAwareRebalanceListener {

		@Override
		public void onPartitionsAssigned(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
			note("assigned", consumer, partitions);
			if (ContainerHooksTests.this.soughtWhenAssigned != null) {
				consumer.seek(PARTITION, ContainerHooksTests.this.soughtWhenAssigned);
			}
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
