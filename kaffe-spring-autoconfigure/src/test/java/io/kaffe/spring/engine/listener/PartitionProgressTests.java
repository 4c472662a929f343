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
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.listener.PartitionProgress.Resumption;
import io.kaffe.spring.engine.offset.BlockedKeys;
import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.offset.KeyHash;
import io.kaffe.spring.engine.offset.ParkedRecord;
import io.kaffe.spring.engine.offset.ParkedRecords;
import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.engine.worker.LostRecords;
import io.kaffe.spring.table.PartitionSnapshot;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PartitionProgress}: what is committed, what is shown, and how it is
 * read on.
 */
class PartitionProgressTests {

	private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private static final AssignedPartition ASSIGNED = new AssignedPartition(PARTITION, 3);

	private final PartitionProgress progress = new PartitionProgress();

	@Test
	void nothingIsKnownBeforeThereIsACommitOrARecord() {
		assertThat(this.progress.next()).isNull();
		assertThat(this.progress.resumption()).isNull();
		assertThat(this.progress.isAllComplete()).isTrue();
		assertThat(this.progress.isBehind(0)).isTrue();
		assertThat(this.progress.openBelow(100)).isZero();
		assertThat(this.progress.complete(5)).isFalse();
		assertThat(this.progress.isComplete(5)).isFalse();
		assertThat(advance(1)).isNull();
		PartitionSnapshot snapshot = snapshot();
		assertThat(snapshot.offsets()).isEqualTo(new PartitionSnapshot.Offsets(null, null, 0, 0, null, null));
		assertThat(snapshot.lag().records()).isNull();
		assertThat(snapshot.oldestUnfinished()).isNull();
	}

	@Test
	void tableShowsTheCommitBeforeTheFirstRecordIsPolled() {
		this.progress.continueFrom(new OffsetAndMetadata(10), reported(12, 15));
		this.progress.lag().fetched(30L, 10, NOON);
		assertThat(this.progress.next()).isEqualTo(10);
		PartitionSnapshot snapshot = snapshot();
		assertThat(snapshot.offsets()).isEqualTo(new PartitionSnapshot.Offsets(null, 10L, 0, 3, null, 30L));
		assertThat(snapshot.lag().records()).isEqualTo(20);
	}

	@Test
	void tableShowsWhatIsCompleteAndWhatIsNot() {
		append(25L, 10, 11, 12, 13, 14, 20);
		assertThat(this.progress.isAllComplete()).isFalse();
		assertThat(complete(10, 11, 20)).isTrue();
		this.progress.lag().fetched(40L, 25, NOON);
		assertThat(this.progress.next()).isEqualTo(25);
		assertThat(this.progress.polledUntil()).isEqualTo(25);
		assertThat(this.progress.isComplete(11)).isTrue();
		assertThat(this.progress.isComplete(12)).isFalse();
		assertThat(this.progress.isComplete(17)).as("no record has it").isTrue();
		PartitionSnapshot snapshot = snapshot();
		assertThat(snapshot.offsets()).isEqualTo(new PartitionSnapshot.Offsets(12L, null, 10, 0, 25L, 40L));
		assertThat(snapshot.lag().records()).isEqualTo(28);
		assertThat(snapshot.oldestUnfinished()).isEqualTo(new PartitionSnapshot.OldestUnfinished(12, NOON));
		complete(12, 13, 14);
		assertThat(snapshot().oldestUnfinished()).isNull();
		assertThat(snapshot().offsets().completed()).isEqualTo(25);
	}

	@Test
	void oldestUnfinishedRecordIsAsOldAsTheWatermarkOrItsPoll() {
		append(null, 0, 1, 2);
		complete(0);
		this.progress.advance(1, 0, NOON.plusSeconds(5));
		assertThat(snapshot().oldestUnfinished())
			.isEqualTo(new PartitionSnapshot.OldestUnfinished(1, NOON.plusSeconds(5)));
		complete(1);
		this.progress.append(records(3), null, NOON.plusSeconds(7));
		assertThat(snapshot().oldestUnfinished()).as("others are open")
			.isEqualTo(new PartitionSnapshot.OldestUnfinished(2, NOON.plusSeconds(5)));
		complete(2, 3);
		this.progress.advance(4, 0, NOON.plusSeconds(8));
		this.progress.append(records(4), null, NOON.plusSeconds(9));
		assertThat(snapshot().oldestUnfinished())
			.isEqualTo(new PartitionSnapshot.OldestUnfinished(4, NOON.plusSeconds(9)));
	}

	@Test
	void commitIsTheFirstOffsetThatIsNotCompleteAndIsMadeOnce() {
		append(null, 0, 1, 2, 3);
		complete(0, 2);
		OffsetAndMetadata commit = Objects.requireNonNull(advance(2));
		assertThat(commit.offset()).isEqualTo(1);
		assertThat(commit.metadata()).isNotEmpty();
		assertThat(snapshot().offsets().completedInMetadata()).isEqualTo(1);
		assertThat(advance(2)).as("not confirmed").isEqualTo(commit);
		this.progress.committed(commit, 2, this.progress.revision());
		assertThat(advance(2)).isNull();
		complete(3);
		OffsetAndMetadata more = Objects.requireNonNull(advance(3));
		assertThat(more).as("there is more to report").isNotEqualTo(commit);
		assertThat(Objects.requireNonNull(this.progress.advance(3, 0, NOON)).metadata()).as("no room").isEmpty();
		this.progress.committed(more, 3, this.progress.revision());
		assertThat(advance(3)).as("it was reported").isNull();
	}

	@Test
	void commitThatIsAnsweredLateDoesNotTakeTheNewerOneBack() {
		append(null, 0, 1, 2);
		complete(0);
		OffsetAndMetadata first = Objects.requireNonNull(advance(1));
		complete(1);
		OffsetAndMetadata second = Objects.requireNonNull(advance(2));
		this.progress.committed(second, 2, this.progress.revision());
		this.progress.committed(first, 1, this.progress.revision());
		assertThat(this.progress.committed()).isEqualTo(second);
		complete(2);
		OffsetAndMetadata third = Objects.requireNonNull(advance(3));
		int revision = this.progress.revision();
		this.progress.forgetCompletedBefore();
		this.progress.committed(third, 3, revision);
		assertThat(this.progress.committed()).as("it does not count any more").isEqualTo(second);
	}

	@Test
	void commitOfAllThatWasPolledCountsThoughWhatItReportedIsForgotten() {
		append(null, 0, 1);
		complete(0, 1);
		OffsetAndMetadata commit = Objects.requireNonNull(advance(2));
		this.progress.committed(commit, 2, this.progress.revision());
		this.progress.forgetCompletedBefore();
		assertThat(this.progress.committed()).isEqualTo(commit);
	}

	@Test
	void gapBehindTheLastRecordIsCommitted() {
		append(null, 0, 1);
		complete(0, 1);
		this.progress.passTo(2);
		assertThat(Objects.requireNonNull(advance(2)).offset()).isEqualTo(2);
		assertThat(this.progress.isAllComplete()).isTrue();
		this.progress.passTo(7);
		assertThat(Objects.requireNonNull(advance(2)).offset()).isEqualTo(7);
		this.progress.passTo(5);
		assertThat(Objects.requireNonNull(advance(2)).offset()).as("it never goes back").isEqualTo(7);
	}

	@Test
	void gapBehindTheCommitIsCommittedThoughNothingWasPolled() {
		this.progress.continueFrom(new OffsetAndMetadata(10), ReportedOffsets.NONE);
		this.progress.passTo(10);
		assertThat(advance(0)).isNull();
		assertThat(this.progress.next()).isEqualTo(10);
		assertThat(snapshot().offsets().completed()).as("nothing was polled").isNull();
		this.progress.passTo(14);
		assertThat(this.progress.next()).isEqualTo(14);
		assertThat(Objects.requireNonNull(advance(0)).offset()).isEqualTo(14);
	}

	@Test
	void positionIsKnownThoughThereIsNoCommit() {
		this.progress.passTo(14);
		assertThat(this.progress.next()).isEqualTo(14);
		assertThat(advance(0)).isNull();
	}

	@Test
	void recordsBeforeTheCommitAreCommittedAgain() {
		this.progress.continueFrom(new OffsetAndMetadata(10), reported(12, 15));
		int revision = this.progress.revision();
		assertThat(append(null, 5, 6)).containsExactly(5L, 6L);
		assertThat(this.progress.committed()).isNull();
		assertThat(this.progress.revision()).isNotEqualTo(revision);
		complete(5);
		assertThat(Objects.requireNonNull(advance(1)).offset()).isEqualTo(6);
		assertThat(append(null, 12)).as("what it reported does not count").containsExactly(12L);
	}

	@Test
	void whatIsUnfinishedBelowAPositionIsCounted() {
		append(null, 10, 11, 12, 13);
		complete(10, 12);
		advance(2);
		assertThat(this.progress.openBelow(10)).isZero();
		assertThat(this.progress.openBelow(12)).isEqualTo(1);
		assertThat(this.progress.openBelow(14)).isEqualTo(2);
		assertThat(this.progress.openBelow(100)).isEqualTo(2);
	}

	@Test
	void whatIsToBePolledOnceMoreCountsUnlessItIsComplete() {
		append(20L, 10, 11, 12, 13);
		complete(10, 12);
		PartitionProgress next = new PartitionProgress();
		next.continueAt(Objects.requireNonNull(this.progress.resumption()));
		assertThat(next.openBelow(20)).isEqualTo(2);
		assertThat(next.openBelow(12)).isEqualTo(1);
		assertThat(next.polledUntil()).isEqualTo(20);
		assertThat(next.isBehind(15)).isFalse();
		assertThat(next.isBehind(20)).isFalse();
	}

	@Test
	void onlyAPositionBelowWhatWasPolledHasUnfinishedRecords() {
		append(null, 10, 11);
		assertThat(this.progress.isBehind(11)).isFalse();
		assertThat(this.progress.isBehind(12)).isTrue();
		assertThat(this.progress.continuesWith(records(12).get(0))).isTrue();
		assertThat(this.progress.continuesWith(records(11).get(0))).isFalse();
	}

	@Test
	void positionThatMovesIsResumedFromTheFirstUnfinishedRecord() {
		append(null, 10, 11, 12, 13, 14);
		complete(10, 12, 13, 14);
		Resumption resumption = this.progress.resumption(13);
		assertThat(resumption.from()).isEqualTo(11);
		assertThat(resumption.sought()).isEqualTo(13);
		assertThat(resumption.polledBefore()).isEqualTo(15);
		assertThat(resumption.completed().offsets()).hasToString("[12..12]");
		assertThat(this.progress.resumption(11).completed().offsets().isEmpty()).isTrue();
		assertThat(this.progress.resumption(11).from()).isEqualTo(11);
		assertThat(this.progress.resumption(20).completed().offsets()).as("what is passed is not handled")
			.hasToString("[12..19]");
		assertThat(this.progress.resumption(15).completed().offsets()).hasToString("[12..14]");
		complete(11);
		assertThat(this.progress.resumption(13).from()).as("nothing is unfinished").isEqualTo(13);
	}

	@Test
	void progressThatWasSoughtIsAtThatPosition() {
		append(null, 10, 11, 12);
		PartitionProgress next = new PartitionProgress();
		next.continueAt(this.progress.resumption(11));
		assertThat(next.position(0)).isEqualTo(11);
		assertThat(next.position(30)).isEqualTo(30);
		assertThat(next.position(3)).isEqualTo(11);
	}

	@Test
	void positionThatMovesBeforeTheFirstRecordIsPolledIsNotCommitted() {
		PartitionProgress next = new PartitionProgress();
		next.continueAt(this.progress.resumption(15));
		assertThat(next.position(0)).isEqualTo(15);
		assertThat(next.resumption()).isNull();
		assertThat(next.advance(0, 4096, NOON)).isNull();
	}

	@Test
	void positionThatMovesAgainIsResumedBehindWhatWasCompleteTheFirstTime() {
		append(null, 10, 11, 12, 13, 14, 15, 16, 17);
		complete(12, 13, 14, 15);
		PartitionProgress next = new PartitionProgress();
		next.continueAt(this.progress.resumption(18));
		next.append(records(10, 11), null, NOON);
		next.complete(10);
		next.complete(11);
		assertThat(next.resumption(17).from()).isEqualTo(16);
	}

	@Test
	void lagInSecondsIsThatOfTheOldestUnfinishedRecordAndThenOfThoseThatWereNotPolled() {
		this.progress.append(List.of(record(0, NOON.minusSeconds(60))), null, NOON);
		this.progress.append(List.of(record(1, NOON.minusSeconds(30))), null, NOON);
		this.progress.lag().fetched(5L, 2, NOON);
		assertThat(snapshot().lag().seconds()).isEqualTo(120);
		complete(0);
		advance(1);
		assertThat(snapshot().lag().seconds()).isEqualTo(90);
		complete(1);
		advance(2);
		assertThat(snapshot().lag().seconds()).as("as old as what was polled last, at most").isEqualTo(90);
	}

	@Test
	void parkedRecordIsReportedWithoutACompletionAndOnlyOnce() throws Exception {
		append(null, 10, 11, 12);
		commitAll(1);
		this.progress.parkedHistory().put(parked(10));
		OffsetAndMetadata commit = Objects.requireNonNull(advance(2));
		assertThat(commit.offset()).isEqualTo(10);
		assertThat(parkedIn(commit)).containsExactly(parked(10));
		assertThat(advance(2)).as("not confirmed").isEqualTo(commit);
		this.progress.committed(commit, 2, this.progress.revision());
		assertThat(advance(2)).isNull();
		this.progress.parkedHistory().put(parked(10));
		assertThat(advance(3)).as("nothing else is known").isNull();
		this.progress.parkedHistory().remove(10);
		assertThat(Objects.requireNonNull(advance(4)).metadata()).isEmpty();
		this.progress.parkedHistory().put(parked(12));
		complete(10);
		assertThat(parkedIn(Objects.requireNonNull(advance(6)))).containsExactly(parked(12));
		complete(12);
		assertThat(CommitMetadata.read(Objects.requireNonNull(advance(7)).metadata(), 11).parked().isEmpty()).isTrue();
		assertThat(this.progress.parkedHistory().at(12)).isNull();
	}

	@Test
	void reportedParkedRecordsAreKnownWhenTheyArePolledAndWrittenOnUntilThen() throws Exception {
		this.progress.continueFrom(new OffsetAndMetadata(10), reported(11, 12, 10, 13, 40));
		assertThat(append(null, 10, 11, 12)).containsExactly(10L, 12L);
		assertThat(this.progress.parkedHistory().at(10)).isEqualTo(parked(10));
		assertThat(this.progress.parkedHistory().at(13)).as("not polled").isNull();
		complete(10);
		OffsetAndMetadata commit = Objects.requireNonNull(advance(1));
		assertThat(commit.offset()).isEqualTo(12);
		assertThat(parkedIn(commit)).containsExactly(parked(13), parked(40));
		append(null, 13);
		complete(12, 13);
		OffsetAndMetadata next = Objects.requireNonNull(advance(3));
		assertThat(parkedIn(next)).containsExactly(parked(40));
		append(null, 50);
		assertThat(this.progress.completedBefore()).as("there is no such record").isEqualTo(ReportedOffsets.NONE);
		assertThat(Objects.requireNonNull(advance(4)).metadata()).isEmpty();
	}

	@Test
	void reportedParkedRecordsAreForgottenIfThePartitionIsReadFromElsewhere() {
		this.progress.continueFrom(new OffsetAndMetadata(10), reported(11, 12, 10, 13));
		append(null, 5, 6);
		append(null, 10, 11, 12, 13);
		assertThat(this.progress.parkedHistory().at(10)).isNull();
		assertThat(this.progress.parkedHistory().at(13)).isNull();
	}

	@Test
	void parkedRecordsBelowAPositionThatMovesStayKnown() {
		this.progress.continueFrom(new OffsetAndMetadata(10), reported(30, 31, 18, 40));
		append(null, 10, 11, 12, 13, 14);
		this.progress.parkedHistory().put(parked(11));
		this.progress.parkedHistory().put(parked(12));
		this.progress.parkedHistory().put(parked(13));
		complete(10, 12);
		assertThat(this.progress.resumption(13).completed().parked().all()).as("13 is handled again")
			.containsExactly(parked(11));
		assertThat(this.progress.resumption(100).completed().parked().all()).as("what was not polled is passed")
			.containsExactly(parked(11), parked(13));
		assertThat(Objects.requireNonNull(this.progress.resumption()).completed().parked().all())
			.containsExactly(parked(11), parked(13), parked(18), parked(40));
		PartitionProgress next = new PartitionProgress();
		next.continueAt(Objects.requireNonNull(this.progress.resumption()));
		next.append(records(11, 13), null, NOON);
		assertThat(next.parkedHistory().at(11)).isEqualTo(parked(11));
		assertThat(next.parkedHistory().at(12)).isNull();
	}

	@Test
	void offsetsThatThePositionHasPassedSinceTheCommitAreNoted() {
		this.progress.continueFrom(new OffsetAndMetadata(10), reported(12, 15));
		append(null, 20, 21);
		assertThat(lost(this.progress, 100)).containsExactly(new LostRecords(PARTITION, 10, 19, 7));
		append(null, 22);
		assertThat(lost(this.progress, 100)).isEmpty();
		append(25L, 24);
		append(null, 25);
		assertThat(lost(this.progress, 100)).as("before the poll")
			.containsExactly(new LostRecords(PARTITION, 23, 23, 1));
	}

	@Test
	void offsetsThatDependOnTheirKeysMayHaveBeenUnfinished() {
		this.progress.continueFrom(new OffsetAndMetadata(10),
				new ReportedOffsets(new CompletedOffsets.Builder().add(10, 20).build(), ParkedRecords.NONE,
						BlockedKeys.of(List.of(new BlockedKeys.BlockedKey(new KeyHash((byte) 1, 7), 14))),
						CommitMetadata.UNKNOWN_EPOCH));
		append(null, 30);
		assertThat(lost(this.progress, 100)).containsExactly(new LostRecords(PARTITION, 14, 29, 16));
	}

	@Test
	void offsetsThatThePositionHasPassedWithoutARecordAreNoted() {
		assertThat(this.progress.passTo(5)).isFalse();
		assertThat(lost(this.progress, 100)).as("nothing was committed").isEmpty();
		this.progress.continueFrom(new OffsetAndMetadata(10), ReportedOffsets.NONE);
		this.progress.passTo(10);
		assertThat(lost(this.progress, 100)).isEmpty();
		assertThat(this.progress.passTo(12)).isTrue();
		assertThat(lost(this.progress, 100)).containsExactly(new LostRecords(PARTITION, 10, 11, 2));
		assertThat(this.progress.passTo(13)).isTrue();
		assertThat(lost(this.progress, 100)).containsExactly(new LostRecords(PARTITION, 12, 12, 1));
	}

	@Test
	void firstRecordWithoutACommitIsWhereItBegins() {
		append(null, 20);
		assertThat(lost(this.progress, 100)).isEmpty();
	}

	@Test
	void whatWasPolledBeforeAPositionMovedBackIsNotLost() {
		append(null, 0, 1, 2, 3);
		complete(0, 1, 2, 3);
		PartitionProgress next = new PartitionProgress();
		next.continueAt(this.progress.resumption(0));
		next.append(records(6), null, NOON);
		assertThat(lost(next, 100)).as("handled already").containsExactly(new LostRecords(PARTITION, 4, 5, 2));
	}

	@Test
	void deletionIsExpectedOfTheOldestUnfinishedRecord() {
		PartitionProgress watched = new PartitionProgress(Duration.ofHours(1));
		watched.lag().retention().learn(0, 0, 0, new TopicRetention(Duration.ofHours(1), false), NOON);
		watched.continueFrom(new OffsetAndMetadata(10), ReportedOffsets.NONE);
		assertThat(deletion(watched)).isNull();
		watched.lag().listed(11L, 10L, NOON);
		assertThat(deletion(watched)).as("not polled")
			.isEqualTo(new PartitionSnapshot.DeletionExpected(10, NOON.plusSeconds(3600)));
		watched.append(List.of(record(10, NOON.minusSeconds(30))), null, NOON);
		watched.append(List.of(record(11, NOON.minusSeconds(20))), null, NOON);
		assertThat(deletion(watched)).isEqualTo(new PartitionSnapshot.DeletionExpected(10, NOON.plusSeconds(3570)));
		watched.complete(10);
		watched.advance(1, 0, NOON);
		assertThat(deletion(watched)).isEqualTo(new PartitionSnapshot.DeletionExpected(11, NOON.plusSeconds(3580)));
		watched.complete(11);
		assertThat(deletion(watched)).isNull();
	}

	private static PartitionSnapshot.@Nullable DeletionExpected deletion(PartitionProgress progress) {
		return progress.snapshot(ASSIGNED, null, 0, null, NOON.plusSeconds(60)).deletionExpected();
	}

	private static List<LostRecords> lost(PartitionProgress progress, long start) {
		return progress.lag().retention().lost(PARTITION, start);
	}

	private void commitAll(long completions) {
		this.progress.committed(Objects.requireNonNull(advance(completions)), completions, this.progress.revision());
	}

	private static List<ParkedRecord> parkedIn(OffsetAndMetadata commit) throws Exception {
		return CommitMetadata.read(commit.metadata(), commit.offset()).parked().all();
	}

	private static ParkedRecord parked(long offset) {
		return new ParkedRecord(offset, NOON, 10, 1, "java.lang.IllegalStateException");
	}

	private static ReportedOffsets reported(long from, long to, long... parked) {
		return new ReportedOffsets(new CompletedOffsets.Builder().add(from, to).build(),
				ParkedRecords.of(LongStream.of(parked).mapToObj(PartitionProgressTests::parked).toList()),
				CommitMetadata.UNKNOWN_EPOCH);
	}

	private PartitionSnapshot snapshot() {
		return this.progress.snapshot(ASSIGNED, null, 0, null, NOON.plusSeconds(60));
	}

	private @Nullable OffsetAndMetadata advance(long completions) {
		return this.progress.advance(completions, 4096, NOON.plus(Duration.ofSeconds(1)));
	}

	private boolean complete(long... offsets) {
		return LongStream.of(offsets).allMatch(this.progress::complete);
	}

	private List<Long> append(@Nullable Long next, long... offsets) {
		return this.progress.append(records(offsets), (next != null) ? new OffsetAndMetadata(next) : null, NOON)
			.stream()
			.map(ConsumerRecord::offset)
			.toList();
	}

	private static List<ConsumerRecord<Object, Object>> records(long... offsets) {
		return LongStream.of(offsets)
			.mapToObj((offset) -> new ConsumerRecord<Object, Object>("orders", 0, offset, "key", "value"))
			.toList();
	}

	private static ConsumerRecord<Object, Object> record(long offset, Instant timestamp) {
		return new ConsumerRecord<>("orders", 0, offset, timestamp.toEpochMilli(), TimestampType.CREATE_TIME, 3, 5,
				"key", "value", new RecordHeaders(), Optional.empty());
	}

}
