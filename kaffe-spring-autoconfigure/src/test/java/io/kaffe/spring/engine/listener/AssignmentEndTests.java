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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.SeekResult;
import io.kaffe.spring.engine.delivery.Holding;
import io.kaffe.spring.engine.worker.DetachedRecord;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.table.ConsumerState;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what a {@link ConsumerSession} does to an assignment that ends, by a
 * revocation, a loss or a seek: each of its steps is missed if it is left out.
 */
@Timeout(60)
class AssignmentEndTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private final ManualExecution execution = new ManualExecution();

	private final List<Long> handled = new ArrayList<>();

	private final AtomicInteger wakeups = new AtomicInteger();

	private final MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest") {

		@Override
		public synchronized void wakeup() {
			AssignmentEndTests.this.wakeups.incrementAndGet();
		}

	};

	private final AtomicBoolean failing = new AtomicBoolean();

	private final WorkerContainer container = ContainerFixtures
		.handledBy(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION, 10_000, (record) -> {
			this.handled.add(record.offset());
			if (this.failing.get()) {
				throw new IllegalStateException("On purpose");
			}
		}, null, this.execution);

	private final ConsumerSession session = this.container.session(this.consumer);

	@BeforeEach
	void assign() {
		this.consumer.assign(List.of(PARTITION));
		this.consumer.updateBeginningOffsets(Map.of(PARTITION, 0L));
		this.consumer.updateEndOffsets(Map.of(PARTITION, 100L));
		this.consumer.seek(PARTITION, 0);
		this.session.tick();
		this.session.assigned(List.of(PARTITION));
		this.session.positioned(List.of(PARTITION));
	}

	@Test
	void revocationStartsNothingMore() {
		dispatch(0, 3);
		this.session.revoked(List.of(PARTITION), this.execution::runAll);
		this.execution.runAll();
		assertThat(this.handled).isEmpty();
		assertThat(buffered()).isZero();
	}

	@Test
	void recordCompletedAfterTheRevocationIsLate() {
		dispatch(0, 3);
		PartitionAssignment assignment = assignment();
		this.session.revoked(List.of(PARTITION), () -> {
		});
		assignment.complete(record(0));
		assertThat(this.container.context().lateCompletions().count()).isEqualTo(1);
	}

	@Test
	void recordCompletedAfterASeekIsLate() {
		dispatch(0, 3);
		PartitionAssignment replaced = assignment();
		seek(50);
		replaced.complete(record(0));
		assertThat(assignment()).isNotSameAs(replaced);
		assertThat(this.container.context().lateCompletions().count()).isEqualTo(1);
	}

	@Test
	void revocationWaitsForARecordInProgress() {
		dispatch(0, 3);
		PartitionAssignment assignment = assignment();
		assertThat(assignment.enter()).isTrue();
		CompletableFuture<Void> finished = whileWaiting(() -> {
			assignment.complete(record(0));
			assignment.exit();
		});
		AtomicBoolean ran = new AtomicBoolean(true);
		this.session.revoked(List.of(PARTITION), () -> ran.set(assignment.isRunning()));
		finished.join();
		assertThat(ran).isFalse();
		assertThat(committed()).isEqualTo(1);
	}

	@Test
	void revocationWaitsForARecordOfTheAssignmentThatASeekReplaced() {
		dispatch(0, 3);
		PartitionAssignment replaced = assignment();
		assertThat(replaced.enter()).isTrue();
		CompletableFuture<SeekResult> seek = this.session.seek(PARTITION, SeekPosition.offset(50));
		this.session.tick();
		this.execution.advance(Duration.ofSeconds(21));
		this.session.tick();
		assertThat(seek).isCompleted();
		assertThat(replaced.isRunning()).isTrue();
		CompletableFuture<Void> finished = whileWaiting(replaced::exit);
		AtomicBoolean ran = new AtomicBoolean(true);
		this.session.revoked(List.of(PARTITION), () -> ran.set(replaced.isRunning()));
		finished.join();
		assertThat(ran).isFalse();
	}

	@Test
	void revocationIsNotCutShortByAnInterrupt() {
		dispatch(0, 1);
		this.execution.runAll();
		AtomicBoolean interrupted = new AtomicBoolean(true);
		Thread.currentThread().interrupt();
		this.session.revoked(List.of(PARTITION), () -> interrupted.set(Thread.currentThread().isInterrupted()));
		assertThat(Thread.interrupted()).as("it is there again afterwards").isTrue();
		assertThat(interrupted).isFalse();
		assertThat(committed()).isEqualTo(1);
	}

	@Test
	void recordsThatWaitInWorkersCountAsBufferedAfterARevocation() {
		dispatch(0, 3);
		this.session.revoked(List.of(PARTITION), () -> {
		});
		assertThat(buffered()).isEqualTo(3);
		this.execution.runAll();
		assertThat(buffered()).isZero();
	}

	@Test
	void recordsThatWaitInWorkersCountAsBufferedAfterASeek() {
		dispatch(0, 3);
		seek(50);
		assertThat(buffered()).isEqualTo(3);
		this.execution.runAll();
		assertThat(buffered()).isZero();
	}

	@Test
	void recordsThatOnlyListenersStillHaveDoNotCountAsBufferedAfterALoss() {
		dispatch(0, 1);
		Holding.leaveOpen(assignment().held());
		this.session.lost(List.of(PARTITION));
		assertThat(buffered()).isZero();
	}

	@Test
	void seekHasAWorkerThatWaitsDropItsRecords() {
		this.failing.set(true);
		dispatch(0, 3);
		this.execution.runAll();
		assertThat(this.handled).containsExactly(0L);
		CompletableFuture<SeekResult> seek = this.session.seek(PARTITION, SeekPosition.offset(50));
		PartitionAssignment leaving = assignment();
		assertThat(leaving.enter()).as("keeps the seek from being done").isTrue();
		this.session.tick();
		this.execution.runAll();
		assertThat(leaving.buffer().records()).isZero();
		assertThat(seek).isNotDone();
		leaving.exit();
	}

	@Test
	void revocationHasAWorkerThatWaitsDropItsRecords() {
		this.failing.set(true);
		dispatch(0, 3);
		this.execution.runAll();
		PartitionAssignment leaving = assignment();
		List<Long> left = new ArrayList<>();
		this.session.revoked(List.of(PARTITION), () -> {
			this.execution.runAll();
			left.add(leaving.buffer().records());
		});
		assertThat(left).as("before the commit").containsExactly(0L);
	}

	@Test
	void unansweredRecordIsNotifiedThatItsAssignmentIsOver() {
		dispatch(0, 1);
		PartitionAssignment leaving = assignment();
		List<Boolean> over = new ArrayList<>();
		this.container.context()
			.delivery()
			.detachedRecords()
			.add(new OpenRecord(record(0), () -> over.add(leaving.isOver(record(0)))));
		this.session.revoked(List.of(PARTITION), () -> {
		});
		assertThat(over).endsWith(true);
	}

	@Test
	void lossHasAWorkerThatWaitsDropItsRecords() {
		this.failing.set(true);
		dispatch(0, 3);
		this.execution.runAll();
		assertThat(this.container.context().delivery().failures().all()).hasSize(1);
		this.session.lost(List.of(PARTITION));
		this.execution.runAll();
		assertThat(this.container.context().delivery().failures().all()).isEmpty();
		assertThat(buffered()).isZero();
	}

	@Test
	void commandThatWasCarriedOutIsOver() {
		CompletableFuture<Boolean> regulated = this.session.regulateSoon();
		this.session.tick();
		assertThat(regulated).isCompletedWithValue(true);
		int before = this.wakeups.get();
		this.session.lost(List.of(PARTITION));
		assertThat(this.wakeups).as("nothing waits for the loss").hasValue(before);
	}

	@Test
	void seekIsDoneAsSoonAsTheLastRecordInProgressIsFinished() {
		dispatch(0, 1);
		PartitionAssignment leaving = assignment();
		assertThat(leaving.enter()).isTrue();
		CompletableFuture<SeekResult> seek = this.session.seek(PARTITION, SeekPosition.offset(50));
		this.session.tick();
		int before = this.wakeups.get();
		leaving.exit();
		assertThat(this.wakeups).as("the poll returns").hasValue(before + 1);
		this.session.tick();
		assertThat(seek).isCompleted();
	}

	@Test
	void seekThatWaitsIsAnsweredAsSoonAsItsPartitionIsLost() {
		dispatch(0, 1);
		assertThat(assignment().enter()).isTrue();
		CompletableFuture<SeekResult> seek = this.session.seek(PARTITION, SeekPosition.offset(50));
		this.session.tick();
		int before = this.wakeups.get();
		this.session.lost(List.of(PARTITION));
		assertThat(this.wakeups).as("the poll returns").hasValue(before + 1);
		this.session.tick();
		assertThat(seek).isCompletedExceptionally();
	}

	@Test
	void revocationWaitsForAnAcknowledgment() {
		dispatch(0, 3);
		PartitionAssignment assignment = assignment();
		OpenRecord open = new OpenRecord(record(0), () -> {
		});
		Holding.leaveOpen(assignment.held());
		this.container.context().delivery().detachedRecords().add(open);
		CompletableFuture<Void> acknowledged = whileWaiting(() -> {
			assignment.hold();
			this.container.context().delivery().detachedRecords().remove(open);
			assignment.complete(record(0));
			assignment.exit();
		});
		this.session.revoked(List.of(PARTITION), () -> {
		});
		acknowledged.join();
		assertThat(committed()).isEqualTo(1);
	}

	@Test
	void nothingIsEnteredOnceARevocationHasBegun() {
		PartitionAssignment assignment = assignment();
		assignment.revoke();
		assertThat(assignment.enter()).isFalse();
		assertThat(assignment.isRunning()).isFalse();
	}

	@Test
	void completionsThatFreeSpaceInterruptThePoll() {
		dispatch(0, 10_000);
		this.session.tick();
		assertThat(this.consumer.paused()).containsExactly(PARTITION);
		int before = this.wakeups.get();
		this.execution.runAll();
		assertThat(this.wakeups).hasValueGreaterThan(before);
		this.session.tick();
		assertThat(this.consumer.paused()).isEmpty();
	}

	private PartitionAssignment assignment() {
		return this.session.assignments().iterator().next();
	}

	private long buffered() {
		return this.container.context().buffer().buffered().records();
	}

	private long committed() {
		OffsetAndMetadata committed = this.consumer.committed(Set.of(PARTITION)).get(PARTITION);
		return Objects.requireNonNull(committed).offset();
	}

	private void seek(long offset) {
		CompletableFuture<SeekResult> seek = this.session.seek(PARTITION, SeekPosition.offset(offset));
		this.session.tick();
		assertThat(seek).isCompleted();
	}

	/**
	 * Do something on another thread when this one waits in a rebalance.
	 */
	private CompletableFuture<Void> whileWaiting(Runnable action) {
		Thread consumerThread = Thread.currentThread();
		return CompletableFuture.runAsync(() -> {
			Awaitility.await("the consumer thread waits")
				.pollInterval(1, TimeUnit.MILLISECONDS)
				.until(() -> this.session.state() == ConsumerState.REBALANCING
						&& consumerThread.getState() == Thread.State.TIMED_WAITING
						|| this.session.state() == ConsumerState.RUNNING && this.session.assignments().isEmpty());
			action.run();
		});
	}

	private void dispatch(long from, int count) {
		List<ConsumerRecord<Object, Object>> records = LongStream.range(from, from + count)
			.mapToObj(AssignmentEndTests::record)
			.toList();
		this.session.dispatch(new ConsumerRecords<>(Map.of(PARTITION, records),
				Map.of(PARTITION, new OffsetAndMetadata(from + count))));
	}

	private static ConsumerRecord<Object, Object> record(long offset) {
		return new ConsumerRecord<>("orders", 0, offset, "key", "value");
	}

	/**
	 * A record that a listener has left open.
	 *
	 * @param record the record
	 * @param revoked run when partitions were revoked
	 */
	private record OpenRecord(ConsumerRecord<?, ?> record, Runnable revoked) implements DetachedRecord {

		@Override
		public @Nullable String workerName() {
			return null;
		}

		@Override
		public long since() {
			return 0;
		}

		@Override
		public boolean isOver() {
			return false;
		}

		@Override
		public void partitionsRevoked() {
			this.revoked.run();
		}

	}

}
