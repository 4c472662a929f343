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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.ApplicationEvent;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.event.ListenerContainerIdleEvent;
import org.springframework.kafka.event.ListenerContainerNoLongerIdleEvent;
import org.springframework.kafka.event.ListenerContainerPartitionIdleEvent;
import org.springframework.kafka.event.ListenerContainerPartitionNoLongerIdleEvent;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.delivery.FailurePolicy;
import io.kaffe.spring.engine.delivery.Holding;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.table.ConsumerProblem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link IdleEvents}: when the application is notified that a container with
 * workers is idle, and since when that is.
 */
class IdleEventsTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private static final TopicPartition OTHER = new TopicPartition("orders", 1);

	private final List<String> notifications = new ArrayList<>();

	private final ManualExecution execution = new ManualExecution();

	private final KafkaMessageListenerContainer<Object, Object> container = new KafkaMessageListenerContainer<>(
			new DefaultKafkaConsumerFactory<>(Map.of()), properties());

	private final WorkerContainer adopted = ContainerFixtures.adopted(this.container,
			ContainerFixtures.settings(
					StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION, 10_000, new FailurePolicy(2,
							new FixedBackOff(30_000, 1), null, Set.of(), FailureAction.PARK, Map.of(), null, null, 100),
					ConsumerProblem.Severity.WARNING),
			(record) -> {
				if (this.failing) {
					throw new IllegalStateException("refused");
				}
			}, new Seeking(), this.execution);

	private final SimulatedSession simulated = new SimulatedSession(this.adopted);

	private boolean failing;

	private @Nullable RuntimeException failure;

	@BeforeEach
	void install() {
		this.container.setApplicationEventPublisher(new ApplicationEventPublisher() {

			@Override
			public void publishEvent(Object event) {
				IdleEventsTests.this.notifications.add(describe(event));
				if (IdleEventsTests.this.failure != null) {
					throw IdleEventsTests.this.failure;
				}
			}

		});
		ContainerHooks.installIn(this.adopted);
		this.simulated.assign(PARTITION, OTHER);
		// As a ContainerGroupSequencer does, after the container was adopted.
		this.container.getContainerProperties().setIdleEventInterval(5000L);
		this.container.getContainerProperties().setIdlePartitionEventInterval(5000L);
	}

	@Test
	void consumerThatHasNothingIsIdleWhenTheContainerSaysSo() {
		idle(1234);
		assertThat(this.notifications).containsExactly("idle for 1234 ms: [orders-0, orders-1]",
				"may seek [orders-0, orders-1]");
		idle(OTHER, 2345);
		assertThat(this.notifications).hasSize(4).endsWith("idle for 2345 ms: orders-1, paused", "may seek [orders-1]");
	}

	@Test
	void consumerIsNotIdleWhileRecordsAreQueuedOrHandled() {
		dispatch(PARTITION, 2);
		this.execution.advance(Duration.ofSeconds(6));
		idle(6000);
		for (int second = 0; second < 20; second++) {
			tick(1000);
		}
		idle(26_000);
		assertThat(this.notifications).isEmpty();
		this.execution.runAll();
		tick(1000);
		assertThat(this.notifications).isEmpty();
	}

	@Test
	void consumerIsIdleAnIntervalAfterItsLastCompletion() {
		dispatch(PARTITION, 2);
		this.execution.advance(Duration.ofSeconds(6));
		idle(6000);
		this.execution.advance(Duration.ofSeconds(10));
		this.execution.runAll();
		tick(0);
		tick(5000);
		assertThat(this.notifications).isEmpty();
		tick(1);
		assertThat(this.notifications).as("without waiting for the container to say so again")
			.containsExactly("idle for 5001 ms: [orders-0, orders-1]", "may seek [orders-0, orders-1]");
	}

	@Test
	void timeSinceTheLastRecordCountsIfThatIsLessThanTheTimeSinceTheLastCompletion() {
		dispatch(PARTITION, 1);
		this.execution.runAll();
		tick(0);
		tick(8000);
		idle(6000);
		assertThat(this.notifications).first().isEqualTo("idle for 6000 ms: [orders-0, orders-1]");
	}

	@Test
	void recordsThatAreHandledBetweenTwoPollsCount() {
		tick(0);
		dispatch(PARTITION, 1);
		this.execution.runAll();
		tick(6000);
		idle(6000);
		assertThat(this.notifications).isEmpty();
		tick(5001);
		assertThat(this.notifications).first().isEqualTo("idle for 5001 ms: [orders-0, orders-1]");
	}

	@Test
	void idleConsumerIsPublishedOnceAnInterval() {
		dispatch(PARTITION, 1);
		this.execution.runAll();
		tick(0);
		idle(6000);
		tick(5001);
		this.execution.advance(Duration.ofSeconds(1));
		idle(12_001);
		tick(4000);
		assertThat(this.notifications).hasSize(2);
		tick(1);
		assertThat(this.notifications).hasSize(4).element(2).isEqualTo("idle for 10002 ms: [orders-0, orders-1]");
		tick(60_000);
		assertThat(this.notifications).as("if the container does not say so").hasSize(4);
	}

	@Test
	void consumerThatReceivesRecordsIsNotIdleAnyMoreIfItWasSaidToBe() {
		dispatch(PARTITION, 1);
		this.execution.runAll();
		tick(0);
		idle(6000);
		noLongerIdle(7000);
		tick(60_000);
		assertThat(this.notifications).as("it was not idle").isEmpty();
		idle(60_000);
		this.execution.advance(Duration.ofSeconds(1));
		noLongerIdle(61_000);
		assertThat(this.notifications).hasSize(3).last().isEqualTo("no longer idle after 61000 ms: [orders-0]");
		noLongerIdle(62_000);
		assertThat(this.notifications).as("once").hasSize(3);
	}

	@Test
	void consumerWasIdleSinceItsLastCompletion() {
		dispatch(PARTITION, 1);
		tick(9000);
		this.execution.runAll();
		tick(0);
		idle(9000);
		idle(PARTITION, 9000);
		tick(5001);
		noLongerIdle(14_001);
		noLongerIdle(PARTITION, 14_001);
		assertThat(this.notifications).endsWith("no longer idle after 5001 ms: [orders-0]",
				"no longer idle after 5001 ms: orders-0");
	}

	@Test
	void recordThatBacksOffIsWorkAndOneThatIsParkedIsNot() {
		this.failing = true;
		dispatch(PARTITION, 1);
		this.execution.runAll();
		tick(6000);
		idle(6000);
		tick(6000);
		assertThat(this.notifications).as("it backs off").isEmpty();
		this.execution.advance(Duration.ofSeconds(18));
		this.execution.runAll();
		assertThat(this.adopted.assignments()).extracting((assignment) -> assignment.held().parked()).contains(1);
		tick(0);
		tick(5001);
		assertThat(this.notifications).as("it is parked").hasSize(2);
	}

	@Test
	void recordThatWaitsBehindAParkedOneIsWork() {
		this.failing = true;
		dispatch(PARTITION, 2);
		this.execution.runAll();
		this.execution.advance(Duration.ofSeconds(30));
		this.execution.runAll();
		tick(0);
		idle(30_000);
		tick(6000);
		assertThat(this.notifications).isEmpty();
	}

	@Test
	void recordThatItsListenerIsToAcknowledgeIsNoWork() {
		dispatch(PARTITION, 1);
		tick(6000);
		this.adopted.assignments()
			.stream()
			.filter((assignment) -> assignment.partition().equals(PARTITION))
			.forEach((assignment) -> Holding.leaveOpen(assignment.held()));
		idle(6000);
		tick(0);
		assertThat(this.notifications).as("the listener has just returned").isEmpty();
		tick(5001);
		assertThat(this.notifications).hasSize(2);
	}

	@Test
	void partitionIsIdleWhileAnotherOneIsNot() {
		dispatch(PARTITION, 1);
		tick(6000);
		idle(6000);
		idle(PARTITION, 6000);
		idle(OTHER, 6000);
		tick(0);
		assertThat(this.notifications).containsExactly("idle for 6000 ms: orders-1, paused", "may seek [orders-1]");
		this.execution.runAll();
		tick(0);
		tick(5001);
		assertThat(this.notifications).hasSize(6)
			.contains("idle for 5001 ms: [orders-0, orders-1]", "idle for 5001 ms: orders-0, paused");
		noLongerIdle(PARTITION, 12_000);
		idle(PARTITION, 5001);
		assertThat(this.notifications).as("of each partition by itself").hasSize(9);
	}

	@Test
	void partitionThatIsRevokedIsNotIdle() {
		dispatch(PARTITION, 1);
		tick(6000);
		idle(PARTITION, 6000);
		idle(6000);
		this.simulated.session().revoked(List.of(PARTITION), () -> this.execution.advance(Duration.ofSeconds(7)));
		this.simulated.consumer().letGo(List.of(PARTITION));
		tick(0);
		assertThat(this.notifications).as("the drain has just ended").isEmpty();
		tick(5001);
		assertThat(this.notifications).containsExactly("idle for 5001 ms: [orders-0, orders-1]", "may seek [orders-1]");
	}

	@Test
	void whatTheApplicationThrowsIsThrownWhenTheRestIsDone() {
		dispatch(PARTITION, 1);
		this.execution.runAll();
		tick(0);
		idle(6000);
		this.failure = new IllegalStateException("On purpose");
		assertThatIllegalStateException().isThrownBy(() -> tick(5001)).withMessage("On purpose");
		assertThat(this.simulated.session().sinceLastPoll()).isZero();
		tick(0);
		assertThat(this.notifications).as("the listener is not called then").hasSize(1);
	}

	private static ContainerProperties properties() {
		ContainerProperties properties = new ContainerProperties("orders");
		properties.setGroupId("orders");
		return properties;
	}

	private void dispatch(TopicPartition partition, int count) {
		this.simulated.produce(partition, count);
		this.simulated.poll(count);
	}

	/**
	 * Let time pass, and another poll begin.
	 */
	private void tick(long millis) {
		this.execution.advance(Duration.ofMillis(millis));
		this.simulated.session().tick();
	}

	private void idle(long millis) {
		publish(new ListenerContainerIdleEvent(this.container, this.container, millis, "orders",
				List.of(PARTITION, OTHER), this.simulated.consumer(), false));
	}

	private void idle(TopicPartition partition, long millis) {
		publish(new ListenerContainerPartitionIdleEvent(this.container, this.container, millis, "orders", partition,
				this.simulated.consumer(), true));
	}

	private void noLongerIdle(long millis) {
		publish(new ListenerContainerNoLongerIdleEvent(this.container, this.container, millis, "orders",
				List.of(PARTITION), this.simulated.consumer()));
	}

	private void noLongerIdle(TopicPartition partition, long millis) {
		publish(new ListenerContainerPartitionNoLongerIdleEvent(this.container, this.container, millis, "orders",
				partition, this.simulated.consumer()));
	}

	private void publish(ApplicationEvent event) {
		Objects.requireNonNull(this.container.getApplicationEventPublisher()).publishEvent(event);
	}

	private String describe(Object event) {
		if (event instanceof ListenerContainerIdleEvent idle) {
			assertThat(idle.getConsumer()).isSameAs(this.simulated.consumer());
			return "idle for " + idle.getIdleTime() + " ms: " + idle.getTopicPartitions()
					+ (idle.isPaused() ? ", paused" : "");
		}
		if (event instanceof ListenerContainerPartitionIdleEvent idle) {
			return "idle for " + idle.getIdleTime() + " ms: " + idle.getTopicPartition()
					+ (idle.isPaused() ? ", paused" : "");
		}
		if (event instanceof ListenerContainerNoLongerIdleEvent active) {
			return "no longer idle after " + active.getIdleTime() + " ms: " + active.getTopicPartitions();
		}
		ListenerContainerPartitionNoLongerIdleEvent active = (ListenerContainerPartitionNoLongerIdleEvent) event;
		return "no longer idle after " + active.getIdleTime() + " ms: " + active.getTopicPartition();
	}

	/**
	 * A listener that may seek in partitions that are idle.
	 */
	private final class Seeking implements ConsumerSeekAware {

		@Override
		public void onIdleContainer(Map<TopicPartition, Long> assignments, ConsumerSeekCallback callback) {
			IdleEventsTests.this.notifications
				.add("may seek " + assignments.keySet().stream().map(TopicPartition::toString).sorted().toList());
		}

	}

}
