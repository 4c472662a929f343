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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.SeekResult;
import io.kaffe.spring.engine.delivery.Delivery;
import io.kaffe.spring.engine.listener.Preparation.Awaited;

/**
 * Reads a partition on from another offset: nothing more of it is started, records in
 * progress are finished, then the rest is dropped and the position moved and committed;
 * where records are handled once, when the notes from there on are deleted: a crash in
 * between undoes the seek. Should that commit fail, the next ones report the new
 * position, and are waited for briefly. Meanwhile the other partitions are processed.
 * <p>
 * <b>Threading.</b> Belongs to the consumer thread.
 */
final class PartitionSeek extends ConsumerCommands.Command<SeekResult> {

	private static final Log logger = LogFactory.getLog(PartitionSeek.class);

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	private static final Duration COMMIT_TIMEOUT = Duration.ofSeconds(5);

	private static final Duration COMMIT_PATIENCE = Duration.ofSeconds(5);

	private static final Duration DATABASE_PATIENCE = Duration.ofSeconds(10);

	private static final int SHOWN_PARKED = 100;

	private final TopicPartition partition;

	private final SeekPosition to;

	private final Consumer<?, ?> consumer;

	private final Assignments assignments;

	private final AssignmentReplacement replacement;

	private final Repositioning repositioning;

	private final OffsetCommits commits;

	private final Delivery delivery;

	private @Nullable PartitionAssignment leaving;

	/** What it is read in after the seek. */
	private @Nullable PartitionAssignment sought;

	/** Whether it was tried to commit the new position. */
	private boolean committing;

	/** Why that failed. */
	private @Nullable KafkaException failure;

	private long offset;

	private long deadline;

	/** What is below the offset, and how much of it is parked. */
	private long unfinished;

	private List<Long> parked = List.of();

	/**
	 * Create a seek.
	 * @param partition the partition
	 * @param to its new position
	 * @param consumer the consumer
	 * @param assignments the partitions of the consumer
	 * @param replacement replaces their assignments
	 * @param repositioning reads on if the seek fails
	 * @param commits commits the new position
	 * @param delivery knows which records are parked
	 */
	PartitionSeek(TopicPartition partition, SeekPosition to, Consumer<?, ?> consumer, Assignments assignments,
			AssignmentReplacement replacement, Repositioning repositioning, OffsetCommits commits, Delivery delivery) {
		this.partition = partition;
		this.to = to;
		this.consumer = consumer;
		this.assignments = assignments;
		this.replacement = replacement;
		this.repositioning = repositioning;
		this.commits = commits;
		this.delivery = delivery;
	}

	@Override
	boolean tryToProceed() {
		PartitionAssignment sought = this.sought;
		if (sought == null) {
			sought = seek();
			if (sought == null) {
				return false;
			}
			this.sought = sought;
			this.deadline = this.replacement.deadlineIn(DATABASE_PATIENCE);
		}
		if (!this.committing) {
			if (sought.preparation().isAwaiting(Awaited.NOTES)) {
				checkPatience(sought, "it is still noted which of its records from there on were handled: the database "
						+ "does not answer", null);
				return false;
			}
			this.committing = true;
			this.failure = this.commits.commitPosition(sought, this.offset, COMMIT_TIMEOUT);
			this.deadline = this.replacement.deadlineIn(COMMIT_PATIENCE);
		}
		if (this.failure != null && sought.progress().committed() == null) {
			// One of the periodic commits, as after a rebalance during which the client
			// does not commit: they report the new position too.
			checkPatience(sought, "it could not be committed: " + this.failure.getMessage(), this.failure);
			return false;
		}
		answer(new SeekResult(this.offset, this.unfinished, this.parked));
		return true;
	}

	/**
	 * Seek, if nothing is being handled.
	 * @return the new assignment, or {@code null} if it is not done yet
	 */
	private @Nullable PartitionAssignment seek() {
		PartitionAssignment present = this.assignments.get(this.partition);
		PartitionAssignment leaving = this.leaving;
		if (present == null || (leaving != null && present != leaving)) {
			throw new IllegalStateException(this.partition + " was taken from the consumer before it was sought");
		}
		if (leaving == null) {
			if (present.isRevoked()) {
				throw new IllegalStateException(this.partition + " is being sought already");
			}
			this.offset = resolve();
			// Before their workers drop them.
			this.parked = parkedBelow();
			this.leaving = present;
		}
		try {
			return read(present, leaving == null);
		}
		catch (Throwable ex) {
			this.repositioning.readAgain(present);
			throw ex;
		}
	}

	private @Nullable PartitionAssignment read(PartitionAssignment present, boolean begins) {
		if (begins) {
			this.deadline = this.replacement.begin(present);
		}
		if (!this.replacement.isDrained(present, this.deadline)) {
			return null;
		}
		this.unfinished = present.progress().openBelow(this.offset);
		this.parked = this.parked.stream().filter((parked) -> !present.progress().isComplete(parked)).toList();
		PartitionAssignment sought = this.replacement.replace(present, new OffsetAndMetadata(this.offset),
				(next) -> next.beginAt(this.offset));
		sought.preparation().handleAgainFrom(this.offset);
		logger.info("Seeking " + this.partition + " to offset " + this.offset + " as requested" + ((this.unfinished > 0)
				? ", past " + this.unfinished + " unfinished records, of which parked: " + this.parked : ""));
		return sought;
	}

	/**
	 * Throw if the new position cannot be committed any more, or not in time.
	 */
	private void checkPatience(PartitionAssignment sought, String why, @Nullable KafkaException failure) {
		if (this.assignments.get(this.partition) != sought) {
			throw new IllegalStateException(this.partition + " was taken from the consumer before its new position "
					+ this.offset + " was committed", failure);
		}
		if (this.replacement.isOver(this.deadline)) {
			throw new IllegalStateException(this.partition + " is read from " + this.offset
					+ " now, but a restart before its next commit undoes that, since " + why, failure);
		}
	}

	private List<Long> parkedBelow() {
		return this.delivery.failures()
			.all()
			.stream()
			.filter((failing) -> failing.state() == FailingRecord.State.PARKED
					&& failing.partition().equals(this.partition) && failing.offset() < this.offset)
			.map(FailingRecord::offset)
			.limit(SHOWN_PARKED)
			.toList();
	}

	private long resolve() {
		Set<TopicPartition> partitions = Set.of(this.partition);
		if (this.to instanceof SeekPosition.Time time) {
			Map<TopicPartition, Long> times = Map.of(this.partition, time.time().toEpochMilli());
			OffsetAndTimestamp found = CommitReader.awake(() -> this.consumer.offsetsForTimes(times, TIMEOUT))
				.get(this.partition);
			return (found != null) ? found.offset() : end(partitions);
		}
		if (this.to == SeekPosition.end()) {
			return end(partitions);
		}
		long beginning = Objects.requireNonNull(
				CommitReader.awake(() -> this.consumer.beginningOffsets(partitions, TIMEOUT)).get(this.partition));
		if (this.to instanceof SeekPosition.Offset requested) {
			long end = end(partitions);
			if (requested.offset() < beginning || requested.offset() > end) {
				throw new IllegalArgumentException("Offset " + requested.offset() + " is out of the range of "
						+ this.partition + ", which has offsets from " + beginning + " to " + end);
			}
			return requested.offset();
		}
		return beginning;
	}

	private long end(Set<TopicPartition> partitions) {
		return Objects.requireNonNull(
				CommitReader.awake(() -> this.consumer.endOffsets(partitions, TIMEOUT)).get(this.partition));
	}

}
