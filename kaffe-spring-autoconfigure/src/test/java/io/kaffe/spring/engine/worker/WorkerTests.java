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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.table.WorkerSnapshot;
import io.kaffe.spring.table.WorkerState;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Worker} and the workers of partitions in {@link ConsumerWorkers}.
 */
class WorkerTests {

	private static final AssignedPartition ORDERS_0 = new AssignedPartition(new TopicPartition("orders", 0), 1);

	private static final AssignedPartition REFUNDS_0 = new AssignedPartition(new TopicPartition("refunds", 0), 2);

	private final ManualExecution execution = new ManualExecution();

	private final WorkerRuntime runtime = this.execution.runtime();

	private final ConsumerWorkers workers = new ConsumerWorkers(this.runtime, new TestWorkerOwner(), Integer.MAX_VALUE,
			new ConsumerObservers("orders", List.of()));

	private final List<String> done = new ArrayList<>();

	@Test
	void worksOffItsQueueInOrderAndHoldsAThreadOnlyMeanwhile() {
		Worker worker = this.workers.allocate("worker_0", ORDERS_0);
		assertThat(worker.snapshot(0).state()).isEqualTo(WorkerState.IDLE);
		assertThat(this.execution.waiting()).isZero();
		worker.submit(work("a", Work.Progress.DONE));
		worker.submit(work("b", Work.Progress.DONE));
		assertThat(this.execution.waiting()).as("scheduled once").isEqualTo(1);
		assertThat(worker.snapshot(0).state()).isEqualTo(WorkerState.RUNNING);
		this.execution.runAll();
		assertThat(this.done).containsExactly("a", "b");
		assertThat(worker.snapshot(0).state()).isEqualTo(WorkerState.IDLE);
		worker.submit(work("c", Work.Progress.DONE));
		this.execution.runAll();
		assertThat(this.done).containsExactly("a", "b", "c");
	}

	@Test
	void yieldsAfterItsTurnAndGoesOnWithTheSameWork() {
		Worker worker = this.workers.allocate("worker_0", ORDERS_0);
		worker.submit(work("a", Work.Progress.TURN_OVER, Work.Progress.TURN_OVER, Work.Progress.DONE));
		worker.submit(work("b", Work.Progress.DONE));
		this.workers.internal("other").submit(work("c", Work.Progress.TURN_OVER, Work.Progress.DONE));
		this.execution.runAll();
		assertThat(this.done).containsExactly("a", "c", "a", "c", "a", "b");
	}

	@Test
	void waitingWorkHoldsNoThreadAndKeepsItsPlace() {
		Worker worker = this.workers.allocate("worker_0", ORDERS_0);
		worker.submit(work("a", Work.Progress.WAITING, Work.Progress.DONE));
		worker.submit(work("b", Work.Progress.DONE));
		this.execution.runAll();
		assertThat(this.done).containsExactly("a");
		assertThat(worker.snapshot(0).state()).isEqualTo(WorkerState.BACKING_OFF);
		worker.submit(work("c", Work.Progress.DONE));
		assertThat(this.execution.waiting()).as("more work does not wake it").isZero();
		worker.after(Duration.ofSeconds(5), worker::wake);
		this.execution.advance(Duration.ofSeconds(4));
		assertThat(this.execution.waiting()).isZero();
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(this.done).containsExactly("a", "a", "b", "c");
		worker.wake();
		assertThat(this.execution.waiting()).as("nothing to wake").isZero();
	}

	@Test
	void tableShowsTheRecordAndWhatFailedAndItsKeyOnlyIfAskedFor() {
		Worker worker = this.workers.allocate("worker_0", ORDERS_0);
		ConsumerRecord<?, ?> record = new ConsumerRecord<>("orders", 0, 7, "key", "value");
		Instant since = this.execution.instant();
		worker.submit(new ScriptedWork("a", Work.Progress.DONE) {

			@Override
			public Progress proceed(Worker by, Turn turn) {
				by.beginRecord(record, 3, turn.readClock());
				WorkerTests.this.execution.advance(Duration.ofSeconds(5));
				by.recordFailed(WorkerTests.this.execution.instant(), record, new IllegalStateException("secret"));
				WorkerSnapshot snapshot = by.snapshot(2);
				assertThat(snapshot.current())
					.containsExactly(new WorkerSnapshot.CurrentRecord("orders-0", 7, 3, since, null));
				assertThat(by.snapshot(2, true).current()).extracting(WorkerSnapshot.CurrentRecord::key)
					.containsExactly("key");
				assertThat(snapshot.queued()).isEqualTo(2);
				assertThat(snapshot.counters().failed()).isEqualTo(1);
				assertThat(snapshot.lastFailure()).isEqualTo(new WorkerSnapshot.LastFailure(since.plusSeconds(5),
						"orders-0@7", IllegalStateException.class.getName()));
				by.recordHandled();
				return super.proceed(by, turn);
			}

		});
		this.execution.runAll();
		assertThat(this.done).containsExactly("a");
		assertThat(worker).hasToString("worker_0");
		assertThat(worker.snapshot(0).counters().handled()).isEqualTo(1);
	}

	@Test
	void observersAreNotifiedOfAttemptsAndRestarts() {
		List<String> observed = new ArrayList<>();
		Worker worker = new ConsumerWorkers(this.runtime, new TestWorkerOwner(), Integer.MAX_VALUE,
				new ConsumerObservers("orders", List.of(new ConsumerObserver() {

					@Override
					public HandlerTimer handlerTimer(String consumer) {
						return (topic, nanos, handled) -> observed.add(topic + " " + nanos + " " + handled);
					}

					@Override
					public void restarted(String consumer) {
						observed.add("restarted");
					}

				})))
			.allocate("worker_0", ORDERS_0);
		worker.submit(new ScriptedWork("a", Work.Progress.DONE) {

			@Override
			public Progress proceed(Worker by, Turn turn) {
				by.attempted("orders", 5, observed.isEmpty());
				if (observed.size() == 1) {
					throw new IllegalStateException("Broken, on purpose");
				}
				return super.proceed(by, turn);
			}

		});
		this.execution.runAll();
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(observed).containsExactly("orders 5 true", "restarted", "orders 5 false");
	}

	@Test
	void workerThatBreaksDownAfterItWasReleasedIsNotStartedTwice() {
		Worker worker = this.workers.allocate("worker_0", ORDERS_0);
		worker.submit(new ScriptedWork("a", Work.Progress.WAITING, Work.Progress.DONE) {

			@Override
			public boolean isReady(long now) {
				throw new IllegalStateException("Not known, on purpose");
			}

		});
		worker.submit(new ScriptedWork("b", Work.Progress.DONE) {

			@Override
			public Progress proceed(Worker by, Turn turn) {
				WorkerTests.this.execution.advance(Duration.ofSeconds(2));
				WorkerTests.this.execution.runAll();
				return super.proceed(by, turn);
			}

		});
		worker.submit(work("c", Work.Progress.DONE));
		this.execution.runAll();
		assertThat(this.done).as("one after the other").containsExactly("a", "a", "b", "c");
		assertThat(worker.snapshot(0).counters().restarts()).isEqualTo(1);
	}

	@Test
	void workThatGathersIsWokenByMoreAndTakesItOutOfTheQueue() {
		Worker worker = this.workers.allocate("worker_0", ORDERS_0);
		worker.submit(new GatheringWork(3, this.done::add));
		this.execution.runAll();
		assertThat(this.execution.waiting()).as("no thread is held").isZero();
		worker.wake();
		this.execution.runAll();
		assertThat(this.done).isEmpty();
		worker.submit(new GatheringWork(3, this.done::add));
		assertThat(this.execution.waiting()).as("woken").isEqualTo(1);
		this.execution.runAll();
		assertThat(this.done).isEmpty();
		worker.submit(new GatheringWork(3, this.done::add));
		worker.submit(work("other", Work.Progress.DONE));
		this.execution.runAll();
		assertThat(this.done).containsExactly("3", "other");
		assertThat(worker.snapshot(0).state()).isEqualTo(WorkerState.IDLE);
	}

	@Test
	void workThatGathersDoesNotTakeWorkOfAnotherKind() {
		Worker worker = this.workers.allocate("worker_0", ORDERS_0);
		worker.submit(new ScriptedWork("a", Work.Progress.DONE) {

			@Override
			public Progress proceed(Worker by, Turn turn) {
				assertThat(by.takeQueued(GatheringWork.class)).isNull();
				assertThat(by.takeQueued(ScriptedWork.class)).isNotNull();
				assertThat(by.takeQueued(GatheringWork.class)).isNotNull();
				assertThat(by.takeQueued(ScriptedWork.class)).isNull();
				return super.proceed(by, turn);
			}

		});
		worker.submit(work("b", Work.Progress.DONE));
		worker.submit(new GatheringWork(1, this.done::add));
		this.execution.runAll();
		assertThat(this.done).containsExactly("a");
		assertThat(worker.queued()).isZero();
	}

	@Test
	void moreWorkIsNeverMissedByWorkThatGathers() throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(4);
		try {
			WorkerRuntime threaded = new WorkerRuntime(pool, this.execution, Ticker.system(), (prefix) -> pool);
			Worker worker = new ConsumerWorkers(threaded, new TestWorkerOwner(), Integer.MAX_VALUE,
					new ConsumerObservers("orders", List.of()))
				.allocate("worker_0", ORDERS_0);
			int submitters = 4;
			int each = 30_000;
			int together = 3;
			CountDownLatch gathered = new CountDownLatch(submitters * each / together);
			for (int submitter = 0; submitter < submitters; submitter++) {
				new Thread(() -> {
					for (int count = 0; count < each; count++) {
						worker.submit(new GatheringWork(together, (size) -> gathered.countDown()));
					}
				}).start();
			}
			assertThat(gathered.await(1, TimeUnit.MINUTES)).as("nothing else would wake it").isTrue();
		}
		finally {
			pool.shutdownNow();
		}
	}

	@Test
	void wakeUpThatComesBeforeTheWorkerWaitsIsNotMissed() {
		Worker worker = this.workers.allocate("worker_0", ORDERS_0);
		worker.submit(new ScriptedWork("a", Work.Progress.WAITING, Work.Progress.DONE) {

			@Override
			public boolean isReady(long now) {
				return true;
			}

		});
		this.execution.runAll();
		assertThat(this.done).containsExactly("a", "a");
	}

	@Test
	void breakdownIsRestartedInPlaceAfterADelay() {
		Worker worker = this.workers.allocate("worker_0", ORDERS_0);
		AtomicInteger calls = new AtomicInteger();
		worker.submit(new ScriptedWork("a", Work.Progress.DONE) {

			@Override
			public Progress proceed(Worker by, Turn turn) {
				if (calls.incrementAndGet() == 1) {
					throw new StackOverflowError("Outside the handler");
				}
				return super.proceed(by, turn);
			}

		});
		worker.submit(work("b", Work.Progress.DONE));
		this.execution.runAll();
		assertThat(this.done).isEmpty();
		assertThat(worker.snapshot(0).counters().restarts()).isEqualTo(1);
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(this.done).containsExactly("a", "b");
	}

	@Test
	void partitionsWithTheSameNameShareAWorkerThatIsRetiredAfterTheLast() {
		Worker worker = this.workers.allocate("worker_0", ORDERS_0);
		assertThat(this.workers.allocate("worker_0", REFUNDS_0)).isSameAs(worker);
		assertThat(this.workers.workerFor(REFUNDS_0.partition())).isSameAs(worker);
		assertThat(worker.snapshot(0).partitions()).containsExactly("orders-0", "refunds-0");
		this.workers.release(worker, ORDERS_0);
		assertThat(this.workers.all()).containsExactly(worker);
		this.workers.release(worker, REFUNDS_0);
		assertThat(this.workers.all()).isEmpty();
		assertThat(worker.snapshot(0).state()).isEqualTo(WorkerState.STOPPED);
		assertThat(this.workers.allocate("worker_0", ORDERS_0)).isNotSameAs(worker);
	}

	@Test
	void workerThatStillRunsIsRetiredWhenItFallsIdleAndReusedBefore() {
		Worker worker = this.workers.allocate("worker_0", ORDERS_0);
		worker.submit(work("a", Work.Progress.DONE));
		this.workers.release(worker, ORDERS_0);
		assertThat(this.workers.all()).containsExactly(worker);
		assertThat(worker.snapshot(0).state()).isEqualTo(WorkerState.DRAINING);
		assertThat(this.workers.allocate("worker_0", REFUNDS_0)).isSameAs(worker);
		this.workers.release(worker, REFUNDS_0);
		this.execution.runAll();
		assertThat(this.workers.all()).isEmpty();
	}

	@Test
	void manySubmittersNeverMakeTwoThreadsRunTheSameWorker() throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(4);
		try {
			WorkerRuntime threaded = new WorkerRuntime(pool, this.execution, Ticker.system(), (prefix) -> pool);
			Worker worker = new ConsumerWorkers(threaded, new TestWorkerOwner(), Integer.MAX_VALUE,
					new ConsumerObservers("orders", List.of()))
				.allocate("worker_0", ORDERS_0);
			AtomicInteger inside = new AtomicInteger();
			AtomicInteger overlaps = new AtomicInteger();
			int submitters = 4;
			int each = 20_000;
			CountDownLatch finished = new CountDownLatch(submitters * each);
			for (int submitter = 0; submitter < submitters; submitter++) {
				new Thread(() -> {
					for (int count = 0; count < each; count++) {
						worker.submit(new CountedWork(inside, overlaps, finished, count % 3 == 0));
						worker.wake();
					}
				}).start();
			}
			assertThat(finished.await(1, TimeUnit.MINUTES)).isTrue();
			assertThat(overlaps).hasValue(0);
		}
		finally {
			pool.shutdownNow();
		}
	}

	private Work work(String name, Work.Progress... script) {
		return new ScriptedWork(name, script);
	}

	/**
	 * Follows a script.
	 */
	private class ScriptedWork extends Work {

		private final String name;

		private final List<Progress> script;

		ScriptedWork(String name, Progress... script) {
			this.name = name;
			this.script = new ArrayList<>(List.of(script));
		}

		@Override
		public Progress proceed(Worker worker, Turn turn) {
			WorkerTests.this.done.add(this.name);
			return this.script.remove(0);
		}

		@Override
		public boolean isReady(long now) {
			return false;
		}

	}

	/**
	 * Waits until there are as many of its kind as required.
	 */
	private static final class GatheringWork extends Work {

		private final int required;

		private final Consumer<String> done;

		private int gathered = 1;

		GatheringWork(int required, Consumer<String> done) {
			this.required = required;
			this.done = done;
		}

		@Override
		public Progress proceed(Worker worker, Turn turn) {
			while (this.gathered < this.required) {
				if (worker.takeQueued(GatheringWork.class) == null) {
					return Progress.GATHERING;
				}
				this.gathered++;
			}
			this.done.accept(Integer.toString(this.gathered));
			return Progress.DONE;
		}

		@Override
		public boolean isReady(long now) {
			return false;
		}

	}

	/**
	 * Notices when it is not alone, and yields or waits once if it pauses.
	 */
	private static final class CountedWork extends Work {

		private final AtomicInteger inside;

		private final AtomicInteger overlaps;

		private final CountDownLatch finished;

		private boolean pauses;

		CountedWork(AtomicInteger inside, AtomicInteger overlaps, CountDownLatch finished, boolean pauses) {
			this.inside = inside;
			this.overlaps = overlaps;
			this.finished = finished;
			this.pauses = pauses;
		}

		@Override
		public Progress proceed(Worker worker, Turn turn) {
			if (this.inside.incrementAndGet() > 1) {
				this.overlaps.incrementAndGet();
			}
			boolean pause = this.pauses;
			this.pauses = false;
			this.inside.decrementAndGet();
			if (pause) {
				return (System.nanoTime() % 2 == 0) ? Progress.TURN_OVER : Progress.WAITING;
			}
			this.finished.countDown();
			return Progress.DONE;
		}

		@Override
		public boolean isReady(long now) {
			return true;
		}

	}

}
