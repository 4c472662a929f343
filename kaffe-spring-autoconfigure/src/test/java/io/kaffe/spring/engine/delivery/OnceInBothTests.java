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
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.listener.RetryListener;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for records that are noted in the transaction of their handler, within a Kafka
 * transaction.
 */
class OnceInBothTests {

	private static final OnceStore.Partition NOTED = new OnceStore.Partition("group", "orders", Uuid.randomUuid(), 0);

	private final NotesInMemory notes = new NotesInMemory();

	private final MockTransactions mock = new MockTransactions();

	private final BatchBench bench = new BatchBench().once(this.notes).transactional(this.mock.transactions);

	private final RecordedAssignment orders = this.bench.partition("orders");

	/** How often no transaction of Kafka can be committed. */
	private int postponed;

	@BeforeEach
	void noteRecords() {
		this.orders.noted = NOTED;
		this.bench.script = (records) -> records
			.forEach((record) -> this.mock.template.send("results", record.offset()));
		this.mock.transactions.committingWith((records, producer, commit, complete) -> {
			if (this.postponed > 0) {
				this.postponed--;
				throw new PostponedCommitException("On purpose", null);
			}
			commit.run();
			complete.run();
		});
	}

	@Test
	void databaseIsCommittedFirst() {
		List<Object> noted = new ArrayList<>();
		this.mock.transactions.committingWith((records, producer, commit, complete) -> {
			noted.addAll(this.notes.offsets(NOTED));
			assertThat(this.mock.committed()).isEmpty();
			commit.run();
			complete.run();
		});
		this.bench.submit(this.orders, 0, 1).run();
		assertThat(noted).containsExactly(0L, 1L);
		assertThat(this.mock.committed()).containsExactly(0L, 1L);
		assertThat(this.orders.completed).containsExactly(0L, 1L);
	}

	@Test
	void nothingIsCommittedIfTheListenerFails() {
		this.bench.script = (records) -> {
			this.mock.template.send("results", "result");
			throw new IllegalStateException("On purpose");
		};
		this.bench.submit(this.orders, 0).run();
		assertThat(this.notes.offsets(NOTED)).isEmpty();
		assertThat(this.mock.committed()).isEmpty();
		assertThat(this.orders.completed).isEmpty();
	}

	@Test
	void nothingIsCommittedIfTheDatabaseFails() {
		this.notes.failure = new IllegalStateException("away");
		this.bench.submit(this.orders, 0).run();
		assertThat(this.mock.committed()).isEmpty();
		this.notes.failure = null;
		this.bench.backOff();
		assertThat(this.mock.committed()).containsExactly(0L);
	}

	@Test
	void deliveryAfterTheDatabaseWasCommittedIsRolledBackThereAndCommittedInKafka() {
		this.postponed = 1;
		this.bench.submit(this.orders, 0, 1).run();
		assertThat(this.notes.offsets(NOTED)).containsExactly(0L, 1L);
		assertThat(this.mock.committed()).isEmpty();
		assertThat(this.orders.completed).isEmpty();
		this.bench.backOff();
		assertThat(this.bench.delivered).hasSize(2);
		assertThat(this.notes.rolledBack).isEqualTo(1);
		assertThat(this.mock.committed()).containsExactly(0L, 1L);
		assertThat(this.orders.completed).containsExactly(0L, 1L);
		assertThat(this.bench.delivery().failures().all()).isEmpty();
	}

	@Test
	void recordsWhoseEffectsAreInTheDatabaseAreDeliveredApart() {
		this.notes.offsets(NOTED).add(1L);
		this.bench.submit(this.orders, 0, 1, 2).run();
		assertThat(this.bench.delivered).containsExactly(List.of("orders@0", "orders@1", "orders@2"),
				List.of("orders@0"), List.of("orders@1", "orders@2"), List.of("orders@1"), List.of("orders@2"));
		assertThat(this.notes.rolledBack).isEqualTo(3);
		assertThat(this.notes.offsets(NOTED)).containsExactly(0L, 1L, 2L);
		assertThat(this.mock.committed()).containsExactly(0L, 1L, 2L);
		assertThat(this.orders.completed).containsExactly(0L, 1L, 2L);
	}

	@Test
	void recordsBeforeTheOneThatFailedAreCommittedFirst() {
		this.bench.failure(1, FailureAction.SKIP).script = (records) -> {
			for (int index = 0; index < records.size(); index++) {
				if (records.get(index).offset() == 1) {
					throw new BatchListenerFailedException("On purpose", index);
				}
				this.mock.template.send("results", records.get(index).offset());
			}
		};
		this.bench.submit(this.orders, 0, 1, 2).run();
		assertThat(this.notes.offsets(NOTED)).as("the skipped one as well").containsExactly(0L, 1L, 2L);
		assertThat(this.mock.committed()).containsExactly(0L, 2L);
		assertThat(this.orders.completed).containsExactly(0L, 1L, 2L);
	}

	@Test
	void recoveryThatIsPostponedIsNoFailure() {
		List<String> notifications = new ArrayList<>();
		this.bench.failure(1, FailureAction.DEAD_LETTER).retryListener(noting(notifications));
		this.bench.deadLetterAnswer = CompletableFuture.completedFuture(null);
		this.postponed = 1;
		this.bench.script = this::fail;
		this.bench.submit(this.orders, 0).run();
		assertThat(this.orders.completed).isEmpty();
		this.bench.backOff();
		assertThat(this.orders.completed).containsExactly(0L);
		assertThat(notifications).containsExactly("failed", "recovered");
	}

	@Test
	void skippedRecordIsNotNotifiedAsRecovered() {
		List<String> notifications = new ArrayList<>();
		this.bench.failure(1, FailureAction.SKIP).retryListener(noting(notifications));
		this.bench.script = this::fail;
		this.bench.submit(this.orders, 0).run();
		assertThat(this.orders.completed).containsExactly(0L);
		assertThat(notifications).containsExactly("failed");
	}

	private void fail(List<ConsumerRecord<Object, Object>> records) {
		throw new IllegalStateException("On purpose");
	}

	private static RetryListener noting(List<String> notifications) {
		return new RetryListener() {

			@Override
			public void failedDelivery(ConsumerRecord<?, ?> record, @Nullable Exception failure, int attempt) {
				notifications.add("failed");
			}

			@Override
			public void failedDelivery(ConsumerRecords<?, ?> records, Exception failure, int attempt) {
				notifications.add("failed");
			}

			@Override
			public void recovered(ConsumerRecord<?, ?> record, @Nullable Exception failure) {
				notifications.add("recovered");
			}

			@Override
			public void recoveryFailed(ConsumerRecord<?, ?> record, @Nullable Exception original, Exception failure) {
				notifications.add("recovery failed");
			}

		};
	}

}
