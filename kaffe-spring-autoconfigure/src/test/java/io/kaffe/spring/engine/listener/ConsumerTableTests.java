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
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.support.TopicPartitionOffset;

import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.ConsumerState;
import io.kaffe.spring.table.Lag;
import io.kaffe.spring.table.PartitionSnapshot;
import io.kaffe.spring.table.WorkerSnapshot;
import io.kaffe.spring.table.WorkerState;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ConsumerTable} without a broker: what is shown of workers and
 * partitions, in which order, and what the consumer is doing.
 */
class ConsumerTableTests {

	private final ManualExecution execution = new ManualExecution();

	private final List<ConsumerSnapshot> shown = new ArrayList<>();

	/** Done once, while a record is being handled. */
	private @Nullable Runnable whileHandling;

	private WorkerContainer adopted = adopted(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION);

	private SimulatedSession simulated = new SimulatedSession(this.adopted);

	@Test
	void workersAndPartitionsAreInTheOrderOfTheirNumbers() {
		TopicPartition[] partitions = IntStream.range(0, 12)
			.mapToObj((number) -> new TopicPartition("orders", 11 - number))
			.toArray(TopicPartition[]::new);
		this.simulated.assign(partitions);
		this.simulated.assign(new TopicPartition("a", 0), new TopicPartition("z", 0));
		poll(new TopicPartition("orders", 2), 3);
		ConsumerSnapshot table = this.adopted.snapshot(false);
		assertThat(table.partitions()).extracting(PartitionSnapshot::topic)
			.startsWith("a", "orders")
			.endsWith("z")
			.hasSize(14);
		assertThat(table.partitions().subList(1, 13)).extracting(PartitionSnapshot::partition)
			.containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
		assertThat(table.workers()).extracting(WorkerSnapshot::name)
			.startsWith("worker_a_0", "worker_orders_0", "worker_orders_1", "worker_orders_2")
			.endsWith("worker_orders_9", "worker_orders_10", "worker_orders_11", "worker_z_0");
		assertThat(table.workerCount()).isEqualTo(14);
		assertThat(table.settings().topics()).as("those it subscribes to").containsExactly("orders");
		assertThat(this.adopted.table().partitions()).startsWith(new TopicPartition("a", 0),
				new TopicPartition("orders", 0), new TopicPartition("orders", 1));
	}

	@Test
	void recordThatIsBeingHandledIsNotAmongThoseThatWait() {
		TopicPartition partition = new TopicPartition("orders", 0);
		this.simulated.assign(partition);
		poll(partition, 3);
		assertThat(worker(this.adopted.snapshot(false), "worker_orders_0").queued()).isEqualTo(3);
		this.whileHandling = () -> this.shown.add(this.adopted.snapshot(true));
		this.execution.runAll();
		WorkerSnapshot worker = worker(this.shown.get(0), "worker_orders_0");
		assertThat(worker.queued()).isEqualTo(2);
		assertThat(worker.state()).isEqualTo(WorkerState.RUNNING);
		assertThat(worker.current()).extracting(WorkerSnapshot.CurrentRecord::key).containsExactly("key0");
		assertThat(worker(this.adopted.snapshot(false), "worker_orders_0").queued()).isZero();
	}

	@Test
	void workerIsShownAsStalledIfItsRecordIs() {
		TopicPartition partition = new TopicPartition("orders", 0);
		this.simulated.assign(partition, new TopicPartition("orders", 1));
		poll(partition, 1);
		this.whileHandling = () -> {
			this.execution.advance(Duration.ofHours(2));
			this.shown.add(this.adopted.snapshot(false));
		};
		this.execution.runAll();
		assertThat(worker(this.shown.get(0), "worker_orders_0").state()).isEqualTo(WorkerState.STALLED);
		assertThat(worker(this.shown.get(0), "worker_orders_1").state()).isEqualTo(WorkerState.IDLE);
	}

	@Test
	void ofManyWorkersTheBusiestAreShownFirst() {
		this.adopted = adopted(StandardWorkerAllocationStrategy.WORKER_PER_KEY);
		this.simulated = new SimulatedSession(this.adopted);
		TopicPartition partition = new TopicPartition("orders", 0);
		this.simulated.assign(partition);
		SimulatedConsumer.Partition log = this.simulated.log(partition);
		for (int offset = 0; offset < 150; offset++) {
			log.append(new ConsumerRecord<>("orders", 0, offset, "key" + offset, "value"));
		}
		for (int offset = 150; offset < 155; offset++) {
			log.append(new ConsumerRecord<>("orders", 0, offset, "key" + ((offset < 153) ? 140 : 141), "value"));
		}
		poll(partition, 0);
		this.whileHandling = () -> this.shown.add(this.adopted.snapshot(false));
		this.execution.runAll();
		ConsumerSnapshot table = this.shown.get(0);
		assertThat(table.workerCount()).isGreaterThan(100);
		assertThat(table.workers()).hasSize(100);
		assertThat(table.workers().get(0).current()).as("the one with a record").hasSize(1);
		assertThat(table.workers().get(1).queued()).isEqualTo(4);
		assertThat(table.workers().get(2).queued()).isEqualTo(3);
		assertThat(table.workers().subList(3, 100)).allMatch((worker) -> worker.current().isEmpty());
	}

	@ParameterizedTest
	@ValueSource(strings = { "abc", "cba" })
	void ofTwoRecordsTheOneThatIsHandledForLongerIsShownFirst(String keys) {
		this.adopted = adopted(StandardWorkerAllocationStrategy.WORKER_PER_KEY);
		this.simulated = new SimulatedSession(this.adopted);
		TopicPartition partition = new TopicPartition("orders", 0);
		this.simulated.assign(partition);
		for (int offset = 0; offset < 3; offset++) {
			this.simulated.log(partition)
				.append(new ConsumerRecord<>("orders", 0, offset, keys.substring(offset, offset + 1), "value"));
		}
		poll(partition, 0);
		this.whileHandling = () -> {
			this.execution.advance(Duration.ofSeconds(5));
			this.whileHandling = () -> {
				this.execution.advance(Duration.ofSeconds(5));
				this.shown.add(this.adopted.snapshot(false));
			};
			this.execution.runOne();
		};
		this.execution.runAll();
		assertThat(this.shown.get(0).workers()).extracting(WorkerSnapshot::name)
			.startsWith("worker_orders_0_0", "worker_orders_0_1");
	}

	@Test
	void lagIsTheSumOfThatOfPartitionsAndItsAgeTheLargest() {
		TopicPartition first = new TopicPartition("orders", 0);
		TopicPartition second = new TopicPartition("orders", 1);
		this.simulated.assign(first, second, new TopicPartition("orders", 2));
		assertThat(this.adopted.snapshot(false).load().lag()).as("no end is known").isEqualTo(new Lag(null, null));
		poll(first, 3);
		poll(second, 2);
		this.execution.runAll();
		listed(first, 10);
		this.execution.advance(Duration.ofSeconds(5));
		listed(second, 4);
		this.execution.advance(Duration.ofSeconds(2));
		assertThat(this.adopted.snapshot(false).load().lag()).isEqualTo(new Lag(9L, 7L));
	}

	private void listed(TopicPartition partition, long end) {
		this.simulated.session()
			.assignments()
			.stream()
			.filter((assignment) -> assignment.partition().equals(partition))
			.map(PartitionAssignment::progress)
			.forEach((progress) -> progress.lag().listed(end, progress.next(), this.execution.instant()));
	}

	@Test
	void limitIsShownIfThereIsOne() {
		assertThat(this.adopted.snapshot(false).settings().maxConcurrency()).isNull();
		this.adopted.context().workers().maxConcurrency(4);
		assertThat(this.adopted.snapshot(false).settings().maxConcurrency()).isEqualTo(4);
	}

	@Test
	void consumerStartsUntilItHasPartitions() {
		ContainerSupervisionTests.Container container = new ContainerSupervisionTests.Container();
		container.start();
		this.adopted = ContainerFixtures.adopted(container, this.execution);
		assertThat(this.adopted.state()).isEqualTo(ConsumerState.STARTING);
		this.simulated = new SimulatedSession(this.adopted);
		assertThat(this.adopted.state()).isEqualTo(ConsumerState.STARTING);
		this.simulated.assign(new TopicPartition("orders", 0));
		assertThat(this.adopted.state()).isEqualTo(ConsumerState.RUNNING);
		container.pause();
		assertThat(this.adopted.state()).isEqualTo(ConsumerState.PAUSED);
	}

	@Test
	void topicsAreThoseOfPartitionsThatTheApplicationAssigns() {
		this.adopted = ContainerFixtures.adopted(
				new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(Map.of()),
						new ContainerProperties(new TopicPartitionOffset("orders", 0),
								new TopicPartitionOffset("orders", 1), new TopicPartitionOffset("a", 0))),
				this.execution);
		assertThat(this.adopted.table().topics()).containsExactly("a", "orders");
	}

	@Test
	void topicsOfAPatternAreThoseOfWhichThereArePartitions() {
		this.adopted = ContainerFixtures
			.adopted(new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(Map.of()),
					new ContainerProperties(Pattern.compile(".*"))), this.execution);
		this.simulated = new SimulatedSession(this.adopted);
		assertThat(this.adopted.table().topics()).isEmpty();
		this.simulated.assign(new TopicPartition("orders", 0), new TopicPartition("orders", 1),
				new TopicPartition("a", 0));
		assertThat(this.adopted.table().topics()).containsExactly("a", "orders");
	}

	@Test
	void stateIsThatOfTheMostUrgentSession() {
		TopicPartition partition = new TopicPartition("orders", 0);
		assertThat(this.adopted.state()).as("its container is not running").isEqualTo(ConsumerState.STOPPED);
		this.simulated.assign(partition);
		List<ConsumerState> states = new ArrayList<>();
		this.simulated.session().revoked(List.of(partition), () -> states.add(this.adopted.state()));
		this.simulated.consumer().letGo(List.of(partition));
		this.simulated.assign(partition);
		states.add(this.adopted.state());
		this.simulated.session().stopping(() -> states.add(this.adopted.state()));
		assertThat(states).containsExactly(ConsumerState.REBALANCING, ConsumerState.STOPPED, ConsumerState.DRAINING);
	}

	private static WorkerSnapshot worker(ConsumerSnapshot table, String name) {
		return table.workers().stream().filter((worker) -> worker.name().equals(name)).findFirst().orElseThrow();
	}

	private WorkerContainer adopted(StandardWorkerAllocationStrategy strategy) {
		return ContainerFixtures.handledBy(strategy, 10_000, (record) -> {
			Runnable meanwhile = this.whileHandling;
			this.whileHandling = null;
			if (meanwhile != null) {
				meanwhile.run();
			}
		}, null, this.execution);
	}

	private void poll(TopicPartition partition, int more) {
		this.simulated.produce(partition, more);
		this.simulated.poll(1000);
	}

}
