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

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * The workers of one consumer that are ready to run, and the threads that run them. At
 * most {@code max-concurrency} records are handled at once, on these threads or
 * asynchronously.
 * <p>
 * A thread of the executor becomes a <i>lane</i>: it gives one ready worker after the
 * other a short turn, until none is ready or its time is over. Ready workers stand in
 * <i>slots</i>, and lanes go round the slots, so that a partition with a slot of its own
 * is not held up by the many ready workers of another.
 * <p>
 * A lane holds a <i>permit</i>, and so does a record whose handler has returned and
 * answers later. There are {@code max-concurrency} of them.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; nothing blocks unless the executor does.
 * {@code ready} counts workers that are in a slot and that no lane has claimed: a worker
 * is put into its slot first and counted then, and a lane claims first and looks for a
 * worker then, so that it finds one. A worker is counted first, and whether a lane must
 * be started is asked then; a lane that ends, or an answer, takes its permit off
 * {@code permits} first and looks once more whether a worker is ready then: one of them
 * sees the other. A lane on which a handler returns that answers later takes a second
 * permit without asking, so there may be more permits than the limit allows; but each
 * lane that goes beyond it looks at the limit before it runs the next worker, and ends.
 * So no more handlers are at work than may be: each has the permit of its lane, or one of
 * its own, and a lane only calls one after it has found that there are no more permits,
 * its own included, than the limit allows. Only one lane is being started at a time, and
 * it starts the next one if more is ready, so that threads are woken one by one and no
 * more than are needed; a thread that skips starting because of {@code starting} has
 * counted its worker before, and the thread that clears {@code starting}, the lane that
 * has started or a thread that found it need not, looks after that. Slots are opened and
 * closed under a lock, under which nothing else is called. What the threads are handling
 * is read by the {@link StallWatch} from their turns.
 */
final class RunQueue {

	private static final Log logger = LogFactory.getLog(RunQueue.class);

	private static final long WORKER_TURN_NANOS = Duration.ofMillis(1).toNanos();

	/** After this a lane goes to the end of the executor's queue. */
	private static final long LANE_NANOS = Duration.ofMillis(20).toNanos();

	private static final Duration REJECTED_DELAY = Duration.ofMillis(100);

	private static final Duration STOPPING_DELAY = Duration.ofSeconds(1);

	private static final int SHOWN_FRAMES = 50;

	/** The lane that the thread is about to submit. */
	private static final ThreadLocal<Runnable> SUBMITTING = new ThreadLocal<>();

	private final AtomicInteger ready = new AtomicInteger();

	/** Those of lanes, and of records whose handlers answer later. */
	private final AtomicInteger permits = new AtomicInteger();

	private final AtomicBoolean starting = new AtomicBoolean();

	private final AtomicBoolean retrying = new AtomicBoolean();

	private final Deque<Integer> freeSlots = new ArrayDeque<>();

	private final Set<Turn> turns;

	private final Runnable watch;

	private final WorkerRuntime runtime;

	private final WorkerOwner consumer;

	private final ExecutorRejections rejections;

	private final StrandedWorkers stranded = new StrandedWorkers();

	private volatile List<Queue<Worker>> slots = List.of(new ConcurrentLinkedQueue<>());

	/** Where the next lane goes on, so that short ones go round the slots, too. */
	private volatile int lastSlot;

	private volatile int maxConcurrency;

	/**
	 * Create a run queue.
	 * @param runtime has the executor, the scheduler and the time
	 * @param name the consumer's name
	 * @param consumer the consumer
	 * @param maxConcurrency how many records may be handled at once
	 * @param turns where the turns of threads that run workers are kept, for other
	 * threads to read
	 * @param watch called by each thread that begins to run workers
	 */
	RunQueue(WorkerRuntime runtime, String name, WorkerOwner consumer, int maxConcurrency, Set<Turn> turns,
			Runnable watch) {
		this.runtime = runtime;
		this.consumer = consumer;
		this.maxConcurrency = maxConcurrency;
		this.turns = turns;
		this.watch = watch;
		this.rejections = new ExecutorRejections(name, runtime.ticker(), consumer);
	}

	/**
	 * Add a worker that has something to do and is not here. Does not throw, since no
	 * other thread would add it.
	 */
	void add(Worker worker) {
		try {
			this.slots.get(worker.slot()).add(worker);
		}
		catch (Throwable ex) {
			this.stranded.add(worker);
		}
		this.ready.incrementAndGet();
		startLane();
	}

	/**
	 * Take a permit for a record whose handler has returned and answers later. Called on
	 * the lane on which it returned.
	 */
	void takePermit() {
		this.permits.incrementAndGet();
	}

	/**
	 * Give a permit back. Any thread; does not throw.
	 */
	void returnPermit() {
		this.permits.decrementAndGet();
		startLaneIfReady();
	}

	int maxConcurrency() {
		return this.maxConcurrency;
	}

	/**
	 * Return where the thread is that handles a worker's record. Any thread.
	 * @return the innermost frames; {@code null} if no thread does, or it has begun
	 * another record meanwhile
	 */
	@Nullable List<String> stackOf(String worker) {
		for (Turn turn : this.turns) {
			Worker running = turn.worker();
			if (running != null && running.name().equals(worker)) {
				return stackOf(turn, running);
			}
		}
		return null;
	}

	private static @Nullable List<String> stackOf(Turn turn, Worker worker) {
		Thread thread = turn.thread();
		ConsumerRecord<?, ?> record = worker.currentRecord();
		if (thread == null || record == null) {
			return null;
		}
		StackTraceElement[] stack = thread.getStackTrace();
		if (turn.worker() != worker || worker.currentRecord() != record) {
			return null;
		}
		return Stream.of(stack).limit(SHOWN_FRAMES).map(StackTraceElement::toString).toList();
	}

	/**
	 * Change how many records may be handled at once. What is being handled is finished.
	 */
	void maxConcurrency(int maxConcurrency) {
		this.maxConcurrency = maxConcurrency;
		startLaneIfReady();
	}

	/**
	 * Return a slot that is not in use.
	 */
	synchronized int openSlot() {
		Integer free = this.freeSlots.poll();
		if (free != null) {
			return free;
		}
		List<Queue<Worker>> more = new ArrayList<>(this.slots);
		more.add(new ConcurrentLinkedQueue<>());
		this.slots = List.copyOf(more);
		return more.size() - 1;
	}

	/**
	 * Give a slot back. Workers that are still in it share it with its next user.
	 */
	synchronized void closeSlot(int slot) {
		this.freeSlots.add(slot);
	}

	private void startLaneIfReady() {
		if (this.ready.get() > 0) {
			startLane();
		}
	}

	/**
	 * Start a lane, unless there is no permit for it or one is being started. Does not
	 * throw, since the caller no longer holds the worker.
	 */
	private void startLane() {
		while (this.permits.get() < this.maxConcurrency && this.starting.compareAndSet(false, true)) {
			if (enter()) {
				if (!submitNew()) {
					this.permits.decrementAndGet();
					this.starting.set(false);
					retryLater();
				}
				return;
			}
			this.starting.set(false);
			// Another thread may have left it to this one to start a lane.
			if (this.ready.get() == 0) {
				return;
			}
		}
	}

	private boolean submitNew() {
		try {
			return new Lane(true, this.lastSlot).submit();
		}
		catch (Throwable ex) {
			// No memory for it, or not even for a warning.
			return false;
		}
	}

	/**
	 * Take a permit for one more lane, unless there is none.
	 */
	private boolean enter() {
		int present = this.permits.get();
		while (present < this.maxConcurrency) {
			if (this.permits.compareAndSet(present, present + 1)) {
				return true;
			}
			present = this.permits.get();
		}
		return false;
	}

	private boolean claim() {
		int present = this.ready.get();
		while (present > 0) {
			if (this.ready.compareAndSet(present, present - 1)) {
				return true;
			}
			present = this.ready.get();
		}
		return false;
	}

	private void retryLater() {
		if (this.retrying.compareAndSet(false, true)) {
			try {
				if (this.permits.get() == 0) {
					this.rejections.standsStill();
				}
				this.runtime.after(REJECTED_DELAY, () -> {
					this.retrying.set(false);
					startLaneIfReady();
				});
			}
			catch (Throwable ex) {
				// No memory for it: left to the next caller.
				this.retrying.set(false);
			}
		}
	}

	/**
	 * A thread that runs workers, or the request for one.
	 */
	private final class Lane implements Runnable {

		private final Turn turn = new Turn(RunQueue.this.runtime.ticker());

		private final AtomicBoolean decided = new AtomicBoolean();

		private final boolean started;

		private int slot;

		private boolean refused;

		/**
		 * Create a lane.
		 * @param started whether it was started in the name of {@code starting}, rather
		 * than to go on in place of another one
		 * @param slot the slot to go on after
		 */
		Lane(boolean started, int slot) {
			this.started = started;
			this.slot = slot;
		}

		/**
		 * Submit this lane to the executor. If it is taken, it belongs to another thread.
		 * @return whether it was taken: an executor that runs it in this thread, which
		 * may be the one that polls, has not
		 */
		boolean submit() {
			SUBMITTING.set(this);
			try {
				RunQueue.this.runtime.execute(this);
			}
			catch (Throwable ex) {
				if (!this.decided.compareAndSet(false, true)) {
					// It runs nevertheless, on another thread than that which was
					// lacking.
					return true;
				}
				RunQueue.this.rejections.warn(ex);
				return false;
			}
			finally {
				SUBMITTING.remove();
			}
			if (this.refused) {
				RunQueue.this.rejections.warn(null);
			}
			return !this.refused;
		}

		@Override
		public void run() {
			if (SUBMITTING.get() == this) {
				this.refused = true;
				return;
			}
			if (!this.decided.compareAndSet(false, true)) {
				return;
			}
			if (this.started) {
				RunQueue.this.starting.set(false);
			}
			WorkerOwner.ThreadScope scope = null;
			boolean ended = false;
			try {
				RunQueue.this.rejections.laneRuns();
				scope = RunQueue.this.consumer.threadScope();
				this.turn.enter();
				RunQueue.this.turns.add(this.turn);
				RunQueue.this.watch.run();
				scope.enter();
				runWorkers();
				ended = true;
			}
			finally {
				RunQueue.this.turns.remove(this.turn);
				if (!ended) {
					returnPermit();
				}
				if (scope != null) {
					scope.leave();
				}
			}
		}

		private void runWorkers() {
			long end = this.turn.readClock() + LANE_NANOS;
			Worker worker = next();
			while (worker != null) {
				run(worker);
				if (this.turn.now() - end >= 0) {
					if (new Lane(false, this.slot).submit()) {
						return;
					}
					end = this.turn.now() + LANE_NANOS;
				}
				worker = next();
			}
		}

		private void run(Worker worker) {
			this.turn.start(worker, WORKER_TURN_NANOS);
			try {
				worker.runTurn(this.turn);
			}
			catch (Throwable ex) {
				brokeDown(worker, ex);
			}
			finally {
				this.turn.end();
			}
		}

		/**
		 * Restart a worker after a while, with the head of its queue in place. If it
		 * broke down too often it stays down, and the consumer is stopped: what it has is
		 * dropped when the partitions are revoked, for which it has to run once more. If
		 * that cannot even be arranged, it is started again at once, on another lane.
		 */
		private void brokeDown(Worker worker, Throwable failure) {
			boolean toBeAdded = this.turn.isHeld();
			try {
				Duration delay = noteBreakdown(worker, failure);
				if (toBeAdded) {
					RunQueue.this.runtime.after(delay, () -> add(worker));
					toBeAdded = false;
				}
			}
			finally {
				if (toBeAdded) {
					add(worker);
				}
			}
		}

		private Duration noteBreakdown(Worker worker, Throwable failure) {
			Duration delay = worker.brokeDown(this.turn, RunQueue.this.consumer.restartLimit());
			String brokeDown = "Worker " + worker + " broke down outside the handler";
			if (delay.isZero() || WorkerRuntime.isFatal(failure)) {
				worker.failureLog().log(logger::warn, "breakdowns of workers", brokeDown, failure);
				RunQueue.this.consumer.stopBecause(brokeDown + (delay.isZero() ? " too often" : ""), failure);
				return STOPPING_DELAY;
			}
			worker.failureLog()
				.log(logger::warn, "breakdowns of workers",
						brokeDown + "; restarting it in " + delay.toMillis() + " ms", failure);
			return delay;
		}

		/**
		 * Return the worker that is to run next, or nothing, in which case this lane has
		 * ended.
		 */
		private @Nullable Worker next() {
			do {
				if (RunQueue.this.permits.get() <= RunQueue.this.maxConcurrency && claim()) {
					startLaneIfReady();
					return find();
				}
				RunQueue.this.lastSlot = this.slot;
				RunQueue.this.permits.decrementAndGet();
			}
			while (RunQueue.this.ready.get() > 0 && enter());
			return null;
		}

		private Worker find() {
			while (true) {
				Worker stranded = RunQueue.this.stranded.poll();
				if (stranded != null) {
					return stranded;
				}
				List<Queue<Worker>> slots = RunQueue.this.slots;
				for (int tried = 0; tried < slots.size(); tried++) {
					this.slot = (this.slot + 1 < slots.size()) ? this.slot + 1 : 0;
					Worker worker = slots.get(this.slot).poll();
					if (worker != null) {
						return worker;
					}
				}
				// Not for long: another lane took the worker that was there, and another
				// worker came into a slot that was passed.
				Thread.onSpinWait();
			}
		}

	}

	/**
	 * Ready workers that could not be put into their slots because there was no memory
	 * for that. They are linked by a field of theirs, so that this needs none.
	 */
	private static final class StrandedWorkers {

		private volatile @Nullable Worker first;

		synchronized void add(Worker worker) {
			worker.nextStranded = this.first;
			this.first = worker;
		}

		@Nullable Worker poll() {
			return (this.first != null) ? remove() : null;
		}

		private synchronized @Nullable Worker remove() {
			Worker worker = this.first;
			if (worker != null) {
				this.first = worker.nextStranded;
				worker.nextStranded = null;
			}
			return worker;
		}

	}

}
