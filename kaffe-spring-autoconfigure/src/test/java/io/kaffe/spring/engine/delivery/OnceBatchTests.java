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

import java.util.List;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.listener.BatchListenerFailedException;

import io.kaffe.spring.BatchResult;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for batches whose records are noted in the transaction of their handler.
 */
class OnceBatchTests {

	private static final OnceStore.Partition NOTED = new OnceStore.Partition("group", "orders", Uuid.randomUuid(), 0);

	private final NotesInMemory notes = new NotesInMemory();

	private final BatchBench bench = new BatchBench().once(this.notes);

	private final RecordedAssignment orders = this.bench.partition("orders");

	@BeforeEach
	void noteRecords() {
		this.orders.noted = NOTED;
	}

	@Test
	void batchIsNotedBeforeItIsCompleted() {
		this.bench.script = (records) -> assertThat(this.orders.completed).isEmpty();
		this.bench.submit(this.orders, 0, 1, 2).run();
		assertThat(this.notes.offsets(NOTED)).containsExactly(0L, 1L, 2L);
		assertThat(this.orders.completed).containsExactly(0L, 1L, 2L);
	}

	@Test
	void failedBatchIsRolledBackAndRetriedAsAWhole() {
		this.bench.script = (records) -> {
			if (this.bench.delivered.size() == 1) {
				throw new IllegalStateException("On purpose");
			}
		};
		this.bench.submit(this.orders, 0, 1).run();
		assertThat(this.notes.offsets(NOTED)).isEmpty();
		assertThat(this.orders.completed).isEmpty();
		this.bench.backOff();
		assertThat(this.bench.delivered).hasSize(2);
		assertThat(this.notes.offsets(NOTED)).containsExactly(0L, 1L);
	}

	@Test
	void recordsBeforeTheOneThatFailedAreDeliveredAgainInABatchOfTheirOwn() {
		this.bench.failure(1, FailureAction.SKIP).script = (records) -> {
			for (int index = 0; index < records.size(); index++) {
				if (records.get(index).offset() == 2) {
					throw new BatchListenerFailedException("On purpose", index);
				}
			}
		};
		this.bench.submit(this.orders, 0, 1, 2, 3).run();
		assertThat(this.bench.delivered).containsExactly(List.of("orders@0", "orders@1", "orders@2", "orders@3"),
				List.of("orders@0", "orders@1"), List.of("orders@2", "orders@3"), List.of("orders@3"));
		assertThat(this.notes.rolledBack).isEqualTo(2);
		assertThat(this.notes.offsets(NOTED)).as("the skipped one as well").containsExactly(0L, 1L, 2L, 3L);
		assertThat(this.orders.completed).containsExactlyInAnyOrder(0L, 1L, 2L, 3L);
		assertThat(this.orders.running).isZero();
	}

	@Test
	void onlyWhatTheHandlerReportsAsCompletedIsNoted() {
		BatchResult[] results = { BatchResult.commitUpTo(1), BatchResult.noCommit(), BatchResult.commit() };
		this.bench.handler((records) -> results[this.bench.delivered.size() - 1]);
		this.bench.submit(this.orders, 0, 1, 2).run();
		assertThat(this.notes.offsets(NOTED)).containsExactly(0L, 1L);
		this.bench.submit(this.orders, 3).run();
		assertThat(this.notes.offsets(NOTED)).containsExactly(0L, 1L);
		this.bench.submit(this.orders, 4).run();
		assertThat(this.notes.offsets(NOTED)).as("with what was kept open").containsExactly(0L, 1L, 2L, 3L, 4L);
		assertThat(this.orders.completed).containsExactlyInAnyOrder(0L, 1L, 2L, 3L, 4L);
	}

	@Test
	void recordsThatAnotherHasHandledAreCompletedAndTheRestIsDeliveredAgain() {
		this.bench.script = (records) -> {
			if (this.bench.delivered.size() == 1) {
				this.notes.offsets(NOTED).addAll(List.of(1L, 2L));
			}
		};
		this.bench.submit(this.orders, 0, 1, 2, 3).run();
		assertThat(this.bench.delivered).containsExactly(List.of("orders@0", "orders@1", "orders@2", "orders@3"),
				List.of("orders@0", "orders@3"));
		assertThat(this.notes.rolledBack).isEqualTo(1);
		assertThat(this.notes.offsets(NOTED)).containsExactly(0L, 1L, 2L, 3L);
		assertThat(this.orders.completed).containsExactlyInAnyOrder(0L, 1L, 2L, 3L);
		assertThat(this.bench.delivery().once()).isNotNull().extracting(OnceDelivery::refused).isEqualTo(2L);
	}

	@Test
	void recordThatWasKeptOpenIsCompletedThoughTheCommitOfItsNoteWasNotAnswered() {
		this.bench
			.handler((records) -> (this.bench.delivered.size() == 1) ? BatchResult.noCommit() : BatchResult.commit());
		this.bench.submit(this.orders, 0).run();
		assertThat(this.orders.completed).isEmpty();
		this.notes.committed = () -> {
			throw new IllegalStateException("The connection is broken");
		};
		this.bench.submit(this.orders, 1).run();
		assertThat(this.orders.completed).isEmpty();
		this.notes.committed = () -> {
		};
		this.bench.backOff();
		assertThat(this.orders.completed).containsExactlyInAnyOrder(0L, 1L);
		this.bench.submit(this.orders, 2).run();
		assertThat(this.orders.completed).containsExactlyInAnyOrder(0L, 1L, 2L);
		assertThat(this.bench.delivered).hasSize(4);
	}

	@Test
	void recordThatIsKeptOpenWhileABatchIsCommittedIsNotCompletedWithIt() {
		this.bench.handler((records) -> BatchResult.commit());
		this.notes.committed = () -> this.orders.held()
			.keep(new ConsumerRecord<>("orders", 0, 0, "key of another worker", "value"));
		this.bench.submit(this.orders, 1).run();
		assertThat(this.notes.offsets(NOTED)).containsExactly(1L);
		assertThat(this.orders.completed).as("what is not noted").containsExactly(1L);
	}

	@Test
	void batchThatAnotherHasHandledAsAWholeIsCompleted() {
		this.bench.script = (records) -> this.notes.floors.put(NOTED, 10L);
		this.bench.submit(this.orders, 0, 1).run();
		assertThat(this.bench.delivered).hasSize(1);
		assertThat(this.orders.completed).containsExactly(0L, 1L);
	}

	@Test
	void databaseThatIsAwayFailsTheAttempt() {
		this.notes.failure = new IllegalStateException("away");
		this.bench.submit(this.orders, 0).run();
		assertThat(this.orders.completed).isEmpty();
		this.notes.failure = null;
		this.bench.backOff();
		assertThat(this.orders.completed).containsExactly(0L);
	}

	@Test
	void parkedRecordIsNotNoted() {
		this.bench.failure(1, FailureAction.PARK).script = (records) -> {
			throw new IllegalStateException("On purpose");
		};
		this.bench.submit(this.orders, 0).run();
		assertThat(this.orders.parked()).isEqualTo(1);
		assertThat(this.notes.offsets(NOTED)).isEmpty();
	}

	@Test
	void deadLetterIsNotedWhenItIsSent() {
		this.bench.failure(1, FailureAction.DEAD_LETTER).script = (records) -> {
			throw new IllegalStateException("On purpose");
		};
		this.bench.submit(this.orders, 0).run();
		assertThat(this.notes.offsets(NOTED)).isEmpty();
		this.bench.deadLetters.get(0).answer().complete(null);
		assertThat(this.orders.completed).as("its note waits for the database").isEmpty();
		assertThat(this.orders.running).as("a drain waits for it").isEqualTo(1);
		this.bench.run();
		assertThat(this.notes.offsets(NOTED)).containsExactly(0L);
		assertThat(this.orders.completed).containsExactly(0L);
		assertThat(this.orders.running).isZero();
	}

	@Test
	void recordThatIsDeadLetteredIsCompletedThoughItCannotBeNoted() {
		this.bench.failure(1, FailureAction.DEAD_LETTER).script = (records) -> {
			throw new IllegalStateException("On purpose");
		};
		this.bench.submit(this.orders, 0).run();
		this.notes.failure = new IllegalStateException("away");
		this.bench.deadLetters.get(0).answer().complete(null);
		this.bench.run();
		assertThat(this.orders.completed).containsExactly(0L);
		assertThat(this.orders.running).isZero();
	}

}
