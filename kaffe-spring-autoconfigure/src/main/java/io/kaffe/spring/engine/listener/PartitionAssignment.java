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
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.delivery.AssignmentHandle;
import io.kaffe.spring.engine.delivery.FailurePolicy;
import io.kaffe.spring.engine.delivery.HeldRecords;
import io.kaffe.spring.engine.delivery.OnceStore;
import io.kaffe.spring.engine.delivery.PollingConsumer;
import io.kaffe.spring.engine.listener.Preparation.Awaited;
import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.table.PartitionSnapshot;

/**
 * One partition while it is assigned to one consumer: whether its records may still be
 * handled, how far it has come, how much of it is buffered.
 * <p>
 * It is ACTIVE, then REVOKED (nothing starts, what runs or is to be acknowledged is
 * waited for), then FENCED (completions change nothing); a lost partition is fenced at
 * once. A partition that comes back gets a new assignment with a new epoch, so nothing
 * that is left over from this one can touch it.
 * <p>
 * <b>Threading.</b> Owned by the consumer thread; workers call {@link #enter()},
 * {@link #exit()}, {@link #isRevoked()}, {@link #drop} and {@link #complete}, any thread
 * that completes a record {@link #hold()}, {@link #complete} and {@link #exit()}. A
 * worker first counts itself in and then looks at the phase; the consumer thread first
 * sets the phase and then looks at the count: one of them sees the other, so once the
 * count is zero after a revocation, nothing starts or is left open any more. Tables call
 * {@link #snapshot}.
 */
final class PartitionAssignment implements AssignmentHandle {

	private static final String BACK_PRESSURE = "back-pressure";

	private static final int ACTIVE = 0;

	private static final int REVOKED = 1;

	private static final int FENCED = 2;

	private final PartitionProgress progress;

	private final PartitionBuffer buffer = new PartitionBuffer();

	private final Preparation preparation = new Preparation();

	private final AtomicInteger running = new AtomicInteger();

	private final HeldRecords held;

	/** {@code null} if what is recovered or skipped is complete. */
	private final @Nullable LeftToNext leftToNext;

	private final AssignedPartition assigned;

	private final int slot;

	private final ConsumerWakeup wakeup;

	private final CommitTimer commitTimer;

	private final LateCompletions lateCompletions;

	private final Ticker ticker;

	private final PollingConsumer polledBy;

	private volatile @Nullable Worker worker;

	/** Why it is held back, or {@code null} if it is not. */
	private volatile @Nullable String heldBack;

	private volatile int phase = ACTIVE;

	/**
	 * Create an assignment.
	 * @param assigned the partition
	 * @param slot where workers of its records stand while they are ready
	 * @param policy what is done about its records that fail
	 * @param wakeup wakes the consumer thread
	 * @param commitTimer is to know of completions
	 * @param lateCompletions where completions are reported that come too late
	 * @param ticker the time
	 * @param polledBy the consumer
	 */
	PartitionAssignment(AssignedPartition assigned, int slot, FailurePolicy policy, ConsumerWakeup wakeup,
			CommitTimer commitTimer, LateCompletions lateCompletions, Ticker ticker, PollingConsumer polledBy) {
		this.assigned = assigned;
		this.progress = new PartitionProgress(policy.retentionWarning());
		this.slot = slot;
		this.wakeup = wakeup;
		this.commitTimer = commitTimer;
		this.lateCompletions = lateCompletions;
		this.ticker = ticker;
		this.polledBy = polledBy;
		this.held = new HeldRecords(policy.maxParked(), wakeup::wakeUp, commitTimer::arm,
				this.progress.parkedHistory());
		this.leftToNext = (policy.ackAfterHandle() || polledBy.isTransactional()) ? null
				: new LeftToNext(this.progress, this.buffer);
	}

	TopicPartition partition() {
		return this.assigned.partition();
	}

	AssignedPartition assigned() {
		return this.assigned;
	}

	/**
	 * Return the partition's worker, or {@code null} if there is none yet, or if workers
	 * are allocated for each record.
	 */
	@Nullable Worker worker() {
		return this.worker;
	}

	void worker(Worker worker) {
		this.worker = worker;
		this.preparation.received(Awaited.WORKER);
	}

	/**
	 * Return what is awaited before its first record.
	 */
	Preparation preparation() {
		return this.preparation;
	}

	@Override
	public OnceStore.@Nullable Partition noted() {
		return this.preparation.noted();
	}

	PartitionProgress progress() {
		return this.progress;
	}

	PartitionBuffer buffer() {
		return this.buffer;
	}

	/**
	 * Track polled records. Consumer thread.
	 * @return those that are to be handled
	 */
	<R extends ConsumerRecord<?, ?>> List<R> append(List<R> records, @Nullable OffsetAndMetadata next) {
		List<R> open = this.preparation.withoutHandled(this.progress.append(records, next, this.ticker.instant()),
				this.progress);
		this.buffer.add(open);
		return open;
	}

	/**
	 * Decide whether fetching has to stop. Consumer thread.
	 * @param share what this partition may have buffered
	 * @param full whether the consumer's whole buffer is full
	 * @param overloaded whether nothing more may be fetched at all
	 * @param pauseRequested whether an operator has requested a pause
	 */
	void holdBack(PartitionBuffer.Room share, boolean full, boolean overloaded, boolean pauseRequested) {
		boolean hold = this.buffer.holdBack(share, full);
		String why = null;
		if (this.preparation.isAwaiting()) {
			why = this.preparation.reason();
		}
		else if (this.phase != ACTIVE) {
			why = "seek";
		}
		else if (pauseRequested) {
			why = "operator";
		}
		else if (this.held.isMaxParked()) {
			why = "parked";
		}
		else if (hold || overloaded) {
			why = BACK_PRESSURE;
		}
		this.heldBack = why;
	}

	/**
	 * Return whether the partition has to be paused for want of room alone.
	 */
	boolean isShortOfRoom() {
		return BACK_PRESSURE.equals(this.heldBack) && this.buffer.isHeldBack();
	}

	/**
	 * Return whether the partition has to be paused.
	 */
	boolean isHeldBack() {
		return this.heldBack != null;
	}

	void revoke() {
		if (this.phase == ACTIVE) {
			this.phase = REVOKED;
		}
	}

	void fence() {
		this.phase = FENCED;
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
		if (this.running.decrementAndGet() == 0 && this.phase != ACTIVE) {
			this.wakeup.drained();
		}
	}

	@Override
	public boolean isRevoked() {
		return this.phase != ACTIVE;
	}

	@Override
	public boolean isOver(ConsumerRecord<?, ?> record) {
		return this.phase == FENCED || this.progress.isComplete(record.offset());
	}

	@Override
	public void complete(ConsumerRecord<?, ?> record) {
		if (this.phase == FENCED) {
			// Another attempt may have completed it in time.
			if (!this.progress.isComplete(record.offset())) {
				this.buffer.remove(record);
				this.lateCompletions.add(record, this);
			}
		}
		else {
			this.commitTimer.completed((this.leftToNext != null) ? this.leftToNext.complete(record)
					: this.progress.complete(record.offset()) && this.buffer.remove(record));
		}
	}

	@Override
	public void leaveToNext(ConsumerRecord<?, ?> record) {
		if (this.phase == FENCED || this.leftToNext == null) {
			complete(record);
		}
		else {
			this.commitTimer.completed(this.leftToNext.leave(record));
		}
	}

	@Override
	public void hold() {
		this.running.incrementAndGet();
	}

	/**
	 * Return whether workers still have records of it, rather than only listeners that
	 * have left them open.
	 */
	boolean isWithWorkers() {
		return this.buffer.records() + this.progress.evicted().inHand() > this.held.detached();
	}

	/**
	 * Return whether workers have records of it that do not wait for an operator: queued,
	 * being handled, or to be retried.
	 */
	boolean isInProgress() {
		return this.buffer.records() + this.progress.evicted().inHand() > this.held.detached() + this.held.parked();
	}

	@Override
	public void drop(ConsumerRecord<?, ?> record) {
		// An attempt that has failed may be acknowledged all the same.
		if (!this.progress.isComplete(record.offset())) {
			this.buffer.remove(record);
		}
	}

	@Override
	public HeldRecords held() {
		return this.held;
	}

	@Override
	public PollingConsumer polledBy() {
		return this.polledBy;
	}

	/**
	 * Return where workers of this partition's records stand while they are ready.
	 */
	int slot() {
		return this.slot;
	}

	PartitionSnapshot snapshot(boolean paused) {
		String heldBack = this.heldBack;
		String by = paused ? "operator" : null;
		Worker worker = this.worker;
		return this.progress.snapshot(this.assigned, (worker != null) ? worker.name() : null, this.held.parked(),
				(heldBack != null) ? heldBack : by, this.ticker.instant());
	}

	@Override
	public String toString() {
		return this.assigned.toString();
	}

}
