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

package io.kaffe.spring.listener;

import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.delivery.RecordSource;
import io.kaffe.spring.offset.OffsetWindow;
import io.kaffe.spring.worker.AssignedPartition;
import io.kaffe.spring.worker.PartitionSnapshot;
import io.kaffe.spring.worker.Worker;

/**
 * One partition while it is assigned to one consumer: which of its offsets are complete,
 * and whether its records may still be handled.
 * <p>
 * It is ACTIVE, then REVOKED (nothing starts, what runs is waited for), then FENCED
 * (completions change nothing); a lost partition is fenced at once. A partition that
 * comes back gets a new assignment with a new epoch, so nothing that is left over from
 * this one can touch it.
 * <p>
 * <b>Threading.</b> Owned by the consumer thread; workers call {@link #enter()},
 * {@link #exit()}, {@link #isRevoked()} and {@link #complete}. A worker first counts
 * itself in and then looks at the phase; the consumer thread first sets the phase and
 * then looks at the count: one of them sees the other, so once the count is zero after a
 * revocation, nothing starts any more. The same order of write and read keeps the signal
 * for room from being missed. Tables read volatile fields.
 */
final class PartitionAssignment implements RecordSource {

	private static final int ACTIVE = 0;

	private static final int REVOKED = 1;

	private static final int FENCED = 2;

	private static final long NOT_HELD_BACK = -1;

	private final AssignedPartition assigned;

	private final Worker worker;

	private final ConsumerSession session;

	private final AtomicInteger running = new AtomicInteger();

	private final AtomicLong finished = new AtomicLong();

	private volatile int phase = ACTIVE;

	private volatile @Nullable OffsetWindow window;

	private volatile long appended;

	private volatile long resumeAt = NOT_HELD_BACK;

	private volatile @Nullable Long committed;

	private volatile @Nullable Long endOffset;

	private volatile @Nullable Instant oldestSince;

	PartitionAssignment(AssignedPartition assigned, Worker worker, ConsumerSession session) {
		this.assigned = assigned;
		this.worker = worker;
		this.session = session;
	}

	TopicPartition partition() {
		return this.assigned.partition();
	}

	AssignedPartition assigned() {
		return this.assigned;
	}

	Worker worker() {
		return this.worker;
	}

	/**
	 * Return whether these records continue what was appended: {@code false} if the
	 * position went back, as after a seek.
	 */
	boolean continuesWith(ConsumerRecord<?, ?> first) {
		OffsetWindow window = this.window;
		return window == null || first.offset() >= window.next();
	}

	/**
	 * Track polled records. Consumer thread.
	 * @param records the records in offset order, not empty
	 * @param next where the next fetch begins, or {@code null} if unknown: up to there
	 * are no other records
	 */
	void append(List<? extends ConsumerRecord<?, ?>> records, @Nullable OffsetAndMetadata next) {
		long first = records.get(0).offset();
		long last = records.get(records.size() - 1).offset();
		OffsetWindow window = this.window;
		if (window == null) {
			window = new OffsetWindow(first);
			this.window = window;
		}
		boolean nothingOpen = window.watermark() == window.next();
		if (last - first + 1 == records.size()) {
			window.append(first, last);
		}
		else {
			for (ConsumerRecord<?, ?> record : records) {
				window.append(record.offset());
			}
		}
		if (next != null && next.offset() > window.next()) {
			window.skipTo(next.offset());
		}
		if (nothingOpen) {
			this.oldestSince = this.session.now();
		}
		this.appended += records.size();
	}

	/**
	 * Move the watermark. Consumer thread.
	 * @return the offset to commit, or {@code null} if the broker has confirmed it
	 * already or nothing was polled yet
	 */
	@Nullable Long advance() {
		OffsetWindow window = this.window;
		if (window == null) {
			return null;
		}
		long before = window.watermark();
		long watermark = window.advance();
		if (watermark != before) {
			this.oldestSince = (watermark < window.next()) ? this.session.now() : null;
		}
		Long committed = this.committed;
		return (committed == null || committed < watermark) ? (Long) watermark : null;
	}

	/**
	 * Note that the broker has confirmed a commit. Consumer thread.
	 */
	void committed(long offset) {
		Long before = this.committed;
		if (before == null || before < offset) {
			this.committed = offset;
		}
	}

	/**
	 * Note how far the fetch position is from the end of the partition. Consumer thread.
	 * @param lag the number of offsets as of the last fetch, or empty if unknown
	 */
	void refreshEnd(OptionalLong lag) {
		OffsetWindow window = this.window;
		this.endOffset = (window != null && lag.isPresent()) ? (Long) (window.next() + lag.getAsLong()) : null;
	}

	/**
	 * Return the number of records that are polled and not final.
	 */
	long buffered() {
		return this.appended - this.finished.get();
	}

	/**
	 * Decide whether fetching has to stop until there is room. Consumer thread.
	 * @param share the records this partition may have buffered
	 * @param full whether the consumer's whole buffer is full
	 * @return whether the partition has to be paused
	 */
	boolean holdBack(long share, boolean full) {
		long low = share / 2;
		boolean held = this.resumeAt != NOT_HELD_BACK;
		long buffered = buffered();
		if (held ? buffered <= low : (buffered < share && !(full && buffered > low))) {
			this.resumeAt = NOT_HELD_BACK;
			return false;
		}
		this.resumeAt = low;
		if (buffered() <= low) {
			this.resumeAt = NOT_HELD_BACK;
			return false;
		}
		return true;
	}

	void revoke() {
		this.phase = REVOKED;
		this.worker.wake();
	}

	void fence() {
		this.phase = FENCED;
		this.worker.wake();
	}

	boolean isRunning() {
		return this.running.get() > 0;
	}

	@Override
	public boolean enter() {
		this.running.incrementAndGet();
		if (this.phase == ACTIVE) {
			return true;
		}
		exit();
		return false;
	}

	@Override
	public void exit() {
		if (this.running.decrementAndGet() == 0 && this.phase == REVOKED) {
			LockSupport.unpark(this.session.thread());
		}
	}

	@Override
	public boolean isRevoked() {
		return this.phase != ACTIVE;
	}

	@Override
	public void complete(ConsumerRecord<?, ?> record) {
		if (this.phase == FENCED) {
			this.session.lateCompletion(this, record);
			return;
		}
		OffsetWindow window = this.window;
		if (window != null && window.complete(record.offset())) {
			long left = this.appended - this.finished.incrementAndGet();
			if (left == this.resumeAt) {
				this.session.roomAvailable();
			}
		}
	}

	PartitionSnapshot snapshot(boolean paused) {
		OffsetWindow window = this.window;
		boolean heldBack = this.resumeAt != NOT_HELD_BACK;
		String pausedBy = heldBack ? "back-pressure" : (paused ? "operator" : null);
		if (window == null) {
			return new PartitionSnapshot(partition().topic(), partition().partition(), this.worker.name(),
					this.assigned.epoch(), null, this.committed, 0, null, null, null, null, pausedBy);
		}
		long watermark = window.watermark();
		long next = window.next();
		Instant since = this.oldestSince;
		Long lastEnd = this.endOffset;
		Long end = (lastEnd != null && pausedBy == null) ? (Long) Math.max(lastEnd, next) : null;
		return new PartitionSnapshot(partition().topic(), partition().partition(), this.worker.name(),
				this.assigned.epoch(), watermark, this.committed, window.completedAhead(), next, end,
				(end != null) ? (Long) (end - watermark) : null,
				(since != null) ? new PartitionSnapshot.OldestUnfinished(watermark, since) : null, pausedBy);
	}

	@Override
	public String toString() {
		return this.assigned.toString();
	}

}
