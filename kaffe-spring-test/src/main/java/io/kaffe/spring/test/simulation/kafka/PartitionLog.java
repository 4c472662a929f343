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

package io.kaffe.spring.test.simulation.kafka;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * The log of a partition: every offset ever written, what stands there, and which offsets
 * consumers get to see. Its high watermark is its end.
 */
public final class PartitionLog {

	private final TopicPartition partition;

	private final List<LogEntry> entries = new ArrayList<>();

	private final List<EpochStart> epochs = new ArrayList<>();

	private final List<OpenTransaction> open = new ArrayList<>();

	private List<Runnable> waiting = new ArrayList<>();

	private long start;

	private int leaderEpoch;

	private boolean deleted;

	PartitionLog(TopicPartition partition) {
		this.partition = partition;
	}

	/**
	 * Return whose log this is.
	 * @return the partition
	 */
	public TopicPartition partition() {
		return this.partition;
	}

	/**
	 * Return the first offset that was not deleted by retention.
	 * @return the log start offset
	 */
	public long logStart() {
		return this.start;
	}

	/**
	 * Return the offset of the next record to be written.
	 * @return the log end offset
	 */
	public long logEnd() {
		return this.entries.size();
	}

	/**
	 * Return up to where committed records can be read (KIP-98).
	 * @return the first offset of the oldest open transaction, else the log end offset
	 */
	public long lastStableOffset() {
		return this.open.isEmpty() ? logEnd() : this.open.get(0).first();
	}

	/**
	 * Return where a reader has to stop.
	 * @param readCommitted whether only committed records are read
	 * @return the end offset for this isolation level
	 */
	public long readableEnd(boolean readCommitted) {
		return readCommitted ? lastStableOffset() : logEnd();
	}

	/**
	 * Return the epoch of the current leader.
	 * @return the leader epoch
	 */
	public int leaderEpoch() {
		return this.leaderEpoch;
	}

	/**
	 * Return whether the topic was deleted.
	 * @return whether it was deleted
	 */
	public boolean isDeleted() {
		return this.deleted;
	}

	/**
	 * Return what was written at an offset.
	 * @param offset the offset
	 * @return the entry that stands there now, even if compaction removed it, or
	 * {@code null} if the offset is outside the log
	 */
	public @Nullable LogEntry at(long offset) {
		return (offset >= this.start && offset < logEnd()) ? this.entries.get((int) offset) : null;
	}

	/**
	 * Return whether a consumer gets a record at an offset.
	 * @param offset the offset
	 * @param readCommitted whether only committed records are read
	 * @return whether it is a record of the log
	 */
	public boolean isRecord(long offset, boolean readCommitted) {
		LogEntry entry = at(offset);
		return entry != null && offset < readableEnd(readCommitted) && entry.isRecord(readCommitted);
	}

	/**
	 * Hand out the records that can be read now, in sequence.
	 * @param readCommitted whether only committed records are read
	 * @param action what to do with each
	 */
	public void forEachRecord(boolean readCommitted, Consumer<LogEntry> action) {
		for (long offset = this.start; offset < readableEnd(readCommitted); offset++) {
			LogEntry entry = this.entries.get((int) offset);
			if (entry.isRecord(readCommitted)) {
				action.accept(entry);
			}
		}
	}

	/**
	 * Return the first record that is not older than a time (KIP-79).
	 * @param timestamp milliseconds since 1970
	 * @return the entry, or {@code null} if all are older
	 */
	public @Nullable LogEntry firstNotBefore(long timestamp) {
		for (long offset = this.start; offset < logEnd(); offset++) {
			LogEntry entry = this.entries.get((int) offset);
			if (!entry.isMarker() && !entry.isRemoved() && entry.timestamp() >= timestamp) {
				return entry;
			}
		}
		return null;
	}

	/**
	 * Return where the records of a leader epoch end, as brokers answer
	 * OffsetsForLeaderEpoch (KIP-101, KIP-320).
	 * @param epoch the leader epoch
	 * @return the end offset of the largest epoch up to that one, or -1 if it is unknown
	 */
	public EpochEnd endOf(int epoch) {
		if (epoch > this.leaderEpoch) {
			return new EpochEnd(-1, -1);
		}
		if (epoch == this.leaderEpoch) {
			return new EpochEnd(epoch, logEnd());
		}
		int found = epoch;
		for (EpochStart start : this.epochs) {
			if (start.epoch() > epoch) {
				return new EpochEnd(found, start.offset());
			}
			found = start.epoch();
		}
		return new EpochEnd(found, logEnd());
	}

	LogEntry append(long id, long timestamp, byte @Nullable [] key, byte @Nullable [] value, @Nullable Headers headers,
			@Nullable SimulatedTransaction transaction) {
		if (this.deleted) {
			throw new IllegalStateException(this.partition + " was deleted");
		}
		long offset = logEnd();
		if (this.epochs.isEmpty() || this.epochs.get(this.epochs.size() - 1).epoch() < this.leaderEpoch) {
			this.epochs.add(new EpochStart(this.leaderEpoch, offset));
		}
		if (transaction != null && transaction.isOpen()
				&& this.open.stream().noneMatch((other) -> other.transaction() == transaction)) {
			this.open.add(new OpenTransaction(transaction, offset));
		}
		LogEntry entry = new LogEntry(id, offset, this.leaderEpoch, timestamp, key, value, headers, transaction);
		this.entries.add(entry);
		changed();
		return entry;
	}

	void endTransaction(long id, long timestamp, SimulatedTransaction transaction) {
		if (this.open.removeIf((other) -> other.transaction() == transaction) && !this.deleted) {
			append(id, timestamp, null, null, null, transaction);
		}
	}

	void compact(long from, long to) {
		for (long offset = Math.max(from, this.start); offset < Math.min(to, logEnd()); offset++) {
			LogEntry entry = this.entries.get((int) offset);
			if (!entry.isMarker()) {
				entry.remove();
			}
		}
	}

	void deleteBefore(long offset) {
		this.start = Math.max(this.start, Math.min(offset, logEnd()));
		changed();
	}

	void truncate(long offset) {
		while (logEnd() > Math.max(offset, 0)) {
			this.entries.remove(this.entries.size() - 1);
		}
		this.start = Math.min(this.start, logEnd());
		this.open.removeIf((transaction) -> transaction.first() >= offset);
		this.epochs.removeIf((start) -> start.offset() >= offset);
		newLeader();
	}

	void newLeader() {
		this.leaderEpoch++;
		changed();
	}

	void delete() {
		this.deleted = true;
		changed();
	}

	/**
	 * Let a parked fetch know, once, when there may be something else to answer.
	 */
	void whenChanged(Runnable waiter) {
		this.waiting.add(waiter);
	}

	private void changed() {
		if (!this.waiting.isEmpty()) {
			List<Runnable> woken = this.waiting;
			this.waiting = new ArrayList<>();
			woken.forEach(Runnable::run);
		}
	}

	@Override
	public String toString() {
		return this.partition + " [" + this.start + ", " + logEnd() + ")";
	}

	/**
	 * Where the records of a leader epoch end.
	 *
	 * @param epoch the epoch, or -1 if it is unknown
	 * @param endOffset the offset after its last record, or -1 if it is unknown
	 */
	public record EpochEnd(int epoch, long endOffset) {

	}

	private record EpochStart(int epoch, long offset) {

	}

	private record OpenTransaction(SimulatedTransaction transaction, long first) {

	}

}
