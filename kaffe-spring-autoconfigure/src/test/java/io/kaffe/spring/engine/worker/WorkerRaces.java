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
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.Trigger;

/**
 * What may happen to a worker at a time. Afterwards everything must have been handled, by
 * one thread at a time.
 */
public final class WorkerRaces {

	private WorkerRaces() {
	}

	/**
	 * The beginning and the end of a race.
	 */
	private abstract static class Race implements Runnable {

		private final int maxConcurrency;

		private final boolean firstIsReady;

		private int works = 2;

		Race(int maxConcurrency, boolean firstIsReady) {
			this.maxConcurrency = maxConcurrency;
			this.firstIsReady = firstIsReady;
		}

		@Override
		public final void run() {
			Tasks tasks = new Tasks();
			WorkerRuntime runtime = new WorkerRuntime(tasks, new NeverScheduling(), new StoppedTicker(),
					(prefix) -> tasks);
			ConsumerWorkers workers = new ConsumerWorkers(runtime, new TestWorkerOwner(), this.maxConcurrency,
					new ConsumerObservers("orders", List.of()));
			Journal journal = new Journal();
			WaitingWork first = new WaitingWork(journal, this.firstIsReady);
			WaitingWork second = new WaitingWork(journal, true);
			race(tasks, workers, first, second);
			while (tasks.runOne()) {
				// What is scheduled, and what that schedules.
			}
			if (journal.overlaps) {
				throw new AssertionError("Two runners");
			}
			if (journal.exceeds) {
				throw new AssertionError("More at once than may");
			}
			if (journal.handled.get() != this.works) {
				throw new AssertionError("Left behind after " + journal.handled);
			}
		}

		final void works(int works) {
			this.works = works;
		}

		abstract void race(Tasks tasks, ConsumerWorkers workers, WaitingWork first, WaitingWork second);

		static void join(Thread thread) {
			try {
				thread.join();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}

	}

	/**
	 * Work is submitted while the worker handles what it has and falls idle.
	 */
	public static final class SubmittedWhileRunning extends Race {

		public SubmittedWhileRunning() {
			super(1, true);
		}

		@Override
		void race(Tasks tasks, ConsumerWorkers workers, WaitingWork first, WaitingWork second) {
			Worker worker = workers.internal("worker");
			worker.submit(first);
			Thread submitter = new Thread(new Submitter(worker, second));
			submitter.start();
			tasks.runOne();
			join(submitter);
		}

	}

	/**
	 * Work becomes ready while the worker makes up its mind to wait for that.
	 */
	public static final class WokenWhileRunning extends Race {

		public WokenWhileRunning() {
			super(1, false);
		}

		@Override
		void race(Tasks tasks, ConsumerWorkers workers, WaitingWork first, WaitingWork second) {
			Worker worker = workers.internal("worker");
			worker.submit(first);
			worker.submit(second);
			Thread waker = new Thread(new Waker(worker, first));
			waker.start();
			tasks.runOne();
			join(waker);
		}

	}

	/**
	 * Two threads submit work to an idle worker, which is to be run once. While it runs,
	 * so does whatever else is to run.
	 */
	public static final class SubmittedTwice extends Race {

		public SubmittedTwice() {
			super(2, true);
		}

		@Override
		void race(Tasks tasks, ConsumerWorkers workers, WaitingWork first, WaitingWork second) {
			Worker worker = workers.internal("worker");
			Thread submitter = new Thread(new Submitter(worker, second));
			submitter.start();
			worker.submit(first);
			join(submitter);
			first.meanwhile = new Runner(tasks);
			second.meanwhile = new Runner(tasks);
		}

	}

	/**
	 * A record comes while the worker of its key handles the last one it has and retires.
	 */
	public static final class SubmittedWhileRetiring extends Race {

		public SubmittedWhileRetiring() {
			super(1, true);
		}

		@Override
		void race(Tasks tasks, ConsumerWorkers workers, WaitingWork first, WaitingWork second) {
			ConsumerRecord<String, String> record = new ConsumerRecord<>("orders", 0, 0, "key", "value");
			workers.submit("key", record, 0, first);
			Thread submitter = new Thread(new KeySubmitter(workers, record, second));
			submitter.start();
			tasks.runOne();
			join(submitter);
		}

	}

	/**
	 * Two workers are added by two threads while the only lane ends and, perhaps,
	 * continues.
	 */
	public static final class AddedWhileTheLaneEnds extends Race {

		public AddedWhileTheLaneEnds() {
			super(1, true);
			works(3);
		}

		@Override
		void race(Tasks tasks, ConsumerWorkers workers, WaitingWork first, WaitingWork second) {
			WaitingWork third = new WaitingWork(second.journal, true);
			first.sharesItsWorker = false;
			second.sharesItsWorker = false;
			third.sharesItsWorker = false;
			Worker other = workers.internal("third");
			workers.internal("first").submit(first);
			Thread runner = new Thread(new Runner(tasks));
			Thread submitter = new Thread(new Submitter(other, third));
			runner.start();
			submitter.start();
			workers.internal("second").submit(second);
			join(runner);
			join(submitter);
		}

	}

	/**
	 * The limit is lowered while two workers run, each on a thread of its own.
	 */
	public static final class LimitLoweredWhileRunning extends Race {

		public LimitLoweredWhileRunning() {
			super(2, true);
		}

		@Override
		void race(Tasks tasks, ConsumerWorkers workers, WaitingWork first, WaitingWork second) {
			first.sharesItsWorker = false;
			second.sharesItsWorker = false;
			Lowering lowering = new Lowering(tasks, workers, second);
			first.meanwhile = lowering;
			workers.internal("first").submit(first);
			tasks.runOne();
			join(lowering.runner);
		}

	}

	/**
	 * Two workers are ready, of which one may be at work at a time. Both have handlers
	 * that answer later, on other threads: the first one when the lane may not have
	 * ended.
	 */
	public static final class AnsweredWhileTheLaneEnds extends Race {

		public AnsweredWhileTheLaneEnds() {
			super(1, true);
		}

		@Override
		void race(Tasks tasks, ConsumerWorkers workers, WaitingWork first, WaitingWork second) {
			AsynchronousWork one = new AsynchronousWork(first.journal, true);
			AsynchronousWork other = new AsynchronousWork(first.journal, true);
			workers.internal("first").submit(one);
			workers.internal("second").submit(other);
			while (tasks.runOne() || one.join() || other.join()) {
				// Until nothing happens any more.
			}
		}

	}

	/**
	 * The same, but the partition of the first one is revoked instead of an answer, so
	 * that its worker is not woken.
	 */
	public static final class PermitReturnedWhileTheLaneEnds extends Race {

		public PermitReturnedWhileTheLaneEnds() {
			super(1, true);
			works(1);
		}

		@Override
		void race(Tasks tasks, ConsumerWorkers workers, WaitingWork first, WaitingWork second) {
			AsynchronousWork unanswered = new AsynchronousWork(first.journal, false);
			workers.internal("first").submit(unanswered);
			workers.internal("second").submit(second);
			while (tasks.runOne() || unanswered.join()) {
				// Until nothing happens any more.
			}
		}

	}

	/**
	 * A task executor that runs what it has on request.
	 */
	private static final class Tasks implements Executor {

		private final Queue<Runnable> queue = new ConcurrentLinkedQueue<>();

		@Override
		public void execute(Runnable task) {
			this.queue.add(task);
		}

		boolean runOne() {
			Runnable task = this.queue.poll();
			if (task != null) {
				task.run();
			}
			return task != null;
		}

	}

	/**
	 * Submits work.
	 */
	private static final class Submitter implements Runnable {

		private final Worker worker;

		private final Work work;

		Submitter(Worker worker, Work work) {
			this.worker = worker;
			this.work = work;
		}

		@Override
		public void run() {
			this.worker.submit(this.work);
		}

	}

	/**
	 * Submits work under a key.
	 */
	private static final class KeySubmitter implements Runnable {

		private final ConsumerWorkers workers;

		private final ConsumerRecord<String, String> record;

		private final Work work;

		KeySubmitter(ConsumerWorkers workers, ConsumerRecord<String, String> record, Work work) {
			this.workers = workers;
			this.record = record;
			this.work = work;
		}

		@Override
		public void run() {
			this.workers.submit(this.record.key(), this.record, 0, this.work);
		}

	}

	/**
	 * Makes another worker run on a thread of its own, and lowers the limit.
	 */
	private static final class Lowering implements Runnable {

		private final Thread runner;

		private final ConsumerWorkers workers;

		private final Work work;

		Lowering(Tasks tasks, ConsumerWorkers workers, Work work) {
			this.runner = new Thread(new Runner(tasks));
			this.workers = workers;
			this.work = work;
		}

		@Override
		public void run() {
			this.workers.internal("second").submit(this.work);
			this.runner.start();
			this.workers.maxConcurrency(1);
		}

	}

	/**
	 * A thread of the executor.
	 */
	private static final class Runner implements Runnable {

		private final Tasks tasks;

		Runner(Tasks tasks) {
			this.tasks = tasks;
		}

		@Override
		public void run() {
			this.tasks.runOne();
		}

	}

	/**
	 * Wakes a worker after what it waits for has happened.
	 */
	private static final class Waker implements Runnable {

		private final Worker worker;

		private final WaitingWork work;

		Waker(Worker worker, WaitingWork work) {
			this.worker = worker;
			this.work = work;
		}

		@Override
		public void run() {
			this.work.ready = true;
			this.worker.wake();
		}

	}

	/**
	 * Gives the permit of a handler back, and wakes its worker if that is an answer.
	 */
	private static final class Answerer implements Runnable {

		private final Worker worker;

		private final AsynchronousWork work;

		Answerer(Worker worker, AsynchronousWork work) {
			this.worker = worker;
			this.work = work;
		}

		@Override
		public void run() {
			this.work.journal.open.decrementAndGet();
			if (!this.work.isAnswered) {
				this.worker.handlerAnswered();
				return;
			}
			this.work.ready = true;
			this.worker.handlerAnswered();
			this.worker.wake();
		}

	}

	/**
	 * How much was handled, and whether two threads handled it at once, or more handlers
	 * than one.
	 */
	private static final class Journal {

		private final AtomicInteger inside = new AtomicInteger();

		private final AtomicInteger handled = new AtomicInteger();

		private final AtomicInteger open = new AtomicInteger();

		private volatile boolean overlaps;

		private volatile boolean exceeds;

	}

	/**
	 * Waits until it is ready.
	 */
	private static final class WaitingWork extends Work {

		private final Journal journal;

		private boolean sharesItsWorker = true;

		private @Nullable Runnable meanwhile;

		private volatile boolean ready;

		WaitingWork(Journal journal, boolean ready) {
			this.journal = journal;
			this.ready = ready;
		}

		@Override
		public Progress proceed(Worker worker, Turn turn) {
			if (this.journal.inside.incrementAndGet() > 1 && this.sharesItsWorker) {
				this.journal.overlaps = true;
			}
			if (this.meanwhile != null) {
				this.meanwhile.run();
			}
			boolean done = this.ready;
			if (done) {
				this.journal.handled.incrementAndGet();
			}
			this.journal.inside.decrementAndGet();
			return done ? Progress.DONE : Progress.WAITING;
		}

		@Override
		public boolean isReady(long now) {
			return this.ready;
		}

	}

	/**
	 * Is with a handler that answers later, on another thread.
	 */
	private static final class AsynchronousWork extends Work {

		private final Journal journal;

		private final boolean isAnswered;

		private @Nullable Thread answerer;

		private volatile boolean ready;

		AsynchronousWork(Journal journal, boolean isAnswered) {
			this.journal = journal;
			this.isAnswered = isAnswered;
		}

		@Override
		public Progress proceed(Worker worker, Turn turn) {
			if (this.ready) {
				this.journal.handled.incrementAndGet();
				return Progress.DONE;
			}
			if (this.journal.open.incrementAndGet() > 1) {
				this.journal.exceeds = true;
			}
			worker.handlerAwaited();
			this.answerer = new Thread(new Answerer(worker, this));
			this.answerer.start();
			return Progress.WAITING;
		}

		@Override
		public boolean isReady(long now) {
			return this.ready;
		}

		boolean join() {
			Thread thread = this.answerer;
			if (thread == null) {
				return false;
			}
			this.answerer = null;
			Race.join(thread);
			return true;
		}

	}

	/**
	 * A clock of a machine on which nothing takes time.
	 */
	private static final class StoppedTicker implements Ticker {

		@Override
		public long nanoTime() {
			return 0;
		}

		@Override
		public Instant instant() {
			return Instant.EPOCH;
		}

		@Override
		public void park(Object blocker, long nanos) {
			throw new UnsupportedOperationException();
		}

		@Override
		public void unpark(Thread thread) {
			throw new UnsupportedOperationException();
		}

		@Override
		public void pause(Duration duration) {
			throw new UnsupportedOperationException();
		}

	}

	/**
	 * A scheduler for workers that never break down.
	 */
	private static final class NeverScheduling implements TaskScheduler {

		@Override
		public @Nullable ScheduledFuture<?> schedule(Runnable task, Trigger trigger) {
			throw new UnsupportedOperationException();
		}

		@Override
		public ScheduledFuture<?> schedule(Runnable task, Instant startTime) {
			throw new UnsupportedOperationException();
		}

		@Override
		public ScheduledFuture<?> scheduleAtFixedRate(Runnable task, Instant startTime, Duration period) {
			throw new UnsupportedOperationException();
		}

		@Override
		public ScheduledFuture<?> scheduleAtFixedRate(Runnable task, Duration period) {
			throw new UnsupportedOperationException();
		}

		@Override
		public ScheduledFuture<?> scheduleWithFixedDelay(Runnable task, Instant startTime, Duration delay) {
			throw new UnsupportedOperationException();
		}

		@Override
		public ScheduledFuture<?> scheduleWithFixedDelay(Runnable task, Duration delay) {
			throw new UnsupportedOperationException();
		}

	}

}
