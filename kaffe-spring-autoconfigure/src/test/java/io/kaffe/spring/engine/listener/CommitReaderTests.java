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
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import io.kaffe.spring.engine.offset.BlockedKeys;
import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.offset.CraftedMetadata;
import io.kaffe.spring.engine.offset.KeyHash;
import io.kaffe.spring.engine.offset.ParkedRecord;
import io.kaffe.spring.engine.offset.ParkedRecords;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.table.PartitionSnapshot;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CommitReader}: which metadata of commits is believed, and how long
 * brokers are waited for. Logs end at 50.
 */
@ExtendWith(OutputCaptureExtension.class)
class CommitReaderTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private static final String TO_THE_END = CommitMetadata
		.of(10, new CompletedOffsets.Builder().add(11, 20).add(30, 50).build(), ParkedRecords.NONE, 3, 4096)
		.text();

	private static final String TOO_FAR = CraftedMetadata.runs(10, 1, 1L << 60);

	private static final String OVERFLOWING = CraftedMetadata.runs(10, 1, Long.MAX_VALUE);

	private final ManualExecution time = new ManualExecution();

	private final SlowConsumer consumer = new SlowConsumer();

	private ConsumerSession session = ContainerFixtures.inGroup("orders", this.time).session(this.consumer);

	@Test
	void whatIsBelowTheEndIsBelieved() {
		assign(1, TO_THE_END);
		assertThat(reported(0).offsets()).hasToString("[11..19, 30..49]");
		assertThat(reported(0).leaderEpoch()).isEqualTo(3);
	}

	@Test
	void blockedKeysAreBelievedWhateverTheStrategyIs() {
		BlockedKeys blocked = BlockedKeys.of(List.of(new BlockedKeys.BlockedKey(new KeyHash((byte) 0, 7), 35)));
		assign(1,
				CommitMetadata
					.of(10, new CompletedOffsets.Builder().add(11, 50).build(), ParkedRecords.NONE, blocked, 3, 4096)
					.text());
		assertThat(reported(0).offsets()).hasToString("[11..49]");
		assertThat(reported(0).blocked()).isEqualTo(blocked);
	}

	@Test
	void whatIsBeyondTheEndIsDroppedAsAWholeAndNotWrittenOn(CapturedOutput output) {
		assign(1, TOO_FAR);
		assertThat(reported(0).isEmpty()).isTrue();
		assertThat(output).containsOnlyOnce("WARN")
			.contains("Consumer 'orders' ignores the metadata of commits, so that what was completed above them is "
					+ "handled again: orders-0@10: it reports offsets up to 1152921504606846986, but the log ends at 50");
		PartitionProgress progress = this.session.assignments().iterator().next().progress();
		progress.passTo(11);
		assertThat(progress.advance(1, 4096, this.time.instant())).isEqualTo(new OffsetAndMetadata(11));
	}

	@Test
	void whatOverflowsIsDroppedAndDoesNotLeaveTheCallback(CapturedOutput output) {
		assign(1, OVERFLOWING);
		assertThat(reported(0).isEmpty()).isTrue();
		assertThat(output).containsOnlyOnce("WARN").contains("orders-0@10: it is damaged");
		assertThat(this.consumer.asked).isEmpty();
	}

	@Test
	void nothingIsBelievedIfTheEndIsUnknown(CapturedOutput output) {
		this.consumer.endsFailure(new TimeoutException("no leader"), 1);
		assign(1, TO_THE_END);
		assertThat(reported(0).isEmpty()).isTrue();
		assertThat(output).containsOnlyOnce("WARN").contains("orders-0@10: the end of the log is unknown");
	}

	@Test
	void endIsAskedAgainAfterEachWakeUp() {
		this.consumer.endsFailure(new WakeupException(), 3);
		assign(1, TO_THE_END);
		assertThat(reported(0).isEmpty()).isFalse();
	}

	@Test
	void endsAreAskedAtOnceAndOnlyWhereSomethingIsReported() {
		assign(4, TO_THE_END, "", TOO_FAR, "checkpoint 17");
		assertThat(this.consumer.asked).hasSize(1);
		assertThat(this.consumer.asked.get(0)).containsExactlyInAnyOrder(PARTITION, new TopicPartition("orders", 2));
		assertThat(reported(0).isEmpty()).isFalse();
		assertThat(List.of(1, 2, 3)).allMatch((partition) -> reported(partition).isEmpty());
	}

	@Test
	void thousandPartitionsAreOneLine(CapturedOutput output) {
		assign(1000, OVERFLOWING, TOO_FAR);
		assertThat(output).containsOnlyOnce("WARN").contains("; and 990 more");
		assertThat(output.getOut().length()).isLessThan(5000);
	}

	@Test
	void positionsAreWaitedForTogether() {
		assign(100, TO_THE_END);
		long before = this.time.nanoTime();
		this.consumer.slow = true;
		this.session.positioned(this.consumer.assignment());
		assertThat(Duration.ofNanos(this.time.nanoTime() - before)).isEqualTo(Duration.ofSeconds(10));
		assertThat(this.session.assignments())
			.allMatch((assignment) -> assignment.progress().completedBefore().isEmpty());
	}

	@Test
	void positionThatIsNotTheCommittedOffsetIsObeyed(CapturedOutput output) {
		assign(2, TO_THE_END);
		this.consumer.seek(PARTITION, 9);
		this.session.positioned(this.consumer.assignment());
		assertThat(reported(0).isEmpty()).isTrue();
		assertThat(reported(1).isEmpty()).isFalse();
		assertThat(output).contains("continue from them: orders-0@10: read from 9")
			.contains("completed above commits: orders-1@10: 29 offsets");
	}

	@Test
	void recordThatIsParkedAtTheCommittedOffsetIsBelieved(CapturedOutput output) {
		assign(1, parkedAt(10, 49));
		assertThat(reported(0).parked().all()).extracting(ParkedRecord::offset).containsExactly(10L, 49L);
		this.session.positioned(this.consumer.assignment());
		assertThat(reported(0).isEmpty()).isFalse();
		assertThat(output)
			.contains("Consumer 'orders' makes one attempt at each record that an earlier owner of its "
					+ "partition has parked: orders-0@10: 2 records")
			.doesNotContain("does not handle again");
	}

	@Test
	void recordThatIsParkedBeyondTheEndIsNotBelieved(CapturedOutput output) {
		assign(1, parkedAt(10, 50));
		assertThat(reported(0).isEmpty()).isTrue();
		assertThat(output).containsOnlyOnce("WARN")
			.contains("orders-0@10: it reports offsets up to 50, but the log ends at 50");
	}

	private static String parkedAt(long... offsets) {
		ParkedRecords parked = ParkedRecords.of(LongStream.of(offsets)
			.mapToObj((offset) -> new ParkedRecord(offset, Instant.EPOCH, 10, 1, "java.lang.IllegalStateException"))
			.toList());
		return CommitMetadata.of(10, CompletedOffsets.NONE, parked, 3, 4096).text();
	}

	@Test
	void nothingIsBelievedIfThePositionIsUnknown() {
		assignFrom(0, 1,
				CommitMetadata.of(0, new CompletedOffsets.Builder().add(1, 20).build(), ParkedRecords.NONE, 3, 4096)
					.text());
		assertThat(reported(0).isEmpty()).isFalse();
		this.consumer.slow = true;
		this.session.positioned(this.consumer.assignment());
		assertThat(reported(0).isEmpty()).isTrue();
	}

	@Test
	void partitionWithTransactionsIsPausedUntilWhatIsReportedIsKnown() {
		assertPausedUntilTheEndIsKnown(new TimeoutException("no leader"));
	}

	@Test
	void partitionWithTransactionsIsPausedWhateverTheConsumerThrows() {
		assertPausedUntilTheEndIsKnown(new IllegalStateException("not possible at the moment"));
	}

	private void assertPausedUntilTheEndIsKnown(RuntimeException failure) {
		this.session = ContainerFixtures.inTransactions(this.time).session(this.consumer);
		this.consumer.endsFailure(failure, 1);
		assign(1, TO_THE_END);
		assertThat(this.session.assignments()).isEmpty();
		assertThat(this.consumer.paused()).containsExactly(PARTITION);
		tick();
		assertThat(reported(0).offsets()).hasToString("[11..19, 30..49]");
		assertThat(this.consumer.paused()).isEmpty();
	}

	@Test
	void partitionWithTransactionsIsPausedUntilItsPositionIsKnown() {
		this.session = ContainerFixtures.inTransactions(this.time).session(this.consumer);
		assign(1, TO_THE_END);
		this.consumer.slow = true;
		this.session.positioned(this.consumer.assignment());
		assertThat(this.session.assignments()).isEmpty();
		assertThat(this.consumer.paused()).containsExactly(PARTITION);
		this.consumer.slow = false;
		tick();
		assertThat(reported(0).offsets()).hasToString("[11..19, 30..49]");
		assertThat(this.consumer.paused()).isEmpty();
	}

	@Test
	void whatThePositionPassesWithoutRecordsIsCommitted() {
		assign(1, "");
		this.consumer.seek(PARTITION, 20);
		tick();
		tick();
		assertThat(this.consumer.committed(Set.of(PARTITION))).containsEntry(PARTITION, new OffsetAndMetadata(20));
	}

	@Test
	void endIsWhatTheClientKnowsOrUnknown() {
		assign(1, "");
		this.consumer.seek(PARTITION, 20);
		tick();
		assertThat(snapshot().offsets().end()).isEqualTo(50);
		assertThat(snapshot().lag().records()).isEqualTo(30);
		this.consumer.lagKnown = false;
		tick();
		assertThat(snapshot().offsets().end()).isNull();
		assertThat(snapshot().lag().records()).isNull();
	}

	private void tick() {
		this.time.advance(Duration.ofSeconds(1));
		this.session.tick();
	}

	private PartitionSnapshot snapshot() {
		return assignment(0).snapshot(false);
	}

	private ReportedOffsets reported(int partition) {
		return assignment(partition).progress().completedBefore();
	}

	private PartitionAssignment assignment(int partition) {
		return this.session.assignments()
			.stream()
			.filter((assignment) -> assignment.partition().partition() == partition)
			.findFirst()
			.orElseThrow();
	}

	/**
	 * Assign partitions of which 10 is committed.
	 * @param partitions how many
	 * @param metadata of their commits, in turn
	 */
	private void assign(int partitions, String... metadata) {
		assignFrom(10, partitions, metadata);
	}

	private void assignFrom(long committed, int partitions, String... metadata) {
		Map<TopicPartition, OffsetAndMetadata> commits = new HashMap<>();
		Map<TopicPartition, Long> ends = new HashMap<>();
		for (int partition = 0; partition < partitions; partition++) {
			TopicPartition topicPartition = new TopicPartition("orders", partition);
			commits.put(topicPartition, new OffsetAndMetadata(committed, metadata[partition % metadata.length]));
			ends.put(topicPartition, 50L);
		}
		this.consumer.assign(commits.keySet());
		this.consumer.commitSync(commits);
		this.consumer.updateEndOffsets(ends);
		this.session.assigned(commits.keySet());
	}

	/**
	 * A consumer whose answers fail, or take as long as they may.
	 */
	private final class SlowConsumer extends MockConsumer<Object, Object> {

		private final List<Collection<TopicPartition>> asked = new ArrayList<>();

		private @Nullable RuntimeException endsFailure;

		private int endsFailures;

		private boolean slow;

		private boolean lagKnown = true;

		SlowConsumer() {
			super("earliest");
		}

		void endsFailure(RuntimeException failure, int times) {
			this.endsFailure = failure;
			this.endsFailures = times;
		}

		@Override
		public synchronized Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions,
				Duration timeout) {
			RuntimeException failure = this.endsFailure;
			if (failure != null && this.endsFailures-- > 0) {
				throw failure;
			}
			this.asked.add(List.copyOf(partitions));
			return super.endOffsets(partitions, timeout);
		}

		@Override
		public synchronized long position(TopicPartition partition, Duration timeout) {
			if (this.slow) {
				CommitReaderTests.this.time.advance(timeout);
				throw new TimeoutException("no position");
			}
			return super.position(partition, timeout);
		}

		@Override
		public synchronized OptionalLong currentLag(TopicPartition partition) {
			if (!this.lagKnown) {
				throw new IllegalStateException("was revoked");
			}
			return super.currentLag(partition);
		}

	}

}
