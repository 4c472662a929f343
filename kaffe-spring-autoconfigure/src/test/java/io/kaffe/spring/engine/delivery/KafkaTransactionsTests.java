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
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.listener.RetryListener;
import org.springframework.transaction.UnexpectedRollbackException;
import org.springframework.transaction.support.DefaultTransactionDefinition;
import org.springframework.transaction.support.ResourceHolderSupport;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link KafkaTransactions}.
 */
class KafkaTransactionsTests {

	private final MockTransactions mock = new MockTransactions();

	private final RecordedAssignment assignment = new RecordedAssignment();

	private final ConsumerRecord<Object, Object> record = this.assignment.records(5).get(0);

	@Test
	void whatIsSentIsCommittedAndThenTheRecordIsCompleted() throws Throwable {
		List<String> order = new ArrayList<>();
		this.mock.transactions.committingWith((records, producer, commit, complete) -> {
			assertThat(records).isEqualTo(Map.of(this.assignment, List.of(this.record)));
			assertThat(this.mock.committed()).isEmpty();
			commit.run();
			assertThat(this.mock.committed()).containsExactly("result");
			assertThat(this.assignment.completed).isEmpty();
			complete.run();
			order.add("committed");
		});
		run(() -> this.mock.template.send("results", "result"));
		assertThat(order).containsExactly("committed");
		assertThat(this.assignment.completed).containsExactly(5L);
	}

	@Test
	void failedAttemptLeavesNothing() {
		assertThatIllegalStateException().isThrownBy(() -> run(() -> {
			this.mock.template.send("results", "result");
			throw new IllegalStateException("On purpose");
		}));
		assertThat(this.mock.producer().transactionAborted()).isTrue();
		assertNothingIsDone();
	}

	@Test
	void attemptThatMarksItsTransactionAsRollbackOnlyLeavesNothing() {
		assertThatExceptionOfType(UnexpectedRollbackException.class).isThrownBy(() -> run(() -> {
			this.mock.template.send("results", "result");
			new TransactionTemplate(this.mock.manager).executeWithoutResult((status) -> status.setRollbackOnly());
		}));
		assertNothingIsDone();
	}

	@Test
	void transactionThatCannotBeCommittedIsTheFailureOfTheAttempt() {
		this.mock.producer().commitTransactionException = new ProducerFencedException("On purpose");
		assertThatExceptionOfType(ProducerFencedException.class)
			.isThrownBy(() -> run(() -> this.mock.template.send("results", "result")));
		assertNothingIsDone();
	}

	@Test
	void attemptsHaveTransactionsOfTheirOwn() throws Throwable {
		run(() -> this.mock.template.send("results", "one"));
		assertThatIllegalStateException().isThrownBy(() -> run(() -> {
			this.mock.template.send("results", "two");
			throw new IllegalStateException("On purpose");
		}));
		this.assignment.completed.clear();
		run(() -> this.mock.template.send("results", "three"));
		assertThat(this.mock.committed()).containsExactly("one", "three");
	}

	@Test
	void definitionOfTheContainerIsUsedForEachAttempt() throws Throwable {
		DefaultTransactionDefinition definition = new DefaultTransactionDefinition();
		definition.setTimeout(7);
		KafkaTransactions timed = new KafkaTransactions(this.mock.manager, definition);
		run(timed, () -> {
			ResourceHolderSupport holder = Objects
				.requireNonNull((ResourceHolderSupport) TransactionSynchronizationManager.getResource(this.mock));
			assertThat(holder.getTimeToLiveInSeconds()).isBetween(1, 7);
		});
		assertThat(this.assignment.completed).containsExactly(5L);
	}

	@Test
	void recordOfABatchThatFailsIsRetriedBehindThoseBeforeItWhichAreCommitted() {
		BatchBench bench = new BatchBench().transactional(this.mock.transactions);
		bench.script = (records) -> {
			for (int index = 0; index < records.size(); index++) {
				if (records.get(index).offset() == 2 && bench.delivered.size() < 4) {
					throw new BatchListenerFailedException("On purpose", index);
				}
				this.mock.template.send("results", records.get(index).offset());
			}
		};
		bench.submit(this.assignment, 0, 1, 2, 3).run();
		assertThat(bench.delivered).containsExactly(List.of("orders@0", "orders@1", "orders@2", "orders@3"),
				List.of("orders@0", "orders@1"), List.of("orders@2", "orders@3"));
		assertThat(this.mock.committed()).containsExactly(0L, 1L);
		assertThat(this.assignment.completed).containsExactly(0L, 1L);
		bench.backOff();
		assertThat(this.mock.committed()).containsExactly(0L, 1L, 2L, 3L);
		assertThat(this.assignment.completed).containsExactly(0L, 1L, 2L, 3L);
	}

	@Test
	void batchWhoseOffsetsCannotBeCommittedNowIsDeliveredAgain() {
		BatchBench bench = new BatchBench().transactional(this.mock.transactions);
		List<Object> refused = new ArrayList<>(List.of("once"));
		this.mock.transactions.committingWith((records, producer, commit, complete) -> {
			if (!refused.isEmpty()) {
				refused.clear();
				throw new PostponedCommitException("On purpose", null);
			}
			commit.run();
			complete.run();
		});
		bench.script = (records) -> this.mock.template.send("results", records.size());
		bench.submit(this.assignment, 0, 1).run();
		assertThat(this.assignment.completed).isEmpty();
		bench.backOff();
		assertThat(bench.delivered).hasSize(2);
		assertThat(this.assignment.completed).containsExactly(0L, 1L);
		assertThat(this.mock.committed()).containsExactly(2);
		assertThat(bench.delivery().failures().all()).as("failures").isEmpty();
	}

	@Test
	void recordsThatAreSkippedAreCompletedInATransaction() {
		assertCompletedInATransaction(FailureAction.SKIP);
	}

	@Test
	void deadLettersAreSentInATransactionThatCompletesTheirRecord() {
		assertCompletedInATransaction(FailureAction.DEAD_LETTER);
	}

	@Test
	void whatADeadLetterFailsWithIsReportedAsItIs() {
		List<Exception> failures = new ArrayList<>();
		BatchBench bench = new BatchBench().transactional(this.mock.transactions)
			.failure(1, FailureAction.DEAD_LETTER)
			.retryListener(new RetryListener() {

				@Override
				public void failedDelivery(ConsumerRecord<?, ?> record, @Nullable Exception ex, int deliveryAttempt) {
				}

				@Override
				public void recoveryFailed(ConsumerRecord<?, ?> record, @Nullable Exception original,
						Exception failure) {
					failures.add(failure);
				}

			});
		TimeoutException failure = new TimeoutException("On purpose");
		bench.deadLetterAnswer = CompletableFuture.failedFuture(failure);
		bench.script = (records) -> {
			throw new IllegalStateException("On purpose");
		};
		bench.submit(this.assignment, 5).run();
		assertThat(failures).containsExactly(failure);
		assertNothingIsDone();
	}

	private void assertCompletedInATransaction(FailureAction then) {
		List<Object> inTransactions = new ArrayList<>();
		this.mock.transactions.committingWith((records, producer, commit, complete) -> {
			commit.run();
			complete.run();
			inTransactions.addAll(records.values());
		});
		BatchBench bench = new BatchBench().transactional(this.mock.transactions).failure(1, then);
		bench.deadLetterAnswer = CompletableFuture.completedFuture(null);
		bench.script = (records) -> {
			throw new IllegalStateException("On purpose");
		};
		bench.submit(this.assignment, 5).run();
		assertThat(bench.deadLetters).hasSize((then == FailureAction.DEAD_LETTER) ? 1 : 0);
		assertThat(inTransactions).hasSize(1);
		assertThat(this.assignment.completed).containsOnly(5L);
		assertThat(bench.delivery().failures().all()).isEmpty();
	}

	private void run(KafkaTransactions.Attempt attempt) throws Throwable {
		run(this.mock.transactions, attempt);
	}

	private void run(KafkaTransactions transactions, KafkaTransactions.Attempt attempt) throws Throwable {
		this.assignment.enter();
		try {
			transactions.run(this.record, this.assignment, attempt);
		}
		finally {
			this.assignment.exit();
		}
	}

	private void assertNothingIsDone() {
		assertThat(this.mock.committed()).isEmpty();
		assertThat(this.assignment.completed).isEmpty();
	}

}
