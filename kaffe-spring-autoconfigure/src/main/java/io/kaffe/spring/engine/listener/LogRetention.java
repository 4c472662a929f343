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
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.worker.LostRecords;
import io.kaffe.spring.table.PartitionSnapshot;
import io.kaffe.spring.table.PartitionSnapshot.DeletionExpected;

/**
 * When the log of an assigned partition deletes the oldest unfinished record, and what it
 * has deleted before that was handled.
 * <p>
 * A log deletes a record when it is older than the topic's {@code retention.ms}. If it
 * may also delete for its size, or if its configuration is unknown, and its start was
 * seen to move, then it deletes records that are as old as its first one. The earlier of
 * both counts. Segments are deleted as a whole and from time to time, so records are
 * deleted at that time or later.
 * <p>
 * What was deleted is known by offsets that the position has passed without a record:
 * those below the start of the log. Gaps above it are due to compaction and transactions.
 * <p>
 * <b>Threading.</b> The consumer thread notes what was passed. One thread at a time calls
 * {@link #learn}, {@link #lost} and {@link #warn}. Any thread calls the others.
 */
final class LogRetention {

	/** Nothing is requested as long as no unfinished record is older. */
	private static final Duration OLD = Duration.ofMinutes(1);

	/** Most gaps that are kept until the start of the log is known. */
	private static final int MOST_GAPS = 100;

	private final Queue<Gap> gaps = new ConcurrentLinkedQueue<>();

	private final Duration warning;

	private volatile @Nullable Learnt learnt;

	/** The record that was warned of last; -1 if none is near its deletion. */
	private volatile long warnedOf = -1;

	/**
	 * Create it.
	 * @param warning how long before its deletion a record needs attention; zero: never
	 */
	LogRetention(Duration warning) {
		this.warning = warning;
	}

	/**
	 * Note how far the position is: there was no record between what was polled, or
	 * committed, and there. Consumer thread.
	 * @param polled up to where records were polled; 0 if none were
	 * @param committed the last commit, or {@code null}
	 * @param position the position
	 * @param completed what was completed above the commit
	 */
	void passed(long polled, @Nullable OffsetAndMetadata committed, long position, ReportedOffsets completed) {
		long from = Math.max(polled, (committed != null) ? committed.offset() : 0);
		if (from < position && (polled > 0 || committed != null) && this.gaps.size() < MOST_GAPS) {
			this.gaps.add(new Gap(from, position, completed.blocked().certain(completed.offsets())));
		}
	}

	/**
	 * Return whether there is a reason to request where the log begins. In a consumer
	 * that keeps up there is none.
	 * @param partition the partition as it is now
	 */
	boolean isOfInterest(PartitionSnapshot partition) {
		Long seconds = partition.lag().seconds();
		return !this.gaps.isEmpty() || (!this.warning.isZero() && seconds != null && seconds > OLD.toSeconds());
	}

	/**
	 * Learn from brokers.
	 * @param start the start of the log
	 * @param first the offset of the first record; -1 if there is none
	 * @param firstTimestamp its timestamp in milliseconds; -1 if there is none
	 * @param topic what the topic deletes
	 * @param now the time
	 */
	void learn(long start, long first, long firstTimestamp, TopicRetention topic, Instant now) {
		Learnt before = this.learnt;
		boolean moved = before != null && (before.moved || start > before.start);
		this.learnt = new Learnt(start, moved, first,
				(firstTimestamp >= 0) ? Instant.ofEpochMilli(firstTimestamp) : null, topic, now);
	}

	/**
	 * Return what was deleted before it was handled, and forget what was passed.
	 * @param partition the partition
	 * @param start the start of the log
	 */
	List<LostRecords> lost(TopicPartition partition, long start) {
		List<LostRecords> lost = new ArrayList<>();
		for (Gap gap = this.gaps.poll(); gap != null; gap = this.gaps.poll()) {
			LostRecords records = gap.below(start, partition);
			if (records != null) {
				lost.add(records);
			}
		}
		return lost;
	}

	/**
	 * Return when a record is going to be deleted. Any thread.
	 * @param offset its offset, or that of the position if it was not polled
	 * @param timestamp its timestamp or an earlier one; {@code null} if it is unknown
	 * @param now the time
	 * @return {@code null} if it is not expected to be deleted soon, as far as is known
	 */
	@Nullable DeletionExpected expected(long offset, @Nullable Instant timestamp, Instant now) {
		Learnt learnt = this.learnt;
		Instant at = (learnt != null && !this.warning.isZero()) ? learnt.deletes(offset, timestamp) : null;
		return (at != null && Duration.between(now, at).compareTo(this.warning) <= 0) ? new DeletionExpected(offset, at)
				: null;
	}

	/**
	 * Return whether there is something to warn of that was not: the warning begins, or
	 * another record holds up the partition. Records of a consumer that only lags come
	 * and go.
	 * @param partition the partition as it is now
	 * @param now the time
	 */
	boolean warn(PartitionSnapshot partition, Instant now) {
		DeletionExpected expected = partition.deletionExpected();
		if (expected == null) {
			this.warnedOf = -1;
			return false;
		}
		PartitionSnapshot.OldestUnfinished oldest = partition.oldestUnfinished();
		boolean lasts = oldest != null && Duration.between(oldest.since(), now).compareTo(OLD) >= 0;
		if (this.warnedOf >= 0 && (this.warnedOf == expected.offset() || !lasts)) {
			return false;
		}
		this.warnedOf = expected.offset();
		return true;
	}

	/**
	 * Offsets that were passed.
	 */
	private record Gap(long from, long to, CompletedOffsets completed) {

		/**
		 * Return those below the start of the log that were not completed, or
		 * {@code null}.
		 */
		@Nullable LostRecords below(long start, TopicPartition partition) {
			long first = this.completed.firstNotIn(this.from);
			long end = Math.min(this.to, start);
			if (first >= end) {
				return null;
			}
			CompletedOffsets between = new CompletedOffsets.Builder().addFrom(this.completed, first, end).build();
			boolean lastCompleted = !between.isEmpty() && between.end() == end;
			long last = lastCompleted ? between.from(between.runs() - 1) - 1 : end - 1;
			return new LostRecords(partition, first, last, end - first - between.count());
		}

	}

	/**
	 * What brokers have answered last.
	 *
	 * @param moved whether the start was seen to move
	 */
	private record Learnt(long start, boolean moved, long first, @Nullable Instant firstTimestamp, TopicRetention topic,
			Instant at) {

		/**
		 * Return when a record is deleted, or {@code null}.
		 */
		@Nullable Instant deletes(long offset, @Nullable Instant timestamp) {
			Instant written = timestamp;
			Instant first = this.firstTimestamp;
			if (first != null && offset <= this.first && (written == null || first.isBefore(written))) {
				written = first;
			}
			if (written == null) {
				return null;
			}
			Duration age = this.topic.age();
			if (this.moved && this.topic.bySize() && first != null) {
				Duration oldest = Duration.between(first, this.at);
				age = (age == null || oldest.compareTo(age) < 0) ? oldest : age;
			}
			return (age != null) ? written.plus(age) : null;
		}

	}

}
