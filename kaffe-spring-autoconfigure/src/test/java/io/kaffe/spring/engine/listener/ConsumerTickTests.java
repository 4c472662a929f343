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
import java.util.Set;

import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.support.TopicPartitionOffset;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.delivery.FailurePolicy;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.Lag;
import io.kaffe.spring.table.PartitionSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for what a {@link ConsumerSession} does before each poll: what its listener
 * chooses, and what it learns from the consumer when commits are due.
 */
@ExtendWith(OutputCaptureExtension.class)
class ConsumerTickTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private final ManualExecution execution = new ManualExecution();

	private final Seeking seeking = new Seeking();

	private WorkerContainer container = container(new ContainerProperties("orders", "refunds"),
			StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION);

	private SimulatedSession simulated = new SimulatedSession(this.container);

	@Test
	void whatTheListenerThrowsIsThrownWhenTheRestIsDone() {
		this.seeking.failing = true;
		this.execution.advance(Duration.ofSeconds(10));
		assertThatIllegalStateException().isThrownBy(this.simulated.session()::tick).withMessage("On purpose");
		assertThat(this.simulated.session().sinceLastPoll()).isZero();
	}

	@Test
	void partitionsThatTheApplicationAssignsAreThereFromTheFirstPollOn() {
		this.container = container(
				new ContainerProperties(new TopicPartitionOffset("orders", 0), new TopicPartitionOffset("orders", 1)),
				StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION);
		this.simulated = new SimulatedSession(this.container);
		this.simulated.produce(PARTITION, 3);
		this.simulated.consumer().take(List.of(PARTITION));
		this.simulated.session().tick();
		assertThat(this.simulated.session().isAssigned(PARTITION)).isTrue();
		assertThat(this.seeking.notifications).containsExactly("assigned {orders-0=0}");
		this.simulated.session().tick();
		this.simulated.session().tick();
		assertThat(this.seeking.notifications).containsExactly("assigned {orders-0=0}", "first poll");
		this.simulated.session().stopping(() -> {
		});
		assertThat(this.seeking.notifications).as("no group takes them").hasSize(3).last().isEqualTo("revoked []");
	}

	@Test
	void offsetsWithoutRecordsThatPollsPassAreCommitted() {
		this.simulated.produce(PARTITION, 3);
		this.simulated.assign(PARTITION);
		this.simulated.poll(10);
		this.execution.runAll();
		this.simulated.log(PARTITION).appendGap(4);
		this.simulated.poll(10);
		for (int second = 0; second < 2; second++) {
			this.execution.advance(Duration.ofSeconds(1));
			this.simulated.session().tick();
			this.simulated.consumer().answer(true, true);
		}
		assertThat(this.simulated.committed(PARTITION)).isEqualTo(7);
	}

	@Test
	void endOfAPartitionIsSeenWheneverCommitsAreDue() {
		this.simulated.produce(PARTITION, 3);
		this.simulated.assign(PARTITION);
		this.simulated.poll(10);
		this.simulated.consumer().lag(4);
		this.execution.advance(Duration.ofSeconds(1));
		this.simulated.session().tick();
		assertThat(snapshot().lag().records()).isEqualTo(7);
	}

	/**
	 * The client repeats the end that it knew when it fetched the partition last.
	 */
	@Test
	void endOfAPausedPartitionIsNotWhatTheClientKnows() {
		this.simulated.produce(PARTITION, 3);
		this.simulated.assign(PARTITION);
		this.simulated.poll(10);
		this.execution.runAll();
		this.simulated.consumer().lag(0);
		this.simulated.consumer().pause(Set.of(PARTITION));
		this.simulated.session().tick();
		this.container.assignments()
			.forEach((assignment) -> assignment.progress().lag().listed(8L, 3L, this.execution.instant()));
		this.execution.advance(Duration.ofSeconds(10));
		this.simulated.session().tick();
		assertThat(snapshot().paused()).isEqualTo("operator");
		assertThat(snapshot().lag()).isEqualTo(new Lag(5L, 10L));
	}

	@Test
	void partitionsThatShareAWorkerAndAreAssignedToDifferentInstancesAreNamed(CapturedOutput output) {
		this.container = container(new ContainerProperties("orders", "refunds"),
				StandardWorkerAllocationStrategy.WORKER_PER_PARTITION);
		this.simulated = new SimulatedSession(this.container);
		for (String topic : List.of("orders", "refunds")) {
			this.simulated.consumer()
				.updatePartitions(topic, List.of(new PartitionInfo(topic, 0, Node.noNode(), new Node[0], new Node[0]),
						new PartitionInfo(topic, 1, Node.noNode(), new Node[0], new Node[0])));
		}
		this.simulated.assign(PARTITION, new TopicPartition("refunds", 1));
		this.execution.advance(Duration.ofSeconds(5));
		this.simulated.session().tick();
		assertThat(output).contains("are assigned to different instances, so they are not processed in sequence: "
				+ "worker_0 lacks [refunds-0], worker_1 lacks [orders-1]");
	}

	private PartitionSnapshot snapshot() {
		return this.container.snapshot(false).partitions().get(0);
	}

	private WorkerContainer container(ContainerProperties properties, StandardWorkerAllocationStrategy strategy) {
		properties.setGroupId("orders");
		FailurePolicy policy = new FailurePolicy(0, new FixedBackOff(), null, Set.of(), FailureAction.PARK, Map.of(),
				null, null, 100);
		return ContainerFixtures.adopted(
				new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(Map.of()), properties),
				ContainerFixtures.settings(strategy, 10_000, policy, ConsumerProblem.Severity.WARNING), (record) -> {
				}, this.seeking, this.execution);
	}

	/**
	 * A listener that may choose positions.
	 */
	private static final class Seeking implements ConsumerSeekAware {

		private final List<String> notifications = new ArrayList<>();

		private boolean failing;

		@Override
		public void registerSeekCallback(ConsumerSeekCallback callback) {
			if (this.failing) {
				throw new IllegalStateException("On purpose");
			}
		}

		@Override
		public void onPartitionsAssigned(Map<TopicPartition, Long> assignments, ConsumerSeekCallback callback) {
			this.notifications.add("assigned " + assignments);
		}

		@Override
		public void onFirstPoll() {
			this.notifications.add("first poll");
		}

		@Override
		public void onPartitionsRevoked(@Nullable Collection<TopicPartition> partitions) {
			this.notifications.add("revoked " + partitions);
		}

	}

}
