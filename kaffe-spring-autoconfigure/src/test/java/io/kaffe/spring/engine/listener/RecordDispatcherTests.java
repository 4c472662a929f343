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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.offset.ParkedRecords;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RecordDispatcher}: what is polled again because it cannot be
 * dispatched. The buffer holds 100 records.
 */
@ExtendWith(OutputCaptureExtension.class)
class RecordDispatcherTests {

	private static final TopicPartition FIRST = new TopicPartition("orders", 0);

	private static final TopicPartition SECOND = new TopicPartition("orders", 1);

	private final Map<TopicPartition, SimulatedConsumer.Partition> cluster = new HashMap<>();

	private final List<String> handled = new ArrayList<>();

	private final ManualExecution execution = new ManualExecution();

	private final SimulatedConsumer consumer = new SimulatedConsumer(this.cluster, (offsets) -> {
	});

	private final WorkerContainer adopted = ContainerFixtures.handledBy(
			StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION, 100,
			(record) -> this.handled.add(record.partition() + "@" + record.offset()), null, this.execution);

	private final ConsumerSession session = this.adopted.session(this.consumer);

	@BeforeEach
	void assign() {
		List<TopicPartition> partitions = List.of(FIRST, SECOND);
		partitions.forEach((partition) -> this.cluster.put(partition, new SimulatedConsumer.Partition()));
		this.session.tick();
		this.consumer.take(partitions);
		this.session.assigned(partitions);
		this.session.positioned(partitions);
	}

	@Test
	void recordsOfAPartitionThatWasLostAreDropped(CapturedOutput output) {
		produce(FIRST, 0, 3);
		this.session.lost(List.of(FIRST));
		this.session.dispatch(poll(FIRST, 3));
		this.execution.runAll();
		assertThat(this.handled).isEmpty();
		assertThat(this.consumer.position(FIRST)).as("it is another one's").isEqualTo(3);
		assertThat(output)
			.contains("Dropping records of orders-0 from offset 0 of consumer 'orders': the partition is not assigned");
	}

	@Test
	void recordsOfAPartitionThatIsToBeAssignedArePolledAgain(CapturedOutput output) {
		produce(FIRST, 0, 3);
		dispatcherOfPartitionsToBeAssigned().dispatch(poll(FIRST, 3));
		assertThat(this.consumer.position(FIRST)).isZero();
		assertThat(output).doesNotContain("WARN");
	}

	@Test
	void recordsOfAPartitionThatIsToBeAssignedArePolledAgainThoughThatFailsOnce() {
		produce(FIRST, 0, 3);
		ConsumerRecords<Object, Object> records = poll(FIRST, 3);
		this.consumer.failToSeek();
		dispatcherOfPartitionsToBeAssigned().dispatch(records);
		assertThat(this.consumer.position(FIRST)).isZero();
		assertThat(internalErrors()).isEqualTo(1);
	}

	@Test
	void recordsOfAPartitionWhoseWorkerHasNoNameYetArePolledAgain() {
		produce(FIRST, 0, 3);
		PartitionAssignment assignment = assignment(FIRST);
		assignment.preparation().await(Preparation.Awaited.WORKER);
		this.session.dispatch(poll(FIRST, 3));
		assertThat(this.consumer.position(FIRST)).isZero();
		assertThat(assignment.buffer().records()).isZero();
		assignment.worker(Objects.requireNonNull(assignment(SECOND).worker()));
		this.session.dispatch(poll(FIRST, 3));
		this.execution.runAll();
		assertThat(this.handled).containsExactly("0@0", "0@1", "0@2");
	}

	@Test
	void partitionThatIsRefusedARecordIsNotPolledBeforeSomeAreHandled() {
		produce(FIRST, 0, 200);
		produce(SECOND, 0, 200);
		this.session.dispatch(poll(FIRST, 200));
		assertThat(this.consumer.position(FIRST)).as("one and a half times the buffer").isEqualTo(150);
		this.session.dispatch(poll(SECOND, 100));
		assertThat(this.consumer.position(SECOND)).as("half of its share").isEqualTo(25);
		this.session.dispatch(poll(SECOND, 100));
		assertThat(this.consumer.position(SECOND)).as("nothing more").isEqualTo(25);
		this.session.tick();
		assertThat(this.consumer.paused()).containsExactlyInAnyOrder(FIRST, SECOND);
		this.execution.runAll();
		this.session.tick();
		assertThat(this.consumer.paused()).isEmpty();
		assertThat(this.handled).hasSize(175);
		assertThat(internalErrors()).isZero();
	}

	@Test
	void recordThatIsNotTakenAtAllIsPolledAgain() {
		UndispatchableRecord record = new UndispatchableRecord(FIRST, 0, 0);
		log(FIRST).append(record);
		this.session.dispatch(poll(FIRST, 1));
		assertThat(this.consumer.position(FIRST)).isZero();
		record.undispatchable = false;
		this.session.dispatch(poll(FIRST, 1));
		this.execution.runAll();
		assertThat(this.handled).containsExactly("0@0");
		assertThat(internalErrors()).isEqualTo(1);
	}

	@Test
	void whatACommitReportsIsNotHandledThoughRecordsBelowArePolledAgain() {
		assignment(FIRST).progress()
			.continueFrom(new OffsetAndMetadata(0),
					new ReportedOffsets(new CompletedOffsets.Builder().add(2, 8).build(), ParkedRecords.NONE,
							CommitMetadata.UNKNOWN_EPOCH));
		UndispatchableRecord record = new UndispatchableRecord(FIRST, 0, 1);
		log(FIRST).append(record);
		produce(FIRST, 1, 10);
		this.session.dispatch(poll(FIRST, 10));
		record.undispatchable = false;
		this.session.tick();
		assertThat(this.consumer.position(FIRST)).isZero();
		this.session.dispatch(poll(FIRST, 10));
		this.execution.runAll();
		assertThat(this.handled).containsExactly("0@0", "0@1", "0@8", "0@9");
	}

	/**
	 * Return a dispatcher of a consumer to whose assignments no partition could be added.
	 */
	private RecordDispatcher dispatcherOfPartitionsToBeAssigned() {
		ConsumerContext context = this.adopted.context();
		Assignments none = new Assignments();
		ConsumerWakeup wakeup = new ConsumerWakeup(this.consumer, this.execution);
		WorkerAllocation allocation = new WorkerAllocation(context, wakeup,
				new CommitTimer(wakeup, context.settings().commitInterval(), context.runtime()),
				ContainerFixtures.POLLED_BY, null);
		AssignmentReplacement replacement = new AssignmentReplacement(this.consumer, none, allocation,
				new FlowControl(this.consumer, context, wakeup::await),
				new PartitionDrain(context.workers(), context.delivery().detachedRecords(), this.execution), context);
		return new RecordDispatcher(this.consumer, none, (partition) -> true, allocation,
				new Repositioning(this.consumer, none, replacement, context.internalErrors()), context);
	}

	private void produce(TopicPartition partition, long from, int count) {
		LongStream.range(from, from + count)
			.forEach((offset) -> log(partition).append(
					new ConsumerRecord<>(partition.topic(), partition.partition(), offset, "key" + offset, "value")));
	}

	private ConsumerRecords<Object, Object> poll(TopicPartition partition, int most) {
		return new ConsumerRecords<>(Map.of(partition, this.consumer.fetch(partition, most)), Map.of());
	}

	private SimulatedConsumer.Partition log(TopicPartition partition) {
		return Objects.requireNonNull(this.cluster.get(partition));
	}

	private PartitionAssignment assignment(TopicPartition partition) {
		return this.session.assignments()
			.stream()
			.filter((assignment) -> assignment.partition().equals(partition))
			.findFirst()
			.orElseThrow();
	}

	private long internalErrors() {
		return this.adopted.context().internalErrors().count();
	}

}
