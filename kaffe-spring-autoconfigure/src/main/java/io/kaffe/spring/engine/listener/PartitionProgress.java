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
import java.util.Objects;
import java.util.Optional;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.delivery.EvictedKeys;
import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.offset.OffsetWindow;
import io.kaffe.spring.engine.offset.ParkedHistory;
import io.kaffe.spring.engine.offset.ParkedRecord;
import io.kaffe.spring.engine.offset.ParkedRecords;
import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.table.Evicted;
import io.kaffe.spring.table.Lag;
import io.kaffe.spring.table.PartitionSnapshot;

/**
 * How far an assigned partition has come: what was polled, what of it is complete, what
 * has been committed.
 * <p>
 * <b>Threading.</b> Owned by the consumer thread; {@link #complete} is called by workers.
 * Tables read volatile fields. Where offsets are committed in transactions, workers call
 * {@link #including} and {@link #committed(OffsetAndMetadata, long, int)}, too: so what
 * changes is guarded by the monitor of this object, which is held for as long as it takes
 * to read or write it.
 */
final class PartitionProgress {

	/** Bounds the work of a commit: more would not fit into the metadata in any case. */
	private static final int MAX_RUNS = 16_384;

	/**
	 * What is complete or parked above what was polled since: an earlier commit reports
	 * it, or it was when the position was moved back.
	 */
	private ReportedOffsets completedBefore = ReportedOffsets.NONE;

	/** The highest leader epoch of what was polled. */
	private int leaderEpoch = CommitMetadata.UNKNOWN_EPOCH;

	/**
	 * Up to where records had been polled before the position was moved: those that are
	 * not known to be complete are still to be handled.
	 */
	private long polledBefore;

	/** Where the listener has moved the position. */
	private long sought;

	/** Whether records were polled since the position was moved. */
	private boolean polled;

	/** Raised when what was committed does not count any more. Written by its owner. */
	private volatile int revision;

	private long completionsTold = -1;

	private volatile @Nullable OffsetWindow window;

	private volatile @Nullable OffsetAndMetadata committed;

	private volatile long completedTold;

	/** From where it is read, until something was polled. */
	private volatile @Nullable Long position;

	private volatile @Nullable Instant oldestSince;

	/** The first unfinished record that was evicted, as of the last time. */
	private long evictedFrom = Long.MAX_VALUE;

	private final PartitionLag end;

	/** What was polled and is parked, or was. */
	private final ParkedHistory parkedHistory = new ParkedHistory();

	/** What counts as complete in the window and is not. */
	private final EvictedKeys evicted = new EvictedKeys();

	/**
	 * Create progress without warnings of retention.
	 */
	PartitionProgress() {
		this(Duration.ZERO);
	}

	/**
	 * Create progress.
	 * @param retentionWarning how long before its deletion a record needs attention;
	 * zero: never
	 */
	PartitionProgress(Duration retentionWarning) {
		this.end = new PartitionLag(retentionWarning);
	}

	/**
	 * Take over what the last commit says. Consumer thread, before the first record.
	 * @param committed the last commit
	 * @param reported what it reports as completed above its offset, and as parked
	 */
	synchronized void continueFrom(OffsetAndMetadata committed, ReportedOffsets reported) {
		this.committed = committed;
		this.completedBefore = reported;
		this.completedTold = reported.offsets().count();
	}

	/**
	 * Return what is known about polled records that are parked, or were. Any thread.
	 * @return always the same
	 */
	ParkedHistory parkedHistory() {
		return this.parkedHistory;
	}

	/**
	 * Return the keys whose records are evicted. Any thread.
	 * @return always the same
	 */
	EvictedKeys evicted() {
		return this.evicted;
	}

	/**
	 * Forget what the last commit says to be complete or parked: the partition is read
	 * from another offset.
	 */
	synchronized void forgetCompletedBefore() {
		this.completedBefore = ReportedOffsets.NONE;
		this.completedTold = 0;
		this.revision++;
		OffsetWindow window = this.window;
		OffsetAndMetadata committed = this.committed;
		if (window != null && committed != null && committed.offset() > window.next()) {
			this.committed = null;
		}
	}

	/**
	 * Begin at a requested offset: it is committed though no record is polled. Consumer
	 * thread, before the first record.
	 */
	void beginAt(long offset) {
		this.window = new OffsetWindow(offset);
	}

	/**
	 * Go on as another progress says, in an assignment that takes the place of its one.
	 * Consumer thread, before the first record.
	 */
	synchronized void continueAt(Resumption resumption) {
		this.committed = resumption.committed();
		this.completedBefore = resumption.completed();
		this.sought = resumption.sought();
		this.polledBefore = resumption.polledBefore();
		this.leaderEpoch = resumption.leaderEpoch();
		if (resumption.polledBefore() > 0) {
			this.window = new OffsetWindow(resumption.from());
		}
	}

	/**
	 * Return whether nothing that was polled, or is to be polled once more, lies at or
	 * above an offset, so that it can simply be read on from there. Consumer thread.
	 */
	boolean isBehind(long offset) {
		OffsetWindow window = this.window;
		return window == null || (offset >= window.next() && this.polledBefore <= window.next());
	}

	/**
	 * Say how to read on when the position is moved: what is at or above the target is
	 * handled again, what is below is handled if it is not complete. Consumer thread.
	 * @param target the new position
	 * @return from where to read, and what of it to leave out
	 */
	Resumption resumption(long target) {
		OffsetWindow window = this.window;
		if (window == null) {
			return new Resumption(target, target, 0, CommitMetadata.UNKNOWN_EPOCH, ReportedOffsets.NONE,
					this.committed);
		}
		long next = window.next();
		long known = polledUntil();
		long first = firstUnfinished(window);
		if (target <= first || first == known) {
			return new Resumption(target, target, known, highestLeaderEpoch(), ReportedOffsets.NONE, this.committed);
		}
		CompletedOffsets.Builder completed = window.completed(first, Math.min(target, next), Integer.MAX_VALUE)
			.addFrom(this.completedBefore.offsets(), Math.max(first, next), Math.min(target, known));
		if (target > known) {
			completed.add(known, target);
		}
		ParkedRecords parked = this.completedBefore.unfinishedParked(this.parkedHistory, this::isComplete, next)
			.only((offset) -> offset < Math.min(target, known));
		return new Resumption(first, target, known, highestLeaderEpoch(),
				new ReportedOffsets(completed.build(), parked,
						this.completedBefore.unfinishedBlocked(this.evicted, next), highestLeaderEpoch()),
				this.committed);
	}

	/**
	 * Say how to read on from what is not complete, though the position was not moved.
	 * Consumer thread.
	 * @return from where to read, and what of it to leave out; {@code null} if nothing
	 * was polled
	 */
	@Nullable Resumption resumption() {
		OffsetWindow window = this.window;
		if (window == null) {
			return null;
		}
		long first = firstUnfinished(window);
		long next = window.next();
		CompletedOffsets completed = window.completed(first, Math.max(first, next), Integer.MAX_VALUE)
			.addFrom(this.completedBefore.offsets(), Math.max(first, next), Long.MAX_VALUE)
			.build();
		ParkedRecords parked = this.completedBefore.unfinishedParked(this.parkedHistory, this::isComplete, next);
		return new Resumption(
				first, position(next), polledUntil(), highestLeaderEpoch(), new ReportedOffsets(completed, parked,
						this.completedBefore.unfinishedBlocked(this.evicted, next), highestLeaderEpoch()),
				this.committed);
	}

	/**
	 * Return the first offset that is to be handled: that of a record that was polled, or
	 * had been before the position was moved, or the next one.
	 */
	private long firstUnfinished(OffsetWindow window) {
		long first = window.advance();
		long unfinished = (first < window.next()) ? first
				: Math.min(this.completedBefore.firstNotIn(first), polledUntil());
		return Math.min(unfinished, this.evicted.first());
	}

	/**
	 * Return up to where records were polled, or had been before the position was moved;
	 * 0 if none were. Consumer thread.
	 */
	long polledUntil() {
		OffsetWindow window = this.window;
		return Math.max((window != null) ? window.next() : 0, this.polledBefore);
	}

	/**
	 * Return the position as the listener knows it: where it was moved, if that is not
	 * reached again. Consumer thread.
	 * @param position where the consumer is
	 */
	long position(long position) {
		return Math.max(position, this.sought);
	}

	/**
	 * Return how many records below an offset are to be handled: of those that are to be
	 * polled once more, offsets are counted. Consumer thread.
	 */
	long openBelow(long offset) {
		OffsetWindow window = this.window;
		if (window == null) {
			return 0;
		}
		long from = window.watermark();
		long next = window.next();
		long again = Math.max(0, Math.min(offset, this.polledBefore) - next);
		long complete = new CompletedOffsets.Builder()
			.addFrom(this.completedBefore.offsets(), next, Math.max(next, Math.min(offset, this.polledBefore)))
			.build()
			.count();
		return this.evicted.records() + window.open(from, Math.max(offset, from)) + again - complete;
	}

	@Nullable OffsetAndMetadata committed() {
		return this.committed;
	}

	ReportedOffsets completedBefore() {
		return this.completedBefore;
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
	 * Track polled records.
	 * @param records the records in offset order, not empty
	 * @param next where the next fetch begins, or {@code null} if unknown: up to there
	 * are no other records
	 * @param now the time
	 * @return those of the records that are to be handled: all, unless an earlier commit
	 * reports some of them as completed
	 */
	synchronized <R extends ConsumerRecord<?, ?>> List<R> append(List<R> records, @Nullable OffsetAndMetadata next,
			Instant now) {
		long first = records.get(0).offset();
		long last = records.get(records.size() - 1).offset();
		this.end.retention().passed(polledUntil(), this.committed, first, this.completedBefore);
		OffsetWindow window = this.window;
		if (window == null) {
			window = new OffsetWindow(first);
			this.window = window;
		}
		if (!this.polled) {
			this.polled = true;
			OffsetAndMetadata committed = this.committed;
			if (committed != null && first < committed.offset()) {
				// Read from before it, as after a seek: what is committed next leads
				// back.
				this.committed = null;
				forgetCompletedBefore();
			}
		}
		boolean nothingOpen = window.watermark() == window.next();
		// Along a log, leader epochs do not fall.
		this.leaderEpoch = Math.max(this.leaderEpoch, ReportedOffsets.leaderEpoch(records.get(records.size() - 1)));
		this.end.polled(records.get(0));
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
			this.oldestSince = now;
		}
		return this.completedBefore.isEmpty() ? records : withoutCompletedBefore(records, window);
	}

	private <R extends ConsumerRecord<?, ?>> List<R> withoutCompletedBefore(List<R> records, OffsetWindow window) {
		List<R> open = new ArrayList<>(records.size());
		for (R record : records) {
			ReportedOffsets believed = this.completedBefore.asOf(record);
			OffsetAndMetadata committed = this.committed;
			if (believed != this.completedBefore && committed != null && committed.offset() > record.offset()) {
				// It was passed although other records are there.
				this.committed = null;
				this.revision++;
			}
			this.completedBefore = believed;
			if (this.completedBefore.isComplete(record)) {
				window.complete(record.offset());
			}
			else {
				open.add(record);
				ParkedRecord parked = this.completedBefore.parked().at(record.offset());
				if (parked != null) {
					this.parkedHistory.put(parked);
				}
			}
		}
		if (this.completedBefore.end() <= window.next()) {
			this.completedBefore = ReportedOffsets.NONE;
		}
		return open;
	}

	/**
	 * Return whether all that was polled is complete, as of the last {@link #advance}.
	 */
	boolean isAllComplete() {
		OffsetWindow window = this.window;
		return window == null || (window.watermark() == window.next() && this.evicted.first() == Long.MAX_VALUE);
	}

	/**
	 * Take what is below an offset and was not polled for complete.
	 * @param position the consumer's position, between two polls
	 * @return whether there may be something new to commit
	 */
	synchronized boolean passTo(long position) {
		OffsetWindow window = this.window;
		OffsetAndMetadata committed = this.committed;
		if (window == null) {
			this.position = position;
			if (committed == null || position <= committed.offset()) {
				return false;
			}
			this.end.retention().passed(polledUntil(), this.committed, position, this.completedBefore);
			this.window = new OffsetWindow(position);
			return true;
		}
		if (position <= window.next()) {
			return false;
		}
		this.end.retention().passed(polledUntil(), this.committed, position, this.completedBefore);
		window.skipTo(position);
		return true;
	}

	/**
	 * Mark an offset as complete. Any thread.
	 * @return whether it was open
	 */
	boolean complete(long offset) {
		OffsetWindow window = this.window;
		return window != null && window.complete(offset);
	}

	/**
	 * Return whether an offset is complete. Any thread.
	 */
	boolean isComplete(long offset) {
		OffsetWindow window = this.window;
		return window != null && window.isComplete(offset) && !this.evicted.isOpen(offset);
	}

	/**
	 * Move the watermark and say what is to be committed.
	 * @param completions how many records of the assignment were completed so far, and
	 * how often what is known about parked ones has changed: if nothing was since the
	 * last time, there is nothing new to tell
	 * @param metadataLength most characters of the metadata; 0: tell nothing but the
	 * offset
	 * @param now the time
	 * @return the commit, or {@code null} if the broker has confirmed the same already or
	 * nothing was polled yet
	 */
	synchronized @Nullable OffsetAndMetadata advance(long completions, int metadataLength, Instant now) {
		OffsetWindow window = this.window;
		if (window == null) {
			return null;
		}
		long before = window.watermark();
		long next = window.next();
		long reached = window.advance();
		CompletedOffsets.Builder completed = (metadataLength > 0) ? window.completedAbove(reached, MAX_RUNS)
				: new CompletedOffsets.Builder();
		// After the window was read.
		long evicted = this.evicted.first();
		if (Math.min(reached, evicted) != Math.min(before, this.evictedFrom)) {
			this.oldestSince = (Math.min(reached, evicted) < next) ? now : null;
		}
		this.evictedFrom = evicted;
		this.end.completed(Math.min(reached, evicted), next);
		// What was complete before is passed, too: it is not reported at the watermark.
		long watermark = Math.min(evicted, (reached == next) ? this.completedBefore.firstNotIn(next) : reached);
		OffsetAndMetadata committed = this.committed;
		if (committed != null && watermark < committed.offset()) {
			// The position was moved back, and nothing was polled there yet.
			return null;
		}
		if (committed != null && watermark == committed.offset() && completions == this.completionsTold) {
			return null;
		}
		CommitMetadata metadata = (metadataLength > 0) ? this.completedBefore.metadata(watermark,
				this.completedBefore.above(watermark, reached, completed.build(), next), this.parkedHistory,
				this::isComplete, this.evicted, next, this.leaderEpoch, metadataLength) : CommitMetadata.NONE;
		this.completedTold = Math.max(0, metadata.completed().count() - this.evicted.records());
		OffsetAndMetadata commit = new OffsetAndMetadata(watermark, metadata.text());
		if (commit.equals(committed)) {
			this.completionsTold = completions;
			return null;
		}
		return commit;
	}

	/**
	 * Say what is to be committed in the transaction that some records were handled in,
	 * as if they were complete. Workers, one at a time for each partition.
	 * @param offsets the offsets of the records, none of which is complete
	 * @param metadataLength most characters of the metadata
	 * @return the commit, or {@code null} if the metadata has no room for all that is
	 * complete above it: without the rest, records would be handled again that others
	 * have seen the results of
	 */
	synchronized @Nullable OffsetAndMetadata including(long[] offsets, int metadataLength) {
		OffsetWindow window = Objects.requireNonNull(this.window, "Nothing was polled");
		long first = window.firstOpen();
		long next = window.next();
		CompletedOffsets completed = window.completed(first, next, MAX_RUNS).build().with(offsets);
		long reached = completed.firstNotIn(first);
		long watermark = Math.min(this.evicted.first(),
				(reached == next) ? this.completedBefore.firstNotIn(next) : reached);
		CompletedOffsets above = this.completedBefore.above(watermark, reached, completed, next);
		CommitMetadata metadata = this.completedBefore.metadata(watermark, above, this.parkedHistory, this::isComplete,
				this.evicted, next, this.leaderEpoch, metadataLength);
		CompletedOffsets stored = new CompletedOffsets.Builder().addFrom(above, watermark + 1, Long.MAX_VALUE).build();
		return metadata.completed().equals(stored) ? new OffsetAndMetadata(watermark, metadata.text()) : null;
	}

	/**
	 * Return the highest leader epoch of all that was polled, now or before what
	 * {@link #completedBefore} reports.
	 */
	private int highestLeaderEpoch() {
		return Math.max(this.leaderEpoch, this.completedBefore.leaderEpoch());
	}

	/**
	 * Return which of the commits that are made count. Any thread.
	 */
	int revision() {
		return this.revision;
	}

	/**
	 * Note that the broker has confirmed a commit.
	 * @param commit the commit
	 * @param completions what was passed to {@link #advance} when it was made
	 * @param revision the {@link #revision()} when it was made: if that is another one
	 * now, what it says does not count any more
	 */
	synchronized void committed(OffsetAndMetadata commit, long completions, int revision) {
		OffsetAndMetadata before = this.committed;
		if (revision == this.revision && (before == null || before.offset() <= commit.offset())) {
			this.committed = commit;
			this.completionsTold = completions;
		}
	}

	/**
	 * Return how far the end of the partition is, and what its log deletes.
	 */
	PartitionLag lag() {
		return this.end;
	}

	/**
	 * Return the offset that is polled next, or {@code null} if that is unknown.
	 */
	@Nullable Long next() {
		OffsetWindow window = this.window;
		if (window != null) {
			return window.next();
		}
		Long position = this.position;
		OffsetAndMetadata committed = this.committed;
		return (position != null || committed == null) ? position : (Long) committed.offset();
	}

	/**
	 * Describe the partition. Any thread.
	 * @param assigned the partition
	 * @param worker the name of its worker, or {@code null} if it has none
	 * @param parked how many of its records are parked
	 * @param paused why it is paused, or {@code null} if it is not
	 * @param now the time
	 */
	PartitionSnapshot snapshot(AssignedPartition assigned, @Nullable String worker, int parked, @Nullable String paused,
			Instant now) {
		OffsetWindow window = this.window;
		OffsetAndMetadata commit = this.committed;
		Long committed = (commit != null) ? (Long) commit.offset() : null;
		String topic = assigned.partition().topic();
		int partition = assigned.partition().partition();
		long epoch = assigned.epoch();
		if (window == null) {
			Long next = next();
			Long end = (next != null) ? this.end.offset(next, paused == null) : null;
			Long lag = (next != null && end != null) ? (Long) (end - next) : null;
			return new PartitionSnapshot(topic, partition, worker, epoch,
					new PartitionSnapshot.Offsets(null, committed, 0, this.completedTold, null, end),
					new Lag(lag, this.end.seconds(lag, false, now)), parked, Evicted.NONE, null, paused,
					(next != null && lag != null && lag > 0) ? this.end.deletionExpected(next, false, now) : null);
		}
		long next = window.next();
		long completed = Math.min(window.firstOpen(), this.evicted.first());
		Instant since = this.oldestSince;
		Long end = this.end.offset(next, paused == null);
		Long lag = (end != null) ? (Long) (end - completed) : null;
		long ahead = Math.max(0, next - completed - window.open(completed, next) - this.evicted.records());
		return new PartitionSnapshot(topic, partition, worker, epoch,
				new PartitionSnapshot.Offsets(completed, committed, ahead, this.completedTold, next, end),
				new Lag(lag, this.end.seconds(lag, completed < next, now)), parked, this.evicted.snapshot(),
				(since != null && completed < next) ? new PartitionSnapshot.OldestUnfinished(completed, since) : null,
				paused, (completed < next || (lag != null && lag > 0))
						? this.end.deletionExpected(completed, completed < next, now) : null);
	}

	/**
	 * How to read on after the position was moved.
	 *
	 * @param from the offset to read from
	 * @param sought where the position was moved
	 * @param polledBefore up to where records were polled before; 0 if none were
	 * @param leaderEpoch the highest leader epoch of that, or
	 * {@link CommitMetadata#UNKNOWN_EPOCH}
	 * @param completed what is not to be handled, and what was parked
	 * @param committed the last commit, or {@code null} if there is none
	 */
	record Resumption(long from, long sought, long polledBefore, int leaderEpoch, ReportedOffsets completed,
			@Nullable OffsetAndMetadata committed) {

		/**
		 * Return from where to read: below what was polled, with the leader epoch of
		 * that, by which the client detects that the log was truncated since (KIP-320).
		 */
		OffsetAndMetadata position() {
			return (this.from < this.polledBefore && this.leaderEpoch >= 0)
					? new OffsetAndMetadata(this.from, Optional.of(this.leaderEpoch), "")
					: new OffsetAndMetadata(this.from);
		}

	}

}
