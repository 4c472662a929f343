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

package io.kaffe.spring.engine.delivery;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.listener.AcknowledgingMessageListener;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.TestWorkerOwner;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.table.WorkerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for listeners that call {@link Acknowledgment#nack(Duration)}.
 */
class NackTests {

	private static final Duration SECOND = Duration.ofSeconds(1);

	private final ManualExecution execution = new ManualExecution();

	private final NotingObserver observer = new NotingObserver();

	private final ConsumerWorkers workers = new DefaultWorkerManager(this.execution.runtime(), List.of(this.observer))
		.register("orders", Integer.MAX_VALUE, new TestWorkerOwner());

	private final Worker worker = this.workers.allocate("worker_0",
			new AssignedPartition(new TopicPartition("orders", 0), 1));

	private final Worker other = this.workers.allocate("worker_1",
			new AssignedPartition(new TopicPartition("orders", 1), 1));

	private final RecordedAssignment assignment = new RecordedAssignment();

	private final List<Acknowledgment> acknowledgments = new ArrayList<>();

	/** Offset and attempt of what the listener was called for. */
	private final List<String> deliveries = new ArrayList<>();

	/**
	 * What the listener does when it is called, one after the other; then it
	 * acknowledges.
	 */
	private final Deque<Consumer<Acknowledgment>> calls = new ArrayDeque<>();

	@Test
	void recordIsDeliveredAgainAfterTheSleepBeforeThoseBehindIt() {
		this.calls.add((acknowledgment) -> acknowledgment.nack(SECOND));
		RecordDelivery delivery = delivery(Acknowledging.CUMULATIVE);
		handle(delivery, 0, 1);
		assertThat(this.deliveries).containsExactly("0#1");
		assertThat(this.assignment.completed).isEmpty();
		assertThat(this.assignment.running).as("a drain waits for nothing").isZero();
		assertThat(delivery.detachedRecords()).isEmpty();
		assertThat(this.worker.snapshot(0).state()).isEqualTo(WorkerState.BACKING_OFF);
		advance(Duration.ofMillis(999));
		assertThat(this.deliveries).hasSize(1);
		advance(Duration.ofMillis(1));
		assertThat(this.deliveries).containsExactly("0#1", "0#1", "1#1");
		assertThat(this.assignment.completed).containsExactly(0L, 1L);
		assertThat(this.worker.snapshot(0).state()).isEqualTo(WorkerState.IDLE);
	}

	@Test
	void otherWorkersGoOn() {
		this.calls.add((acknowledgment) -> acknowledgment.nack(SECOND));
		RecordDelivery delivery = delivery(Acknowledging.SINGLE);
		handle(delivery, 0);
		RecordedAssignment elsewhere = new RecordedAssignment();
		this.other.submit(RecordWork.of(elsewhere.records(7), elsewhere, delivery));
		this.execution.runAll();
		assertThat(elsewhere.completed).containsExactly(7L);
		assertThat(this.assignment.completed).isEmpty();
	}

	@Test
	void nackIsNoFailure() {
		this.calls.add((acknowledgment) -> acknowledgment.nack(SECOND));
		RecordDelivery delivery = delivery(Acknowledging.CUMULATIVE);
		handle(delivery, 0);
		assertThat(delivery.failures().all()).isEmpty();
		assertThat(this.observer.attempts).isEmpty();
		assertThat(this.worker.snapshot(0).counters().failed()).isZero();
		advance(SECOND);
		assertThat(this.observer.attempts).containsExactly("orders 0 handled");
		assertThat(delivery.failures().counters(1, 0, 0, 0, 0, 0).retries()).isZero();
		assertThat(delivery.failures().recent(false)).isEmpty();
		assertThat(this.worker.snapshot(0).counters().handled()).isOne();
	}

	@Test
	void recordThatHasFailedKeepsItsAttempts() {
		RecordDelivery delivery = delivery(Acknowledging.CUMULATIVE);
		this.calls.add((acknowledgment) -> {
			throw new IllegalStateException("On purpose");
		});
		this.calls.add((acknowledgment) -> acknowledgment.nack(Duration.ofSeconds(10)));
		handle(delivery, 0);
		advance(SECOND);
		assertThat(this.deliveries).containsExactly("0#1", "0#2");
		assertThat(delivery.failures().all()).singleElement()
			.satisfies((failing) -> assertThat(failing.attempts()).isOne());
		advance(Duration.ofSeconds(9));
		assertThat(this.deliveries).hasSize(2);
		advance(SECOND);
		assertThat(this.deliveries).containsExactly("0#1", "0#2", "0#2");
		assertThat(delivery.failures().all()).isEmpty();
		assertThat(delivery.failures().counters(1, 0, 0, 0, 0, 0).retries()).as("of the attempt that failed").isOne();
		assertThat(this.assignment.completed).containsExactly(0L);
	}

	@Test
	void sleepMayBeZero() {
		this.calls.add((acknowledgment) -> acknowledgment.nack(Duration.ZERO));
		handle(delivery(Acknowledging.CUMULATIVE), 0);
		assertThat(this.deliveries).containsExactly("0#1", "0#1");
	}

	@Test
	void lastNackCounts() {
		this.calls.add((acknowledgment) -> {
			acknowledgment.nack(Duration.ofHours(1));
			acknowledgment.nack(SECOND);
		});
		handle(delivery(Acknowledging.CUMULATIVE), 0);
		advance(SECOND);
		assertThat(this.deliveries).hasSize(2);
	}

	@Test
	void recordThatIsAcknowledgedAsWellIsCompletedAndDeliveredAgain() {
		this.calls.add((acknowledgment) -> {
			acknowledgment.acknowledge();
			acknowledgment.nack(SECOND);
		});
		handle(delivery(Acknowledging.SINGLE), 0, 1);
		assertThat(this.assignment.completed).containsExactly(0L);
		this.calls.add((acknowledgment) -> {
		});
		advance(SECOND);
		assertThat(this.deliveries).containsExactly("0#1", "0#1", "1#1");
	}

	@Test
	void listenerThatThrowsHasFailed() {
		this.calls.add((acknowledgment) -> {
			acknowledgment.nack(Duration.ofHours(1));
			throw new IllegalStateException("On purpose");
		});
		RecordDelivery delivery = delivery(Acknowledging.CUMULATIVE);
		handle(delivery, 0);
		assertThat(delivery.failures().all()).hasSize(1);
		advance(SECOND);
		assertThat(this.deliveries).containsExactly("0#1", "0#2");
	}

	@Test
	void recordOfARevokedPartitionIsLeftToTheNextOwner() {
		this.calls.add((acknowledgment) -> acknowledgment.nack(SECOND));
		handle(delivery(Acknowledging.CUMULATIVE), 0, 1);
		this.assignment.revoked = true;
		this.worker.wake();
		this.execution.runAll();
		assertThat(this.assignment.dropped).containsExactly(0L, 1L);
		advance(SECOND);
		assertThat(this.deliveries).hasSize(1);
		assertThat(this.worker.snapshot(0).state()).isEqualTo(WorkerState.IDLE);
	}

	@Test
	void negativeSleepIsRefused() {
		assertThat(refusal(Acknowledging.CUMULATIVE, (acknowledgment) -> acknowledgment.nack(Duration.ofMillis(-1))))
			.isInstanceOf(IllegalArgumentException.class)
			.hasMessage("sleep cannot be negative");
	}

	@Test
	void otherThreadIsRefused() {
		assertThat(refusal(Acknowledging.CUMULATIVE,
				(acknowledgment) -> CompletableFuture.runAsync(() -> acknowledgment.nack(SECOND)).join()))
			.cause()
			.isInstanceOf(IllegalStateException.class)
			.hasMessage("nack() can only be called on the thread of the worker, before the listener returns");
	}

	@Test
	void nackAfterTheListenerHasReturnedIsRefused() {
		this.calls.add((acknowledgment) -> {
		});
		handle(delivery(Acknowledging.CUMULATIVE), 0);
		assertThatIllegalStateException().isThrownBy(() -> this.acknowledgments.get(0).nack(SECOND))
			.withMessage("nack() can only be called on the thread of the worker, before the listener returns");
	}

	@Test
	void nackIsRefusedIfRecordsAreAcknowledgedOutOfOrder() {
		assertThat(refusal(Acknowledging.OUT_OF_ORDER, (acknowledgment) -> acknowledgment.nack(SECOND)))
			.isInstanceOf(IllegalStateException.class)
			.hasMessageStartingWith("nack() is not supported with out-of-order commits");
	}

	@Test
	void nackOfABatchIsRefused() {
		assertThat(refusal(Acknowledging.CUMULATIVE, (acknowledgment) -> acknowledgment.nack(0, SECOND)))
			.isInstanceOf(UnsupportedOperationException.class)
			.hasMessage("This acknowledgment is for one record: call nack(sleep)");
	}

	/**
	 * Return what a listener gets that calls {@code nack}, of which nothing else follows.
	 */
	private @Nullable Throwable refusal(Acknowledging acknowledging, Consumer<Acknowledgment> nack) {
		AtomicReference<@Nullable Throwable> refusal = new AtomicReference<>();
		this.calls.add((acknowledgment) -> refusal.set(catchThrowable(() -> nack.accept(acknowledgment))));
		handle(delivery(acknowledging), 0);
		assertThat(this.assignment.held().detached()).as("it is to be acknowledged").isOne();
		return refusal.get();
	}

	private RecordDelivery delivery(Acknowledging acknowledging) {
		return new RecordDelivery((AcknowledgingMessageListener<Object, Object>) (record, acknowledgment) -> {
			this.acknowledgments.add(Objects.requireNonNull(acknowledgment));
			byte[] attempt = record.headers().lastHeader(KafkaHeaders.DELIVERY_ATTEMPT).value();
			this.deliveries.add(record.offset() + "#" + ByteBuffer.wrap(attempt).getInt());
			Consumer<Acknowledgment> call = this.calls.poll();
			((call != null) ? call : (Consumer<Acknowledgment>) Acknowledgment::acknowledge).accept(acknowledgment);
		}, ListenerType.ACKNOWLEDGING, null, acknowledging, false,
				new DeliverySettings(
						"group", true, new FailurePolicy(0, new FixedBackOff(1000, Long.MAX_VALUE), null, Set.of(),
								FailureAction.PARK, Map.of(), null, null, 100),
						null, new LogContext("orders", false), this.execution));
	}

	private void handle(RecordDelivery delivery, long... offsets) {
		this.worker.submit(RecordWork.of(this.assignment.records(offsets), this.assignment, delivery));
		this.execution.runAll();
	}

	private void advance(Duration time) {
		this.execution.advance(time);
		this.execution.runAll();
	}

}
