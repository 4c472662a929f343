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

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.adapter.FilteringBatchMessageListenerAdapter;

import io.kaffe.spring.BatchResult;
import io.kaffe.spring.engine.adapter.BatchRecordHandlerListener;
import io.kaffe.spring.engine.worker.Worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for what the results of batch handlers complete.
 */
class BatchResultTests {

	private static final TopicPartition ORDERS = new TopicPartition("orders", 0);

	private static final TopicPartition REFUNDS = new TopicPartition("refunds", 0);

	private final List<@Nullable BatchResult> results = new ArrayList<>();

	private final BatchBench bench = new BatchBench().handler((records) -> next());

	private final RecordedAssignment orders = this.bench.partition("orders");

	private final RecordedAssignment refunds = this.bench.partition("refunds");

	@Test
	void commitCompletesTheBatch() {
		this.results.add(BatchResult.commit());
		this.bench.submit(this.orders, 0, 1).submit(this.refunds, 5).run();
		assertThat(this.orders.completed).containsExactly(0L, 1L);
		assertThat(this.refunds.completed).containsExactly(5L);
		assertThat(this.orders.held().detached()).isZero();
	}

	@Test
	void whatIsNotCommittedIsKeptOpenUntilALaterCommitCoversIt() {
		this.results.addAll(List.of(BatchResult.noCommit(), BatchResult.noCommit(), BatchResult.commit()));
		this.bench.submit(this.orders, 0, 1).submit(this.refunds, 5).run();
		this.bench.submit(this.orders, 2).run();
		assertThat(this.orders.completed).isEmpty();
		assertThat(this.orders.held().detached()).as("counts as buffered, not as being handled").isEqualTo(3);
		assertThat(this.orders.running).as("no drain waits for it").isZero();
		this.bench.submit(this.orders, 3).run();
		assertThat(this.orders.completed).containsExactlyInAnyOrder(0L, 1L, 2L, 3L);
		assertThat(this.orders.held().detached()).isZero();
		assertThat(this.refunds.completed).as("another partition").isEmpty();
		assertThat(this.bench.delivered).as("nothing is redelivered").hasSize(3);
	}

	@Test
	void commitUpToAnOffsetCoversEarlierBatchesAndKeepsTheRestOpen() {
		this.results.addAll(List.of(BatchResult.noCommit(), BatchResult.commitUpTo(1), BatchResult.commitUpTo(4)));
		this.bench.submit(this.orders, 0, 1, 2).run();
		this.bench.submit(this.orders, 3, 4, 5).run();
		assertThat(this.orders.completed).containsExactly(0L, 1L);
		this.bench.submit(this.orders, 6).run();
		assertThat(this.orders.completed).containsExactly(0L, 1L, 2L, 3L, 4L);
		assertThat(this.orders.held().detached()).isEqualTo(2);
	}

	@Test
	void batchOfSeveralPartitionsIsCommittedByPartition() {
		this.results.addAll(
				List.of(BatchResult.commitUpTo(ORDERS, 0), BatchResult.commitUpTo(Map.of(ORDERS, 1L, REFUNDS, 9L))));
		this.bench.submit(this.orders, 0, 1).submit(this.refunds, 8).run();
		assertThat(this.orders.completed).containsExactly(0L);
		assertThat(this.refunds.completed).isEmpty();
		this.bench.submit(this.orders, 2).submit(this.refunds, 9, 10).run();
		assertThat(this.orders.completed).containsExactly(0L, 1L);
		assertThat(this.refunds.completed).containsExactlyInAnyOrder(8L, 9L);
	}

	@Test
	void resultThatMakesNoSenseIsAFailureOfTheBatch() {
		this.results
			.addAll(List.of(BatchResult.commitUpTo(3), BatchResult.commitUpTo(new TopicPartition("other", 0), 3)));
		this.results.add(null);
		this.results.add(BatchResult.commit());
		this.bench.failure(10, FailureAction.PARK).submit(this.orders, 0).submit(this.refunds, 0).run();
		assertFailure("use BatchResult.commitUpTo with an offset for each");
		this.bench.backOff();
		assertFailure("for a batch without a record of other-0");
		this.bench.backOff();
		assertFailure("The handler returned null instead of a BatchResult");
		assertThat(this.orders.completed).isEmpty();
		this.bench.backOff();
		assertThat(this.orders.completed).containsExactly(0L);
	}

	@Test
	void commitDoesNotCoverWhatOtherWorkersAreAt() {
		this.results.addAll(List.of(BatchResult.noCommit(), BatchResult.commit()));
		Worker other = this.bench.internal();
		this.bench.submit(this.orders, 0).run();
		other.submit(this.bench.works().workOf(this.orders.records(2), this.orders));
		this.bench.run();
		assertThat(this.orders.completed).as("0 is kept open, 1 is not dispatched yet")
			.containsExactlyInAnyOrder(0L, 2L);
	}

	@Test
	void whatAFilterRemovesIsCompleted() {
		this.results.add(BatchResult.noCommit());
		BatchMessageListener<Object, Object> handler = new BatchRecordHandlerListener("orders", (records) -> next());
		this.bench.listener(new FilteringBatchMessageListenerAdapter<>(handler, (record) -> record.offset() < 2))
			.submit(this.orders, 0, 1, 2)
			.run();
		assertThat(this.orders.completed).containsExactly(0L, 1L);
		this.bench.submit(this.orders, 1).run();
		assertThat(this.results).as("not called without records").isEmpty();
		assertThat(this.orders.held().detached()).isEqualTo(1);
	}

	@Test
	void offsetsAreNotNegative() {
		assertThatIllegalArgumentException().isThrownBy(() -> BatchResult.commitUpTo(-1));
		assertThatIllegalArgumentException().isThrownBy(() -> BatchResult.commitUpTo(ORDERS, -1));
	}

	@Test
	void resultsDescribeThemselves() {
		assertThat(BatchResult.commit()).hasToString("commit");
		assertThat(BatchResult.noCommit()).hasToString("no commit");
		assertThat(BatchResult.commitUpTo(3)).hasToString("commit up to 3");
		assertThat(BatchResult.commitUpTo(ORDERS, 3)).hasToString("commit up to {orders-0=3}");
	}

	private void assertFailure(String message) {
		assertThat(this.bench.delivery().failures().all()).singleElement()
			.satisfies((failing) -> assertThat(failing.failure()).hasMessageContaining(message));
	}

	@SuppressWarnings("NullAway")
	private BatchResult next() {
		return this.results.remove(0);
	}

}
