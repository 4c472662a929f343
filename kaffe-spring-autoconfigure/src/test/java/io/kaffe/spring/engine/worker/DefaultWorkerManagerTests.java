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

package io.kaffe.spring.engine.worker;

import java.util.List;
import java.util.Objects;

import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.ConsumerState;
import io.kaffe.spring.table.Evicted;
import io.kaffe.spring.table.Lag;
import io.kaffe.spring.table.WorkerSnapshot;
import io.kaffe.spring.table.WorkerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link DefaultWorkerManager}: a consumer of which one worker is in its table,
 * and another one has been allocated since.
 */
class DefaultWorkerManagerTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private static final WorkerSnapshot LISTED = new WorkerSnapshot("worker_7", WorkerState.RUNNING,
			List.of("orders-7"), 3, new WorkerSnapshot.Counters(5, 0, 0), List.of(), null, null);

	private final ManualExecution execution = new ManualExecution();

	private final DefaultWorkerManager manager = new DefaultWorkerManager(this.execution.runtime());

	private final ConsumerWorkers workers = this.manager.register("orders", 4,
			new TestWorkerOwner((showValues) -> snapshot()));

	@Test
	void workerOfAPartitionIsDescribedWhetherItIsInTheTableOrNot() {
		assertThat(this.manager.workerFor("orders", "orders", 0)).isNull();
		this.workers.allocate("worker_0", new AssignedPartition(PARTITION, 1));
		this.workers.allocate("worker_7", new AssignedPartition(new TopicPartition("orders", 7), 2));
		WorkerSnapshot present = Objects.requireNonNull(this.manager.workerFor("orders", "orders", 0));
		assertThat(present.name()).isEqualTo("worker_0");
		assertThat(present.partitions()).containsExactly("orders-0");
		assertThat(this.manager.workerFor("orders", "orders", 7)).isEqualTo(LISTED);
		assertThat(this.manager.workerFor("orders", "orders", 1)).isNull();
		assertThat(this.manager.workerFor("refunds", "orders", 0)).isNull();
	}

	@Test
	void workerIsFoundByItsName() {
		this.workers.allocate("worker_0", new AssignedPartition(PARTITION, 1));
		assertThat(this.manager.table("orders", "worker_7")).isEqualTo(LISTED);
		assertThat(this.manager.table("orders", "worker_0")).isNotNull()
			.extracting(WorkerSnapshot::state)
			.isEqualTo(WorkerState.IDLE);
		assertThat(this.manager.table("orders", "worker_1")).isNull();
		assertThat(this.manager.table("refunds", "worker_0")).isNull();
	}

	@Test
	void consumersAreFoundByTheirNames() {
		assertThat(this.manager.workers("orders")).isSameAs(this.workers);
		assertThat(this.manager.workers("refunds")).isNull();
		assertThat(this.manager.table().consumers()).containsOnlyKeys("orders");
		assertThat(this.manager.table("orders")).isEqualTo(snapshot());
		assertThat(this.manager.table("refunds")).isNull();
		assertThat(this.manager.state("orders")).isEqualTo(ConsumerState.RUNNING);
		assertThat(this.manager.state("refunds")).isNull();
		assertThat(this.manager.problems()).containsOnlyKeys("orders");
		assertThat(this.manager.problems("orders")).isEqualTo(new TestWorkerOwner().problems());
		assertThat(this.manager.problems("refunds")).isEmpty();
	}

	@Test
	void nameIsTakenOnce() {
		assertThatIllegalStateException().isThrownBy(() -> this.manager.register("orders", 1, new TestWorkerOwner()))
			.withMessage("A consumer named 'orders' is registered already");
	}

	private static ConsumerSnapshot snapshot() {
		return new ConsumerSnapshot(
				new ConsumerSnapshot.Settings("shop", List.of("orders"), "worker-per-partition", 4, List.of()),
				new ConsumerSnapshot.Status(ConsumerState.RUNNING, false, null, null, null, List.of()),
				new ConsumerSnapshot.Load(new ConsumerSnapshot.Buffered(0, 0), 0, new Lag(null, null), Evicted.NONE), 1,
				List.of(LISTED), List.of(), new ConsumerSnapshot.Counters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
				new ConsumerSnapshot.Failures(new ConsumerSnapshot.FailingPage(0, List.of()), List.of(), null,
						List.of()),
				List.of());
	}

}
