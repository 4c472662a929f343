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

package io.kaffe.spring.worker;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A serial queue on a task executor: handles one record at a time, in the order in which
 * they were handed over, and holds a thread only while it does so.
 * <p>
 * A worker is scheduled when it has work and nobody runs it; it handles what is queued
 * until its turn is over, then gives the thread back and is scheduled again. Work that
 * waits (a failed record before its next attempt) keeps its place at the head of the
 * queue without a thread, until {@link #wake()}.
 * <p>
 * <b>Threading.</b> One atomic word says who may touch the head of the queue. IDLE
 * becomes SCHEDULED when work is submitted; the executor's thread makes it RUNNING; from
 * there it goes to IDLE when the queue is empty, to SCHEDULED when the turn is over, or
 * to WAITING, which becomes SCHEDULED when the worker is woken. Only the thread that made
 * it RUNNING reads or writes {@code current}, and it hands that on through the same word.
 * {@link #submit} and {@link #wake()} may come from any thread and never block. After
 * IDLE and after WAITING the runner looks once more, so that work or a wake-up that came
 * in between is not missed. What tables show is volatile and written by the runner alone.
 * There are no locks.
 */
public final class Worker {

	private static final int IDLE = 0;

	private static final int SCHEDULED = 1;

	private static final int RUNNING = 2;

	private static final int WAITING = 3;

	private final String name;

	private final WorkerSupervisor supervisor;

	private final Runnable onIdle;

	private final AtomicInteger run = new AtomicInteger(IDLE);

	private final Queue<Work> queue = new ConcurrentLinkedQueue<>();

	private final Set<AssignedPartition> partitions = ConcurrentHashMap.newKeySet();

	private final AtomicInteger restarts = new AtomicInteger();

	private @Nullable Work current;

	private volatile @Nullable ConsumerRecord<?, ?> record;

	private volatile long recordSince;

	private volatile int attempt;

	private volatile long handled;

	private volatile long failed;

	private volatile @Nullable RecordFailure lastFailure;

	Worker(String name, WorkerSupervisor supervisor, Runnable onIdle) {
		this.name = name;
		this.supervisor = supervisor;
		this.onIdle = onIdle;
	}

	/**
	 * Return the name the strategy gave.
	 * @return the name, unique within the consumer
	 */
	public String name() {
		return this.name;
	}

	/**
	 * Return the partitions this worker serves at the moment.
	 * @return a snapshot, in no order; empty once it is retired
	 */
	public Collection<AssignedPartition> partitions() {
		return List.copyOf(this.partitions);
	}

	/**
	 * Queue work behind what is there already. Any thread; never blocks.
	 * @param work the work
	 */
	public void submit(Work work) {
		this.queue.add(work);
		scheduleIf(IDLE);
	}

	/**
	 * Let work that waits look again whether it can go on. Does nothing unless the worker
	 * is waiting. Any thread; never blocks.
	 */
	public void wake() {
		scheduleIf(WAITING);
	}

	/**
	 * Call {@link #wake()} after a while. Any thread; never blocks.
	 * @param delay how long to wait
	 */
	public void wakeAfter(Duration delay) {
		this.supervisor.wakeAfter(this, delay);
	}

	/**
	 * Note that the handling of a record begins. Called by work, while it is run.
	 * @param record the record
	 * @param attempt which attempt it is, from 1
	 */
	public void beginRecord(ConsumerRecord<?, ?> record, int attempt) {
		this.recordSince = this.supervisor.ticker().nanoTime();
		this.attempt = attempt;
		this.record = record;
	}

	/**
	 * Note that the record is done with. Called by work, while it is run.
	 */
	public void recordHandled() {
		this.record = null;
		this.handled++;
	}

	/**
	 * Note that an attempt failed; the record stays the current one. Called by work,
	 * while it is run.
	 * @param failure what went wrong
	 */
	public void recordFailed(RecordFailure failure) {
		this.lastFailure = failure;
		this.failed++;
	}

	/**
	 * Note that the record is given up without an outcome, because its partition is gone.
	 * Called by work, while it is run.
	 */
	public void recordDropped() {
		this.record = null;
	}

	/**
	 * Return whether a record is with the handler or waits for its next attempt.
	 * @return the record, or {@code null}
	 */
	public @Nullable ConsumerRecord<?, ?> currentRecord() {
		return this.record;
	}

	/**
	 * Describe this worker as it is now. Any thread; a moment's view.
	 * @param queued the number of records that wait behind the current one
	 * @return the snapshot
	 */
	public WorkerSnapshot snapshot(int queued) {
		int state = this.run.get();
		ConsumerRecord<?, ?> record = this.record;
		List<WorkerSnapshot.CurrentRecord> records = (record != null) ? List.of(describe(record)) : List.of();
		RecordFailure failure = this.lastFailure;
		List<TopicPartition> served = this.partitions.stream().map(AssignedPartition::partition).toList();
		return new WorkerSnapshot(this.name, state(state, record),
				served.stream().map(TopicPartition::toString).sorted().toList(), queued, this.handled, this.failed,
				this.restarts.get(), records, (failure != null) ? failure.snapshot() : null);
	}

	private WorkerState state(int state, @Nullable ConsumerRecord<?, ?> record) {
		boolean busy = record != null || (state != IDLE);
		if (this.partitions.isEmpty()) {
			return busy ? WorkerState.DRAINING : WorkerState.STOPPED;
		}
		if (state == WAITING) {
			return WorkerState.BACKING_OFF;
		}
		return busy ? WorkerState.RUNNING : WorkerState.IDLE;
	}

	private WorkerSnapshot.CurrentRecord describe(ConsumerRecord<?, ?> record) {
		Ticker ticker = this.supervisor.ticker();
		Instant since = ticker.instant().minusNanos(ticker.nanoTime() - this.recordSince);
		return new WorkerSnapshot.CurrentRecord(record.topic() + "-" + record.partition(), record.offset(),
				this.attempt, since);
	}

	void serve(AssignedPartition partition) {
		this.partitions.add(partition);
	}

	void release(AssignedPartition partition) {
		this.partitions.remove(partition);
	}

	boolean isUnused() {
		return this.partitions.isEmpty() && this.run.get() == IDLE && this.queue.isEmpty();
	}

	/**
	 * Handle what is queued until the queue is empty, the head waits, or the turn is
	 * over. Called by the supervisor on a thread of the executor, once for each time it
	 * was asked to schedule this worker.
	 */
	void runTurn(long turnEnd) {
		this.run.set(RUNNING);
		while (true) {
			Work work = this.current;
			if (work == null) {
				work = this.queue.poll();
				if (work == null) {
					goIdle();
					return;
				}
				this.current = work;
			}
			switch (work.proceed(this, turnEnd)) {
				case DONE -> {
					this.current = null;
				}
				case WAITING -> {
					this.run.set(WAITING);
					if (work.isReady()) {
						wake();
					}
					return;
				}
				case TURN_OVER -> {
					reschedule();
					return;
				}
			}
		}
	}

	/**
	 * Note that a turn broke down. The head of the queue stays where it is.
	 * @return whether the supervisor is to give it another turn; {@code false} if it had
	 * given the queue out of its hands already
	 */
	boolean brokeDown() {
		this.restarts.incrementAndGet();
		return this.run.compareAndSet(RUNNING, SCHEDULED);
	}

	private void goIdle() {
		this.run.set(IDLE);
		if (!this.queue.isEmpty()) {
			scheduleIf(IDLE);
		}
		else if (this.partitions.isEmpty()) {
			this.onIdle.run();
		}
	}

	private void reschedule() {
		this.run.set(SCHEDULED);
		this.supervisor.schedule(this);
	}

	private void scheduleIf(int expected) {
		if (this.run.get() == expected && this.run.compareAndSet(expected, SCHEDULED)) {
			this.supervisor.schedule(this);
		}
	}

	@Override
	public String toString() {
		return this.name;
	}

}
