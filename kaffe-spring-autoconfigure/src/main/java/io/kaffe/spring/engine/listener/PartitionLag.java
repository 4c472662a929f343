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
import java.util.Arrays;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.table.PartitionSnapshot;

/**
 * The end of an assigned partition, for how long what is before it has been waiting, and
 * when its log deletes that.
 * <p>
 * The client learns the end with each fetch; while nothing is fetched, it is requested on
 * the side. While that is not answered, the end is unknown until records are polled. Of
 * the oldest unfinished record the timestamp counts, or that of an earlier record of the
 * same poll. Of records that were not polled it is not known: they are younger than what
 * was polled last, and were not there before the end was seen to be above.
 * <p>
 * <b>Threading.</b> Owned by the consumer thread; {@link #listed} is called by any other.
 * Tables read volatile fields.
 */
final class PartitionLag {

	private final PollTimestamps polledTimes = new PollTimestamps();

	private final LogRetention retention;

	/** As of the last fetch. */
	private volatile @Nullable Long fetched;

	/** As the broker answered. */
	private volatile @Nullable Long listed;

	/**
	 * Whether the broker has not answered the last request, and nothing was polled since:
	 * then the client repeats an end that may be long out of date.
	 */
	private volatile boolean unanswered;

	/** Since when there are records that were not polled, at the earliest. */
	private volatile @Nullable Instant waitingSince;

	private volatile long oldestTimestamp = ConsumerRecord.NO_TIMESTAMP;

	/**
	 * Create it.
	 * @param retentionWarning how long before its deletion a record needs attention;
	 * zero: never
	 */
	PartitionLag(Duration retentionWarning) {
		this.retention = new LogRetention(retentionWarning);
	}

	/**
	 * Return what the partition's log deletes.
	 */
	LogRetention retention() {
		return this.retention;
	}

	/**
	 * Record that records were polled.
	 * @param first the first of them
	 */
	void polled(ConsumerRecord<?, ?> first) {
		this.unanswered = false;
		this.polledTimes.add(first.offset(), first.timestamp());
		if (this.oldestTimestamp == ConsumerRecord.NO_TIMESTAMP) {
			this.oldestTimestamp = first.timestamp();
		}
		// What follows is younger.
		this.waitingSince = timestamp(first.timestamp());
	}

	/**
	 * Record what is completed.
	 * @param watermark everything below is
	 * @param next the offset after the last one polled
	 */
	void completed(long watermark, long next) {
		this.oldestTimestamp = (watermark < next) ? this.polledTimes.at(watermark) : ConsumerRecord.NO_TIMESTAMP;
	}

	/**
	 * Record the end as of the last fetch.
	 * @param end the end, or {@code null} if it is unknown
	 * @param next the offset that is polled next
	 * @param now the time
	 */
	void fetched(@Nullable Long end, long next, Instant now) {
		this.fetched = end;
		if (end != null) {
			waiting(end > next, now);
		}
	}

	/**
	 * Record the end as the broker reports it. Any thread.
	 * @param end the end, or {@code null} if it could not be requested
	 * @param next the offset that is polled next, or {@code null} if that is unknown
	 * @param now the time
	 */
	void listed(@Nullable Long end, @Nullable Long next, Instant now) {
		this.listed = end;
		this.unanswered = end == null;
		if (end != null && next != null) {
			waiting(end > next, now);
		}
	}

	private void waiting(boolean waiting, Instant now) {
		if (!waiting) {
			this.waitingSince = null;
		}
		else if (this.waitingSince == null) {
			this.waitingSince = now;
		}
	}

	/**
	 * Return the end. Any thread.
	 * @param next the offset that is polled next
	 * @param fetching whether the partition is being fetched
	 * @return the end, or {@code null} if it is unknown
	 */
	@Nullable Long offset(long next, boolean fetching) {
		Long fetched = (fetching && !this.unanswered) ? this.fetched : null;
		Long listed = this.listed;
		if (fetched == null && listed == null) {
			return null;
		}
		long end = Math.max((fetched != null) ? fetched : next, (listed != null) ? listed : next);
		return Math.max(end, next);
	}

	/**
	 * Return for how long the oldest record has been waiting that is not complete. Any
	 * thread.
	 * @param lag how many offsets are not, or {@code null} if that is unknown
	 * @param polled whether that record was polled
	 * @param now the time
	 * @return seconds; 0 if everything is complete; {@code null} if it is unknown
	 */
	@Nullable Long seconds(@Nullable Long lag, boolean polled, Instant now) {
		if (lag == null) {
			return null;
		}
		if (lag == 0) {
			return 0L;
		}
		Instant since = oldest(polled);
		return (since != null) ? (Long) Math.max(0, Duration.between(since, now).toSeconds()) : null;
	}

	/**
	 * Return when the oldest record is deleted that is not complete. Any thread.
	 * @param offset its offset, or the next one if it was not polled
	 * @param polled whether it was polled
	 * @param now the time
	 * @return {@code null} unless it is expected to be deleted soon
	 */
	PartitionSnapshot.@Nullable DeletionExpected deletionExpected(long offset, boolean polled, Instant now) {
		return this.retention.expected(offset, oldest(polled), now);
	}

	/**
	 * Return the timestamp of the oldest record that is not complete, or an earlier one;
	 * if it was not polled, since when it has been waiting.
	 */
	private @Nullable Instant oldest(boolean polled) {
		return polled ? timestamp(this.oldestTimestamp) : this.waitingSince;
	}

	private static @Nullable Instant timestamp(long timestamp) {
		return (timestamp != ConsumerRecord.NO_TIMESTAMP) ? Instant.ofEpochMilli(timestamp) : null;
	}

	/**
	 * The timestamps of the first records of the last polls of a partition. There is a
	 * bound: when it is reached, every other one is forgotten, and of what comes only
	 * every other one is kept, and so on, until few are left.
	 * <p>
	 * <b>Threading.</b> Belongs to the consumer thread.
	 */
	static final class PollTimestamps {

		private static final int CAPACITY = 512;

		private static final int FEW = 4;

		private long[] offsets = new long[4];

		private long[] timestamps = new long[4];

		private int size;

		/** Of how many polls one is kept. */
		private int stride = 1;

		private int passedOver;

		/**
		 * Add a poll.
		 * @param offset the first offset of the poll, above those of all others
		 * @param timestamp its timestamp in milliseconds, or
		 * {@link ConsumerRecord#NO_TIMESTAMP}
		 */
		void add(long offset, long timestamp) {
			this.passedOver++;
			if (this.passedOver < this.stride && this.size > 0) {
				return;
			}
			this.passedOver = 0;
			if (this.size == this.offsets.length) {
				if (this.size == CAPACITY) {
					thinOut();
				}
				else {
					this.offsets = Arrays.copyOf(this.offsets, this.size * 2);
					this.timestamps = Arrays.copyOf(this.timestamps, this.size * 2);
				}
			}
			this.offsets[this.size] = offset;
			this.timestamps[this.size] = timestamp;
			this.size++;
		}

		/**
		 * Keep the first and every other one after it, so that what is returned is too
		 * old rather than unknown.
		 */
		private void thinOut() {
			int kept = 0;
			for (int i = 0; i < this.size; i += 2) {
				this.offsets[kept] = this.offsets[i];
				this.timestamps[kept] = this.timestamps[i];
				kept++;
			}
			this.size = kept;
			this.stride *= 2;
		}

		/**
		 * Return the timestamp of the poll that an offset is of, and forget the polls
		 * before.
		 * @param offset the offset
		 * @return the timestamp of the last poll that is known to have begun at or below
		 * the offset; {@link ConsumerRecord#NO_TIMESTAMP} if there is none or it has none
		 */
		long at(long offset) {
			int index = Arrays.binarySearch(this.offsets, 0, this.size, offset);
			int poll = (index >= 0) ? index : -index - 2;
			if (poll < 0) {
				return ConsumerRecord.NO_TIMESTAMP;
			}
			if (poll > 0) {
				this.size -= poll;
				System.arraycopy(this.offsets, poll, this.offsets, 0, this.size);
				System.arraycopy(this.timestamps, poll, this.timestamps, 0, this.size);
				this.stride = (this.size < FEW) ? 1 : this.stride;
			}
			return this.timestamps[0];
		}

	}

}
