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

package io.kaffe.spring.engine.worker;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.table.WorkerSnapshot;
import io.kaffe.spring.table.WorkerState;

/**
 * A serial queue on a task executor: handles one record at a time, in the order in which
 * they were handed over, and holds a thread only while it does so.
 * <p>
 * A worker is scheduled when it has work and nobody runs it; it handles what is queued
 * until its turn is over, then lets others run and is scheduled again. Work that waits (a
 * failed record before its next attempt) keeps its place at the head of the queue without
 * a thread, until {@link #wake()}. Workers of partitions are named by a strategy and stay
 * while partitions need them; the worker of a key is there while records with the key
 * are, and named after the first of them.
 * <p>
 * <b>Threading.</b> One atomic word says who may touch the head of the queue. IDLE
 * becomes SCHEDULED when work is submitted; a thread of the executor makes it RUNNING;
 * from there it goes to IDLE when the queue is empty, to SCHEDULED when the turn is over,
 * or to WAITING, which becomes SCHEDULED when the worker is woken. GATHERING is a WAITING
 * that more work ends, too: {@link #submit} looks for it in the same reading in which it
 * looks for IDLE. Only the thread that made it RUNNING touches {@code current} and
 * {@code backlog}, and it hands them on through the same word. {@link #submit} and
 * {@link #wake()} may come from any thread and never block. Who submits adds the work
 * first and looks at the word then; the runner sets IDLE or GATHERING first and looks for
 * work then: one of them sees the other. After WAITING and GATHERING the runner asks the
 * work once more, so that a wake-up that came in between is not missed either.
 * <p>
 * What is submitted goes to {@code inbox}, a stack on which the newest is on top; the
 * runner takes all of it at once and turns it round. The worker of a key retires by
 * replacing an empty inbox by a mark, after which nobody submits anything: the one step
 * in which it is decided whether a record came in time.
 * <p>
 * What tables show is written by the runner alone, in release mode, and may be a moment
 * old. There are no locks.
 */
public final class Worker {

	private static final int IDLE = 0;

	private static final int SCHEDULED = 1;

	private static final int RUNNING = 2;

	private static final int WAITING = 3;

	private static final int GATHERING = 4;

	private static final Work RETIRED = new NoWork();

	private static final VarHandle RUN = field("run", int.class);

	private static final VarHandle INBOX = field("inbox", Work.class);

	private static final VarHandle RECORD = field("record", ConsumerRecord.class);

	private static final VarHandle RECORD_SINCE = field("recordSince", long.class);

	private static final VarHandle HANDLED = field("handled", long.class);

	private final ConsumerWorkers workers;

	/** Its name if it serves partitions, else what its key is in the map. */
	private final Object key;

	private final @Nullable String topic;

	private final int partition;

	private final int slot;

	private final long offset;

	private volatile int run = IDLE;

	private volatile @Nullable Work inbox;

	private @Nullable Work current;

	private @Nullable Work backlog;

	private int backlogSize;

	private volatile Set<AssignedPartition> partitions = Set.of();

	private volatile @Nullable ConsumerRecord<?, ?> record;

	private volatile long recordSince;

	private volatile long handled;

	/** Belongs to the run queue. */
	@Nullable Worker nextStranded;

	private int attempt;

	private volatile int failed;

	/** Only if it broke down, since most never do. */
	private volatile @Nullable RestartHistory restarts;

	private volatile @Nullable Failure lastFailure;

	/**
	 * Create a worker that serves partitions.
	 */
	Worker(String name, ConsumerWorkers workers) {
		this.key = name;
		this.workers = workers;
		this.topic = null;
		this.partition = 0;
		this.offset = 0;
		this.slot = 0;
	}

	/**
	 * Create the worker of a key.
	 */
	Worker(Object key, ConsumerRecord<?, ?> first, int slot, ConsumerWorkers workers) {
		this.key = key;
		this.workers = workers;
		this.topic = first.topic();
		this.partition = first.partition();
		this.offset = first.offset();
		this.slot = slot;
	}

	private static VarHandle field(String name, Class<?> type) {
		try {
			return MethodHandles.lookup().findVarHandle(Worker.class, name, type);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	/**
	 * Return who is told what happens to the consumer.
	 * @return the same for all workers of the consumer
	 */
	public ConsumerObservers observers() {
		return this.workers.observers();
	}

	/**
	 * Return where to log what may happen to many records at once.
	 * @return the same for all workers of the consumer
	 */
	public LimitedLog failureLog() {
		return this.workers.failureLog();
	}

	/**
	 * Return the worker's name: the one that the strategy gave, or, where workers are
	 * allocated for each record, that of the record it began with.
	 * @return the name, unique within the consumer
	 */
	public String name() {
		return (this.topic != null) ? "worker_" + this.topic + "_" + this.partition + "_" + this.offset
				: this.key.toString();
	}

	/**
	 * Return the partitions this worker serves at the moment.
	 * @return a snapshot, in no order; empty if it is retired, or the worker of a key
	 */
	public Collection<AssignedPartition> partitions() {
		return this.partitions;
	}

	/**
	 * Queue work behind what is there already. Any thread; never blocks.
	 * @param work the work
	 * @return {@code false} if this is the worker of a key and has retired: somebody has
	 * to make a new one
	 */
	public boolean submit(Work work) {
		while (true) {
			Work newest = this.inbox;
			if (newest == RETIRED) {
				return false;
			}
			work.next = newest;
			work.depth = (newest != null) ? newest.depth + 1 : 1;
			if (INBOX.compareAndSet(this, newest, work)) {
				int state = this.run;
				if (state == IDLE || state == GATHERING) {
					scheduleFrom(state);
				}
				return true;
			}
		}
	}

	/**
	 * Take the first work, before anybody knows this worker. It has to be added to the
	 * run queue then.
	 */
	void prepare(Work first) {
		first.next = null;
		first.depth = 1;
		INBOX.set(this, first);
		RUN.set(this, SCHEDULED);
	}

	/**
	 * Take no work any more, unless there is more than the first one, since it cannot be
	 * said whether others know this worker.
	 * @return {@code false} if there is more, so that it has to be added to the run queue
	 */
	boolean retireInsteadOf(Work first) {
		return INBOX.compareAndSet(this, first, RETIRED);
	}

	/**
	 * Stop the consumer in an orderly way, since it cannot go on. Any thread; never
	 * blocks.
	 * @param reason why, as a sentence
	 * @param failure what was thrown
	 */
	public void stopConsumer(String reason, Throwable failure) {
		this.workers.stopConsumer(reason, failure);
	}

	/**
	 * Let work that waits look again whether it can go on. Does nothing unless the worker
	 * is waiting. Any thread; never blocks.
	 */
	public void wake() {
		int state = this.run;
		if (state == WAITING || state == GATHERING) {
			scheduleFrom(state);
		}
	}

	/**
	 * Run a task after a while, such as one that wakes this worker. Any thread; never
	 * blocks.
	 * @param delay how long to wait
	 * @param task the task, run by the scheduler: must not block or call user code
	 * @return what to cancel when the task is not needed any more, since the scheduler
	 * keeps it, and all it refers to, until then; {@code null} if the scheduler is shut
	 * down
	 */
	public @Nullable Future<?> after(Duration delay, Runnable task) {
		return this.workers.runtime().after(delay, task);
	}

	/**
	 * Note that the handler has returned and answers later. Until
	 * {@link #handlerAnswered()} it counts as one of those that may be at work at once.
	 * Called by work, while it is run.
	 */
	public void handlerAwaited() {
		this.workers.runQueue().takePermit();
	}

	/**
	 * Note that a handler has answered, or that nobody waits for that any more. Any
	 * thread, once for each call of {@link #handlerAwaited()}.
	 */
	public void handlerAnswered() {
		this.workers.runQueue().returnPermit();
	}

	/**
	 * Take the work that is next in the queue, if it is of a type. Called by work, while
	 * it is run, which answers for it from then on.
	 * @param type the type of work that is wanted
	 * @param <W> the same
	 * @return the work; {@code null} if nothing is queued, or something else is next
	 */
	public <W extends Work> @Nullable W takeQueued(Class<W> type) {
		return type.isInstance(peekNext()) ? type.cast(takeNext()) : null;
	}

	/**
	 * Note that the handling of a record begins. Called by work, while it is run.
	 * @param record the record
	 * @param attempt which attempt it is, from 1
	 * @param now the reading of the ticker
	 */
	public void beginRecord(ConsumerRecord<?, ?> record, int attempt, long now) {
		this.attempt = attempt;
		RECORD_SINCE.setRelease(this, now);
		RECORD.setRelease(this, record);
	}

	/**
	 * Note that the record is done with. Called by work, while it is run.
	 */
	public void recordHandled() {
		recordsHandled(1);
	}

	/**
	 * Note that the record and others that were handled with it are done with. Called by
	 * work, while it is run.
	 * @param count how many records that are
	 */
	public void recordsHandled(int count) {
		HANDLED.setRelease(this, (long) HANDLED.get(this) + count);
		RECORD.setRelease(this, (@Nullable ConsumerRecord<?, ?>) null);
	}

	/**
	 * Tell observers that an attempt has ended. Called by work, for each record that the
	 * handler had.
	 * @param topic the record's topic
	 * @param nanos how many nanoseconds the attempt took; of a batch the record's share
	 * @param handled whether it succeeded
	 */
	public void attempted(String topic, long nanos, boolean handled) {
		this.workers.observers().attempted(topic, nanos, handled);
	}

	/**
	 * Note that an attempt failed; the record stays the current one. Called by work,
	 * while it is run.
	 * @param at when it failed
	 * @param record the record
	 * @param failure what was thrown
	 */
	public void recordFailed(Instant at, ConsumerRecord<?, ?> record, Throwable failure) {
		this.lastFailure = new Failure(at, record, failure);
		this.failed++;
	}

	/**
	 * Note that the record is given up without an outcome, because its partition is gone.
	 * Called by work, while it is run.
	 */
	public void recordDropped() {
		RECORD.setRelease(this, (@Nullable ConsumerRecord<?, ?>) null);
	}

	/**
	 * Return whether a record is with the handler or waits for its next attempt.
	 * @return the record, or {@code null}
	 */
	public @Nullable ConsumerRecord<?, ?> currentRecord() {
		return this.record;
	}

	/**
	 * Return when the attempt at the {@link #currentRecord()} began.
	 * @return the reading of {@link Ticker#nanoTime()}; without a current record, of no
	 * meaning
	 */
	public long recordSince() {
		return this.recordSince;
	}

	/**
	 * Return how much work is queued behind the current one. Any thread; a moment's view.
	 * @return the number of submitted works that were not begun
	 */
	public int queued() {
		Work newest = this.inbox;
		return this.backlogSize + ((newest != null) ? newest.depth : 0);
	}

	/**
	 * Return how many records it has finished. Any thread; a moment's view.
	 * @return the number, which never decreases
	 */
	public long handled() {
		return this.handled;
	}

	/**
	 * Return how many records the handler has. Any thread; a moment's view.
	 * @return the number; 0 while nothing is with the handler
	 */
	public int inFlight() {
		if (this.record == null) {
			return 0;
		}
		// Seen, since it was written before the record was.
		Work work = this.current;
		if (work == null) {
			return 0;
		}
		return (this.run == RUNNING || work.isWithHandler()) ? work.handedOver() : 0;
	}

	/**
	 * Describe this worker as it is now. Any thread; a moment's view.
	 * @param queued the number of records that wait behind the current one
	 * @return the snapshot, without keys
	 */
	public WorkerSnapshot snapshot(int queued) {
		return snapshot(queued, false);
	}

	/**
	 * Describe this worker as it is now. Any thread; a moment's view.
	 * @param queued the number of records that wait behind the current one
	 * @param showValues whether with the key of the current record, which is asked for
	 * its text then
	 * @return the snapshot
	 */
	public WorkerSnapshot snapshot(int queued, boolean showValues) {
		int state = this.run;
		ConsumerRecord<?, ?> record = this.record;
		List<WorkerSnapshot.CurrentRecord> records = (record != null) ? List.of(describe(record, showValues))
				: List.of();
		Failure failure = this.lastFailure;
		RestartHistory restarts = this.restarts;
		return new WorkerSnapshot(name(), state(state, record), served(), queued, this.handled, this.failed,
				(restarts != null) ? restarts.total() : 0, records, (failure != null) ? failure.snapshot() : null,
				null);
	}

	/**
	 * Return what this worker is doing. Any thread; a moment's view, which does not tell
	 * whether it is stalled.
	 * @return the state
	 */
	WorkerState state() {
		return state(this.run, this.record);
	}

	private List<String> served() {
		if (this.topic != null) {
			return List.of(this.topic + "-" + this.partition);
		}
		return this.partitions.stream().map((assigned) -> assigned.partition().toString()).sorted().toList();
	}

	private WorkerState state(int state, @Nullable ConsumerRecord<?, ?> record) {
		boolean busy = record != null || (state != IDLE);
		if (this.topic == null && this.partitions.isEmpty()) {
			return busy ? WorkerState.DRAINING : WorkerState.STOPPED;
		}
		Work work = this.current;
		if ((state == WAITING || state == GATHERING) && work != null) {
			return work.waitingState();
		}
		return busy ? WorkerState.RUNNING : WorkerState.IDLE;
	}

	private WorkerSnapshot.CurrentRecord describe(ConsumerRecord<?, ?> record, boolean showValues) {
		Ticker ticker = this.workers.runtime().ticker();
		Instant since = ticker.instant().minusNanos(ticker.nanoTime() - this.recordSince);
		return new WorkerSnapshot.CurrentRecord(record.topic() + "-" + record.partition(), record.offset(),
				this.attempt, since, showValues ? DisplayText.of(record.key()) : null);
	}

	/**
	 * Add a partition. Called within the map's entry of this worker.
	 */
	void serve(AssignedPartition partition) {
		Set<AssignedPartition> more = new HashSet<>(this.partitions);
		more.add(partition);
		this.partitions = Set.copyOf(more);
	}

	/**
	 * Remove a partition. Called within the map's entry of this worker.
	 */
	void release(AssignedPartition partition) {
		Set<AssignedPartition> less = new HashSet<>(this.partitions);
		less.remove(partition);
		this.partitions = Set.copyOf(less);
	}

	boolean serves(TopicPartition partition) {
		for (AssignedPartition assigned : this.partitions) {
			if (assigned.partition().equals(partition)) {
				return true;
			}
		}
		return false;
	}

	boolean isUnused() {
		return this.partitions.isEmpty() && this.run == IDLE && this.inbox == null;
	}

	int slot() {
		return this.slot;
	}

	/**
	 * Handle what is queued until the queue is empty, the head waits, or the turn is
	 * over. Called on a thread of the executor, once for each time this worker was added
	 * to the run queue.
	 */
	void runTurn(Turn turn) {
		if (this.inbox == RETIRED) {
			return;
		}
		this.run = RUNNING;
		turn.held(true);
		while (true) {
			Work work = this.current;
			if (work == null) {
				work = takeNext();
				if (work == null) {
					if (goIdle(turn)) {
						return;
					}
					continue;
				}
				this.current = work;
			}
			switch (work.proceed(this, turn)) {
				case DONE -> {
					this.current = null;
					if (turn.isOver() && hasMore()) {
						reschedule(turn);
						return;
					}
				}
				case WAITING -> {
					waitWith(work, WAITING, turn);
					return;
				}
				case GATHERING -> {
					waitWith(work, GATHERING, turn);
					return;
				}
				case TURN_OVER -> {
					reschedule(turn);
					return;
				}
			}
		}
	}

	/**
	 * Note that a turn broke down. The head of the queue stays where it is. Unless it had
	 * given the queue out of its hands already, it is to be added to the run queue after
	 * a while.
	 * @return how long to wait; zero if it broke down too often
	 */
	Duration brokeDown(Turn turn, RestartHistory.Limit limit) {
		if (turn.isHeld()) {
			this.run = SCHEDULED;
		}
		RestartHistory history = this.restarts;
		if (history == null) {
			history = new RestartHistory(limit);
			this.restarts = history;
		}
		this.workers.observers().restarted();
		return history.brokeDown(turn.readClock());
	}

	private void waitWith(Work work, int state, Turn turn) {
		turn.held(false);
		this.run = state;
		boolean ready = true;
		try {
			ready = work.isReady(turn.readClock()) || (state == GATHERING && this.inbox != null);
		}
		finally {
			// Also if it cannot tell: then it has to be run to find out.
			if (ready) {
				wake();
			}
		}
	}

	private boolean hasMore() {
		return this.backlog != null || this.inbox != null;
	}

	private @Nullable Work peekNext() {
		if (this.backlog == null && this.inbox != null) {
			this.backlog = turnRound((Work) INBOX.getAndSet(this, (@Nullable Work) null));
		}
		return this.backlog;
	}

	private @Nullable Work takeNext() {
		Work first = peekNext();
		if (first != null) {
			this.backlog = first.next;
			this.backlogSize--;
			first.next = null;
		}
		return first;
	}

	private @Nullable Work turnRound(@Nullable Work newest) {
		Work first = null;
		Work work = newest;
		this.backlogSize = (newest != null) ? newest.depth : 0;
		while (work != null) {
			Work older = work.next;
			work.next = first;
			first = work;
			work = older;
		}
		return first;
	}

	/**
	 * Stop running, since there is nothing to do.
	 * @return {@code false} if work came in the last moment and this thread has to go on
	 */
	private boolean goIdle(Turn turn) {
		if (this.topic != null) {
			if (!INBOX.compareAndSet(this, (@Nullable Work) null, RETIRED)) {
				return false;
			}
			turn.held(false);
			this.workers.retired(this, this.key);
			return true;
		}
		turn.held(false);
		this.run = IDLE;
		if (this.inbox != null) {
			scheduleFrom(IDLE);
		}
		else if (this.partitions.isEmpty()) {
			this.workers.retireIfUnused(this);
		}
		return true;
	}

	private void reschedule(Turn turn) {
		turn.held(false);
		this.run = SCHEDULED;
		this.workers.runQueue().add(this);
	}

	private void scheduleFrom(int expected) {
		if (RUN.compareAndSet(this, expected, SCHEDULED)) {
			this.workers.runQueue().add(this);
		}
	}

	@Override
	public String toString() {
		return name();
	}

	/**
	 * The attempt that failed last.
	 *
	 * @param at when it failed
	 * @param record the record
	 * @param exception what was thrown
	 */
	private record Failure(Instant at, ConsumerRecord<?, ?> record, Throwable exception) {

		/**
		 * Return what a table may show: coordinates and type, no user data.
		 */
		WorkerSnapshot.LastFailure snapshot() {
			return new WorkerSnapshot.LastFailure(this.at, DisplayText.coordinatesOf(this.record),
					this.exception.getClass().getName());
		}

	}

	/**
	 * The mark of a queue that is closed. Its depth is 0.
	 */
	private static final class NoWork extends Work {

		@Override
		public Progress proceed(Worker worker, Turn turn) {
			throw new IllegalStateException("A worker that is retired was run");
		}

		@Override
		public boolean isReady(long now) {
			return false;
		}

	}

}
