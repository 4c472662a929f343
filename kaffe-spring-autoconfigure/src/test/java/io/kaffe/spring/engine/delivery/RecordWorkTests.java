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
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.TestWorkerOwner;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.engine.worker.WorkerRuntime;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RecordWork} whose records fail.
 */
class RecordWorkTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private final ManualExecution execution = new ManualExecution();

	private final List<Long> handled = new ArrayList<>();

	private final List<String> stops = new ArrayList<>();

	private final ConsumerWorkers workers = new DefaultWorkerManager(
			new WorkerRuntime(this.execution, this.execution, this.execution))
		.register("orders", 16, new StoppableConsumer());

	private final Worker worker = this.workers.internal("worker");

	private Consumer<ConsumerRecord<?, ?>> handler = (record) -> {
	};

	private @Nullable RecordInterceptor<Object, Object> interceptor;

	private @Nullable RecordRecoverer recoverer;

	@Test
	void retryThatSomebodyAskedForDoesNotWaitForTheBackOffBeforeIt() {
		List<Duration> backOffs = new ArrayList<>(List.of(Duration.ofHours(1), Duration.ofSeconds(1)));
		this.handler = (record) -> {
			if (this.handled.size() < 3) {
				throw new IllegalStateException("Not yet");
			}
		};
		Source source = start(policy(FailureAction.PARK, () -> () -> backOffs.remove(0).toMillis()), 1);
		this.execution.runAll();
		assertThat(this.handled).hasSize(1);
		assertThat(source.delivery().failingRecords().retry(PARTITION, 0)).isTrue();
		this.execution.runAll();
		assertThat(this.handled).hasSize(2);
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(this.handled).hasSize(3);
		assertThat(source.completed).containsExactly(0L);
	}

	@Test
	void recordWhoseFailureCannotBePrintedIsSkippedAsAnyOther() {
		this.handler = (record) -> {
			throw new UnprintableException();
		};
		Source source = start(policy(FailureAction.SKIP), 2);
		this.execution.runAll();
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(this.handled).containsExactly(0L, 0L, 1L);
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(this.handled).containsExactly(0L, 0L, 1L, 1L);
		assertThat(source.completed).containsExactly(0L, 1L);
		assertThat(this.worker.snapshot(0).counters().restarts()).isZero();
	}

	@Test
	void workerIsStartedAgainAfterAFailureThatCannotBeExamined() {
		this.interceptor = (record, consumer) -> {
			if (this.stops.isEmpty()) {
				this.stops.add("first");
				throw new UnprintableException();
			}
			return record;
		};
		Source source = start(policy(FailureAction.PARK), 1);
		this.execution.runAll();
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(source.completed).containsExactly(0L);
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
		Source source = start(new FailurePolicy(1, new FixedBackOff(), null, Set.of(), FailureAction.PARK, Map.of(),
				deadLetters, null, 100), 1);
		this.execution.runAll();
		assertThat(source.parked).isEqualTo(1);
		this.execution.advance(Duration.ofHours(2));
		assertThat(source.delivery().failingRecords().deadLetter(PARTITION, 0)).isTrue();
		this.execution.runAll();
		assertThat(source.completed).containsExactly(0L);
		assertThat(source.parked).isZero();
		assertThat(stalled).containsExactly(0);
	}

	@Test
	void backOffMayBeAsLongAsThereAreNumbersFor() {
		this.handler = (record) -> {
			throw new IllegalStateException("Never");
		};
		Source source = start(policy(FailureAction.PARK, new FixedBackOff(Long.MAX_VALUE, 1)), 1);
		this.execution.runAll();
		this.execution.advance(Duration.ofDays(1));
		this.execution.runAll();
		assertThat(this.handled).hasSize(1);
		assertThat(this.worker.snapshot(0).counters().restarts()).isZero();
		assertThat(source.running).isZero();
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
		Source source = start(policy(FailureAction.PARK), 1);
		this.execution.runAll();
		assertThat(this.stops).hasSize(1);
		assertThat(source.completed).isEmpty();
		source.revoked = true;
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(source.dropped).containsExactly(0L);
	}

	@Test
	void drainWaitsForTheAnswerOfARecovererAndItIsFinalThen() {
		CompletableFuture<Void> answer = new CompletableFuture<>();
		this.handler = (record) -> {
			throw new IllegalStateException("Never");
		};
		this.recoverer = (record, failure) -> answer;
		Source source = start(policy(FailureAction.PARK, new FixedBackOff(1000, 0)), 2);
		this.execution.runAll();
		source.revoked = true;
		this.worker.wake();
		this.execution.runAll();
		assertThat(source.running).isEqualTo(1);
		answer.complete(null);
		assertThat(source.running).isZero();
		assertThat(source.completed).containsExactly(0L);
		this.execution.runAll();
		assertThat(source.dropped).containsExactly(1L);
		assertThat(source.delivery().failingRecords().all()).isEmpty();
		assertThat(source.stopReason).isNull();
	}

	private Source start(FailurePolicy policy, int records) {
		MessageListener<Object, Object> listener = (record) -> {
			this.handled.add(record.offset());
			this.handler.accept(record);
		};
		RecordDelivery delivery = new RecordDelivery(listener, ListenerType.SIMPLE, this.interceptor, false, false,
				new DeliverySettings("group", false, policy, null, new LogContext("orders", true),
						new MockConsumer<>("latest"), this.execution));
		Source source = new Source(delivery);
		this.worker.submit(new PartitionWork(IntStream.range(0, records)
			.mapToObj((offset) -> new ConsumerRecord<>("orders", 0, offset, "key", "value"))
			.toList(), source, delivery));
		return source;
	}

	private FailurePolicy policy(FailureAction then) {
		return policy(then, new FixedBackOff(1000, 1));
	}

	private FailurePolicy policy(FailureAction then, BackOff backOff) {
		return new FailurePolicy(0, backOff, null, Set.of(), then, Map.of(), null, this.recoverer, 100);
	}

	/**
	 * A failure that fails whoever looks at it.
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

	/**
	 * A partition that is assigned.
	 */
	private static final class Source implements AssignmentHandle {

		private final List<Long> completed = new ArrayList<>();

		private final List<Long> dropped = new ArrayList<>();

		private final RecordDelivery delivery;

		private boolean revoked;

		private int running;

		private int parked;

		private @Nullable String stopReason;

		Source(RecordDelivery delivery) {
			this.delivery = delivery;
		}

		@Override
		public boolean enter() {
			if (!this.revoked) {
				this.running++;
			}
			return !this.revoked;
		}

		@Override
		public void exit() {
			this.running--;
		}

		@Override
		public void stay() {
			this.running++;
		}

		@Override
		public boolean isRevoked() {
			return this.revoked;
		}

		@Override
		public boolean isOver(ConsumerRecord<?, ?> record) {
			return this.revoked;
		}

		@Override
		public void complete(ConsumerRecord<?, ?> record) {
			this.completed.add(record.offset());
		}

		@Override
		public void parked() {
			this.parked++;
		}

		@Override
		public void unparked() {
			this.parked--;
		}

		@Override
		public void stopConsumer(String reason, Throwable failure) {
			this.stopReason = reason;
		}

		@Override
		public void leftOpen() {
			throw new UnsupportedOperationException();
		}

		@Override
		public void acknowledged(ConsumerRecord<?, ?> record) {
			throw new UnsupportedOperationException();
		}

		@Override
		public HeldRecords kept() {
			throw new UnsupportedOperationException();
		}

		@Override
		public void drop(ConsumerRecord<?, ?> record) {
			this.dropped.add(record.offset());
		}

		@Override
		public RecordDelivery delivery() {
			return this.delivery;
		}

		@Override
		public int slot() {
			return 0;
		}

	}

}
