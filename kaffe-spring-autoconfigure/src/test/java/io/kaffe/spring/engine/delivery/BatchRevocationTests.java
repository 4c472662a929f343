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
import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what becomes of batches when partitions of theirs are revoked.
 */
class BatchRevocationTests {

	private final BatchBench bench = new BatchBench();

	private final RecordedAssignment orders = this.bench.partition("orders");

	private final RecordedAssignment refunds = this.bench.partition("refunds");

	@Test
	void drainWaitsForTheBatchAndWhatIsLeftIsDropped() {
		this.bench.limits(2, Duration.ZERO).script = (records) -> {
			assertThat(this.orders.running + this.refunds.running).isEqualTo(records.size());
			this.orders.revoked = true;
		};
		this.bench.submit(this.orders, 0).submit(this.refunds, 0).submit(this.orders, 1).submit(this.refunds, 1).run();
		assertThat(this.bench.delivered).containsExactly(List.of("orders@0", "refunds@0"), List.of("refunds@1"));
		assertThat(this.orders.completed).as("what was being handled is completed").containsExactly(0L);
		assertThat(this.orders.dropped).containsExactly(1L);
		assertThat(this.refunds.completed).containsExactly(0L, 1L);
	}

	@Test
	void failedRecordsOfARevokedPartitionAreDroppedAndTheOthersGoOnAtOnce() {
		this.bench.script = (records) -> {
			if (records.get(0).topic().equals("orders")) {
				throw new IllegalStateException("broken");
			}
		};
		this.bench.submit(this.orders, 0, 1).submit(this.refunds, 0).run();
		this.bench.revoke(this.orders).run();
		assertThat(this.bench.delivered).containsExactly(List.of("orders@0", "orders@1", "refunds@0"),
				List.of("refunds@0"));
		assertThat(this.orders.dropped).containsExactly(0L, 1L);
		assertThat(this.bench.delivery().failures().all()).isEmpty();
	}

	@Test
	void revocationInTheMiddleOfGivingUpLeavesWhatIsAnswered() {
		this.bench.script = (records) -> {
			throw new IllegalStateException("broken");
		};
		this.bench.failure(1, FailureAction.DEAD_LETTER).submit(this.orders, 0, 1).run();
		this.bench.revoke(this.orders).run();
		assertThat(this.orders.dropped).as("it waits for the answer").isEmpty();
		this.bench.deadLetters.get(0).answer().complete(null);
		this.bench.run();
		assertThat(this.orders.completed).containsExactly(0L);
		assertThat(this.orders.dropped).containsExactly(1L);
		assertThat(this.bench.worker.snapshot(0).counters().handled()).as("the one that is answered").isEqualTo(1);
		assertThat(this.bench.deadLetters).hasSize(1);
		assertThat(this.bench.delivery().failures().all()).isEmpty();
	}

	@Test
	void doesNotWaitForMoreOfAPartitionThatIsRevoked() {
		this.bench.limits(10, Duration.ofSeconds(5)).submit(this.orders, 0).submit(this.refunds, 7).run();
		assertThat(this.orders.running).as("a drain does not wait for a batch that grows").isZero();
		this.bench.revoke(this.orders).run();
		assertThat(this.orders.dropped).containsExactly(0L);
		assertThat(this.bench.execution.waiting()).as("waits for more of the other").isZero();
		this.bench.execution.advance(Duration.ofSeconds(5));
		assertThat(this.bench.run().delivered).containsExactly(List.of("refunds@7"));
		assertThat(this.orders.completed).isEmpty();
	}

	@Test
	void partitionThatIsRevokedInTheLastMomentIsNotDelivered() {
		this.orders.revokedOnEntry = true;
		this.bench.submit(this.orders, 0, 1).submit(this.refunds, 0).submit(this.orders, 2).run();
		assertThat(this.bench.delivered).containsExactly(List.of("refunds@0"));
		assertThat(this.orders.dropped).containsExactlyInAnyOrder(0L, 1L, 2L);
		assertThat(this.orders.completed).isEmpty();
		assertThat(this.refunds.completed).containsExactly(0L);
		assertThat(this.bench.worker.snapshot(0).counters().restarts()).isZero();
	}

}
