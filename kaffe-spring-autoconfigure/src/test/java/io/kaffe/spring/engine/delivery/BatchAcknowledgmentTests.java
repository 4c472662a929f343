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
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.kafka.support.Acknowledgment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

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
	void negativeAcknowledgmentIsRefusedWithTheAlternative() {
		this.bench.acknowledging().submit(this.orders, 0).run();
		assertThatExceptionOfType(UnsupportedOperationException.class)
			.isThrownBy(() -> this.bench.acknowledged.get(0).nack(3, Duration.ZERO))
			.withMessageContaining("BatchListenerFailedException with index 3");
		assertThatExceptionOfType(UnsupportedOperationException.class).as("of all")
			.isThrownBy(() -> this.bench.acknowledged.get(0).nack(Duration.ZERO))
			.withMessageContaining("BatchListenerFailedException with index 0");
	}

}
