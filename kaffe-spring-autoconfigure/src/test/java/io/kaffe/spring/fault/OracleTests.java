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

package io.kaffe.spring.fault;

import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.offset.BlockedKeys;
import io.kaffe.spring.engine.offset.BlockedKeys.BlockedKey;
import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.offset.KeyHash;
import io.kaffe.spring.engine.offset.ParkedRecords;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the oracles: each lets a story pass that keeps its guarantee and catches one
 * that breaks it.
 */
class OracleTests {

	/**
	 * Tests for {@link NothingLost}.
	 */
	@Nested
	class Lost {

		private final Oracle oracle = new NothingLost();

		@Test
		void everyRecordHandledPasses() {
			Story story = new Story().assigned("a", 0).handled("a", 0, 0, 1).assigned("b", 1).handled("b", 1, 0, 1);
			assertThat(this.oracle.violations(story.of(2))).isEmpty();
		}

		@Test
		void recordThatNeverStartedIsCaught() {
			Story story = new Story().handled("a", 0, 0, 1).handled("a", 1, 0);
			assertThat(this.oracle.violations(story.of(2))).containsExactly("orders-1@1 was never handled");
		}

		@Test
		void recordThatOnlyFailedOrDidNotEndIsCaught() {
			Story story = new Story().handled("a", 0, 0)
				.start("a", 0, 1)
				.end("a", 0, 1, 1, Entry.FAILED)
				.handled("a", 1, 0)
				.start("a", 1, 1)
				.killed("a");
			assertThat(this.oracle.violations(story.of(2))).hasSize(2);
		}

		@Test
		void recordThatWasNotAcknowledgedIsCaught() {
			Story story = new Story().handled("a", 0, 0)
				.handled("a", 1, 0)
				.start("a", 0, 1)
				.end("a", 0, 1, 1, Entry.RETURNED)
				.start("a", 1, 1)
				.end("a", 1, 1, 1, Entry.RETURNED)
				.acknowledged("a", 1, 1);
			assertThat(this.oracle.violations(story.of(2))).containsExactly("orders-0@1 was never handled");
		}

		@Test
		void recordThatTheScenarioSkippedPasses() {
			History history = new Story().handled("a", 0, 0, 3).handled("a", 1, 0, 1, 2, 3).of(4);
			history.skip(Story.partition(0), 1, 3);
			assertThat(this.oracle.violations(history)).isEmpty();
		}

	}

	/**
	 * Tests for {@link NoEarlyCommit}.
	 */
	@Nested
	class Early {

		private final Oracle oracle = new NoEarlyCommit(OffsetReports.NONE);

		@Test
		void commitAfterTheEndPasses() {
			Story story = new Story().handled("a", 0, 0, 1).committed("a", 0, 2).start("a", 0, 2).committed("a", 0, 2);
			assertThat(this.oracle.violations(story.of(4))).isEmpty();
		}

		@Test
		void commitOfARunningRecordIsCaught() {
			Story story = new Story().handled("a", 0, 0).start("a", 0, 1).committed("a", 0, 2).end("a", 0, 1);
			assertThat(this.oracle.violations(story.of(4))).hasSize(1)
				.first()
				.asString()
				.contains("before 1 is completed");
		}

		@Test
		void commitOfARecordThatFailedIsCaught() {
			Story story = new Story().start("a", 0, 0).end("a", 0, 0, 1, Entry.FAILED).committed("a", 0, 1);
			assertThat(this.oracle.violations(story.of(4))).hasSize(1);
		}

		@Test
		void commitPastARecordThatIsNotHandledIsCaughtEvenIfItIsNotConfirmed() {
			Story story = new Story().handled("a", 0, 0, 2).committing("a", 0, 3, "");
			assertThat(this.oracle.violations(story.of(4))).hasSize(1);
		}

		@Test
		void commitOfARecordThatIsNotAcknowledgedIsCaught() {
			Story story = new Story().start("a", 0, 0).end("a", 0, 0, 1, Entry.RETURNED).committed("a", 0, 1);
			assertThat(this.oracle.violations(story.of(4))).hasSize(1);
			story = new Story().start("a", 0, 0)
				.end("a", 0, 0, 1, Entry.RETURNED)
				.acknowledged("a", 0, 0)
				.committed("a", 0, 1);
			assertThat(this.oracle.violations(story.of(4))).isEmpty();
		}

		@Test
		void metadataThatClaimsAnOpenRecordIsCaught() {
			Oracle oracle = new NoEarlyCommit((offset,
					metadata) -> (candidate) -> candidate > offset && candidate <= offset + Long.parseLong(metadata));
			Story story = new Story().handled("a", 0, 1, 2).start("a", 0, 3).committing("a", 0, 0, "2");
			assertThat(oracle.violations(story.of(4))).isEmpty();
			story.committing("a", 0, 0, "3");
			assertThat(oracle.violations(story.of(4))).hasSize(1).first().asString().contains("that 3 is completed");
		}

		@Test
		void metadataClaimsNothingFromTheFirstBlockedRecordOn() {
			Oracle oracle = new NoEarlyCommit(OffsetReports.OF_COMMITS);
			assertThat(oracle.violations(reporting(BlockedKeys.NONE).of(4))).hasSize(1)
				.first()
				.asString()
				.contains("that 3 is completed");
			BlockedKeys blocked = BlockedKeys.of(List.of(new BlockedKey(new KeyHash((byte) 1, 7), 3)));
			assertThat(oracle.violations(reporting(blocked).of(4))).isEmpty();
		}

		private static Story reporting(BlockedKeys blocked) {
			CommitMetadata metadata = CommitMetadata.of(0, new CompletedOffsets.Builder().add(1, 4).build(),
					ParkedRecords.NONE, blocked, 0, 1000);
			return new Story().handled("a", 0, 1, 2).start("a", 0, 3).committing("a", 0, 0, metadata.text());
		}

	}

	/**
	 * Tests for {@link RecordOrder}.
	 */
	@Nested
	class Order {

		private final Oracle perTopicPartition = new RecordOrder(
				Unit.within(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION));

		private final Oracle perPartition = new RecordOrder(
				Unit.within(StandardWorkerAllocationStrategy.WORKER_PER_PARTITION));

		private final Oracle perKey = new RecordOrder(Unit.within(StandardWorkerAllocationStrategy.WORKER_PER_KEY));

		private final Oracle perRecord = new RecordOrder(
				Unit.within(StandardWorkerAllocationStrategy.WORKER_PER_RECORD));

		@Test
		void ascendingRecordsPass() {
			Story story = new Story().assigned("a", 0).handled("a", 0, 0, 1, 5, 6);
			assertThat(this.perTopicPartition.violations(story.of(7))).isEmpty();
		}

		@Test
		void descendingRecordIsCaught() {
			Story story = new Story().assigned("a", 0).handled("a", 0, 0, 2, 1);
			assertThat(this.perTopicPartition.violations(story.of(4))).hasSize(1);
		}

		@Test
		void recordThatComesTwiceInAnAssignmentIsCaught() {
			Story story = new Story().assigned("a", 0).handled("a", 0, 0).start("a", 0, 0, 2);
			assertThat(this.perTopicPartition.violations(story.of(4))).hasSize(1);
		}

		@Test
		void newAssignmentMayStartLower() {
			Story story = new Story().assigned("a", 0)
				.handled("a", 0, 0, 1, 2)
				.revoked("a", 0)
				.assigned("a", 0)
				.start("a", 0, 1, 2)
				.end("a", 0, 1, 2, Entry.HANDLED)
				.assigned("b", 0)
				.handled("b", 0, 0);
			assertThat(this.perTopicPartition.violations(story.of(4))).isEmpty();
		}

		@Test
		void whileTwoConsumersOfAnInstanceTakeThemselvesForTheOwnerBothGoOn() {
			Story story = new Story().assignedTo("one", "a", 0)
				.handled("a", 0, 0, 1)
				.assignedTo("other", "a", 0)
				.start("a", 0, 0, 2)
				.end("a", 0, 0, 2, Entry.HANDLED)
				.start("a", 0, 2)
				.end("a", 0, 2)
				.start("a", 0, 1, 2)
				.end("a", 0, 1, 2, Entry.HANDLED)
				.start("a", 0, 2, 2)
				.end("a", 0, 2, 2, Entry.HANDLED);
			assertThat(this.perTopicPartition.violations(story.of(4))).isEmpty();
			assertThat(this.perRecord.violations(story.of(4))).isEmpty();
			story.start("a", 0, 2, 3);
			assertThat(this.perTopicPartition.violations(story.of(4))).as("a third time").hasSize(1);
			assertThat(this.perRecord.violations(story.of(4))).hasSize(1);
		}

		@Test
		void nextRecordBeforeTheOneBeforeHasEndedIsCaught() {
			Story story = new Story().assigned("a", 0).start("a", 0, 0).start("a", 0, 1).end("a", 0, 0);
			assertThat(this.perTopicPartition.violations(story.of(4))).hasSize(1);
			story = new Story().assigned("a", 0).start("a", 0, 0).assigned("a", 0).start("a", 0, 0, 2).end("a", 0, 0);
			assertThat(this.perTopicPartition.violations(story.of(4))).hasSize(1);
		}

		@Test
		void otherRecordBeforeTheFailedOneComesAgainIsCaught() {
			Story retried = new Story().assigned("a", 0)
				.start("a", 0, 0)
				.end("a", 0, 0, 1, Entry.FAILED)
				.start("a", 0, 0, 2)
				.end("a", 0, 0, 2, Entry.HANDLED)
				.handled("a", 0, 1);
			assertThat(this.perTopicPartition.violations(retried.of(4))).isEmpty();
			Story passedOver = new Story().assigned("a", 0)
				.start("a", 0, 0)
				.end("a", 0, 0, 1, Entry.FAILED)
				.handled("a", 0, 1);
			assertThat(this.perTopicPartition.violations(passedOver.of(4))).hasSize(1);
		}

		@Test
		void partitionsThatShareAWorkerMustTakeTurns() {
			Story story = new Story().assigned("a", 0).assigned("a", 1).start("a", 0, 0).start("a", 1, 0);
			assertThat(this.perTopicPartition.violations(story.of(4))).isEmpty();
			assertThat(this.perPartition.violations(story.of(4))).isEmpty();
			story.inTopic("refunds").start("a", 0, 5);
			assertThat(this.perTopicPartition.violations(story.of(4))).isEmpty();
			assertThat(this.perPartition.violations(story.of(4))).hasSize(1);
		}

		@Test
		void recordsOfDifferentKeysOvertakeEachOther() {
			Story story = new Story().assigned("a", 0).withKey("k").start("a", 0, 0);
			story.withKey("other").handled("a", 0, 2, 3).withKey("third").handled("a", 0, 1);
			story.withKey("k").end("a", 0, 0).handled("a", 0, 4);
			assertThat(this.perKey.violations(story.of(5))).isEmpty();
			assertThat(this.perRecord.violations(story.of(5))).isEmpty();
			assertThat(this.perTopicPartition.violations(story.of(5))).isNotEmpty();
		}

		@Test
		void recordsOfOneKeyOutOfOrderAreCaught() {
			Story story = new Story().assigned("a", 0).withKey("k").handled("a", 0, 0, 2, 1);
			assertThat(this.perKey.violations(story.of(3))).hasSize(1);
			assertThat(this.perRecord.violations(story.of(3))).isEmpty();
		}

		@Test
		void recordsOfOneKeyAtTheSameTimeAreCaughtInWhateverPartition() {
			Story story = new Story().assigned("a", 0).withKey("k").start("a", 0, 0).start("a", 0, 1);
			assertThat(this.perKey.violations(story.of(2))).hasSize(1);
			assertThat(this.perRecord.violations(story.of(2))).isEmpty();
			story = new Story().assigned("a", 0).assigned("a", 1).withKey("k").start("a", 0, 0).start("a", 1, 0);
			assertThat(this.perKey.violations(story.of(2))).hasSize(1);
			story = new Story().assigned("a", 0).inTopic("refunds").assigned("a", 0).withKey("k").start("a", 0, 0);
			story.inTopic("orders").start("a", 0, 0);
			assertThat(this.perKey.violations(story.of(2))).hasSize(1);
			story = new Story().assigned("a", 0).assigned("b", 1).withKey("k").start("a", 0, 0).start("b", 1, 0);
			assertThat(this.perKey.violations(story.of(2))).as("on different instances").isEmpty();
		}

		@Test
		void recordsOfOneKeyFromTwoPartitionsComeInAnyOrder() {
			Story story = new Story().assigned("a", 0).assigned("a", 1).withKey("k");
			story.handled("a", 0, 5).handled("a", 1, 2).handled("a", 0, 6).handled("a", 1, 3);
			assertThat(this.perKey.violations(story.of(7))).isEmpty();
		}

		@Test
		void otherRecordOfItsKeyBeforeTheFailedOneComesAgainIsCaught() {
			Story story = new Story().assigned("a", 0).withKey("k").start("a", 0, 0);
			story.end("a", 0, 0, 1, Entry.FAILED).withKey("other").handled("a", 0, 1);
			assertThat(this.perKey.violations(story.of(3))).isEmpty();
			assertThat(this.perKey.violations(story.withKey("k").handled("a", 0, 2).of(3))).hasSize(1);
		}

		@Test
		void recordsWithoutKeyAreOrderedWithNothing() {
			Story story = new Story().assigned("a", 0).start("a", 0, 1).start("a", 0, 0).end("a", 0, 1);
			assertThat(this.perKey.violations(story.of(2))).isEmpty();
			assertThat(this.perRecord.violations(story.of(2))).isEmpty();
		}

		@Test
		void recordThatComesTwiceIsCaughtEvenIfThereIsNoOrder() {
			Story again = new Story().assigned("a", 0).handled("a", 0, 1, 0).start("a", 0, 1, 2);
			assertThat(this.perRecord.violations(again.of(2))).hasSize(1);
			assertThat(this.perKey.violations(again.of(2))).hasSize(1);
			Story atTheSameTime = new Story().assigned("a", 0).start("a", 0, 0).revoked("a", 0).assigned("a", 0);
			assertThat(this.perRecord.violations(atTheSameTime.start("a", 0, 0, 2).of(2))).hasSize(1);
			assertThat(this.perKey.violations(atTheSameTime.of(2))).hasSize(1);
			Story retried = new Story().assigned("a", 0).start("a", 0, 0).handled("a", 0, 1);
			retried.end("a", 0, 0, 1, Entry.FAILED).start("a", 0, 0, 2);
			assertThat(this.perRecord.violations(retried.of(2))).isEmpty();
		}

	}

	/**
	 * Tests for {@link NoOverlap}.
	 */
	@Nested
	class Overlap {

		private final Oracle strict = perPartition(false);

		private final Oracle excusing = perPartition(true);

		private static Oracle perPartition(boolean excusing) {
			return new NoOverlap(Unit.across(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION, false),
					excusing);
		}

		private static Oracle strict(StandardWorkerAllocationStrategy strategy, boolean together) {
			return new NoOverlap(Unit.across(strategy, together), false);
		}

		@Test
		void oneAfterTheOtherPasses() {
			Story story = new Story().assigned("a", 0).handled("a", 0, 0, 1).assigned("b", 0).handled("b", 0, 1, 2);
			assertThat(this.strict.violations(story.of(4))).isEmpty();
		}

		@Test
		void twoInstancesAtTheSameTimeAreCaught() {
			Story story = new Story().assigned("a", 0)
				.start("a", 0, 0)
				.assigned("b", 0)
				.start("b", 0, 1)
				.end("a", 0, 0)
				.end("b", 0, 1);
			assertThat(this.strict.violations(story.of(4))).hasSize(1);
			assertThat(this.excusing.violations(story.of(4))).as("nothing excuses it").hasSize(1);
		}

		@Test
		void shortDeliveryWithinALongOneIsCaught() {
			Story story = new Story().assigned("a", 0)
				.start("a", 0, 0)
				.handled("b", 0, 1)
				.handled("b", 0, 2)
				.end("a", 0, 0);
			assertThat(this.strict.violations(story.of(4))).hasSize(2);
		}

		@Test
		void deliveryEndsWithTheDeathOfItsInstance() {
			Story story = new Story().assigned("a", 0).start("a", 0, 0).killed("a").assigned("b", 0).handled("b", 0, 0);
			assertThat(this.strict.violations(story.of(4))).isEmpty();
			story = new Story().assigned("a", 0).start("a", 0, 0).assigned("b", 0).handled("b", 0, 0).killed("a");
			assertThat(this.strict.violations(story.of(4))).hasSize(1);
		}

		@Test
		void handlerThatOutlastsTheDrainIsExcusedAcrossInstancesOnly() {
			Story story = new Story().assigned("a", 0).start("a", 0, 0).revoked("a", 0).assigned("b", 0);
			story.handled("b", 0, 0).end("a", 0, 0);
			assertThat(this.strict.violations(story.of(4))).hasSize(1);
			assertThat(this.excusing.violations(story.of(4))).isEmpty();
			story = new Story().assigned("a", 0).start("a", 0, 0).revoked("a", 0).assigned("a", 0);
			story.start("a", 0, 0, 2).end("a", 0, 0);
			assertThat(this.excusing.violations(story.of(4))).hasSize(1);
		}

		@Test
		void instanceOutOfTouchIsExcusedUntilItIsBack() {
			Story story = new Story().assigned("a", 0).start("a", 0, 0).outOfTouch("a").later(10).assigned("b", 0);
			story.start("b", 0, 0).back("a").end("a", 0, 0).start("a", 0, 1).lost("a", 0).end("b", 0, 0);
			assertThat(this.strict.violations(story.of(4))).isNotEmpty();
			assertThat(this.excusing.violations(story.of(4))).isEmpty();
			story = new Story().assigned("a", 0).outOfTouch("a").back("a").later(60).start("a", 0, 0);
			story.assigned("b", 0).start("b", 0, 0);
			assertThat(this.excusing.violations(story.of(4))).as("kept its partition").hasSize(1);
		}

		@Test
		void partitionsThatBelongTogetherAreCaught() {
			Story story = new Story().assigned("a", 0).start("a", 0, 0).assigned("b", 1).start("b", 1, 0);
			Oracle together = strict(StandardWorkerAllocationStrategy.WORKER_PER_PARTITION, true);
			assertThat(together.violations(story.of(4))).isEmpty();
			story.inTopic("refunds").assigned("b", 0).start("b", 0, 0);
			assertThat(together.violations(story.of(4))).hasSize(1);
			assertThat(this.strict.violations(story.of(4))).isEmpty();
			assertThat(strict(StandardWorkerAllocationStrategy.WORKER_PER_PARTITION, false).violations(story.of(4)))
				.as("on different instances")
				.isEmpty();
		}

		@Test
		void oneKeyOnTwoInstancesIsCaught() {
			Oracle apart = strict(StandardWorkerAllocationStrategy.WORKER_PER_KEY, false);
			Oracle together = strict(StandardWorkerAllocationStrategy.WORKER_PER_KEY, true);
			Story story = new Story().assigned("a", 0).withKey("k").start("a", 0, 0).assigned("b", 0);
			story.withKey("other").start("b", 0, 1);
			assertThat(apart.violations(story.of(4))).isEmpty();
			assertThat(together.violations(story.of(4))).isEmpty();
			story.withKey("k").start("b", 0, 2);
			assertThat(apart.violations(story.of(4))).hasSize(1);
			assertThat(together.violations(story.of(4))).hasSize(1);
		}

		@Test
		void oneKeyFromTwoTopicsIsCaughtOnlyIfTheyAreNeverApart() {
			Story story = new Story().assigned("a", 0).withKey("k").start("a", 0, 0);
			story.inTopic("refunds").assigned("b", 0).start("b", 0, 0);
			assertThat(strict(StandardWorkerAllocationStrategy.WORKER_PER_KEY, false).violations(story.of(4)))
				.isEmpty();
			assertThat(strict(StandardWorkerAllocationStrategy.WORKER_PER_KEY, true).violations(story.of(4)))
				.hasSize(1);
		}

		@Test
		void keyThatIsHandledAfterItsDrainIsExcusedAcrossInstancesOnly() {
			Oracle perKey = new NoOverlap(Unit.across(StandardWorkerAllocationStrategy.WORKER_PER_KEY, false), true);
			Story story = new Story().assigned("a", 0).withKey("k").start("a", 0, 0).revoked("a", 0);
			story.assigned("b", 0).start("b", 0, 0);
			assertThat(perKey.violations(story.of(4))).isEmpty();
			assertThat(perKey.violations(story.start("b", 0, 1).of(4))).hasSize(1);
		}

		@Test
		void oneRecordOnTwoInstancesIsCaughtWhereNothingElseIs() {
			Oracle perRecord = strict(StandardWorkerAllocationStrategy.WORKER_PER_RECORD, true);
			Oracle perKey = strict(StandardWorkerAllocationStrategy.WORKER_PER_KEY, true);
			Story story = new Story().assigned("a", 0).start("a", 0, 0).assigned("b", 0).start("b", 0, 1);
			assertThat(perRecord.violations(story.of(4))).isEmpty();
			assertThat(perKey.violations(story.of(4))).as("records without key").isEmpty();
			story.start("b", 0, 0);
			assertThat(perRecord.violations(story.of(4))).hasSize(1);
			assertThat(perKey.violations(story.of(4))).hasSize(1);
		}

	}

	/**
	 * Tests for {@link NothingAfterTheEnd}.
	 */
	@Nested
	class AfterTheEnd {

		private final Oracle oracle = new NothingAfterTheEnd(
				Unit.within(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION));

		private final Oracle perKey = new NothingAfterTheEnd(
				Unit.within(StandardWorkerAllocationStrategy.WORKER_PER_KEY));

		@Test
		void recordsOfAssignedPartitionsPass() {
			Story story = new Story().assigned("a", 0).handled("a", 0, 0).revoked("a", 0).assigned("a", 0);
			assertThat(this.oracle.violations(story.handled("a", 0, 1).of(4))).isEmpty();
		}

		@Test
		void recordWithoutAssignmentIsCaught() {
			Story story = new Story().assigned("a", 0).assigned("b", 1).handled("a", 1, 0);
			assertThat(this.oracle.violations(story.of(4))).hasSize(1);
		}

		@Test
		void recordAfterRevocationIsCaught() {
			Story story = new Story().assigned("a", 0).handled("a", 0, 0).revoked("a", 0).start("a", 0, 1);
			assertThat(this.oracle.violations(story.of(4))).hasSize(1);
		}

		@Test
		void oneRecordOfALostPartitionMayHaveBeenAboutToStart() {
			Story story = new Story().assigned("a", 0).lost("a", 0).start("a", 0, 1);
			assertThat(this.oracle.violations(story.of(4))).isEmpty();
			assertThat(this.oracle.violations(story.onThread("another").start("a", 0, 2).of(4))).hasSize(1);
			story = new Story().assigned("a", 0).lost("a", 0).later(1).start("a", 0, 1);
			assertThat(this.oracle.violations(story.of(4))).hasSize(1);
		}

		@Test
		void oneRecordOfEachThreadAndKeyMayHaveBeenAboutToStart() {
			Story story = new Story().assigned("a", 0).lost("a", 0).withKey("k").onThread("one").start("a", 0, 1);
			story.onThread("two").withKey("other").start("a", 0, 2);
			assertThat(this.perKey.violations(story.of(9))).isEmpty();
			assertThat(this.perKey.violations(story.withKey("third").start("a", 0, 3).of(9))).as("same thread")
				.hasSize(1);
			assertThat(this.perKey.violations(story.onThread("three").withKey("k").start("a", 0, 4).of(9)))
				.as("same key")
				.hasSize(2);
			assertThat(this.perKey.violations(story.onThread("four").withKey("").start("a", 0, 5).of(9)))
				.as("without key")
				.hasSize(2);
			story.later(1).onThread("five").withKey("fifth").start("a", 0, 6);
			assertThat(this.perKey.violations(story.of(9))).as("too late").hasSize(3);
		}

	}

	/**
	 * Tests for {@link MonotonicCommits}.
	 */
	@Nested
	class Commits {

		private final Oracle oracle = new MonotonicCommits();

		@Test
		void ascendingCommitsPass() {
			Story story = new Story().committed("a", 0, 1).committed("a", 0, 1).committed("b", 0, 5);
			assertThat(this.oracle.violations(story.committed("a", 1, 2).of(4))).isEmpty();
		}

		@Test
		void commitThatLeadsBackIsCaught() {
			Story story = new Story().committed("a", 0, 5).committed("b", 0, 4);
			assertThat(this.oracle.violations(story.of(9))).hasSize(1);
		}

		@Test
		void commitThatWasRefusedOrOvertakenPasses() {
			Story story = new Story().committed("a", 0, 5).committing("b", 0, 4, "");
			assertThat(this.oracle.violations(story.of(9))).isEmpty();
			story = new Story().committing("a", 0, 4, "").committed("b", 0, 5).confirmed("a", 0, 4);
			assertThat(this.oracle.violations(story.of(9))).isEmpty();
		}

		@Test
		void movedOffsetIsANewBeginning() {
			Story story = new Story().committed("a", 0, 5).moved(0, 2).assigned("a", 0).start("a", 0, 2);
			assertThat(this.oracle.violations(story.committed("a", 0, 3).of(9))).isEmpty();
		}

		@Test
		void recordBelowACommitIsCaught() {
			Story story = new Story().committed("a", 0, 5).assigned("b", 0).handled("b", 0, 5);
			assertThat(this.oracle.violations(story.of(9))).isEmpty();
			story = new Story().committed("a", 0, 5).assigned("b", 0).handled("b", 0, 4);
			assertThat(this.oracle.violations(story.of(9))).hasSize(1);
		}

		@Test
		void recordOfAConsumerThatDoesNotKnowOfItsLossPasses() {
			Story story = new Story().assigned("a", 0).outOfTouch("a").committed("b", 0, 5);
			story.assignedTo("a-second", "a", 0).start("a", 0, 4);
			assertThat(this.oracle.violations(story.of(9))).isEmpty();
			story.revoked("a", 0).start("a", 0, 4);
			assertThat(this.oracle.violations(story.of(9))).as("it knows").hasSize(1);
		}

	}

	/**
	 * Tests for {@link Duplicates}.
	 */
	@Nested
	class Repeated {

		@Test
		void recordsHandledMoreThanOnceAreCounted() {
			Story story = new Story().handled("a", 0, 0, 1).handled("b", 0, 1, 2).handled("c", 0, 1);
			assertThat(new Duplicates(story.of(4)).count()).isEqualTo(2);
			story = new Story().start("a", 0, 0).end("a", 0, 0, 1, Entry.FAILED).handled("b", 0, 0);
			assertThat(new Duplicates(story.of(4)).count()).isZero();
		}

		@Test
		void whatRanWhenThePartitionWentIsInFlight() {
			Story story = new Story().assigned("a", 0).handled("a", 0, 0).start("a", 0, 1).revoked("a", 0);
			assertThat(new Duplicates(story.end("a", 0, 1).of(4)).inFlight()).isEqualTo(1);
			story = new Story().assigned("a", 0).handled("a", 0, 0).committed("a", 0, 1).revoked("a", 0);
			assertThat(new Duplicates(story.of(4)).inFlight()).isZero();
			story = new Story().assigned("a", 0).start("a", 0, 0).start("a", 0, 1).start("a", 0, 2).end("a", 0, 1);
			assertThat(new Duplicates(story.revoked("a", 0).of(4)).inFlight()).as("side by side").isEqualTo(2);
		}

		@Test
		void whatWasStartedAndNotCommittedIsTheBoundOfAKill() {
			Story story = new Story().assigned("a", 0).handled("a", 0, 0, 1).committed("a", 0, 1).start("a", 0, 2);
			assertThat(new Duplicates(story.killed("a").of(4)).uncommitted()).isEqualTo(2);
			story = new Story().assigned("a", 0).handled("a", 0, 0, 1).committed("a", 0, 2).revoked("a", 0);
			assertThat(new Duplicates(story.of(4)).uncommitted()).isZero();
		}

		@Test
		void whatTheLastCommitReportedIsNotInTheBound() {
			Story story = new Story().assigned("a", 0).start("a", 0, 0).handled("a", 0, 1, 2);
			story.committing("a", 0, 0, "1").confirmed("a", 0, 0).killed("a");
			assertThat(new Duplicates(story.of(4)).uncommitted()).isEqualTo(3);
			assertThat(new Duplicates(story.of(4), (offset, metadata) -> (candidate) -> candidate == 1).uncommitted())
				.isEqualTo(2);
		}

		@Test
		void whatOneConsumerOfAnInstanceLostToAnotherIsInTheBound() {
			Story story = new Story().assigned("a", 0).handled("a", 0, 0, 1).committed("a", 0, 1);
			story.assignedTo("another of a", "a", 0).lost("a", 0).handled("a", 0, 1);
			assertThat(new Duplicates(story.of(4)).count()).isEqualTo(1);
			assertThat(new Duplicates(story.of(4)).uncommitted()).isEqualTo(1);
		}

		@Test
		void whatOthersCommitBeforeTheLossIsHeardOfIsInTheBound() {
			Story story = new Story().assigned("a", 0).handled("a", 0, 0, 1).committed("a", 0, 1);
			story.assignedTo("another of a", "a", 0).start("a", 0, 1, 2).end("a", 0, 1, 2, Entry.HANDLED);
			story.committed("a", 0, 2).lost("a", 0);
			assertThat(new Duplicates(story.of(4)).count()).isEqualTo(1);
			assertThat(new Duplicates(story.of(4)).uncommitted()).isEqualTo(1);
		}

		@Test
		void whatBothConsumersOfAnInstanceHandleBeforeTheLossIsHeardOfIsInTheBound() {
			Story story = new Story().assigned("a", 0).handled("a", 0, 0).committed("a", 0, 1);
			story.assignedTo("another of a", "a", 0).handled("a", 0, 1, 2).committed("a", 0, 3);
			Story late = story.handled("a", 0, 1).lost("a", 0);
			assertThat(new Duplicates(late.of(4)).count()).isEqualTo(1);
			assertThat(new Duplicates(late.of(4)).uncommitted()).isEqualTo(1);
			Story again = late.handled("a", 0, 2);
			assertThat(new Duplicates(again.of(4)).count()).isEqualTo(2);
			assertThat(new Duplicates(again.of(4)).uncommitted()).as("nobody excuses it after the loss").isEqualTo(1);
		}

		@Test
		void whatIsStartedOutOfTouchIsInTheBoundThoughOthersCommitItMeanwhile() {
			Story story = new Story().assigned("a", 0).handled("a", 0, 0).committed("a", 0, 1).outOfTouch("a");
			story.assigned("b", 0).handled("b", 0, 1, 2).committed("b", 0, 3).back("a");
			story.handled("a", 0, 1).lost("a", 0);
			assertThat(new Duplicates(story.of(4)).count()).isEqualTo(1);
			assertThat(new Duplicates(story.of(4)).uncommitted()).isEqualTo(1);
		}

	}

	/**
	 * Tests for {@link SteadyProgress} and {@link NeverTakenForDead}.
	 */
	@Nested
	class Progress {

		@Test
		void timeWithoutProgressIsCaught() {
			Story story = new Story().handled("a", 0, 0).later(5).handled("a", 0, 1).later(5);
			Oracle oracle = new SteadyProgress(0, 10_000_000, Duration.ofSeconds(6));
			assertThat(oracle.violations(story.of(4))).isEmpty();
			assertThat(new SteadyProgress(0, 10_000_000, Duration.ofSeconds(4)).violations(story.of(4))).hasSize(2);
			assertThat(oracle.violations(new Story().of(4))).hasSize(1);
		}

		@Test
		void lostPartitionIsCaught() {
			Oracle oracle = new NeverTakenForDead(10_000_000);
			assertThat(oracle.violations(new Story().assigned("a", 0).revoked("a", 0).of(4))).isEmpty();
			assertThat(oracle.violations(new Story().assigned("a", 0).lost("a", 0).of(4))).hasSize(1);
			assertThat(oracle.violations(new Story().assigned("a", 0).later(20).lost("a", 0).of(4))).isEmpty();
		}

	}

	/**
	 * Tests for {@link NeverStarted} and {@link HandledAgain}.
	 */
	@Nested
	class MovedOffsets {

		@Test
		void recordThatWasToBeSkippedIsCaught() {
			Oracle oracle = new NeverStarted(Story.partition(0), 1, 3);
			assertThat(oracle.violations(new Story().handled("a", 0, 0, 3).handled("a", 1, 1).of(4))).isEmpty();
			Story story = new Story().handled("a", 0, 1).moved(0, 3);
			assertThat(oracle.violations(story.of(4))).as("handled before").isEmpty();
			assertThat(oracle.violations(story.start("a", 0, 1).start("a", 0, 2).of(4))).hasSize(2);
		}

		@Test
		void recordThatIsNotHandledAgainIsCaught() {
			Oracle oracle = new HandledAgain(Story.partition(0), 1, 3);
			Story story = new Story().handled("a", 0, 0, 1, 2).moved(0, 1).handled("b", 0, 1);
			assertThat(oracle.violations(story.of(4))).containsExactly("orders-0@2 was not handled again");
			assertThat(oracle.violations(story.handled("b", 0, 2).of(4))).isEmpty();
		}

	}

}
