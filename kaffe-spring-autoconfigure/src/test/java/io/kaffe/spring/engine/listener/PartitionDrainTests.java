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
import java.util.AbstractCollection;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.kaffe.spring.engine.delivery.Holding;
import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.DetachedRecord;
import io.kaffe.spring.engine.worker.LimitedLog;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.TestWorkerOwner;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.Turn;
import io.kaffe.spring.engine.worker.Work;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.engine.worker.WorkerRuntime;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PartitionDrain}.
 */
@Timeout(30)
class PartitionDrainTests {

	private final ManualExecution execution = new ManualExecution();

	private final WorkerRuntime runtime = this.execution.runtime();

	private final AdvancingTicker ticker = new AdvancingTicker();

	private final ConsumerWakeup wakeup = new ConsumerWakeup(new MockConsumer<>("earliest"), this.execution);

	private final PartitionAssignment assignment = new PartitionAssignment(
			new AssignedPartition(new TopicPartition("orders", 0), 1), 0, ContainerFixtures.POLICY, this.wakeup,
			new CommitTimer(this.wakeup, Duration.ofSeconds(1), this.runtime),
			new LateCompletions(new LimitedLog("orders", this.runtime)), this.execution, ContainerFixtures.POLLED_BY);

	/**
	 * A thread acknowledges the last record while the drain looks for records to be
	 * acknowledged: it has taken it out, and has not completed it yet.
	 */
	@Test
	void recordThatIsJustBeingAcknowledgedIsWaitedFor() {
		Holding.leaveOpen(this.assignment.held());
		drain(new WhenAsked(this.assignment::hold)).awaitAcknowledgments(List.of(this.assignment), deadline());
		assertThat(this.ticker.nanos).as("waited until the deadline").isGreaterThanOrEqualTo(deadline());
	}

	@Test
	void nothingIsWaitedForIfNothingIsToBeAcknowledged() {
		Holding.leaveOpen(this.assignment.held());
		drain(new WhenAsked(() -> {
		})).awaitAcknowledgments(List.of(this.assignment), deadline());
		assertThat(this.ticker.nanos).isLessThan(deadline());
	}

	@Test
	void whatIsBeingHandledOrToBeAcknowledgedIsNamed() {
		ConsumerWorkers workers = new DefaultWorkerManager(this.runtime).register("orders", 1, new TestWorkerOwner());
		PartitionDrain drain = new PartitionDrain(workers,
				List.of(new Unacknowledged("orders", 0, 9), new Unacknowledged("orders", 0, 8),
						new Unacknowledged("orders", 1, 6), new Unacknowledged("refunds", 0, 5)),
				this.ticker);
		assertThat(drain.unfinished(List.of(this.assignment), 10)).as("nothing is left open").isEmpty();
		Holding.leaveOpen(this.assignment.held());
		assertThat(drain.unfinished(List.of(this.assignment), 10)).containsExactly("orders-0@8", "orders-0@9");
		List<String> unfinished = new ArrayList<>();
		workers.allocate("worker_0", this.assignment.assigned()).submit(new Work() {

			@Override
			public Progress proceed(Worker worker, Turn turn) {
				worker.beginRecord(new ConsumerRecord<>("orders", 0, 7, "key", "value"), 1, turn.readClock());
				unfinished.addAll(drain.unfinished(List.of(PartitionDrainTests.this.assignment), 10));
				worker.recordHandled();
				return Progress.DONE;
			}

			@Override
			public boolean isReady(long now) {
				return false;
			}

		});
		assertThat(this.assignment.enter()).isTrue();
		this.execution.runAll();
		assertThat(unfinished).containsExactly("orders-0@7", "orders-0@8", "orders-0@9");
		assertThat(drain.unfinished(List.of(this.assignment), 1)).hasSize(1);
		this.assignment.exit();
	}

	@Test
	void interruptDoesNotEndTheWaitAndIsThereAfterwards() {
		Holding.leaveOpen(this.assignment.held());
		Thread.currentThread().interrupt();
		drain(new WhenAsked(this.assignment::hold)).awaitAcknowledgments(List.of(this.assignment), deadline());
		assertThat(this.ticker.nanos).as("waited until the deadline").isGreaterThanOrEqualTo(deadline());
		assertThat(Thread.interrupted()).isTrue();
	}

	@Test
	void whatAWorkerWaitsForOrIsOverIsNotToBeAcknowledged() {
		ConsumerWorkers workers = new DefaultWorkerManager(this.runtime).register("orders", 1, new TestWorkerOwner());
		PartitionDrain drain = new PartitionDrain(workers,
				List.of(new Unacknowledged("orders", 0, 7, "worker_0", false),
						new Unacknowledged("orders", 0, 8, null, true), new Unacknowledged("orders", 0, 9)),
				this.ticker);
		Holding.leaveOpen(this.assignment.held());
		assertThat(drain.unfinished(List.of(this.assignment), 10)).containsExactly("orders-0@9");
	}

	@Test
	void nothingIsWaitedForOnceTheDeadlineIsOver() {
		assertThat(this.assignment.enter()).isTrue();
		drain(new WhenAsked(() -> {
		})).awaitHandlers(List.of(this.assignment), this.ticker.nanos);
		assertThat(this.ticker.parked).isZero();
		this.assignment.exit();
	}

	private PartitionDrain drain(WhenAsked detached) {
		return new PartitionDrain(new DefaultWorkerManager(this.runtime).register("orders", 1, new TestWorkerOwner()),
				detached, this.ticker);
	}

	private static long deadline() {
		return TimeUnit.MILLISECONDS.toNanos(20);
	}

	/**
	 * A record whose handler has returned and has not acknowledged it.
	 */
	private record Unacknowledged(String topic, int partition, long offset, @Nullable String workerName,
			boolean isOver) implements DetachedRecord {

		Unacknowledged(String topic, int partition, long offset) {
			this(topic, partition, offset, null, false);
		}

		@Override
		public ConsumerRecord<?, ?> record() {
			return new ConsumerRecord<>(this.topic, this.partition, this.offset, "key", "value");
		}

		@Override
		public long since() {
			return 0;
		}

	}

	/**
	 * No records, and something that happens when one asks for them.
	 */
	private static final class WhenAsked extends AbstractCollection<DetachedRecord> {

		private final Runnable action;

		WhenAsked(Runnable action) {
			this.action = action;
		}

		@Override
		public Iterator<DetachedRecord> iterator() {
			this.action.run();
			return List.<DetachedRecord>of().iterator();
		}

		@Override
		public int size() {
			return 0;
		}

	}

	/**
	 * A millisecond is over each time that the time is read.
	 */
	private static final class AdvancingTicker implements Ticker {

		private long nanos;

		private int parked;

		@Override
		public long nanoTime() {
			this.nanos += TimeUnit.MILLISECONDS.toNanos(1);
			return this.nanos;
		}

		@Override
		public Instant instant() {
			return Instant.EPOCH;
		}

		@Override
		public void park(Object blocker, long nanos) {
			// Returns early, as it may.
			this.parked++;
		}

		@Override
		public void unpark(Thread thread) {
			// Nobody waits.
		}

		@Override
		public void pause(Duration duration) {
			throw new UnsupportedOperationException();
		}

	}

}
