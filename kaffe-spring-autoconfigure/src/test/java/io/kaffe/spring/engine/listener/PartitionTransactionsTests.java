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

package io.kaffe.spring.engine.listener;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.delivery.PollingConsumer;
import io.kaffe.spring.engine.delivery.PostponedCommitException;
import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.engine.worker.ConsumerObservers;
import io.kaffe.spring.engine.worker.LimitedLog;
import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link PartitionTransactions}.
 */
class PartitionTransactionsTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private final ManualExecution execution = new ManualExecution();

	private final OffsetCommits.MetadataLimit metadataLimit = new OffsetCommits.MetadataLimit("orders", true);

	private final OffsetCommits.Outcomes outcomes = new OffsetCommits.Outcomes(
			new ConsumerObservers("orders", List.of()), this.execution);

	private final MockProducer<String, String> producer = new MockProducer<>(true, null, new StringSerializer(),
			new StringSerializer());

	private final List<ConsumerRecord<Object, Object>> records = AssignmentParts.records(PARTITION, 0, 10);

	/** What the broker says is committed, one answer after the other. */
	private final List<Object> answers = new ArrayList<>();

	private final PartitionTransactions transactions = new PartitionTransactions(this.metadataLimit, this.outcomes,
			Reader::new, this.execution);

	private @Nullable ConsumerGroupMetadata membership = new ConsumerGroupMetadata("group");

	private final List<TopicPartition> readBack = new ArrayList<>();

	private int refused;

	private final PartitionAssignment assignment = assignment();

	@BeforeEach
	void poll() {
		this.producer.initTransactions();
		this.assignment.append(this.records, null);
	}

	@Test
	void commitSaysWhatIsCompleteAboveIt() throws InterruptedException {
		commit(2);
		assertCommitted(0, 2);
		commit(0);
		assertCommitted(1, 2);
		commit(4);
		assertCommitted(1, 2, 4);
		commit(1);
		assertCommitted(3, 4);
		assertThat(this.outcomes.confirmed()).isEqualTo(4);
		assertThat(this.assignment.progress().committed()).isEqualTo(committed());
		assertThat(this.assignment.buffer().records()).isEqualTo(6);
	}

	@Test
	void recordsOfABatchAreCommittedTogether() throws InterruptedException {
		commit(0, 1, 2, 5);
		assertCommitted(3, 5);
	}

	@Test
	void offsetsWithoutRecordsArePassed() throws InterruptedException {
		PartitionAssignment gaps = assignment();
		gaps.append(AssignmentParts.records(PARTITION, 3, 2), new OffsetAndMetadata(9));
		commit(gaps, List.of(this.records.get(3)), () -> {
		});
		assertCommitted(4, 5, 6, 7, 8);
		commit(gaps, List.of(this.records.get(4)), () -> {
		});
		assertCommitted(9);
	}

	@Test
	void whatIsNotCommittedIsNotReportedByTheNextCommit() throws InterruptedException {
		this.answers.add(new OffsetAndMetadata(0));
		assertThatExceptionOfType(TimeoutException.class)
			.isThrownBy(() -> commit(this.assignment, List.of(this.records.get(0)), () -> {
				throw new TimeoutException("On purpose");
			}));
		assertThat(this.assignment.progress().isComplete(0)).isFalse();
		assertThat(this.outcomes.failed()).isOne();
		commit(1);
		assertCommitted(0, 1);
	}

	@Test
	void commitThatIsNotAnsweredCountsIfTheBrokerHasIt() throws InterruptedException {
		this.answers.add(new TimeoutException("a transaction is pending"));
		this.answers.add(new OffsetAndMetadata(1));
		commit(this.assignment, List.of(this.records.get(0)), () -> {
			throw new TimeoutException("On purpose");
		});
		assertThat(this.answers).isEmpty();
		assertThat(this.assignment.progress().isComplete(0)).isTrue();
	}

	@Test
	void commitThatIsNotAnsweredIsLeftToTheNextOwner() {
		this.answers.add(new TimeoutException("a transaction is pending"));
		assertThatExceptionOfType(TimeoutException.class)
			.isThrownBy(() -> commit(this.assignment, List.of(this.records.get(0)), () -> {
				this.assignment.fence();
				throw new TimeoutException("On purpose");
			}));
		assertThat(this.assignment.progress().isComplete(0)).isFalse();
		assertThat(this.answers).as("not read").hasSize(1);
		assertThat(this.readBack).isEmpty();
	}

	@Test
	void commitThatIsNotAnsweredIsReadBackFromAPartitionThatIsStillAssigned() throws InterruptedException {
		commitBothUnanswered(this.assignment::fence, new OffsetAndMetadata(1));
	}

	@Test
	void whatTheNextOwnerOfAPartitionHasCommittedIsNotTheAnswer() throws InterruptedException {
		commitBothUnanswered(() -> {
		}, (Supplier<OffsetAndMetadata>) () -> {
			this.assignment.fence();
			return new OffsetAndMetadata(7);
		}, new OffsetAndMetadata(1));
	}

	private void commitBothUnanswered(Runnable meanwhile, Object... answers) throws InterruptedException {
		TopicPartition second = new TopicPartition("orders", 1);
		PartitionAssignment other = assignment(second);
		List<ConsumerRecord<Object, Object>> others = AssignmentParts.records(second, 0, 2);
		other.append(others, null);
		this.answers.addAll(List.of(answers));
		this.producer.beginTransaction();
		this.transactions.commit(Map.of(this.assignment, List.of(this.records.get(0)), other, List.of(others.get(0))),
				this.producer, () -> {
					meanwhile.run();
					throw new TimeoutException("On purpose");
				}, () -> other.complete(others.get(0)));
		assertThat(this.answers).isEmpty();
		assertThat(other.progress().isComplete(0)).isTrue();
		assertThat(this.readBack).last().isEqualTo(second);
	}

	@Test
	void commitIsReadBackUntilThatSucceeds() throws InterruptedException {
		this.answers.add(new IllegalStateException("not possible at the moment"));
		this.answers.add(new OffsetAndMetadata(1));
		commit(this.assignment, List.of(this.records.get(0)), () -> {
			throw new TimeoutException("On purpose");
		});
		assertThat(this.answers).isEmpty();
		assertThat(this.assignment.progress().isComplete(0)).isTrue();
	}

	@Test
	void nothingMoreIsCommittedIfACommitCannotBeReadBack() {
		this.answers.add(new NoClassDefFoundError("On purpose"));
		assertThatExceptionOfType(NoClassDefFoundError.class)
			.isThrownBy(() -> commit(this.assignment, List.of(this.records.get(0)), () -> {
				throw new TimeoutException("On purpose");
			}));
		assertPostponed("not known what is committed", 1);
	}

	@Test
	void nothingIsCommittedForAnAssignmentThatHasEnded() {
		this.assignment.revoke();
		this.assignment.fence();
		assertPostponed("has ended");
	}

	@Test
	void nothingIsCommittedWithoutAMembership() {
		this.membership = null;
		assertPostponed("membership");
	}

	@Test
	void membershipThatTheBrokerRefusesIsNoFailure() {
		this.producer.sendOffsetsToTransactionException = new CommitFailedException("On purpose");
		assertPostponed("is a member of its group in another way");
		assertThat(this.refused).isOne();
	}

	@Test
	void nothingIsCommittedThatTheMetadataHasNoRoomFor() throws InterruptedException {
		this.metadataLimit.tooLarge(0);
		assertPostponed("no room", 1);
		commit(0);
		assertCommitted(1);
		commit(1);
		assertCommitted(2);
	}

	@Test
	void metadataThatTheBrokerRejectsIsWrittenShorter() {
		this.producer.sendOffsetsToTransactionException = new KafkaException("Not possible",
				new OffsetMetadataTooLarge("On purpose"));
		assertThatExceptionOfType(KafkaException.class).isThrownBy(() -> commit(1));
		assertThat(this.metadataLimit.length()).isLessThan(4096);
		assertThat(this.assignment.progress().isComplete(1)).isFalse();
	}

	@Test
	void nextCommitWaitsUntilTheTransactionBeforeHasEnded() throws Exception {
		CountDownLatch committing = new CountDownLatch(1);
		CountDownLatch end = new CountDownLatch(1);
		CompletableFuture<Void> first = CompletableFuture.runAsync(() -> {
			try {
				commit(this.assignment, List.of(this.records.get(0)), () -> {
					committing.countDown();
					await(end);
				});
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		});
		await(committing);
		List<String> order = new ArrayList<>();
		Thread second = new Thread(() -> {
			try {
				commit(this.assignment, List.of(this.records.get(1)), () -> order.add("second"));
			}
			catch (InterruptedException ex) {
				order.add("interrupted");
			}
		});
		second.start();
		while (second.getState() != Thread.State.WAITING) {
			Thread.onSpinWait();
		}
		order.add("first");
		end.countDown();
		first.get(10, TimeUnit.SECONDS);
		second.join();
		assertThat(order).containsExactly("first", "second");
		assertThat(this.assignment.progress().committed()).isEqualTo(new OffsetAndMetadata(2));
	}

	private static void await(CountDownLatch latch) {
		try {
			assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private void assertPostponed(String why, int... offsets) {
		assertThatExceptionOfType(PostponedCommitException.class)
			.isThrownBy(() -> commit((offsets.length > 0) ? offsets : new int[] { 0 }))
			.withMessageContaining(why);
		assertThat(this.producer.consumerGroupOffsetsHistory()).isEmpty();
		assertThat(this.assignment.progress().committed()).isNull();
		assertThat(this.assignment.buffer().records()).isEqualTo(10);
	}

	private void assertCommitted(long offset, long... above) {
		OffsetAndMetadata committed = committed();
		assertThat(committed.offset()).isEqualTo(offset);
		try {
			CommitMetadata metadata = CommitMetadata.read(committed.metadata(), committed.offset());
			List<Long> complete = new ArrayList<>();
			for (long each = offset; each < 20; each++) {
				if (metadata.completed().contains(each)) {
					complete.add(each);
				}
			}
			assertThat(complete).containsExactly(Arrays.stream(above).boxed().toArray(Long[]::new));
		}
		catch (CommitMetadata.UnreadableMetadataException ex) {
			throw new AssertionError(ex);
		}
	}

	/**
	 * Return what the last transaction has committed.
	 */
	private OffsetAndMetadata committed() {
		List<Map<String, Map<TopicPartition, OffsetAndMetadata>>> history = this.producer.consumerGroupOffsetsHistory();
		Map<TopicPartition, OffsetAndMetadata> last = Objects
			.requireNonNull(history.get(history.size() - 1).get("group"));
		return Objects.requireNonNull(last.get(PARTITION));
	}

	private void commit(int... offsets) throws InterruptedException {
		commit(this.assignment, Arrays.stream(offsets).mapToObj(this.records::get).toList(), () -> {
		});
	}

	private void commit(PartitionAssignment assignment, Collection<ConsumerRecord<Object, Object>> records,
			Runnable commit) throws InterruptedException {
		if (!this.producer.transactionInFlight()) {
			this.producer.beginTransaction();
		}
		this.transactions.commit(Map.of(assignment, records), this.producer, () -> {
			commit.run();
			this.producer.commitTransaction();
			this.producer.beginTransaction();
		}, () -> records.forEach(assignment::complete));
	}

	private PartitionAssignment assignment() {
		return assignment(PARTITION);
	}

	private PartitionAssignment assignment(TopicPartition partition) {
		ConsumerWakeup wakeup = new ConsumerWakeup(new MockConsumer<>("earliest"), this.execution);
		return new PartitionAssignment(new AssignedPartition(partition, 1), 0, ContainerFixtures.POLICY, wakeup,
				new CommitTimer(wakeup, Duration.ofSeconds(1), this.execution.runtime()),
				new LateCompletions(new LimitedLog("orders", this.execution.runtime())), this.execution,
				ContainerFixtures.POLLED_BY.transactional(new Membership()));
	}

	/**
	 * The membership of the test.
	 */
	private final class Membership implements PollingConsumer.Membership {

		@Override
		public @Nullable ConsumerGroupMetadata current() {
			return PartitionTransactionsTests.this.membership;
		}

		@Override
		public void refused() {
			PartitionTransactionsTests.this.refused++;
		}

	}

	/**
	 * Answers what is committed.
	 */
	private final class Reader extends MockConsumer<Object, Object> {

		Reader() {
			super("earliest");
		}

		@Override
		public synchronized Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions,
				Duration timeout) {
			PartitionTransactionsTests.this.readBack.addAll(partitions);
			Object answer = PartitionTransactionsTests.this.answers.remove(0);
			if (answer instanceof RuntimeException failure) {
				throw failure;
			}
			if (answer instanceof Error error) {
				throw error;
			}
			OffsetAndMetadata offset = (OffsetAndMetadata) ((answer instanceof Supplier<?> late) ? late.get() : answer);
			Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
			partitions.forEach((partition) -> committed.put(partition, offset));
			return committed;
		}

	}

}
