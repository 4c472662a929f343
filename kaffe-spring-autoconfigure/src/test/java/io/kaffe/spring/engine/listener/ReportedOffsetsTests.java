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

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import io.kaffe.spring.engine.delivery.KeyHashes;
import io.kaffe.spring.engine.offset.BlockedKeys;
import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.offset.ParkedRecord;
import io.kaffe.spring.engine.offset.ParkedRecords;
import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ReportedOffsets}: records that were written in place of those that an
 * earlier commit reports as complete. That commit is of 10 and reports 15 to 19 and 30 to
 * 39, of leader epoch 3.
 */
@ExtendWith(OutputCaptureExtension.class)
class ReportedOffsetsTests {

	private final ManualExecution time = new ManualExecution();

	private final PartitionProgress progress = new PartitionProgress();

	@Test
	void recordsOfTheSameLogAreNotHandledAgain() {
		continueFrom(3);
		assertThat(polled(10, 18, 2)).containsExactly(10L, 11L, 12L, 13L, 14L);
		assertThat(polled(18, 35, 3)).containsExactlyElementsOf(LongStream.range(20, 30).boxed().toList());
		assertThat(polled(35, 42, 3)).containsExactly(40L, 41L);
	}

	@Test
	void recordsOfALaterLeaderAreHandledFromTheFirstOneOn(CapturedOutput output) {
		continueFrom(3);
		assertThat(polled(10, 17, 3)).containsExactly(10L, 11L, 12L, 13L, 14L);
		assertThat(polled(17, 36, 4)).containsExactlyElementsOf(LongStream.range(17, 36).boxed().toList());
		assertThat(polled(36, 45, 4)).hasSize(9);
		assertThat(output).containsOnlyOnce("WARN")
			.contains(
					"The log of orders-0 was truncated and written anew from 17 on or before (leader epoch 4 after 3): "
							+ "what was completed there before is not skipped");
	}

	@Test
	void recordOfABlockedKeyIsNotComplete() {
		ReportedOffsets reported = blocked("a", 16);
		assertThat(reported.isComplete(record(16, "a", 1))).isFalse();
		assertThat(reported.isComplete(record(15, "a", 1))).as("below the first one").isTrue();
		assertThat(reported.isComplete(record(16, "b", 1))).isTrue();
		assertThat(reported.isComplete(record(40, "b", 1))).as("not reported").isFalse();
		assertThat(reported.isComplete(record(16, null, -1))).as("without a key").isTrue();
	}

	@Test
	void recordWhoseKeyWasDeserializedInAnotherWayMayBeOneOfABlockedKey() {
		ReportedOffsets reported = blocked("a", 16);
		for (Object key : new @Nullable Object[] { "a".getBytes(StandardCharsets.UTF_8), 7L, List.of("b"), null }) {
			assertThat(reported.isComplete(record(16, key, 1))).isFalse();
			assertThat(reported.isComplete(record(15, key, 1))).isTrue();
		}
	}

	@Test
	void whatDependsOnKeysDoesNotHoldForRecordsThatWereWrittenAnew() {
		this.progress.continueFrom(new OffsetAndMetadata(10), blocked("a", 16));
		List<ConsumerRecord<Object, Object>> records = List.of(record(15, 3), record(16, 3), record(17, 3),
				record(18, 4), record(19, 4));
		assertThat(offsets(this.progress.append(records, null, this.time.instant()))).containsExactly(18L, 19L);
		assertThat(offsets(this.progress.append(List.of(record(20, 4)), null, this.time.instant())))
			.containsExactly(20L);
	}

	private static ReportedOffsets blocked(String key, long from) {
		return new ReportedOffsets(new CompletedOffsets.Builder().add(15, 40).build(), ParkedRecords.NONE,
				BlockedKeys.of(List.of(new BlockedKeys.BlockedKey(Objects.requireNonNull(KeyHashes.of(key)), from))),
				3);
	}

	private static ConsumerRecord<?, ?> record(long offset, @Nullable Object key, int keySize) {
		return new ConsumerRecord<>("orders", 0, offset, 0, TimestampType.CREATE_TIME, keySize, 5, key, "value",
				new RecordHeaders(), Optional.of(3));
	}

	@Test
	void commitCountsThoughAllThatItReportsWasWrittenAnew() {
		continueFrom(3);
		int revision = this.progress.revision();
		assertThat(polled(10, 20, 4)).hasSize(10);
		assertThat(this.progress.committed()).isEqualTo(new OffsetAndMetadata(10));
		assertThat(this.progress.revision()).isEqualTo(revision);
	}

	@Test
	void laterLeaderAfterWhatIsReportedChangesNothing(CapturedOutput output) {
		continueFrom(3);
		List<ConsumerRecord<Object, Object>> records = List.of(record(10, 3), record(31, 3), record(40, 4),
				record(41, 5));
		assertThat(offsets(this.progress.append(records, null, this.time.instant()))).containsExactly(10L, 40L, 41L);
		assertThat(output).doesNotContain("WARN");
	}

	@Test
	void recordsWithoutALeaderEpochAreOlderThanThoseWithOne() {
		continueFrom(CommitMetadata.UNKNOWN_EPOCH);
		assertThat(polled(10, 20, CommitMetadata.UNKNOWN_EPOCH)).hasSize(5);
		assertThat(polled(20, 40, 0)).hasSize(20);
	}

	@Test
	void commitHasTheHighestLeaderEpochOfWhatWasPolledBefore() throws Exception {
		continueFrom(3);
		polled(10, 18, 2);
		this.progress.complete(12);
		CommitMetadata next = commit(1);
		assertThat(next.completed()).hasToString("[12..12, 15..19, 30..39]");
		assertThat(next.leaderEpoch()).as("of what was not polled again").isEqualTo(3);
		polled(18, 60, 7);
		assertThat(commit(2).completed()).hasToString("[12..12, 15..17]");
		assertThat(commit(2).leaderEpoch()).isEqualTo(7);
	}

	@Test
	void commitHasTheLeaderEpochOfTheRecordsOnceAllThatWasReportedIsPolledAgain() throws Exception {
		continueFrom(3);
		polled(10, 40, 2);
		this.progress.complete(12);
		assertThat(commit(1).leaderEpoch()).isEqualTo(2);
	}

	@Test
	void leaderEpochOfWhatIsNotBelievedIsNotWrittenOn() throws Exception {
		continueFrom(Integer.MAX_VALUE);
		this.progress.forgetCompletedBefore();
		polled(10, 18, 2);
		this.progress.complete(12);
		assertThat(commit(1).leaderEpoch()).isEqualTo(2);
	}

	@Test
	void offsetsThatArePolledNextArePassedRatherThanReportedWithACommitOfThem() throws Exception {
		continueFrom(3);
		polled(10, 18, 3);
		LongStream.range(10, 15).forEach(this.progress::complete);
		OffsetAndMetadata commit = advance(5);
		assertThat(commit.offset()).isEqualTo(20);
		assertThat(CommitMetadata.read(commit.metadata(), 20).completed()).hasToString("[30..39]");
		this.progress.committed(commit, 5, this.progress.revision());
		polled(18, 20, 4);
		assertThat(advance(5).offset()).as("other records are there").isEqualTo(18);
	}

	@Test
	void commitThatIsFoundWrongAndThenForgottenDoesNotCountWhenItIsAnswered() {
		continueFrom(3);
		polled(10, 18, 3);
		LongStream.range(10, 15).forEach(this.progress::complete);
		OffsetAndMetadata commit = advance(5);
		int revision = this.progress.revision();
		this.progress.committed(commit, 5, revision);
		polled(18, 20, 4);
		this.progress.forgetCompletedBefore();
		this.progress.committed(commit, 5, revision);
		assertThat(this.progress.committed()).as("other records are there, and the position was moved").isNull();
	}

	@Test
	void parkedRecordIsNotTheOneThatALaterLeaderHasWrittenInItsPlace(CapturedOutput output) {
		this.progress.continueFrom(new OffsetAndMetadata(10), new ReportedOffsets(CompletedOffsets.NONE,
				ParkedRecords.of(List.of(parked(10), parked(12), parked(14))), 3));
		polled(10, 12, 3);
		polled(12, 13, 4);
		assertThat(this.progress.parkedHistory().at(10)).isEqualTo(parked(10));
		assertThat(this.progress.parkedHistory().at(12)).isNull();
		assertThat(output).containsOnlyOnce("WARN");
		OffsetAndMetadata commit = advance(1);
		polled(13, 20, 4);
		assertThat(this.progress.parkedHistory().at(14)).as("nor is what comes behind").isNull();
		assertThat(advance(2)).as("nor is it written on").isEqualTo(commit);
	}

	private static ParkedRecord parked(long offset) {
		return new ParkedRecord(offset, Instant.EPOCH, 10, 1, "java.lang.IllegalStateException");
	}

	@Test
	void positionThatMovesAgainBeforeAnythingIsPolledKeepsTheLeaderEpoch() {
		polled(10, 20, 7);
		PartitionProgress next = new PartitionProgress();
		next.continueAt(this.progress.resumption(10));
		assertThat(next.resumption(10).position()).isEqualTo(new OffsetAndMetadata(10, Optional.of(7), ""));
	}

	private void continueFrom(int leaderEpoch) {
		CompletedOffsets completed = new CompletedOffsets.Builder().add(15, 20).add(30, 40).build();
		this.progress.continueFrom(new OffsetAndMetadata(10),
				new ReportedOffsets(completed, ParkedRecords.NONE, leaderEpoch));
	}

	private OffsetAndMetadata advance(long completions) {
		return Objects.requireNonNull(this.progress.advance(completions, 4096, this.time.instant()));
	}

	private CommitMetadata commit(long completions) throws Exception {
		OffsetAndMetadata commit = advance(completions);
		return CommitMetadata.read(commit.metadata(), commit.offset());
	}

	/**
	 * Poll records and return the offsets of those that are to be handled.
	 */
	private List<Long> polled(long from, long to, int leaderEpoch) {
		List<ConsumerRecord<Object, Object>> records = LongStream.range(from, to)
			.mapToObj((offset) -> record(offset, leaderEpoch))
			.toList();
		return offsets(this.progress.append(records, null, this.time.instant()));
	}

	private static List<Long> offsets(List<ConsumerRecord<Object, Object>> records) {
		return records.stream().map(ConsumerRecord::offset).toList();
	}

	private static ConsumerRecord<Object, Object> record(long offset, int leaderEpoch) {
		return new ConsumerRecord<>("orders", 0, offset, 0, TimestampType.CREATE_TIME, 3, 5, "key", "value",
				new RecordHeaders(),
				(leaderEpoch != CommitMetadata.UNKNOWN_EPOCH) ? Optional.of(leaderEpoch) : Optional.empty());
	}

}
