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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.support.TopicPartitionOffset;
import org.springframework.test.util.ReflectionTestUtils;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.delivery.FailurePolicy;
import io.kaffe.spring.engine.delivery.RecordRecoverer;
import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerState;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what a {@link ConsumerSession} does with partitions that are assigned: which
 * of them are paused at first, and what becomes of one that cannot be added.
 */
class AssignmentBeginTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private static final TopicPartition OTHER = new TopicPartition("orders", 1);

	private final ManualExecution execution = new ManualExecution();

	private final List<Long> handled = new ArrayList<>();

	private final DeadLetters deadLetters = new DeadLetters();

	private WorkerContainer container = container(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION);

	private SimulatedSession simulated = new SimulatedSession(this.container);

	@Test
	void sessionRunsFromItsFirstPartitionOn() {
		session().assigned(List.of());
		assertThat(session().state()).isEqualTo(ConsumerState.STARTING);
		this.simulated.assign(PARTITION);
		assertThat(session().state()).isEqualTo(ConsumerState.RUNNING);
		session().lost(List.of(PARTITION));
		session().assigned(List.of());
		assertThat(session().state()).isEqualTo(ConsumerState.RUNNING);
	}

	@Test
	void partitionWhosePauseWasRequestedIsNotFetchedEvenOnce() {
		this.container.context().pauses().pause(PARTITION);
		this.simulated.assign(PARTITION, OTHER);
		assertThat(this.simulated.consumer().paused()).containsExactly(PARTITION);
	}

	@Test
	void partitionIsPausedUntilTheStrategyHasNamedItsWorker() {
		this.container = container((topic, partition) -> "mine");
		this.simulated = new SimulatedSession(this.container);
		this.simulated.produce(PARTITION, 1);
		this.simulated.assign(PARTITION);
		this.simulated.poll(10);
		assertThat(this.simulated.consumer().paused()).containsExactly(PARTITION);
		this.execution.runAll();
		this.simulated.poll(10);
		assertThat(this.container.context().workers().all()).extracting(Worker::name).containsExactly("mine");
		this.execution.runAll();
		assertThat(this.handled).containsExactly(0L);
	}

	@Test
	void partitionThatIsAssignedDuringAStopIsPausedAndNotAdded() {
		this.simulated.assign(PARTITION);
		session().stopping(() -> {
			this.simulated.produce(OTHER, 1);
			this.simulated.consumer().take(List.of(OTHER));
			session().assigned(List.of(OTHER));
			session().positioned(List.of(OTHER));
			assertThat(this.simulated.consumer().paused()).containsExactly(OTHER);
			assertThat(session().isAssigned(OTHER)).isFalse();
		});
		assertThat(session().assignments()).isEmpty();
	}

	@Test
	void deadLetterTopicsOfAssignedTopicsAreLookedFor() {
		this.simulated.assign(PARTITION, OTHER, new TopicPartition("refunds", 0));
		assertThat(this.deadLetters.expected).containsExactly("orders", "refunds");
	}

	@Test
	void partitionThatCannotBeAddedIsPausedUntilItCan() {
		FailingAllocation allocation = FailingAllocation.install(this.container);
		this.simulated.produce(PARTITION, 3);
		allocation.failing.add("worker_orders_0");
		this.simulated.assign(PARTITION, OTHER);
		assertThat(this.simulated.consumer().paused()).containsExactly(PARTITION);
		assertThat(session().assignments()).extracting(PartitionAssignment::partition).containsExactly(OTHER);
		this.simulated.poll(10);
		assertThat(this.simulated.consumer().paused()).containsExactly(PARTITION);
		assertThat(this.container.context().internalErrors().problem()).asString().contains("could not add orders-0");
		assertThat(this.container.context().internalErrors().count()).isEqualTo(2);
		allocation.failing.clear();
		this.simulated.poll(10);
		this.execution.runAll();
		assertThat(this.handled).containsExactly(0L, 1L, 2L);
	}

	@Test
	void whatWasCompletedBeforeIsNotHandledAgainThoughThePartitionWasAddedLate() {
		addLate(() -> {
		});
		for (int poll = 0; poll < 10; poll++) {
			this.simulated.poll(1);
			this.execution.runAll();
		}
		assertThat(this.handled).containsExactly(2L, 3L, 8L, 9L);
	}

	@Test
	void partitionThatWasAddedLateIsReadFromWhereItsPositionWasMovedMeanwhile() {
		addLate(() -> this.simulated.consumer().seek(PARTITION, 5));
		this.simulated.poll(10);
		this.execution.runAll();
		assertThat(this.handled).containsExactly(5L, 6L, 7L, 8L, 9L);
	}

	/**
	 * Have a partition assigned, and added before the next poll only.
	 */
	private void addLate(Runnable meanwhile) {
		FailingAllocation allocation = FailingAllocation.install(this.container);
		produceSomeCompletedBefore();
		allocation.failing.add("worker_orders_0");
		this.simulated.assign(PARTITION);
		meanwhile.run();
		allocation.failing.clear();
	}

	@Test
	void partitionThatTheApplicationAssignsIsReadFromWhereItChooses() {
		this.container = container(new ContainerProperties(new TopicPartitionOffset("orders", 0, 5L)),
				StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION);
		this.simulated = new SimulatedSession(this.container);
		produceSomeCompletedBefore();
		this.simulated.consumer().take(List.of(PARTITION));
		this.simulated.consumer().seek(PARTITION, 5);
		this.simulated.poll(10);
		this.execution.runAll();
		assertThat(this.handled).containsExactly(5L, 6L, 7L, 8L, 9L);
	}

	/**
	 * Produce 10 records, of which 0, 1 and 4 to 7 were completed before.
	 */
	private void produceSomeCompletedBefore() {
		this.simulated.produce(PARTITION, 10);
		CommitMetadata report = CommitMetadata.of(2, new CompletedOffsets.Builder().add(4, 8).build(), 100);
		this.simulated.consumer().commitSync(Map.of(PARTITION, new OffsetAndMetadata(2, report.text())), Duration.ZERO);
	}

	private ConsumerSession session() {
		return this.simulated.session();
	}

	private WorkerContainer container(WorkerAllocationStrategy strategy) {
		return container(new ContainerProperties("orders", "refunds"), strategy);
	}

	private WorkerContainer container(ContainerProperties properties, WorkerAllocationStrategy strategy) {
		properties.setGroupId("orders");
		FailurePolicy policy = new FailurePolicy(1, new FixedBackOff(), null, Set.of(), FailureAction.DEAD_LETTER,
				Map.of(), this.deadLetters, null, 100);
		return ContainerFixtures.adopted(
				new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(Map.of()), properties),
				ContainerFixtures.settings(strategy, 10_000, policy, ConsumerProblem.Severity.WARNING),
				(record) -> this.handled.add(record.offset()), null, this.execution);
	}

	/**
	 * Where records go that fail; none does.
	 */
	private static final class DeadLetters implements RecordRecoverer {

		private final List<String> expected = new ArrayList<>();

		@Override
		public @Nullable CompletableFuture<?> recover(ConsumerRecord<?, ?> record, Exception failure) {
			throw new IllegalStateException(failure);
		}

		@Override
		public void expect(Collection<String> topics) {
			this.expected.addAll(topics);
		}

	}

	/**
	 * The workers of partitions, some of which cannot be allocated: as when memory is
	 * lacking, there is nothing else that fails.
	 */
	private static final class FailingAllocation extends ConcurrentHashMap<String, Object> {

		private static final long serialVersionUID = 1L;

		private final transient Set<String> failing = new HashSet<>();

		static FailingAllocation install(WorkerContainer container) {
			FailingAllocation allocation = new FailingAllocation();
			ReflectionTestUtils.setField(container.context().workers(), "partitionWorkers", allocation);
			return allocation;
		}

		@Override
		public Object compute(String name, BiFunction<? super String, ? super Object, ? extends Object> function) {
			if (this.failing.contains(name)) {
				throw new IllegalStateException("On purpose");
			}
			return super.compute(name, function);
		}

	}

}
