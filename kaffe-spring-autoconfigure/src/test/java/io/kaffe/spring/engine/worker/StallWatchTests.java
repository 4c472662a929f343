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

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import io.kaffe.spring.table.WorkerState;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link StallWatch} and the interrupts of a {@link Turn}, with records that
 * take as long as the test lets time go by within them.
 */
@ExtendWith(OutputCaptureExtension.class)
class StallWatchTests {

	private final ManualExecution execution = new ManualExecution();

	private final List<String> done = new ArrayList<>();

	private final List<StalledRecord> reported = new ArrayList<>();

	private boolean over;

	private TestWorkerOwner owner = new TestWorkerOwner();

	private ConsumerWorkers workers = workers(null);

	@AfterEach
	void clearInterrupt() {
		Thread.interrupted();
	}

	@Test
	void recordThatTakesTooLongIsReportedOnceWithTheStackOfItsThread(CapturedOutput output) {
		submit(step(0, () -> {
			this.execution.advance(Duration.ofSeconds(9));
			assertThat(this.workers.stalled()).as("not yet").isEmpty();
			this.execution.advance(Duration.ofSeconds(30));
			this.execution.advance(Duration.ofSeconds(30));
			assertThat(this.workers.stalled()).singleElement().satisfies((stalled) -> {
				assertThat(stalled.worker()).isEqualTo("worker_0");
				assertThat(stalled.record().offset()).isZero();
				assertThat(stalled.duration()).hasSeconds(69);
			});
		}));
		this.execution.runAll();
		assertThat(this.done).containsExactly("0");
		assertThat(this.reported).as("once").singleElement().satisfies((stalled) -> {
			assertThat(stalled.worker()).isEqualTo("worker_0");
			assertThat(stalled.record().offset()).isZero();
			assertThat(stalled.duration()).isBetween(Duration.ofSeconds(10), Duration.ofSeconds(39));
		});
		assertThat(output.getOut().split("longer than the stall threshold", -1)).as("one line").hasSize(2);
		assertThat(output).contains("The handling of orders-0@0 by worker_0 has taken")
			.contains("at " + StallWatchTests.class.getName() + ".recordThatTakesTooLong")
			.doesNotContain("ended after at most");
		assertThat(Thread.interrupted()).isFalse();
	}

	@Test
	void tableShowsWhichWorkerIsStalledAndWhereItsThreadIs() {
		this.workers.allocate("worker_1", new AssignedPartition(new TopicPartition("orders", 1), 1));
		submit(step(0, () -> {
			this.execution.advance(Duration.ofSeconds(9));
			assertThat(this.workers.states()).containsEntry(WorkerState.RUNNING, 1)
				.containsEntry(WorkerState.STALLED, 0);
			this.execution.advance(Duration.ofSeconds(30));
			assertThat(this.workers.states()).containsEntry(WorkerState.RUNNING, 0)
				.containsEntry(WorkerState.STALLED, 1)
				.containsEntry(WorkerState.IDLE, 1);
			assertThat(this.workers.stackOf("worker_0")).asString().contains(StallWatchTests.class.getName());
			assertThat(this.workers.stackOf("worker_1")).isNull();
		}));
		this.execution.runAll();
		assertThat(this.done).containsExactly("0");
		assertThat(this.workers.stackOf("worker_0")).isNull();
	}

	@Test
	void stallEndsByItselfAndTheNextOneIsReportedAgain(CapturedOutput output) {
		submit(step(0, () -> this.execution.advance(Duration.ofSeconds(20))));
		submit(step(1, () -> assertThat(this.workers.stalled()).as("ended").isEmpty()));
		submit(step(2, () -> {
			this.execution.advance(Duration.ofSeconds(5));
			assertThat(output).contains("The handling of orders-0@0 by worker_0 ended after at most");
			this.execution.advance(Duration.ofSeconds(20));
			assertThat(this.workers.stalled()).singleElement()
				.satisfies((stalled) -> assertThat(stalled.record().offset()).isEqualTo(2));
		}));
		this.execution.runAll();
		assertThat(this.workers.stalled()).isEmpty();
		assertThat(output.getOut().split("longer than the stall threshold", -1)).as("two lines").hasSize(3);
		this.execution.advance(Duration.ofMinutes(1));
		assertThat(output).contains("The handling of orders-0@2 by worker_0 ended after at most");
	}

	@Test
	void recordWhoseHandlerHasReturnedIsAStallUntilItIsOver(CapturedOutput output) {
		DetachedRecord detached = new Detached();
		this.owner.detachedRecords().add(detached);
		submit(step(0, () -> {
		}));
		this.execution.runAll();
		this.execution.advance(Duration.ofSeconds(9));
		assertThat(this.workers.stalled()).as("not yet").isEmpty();
		this.execution.advance(Duration.ofSeconds(5));
		assertThat(this.workers.stalled()).singleElement().satisfies((stalled) -> {
			assertThat(stalled.worker()).isEqualTo("worker_7");
			assertThat(stalled.record().offset()).isEqualTo(70);
		});
		this.execution.advance(Duration.ofMinutes(1));
		assertThat(this.reported).as("once").hasSize(1);
		assertThat(output).containsOnlyOnce("The handling of orders-0@70 by worker_7 has taken")
			.contains("longer than the stall threshold; its handler has returned and has not completed it");
		this.over = true;
		assertThat(this.workers.stalled()).isEmpty();
		this.execution.advance(Duration.ofMinutes(1));
		assertThat(output).containsOnlyOnce("The handling of orders-0@70 by worker_7 ended after at most");
		assertThat(this.owner.detachedRecords()).isEmpty();
		assertThat(this.execution.timers()).as("nothing is left to look at").isZero();
	}

	@Test
	void manyShortRecordsAreNoStall(CapturedOutput output) {
		for (int offset = 0; offset < 20; offset++) {
			submit(step(offset, () -> this.execution.advance(Duration.ofSeconds(6))));
		}
		this.execution.runAll();
		assertThat(this.done).hasSize(20);
		assertThat(output).doesNotContain("stall threshold");
	}

	@Test
	void interruptComesAfterTheSecondThresholdAndOnce() {
		this.workers = workers(Duration.ofSeconds(30));
		submit(step(0, () -> {
			this.execution.advance(Duration.ofSeconds(29));
			assertThat(Thread.currentThread().isInterrupted()).as("too early").isFalse();
			this.execution.advance(Duration.ofSeconds(5));
			assertThat(Thread.interrupted()).as("interrupted").isTrue();
			this.execution.advance(Duration.ofMinutes(5));
			assertThat(Thread.interrupted()).as("once").isFalse();
		}));
		this.execution.runAll();
		assertThat(this.done).containsExactly("0");
	}

	@Test
	void interruptThatItsRecordDoesNotTakeHitsNoOther() {
		this.workers = workers(Duration.ofSeconds(30));
		submit(step(0, () -> {
			this.execution.advance(Duration.ofSeconds(20));
			this.execution.advance(Duration.ofSeconds(20));
			assertThat(Thread.currentThread().isInterrupted()).isTrue();
		}));
		submit(step(1, () -> assertThat(Thread.currentThread().isInterrupted()).isFalse()));
		this.execution.runAll();
		assertThat(this.done).containsExactly("0", "1");
		assertThat(Thread.interrupted()).as("nor the next task of the thread").isFalse();
	}

	@Test
	void interruptThatIsLateHitsNothing() {
		Turn turn = new Turn(this.execution);
		turn.enter();
		turn.watch();
		turn.handlerReturned();
		assertThat(turn.interruptIf(() -> true)).as("the handler has returned").isFalse();
		assertThat(Thread.interrupted()).isFalse();
		turn.watch();
		assertThat(turn.interruptIf(() -> false)).as("another record").isFalse();
		assertThat(Thread.interrupted()).isFalse();
		assertThat(turn.interruptIf(() -> true)).isTrue();
		turn.handlerReturned();
		assertThat(Thread.interrupted()).as("what the handler left over").isFalse();
	}

	private ConsumerWorkers workers(@Nullable Duration interruptThreshold) {
		this.owner = new TestWorkerOwner() {

			@Override
			public WorkerOwner.StallLimits stallLimits() {
				return new WorkerOwner.StallLimits(Duration.ofSeconds(10), interruptThreshold);
			}

		};
		return new ConsumerWorkers(this.execution.runtime(), this.owner, Integer.MAX_VALUE,
				new ConsumerObservers("orders", List.of(new ConsumerObserver() {

					@Override
					public void stalled(String consumer, StalledRecord stalled) {
						StallWatchTests.this.reported.add(stalled);
					}

				})));
	}

	private void submit(Work work) {
		this.workers.allocate("worker_0", new AssignedPartition(new TopicPartition("orders", 0), 1)).submit(work);
	}

	private Work step(long offset, Runnable body) {
		return new Step(offset, body);
	}

	/**
	 * Was handed to its handler in the beginning.
	 */
	private final class Detached implements DetachedRecord {

		private final long since = StallWatchTests.this.execution.nanoTime();

		@Override
		public ConsumerRecord<?, ?> record() {
			return new ConsumerRecord<>("orders", 0, 70, "key", "value");
		}

		@Override
		public String workerName() {
			return "worker_7";
		}

		@Override
		public long since() {
			return this.since;
		}

		@Override
		public boolean isOver() {
			return StallWatchTests.this.over;
		}

	}

	/**
	 * Handles one record.
	 */
	private final class Step extends Work {

		private final long offset;

		private final Runnable body;

		Step(long offset, Runnable body) {
			this.offset = offset;
			this.body = body;
		}

		@Override
		public Progress proceed(Worker worker, Turn turn) {
			worker.beginRecord(new ConsumerRecord<>("orders", 0, this.offset, "key", "value"), 1, turn.readClock());
			this.body.run();
			turn.handlerReturned();
			worker.recordHandled();
			StallWatchTests.this.done.add(Long.toString(this.offset));
			return Progress.DONE;
		}

		@Override
		public boolean isReady(long now) {
			return true;
		}

	}

}
