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
import java.util.List;
import java.util.Random;

import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.offset.ParkedRecords;
import io.kaffe.spring.engine.worker.LostRecords;
import io.kaffe.spring.table.Evicted;
import io.kaffe.spring.table.Lag;
import io.kaffe.spring.table.PartitionSnapshot;
import io.kaffe.spring.table.PartitionSnapshot.DeletionExpected;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LogRetention}: what is known when.
 */
class LogRetentionTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 3);

	private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

	private static final Duration HOUR = Duration.ofHours(1);

	private static final TopicRetention TEN_HOURS = new TopicRetention(HOUR.multipliedBy(10), false);

	private static final TopicRetention BY_SIZE = new TopicRetention(null, true);

	private final LogRetention retention = new LogRetention(Duration.ofHours(6));

	private PartitionSnapshot.@Nullable OldestUnfinished oldest;

	@Test
	void nothingIsExpectedBeforeABrokerHasAnswered() {
		assertThat(this.retention.expected(42, NOON, NOON)).isNull();
	}

	@Test
	void recordThatReachesTheAgeWithinTheWarningIsExpectedToBeDeleted() {
		learn(0, NOON, TEN_HOURS, NOON);
		Instant due = NOON.plus(HOUR.multipliedBy(10));
		assertThat(this.retention.expected(42, NOON, NOON.plus(HOUR.multipliedBy(4)).minusMillis(1))).isNull();
		assertThat(this.retention.expected(42, NOON, NOON.plus(HOUR.multipliedBy(4))))
			.isEqualTo(new DeletionExpected(42, due));
		assertThat(this.retention.expected(42, NOON, due.plus(HOUR))).as("at any time")
			.isEqualTo(new DeletionExpected(42, due));
		assertThat(this.retention.expected(43, NOON.plus(HOUR), NOON.plus(HOUR.multipliedBy(4)))).as("a younger one")
			.isNull();
	}

	@Test
	void ageWithoutEndIsNotExpected() {
		learn(0, NOON, new TopicRetention(Duration.ofMillis(Long.MAX_VALUE), false), NOON);
		assertThat(this.retention.expected(42, NOON, NOON.plus(HOUR))).isNull();
	}

	@Test
	void warningMayBeDisabled() {
		LogRetention disabled = new LogRetention(Duration.ZERO);
		disabled.learn(0, 0, 0, TEN_HOURS, NOON);
		assertThat(disabled.expected(42, Instant.EPOCH, NOON)).isNull();
		assertThat(disabled.isOfInterest(partition(null, null, 1_000_000L))).isFalse();
	}

	@Test
	void logThatMovesForItsSizeDeletesWhatIsAsOldAsItsFirstRecord() {
		learn(0, NOON, BY_SIZE, NOON.plus(HOUR.multipliedBy(3)));
		assertThat(this.retention.expected(42, NOON.plus(HOUR), NOON.plus(HOUR.multipliedBy(3))))
			.as("its start was not seen to move")
			.isNull();
		learn(10, NOON, BY_SIZE, NOON.plus(HOUR.multipliedBy(3)));
		DeletionExpected expected = new DeletionExpected(42, NOON.plus(HOUR.multipliedBy(4)));
		assertThat(this.retention.expected(42, NOON.plus(HOUR), NOON.plus(HOUR.multipliedBy(3)))).isEqualTo(expected);
		assertThat(this.retention.expected(42, NOON.plus(HOUR), NOON.plus(HOUR.multipliedBy(5))))
			.as("does not recede while nothing is asked")
			.isEqualTo(expected);
		learn(10, NOON, BY_SIZE, NOON.plus(HOUR.multipliedBy(5)));
		assertThat(this.retention.expected(42, NOON.plus(HOUR), NOON.plus(HOUR.multipliedBy(5))))
			.as("it moves on, though not since the last time")
			.isEqualTo(new DeletionExpected(42, NOON.plus(HOUR.multipliedBy(6))));
	}

	@Test
	void unknownTopicMayDeleteForItsSize() {
		learn(0, NOON, TopicRetention.UNKNOWN, NOON);
		learn(10, NOON, TopicRetention.UNKNOWN, NOON.plus(HOUR));
		assertThat(this.retention.expected(42, NOON, NOON.plus(HOUR))).isNotNull();
	}

	@Test
	void startThatMovesMeansNothingIfOnlyAgeCounts() {
		learn(0, NOON, TEN_HOURS, NOON);
		learn(10, NOON, TEN_HOURS, NOON.plus(HOUR));
		assertThat(this.retention.expected(42, NOON, NOON.plus(HOUR))).as("an operator has deleted records").isNull();
	}

	@Test
	void earlierOfBothCounts() {
		TopicRetention both = new TopicRetention(HOUR.multipliedBy(3), true);
		learn(0, NOON, both, NOON);
		learn(10, NOON, both, NOON.plus(HOUR));
		assertThat(this.retention.expected(42, NOON, NOON)).isEqualTo(new DeletionExpected(42, NOON.plus(HOUR)));
		learn(10, NOON, both, NOON.plus(HOUR.multipliedBy(5)));
		assertThat(this.retention.expected(42, NOON, NOON))
			.isEqualTo(new DeletionExpected(42, NOON.plus(HOUR.multipliedBy(3))));
	}

	@Test
	void recordWithoutATimestampIsExpectedToBeDeletedOnlyAsTheFirstOfItsLog() {
		this.retention.learn(40, 42, NOON.toEpochMilli(), TEN_HOURS, NOON);
		assertThat(this.retention.expected(43, null, NOON.plus(HOUR.multipliedBy(9)))).isNull();
		assertThat(this.retention.expected(42, null, NOON.plus(HOUR.multipliedBy(9))))
			.isEqualTo(new DeletionExpected(42, NOON.plus(HOUR.multipliedBy(10))));
		assertThat(this.retention.expected(42, NOON.plus(HOUR), NOON.plus(HOUR.multipliedBy(9))))
			.as("since when it has been waiting is later than its timestamp")
			.isEqualTo(new DeletionExpected(42, NOON.plus(HOUR.multipliedBy(10))));
	}

	@Test
	void emptyLogHasNoTimestamp() {
		this.retention.learn(0, -1, -1, TopicRetention.UNKNOWN, NOON);
		this.retention.learn(50, -1, -1, TopicRetention.UNKNOWN, NOON);
		assertThat(this.retention.expected(42, NOON, NOON.plus(HOUR))).isNull();
	}

	@Test
	void brokersAreAskedOnlyWhenARecordIsOldOrOffsetsWerePassed() {
		assertThat(this.retention.isOfInterest(partition(null, null, null))).isFalse();
		assertThat(this.retention.isOfInterest(partition(null, null, 60L))).isFalse();
		assertThat(this.retention.isOfInterest(partition(null, null, 61L))).isTrue();
		passed(5, 5, CompletedOffsets.NONE);
		assertThat(this.retention.isOfInterest(partition(null, null, 0L))).isFalse();
		passed(5, 6, CompletedOffsets.NONE);
		assertThat(this.retention.isOfInterest(partition(null, null, 0L))).isTrue();
		this.retention.lost(PARTITION, 0);
		assertThat(this.retention.isOfInterest(partition(null, null, 0L))).isFalse();
	}

	@Test
	void warningIsGivenWhenItBeginsAndForEachRecordThatHoldsThePartitionUp() {
		assertThat(warn(null, 0)).isFalse();
		assertThat(warn(42L, 0)).as("it begins").isTrue();
		assertThat(warn(42L, 300)).isFalse();
		assertThat(warn(43L, 310)).as("another record may be handled at once").isFalse();
		assertThat(warn(44L, 369)).isFalse();
		assertThat(warn(44L, 370)).as("it has been the oldest for a minute").isTrue();
		assertThat(warn(44L, 500)).isFalse();
		assertThat(warn(null, 510)).isFalse();
		assertThat(warn(45L, 510)).as("it begins again").isTrue();
	}

	@Test
	void offsetsBelowTheStartOfTheLogAreLost() {
		passed(5, 10, CompletedOffsets.NONE);
		assertThat(this.retention.lost(PARTITION, 5)).as("a gap of a compacted topic").isEmpty();
		assertThat(this.retention.lost(PARTITION, 10)).as("forgotten").isEmpty();
		passed(5, 10, CompletedOffsets.NONE);
		assertThat(this.retention.lost(PARTITION, 8)).containsExactly(new LostRecords(PARTITION, 5, 7, 3));
		passed(5, 10, CompletedOffsets.NONE);
		passed(20, 21, CompletedOffsets.NONE);
		assertThat(this.retention.lost(PARTITION, 100)).containsExactly(new LostRecords(PARTITION, 5, 9, 5),
				new LostRecords(PARTITION, 20, 20, 1));
	}

	@Test
	void whatWasCompletedBeforeIsNotLost() {
		passed(5, 20, completed(0, 7, 9, 12, 15, 30));
		assertThat(this.retention.lost(PARTITION, 100)).containsExactly(new LostRecords(PARTITION, 7, 14, 5));
		passed(5, 20, completed(5, 20));
		assertThat(this.retention.lost(PARTITION, 100)).isEmpty();
		passed(5, 20, completed(6, 20));
		assertThat(this.retention.lost(PARTITION, 100)).containsExactly(new LostRecords(PARTITION, 5, 5, 1));
	}

	@Test
	void gapsAreBounded() {
		for (int offset = 0; offset < 1000; offset += 2) {
			passed(offset, offset + 1, CompletedOffsets.NONE);
		}
		assertThat(this.retention.lost(PARTITION, 1000)).hasSize(100);
	}

	@RepeatedTest(200)
	void lostOffsetsAreThoseBelowTheStartThatWereNotCompleted(RepetitionInfo repetition) {
		Random random = new Random(repetition.getCurrentRepetition());
		boolean[] completed = new boolean[50];
		CompletedOffsets.Builder builder = new CompletedOffsets.Builder();
		for (int offset = 0; offset < completed.length; offset++) {
			completed[offset] = random.nextBoolean();
			if (completed[offset]) {
				builder.add(offset, offset + 1);
			}
		}
		int from = random.nextInt(50);
		int to = from + random.nextInt(50 - from);
		int start = random.nextInt(60);
		List<Long> unfinished = new ArrayList<>();
		for (int offset = from; offset < Math.min(to, start); offset++) {
			if (!completed[offset]) {
				unfinished.add((long) offset);
			}
		}
		passed(from, to, builder.build());
		List<LostRecords> lost = this.retention.lost(PARTITION, start);
		if (unfinished.isEmpty()) {
			assertThat(lost).isEmpty();
		}
		else {
			assertThat(lost).containsExactly(new LostRecords(PARTITION, unfinished.get(0),
					unfinished.get(unfinished.size() - 1), unfinished.size()));
		}
	}

	@Test
	void nothingIsKnownBelowAPositionWithoutACommitOrARecord() {
		this.retention.passed(0, null, 5, ReportedOffsets.NONE);
		assertThat(this.retention.lost(PARTITION, 100)).isEmpty();
		this.retention.passed(0, new OffsetAndMetadata(0), 5, ReportedOffsets.NONE);
		assertThat(this.retention.lost(PARTITION, 100)).containsExactly(new LostRecords(PARTITION, 0, 4, 5));
	}

	private void passed(long from, long to, CompletedOffsets completed) {
		this.retention.passed(0, new OffsetAndMetadata(from), to,
				new ReportedOffsets(completed, ParkedRecords.NONE, CommitMetadata.UNKNOWN_EPOCH));
	}

	private static CompletedOffsets completed(long... bounds) {
		CompletedOffsets.Builder completed = new CompletedOffsets.Builder();
		for (int i = 0; i < bounds.length; i += 2) {
			completed.add(bounds[i], bounds[i + 1]);
		}
		return completed.build();
	}

	private void learn(long start, Instant first, TopicRetention topic, Instant now) {
		this.retention.learn(start, start, first.toEpochMilli(), topic, now);
	}

	/**
	 * Return whether there is something to warn of, with an oldest record that has been
	 * so since the last one was seen.
	 */
	private boolean warn(@Nullable Long offset, long second) {
		Instant now = NOON.plusSeconds(second);
		if (offset != null && (this.oldest == null || this.oldest.offset() != offset)) {
			this.oldest = new PartitionSnapshot.OldestUnfinished(offset, (offset == 44) ? NOON.plusSeconds(310) : now);
		}
		return this.retention
			.warn(partition((offset != null) ? new DeletionExpected(offset, NOON) : null, this.oldest, 100L), now);
	}

	private static PartitionSnapshot partition(@Nullable DeletionExpected expected,
			PartitionSnapshot.@Nullable OldestUnfinished oldest, @Nullable Long lagSeconds) {
		return new PartitionSnapshot("orders", 3, "worker_3", 1,
				new PartitionSnapshot.Offsets(42L, 42L, 0, 0, 50L, 50L), new Lag(8L, lagSeconds), 0, Evicted.NONE,
				oldest, null, expected);
	}

}
