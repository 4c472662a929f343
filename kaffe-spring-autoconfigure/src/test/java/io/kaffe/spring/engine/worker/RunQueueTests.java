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
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import io.kaffe.spring.table.WorkerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for {@link RunQueue} and the workers of keys in {@link ConsumerWorkers}.
 */
@ExtendWith(OutputCaptureExtension.class)
class RunQueueTests {

	private final ManualExecution execution = new ManualExecution();

	private final List<String> done = new ArrayList<>();

	private int offset;

	@Test
	void equalKeysShareAWorkerThatIsGoneAfterItsLastRecord() {
		ConsumerWorkers workers = workers(this.execution, 16);
		submit(workers, "a", step("a1"));
		submit(workers, "b", step("b1"));
		submit(workers, "a", step("a2"));
		assertThat(workers.all()).hasSize(2);
		assertThat(workers.all()).extracting(Worker::name)
			.containsExactlyInAnyOrder("worker_orders_0_0", "worker_orders_0_1");
		assertThat(workers.all()).extracting(Worker::queued).containsExactlyInAnyOrder(2, 1);
		assertThat(workers.all()).flatExtracting(Worker::served).containsExactly("orders-0", "orders-0");
		this.execution.runAll();
		assertThat(this.done).containsExactly("a1", "a2", "b1");
		assertThat(workers.all()).isEmpty();
		submit(workers, "a", step("a3"));
		this.execution.runAll();
		assertThat(this.done).containsExactly("a1", "a2", "b1", "a3");
	}

	@Test
	void recordsWithoutAKeyHaveWorkersOfTheirOwn() {
		ConsumerWorkers workers = workers(this.execution, 16);
		submit(workers, null, step("a"));
		submit(workers, null, step("b"));
		assertThat(workers.all()).hasSize(2);
		this.execution.runAll();
		assertThat(this.done).containsExactlyInAnyOrder("a", "b");
		assertThat(workers.all()).isEmpty();
	}

	@Test
	void workThatIsSubmittedWhileItsKeyIsHandledComesNext() {
		ConsumerWorkers workers = workers(this.execution, 16);
		submit(workers, "a", new Step("a1", (step) -> submit(workers, "a", step("a2"))));
		submit(workers, "b", step("b1"));
		this.execution.runAll();
		assertThat(this.done).containsExactly("a1", "a2", "b1");
		assertThat(workers.all()).isEmpty();
	}

	@Test
	void asManyRunAtOnceAsMayAndOneAfterTheOtherIsStarted() {
		ConsumerWorkers workers = workers(this.execution, 2);
		submit(workers, "a", within("a", () -> {
			assertThat(this.execution.waiting()).as("the second is started by the first").isEqualTo(1);
			this.execution.runOne();
		}));
		submit(workers, "b", within("b", () -> assertThat(this.execution.waiting()).as("no third").isZero()));
		submit(workers, "c", step("c"));
		assertThat(this.execution.waiting()).as("the first").isEqualTo(1);
		this.execution.runAll();
		assertThat(this.done).as("the second goes on while the first is busy").containsExactly("b", "c", "a");
	}

	@Test
	void limitIsRaisedWhileWorkersRun() {
		ConsumerWorkers workers = workers(this.execution, 1);
		submit(workers, "a", within("a", () -> {
			assertThat(this.execution.waiting()).isZero();
			workers.maxConcurrency(2);
			assertThat(this.execution.waiting()).isEqualTo(1);
			this.execution.runOne();
		}));
		submit(workers, "b", step("b"));
		this.execution.runAll();
		assertThat(this.done).containsExactly("b", "a");
	}

	@Test
	void limitIsLoweredWhileWorkersRun() {
		ConsumerWorkers workers = workers(this.execution, 2);
		submit(workers, "a", within("a", () -> this.execution.runOne()));
		submit(workers, "b", within("b", () -> workers.maxConcurrency(1)));
		submit(workers, "c", step("c"));
		submit(workers, "d", step("d"));
		this.execution.runAll();
		assertThat(this.done).as("the second ends after its record").containsExactly("b", "a", "c", "d");
		assertThat(workers.maxConcurrency()).isEqualTo(1);
	}

	@Test
	void partitionsTakeTurnsHoweverManyWorkersOneOfThemHas() {
		ConsumerWorkers workers = workers(this.execution, 1);
		int hot = workers.openSlot();
		int cold = workers.openSlot();
		for (int number = 0; number < 1000; number++) {
			workers.submit("hot" + number, record(), hot, step("hot"));
		}
		workers.submit("cold", record(), cold, step("cold"));
		this.execution.runAll();
		assertThat(this.done).hasSize(1001);
		assertThat(this.done.indexOf("cold")).isLessThan(2);
		workers.closeSlot(hot);
		assertThat(workers.openSlot()).as("used again").isEqualTo(hot);
	}

	@Test
	void keyWithManyRecordsLetsOthersRunAfterItsTurn() {
		ConsumerWorkers workers = workers(this.execution, 1);
		for (int number = 0; number < 1000; number++) {
			submit(workers, "hot", new Step("hot", (step) -> this.execution.advance(Duration.ofNanos(100_000))));
		}
		submit(workers, "cold", step("cold"));
		this.execution.runAll();
		assertThat(this.done).hasSize(1001);
		assertThat(this.done.indexOf("cold")).as("after a turn of 1 ms").isEqualTo(10);
	}

	@Test
	void threadIsGivenBackAfterAWhile() {
		ConsumerWorkers workers = workers(this.execution, 1);
		for (int number = 0; number < 100; number++) {
			submit(workers, "key", new Step("step", (step) -> this.execution.advance(Duration.ofMillis(1))));
		}
		this.execution.runOne();
		assertThat(this.done).hasSize(20);
		assertThat(this.execution.waiting()).isEqualTo(1);
		this.execution.runAll();
		assertThat(this.done).hasSize(100);
	}

	@Test
	void workersThatTheExecutorTurnsAwayAreTriedAgain(CapturedOutput output) {
		ConsumerWorkers workers = workers(this.execution, 16);
		this.execution.reject(true);
		submit(workers, "a", step("a"));
		this.execution.advance(Duration.ofSeconds(3));
		assertThat(this.done).isEmpty();
		assertThat(output).containsOnlyOnce("the task executor rejected workers; retrying soon");
		for (int step = 0; step < 569; step++) {
			this.execution.advance(Duration.ofMillis(100));
		}
		assertThat(output).as("once in a minute").containsOnlyOnce("the task executor rejected workers; retrying soon");
		this.execution.advance(Duration.ofMillis(100));
		assertThat(output.getOut().split("rejected workers; retrying soon", -1)).hasSize(3);
		this.execution.reject(false);
		this.execution.advance(Duration.ofMillis(100));
		this.execution.runAll();
		assertThat(this.done).containsExactly("a");
	}

	@Test
	void scopeOfAThreadIsLeftWhenNothingIsReadyAnyMore() {
		List<String> scope = new ArrayList<>();
		ConsumerWorkers workers = workers(this.execution, 1, new TestWorkerOwner() {

			@Override
			public void enter() {
				scope.add("entered");
			}

			@Override
			public void leave() {
				scope.add("left");
			}

		});
		submit(workers, "a", within("a", () -> assertThat(scope).containsExactly("entered")));
		submit(workers, "b", within("b", () -> assertThat(scope).containsExactly("entered")));
		this.execution.runAll();
		assertThat(this.done).containsExactly("a", "b");
		assertThat(scope).containsExactly("entered", "left");
	}

	@Test
	void workerThatBreaksDownIsRestartedAndReported(CapturedOutput output) {
		ConsumerWorkers workers = workers(this.execution, 1);
		boolean[] broken = { true };
		submit(workers, "a", within("a", () -> {
			if (broken[0]) {
				broken[0] = false;
				throw new IllegalStateException("Broken, on purpose");
			}
		}));
		this.execution.runAll();
		assertThat(output)
			.containsOnlyOnce("Consumer 'orders': Worker worker_orders_0_0 broke down outside the handler;"
					+ " restarting it in 1000 ms");
		this.execution.advance(Duration.ofMillis(999));
		this.execution.runAll();
		assertThat(this.done).isEmpty();
		this.execution.advance(Duration.ofMillis(1));
		this.execution.runAll();
		assertThat(this.done).containsExactly("a");
	}

	@Test
	void workerThatBreaksDownTooOftenStopsTheConsumer(CapturedOutput output) {
		List<String> reasons = new ArrayList<>();
		ConsumerWorkers workers = workers(this.execution, 1, new TestWorkerOwner() {

			@Override
			public RestartHistory.Limit restartLimit() {
				return new RestartHistory.Limit(0, Duration.ofMinutes(5));
			}

			@Override
			public void stopBecause(String reason, @Nullable Throwable failure) {
				reasons.add(reason);
			}

		});
		submit(workers, "a", within("a", () -> {
			throw new IllegalStateException("Broken, on purpose");
		}));
		this.execution.runAll();
		assertThat(reasons).containsExactly("Worker worker_orders_0_0 broke down outside the handler too often");
		assertThat(output)
			.containsOnlyOnce("Consumer 'orders': Worker worker_orders_0_0 broke down outside the handler");
	}

	@Test
	void laneThatRunsAlthoughTheExecutorThrowsKeepsNoPermit() {
		boolean[] throwing = { true };
		ConsumerWorkers workers = workers((task) -> {
			if (!throwing[0]) {
				this.execution.execute(task);
				return;
			}
			throwing[0] = false;
			Thread thread = new Thread(task);
			thread.start();
			assertThatNoException().isThrownBy(thread::join);
			throw new RejectedExecutionException("On purpose");
		}, 1);
		submit(workers, "a", step("a"));
		assertThat(this.done).containsExactly("a");
		submit(workers, "b", within("b", () -> assertThat(this.execution.waiting()).as("one at a time").isZero()));
		submit(workers, "c", step("c"));
		assertThat(this.execution.waiting()).isEqualTo(1);
		this.execution.runAll();
		assertThat(this.done).containsExactly("a", "b", "c");
	}

	@Test
	void laneGoesOnIfTheExecutorDoesNotTakeItBack() {
		int[] attempts = { 0 };
		ConsumerWorkers workers = workers((task) -> {
			attempts[0]++;
			this.execution.execute(task);
		}, 1);
		for (int number = 0; number < 100; number++) {
			submit(workers, "key", new Step("step", (step) -> {
				this.execution.reject(true);
				this.execution.advance(Duration.ofMillis(1));
			}));
		}
		this.execution.runOne();
		assertThat(this.done).hasSize(100);
		assertThat(attempts[0]).as("the first, and one each 20 ms").isEqualTo(1 + 5);
	}

	@Test
	void laneThatFailsBeforeItBeginsIsReplaced() {
		ConsumerWorkers workers = workers(this.execution, 1, new TestWorkerOwner() {

			private boolean failed;

			@Override
			public void enter() {
				if (!this.failed) {
					this.failed = true;
					throw new OutOfMemoryError("Simulated");
				}
			}

		});
		submit(workers, "a", step("a"));
		assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(this.execution::runOne);
		this.execution.runAll();
		assertThat(this.done).containsExactly("a");
	}

	@Test
	void executorThatTurnsAwayNowAndThenIsNoReasonToStop() {
		ConsumerWorkers workers = workers(this.execution, 1);
		for (int round = 0; round < 200; round++) {
			this.execution.reject(true);
			submit(workers, "a", step("a"));
			this.execution.reject(false);
			this.execution.advance(Duration.ofSeconds(2));
			this.execution.runAll();
			assertThat(this.done).hasSize(round + 1);
		}
	}

	@Test
	void executorThatTurnsAwayEverythingIsAReasonToStop() {
		List<String> reasons = new ArrayList<>();
		ConsumerWorkers workers = workers(this.execution, 1, new TestWorkerOwner() {

			@Override
			public void stopBecause(String reason, @Nullable Throwable failure) {
				reasons.add(reason);
			}

		});
		this.execution.reject(true);
		submit(workers, "a", step("a"));
		for (int second = 0; second < 300; second++) {
			this.execution.advance(Duration.ofSeconds(1));
		}
		assertThat(reasons).hasSize(1);
	}

	@Test
	void executorThatRunsWorkersInTheThreadThatSubmitsThemIsTakenForFull(CapturedOutput output) {
		List<Runnable> refused = new ArrayList<>();
		boolean[] full = { true };
		ConsumerWorkers workers = workers((task) -> {
			if (full[0]) {
				refused.add(task);
				task.run();
			}
			else {
				this.execution.execute(task);
			}
		}, 16);
		submit(workers, "a", step("a"));
		assertThat(refused).hasSize(1);
		assertThat(this.done).as("user code on the thread that polls").isEmpty();
		this.execution.advance(Duration.ofMillis(100));
		assertThat(refused).hasSize(2);
		assertThat(this.done).as("user code on the scheduler").isEmpty();
		assertThat(output).contains("or ran them in the thread that submitted them");
		full[0] = false;
		this.execution.advance(Duration.ofMillis(100));
		this.execution.runAll();
		assertThat(this.done).containsExactly("a");
	}

	@Test
	void executorThatTurnsAwaySomeTimesLeavesNothingBehind() {
		int[] calls = { 0 };
		ConsumerWorkers workers = workers((task) -> {
			if (++calls[0] % 3 != 0) {
				throw new RejectedExecutionException("No room");
			}
			this.execution.execute(task);
		}, 4);
		for (int number = 0; number < 100; number++) {
			submit(workers, "key" + number % 10, step("step"));
		}
		for (int round = 0; round < 10; round++) {
			this.execution.advance(Duration.ofMillis(100));
			this.execution.runAll();
		}
		assertThat(this.done).hasSize(100);
	}

	@Test
	void workerThatThereIsNoMemoryToQueueForRunsAllTheSame() {
		ConsumerWorkers workers = workers(this.execution, 1);
		boolean[] full = { true };
		List<Queue<Worker>> slots = List.of(new ConcurrentLinkedQueue<>() {

			@Override
			public boolean add(Worker worker) {
				if (full[0]) {
					throw new OutOfMemoryError("Simulated");
				}
				return super.add(worker);
			}

		});
		new DirectFieldAccessor(workers).setPropertyValue("runQueue.slots", slots);
		submit(workers, "a", new Step("a1", Work.Progress.TURN_OVER));
		submit(workers, "b", step("b1"));
		this.execution.runAll();
		full[0] = false;
		submit(workers, "a", step("a2"));
		this.execution.runAll();
		assertThat(this.done).containsExactlyInAnyOrder("a1", "a1", "b1", "a2");
		assertThat(workers.all()).isEmpty();
	}

	@Test
	void laneThatThereIsNoMemoryForIsStartedLater() {
		boolean[] full = { true };
		ConsumerWorkers workers = workers((task) -> {
			if (full[0]) {
				throw new OutOfMemoryError("Simulated");
			}
			this.execution.execute(task);
		}, 1);
		submit(workers, "a", step("a"));
		full[0] = false;
		this.execution.advance(Duration.ofMillis(100));
		this.execution.runAll();
		assertThat(this.done).containsExactly("a");
	}

	@Test
	void laneThatCannotBeStartedLaterEitherIsStartedWithTheNextWorker() {
		ConsumerWorkers workers = workers(this.execution, 1);
		this.execution.reject(true);
		this.execution.failToSchedule((schedule) -> schedule == 0);
		submit(workers, "a", step("a"));
		this.execution.reject(false);
		submit(workers, "b", step("b"));
		this.execution.runAll();
		assertThat(this.done).containsExactly("a", "b");
		this.execution.reject(true);
		submit(workers, "c", step("c"));
		this.execution.reject(false);
		this.execution.advance(Duration.ofMillis(100));
		this.execution.runAll();
		assertThat(this.done).as("retries go on").containsExactly("a", "b", "c");
	}

	@Test
	void laneThatTheExecutorKeepsAlthoughItThrowsIsNotRunTwice() {
		boolean[] throwing = { true };
		ConsumerWorkers workers = workers((task) -> {
			this.execution.execute(task);
			if (throwing[0]) {
				throw new OutOfMemoryError("Simulated: no thread for what is queued");
			}
		}, 1);
		submit(workers, "a", within("a", () -> this.execution.runOne()));
		submit(workers, "b", step("b"));
		throwing[0] = false;
		this.execution.advance(Duration.ofMillis(100));
		this.execution.runAll();
		assertThat(this.done).as("one at a time").containsExactly("a", "b");
	}

	@Test
	void workerThatBreaksDownAndCannotBeStartedLaterIsStartedAtOnce() {
		boolean[] broken = { true };
		ConsumerWorkers workers = workers(this.execution, 1, new TestWorkerOwner() {

			@Override
			public void stopBecause(String reason, @Nullable Throwable failure) {
				// It is what is expected here.
			}

		});
		submit(workers, "a", within("a", () -> {
			if (broken[0]) {
				broken[0] = false;
				this.execution.failToSchedule((schedule) -> schedule == 0);
				throw new OutOfMemoryError("Simulated");
			}
		}));
		assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(this.execution::runOne);
		this.execution.runAll();
		assertThat(this.done).containsExactly("a");
		assertThat(workers.all()).isEmpty();
	}

	@Test
	void workThatCannotSayWhetherItIsReadyIsRunAgain() {
		ConsumerWorkers workers = workers(this.execution, 1, new TestWorkerOwner() {

			@Override
			public void stopBecause(String reason, @Nullable Throwable failure) {
				// It is what is expected here.
			}

		});
		submit(workers, "a", new Step("a", Work.Progress.WAITING) {

			@Override
			public boolean isReady(long now) {
				throw new OutOfMemoryError("Simulated");
			}

		});
		this.execution.runAll();
		assertThat(this.done).containsExactly("a", "a");
		assertThat(workers.all()).isEmpty();
	}

	@Test
	void recordWhoseKeyCannotBePutInOrderIsNotSubmittedAndDoesNotStandInTheWay() {
		ConsumerWorkers workers = workers(this.execution, 1);
		boolean[] ordered = { false };
		int submitted = 0;
		Throwable failure = null;
		while (failure == null) {
			int number = submitted;
			failure = catchThrowable(() -> submit(workers, new BrokenKey(number, ordered), step("step")));
			submitted++;
			assertThat(submitted).as("the map becomes a tree").isLessThan(100);
		}
		assertThat(failure).hasMessage("No order, on purpose");
		this.execution.runAll();
		assertThat(this.done).hasSize(submitted - 1);
		ordered[0] = true;
		submit(workers, new BrokenKey(submitted - 1, ordered), step("the last one"));
		this.execution.runAll();
		assertThat(this.done).hasSize(submitted).endsWith("the last one");
		assertThat(workers.all()).isEmpty();
	}

	@Test
	void keysWithTheSameHashCodeAreFoundWithFewComparisons() {
		ConsumerWorkers workers = workers(this.execution, 1);
		AtomicInteger comparisons = new AtomicInteger();
		int keys = 10_000;
		for (int number = 0; number < keys; number++) {
			submit(workers, new CollidingKey(number, comparisons), step("step"));
			submit(workers, List.of("topic", new CollidingKey(number, comparisons)), step("step"));
			submit(workers, new Object[] { 7, new CollidingKey(number, comparisons) }, step("step"));
		}
		assertThat(workers.all()).hasSize(3 * keys);
		assertThat(comparisons.get()).isLessThan(3 * keys * 100);
		this.execution.runAll();
		assertThat(this.done).hasSize(3 * keys);
		assertThat(workers.all()).isEmpty();
		assertThat(comparisons.get()).as("they are found to be removed, too").isLessThan(3 * keys * 200);
	}

	@Test
	void waitingWorkersAreWokenAllAtOnce() {
		ConsumerWorkers workers = workers(this.execution, 16);
		for (int number = 0; number < 3; number++) {
			submit(workers, number, new Step("step", Work.Progress.WAITING));
		}
		this.execution.runAll();
		assertThat(this.done).hasSize(3);
		assertThat(workers.all()).extracting((worker) -> worker.snapshot(0).state())
			.containsOnly(WorkerState.BACKING_OFF);
		workers.wakeAll();
		this.execution.runAll();
		assertThat(this.done).hasSize(6);
		assertThat(workers.all()).isEmpty();
	}

	private ConsumerWorkers workers(Executor executor, int maxConcurrency) {
		return workers(executor, maxConcurrency, new TestWorkerOwner());
	}

	private ConsumerWorkers workers(Executor executor, int maxConcurrency, WorkerOwner consumer) {
		return new ConsumerWorkers(new WorkerRuntime(executor, this.execution, this.execution, (prefix) -> executor),
				consumer, maxConcurrency, new ConsumerObservers("orders", List.of()));
	}

	private void submit(ConsumerWorkers workers, @Nullable Object key, Work work) {
		workers.submit(key, record(), 0, work);
	}

	private ConsumerRecord<String, String> record() {
		return new ConsumerRecord<>("orders", 0, this.offset++, "key", "value");
	}

	private Step step(String name) {
		return new Step(name, (step) -> {
		});
	}

	private Step within(String name, Runnable action) {
		return new Step(name, (step) -> action.run());
	}

	/**
	 * A key whose hash code others have, too.
	 */
	private record CollidingKey(int number, AtomicInteger comparisons) implements Comparable<CollidingKey> {

		@Override
		public boolean equals(Object other) {
			this.comparisons.incrementAndGet();
			return other instanceof CollidingKey that && this.number == that.number;
		}

		@Override
		public int hashCode() {
			return 1;
		}

		@Override
		public int compareTo(CollidingKey other) {
			this.comparisons.incrementAndGet();
			return Integer.compare(this.number, other.number);
		}

	}

	/**
	 * A key that cannot be compared while it has no order.
	 */
	private record BrokenKey(int number, boolean[] ordered) implements Comparable<BrokenKey> {

		@Override
		public boolean equals(Object other) {
			return other instanceof BrokenKey that && this.number == that.number;
		}

		@Override
		public int hashCode() {
			return 1;
		}

		@Override
		public int compareTo(BrokenKey other) {
			if (!this.ordered[0]) {
				throw new IllegalStateException("No order, on purpose");
			}
			return Integer.compare(this.number, other.number);
		}

	}

	/**
	 * Does something, takes its time, and is done, or waits once before.
	 */
	private class Step extends Work {

		private final String name;

		private final Consumer<Step> action;

		private Progress first = Progress.DONE;

		Step(String name, Consumer<Step> action) {
			this.name = name;
			this.action = action;
		}

		Step(String name, Progress first) {
			this(name, (step) -> {
			});
			this.first = first;
		}

		@Override
		public Progress proceed(Worker worker, Turn turn) {
			this.action.accept(this);
			turn.readClock();
			RunQueueTests.this.done.add(this.name);
			Progress progress = this.first;
			this.first = Progress.DONE;
			return progress;
		}

		@Override
		public boolean isReady(long now) {
			return false;
		}

	}

}
