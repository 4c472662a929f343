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

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * What of a partition is polled and not completed, in records and in bytes, and whether
 * more may be fetched.
 * <p>
 * <b>Threading.</b> The consumer thread adds and decides; workers take out. The consumer
 * thread first publishes the level at which fetching may resume and then reads the counts
 * once more; a worker first takes out and then reads what was added and the level. So one
 * of them notices. Each count passes its level downwards once, by one worker.
 */
final class PartitionBuffer {

	private static final Room NOT_HELD_BACK = new Room(-1, -1);

	private final AtomicLong finishedRecords = new AtomicLong();

	private final AtomicLong finishedBytes = new AtomicLong();

	private volatile long addedRecords;

	private volatile long addedBytes;

	private volatile Room resumeAt = NOT_HELD_BACK;

	/** Below which the buffer must be before more is fetched. Consumer thread. */
	private Room refusedAt = NOT_HELD_BACK;

	/**
	 * Add records. Consumer thread.
	 */
	void add(List<? extends ConsumerRecord<?, ?>> records) {
		long bytes = 0;
		for (ConsumerRecord<?, ?> record : records) {
			bytes += bytesOf(record);
		}
		this.addedBytes += bytes;
		this.addedRecords += records.size();
	}

	/**
	 * Take out a completed record. Any thread.
	 * @return whether this freed space that the consumer thread may be waiting for
	 */
	boolean remove(ConsumerRecord<?, ?> record) {
		int bytes = bytesOf(record);
		// What was added is read last: if more is added then, whoever adds it sees this
		// one
		// out.
		long finishedBytes = this.finishedBytes.addAndGet(bytes);
		long leftBytes = this.addedBytes - finishedBytes;
		long finishedRecords = this.finishedRecords.incrementAndGet();
		long leftRecords = this.addedRecords - finishedRecords;
		Room level = this.resumeAt;
		return leftRecords == level.records || (leftBytes <= level.bytes && leftBytes + bytes > level.bytes);
	}

	long records() {
		return this.addedRecords - this.finishedRecords.get();
	}

	long bytes() {
		return this.addedBytes - this.finishedBytes.get();
	}

	Room room() {
		return new Room(records(), bytes());
	}

	/**
	 * Return how many records were taken out so far.
	 */
	long finished() {
		return this.finishedRecords.get();
	}

	boolean isHeldBack() {
		return this.resumeAt != NOT_HELD_BACK;
	}

	/**
	 * Record that not all of what was polled was admitted: no more is to be fetched
	 * before half of what is here is taken out, or the consumer's whole buffer is not
	 * full any more. Consumer thread.
	 */
	void refuse() {
		this.refusedAt = room().lessOneIn(2);
	}

	/**
	 * Decide whether fetching must stop until there is space: at the share, until an
	 * eighth of it is free. No more, since what waits behind a stalled record may never
	 * be handled, and the others are to have what it leaves. When the consumer's whole
	 * buffer is full, no partition gets more than half of its share. Consumer thread.
	 * @param share what this partition may have buffered
	 * @param full whether the consumer's whole buffer is full
	 * @return whether the partition must be paused
	 */
	boolean holdBack(Room share, boolean full) {
		if (this.refusedAt != NOT_HELD_BACK) {
			this.resumeAt = this.refusedAt;
			if (full && isAbove(this.refusedAt)) {
				return true;
			}
			this.refusedAt = NOT_HELD_BACK;
		}
		Room most = share.lessOneIn(8);
		Room level = full ? share.lessOneIn(2) : most;
		boolean atShare = records() >= share.records || bytes() >= share.bytes;
		if (isAbove(level) && (full || atShare || isHeldBack())) {
			// Below the first one, the consumer may not be full any more.
			for (Room next : List.of(most, level)) {
				this.resumeAt = next;
				if (isAbove(next)) {
					return true;
				}
			}
		}
		this.resumeAt = NOT_HELD_BACK;
		return false;
	}

	private boolean isAbove(Room level) {
		return records() > level.records || bytes() > level.bytes;
	}

	private static int bytesOf(ConsumerRecord<?, ?> record) {
		return Math.max(0, record.serializedKeySize()) + Math.max(0, record.serializedValueSize());
	}

	/**
	 * An amount of records and of bytes.
	 *
	 * @param records number of records
	 * @param bytes their serialized keys and values
	 */
	record Room(long records, long bytes) {

		static Room of(ConsumerRecord<?, ?> record) {
			return new Room(1, bytesOf(record));
		}

		boolean isWithin(Room other) {
			return this.records <= other.records && this.bytes <= other.bytes;
		}

		boolean reaches(Room other) {
			return this.records >= other.records || this.bytes >= other.bytes;
		}

		Room plus(Room other) {
			return new Room(this.records + other.records, this.bytes + other.bytes);
		}

		/**
		 * Return this without a part of it.
		 * @param parts how many parts there are
		 * @return the others, at least one record and one byte less
		 */
		Room lessOneIn(int parts) {
			return new Room(this.records - Math.max(1, this.records / parts),
					this.bytes - Math.max(1, this.bytes / parts));
		}

		/**
		 * Return a fair part of this.
		 * @param parts how many parts to make
		 * @return the part, at least one record and one byte
		 */
		Room share(int parts) {
			return new Room(Math.max(1, this.records / Math.max(1, parts)),
					Math.max(1, this.bytes / Math.max(1, parts)));
		}

	}

}
