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

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.kafka.support.Acknowledgment;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.table.WorkerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for batches whose listeners acknowledge them.
 */
class BatchAcknowledgmentTests {

	private final BatchBench bench = new BatchBench();

	private final RecordedAssignment orders = this.bench.partition("orders");

	@Test
	void listenerAcknowledgesLaterAllOrUpToAnIndex() {
		this.bench.acknowledging().submit(this.orders, 0, 1, 2, 3).run();
		Acknowledgment acknowledgment = this.bench.acknowledged.get(0);
		assertThat(this.orders.completed).isEmpty();
		assertThat(this.orders.held().detached()).isEqualTo(4);
		assertThat(this.bench.delivery().detachedRecords()).hasSize(1);
		acknowledgment.acknowledge(1);
		assertThat(this.orders.completed).containsExactly(0L, 1L);
		assertThat(this.orders.held().detached()).isEqualTo(2);
		assertThat(this.bench.delivery().detachedRecords()).as("those that are left").hasSize(1);
		assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> acknowledgment.acknowledge(4));
		acknowledgment.acknowledge();
		acknowledgment.acknowledge();
		assertThat(this.orders.completed).containsExactly(0L, 1L, 2L, 3L);
		assertThat(this.orders.held().detached()).isZero();
		assertThat(this.bench.delivery().detachedRecords()).isEmpty();
	}

	@Test
	void whatIsAcknowledgedBeforeAFailureIsNotRedelivered() {
		this.bench.acknowledging().script = (records) -> {
			if (records.size() == 3) {
				this.bench.acknowledged.get(0).acknowledge(0);
				throw new IllegalStateException("broken");
			}
			this.bench.acknowledged.get(1).acknowledge();
		};
		this.bench.submit(this.orders, 0, 1, 2).run();
		assertThat(this.orders.completed).containsExactly(0L);
		assertThat(this.bench.backOff().delivered).last().isEqualTo(List.of("orders@1", "orders@2"));
		assertThat(this.orders.completed).containsExactly(0L, 1L, 2L);
		assertThat(this.orders.held().detached()).isZero();
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void failureAfterTheWholeBatchWasAcknowledgedIsLoggedAndNoFailureOfTheNextBatch(CapturedOutput output) {
		this.bench.acknowledging().script = (records) -> {
			if (this.bench.delivered.size() == 2) {
				this.bench.acknowledged.get(1).acknowledge();
			}
			throw new IllegalStateException("broken");
		};
		this.bench.submit(this.orders, 0, 1).run().backOff();
		assertThat(output).containsOnlyOnce("The listener failed after it had acknowledged its whole batch");
		assertThat(this.orders.completed).containsExactly(0L, 1L);
		assertThat(this.bench.delivery().failures().all()).isEmpty();
		this.bench.submit(this.orders, 2).run();
		assertThat(this.bench.delivered).hasSize(3).last().isEqualTo(List.of("orders@2"));
		assertThat(this.bench.delivery().failures().all()).singleElement().satisfies((failing) -> {
			assertThat(failing.offset()).isEqualTo(2);
			assertThat(failing.attempts()).isEqualTo(1);
		});
	}

	@Test
	void recordsFromAnIndexOnAreDeliveredAgainAfterTheSleepWhichIsNoFailure() {
		nack(1, Duration.ofSeconds(5));
		this.bench.submit(this.orders, 0, 1, 2).run();
		assertThat(this.orders.completed).containsExactly(0L);
		assertThat(this.orders.running).as("no drain waits").isZero();
		assertThat(this.orders.held().detached()).isZero();
		assertThat(this.bench.execution.waiting()).as("no thread is held").isZero();
		assertThat(this.bench.worker.inFlight()).isZero();
		assertThat(this.bench.worker.snapshot(0)).satisfies((worker) -> {
			assertThat(worker.state()).isEqualTo(WorkerState.BACKING_OFF);
			assertThat(worker.current()).singleElement().satisfies((current) -> {
				assertThat(current.offset()).isEqualTo(1);
				assertThat(current.attempt()).isOne();
			});
			assertThat(worker.counters().failed()).isZero();
		});
		assertThat(this.bench.delivery().failures().all()).isEmpty();
		assertThat(this.bench.attempts).containsExactly("orders 0 handled");
		this.bench.submit(this.orders, 3).execution.advance(Duration.ofMillis(4999));
		assertThat(this.bench.run().delivered).hasSize(1);
		this.bench.execution.advance(Duration.ofMillis(1));
		assertThat(this.bench.run().delivered).hasSize(2).last().isEqualTo(List.of("orders@1", "orders@2", "orders@3"));
		this.bench.acknowledged.get(1).acknowledge();
		assertThat(this.orders.completed).containsExactly(0L, 1L, 2L, 3L);
	}

	@Test
	void batchIsDeliveredAgainAtOnceWithoutASleep() {
		nack(0, Duration.ZERO);
		this.bench.submit(this.orders, 0, 1).run();
		assertThat(this.bench.delivered).containsExactly(List.of("orders@0", "orders@1"),
				List.of("orders@0", "orders@1"));
		assertThat(this.bench.attempts).as("of the second delivery")
			.containsExactly("orders 0 handled", "orders 0 handled");
	}

	@Test
	void negativeAcknowledgmentCountsNoAttemptOfARecordThatFailedBefore() {
		this.bench.acknowledging().failure(2, FailureAction.PARK).script = (records) -> {
			if (this.bench.delivered.size() == 2) {
				this.bench.acknowledged.get(1).nack(0, Duration.ofSeconds(5));
				return;
			}
			throw new IllegalStateException("broken");
		};
		this.bench.submit(this.orders, 0).run().backOff();
		assertThat(this.bench.delivered).hasSize(2);
		this.bench.execution.advance(Duration.ofSeconds(5));
		assertThat(this.bench.run().delivered).hasSize(3);
		assertThat(this.bench.delivery().failures().all()).singleElement().satisfies((failing) -> {
			assertThat(failing.attempts()).isEqualTo(2);
			assertThat(failing.state()).isEqualTo(FailingRecord.State.PARKED);
		});
	}

	@Test
	void failureAfterANegativeAcknowledgmentIsAFailure() {
		this.bench.acknowledging().script = (records) -> {
			if (this.bench.delivered.size() == 1) {
				this.bench.acknowledged.get(0).nack(1, Duration.ofHours(1));
				throw new IllegalStateException("broken");
			}
		};
		this.bench.submit(this.orders, 0, 1).run();
		assertThat(this.orders.completed).containsExactly(0L);
		assertThat(this.bench.delivery().failures().all()).hasSize(1);
		assertThat(this.bench.backOff().delivered).hasSize(2).last().isEqualTo(List.of("orders@1"));
	}

	@Test
	void recordsOfARevokedPartitionAreDroppedDuringTheSleep() {
		RecordedAssignment refunds = this.bench.partition("refunds");
		nack(0, Duration.ofSeconds(5));
		this.bench.submit(this.orders, 0).submit(refunds, 0).run();
		this.bench.revoke(this.orders).run();
		assertThat(this.orders.dropped).containsExactly(0L);
		this.bench.execution.advance(Duration.ofSeconds(5));
		assertThat(this.bench.run().delivered).hasSize(2).last().isEqualTo(List.of("refunds@0"));
		this.bench.acknowledged.get(1).acknowledge();
		nack(0, Duration.ofSeconds(5));
		this.bench.delivered.clear();
		this.bench.acknowledged.clear();
		this.bench.submit(refunds, 1).run().revoke(refunds).run();
		assertThat(refunds.dropped).containsExactly(1L);
		assertThat(this.bench.worker.snapshot(0).state()).isEqualTo(WorkerState.IDLE);
		assertThat(this.bench.execution.timers()).as("that of the stall watch").isLessThanOrEqualTo(1);
	}

	@Test
	void negativeAcknowledgmentIsRefusedIfItIsWrong() {
		List<String> refusals = new ArrayList<>();
		this.bench.acknowledging().script = (records) -> {
			Acknowledgment acknowledgment = this.bench.acknowledged.get(0);
			for (int index : new int[] { -1, 2 }) {
				assertThatIllegalArgumentException().isThrownBy(() -> acknowledgment.nack(index, Duration.ZERO))
					.withMessage("index out of bounds");
			}
			assertThatIllegalArgumentException().isThrownBy(() -> acknowledgment.nack(0, Duration.ofMillis(-1)))
				.withMessage("sleep cannot be negative");
			assertThatExceptionOfType(UnsupportedOperationException.class)
				.isThrownBy(() -> acknowledgment.nack(Duration.ZERO));
			refusals.add("all");
		};
		this.bench.submit(this.orders, 0, 1).run();
		assertThat(refusals).hasSize(1);
		assertThatIllegalStateException().isThrownBy(() -> this.bench.acknowledged.get(0).nack(0, Duration.ZERO))
			.withMessage("nack() can only be called on the thread that calls the listener");
		assertThat(this.bench.delivered).hasSize(1);
		assertThat(this.bench.delivery().detachedRecords()).as("it is left open").hasSize(1);
	}

	private void nack(int index, Duration sleep) {
		this.bench.acknowledging().script = (records) -> {
			if (this.bench.delivered.size() == 1) {
				this.bench.acknowledged.get(0).nack(index, sleep);
			}
		};
	}

}
