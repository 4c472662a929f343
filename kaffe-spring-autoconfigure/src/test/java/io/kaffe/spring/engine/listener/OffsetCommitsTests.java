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
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.RetriableCommitFailedException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.CoordinatorNotAvailableException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;

import io.kaffe.spring.engine.listener.Preparation.Awaited;
import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.offset.ParkedRecords;
import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.engine.worker.ConsumerObserver;
import io.kaffe.spring.engine.worker.ConsumerObservers;
import io.kaffe.spring.engine.worker.LimitedLog;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.table.PartitionSnapshot;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link OffsetCommits} with a consumer whose commits fail in ways that a real
 * broker cannot be made to fail on demand.
 */
@ExtendWith(OutputCaptureExtension.class)
class OffsetCommitsTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private final ManualExecution time = new ManualExecution();

	private final CommittingConsumer consumer = new CommittingConsumer();

	private final OffsetCommits.MetadataLimit metadataLimit = new OffsetCommits.MetadataLimit("orders", true);

	private final List<String> outcomesObserved = new ArrayList<>();

	private final OffsetCommits.Outcomes outcomes = new OffsetCommits.Outcomes(
			new ConsumerObservers("orders", List.of(new ConsumerObserver() {
				@Override
				public void committed(String consumer, @Nullable Exception failure) {
					OffsetCommitsTests.this.outcomesObserved
						.add((failure != null) ? failure.getClass().getSimpleName() : "confirmed");
				}
			})), this.time);

	private final InternalErrors errors = new InternalErrors("orders", this.time, () -> {
	}, (reason, failure) -> {
	});

	private final CommitHooks hooks = new CommitHooks(
			new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(Map.of()),
					new ContainerProperties("orders")),
			true, new LimitedLog("orders", this.time.runtime()));

	private final ConsumerWakeup wakeup = new ConsumerWakeup(this.consumer, this.time);

	private final CommitTimer timer = timer(Duration.ofSeconds(1));

	private final OffsetCommits commits = new OffsetCommits(this.consumer, true, this.timer, this.metadataLimit,
			Duration.ZERO, this.outcomes, this.hooks, this.errors, this.time);

	private PartitionAssignment assignment = new PartitionAssignment(new AssignedPartition(PARTITION, 1), 0,
			ContainerFixtures.POLICY, this.wakeup, this.timer,
			new LateCompletions(new LimitedLog("orders", this.time.runtime())), this.time, ContainerFixtures.POLLED_BY);

	@BeforeEach
	void poll() {
		this.assignment.append(records(0, 1000), null);
	}

	@Test
	void commitsOnTheIntervalAndOnlyWhatIsNew() {
		complete(0, 10);
		assertThat(commitIfDue(Duration.ofMillis(999))).isFalse();
		assertThat(this.consumer.commits).isEmpty();
		assertThat(commitIfDue(Duration.ofMillis(1))).isTrue();
		assertThat(this.consumer.offsets()).containsExactly(10L);
		this.consumer.answer(null);
		commitIfDue(Duration.ofSeconds(1));
		assertThat(this.consumer.offsets()).as("nothing new").containsExactly(10L);
		complete(10, 12);
		commitIfDue(Duration.ofSeconds(1));
		assertThat(this.consumer.offsets()).containsExactly(10L, 12L);
	}

	@Test
	void nothingIsCommittedUntilItIsKnownWhatIsNoted() {
		complete(0, 10);
		this.assignment.preparation().await(Awaited.NOTES);
		commitIfDue(Duration.ofSeconds(1));
		assertThat(this.commits.commitFinally(List.of(this.assignment), this.time.nanoTime(), () -> false)).isTrue();
		assertThat(this.consumer.commits).isEmpty();
		this.assignment.preparation().received(Awaited.NOTES);
		commitIfDue(Duration.ofSeconds(1));
		assertThat(this.consumer.offsets()).containsExactly(10L);
	}

	@Test
	void failedCommitIsCoveredByTheNextOne() {
		complete(0, 10);
		commitIfDue(Duration.ofSeconds(1));
		this.consumer.answer(new RetriableCommitFailedException(new CoordinatorNotAvailableException("moving")));
		assertThat(this.assignment.progress().committed()).isNull();
		commitIfDue(Duration.ofSeconds(1));
		assertThat(this.consumer.offsets()).containsExactly(10L, 10L);
		this.consumer.answer(null);
		assertThat(this.assignment.progress().committed()).isEqualTo(new OffsetAndMetadata(10));
		assertThat(this.outcomes.failed()).isEqualTo(1);
		assertThat(this.outcomes.confirmed()).isEqualTo(1);
		assertThat(this.outcomesObserved).containsExactly("RetriableCommitFailedException", "confirmed");
	}

	@Test
	void commitThatCannotBeSentHasFailedAndIsCoveredByTheNextOne() {
		complete(0, 10);
		this.consumer.failToSend(new KafkaException("no memory"));
		commitIfDue(Duration.ofSeconds(1));
		assertThat(this.outcomesObserved).containsExactly("KafkaException");
		commitIfDue(Duration.ofSeconds(1));
		this.consumer.answer(null);
		assertThat(this.assignment.progress().committed()).isEqualTo(new OffsetAndMetadata(10));
	}

	@Test
	void withoutAGroupItIsFollowedWhatIsComplete() {
		OffsetCommits groupless = new OffsetCommits(this.consumer, false, timer(Duration.ofSeconds(1)),
				this.metadataLimit, Duration.ZERO, this.outcomes, this.hooks, this.errors, this.time);
		complete(0, 10);
		complete(20, 30);
		this.time.advance(Duration.ofSeconds(1));
		assertThat(groupless.commitIfDue(List.of(this.assignment))).isTrue();
		assertThat(this.consumer.commits).isEmpty();
		assertThat(uncommitted()).as("from what is not complete").isEqualTo(990);
		complete(10, 20);
		complete(30, 1000);
		this.time.advance(Duration.ofSeconds(1));
		groupless.commitIfDue(List.of(this.assignment));
		assertThat(uncommitted()).isZero();
	}

	@Test
	void onlyOneCommitIsOnItsWay() {
		complete(0, 10);
		commitIfDue(Duration.ofSeconds(1));
		complete(10, 20);
		assertThat(commitIfDue(Duration.ofSeconds(1))).isFalse();
		assertThat(this.consumer.offsets()).containsExactly(10L);
		this.consumer.answer(null);
		assertThat(commitIfDue(Duration.ZERO)).as("the interval is over").isTrue();
		assertThat(this.consumer.offsets()).containsExactly(10L, 20L);
	}

	@Test
	void nothingIsCommittedAndNothingSetWhileNothingIsCompleted() {
		commitIfDue(Duration.ofSeconds(5));
		this.consumer.answer(null);
		for (int poll = 0; poll < 3; poll++) {
			assertThat(commitIfDue(Duration.ofSeconds(5))).isTrue();
		}
		assertThat(this.consumer.offsets()).as("where it began").containsExactly(0L);
		assertThat(this.time.timers()).isZero();
	}

	@Test
	void commitThatFailsIsMadeAgainAfterTheInterval() {
		complete(0, 10);
		commitIfDue(Duration.ofSeconds(1));
		this.consumer.answer(new RetriableCommitFailedException(new CoordinatorNotAvailableException("moving")));
		assertThat(commitIfDue(Duration.ofMillis(999))).isFalse();
		assertThat(commitIfDue(Duration.ofMillis(1))).isTrue();
		assertThat(this.consumer.offsets()).containsExactly(10L, 10L);
	}

	@Test
	void completedOffsetsAboveAreReportedOnceAndAgainWhenThereAreMore() {
		complete(0, 10);
		complete(20, 30);
		commitIfDue(Duration.ofSeconds(1));
		assertThat(this.consumer.commits.get(0).metadata()).startsWith("kaffe:");
		this.consumer.answer(null);
		commitIfDue(Duration.ofSeconds(1));
		assertThat(this.consumer.commits).hasSize(1);
		complete(40, 41);
		commitIfDue(Duration.ofSeconds(1));
		assertThat(this.consumer.offsets()).containsExactly(10L, 10L);
		assertThat(this.consumer.commits.get(1).metadata()).isNotEqualTo(this.consumer.commits.get(0).metadata());
	}

	@Test
	void answerThatComesLateDoesNotTurnTheCommittedOffsetBack() {
		this.assignment.progress().committed(new OffsetAndMetadata(50), 0, 0);
		this.assignment.progress().committed(new OffsetAndMetadata(10), 0, 0);
		assertThat(this.assignment.progress().committed()).isEqualTo(new OffsetAndMetadata(50));
	}

	@Test
	void finalCommitIsTriedAgainUntilTheBrokerConfirms() {
		complete(0, 10);
		this.consumer.syncFailures.addAll(
				List.of(new TimeoutException(), new WakeupException(), new CoordinatorNotAvailableException("moving")));
		assertThat(commitFinally()).isTrue();
		assertThat(this.consumer.timeouts).as("a pause, but after a wake-up")
			.containsExactly(Duration.ofSeconds(5), Duration.ofMillis(4950), Duration.ofMillis(4950),
					Duration.ofMillis(4900));
		assertThat(this.consumer.offsets()).containsExactly(10L, 10L, 10L, 10L);
		assertThat(this.assignment.progress().committed()).isEqualTo(new OffsetAndMetadata(10));
	}

	@Test
	void finalCommitIsAbandonedAtTheDeadline() {
		complete(0, 10);
		this.consumer.syncFailures.addAll(Collections.nCopies(200, new TimeoutException()));
		Instant before = this.time.instant();
		assertThat(commitFinally()).isFalse();
		assertThat(this.time.instant()).isEqualTo(before.plusSeconds(5));
	}

	@Test
	void threadThatIsInterruptedWhileItWaitsStaysInterrupted() {
		complete(0, 10);
		this.consumer.syncFailures.add(new TimeoutException());
		Thread.currentThread().interrupt();
		boolean committed = commitFinally();
		assertThat(Thread.interrupted()).isTrue();
		assertThat(committed).isTrue();
	}

	@Test
	void finalCommitThatCannotSucceedIsAbandoned() {
		complete(0, 10);
		for (KafkaException failure : List.of(new CommitFailedException(), new RebalanceInProgressException(),
				new GroupAuthorizationException("orders"))) {
			this.consumer.commits.clear();
			this.consumer.syncFailures.add(failure);
			assertThat(commitFinally()).isFalse();
			assertThat(this.consumer.offsets()).containsExactly(10L);
			assertThat(this.assignment.progress().committed()).isNull();
		}
	}

	@Test
	void refusedFinalCommitIsTriedAgainWhereARefusalMayPass() {
		OffsetCommits patient = new OffsetCommits(this.consumer, true, this.timer, this.metadataLimit,
				Duration.ofSeconds(1), this.outcomes, this.hooks, this.errors, this.time);
		complete(0, 10);
		this.consumer.syncFailures.addAll(List.of(new CommitFailedException(), new CommitFailedException()));
		Instant before = this.time.instant();
		assertThat(commitFinally(patient, () -> false)).isTrue();
		assertThat(this.time.instant()).as("a pause before each").isEqualTo(before.plusMillis(100));
		assertThat(this.consumer.offsets()).containsExactly(10L, 10L, 10L);
	}

	@Test
	void finalCommitDuringARebalanceIsTriedAgainAsLongAsTakingPartHelps() {
		complete(0, 10);
		this.consumer.syncFailures
			.addAll(List.of(new RebalanceInProgressException(), new RebalanceInProgressException()));
		AtomicInteger polls = new AtomicInteger();
		assertThat(commitFinally(this.commits, () -> polls.incrementAndGet() < 5)).isTrue();
		assertThat(polls).hasValue(2);
		complete(10, 20);
		this.consumer.syncFailures.add(new RebalanceInProgressException());
		assertThat(commitFinally(this.commits, () -> false)).isFalse();
	}

	@Test
	void whatWasCompleteBeforeIsPassedWhenAllThatWasPolledIsComplete() {
		PartitionProgress progress = new PartitionProgress();
		progress.continueFrom(new OffsetAndMetadata(10),
				new ReportedOffsets(new CompletedOffsets.Builder().add(12, 20).add(25, 30).build(), ParkedRecords.NONE,
						CommitMetadata.UNKNOWN_EPOCH));
		progress.append(records(10, 12), null, this.time.instant());
		progress.complete(10);
		progress.complete(11);
		OffsetAndMetadata commit = Objects.requireNonNull(progress.advance(2, 4096, this.time.instant()));
		assertThat(commit.offset()).isEqualTo(20);
		assertThat(commit.metadata())
			.isEqualTo(CommitMetadata.of(20, new CompletedOffsets.Builder().add(25, 30).build(), 4096).text());
		progress.committed(commit, 2, progress.revision());
		assertThat(progress.append(records(12, 22), null, this.time.instant())).extracting(ConsumerRecord::offset)
			.containsExactly(20L, 21L);
		assertThat(progress.advance(2, 4096, this.time.instant())).as("committed already").isNull();
	}

	@Test
	void whatHoldsNoRecordIsPassedBeforeTheFirstRecordToo() {
		PartitionProgress progress = new PartitionProgress();
		progress.passTo(7);
		assertThat(progress.advance(0, 0, this.time.instant())).isNull();
		progress.continueFrom(new OffsetAndMetadata(5), ReportedOffsets.NONE);
		progress.passTo(5);
		assertThat(progress.advance(0, 0, this.time.instant())).isNull();
		progress.passTo(7);
		assertThat(progress.advance(0, 0, this.time.instant())).isEqualTo(new OffsetAndMetadata(7));
	}

	@Test
	void positionIsCommittedAtOnceOrSaysWhyNot() {
		TimeoutException failure = new TimeoutException("no answer");
		this.consumer.syncFailures.add(failure);
		assertThat(this.commits.commitPosition(this.assignment, 500, Duration.ofSeconds(5))).isSameAs(failure);
		assertThat(this.assignment.progress().committed()).isNull();
		assertThat(this.commits.commitPosition(this.assignment, 500, Duration.ofSeconds(5))).isNull();
		assertThat(this.consumer.offsets()).containsExactly(500L, 500L);
		assertThat(this.assignment.progress().committed()).isEqualTo(new OffsetAndMetadata(500));
		assertThat(this.outcomesObserved).containsExactly("TimeoutException", "confirmed");
	}

	@Test
	void consumerWithoutAGroupCommitsNoPosition() {
		OffsetCommits none = new OffsetCommits(this.consumer, false, timer(Duration.ofSeconds(1)), this.metadataLimit,
				Duration.ZERO, this.outcomes, this.hooks, this.errors, this.time);
		assertThat(none.commitPosition(this.assignment, 500, Duration.ofSeconds(5))).isNull();
		assertThat(this.consumer.commits).isEmpty();
	}

	@Test
	void commitsThatFailInPassingAreAWarningWhenTheyGoOnFailing(CapturedOutput output) {
		failToCommit(Duration.ofSeconds(1), Duration.ofSeconds(2));
		assertThat(output).doesNotContain("WARN");
		failToCommit(Duration.ofSeconds(1), Duration.ofSeconds(10));
		assertThat(output).containsOnlyOnce("WARN")
			.contains("The commit of orders-0@10")
			.contains("failed; the next commit covers it");
		commitIfDue(Duration.ofSeconds(1));
		this.consumer.answer(null);
		assertThat(output).containsOnlyOnce("Commits succeed again: ");
	}

	@Test
	void commitThatFailsInPassingAndThenSucceedsIsNotReported(CapturedOutput output) {
		failToCommit(Duration.ofSeconds(1), Duration.ofSeconds(1));
		commitIfDue(Duration.ofSeconds(1));
		this.consumer.answer(null);
		assertThat(output).doesNotContain("WARN").doesNotContain("Commits succeed again");
	}

	@Test
	void commitThatIsRefusedIsAWarningAtOnce(CapturedOutput output) {
		complete(0, 10);
		commitIfDue(Duration.ofSeconds(1));
		this.consumer.answer(new CommitFailedException());
		assertThat(output).containsOnlyOnce("WARN")
			.contains("This consumer is no longer a member of its group, so the commit of")
			.contains("was refused; the records are redelivered to the current owners of the partitions");
		commitIfDue(Duration.ofSeconds(1));
		this.consumer.answer(null);
		assertThat(output).contains("Commits succeed again: orders-0@10");
	}

	@Test
	void commitsThatAreRefusedAreAWarningOnce(CapturedOutput output) {
		complete(0, 10);
		for (int commit = 0; commit < 3; commit++) {
			commitIfDue(Duration.ofSeconds(1));
			this.consumer.answer(new CommitFailedException());
		}
		assertThat(output).containsOnlyOnce("WARN");
	}

	@Test
	void finalCommitWithoutAnythingNewAsksNoBroker() {
		complete(0, 1);
		assertThat(commitFinally()).isTrue();
		int before = this.consumer.commits.size();
		assertThat(commitFinally()).isTrue();
		assertThat(this.consumer.commits).hasSize(before);
	}

	@Test
	void metadataThatTheBrokerRefusesIsHalvedUntilItFits() {
		for (int number = 1; number < 1000; number += 2) {
			complete(number, number + 1);
		}
		this.consumer.syncFailures.add(new OffsetMetadataTooLarge("too large"));
		assertThat(commitFinally()).isTrue();
		assertThat(this.consumer.commits).hasSize(2);
		int refused = this.consumer.commits.get(0).metadata().length();
		assertThat(this.metadataLimit.length()).isEqualTo(refused / 2);
		assertThat(this.consumer.commits.get(1).metadata()).hasSizeLessThanOrEqualTo(refused / 2);
		this.metadataLimit.tooLarge(40);
		assertThat(this.metadataLimit.length()).isZero();
	}

	@Test
	void limitOfTheBrokerIsAWarningUnlessItIsKnown(CapturedOutput output) {
		this.metadataLimit.tooLarge(64);
		assertThat(this.metadataLimit.length()).isEqualTo(32);
		// Commits of other threads that were on their way.
		this.metadataLimit.tooLarge(65);
		this.metadataLimit.tooLarge(100);
		assertThat(this.metadataLimit.length()).isEqualTo(32);
		assertThat(output).containsOnlyOnce("WARN")
			.contains("Consumer 'orders': the broker rejected 64 bytes of commit metadata")
			.contains("completed offsets are stored in at most 32 bytes from now on");
	}

	@Test
	void commitsThatFailForAMinuteAreAProblemUntilOneIsConfirmed() {
		Instant begin = this.time.instant().plusSeconds(1);
		failToCommit(Duration.ofSeconds(1), Duration.ofSeconds(60));
		assertThat(this.commits.problem()).as("for 59 s").isNull();
		failToCommit(Duration.ofSeconds(1), Duration.ofSeconds(1));
		assertThat(this.commits.problem()).isEqualTo("commits failing: none has been confirmed since " + begin
				+ ", the last one of orders-0@10 with " + CoordinatorNotAvailableException.class.getName());
		commitIfDue(Duration.ofSeconds(1));
		this.consumer.answer(null);
		assertThat(this.commits.problem()).isNull();
		complete(10, 11);
		failToCommit(Duration.ofSeconds(1), Duration.ofSeconds(1));
		assertThat(this.commits.problem()).as("the time begins anew").isNull();
	}

	@Test
	void timeOfTheLastConfirmedCommitIsNotThatOfOneThatFailed() {
		long created = this.time.nanoTime();
		this.time.advance(Duration.ofSeconds(1));
		this.outcomes.add(new TimeoutException());
		assertThat(this.outcomes.lastConfirmedAt()).isEqualTo(created);
		this.outcomes.add(null);
		assertThat(this.outcomes.lastConfirmedAt()).isEqualTo(this.time.nanoTime());
	}

	@Test
	void commitsThatAreRareMayFailForFiveIntervals() {
		OffsetCommits rare = new OffsetCommits(this.consumer, true, timer(Duration.ofMinutes(1)), this.metadataLimit,
				Duration.ZERO, new OffsetCommits.Outcomes(new ConsumerObservers("orders", List.of()), this.time),
				this.hooks, this.errors, this.time);
		complete(0, 10);
		for (int minute = 0; minute < 5; minute++) {
			this.time.advance(Duration.ofMinutes(1));
			rare.commitIfDue(List.of(this.assignment));
			this.consumer.answer(new TimeoutException());
			assertThat(rare.problem()).isNull();
		}
		this.time.advance(Duration.ofMinutes(1));
		assertThat(rare.problem()).contains("orders-0@10 with " + TimeoutException.class.getName());
	}

	@Test
	void commitThatIsNotAnsweredIsAProblemToo() {
		complete(0, 10);
		commitIfDue(Duration.ofSeconds(1));
		commitIfDue(Duration.ofSeconds(1));
		commitIfDue(Duration.ofSeconds(59));
		assertThat(this.commits.problem()).isNull();
		commitIfDue(Duration.ofSeconds(1));
		assertThat(this.commits.problem()).endsWith("the last one is not answered");
		this.consumer.answer(null);
		assertThat(this.commits.problem()).isNull();
	}

	@Test
	void failedCommitOfARevokedPartitionIsNoProblem() {
		failToCommit(Duration.ofSeconds(1), Duration.ofSeconds(70));
		assertThat(this.commits.problem()).isNotNull();
		this.time.advance(Duration.ofSeconds(1));
		this.commits.commitIfDue(List.of());
		assertThat(this.commits.problem()).isNull();
	}

	private CommitTimer timer(Duration interval) {
		return new CommitTimer(this.wakeup, interval, this.time.runtime());
	}

	/**
	 * Fail to commit on each interval for a while.
	 */
	private void failToCommit(Duration interval, Duration whole) {
		complete(0, 10);
		for (long left = whole.dividedBy(interval); left > 0; left--) {
			commitIfDue(interval);
			this.consumer.answer(new RetriableCommitFailedException(new CoordinatorNotAvailableException("moving")));
		}
	}

	/**
	 * Return the distance from the watermark to the last offset polled.
	 */
	private long uncommitted() {
		PartitionSnapshot.Offsets offsets = this.assignment.snapshot(false).offsets();
		return Objects.requireNonNull(offsets.nextFetch()) - Objects.requireNonNull(offsets.completed());
	}

	private boolean commitIfDue(Duration later) {
		this.time.advance(later);
		return this.commits.commitIfDue(List.of(this.assignment));
	}

	private boolean commitFinally() {
		return commitFinally(this.commits, () -> false);
	}

	private boolean commitFinally(OffsetCommits commits, BooleanSupplier takePartInRebalance) {
		return commits.commitFinally(List.of(this.assignment), this.time.nanoTime() + Duration.ofSeconds(5).toNanos(),
				takePartInRebalance);
	}

	private void complete(int from, int to) {
		records(from, to).forEach(this.assignment::complete);
	}

	private static List<ConsumerRecord<String, String>> records(int from, int to) {
		return IntStream.range(from, to)
			.mapToObj((offset) -> new ConsumerRecord<>("orders", 0, offset, "key", "value"))
			.toList();
	}

}
