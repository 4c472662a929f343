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

package io.kaffe.simulation;

import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerProblem.Kind;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.ConsumerState;
import io.kaffe.spring.table.Evicted;
import io.kaffe.spring.table.Lag;
import io.kaffe.spring.table.PartitionSnapshot;
import io.kaffe.spring.table.WorkerSnapshot;
import io.kaffe.spring.table.WorkerState;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What {@link TableCheck} says of tables: each is fed with one that does not tell the
 * truth.
 */
class TableCheckTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	@Test
	void tableOfAServiceAtRestIsFine() {
		assertThat(wrong(table(List.of(), 0, 0, partition(7L, 0L), worker(WorkerState.IDLE)))).isEmpty();
	}

	@Test
	void tableIsMissing() {
		assertThat(wrong(null)).containsExactly("instance has no table");
	}

	@Test
	void problemIsReported() {
		assertThat(wrong(table(List.of(new ConsumerProblem(Kind.BLOCKED, null, "blocked")), 0, 0, partition(7L, 0L),
				worker(WorkerState.IDLE))))
			.containsExactly("instance reports blocked");
	}

	@Test
	void recordIsInFlight() {
		assertThat(wrong(table(List.of(), 1, 2, partition(7L, 0L), worker(WorkerState.RUNNING)))).containsExactly(
				"instance shows in flight: 1 instead of 0", "instance shows buffered records: 2 instead of 0",
				"instance shows state of worker worker_orders_0: running instead of idle");
	}

	@Test
	void committedOffsetIsNotWhatIsCommitted() {
		assertThat(wrong(table(List.of(), 0, 0, partition(6L, 0L), worker(WorkerState.IDLE))))
			.containsExactly("instance shows orders-0's committed offset: 6 instead of 7");
	}

	@Test
	void lagIsLeft() {
		assertThat(wrong(table(List.of(), 0, 0, partition(7L, 3L), worker(WorkerState.IDLE))))
			.containsExactly("instance shows a lag of 3 for orders-0");
	}

	@Test
	void lagOfWhatWasDeletedIsLeftUntilThePollEnds() {
		assertThat(new TableCheck("instance", List.of(PARTITION), Map.of(PARTITION, new OffsetAndMetadata(7)),
				(partition) -> true, PARTITION::equals)
			.wrong(table(List.of(), 0, 0, partition(7L, 3L), worker(WorkerState.IDLE)))).isEmpty();
	}

	@Test
	void partitionIsNotAssigned() {
		assertThat(new TableCheck("instance", List.of(), Map.of(), (partition) -> false, (partition) -> false)
			.wrong(table(List.of(), 0, 0, partition(7L, 0L), worker(WorkerState.IDLE))))
			.containsExactly("instance shows partitions: [orders-0] instead of []");
	}

	private static List<String> wrong(@Nullable ConsumerSnapshot table) {
		return new TableCheck("instance", List.of(PARTITION), Map.of(PARTITION, new OffsetAndMetadata(7)),
				(partition) -> true, (partition) -> false)
			.wrong(table);
	}

	private static ConsumerSnapshot table(List<ConsumerProblem> problems, int inFlight, long buffered,
			PartitionSnapshot partition, WorkerSnapshot worker) {
		return new ConsumerSnapshot(
				new ConsumerSnapshot.Settings("orders", List.of("orders"), "worker-per-key", null, List.of()),
				new ConsumerSnapshot.Status(ConsumerState.RUNNING, false, null, null, null, problems),
				new ConsumerSnapshot.Load(new ConsumerSnapshot.Buffered(buffered, 0), inFlight, partition.lag(),
						Evicted.NONE),
				1, List.of(worker), List.of(partition), new ConsumerSnapshot.Counters(7, 0, 0, 0, 0, 0, 1, 0, 0, 0),
				new ConsumerSnapshot.Failures(new ConsumerSnapshot.FailingPage(0, List.of()), List.of(), null,
						List.of()),
				List.of());
	}

	private static PartitionSnapshot partition(Long committed, Long lag) {
		return new PartitionSnapshot("orders", 0, "worker_orders_0", 1,
				new PartitionSnapshot.Offsets(7L, committed, 0, 0, 7L, 7L), new Lag(lag, null), 0, Evicted.NONE, null,
				null, null);
	}

	private static WorkerSnapshot worker(WorkerState state) {
		return new WorkerSnapshot("worker_orders_0", state, List.of("orders-0"), 0,
				new WorkerSnapshot.Counters(7, 0, 0), List.of(), null, null);
	}

}
