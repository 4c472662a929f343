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

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link FlowControl}: when it waits for back-pressure to end before partitions
 * are left out of a fetch. The share of each of two partitions is 5,000 records.
 */
class FlowControlTests {

	private static final TopicPartition FIRST = new TopicPartition("orders", 0);

	private static final TopicPartition SECOND = new TopicPartition("orders", 1);

	private static final int MAX_POLL_RECORDS = 500;

	private final ManualExecution execution = new ManualExecution();

	private final MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest") {

		@Override
		public synchronized OptionalLong currentLag(TopicPartition partition) {
			if (partition.equals(FlowControlTests.this.revoked)) {
				throw new IllegalStateException("No current assignment for partition " + partition);
			}
			return super.currentLag(partition);
		}

	};

	private final WorkerContainer adopted = ContainerFixtures.inGroup(null, this.execution);

	private final ConsumerSession session = this.adopted.session(this.consumer);

	private final FlowControl flow = new FlowControl(this.consumer, this.adopted.context(), this::awaitRoom);

	/** What the client does not know any more. */
	private @Nullable TopicPartition revoked;

	private boolean room;

	private int waits;

	@BeforeEach
	void assign() {
		this.consumer.assign(List.of(FIRST, SECOND));
		this.session.assigned(List.of(FIRST, SECOND));
		this.consumer.seek(FIRST, 0);
		this.consumer.seek(SECOND, 0);
		this.consumer.updateEndOffsets(Map.of(FIRST, 100_000L, SECOND, 0L));
	}

	@Test
	void partitionsWithoutBackPressureAreNotWaitedFor() {
		poll(4999);
		assertThat(waitsAndPauses()).isEqualTo("0 []");
	}

	@Test
	void roomIsAwaitedOnceBeforeOnlyPartitionsAtTheirEndAreFetched() {
		poll(5000);
		assertThat(waitsAndPauses()).isEqualTo("1 [orders-0]");
		assertThat(waitsAndPauses()).as("no second time").isEqualTo("1 [orders-0]");
	}

	@Test
	void partitionThatGetsRoomMeanwhileIsNotLeftOut() {
		poll(5000);
		this.room = true;
		assertThat(waitsAndPauses()).isEqualTo("1 []");
		poll(5000);
		assertThat(waitsAndPauses()).as("waits again").isEqualTo("2 []");
	}

	@Test
	void partitionAwaitsOthersIfTheWholeBufferIsFullRatherThanItsShare() {
		poll(5000);
		waitsAndPauses();
		assertThat(this.flow.isAwaitingOthers()).isFalse();
		poll(5000);
		waitsAndPauses();
		assertThat(this.flow.isAwaitingOthers()).isTrue();
	}

	@Test
	void roomIsAwaitedWhenTheOthersComeToTheirEndLater() {
		this.consumer.updateEndOffsets(Map.of(SECOND, MAX_POLL_RECORDS + 1L));
		poll(5000);
		assertThat(waitsAndPauses()).as("there is more to fetch").isEqualTo("0 [orders-0]");
		this.consumer.seek(SECOND, 1);
		assertThat(waitsAndPauses()).as("the next poll may leave nothing").isEqualTo("1 [orders-0]");
		this.consumer.seek(SECOND, MAX_POLL_RECORDS + 1L);
		assertThat(waitsAndPauses()).as("was waited for").isEqualTo("1 [orders-0]");
		this.consumer.updateEndOffsets(Map.of(SECOND, 10_000L));
		assertThat(waitsAndPauses()).as("there is more to fetch again").isEqualTo("1 [orders-0]");
		this.consumer.seek(SECOND, 10_000L);
		assertThat(waitsAndPauses()).as("was waited for in vain").isEqualTo("1 [orders-0]");
		this.execution.runAll();
		assertThat(waitsAndPauses()).as("has room").isEqualTo("1 []");
		poll(5000);
		assertThat(waitsAndPauses()).as("has none again").isEqualTo("2 [orders-0]");
	}

	@Test
	void roomIsNotAwaitedWhenAPollCannotReturnAllThatIsLeftOfTheOthers() {
		TopicPartition third = new TopicPartition("orders", 2);
		this.consumer.assign(List.of(FIRST, SECOND, third));
		this.session.assigned(List.of(third));
		this.consumer.updateEndOffsets(Map.of(SECOND, 300L, third, 300L));
		this.consumer.seek(third, 99);
		poll(5000);
		assertThat(waitsAndPauses()).isEqualTo("0 [orders-0]");
		this.consumer.seek(third, 100);
		assertThat(waitsAndPauses()).isEqualTo("1 [orders-0]");
	}

	@Test
	void roomIsNotAwaitedForAPartitionThatIsPausedForAnotherReasonToo() {
		this.adopted.context().pauses().pause(FIRST);
		poll(5000);
		assertThat(waitsAndPauses()).isEqualTo("0 [orders-0]");
	}

	@Test
	void roomIsNotAwaitedAfterCommands() {
		poll(5000);
		this.flow.regulate(this.session.assignments(), false);
		assertThat(this.waits).isZero();
	}

	@Test
	void roomIsNotAwaitedWhenNothingIsFetched() {
		this.consumer.pause(Set.of(SECOND));
		poll(5000);
		assertThat(waitsAndPauses()).isEqualTo("0 [orders-0, orders-1]");
	}

	@Test
	void partitionWhoseWorkerHasNoNameYetIsPausedWhenItIsAssigned() {
		PartitionAssignment first = this.session.assignments()
			.stream()
			.filter((assignment) -> assignment.partition().equals(FIRST))
			.findAny()
			.orElseThrow();
		first.preparation().await(Preparation.Awaited.WORKER);
		this.flow.start(this.session.assignments());
		assertThat(this.consumer.paused()).containsExactly(FIRST);
	}

	@Test
	void roomIsNotAwaitedWhileAStrategyIsNamingAWorker() {
		poll(5000);
		assignment(SECOND).preparation().await(Preparation.Awaited.WORKER);
		assertThat(waitsAndPauses()).isEqualTo("0 [orders-0, orders-1]");
		assignment(SECOND).worker(this.adopted.context().workers().all().iterator().next());
		assertThat(waitsAndPauses()).isEqualTo("1 [orders-0]");
	}

	@Test
	void partitionWhoseEndIsUnknownMayHaveMoreToFetch() {
		poll(5000);
		this.revoked = SECOND;
		assertThat(waitsAndPauses()).isEqualTo("0 [orders-0]");
	}

	@Test
	void partitionThatMustNotBeFetchedIsPausedWhenItIsAssigned() {
		this.adopted.context().pauses().pause(FIRST);
		this.flow.start(this.session.assignments());
		assertThat(this.consumer.paused()).containsExactly(FIRST);
		this.adopted.context().pauses().resume(FIRST);
		assertThat(waitsAndPauses()).isEqualTo("0 []");
	}

	@Test
	void whatIsPausedByWhomeverIsKnown() {
		this.consumer.pause(Set.of(SECOND));
		poll(5000);
		assertThat(this.flow.isPaused(SECOND)).as("before it has looked").isFalse();
		waitsAndPauses();
		assertThat(this.flow.isPaused(FIRST)).isTrue();
		assertThat(this.flow.isPaused(SECOND)).isTrue();
		this.execution.runAll();
		waitsAndPauses();
		assertThat(this.flow.isPaused(FIRST)).isFalse();
	}

	private PartitionAssignment assignment(TopicPartition partition) {
		return this.session.assignments()
			.stream()
			.filter((assignment) -> assignment.partition().equals(partition))
			.findFirst()
			.orElseThrow();
	}

	private String waitsAndPauses() {
		this.flow.regulate(this.session.assignments(), true);
		return this.waits + " " + this.consumer.paused().stream().map(TopicPartition::toString).sorted().toList();
	}

	private boolean awaitRoom(BooleanSupplier enough) {
		this.waits++;
		if (this.room) {
			this.execution.runAll();
		}
		return enough.getAsBoolean();
	}

	private void poll(int records) {
		long first = this.consumer.position(FIRST);
		List<ConsumerRecord<Object, Object>> polled = LongStream.range(first, first + records)
			.mapToObj((offset) -> new ConsumerRecord<Object, Object>("orders", 0, offset, "key", "value"))
			.toList();
		this.consumer.seek(FIRST, first + records);
		this.session.dispatch(new ConsumerRecords<>(Map.of(FIRST, polled), Map.of()));
	}

}
