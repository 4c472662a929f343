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

package io.kaffe.spring.engine.delivery;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

import org.junit.jupiter.api.Test;

import io.kaffe.spring.RecordWorkerAllocationStrategy;
import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KeyAllocationWork}.
 */
class KeyAllocationWorkTests {

	private final BatchBench bench = new BatchBench();

	private final RecordedAssignment orders = this.bench.partition("orders");

	@Test
	void recordsThatAreOrderedWithNoOthersAreGivenOutInGroups() {
		this.bench.limits(4, Duration.ofSeconds(5)).delivery();
		allocate(StandardWorkerAllocationStrategy.WORKER_PER_RECORD, 10);
		assertThat(this.bench.delivered).as("without waiting for more, which cannot come")
			.containsExactlyInAnyOrder(List.of("orders@0", "orders@1", "orders@2", "orders@3"),
					List.of("orders@4", "orders@5", "orders@6", "orders@7"), List.of("orders@8", "orders@9"));
		assertThat(this.orders.completed).hasSize(10);
	}

	@Test
	void groupThatFailsHoldsUpNoOther() {
		this.bench.limits(4, Duration.ZERO).script = (records) -> {
			if (records.get(0).offset() == 0) {
				throw new IllegalStateException("broken");
			}
		};
		allocate(StandardWorkerAllocationStrategy.WORKER_PER_RECORD, 10);
		assertThat(this.orders.completed).containsExactlyInAnyOrder(4L, 5L, 6L, 7L, 8L, 9L);
	}

	@Test
	void recordsThatWaitForTheirGroupAreDroppedWithTheRestWhenTheirPartitionIsRevoked() {
		this.bench.limits(4, Duration.ZERO);
		RecordWorkerAllocationStrategy revoking = (record) -> {
			this.orders.revoked = record.offset() == 5;
			return null;
		};
		allocate(revoking, 8);
		assertThat(this.bench.delivered).isEmpty();
		assertThat(this.orders.dropped).containsExactlyInAnyOrder(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L);
	}

	@Test
	void onlyAFailedAttemptToFindAWorkerIsObserved() {
		List<String> observed = new ArrayList<>();
		RecordWorkerAllocationStrategy failing = (record) -> {
			observed.add("asked");
			if (observed.size() < 3) {
				throw new IllegalStateException("broken");
			}
			return "key";
		};
		allocate(failing, 1);
		assertThat(this.bench.attempts).containsExactly("orders 0 failed");
		this.bench.backOff();
		assertThat(this.orders.completed).containsExactly(0L);
		assertThat(this.bench.attempts).containsExactly("orders 0 failed", "orders 0 handled");
	}

	private void allocate(WorkerAllocationStrategy strategy, int records) {
		this.bench.internal()
			.submit(new KeyAllocationWork(this.orders.records(LongStream.range(0, records).toArray()), this.orders, 0,
					this.bench.allocator(strategy)));
		this.bench.run();
	}

}
