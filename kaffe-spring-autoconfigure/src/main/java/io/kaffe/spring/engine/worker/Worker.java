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
import java.util.List;
import java.util.concurrent.Future;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.table.WorkerSnapshot;
import io.kaffe.spring.table.WorkerState;

/**
 * A serial queue on a task executor: handles one record at a time, in the order of
 * submission, and holds a thread only while it does so.
 * <p>
 * A worker is scheduled when it has work and no thread runs it; it handles what is queued
 * until its turn is over, then lets others run and is scheduled again. Work that waits (a
 * failed record before its next attempt) keeps its place at the head of the queue without
 * a thread, until {@link #wake()}. How long a worker lives, and what it is named after,
 * is up to its kind: {@link PartitionWorker} or {@link KeyWorker}.
 * <p>
 * <b>Threading.</b> One atomic word, {@code state}, says who may touch the head of the
 * queue. IDLE becomes SCHEDULED when work is submitted; a thread of the executor makes it
 * RUNNING; from there it goes to IDLE when the queue is empty, to SCHEDULED when the turn
 * is over, or to WAITING, which becomes SCHEDULED when the worker is woken. GATHERING is
 * a WAITING that more work ends, too: {@link #submit} looks for it in the same reading in
 * which it looks for IDLE. Only the thread that made it RUNNING touches {@code current}
 * and takes from the inbox, and it passes them on through the same word. {@link #submit}
 * and {@link #wake()} may be called by any thread and never block. A submitter adds the
 * work first and looks at the word then; the runner sets IDLE or GATHERING first and
 * looks for work then: one of them sees the other. After WAITING and GATHERING the runner
 * asks the work once more, so that a wake-up that came in between is not missed either.
 * <p>
 * What is submitted goes to the {@linkplain WorkerInbox inbox}; what tables show is
 * {@linkplain WorkerActivity written by the runner alone} and may be a moment old. There
 * are no locks.
 */
public abstract class Worker extends WorkerInbox<Work> {

	private static final int IDLE = 0;

	private static final int SCHEDULED = 1;

	private static final int RUNNING = 2;

	private static final int WAITING = 3;

	private static final int GATHERING = 4;

	private static final VarHandle STATE;
	static {
		try {
			STATE = MethodHandles.lookup().findVarHandle(Worker.class, "state", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final Context context;

	private final int slot;

	private volatile int state = IDLE;

	private @Nullable Work current;

	/** Belongs to the run queue. */
	@Nullable Worker nextStranded;

	/** Only if it broke down, since most never do. */
	private volatile @Nullable RestartHistory restarts;

	/**
	 * Create a worker without work.
	 * @param context what the workers of its consumer share
	 * @param slot where it stands in the run queue while it is ready
	 */
	Worker(Context context, int slot) {
		this.context = context;
		this.slot = slot;
	}

	/**
	 * Return who is notified of what happens to the consumer.
	 * @return the same for all workers of the consumer
	 */
	public ConsumerObservers observers() {
		return this.context.observers();
	}

	/**
	 * Return where to log what may happen to many records at once.
	 * @return the same for all workers of the consumer
	 */
	public LimitedLog failureLog() {
		return this.context.failureLog();
	}

	/**
	 * Return the worker's name: the one that the strategy gave, or, where workers are
	 * allocated for each record, that of the record it began with.
	 * @return the name, unique within the consumer
	 */
	public abstract String name();

	/**
	 * Return the partitions that tables show beside it.
	 * @return a snapshot, sorted
	 */
	abstract List<String> served();

	/**
	 * Return whether partitions or records need it; if not, it retires when it is idle.
	 */
	abstract boolean isNeeded();

	/**
	 * Queue work behind what is there already. Any thread; never blocks.
	 * @param work the work
	 * @return {@code false} if this is the worker of a key and has retired: the caller
	 * has to make a new one
	 */
	public boolean submit(Work work) {
		if (!push(work)) {
			return false;
		}
		int state = this.state;
		if (state == IDLE || state == GATHERING) {
			scheduleFrom(state);
		}
		return true;
	}

	/**
	 * Take the first work, while no other thread knows this worker. It has to be added to
	 * the run queue then.
	 */
	final void prepare(Work first) {
		pushFirst(first);
		STATE.set(this, SCHEDULED);
	}

	/**
	 * Stop the consumer in an orderly way, since it cannot go on. Any thread; never
	 * blocks.
	 * @param reason why, as a sentence
	 * @param failure what was thrown
	 */
	public void stopConsumer(String reason, Throwable failure) {
		this.context.owner().stopBecause(reason, failure);
	}

	/**
	 * Let work that waits look again whether it can go on. Does nothing unless the worker
	 * is waiting. Any thread; never blocks.
	 */
	public void wake() {
		int state = this.state;
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
		return this.context.runtime().after(delay, task);
	}

	/**
	 * Note that the handler has returned and answers later. Until
	 * {@link #handlerAnswered()} it counts as concurrent. Called by work, while it is
	 * run.
	 */
	public void handlerAwaited() {
		this.context.runQueue().takePermit();
	}

	/**
	 * Note that a handler has answered, or that its answer is no longer awaited. Any
	 * thread, once for each call of {@link #handlerAwaited()}.
	 */
	public void handlerAnswered() {
		this.context.runQueue().returnPermit();
	}

	/**
	 * Take the work that is next in the queue, if it is of a type. Called by work, while
	 * it is run, which answers for it from then on.
	 * @param type the type of work
	 * @param <W> the same
	 * @return the work; {@code null} if nothing is queued, or something else is next
	 */
	public <W extends Work> @Nullable W takeQueued(Class<W> type) {
		return type.isInstance(peekNext()) ? type.cast(takeNext()) : null;
	}

	/**
	 * Notify observers that an attempt has ended. Called by work, for each record that
	 * the handler had.
	 * @param topic the record's topic
	 * @param nanos how many nanoseconds the attempt took; of a batch the record's share
	 * @param handled whether it succeeded
	 */
	public void attempted(String topic, long nanos, boolean handled) {
		this.context.observers().attempted(topic, nanos, handled);
	}

	/**
	 * Return how many records the handler has. Any thread; a moment's view.
	 * @return the number; 0 while nothing is with the handler
	 */
	public int inFlight() {
		if (currentRecord() == null) {
			return 0;
		}
		// Seen, since it was written before the record was.
		Work work = this.current;
		if (work == null) {
			return 0;
		}
		return (this.state == RUNNING || work.isWithHandler()) ? work.inFlight() : 0;
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
		int state = this.state;
		ConsumerRecord<?, ?> record = currentRecord();
		List<WorkerSnapshot.CurrentRecord> records = (record != null)
				? List.of(describe(record, this.context.runtime().ticker(), showValues)) : List.of();
		RestartHistory restarts = this.restarts;
		return new WorkerSnapshot(name(), state(state, record), served(), queued,
				new WorkerSnapshot.Counters(handled(), failed(), (restarts != null) ? restarts.total() : 0), records,
				lastFailure(), null);
	}

	/**
	 * Return what this worker is doing. Any thread; a moment's view, which does not say
	 * whether it is stalled.
	 * @return the state
	 */
	WorkerState state() {
		return state(this.state, currentRecord());
	}

	private WorkerState state(int state, @Nullable ConsumerRecord<?, ?> record) {
		boolean busy = record != null || (state != IDLE);
		if (!isNeeded()) {
			return busy ? WorkerState.DRAINING : WorkerState.STOPPED;
		}
		Work work = this.current;
		if ((state == WAITING || state == GATHERING) && work != null) {
			return work.waitingState();
		}
		return busy ? WorkerState.RUNNING : WorkerState.IDLE;
	}

	/**
	 * Return whether the head of the queue waits, and no handler has it. Any thread; a
	 * moment's view.
	 */
	final boolean isHeadWaiting() {
		Work work = this.current;
		return this.state == WAITING && work != null && !work.isWithHandler();
	}

	final boolean isIdle() {
		return this.state == IDLE && !hasNew();
	}

	final int slot() {
		return this.slot;
	}

	/**
	 * Handle what is queued until the queue is empty, the head waits, or the turn is
	 * over. Called on a thread of the executor, once for each time this worker was added
	 * to the run queue.
	 */
	void runTurn(Turn turn) {
		if (isClosed()) {
			return;
		}
		this.state = RUNNING;
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
	 * Note that a turn broke down. The head of the queue stays where it is. Unless the
	 * turn had released the worker already, it is to be added to the run queue after a
	 * while.
	 * @return how long to wait; zero if it broke down too often
	 */
	Duration brokeDown(Turn turn, RestartHistory.Limit limit) {
		if (turn.isHeld()) {
			this.state = SCHEDULED;
		}
		RestartHistory history = this.restarts;
		if (history == null) {
			history = new RestartHistory(limit);
			this.restarts = history;
		}
		this.context.observers().restarted();
		return history.brokeDown(turn.readClock());
	}

	private void waitWith(Work work, int state, Turn turn) {
		turn.held(false);
		this.state = state;
		boolean ready = true;
		try {
			ready = work.isReady(turn.readClock()) || (state == GATHERING && hasNew());
		}
		finally {
			// Also if that is not known: then it has to be run to find out.
			if (ready) {
				wake();
			}
		}
	}

	/**
	 * Stop running, since there is nothing to do.
	 * @return {@code false} if work came in the last moment and this thread has to go on
	 */
	abstract boolean goIdle(Turn turn);

	/**
	 * Become idle, or scheduled if work came in the last moment.
	 * @return whether it is idle
	 */
	final boolean becomeIdle(Turn turn) {
		turn.held(false);
		this.state = IDLE;
		if (hasNew()) {
			scheduleFrom(IDLE);
			return false;
		}
		return true;
	}

	private void reschedule(Turn turn) {
		turn.held(false);
		this.state = SCHEDULED;
		this.context.runQueue().add(this);
	}

	private void scheduleFrom(int expected) {
		if (STATE.compareAndSet(this, expected, SCHEDULED)) {
			this.context.runQueue().add(this);
		}
	}

	@Override
	public String toString() {
		return name();
	}

	/**
	 * What all workers of a consumer share, so that each needs one reference.
	 *
	 * @param owner the consumer
	 * @param runQueue where they stand while they are ready
	 * @param runtime has the scheduler and the time
	 * @param observers are notified of what happens to the consumer
	 * @param failureLog for what may happen to many records at once
	 */
	record Context(WorkerOwner owner, RunQueue runQueue, WorkerRuntime runtime, ConsumerObservers observers,
			LimitedLog failureLog) {
	}

}
