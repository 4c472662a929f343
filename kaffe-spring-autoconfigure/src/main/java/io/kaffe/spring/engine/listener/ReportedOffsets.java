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

import java.util.function.LongPredicate;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;

import io.kaffe.spring.engine.delivery.EvictedKeys;
import io.kaffe.spring.engine.delivery.KeyHashes;
import io.kaffe.spring.engine.offset.BlockedKeys;
import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.offset.ParkedHistory;
import io.kaffe.spring.engine.offset.ParkedRecords;

/**
 * Offsets that were reported as complete, or as those of parked records, before an
 * assignment reads on at or below them, as long as the log still has the same records
 * there.
 * <p>
 * A log that was truncated is written on by a later leader; a leader epoch never comes
 * twice in a partition and never falls along its log. So a record of a later epoch than
 * all that were polled before the report was written after it. If its offset is below the
 * end of what was reported, other records are there from that offset on.
 *
 * @param offsets the complete ones, all of which were polled before, or passed
 * @param parked what is known about those of parked records
 * @param blocked keys whose records are not complete, though their offsets are among the
 * complete ones
 * @param leaderEpoch the highest leader epoch of what was polled before, or
 * {@link CommitMetadata#UNKNOWN_EPOCH}
 */
record ReportedOffsets(CompletedOffsets offsets, ParkedRecords parked, BlockedKeys blocked, int leaderEpoch) {

	/**
	 * No offsets.
	 */
	static final ReportedOffsets NONE = new ReportedOffsets(CompletedOffsets.NONE, ParkedRecords.NONE, BlockedKeys.NONE,
			CommitMetadata.UNKNOWN_EPOCH);

	private static final Log logger = LogFactory.getLog(ReportedOffsets.class);

	/**
	 * Create a report without blocked keys.
	 */
	ReportedOffsets(CompletedOffsets offsets, ParkedRecords parked, int leaderEpoch) {
		this(offsets, parked, BlockedKeys.NONE, leaderEpoch);
	}

	/**
	 * Return the first offset from another one on that may be incomplete.
	 */
	long firstNotIn(long offset) {
		long first = this.offsets.firstNotIn(offset);
		return this.blocked.isEmpty() ? first : Math.min(first, Math.max(offset, this.blocked.first()));
	}

	/**
	 * Return whether a record is complete: its offset is, and its key is not blocked.
	 */
	boolean isComplete(ConsumerRecord<?, ?> record) {
		return this.offsets.contains(record.offset()) && (record.offset() < this.blocked.first() || isWithoutKey(record)
				|| !this.blocked.isBlocked(KeyHashes.of(record.key()), record.offset()));
	}

	/**
	 * Return whether a record has no key, rather than one that was deserialized to
	 * nothing.
	 */
	private static boolean isWithoutKey(ConsumerRecord<?, ?> record) {
		return record.key() == null && record.serializedKeySize() <= 0;
	}

	boolean isEmpty() {
		return this.offsets.isEmpty() && this.parked.isEmpty();
	}

	/**
	 * Return the offset after the last one; 0 if there are none.
	 */
	long end() {
		return Math.max(this.offsets.isEmpty() ? 0 : this.offsets.end(), this.parked.end());
	}

	/**
	 * Return what is parked, or was, and is not completed: what was polled since, and
	 * what of these was not.
	 * @param polled what is known about records that were polled
	 * @param isComplete whether one of them is completed
	 * @param next the offset that is polled next
	 */
	ParkedRecords unfinishedParked(ParkedHistory polled, LongPredicate isComplete, long next) {
		return polled.unfinished(isComplete).and(this.parked.only((offset) -> offset >= next));
	}

	/**
	 * Return the keys whose records are not complete though their offsets count as such:
	 * what was polled since, and what of these was not.
	 * @param polled the keys of records that were polled
	 * @param next the offset that is polled next
	 */
	BlockedKeys unfinishedBlocked(EvictedKeys polled, long next) {
		return polled.blocked().and(this.blocked, next);
	}

	/**
	 * Return what is complete above a watermark: of what was polled since, and what of
	 * these was not.
	 * @param reached up to where all that was polled is complete, at or above the
	 * watermark
	 * @param completed what was polled above that and is complete
	 * @param next the offset that is polled next
	 */
	CompletedOffsets above(long watermark, long reached, CompletedOffsets completed, long next) {
		CompletedOffsets.Builder above = new CompletedOffsets.Builder();
		if (watermark + 1 < reached) {
			above.add(watermark + 1, reached);
		}
		return above.addFrom(completed, reached, Long.MAX_VALUE)
			.addFrom(this.offsets, Math.max(next, watermark), Long.MAX_VALUE)
			.build();
	}

	/**
	 * Return the metadata of a commit: what is complete above its offset, parked or
	 * blocked.
	 * @param watermark the offset of the commit
	 * @param above what is complete above it
	 * @param polledParked what is known about parked records that were polled
	 * @param isComplete whether one of them is completed
	 * @param polledBlocked the keys of records that were polled
	 * @param next the offset that is polled next
	 * @param leaderEpoch the highest leader epoch of records that were polled
	 * @param maxLength most characters
	 */
	CommitMetadata metadata(long watermark, CompletedOffsets above, ParkedHistory polledParked,
			LongPredicate isComplete, EvictedKeys polledBlocked, long next, int leaderEpoch, int maxLength) {
		return CommitMetadata.of(watermark, above, unfinishedParked(polledParked, isComplete, next),
				unfinishedBlocked(polledBlocked, next), Math.max(leaderEpoch, this.leaderEpoch), maxLength);
	}

	/**
	 * Return what of them can still be believed when a record is polled, and all below it
	 * were.
	 * @return these offsets, or {@link #NONE} if the record was written after the report
	 */
	ReportedOffsets asOf(ConsumerRecord<?, ?> record) {
		int epoch = leaderEpoch(record);
		if (isEmpty() || epoch <= this.leaderEpoch || record.offset() >= end()) {
			return this;
		}
		logger.warn("The log of " + record.topic() + "-" + record.partition() + " was truncated and written anew from "
				+ record.offset() + " on or before (leader epoch " + epoch + " after " + this.leaderEpoch
				+ "): what was completed there before is not skipped");
		return NONE;
	}

	/**
	 * Return the leader epoch of a record, or {@link CommitMetadata#UNKNOWN_EPOCH}.
	 */
	static int leaderEpoch(ConsumerRecord<?, ?> record) {
		return record.leaderEpoch().orElse(CommitMetadata.UNKNOWN_EPOCH);
	}

}
