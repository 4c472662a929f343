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

import java.io.Serial;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.TestWorkerOwner;
import io.kaffe.spring.engine.worker.Turn;
import io.kaffe.spring.engine.worker.Work;
import io.kaffe.spring.engine.worker.Worker;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RecordWork} whose records fail.
 */
class RecordWorkTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private final ManualExecution execution = new ManualExecution();

	private final List<Long> handled = new ArrayList<>();

	private final List<String> stops = new ArrayList<>();

	private final NotingObserver observer = new NotingObserver();

	private final ConsumerWorkers workers = new DefaultWorkerManager(this.execution.runtime(), List.of(this.observer))
		.register("orders", 16, new StoppableConsumer());

	private final Worker worker = this.workers.internal("worker");

	private Consumer<ConsumerRecord<?, ?>> handler = (record) -> {
	};

	private @Nullable RecordInterceptor<Object, Object> interceptor;

	private @Nullable RecordRecoverer recoverer;

	private @Nullable RecordDelivery delivery;

	@Test
	void requestedRetryDoesNotWaitForTheBackOffBeforeIt() {
		List<Duration> backOffs = new ArrayList<>(List.of(Duration.ofHours(1), Duration.ofSeconds(1)));
		this.handler = (record) -> {
			if (this.handled.size() < 3) {
				throw new IllegalStateException("Not yet");
			}
		};
		RecordedAssignment assignment = start(policy(FailureAction.PARK, () -> () -> backOffs.remove(0).toMillis()), 1);
		this.execution.runAll();
		assertThat(this.handled).hasSize(1);
		assertThat(delivery().failures().retry(PARTITION, 0)).isTrue();
		this.execution.runAll();
		assertThat(this.handled).hasSize(2);
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(this.handled).hasSize(3);
		assertThat(assignment.completed).containsExactly(0L);
	}

	@Test
	void requestedRetryThatBreaksDownDoesNotWaitForTheBackOffBeforeIt() {
		this.handler = (record) -> {
			if (this.handled.size() == 1) {
				throw new IllegalStateException("Not yet");
			}
		};
		this.interceptor = (record, consumer) -> {
			if (this.handled.size() == 1 && this.worker.snapshot(0).counters().restarts() == 0) {
				throw new IllegalStateException("Breaks down");
			}
			return record;
		};
		RecordedAssignment assignment = start(policy(FailureAction.PARK, () -> () -> Duration.ofHours(1).toMillis()),
				1);
		this.execution.runAll();
		assertThat(delivery().failures().retry(PARTITION, 0)).isTrue();
		this.execution.runAll();
		assertThat(this.worker.snapshot(0).counters().restarts()).isEqualTo(1);
		assertThat(this.handled).hasSize(1);
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(assignment.completed).containsExactly(0L);
	}

	@Test
	void threadHasItsNameBackAfterEachTurn() {
		List<String> names = new ArrayList<>();
		this.handler = (record) -> {
			names.add(Thread.currentThread().getName());
			throw new IllegalStateException("On purpose");
		};
		String before = Thread.currentThread().getName();
		RecordedAssignment assignment = start(policy(FailureAction.SKIP), 2);
		assignment.polledBy = new PollingConsumer("orders-0", "client-0", "named", null,
				assignment.polledBy.consumer());
		this.execution.runAll();
		assertThat(Thread.currentThread().getName()).isEqualTo(before);
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(names).hasSize(3).containsOnly("named");
		assertThat(Thread.currentThread().getName()).isEqualTo(before);
	}

	@Test
	void eachAttemptIsObservedWithItsTime() {
		this.handler = (record) -> {
			this.execution.advance(Duration.ofMillis(300));
			if (this.handled.size() == 1) {
				throw new IllegalStateException("Not yet");
			}
		};
		start(policy(FailureAction.PARK), 2);
		this.execution.runAll();
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(this.observer.attempts).containsExactly("orders 300 failed", "orders 300 handled",
				"orders 300 handled");
	}

	@Test
	void logsOfTheHandlerSayWhichRecordItIs() {
		List<Map<String, String>> contexts = new ArrayList<>();
		this.handler = (record) -> contexts.add(MDC.getCopyOfContextMap());
		start(policy(FailureAction.PARK), 2);
		this.execution.runAll();
		assertThat(contexts).extracting((context) -> context.get("offset")).containsExactly("0", "1");
		assertThat(contexts.get(0)).isEqualTo(
				Map.of("consumer", "orders", "worker", "worker", "topic", "orders", "partition", "0", "offset", "0"));
		assertThat(MDC.get("consumer")).isNull();
		assertThat(MDC.get("offset")).isNull();
	}

	@Test
	void workerWithManyRecordsLetsOthersRunAfterItsTurn() {
		this.handler = (record) -> this.execution.advance(Duration.ofMillis(1));
		start(policy(FailureAction.PARK), 5);
		List<Integer> handledBefore = new ArrayList<>();
		this.workers.internal("other").submit(new Work() {

			@Override
			public Progress proceed(Worker worker, Turn turn) {
				handledBefore.add(RecordWorkTests.this.handled.size());
				return Progress.DONE;
			}

			@Override
			public boolean isReady(long now) {
				return false;
			}

		});
		this.execution.runAll();
		assertThat(handledBefore).containsExactly(1);
		assertThat(this.handled).hasSize(5);
	}

	@Test
	void recordWhoseFailureCannotBePrintedIsSkippedAsAnyOther() {
		this.handler = (record) -> {
			throw new UnprintableException();
		};
		RecordedAssignment assignment = start(policy(FailureAction.SKIP), 2);
		this.execution.runAll();
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(this.handled).containsExactly(0L, 0L, 1L);
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(this.handled).containsExactly(0L, 0L, 1L, 1L);
		assertThat(assignment.completed).containsExactly(0L, 1L);
		assertThat(this.worker.snapshot(0).counters().restarts()).isZero();
	}

	@Test
	void workerIsRestartedAfterAFailureThatCannotBeExamined() {
		this.interceptor = (record, consumer) -> {
			if (this.stops.isEmpty()) {
				this.stops.add("first");
				throw new UnprintableException();
			}
			return record;
		};
		RecordedAssignment assignment = start(policy(FailureAction.PARK), 1);
		this.execution.runAll();
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(assignment.completed).containsExactly(0L);
		assertThat(this.worker.snapshot(0).counters().restarts()).isEqualTo(1);
	}

	@Test
	void recordThatWasParkedForLongIsNotStalledWhileItIsRecovered() {
		List<Integer> stalled = new ArrayList<>();
		this.handler = (record) -> {
			throw new IllegalStateException("Never");
		};
		RecordRecoverer deadLetters = (record, failure) -> {
			this.execution.advance(Duration.ofSeconds(10));
			stalled.add(this.workers.stalled().size());
			return null;
		};
		RecordedAssignment assignment = start(new FailurePolicy(1, new FixedBackOff(), null, Set.of(),
				FailureAction.PARK, Map.of(), deadLetters, null, 100), 1);
		this.execution.runAll();
		assertThat(assignment.parked()).isEqualTo(1);
		assertThat(this.observer.parked).containsExactly("orders@0 Never");
		this.execution.advance(Duration.ofHours(2));
		assertThat(delivery().failures().deadLetter(PARTITION, 0)).isTrue();
		this.execution.runAll();
		assertThat(assignment.completed).containsExactly(0L);
		assertThat(assignment.parked()).isZero();
		assertThat(stalled).containsExactly(0);
	}

	@Test
	void backOffMayBeAsLongAsThereAreNumbersFor() {
		this.handler = (record) -> {
			throw new IllegalStateException("Never");
		};
		RecordedAssignment assignment = start(policy(FailureAction.PARK, new FixedBackOff(Long.MAX_VALUE, 1)), 1);
		this.execution.runAll();
		this.execution.advance(Duration.ofDays(1));
		this.execution.runAll();
		assertThat(this.handled).hasSize(1);
		assertThat(this.worker.snapshot(0).counters().restarts()).isZero();
		assertThat(assignment.running).isZero();
	}

	@Test
	void virtualMachineErrorOfAnInterceptorAfterTheListenerStopsTheConsumer() {
		this.interceptor = new RecordInterceptor<>() {

			@Override
			public ConsumerRecord<Object, Object> intercept(ConsumerRecord<Object, Object> record,
					org.apache.kafka.clients.consumer.Consumer<Object, Object> consumer) {
				return record;
			}

			@Override
			public void afterRecord(ConsumerRecord<Object, Object> record,
					org.apache.kafka.clients.consumer.Consumer<Object, Object> consumer) {
				throw new OutOfMemoryError("Simulated");
			}

		};
		RecordedAssignment assignment = start(policy(FailureAction.PARK), 1);
		this.execution.runAll();
		assertThat(this.stops).hasSize(1);
		assertThat(assignment.completed).isEmpty();
		assignment.revoked = true;
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(assignment.dropped).containsExactly(0L);
	}

	@Test
	void drainWaitsForTheAnswerOfARecovererWhichCompletesTheRecord() {
		CompletableFuture<Void> answer = new CompletableFuture<>();
		this.handler = (record) -> {
			throw new IllegalStateException("Never");
		};
		this.recoverer = (record, failure) -> answer;
		RecordedAssignment assignment = start(policy(FailureAction.PARK, new FixedBackOff(1000, 0)), 2);
		this.execution.runAll();
		assignment.revoked = true;
		this.worker.wake();
		this.execution.runAll();
		assertThat(assignment.running).isEqualTo(1);
		answer.complete(null);
		assertThat(assignment.running).isZero();
		assertThat(assignment.completed).containsExactly(0L);
		this.execution.runAll();
		assertThat(this.worker.snapshot(0).counters().handled()).isEqualTo(1);
		assertThat(assignment.dropped).containsExactly(1L);
		assertThat(delivery().failures().all()).isEmpty();
		assertThat(this.stops).isEmpty();
	}

	private RecordedAssignment start(FailurePolicy policy, int records) {
		MessageListener<Object, Object> listener = (record) -> {
			this.handled.add(record.offset());
			this.handler.accept(record);
		};
		RecordDelivery delivery = new RecordDelivery(listener, ListenerType.SIMPLE, this.interceptor,
				Acknowledging.NONE, false,
				new DeliverySettings("group", false, policy, null, new LogContext("orders", true), this.execution));
		this.delivery = delivery;
		RecordedAssignment assignment = new RecordedAssignment();
		this.worker.submit(RecordWork.of(IntStream.range(0, records)
			.mapToObj((offset) -> new ConsumerRecord<>("orders", 0, offset, "key", "value"))
			.toList(), assignment, delivery));
		return assignment;
	}

	private RecordDelivery delivery() {
		return Objects.requireNonNull(this.delivery);
	}

	private FailurePolicy policy(FailureAction then) {
		return policy(then, new FixedBackOff(1000, 1));
	}

	private FailurePolicy policy(FailureAction then, BackOff backOff) {
		return new FailurePolicy(0, backOff, null, Set.of(), then, Map.of(), null, this.recoverer, 100);
	}

	/**
	 * A failure whose methods throw.
	 */
	private static final class UnprintableException extends RuntimeException {

		@Serial
		private static final long serialVersionUID = 1L;

		@Override
		public String getMessage() {
			throw new IllegalStateException("No message");
		}

		@Override
		public synchronized Throwable getCause() {
			throw this;
		}

	}

	/**
	 * A consumer that says that it was stopped.
	 */
	private final class StoppableConsumer extends TestWorkerOwner {

		@Override
		public void stopBecause(String reason, @Nullable Throwable failure) {
			RecordWorkTests.this.stops.add(reason);
		}

	}

}
