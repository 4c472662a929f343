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
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.delivery.NotesInMemory;
import io.kaffe.spring.engine.delivery.OnceDelivery;
import io.kaffe.spring.engine.delivery.OnceStore;
import io.kaffe.spring.engine.delivery.PollingConsumer;
import io.kaffe.spring.engine.listener.Preparation.Awaited;
import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.engine.worker.LimitedLog;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.table.ConsumerProblem;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link HandledLookup} and {@link NoteCleanup}.
 */
class HandledLookupTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private static final Uuid TOPIC_ID = Uuid.randomUuid();

	private static final OnceStore.Partition NOTED = new OnceStore.Partition("shop", "orders", TOPIC_ID, 0);

	private final ManualExecution execution = new ManualExecution();

	private final NotesInMemory notes = new NotesInMemory();

	private final LimitedLog log = new LimitedLog("orders", this.execution.runtime());

	private final OnceDelivery once = new OnceDelivery(this.notes, this.execution, this.log);

	private final Facts facts = new Facts();

	private final List<String> wakeups = new ArrayList<>();

	private final Map<TopicPartition, Long> positions = new HashMap<>(Map.of(PARTITION, 0L));

	private final HandledLookup lookup = new HandledLookup("shop", this.once, this.facts,
			new NoteCleanup(this.once, this.execution.runtime(), this.log), this.positions::get,
			() -> this.wakeups.add("woken"), this.execution.runtime(), this.log);

	private final ConsumerWakeup wakeup = new ConsumerWakeup(new MockConsumer<>("earliest"), this.execution);

	private PartitionAssignment assignment = assignment();

	private PartitionAssignment assignment() {
		return assignment(ContainerFixtures.POLLED_BY);
	}

	private PartitionAssignment assignment(PollingConsumer polledBy) {
		return assignment(PARTITION, polledBy);
	}

	private PartitionAssignment assignment(TopicPartition partition, PollingConsumer polledBy) {
		PartitionAssignment assignment = new PartitionAssignment(new AssignedPartition(partition, 1), 0,
				ContainerFixtures.POLICY, this.wakeup,
				new CommitTimer(this.wakeup, Duration.ofSeconds(1), this.execution.runtime()),
				new LateCompletions(this.log), this.execution, polledBy);
		assignment.preparation().await(Awaited.NOTES);
		return assignment;
	}

	@Test
	void whatIsNotedIsNotDispatched() {
		this.notes.offsets(NOTED).addAll(List.of(1L, 3L));
		assertThat(this.assignment.preparation().isAwaiting()).isTrue();
		proceed();
		assertThat(this.assignment.preparation().isAwaiting()).as("the database has not answered").isTrue();
		this.execution.runAll();
		assertThat(this.wakeups).hasSize(1);
		assertThat(this.assignment.preparation().isAwaiting()).as("until the consumer thread takes it").isTrue();
		proceed();
		assertThat(this.assignment.preparation().isAwaiting()).isFalse();
		assertThat(this.assignment.noted()).isEqualTo(NOTED);
		assertThat(this.assignment.append(AssignmentParts.records(PARTITION, 0, 5), null)).extracting("offset")
			.containsExactly(0L, 2L, 4L);
		assertThat(this.assignment.progress().isComplete(3)).isTrue();
	}

	@Test
	void whatIsNotedButNotCommittedInKafkaIsDispatchedIfThatIsATransactionOfItsOwn() {
		this.assignment = assignment(ContainerFixtures.POLLED_BY.transactional(() -> null));
		this.notes.offsets(NOTED).add(1L);
		lookUp();
		assertThat(this.assignment.noted()).isEqualTo(NOTED);
		assertThat(this.assignment.append(AssignmentParts.records(PARTITION, 0, 3), null)).extracting("offset")
			.containsExactly(0L, 1L, 2L);
	}

	@Test
	void partitionStaysPausedUntilTheDatabaseAnswers() {
		this.notes.failure = new IllegalStateException("away");
		proceed();
		this.execution.runAll();
		proceed();
		assertThat(this.assignment.preparation().isAwaiting()).isTrue();
		assertThat(this.once.problems()).singleElement().satisfies((problem) -> {
			assertThat(problem.kind()).isEqualTo(ConsumerProblem.Kind.DATABASE);
			assertThat(problem.meansDown()).isTrue();
			assertThat(problem.message()).startsWith("database: ")
				.contains("orders-0")
				.contains("java.lang.IllegalStateException");
		});
		this.notes.failure = null;
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		proceed();
		assertThat(this.assignment.preparation().isAwaiting()).isFalse();
		assertThat(this.once.problems()).isEmpty();
	}

	@Test
	void nothingIsReadBeforeThePositionIsKnown() {
		this.positions.clear();
		proceed();
		this.execution.runAll();
		assertThat(this.wakeups).isEmpty();
		this.positions.put(PARTITION, 0L);
		proceed();
		this.execution.runAll();
		assertThat(this.wakeups).hasSize(1);
	}

	@Test
	void lookupOfARevokedPartitionIsGivenUp() {
		this.notes.failure = new IllegalStateException("away");
		proceed();
		this.execution.runAll();
		this.assignment.revoke();
		this.notes.failure = null;
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(this.wakeups).isEmpty();
		assertThat(this.once.problems()).as("though its consumer may have ended").isEmpty();
	}

	@Test
	void problemEndsWithTheConsumer() {
		this.notes.failure = new IllegalStateException("away");
		proceed();
		this.execution.runAll();
		assertThat(this.once.problems()).hasSize(1);
		this.assignment.revoke();
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(this.once.problems()).as("though it looks up nothing any more").isEmpty();
	}

	@Test
	void partitionOfATopicThatIsUnknownKeepsNoOthersWaiting() {
		TopicPartition deleted = new TopicPartition("deleted", 0);
		PartitionAssignment unknown = assignment(deleted, ContainerFixtures.POLLED_BY);
		this.positions.put(deleted, 0L);
		lookUp(unknown, this.assignment);
		assertThat(this.assignment.preparation().isAwaiting()).isFalse();
		assertThat(unknown.preparation().isAwaiting()).isTrue();
		assertThat(this.once.problems()).singleElement()
			.satisfies((problem) -> assertThat(problem.message()).contains("deleted-0")
				.contains("UnknownTopicOrPartitionException"));
	}

	@Test
	void whatIsAnsweredIsNotRequestedAgainWithTheRest() {
		TopicPartition second = new TopicPartition("orders", 1);
		PartitionAssignment elsewhere = assignment(second, ContainerFixtures.POLLED_BY);
		this.positions.put(second, 2L);
		elsewhere.progress().continueFrom(new OffsetAndMetadata(2), ReportedOffsets.NONE);
		this.notes.floors.put(new OnceStore.Partition("shop", "orders", TOPIC_ID, 1), 10L);
		this.facts.committed = 11L;
		this.assignment.progress().continueFrom(new OffsetAndMetadata(5), ReportedOffsets.NONE);
		this.positions.put(PARTITION, 3L);
		lookUp(elsewhere, this.assignment);
		assertThat(elsewhere.preparation().isAwaiting()).isTrue();
		assertThat(this.assignment.preparation().isAwaiting()).isFalse();
		this.notes.offsets(NOTED).add(4L);
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(this.notes.offsets(NOTED)).as("handled since").containsExactly(4L);
	}

	@Test
	void errorDoesNotEndTheLookup() {
		this.facts.failure = new NoClassDefFoundError("On purpose");
		proceed();
		this.execution.runAll();
		this.facts.failure = null;
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		proceed();
		assertThat(this.assignment.preparation().isAwaiting()).isFalse();
	}

	@Test
	void partitionThatItsListenerHasSoughtIsHandledAgainFromThere() {
		this.notes.offsets(NOTED).addAll(List.of(1L, 3L, 4L));
		this.assignment.progress().continueFrom(new OffsetAndMetadata(5), ReportedOffsets.NONE);
		this.positions.put(PARTITION, 3L);
		lookUp();
		assertThat(this.notes.offsets(NOTED)).containsExactly(1L);
		assertThat(this.assignment.append(AssignmentParts.records(PARTITION, 3, 2), null)).hasSize(2);
	}

	@Test
	void seekIsFollowedThoughTheNotesWereReadAlready() {
		this.notes.offsets(NOTED).addAll(List.of(1L, 3L));
		proceed();
		this.execution.runAll();
		this.assignment.preparation().handleAgainFrom(0);
		lookUp();
		assertThat(this.assignment.preparation().isAwaiting()).isFalse();
		assertThat(this.notes.offsets(NOTED)).isEmpty();
		assertThat(this.assignment.append(AssignmentParts.records(PARTITION, 0, 5), null)).hasSize(5);
	}

	@Test
	void requestThatIsReplacedByASeekIsNotRepeated() {
		this.assignment.progress().continueFrom(new OffsetAndMetadata(5), ReportedOffsets.NONE);
		this.positions.put(PARTITION, 3L);
		this.notes.failure = new IllegalStateException("away");
		proceed();
		this.execution.runAll();
		this.notes.failure = null;
		this.assignment.preparation().handleAgainFrom(0);
		lookUp();
		assertThat(this.assignment.preparation().isAwaiting()).isFalse();
		this.notes.offsets(NOTED).add(4L);
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(this.notes.offsets(NOTED)).as("handled since").containsExactly(4L);
	}

	@Test
	void offsetThatWasMovedBackWhileNobodyConsumedIsHandledAgain() {
		this.notes.floors.put(NOTED, 10L);
		this.notes.offsets(NOTED).add(12L);
		this.facts.committed = 2L;
		this.assignment.progress().continueFrom(new OffsetAndMetadata(2), ReportedOffsets.NONE);
		this.positions.put(PARTITION, 2L);
		lookUp();
		assertThat(this.assignment.preparation().isAwaiting()).isFalse();
		assertThat(this.notes.floors).containsEntry(NOTED, 2L);
		assertThat(this.notes.offsets(NOTED)).isEmpty();
	}

	@Test
	void offsetThatWasCommittedLongAgoIsNotBelieved() {
		this.notes.floors.put(NOTED, 10L);
		this.notes.offsets(NOTED).add(12L);
		this.facts.committed = 11L;
		this.assignment.progress().continueFrom(new OffsetAndMetadata(2), ReportedOffsets.NONE);
		this.positions.put(PARTITION, 2L);
		lookUp();
		assertThat(this.assignment.preparation().isAwaiting()).as("another consumer has it").isTrue();
		assertThat(this.notes.floors).containsEntry(NOTED, 10L);
		assertThat(this.notes.offsets(NOTED)).containsExactly(12L);
	}

	@Test
	void offsetThatHasExpiredLetsNothingBeHandledAgain() {
		this.notes.floors.put(NOTED, 3L);
		this.notes.offsets(NOTED).add(4L);
		lookUp();
		assertThat(this.assignment.append(AssignmentParts.records(PARTITION, 0, 6), null)).extracting("offset")
			.containsExactly(3L, 5L);
		assertThat(this.notes.floors).containsEntry(NOTED, 3L);
		assertThat(this.notes.offsets(NOTED)).containsExactly(4L);
	}

	@Test
	void lookupForWhichThereWasNoThreadRunsWithTheNextPoll() {
		this.execution.reject(true);
		proceed();
		this.execution.reject(false);
		proceed();
		this.execution.runAll();
		proceed();
		assertThat(this.assignment.preparation().isAwaiting()).isFalse();
	}

	@Test
	void notesBelowTheCommittedOffsetAreDeletedOneIntervalAfterTheFloorIsRaised() {
		lookUp();
		this.assignment.append(AssignmentParts.records(PARTITION, 0, 5), null).forEach((record) -> {
			this.notes.offsets(NOTED).add(record.offset());
			this.assignment.complete(record);
		});
		this.assignment.progress().committed(new OffsetAndMetadata(4), 5, 0);
		cleanUp();
		assertThat(this.notes.floors).containsEntry(NOTED, 4L);
		assertThat(this.notes.offsets(NOTED)).as("until the floor is seen").hasSize(5);
		cleanUp();
		assertThat(this.notes.offsets(NOTED)).containsExactly(4L);
	}

	@Test
	void nothingIsDeletedAnyMoreWhenAnotherHasMovedTheFloor() {
		lookUp();
		this.assignment.append(AssignmentParts.records(PARTITION, 0, 5), null).forEach(this.assignment::complete);
		this.notes.offsets(NOTED).add(1L);
		this.assignment.progress().committed(new OffsetAndMetadata(5), 5, 0);
		this.notes.floors.put(NOTED, 3L);
		cleanUp();
		cleanUp();
		assertThat(this.notes.floors).containsEntry(NOTED, 3L);
		assertThat(this.notes.offsets(NOTED)).containsExactly(1L);
	}

	@Test
	void floorThatAnEarlierOwnerHasRaisedSinceIsTakenOver() {
		this.positions.put(PARTITION, 10L);
		this.notes.floors.put(NOTED, 3L);
		this.notes.offsets(NOTED).addAll(List.of(5L, 9L));
		lookUp();
		this.assignment.append(AssignmentParts.records(PARTITION, 10, 5), null).forEach(this.assignment::complete);
		this.assignment.progress().committed(new OffsetAndMetadata(15), 5, 0);
		this.notes.floors.put(NOTED, 8L);
		cleanUp();
		assertThat(this.notes.floors).containsEntry(NOTED, 8L);
		cleanUp();
		assertThat(this.notes.floors).containsEntry(NOTED, 15L);
		cleanUp();
		assertThat(this.notes.offsets(NOTED)).isEmpty();
	}

	@Test
	void floorThatWasRaisedWithoutAnAnswerIsTakenOver() {
		lookUp();
		this.notes.offsets(NOTED).add(1L);
		this.assignment.append(AssignmentParts.records(PARTITION, 0, 5), null).forEach(this.assignment::complete);
		this.assignment.progress().committed(new OffsetAndMetadata(5), 5, 0);
		this.notes.committed = () -> {
			throw new IllegalStateException("The connection is broken");
		};
		cleanUp();
		assertThat(this.notes.floors).containsEntry(NOTED, 5L);
		this.notes.committed = () -> {
		};
		cleanUp();
		cleanUp();
		assertThat(this.notes.offsets(NOTED)).isEmpty();
	}

	@Test
	void cleanupThatFailsIsRepeatedAndEndsWithTheAssignment() {
		lookUp();
		this.assignment.append(AssignmentParts.records(PARTITION, 0, 5), null).forEach(this.assignment::complete);
		this.assignment.progress().committed(new OffsetAndMetadata(5), 5, 0);
		this.notes.failure = new IllegalStateException("away");
		cleanUp();
		this.notes.failure = null;
		cleanUp();
		assertThat(this.notes.floors).containsEntry(NOTED, 5L);
		this.assignment.revoke();
		this.notes.offsets(NOTED).add(1L);
		cleanUp();
		assertThat(this.notes.offsets(NOTED)).containsExactly(1L);
	}

	@Test
	void notesOfThePreviousOwnerAreDeletedThoughNoRecordComes() {
		this.notes.offsets(NOTED).addAll(List.of(1L, 4L, 6L));
		this.assignment.progress().continueFrom(new OffsetAndMetadata(5), ReportedOffsets.NONE);
		this.positions.put(PARTITION, 5L);
		lookUp();
		cleanUp();
		cleanUp();
		assertThat(this.notes.floors).containsEntry(NOTED, 5L);
		assertThat(this.notes.offsets(NOTED)).containsExactly(6L);
	}

	@Test
	void floorIsNotRaisedToACommittedOffsetFromBeforeASeek() {
		this.assignment.progress().continueFrom(new OffsetAndMetadata(5), ReportedOffsets.NONE);
		this.positions.put(PARTITION, 3L);
		lookUp();
		cleanUp();
		assertThat(this.notes.floors).containsEntry(NOTED, 3L);
	}

	@Test
	void floorThatWasRaisedWithoutAnAnswerIsTakenOverWhenMoreIsCommittedSince() {
		lookUp();
		this.assignment.append(AssignmentParts.records(PARTITION, 0, 5), null).forEach((record) -> {
			this.notes.offsets(NOTED).add(record.offset());
			this.assignment.complete(record);
		});
		this.assignment.progress().committed(new OffsetAndMetadata(4), 5, 0);
		this.notes.committed = () -> {
			throw new IllegalStateException("connection broken");
		};
		cleanUp();
		this.notes.committed = () -> {
		};
		this.assignment.progress().committed(new OffsetAndMetadata(5), 5, 0);
		cleanUp();
		assertThat(this.notes.floors).containsEntry(NOTED, 4L);
		cleanUp();
		assertThat(this.notes.offsets(NOTED)).containsExactly(4L);
		assertThat(this.notes.floors).containsEntry(NOTED, 5L);
		cleanUp();
		assertThat(this.notes.offsets(NOTED)).isEmpty();
	}

	private void proceed() {
		this.lookup.proceed(List.of(this.assignment));
	}

	private void lookUp() {
		lookUp(this.assignment);
	}

	private void lookUp(PartitionAssignment... assignments) {
		this.lookup.proceed(List.of(assignments));
		this.execution.runAll();
		this.lookup.proceed(List.of(assignments));
	}

	private void cleanUp() {
		this.execution.advance(Duration.ofSeconds(10));
		this.execution.runAll();
	}

	/**
	 * What the test says.
	 */
	private static final class Facts implements GroupFacts {

		private @Nullable Long committed;

		private @Nullable Error failure;

		@Override
		public Map<String, Uuid> topicIds(Collection<String> topics) {
			if (this.failure != null) {
				throw this.failure;
			}
			assertThat(topics).contains("orders").doesNotHaveDuplicates();
			return Map.of("orders", TOPIC_ID);
		}

		@Override
		public @Nullable Long committed(TopicPartition partition) {
			return this.committed;
		}

	}

}
