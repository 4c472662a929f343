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

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BiFunction;
import java.util.function.Function;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.DetachedRecord;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.TestWorkerOwner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for how many handlers that answer later are in flight at once.
 */
class AwaitedHandlersTests {

	private final ManualExecution execution = new ManualExecution();

	private final NotingObserver observer = new NotingObserver();

	private final RecordedAssignment assignment = new RecordedAssignment();

	private final RecordedAssignment other = new RecordedAssignment();

	/** What handlers have not answered, in the order of their calls. */
	private final Deque<CompletableFuture<Void>> open = new ArrayDeque<>();

	private final List<Long> called = new ArrayList<>();

	private final CompletableFuture<Void> deadLettered = new CompletableFuture<>();

	private Function<ConsumerRecord<?, ?>, CompletableFuture<Void>> handler = (record) -> {
		CompletableFuture<Void> answer = new CompletableFuture<>();
		this.open.add(answer);
		return answer;
	};

	private @Nullable Delivery delivery;

	private boolean stops;

	private long offset;

	@Test
	void noMoreAreInFlightThanTheLimit() {
		ConsumerWorkers workers = workers(2);
		submit(workers, 300);
		for (int answered = 0; answered < 300; answered++) {
			this.execution.runAll();
			assertThat(this.open).hasSize(Math.min(2, 300 - answered));
			assertThat(workers.inFlight()).as("tables show the same").isEqualTo(this.open.size());
			this.open.remove().complete(null);
			assertThat(workers.inFlight()).as("before its worker has run").isEqualTo(this.open.size());
		}
		this.execution.runAll();
		assertThat(this.assignment.completed).hasSize(300);
		assertThat(workers.all()).isEmpty();
	}

	@Test
	void allAreInFlightWithoutALimit() {
		submit(workers(Integer.MAX_VALUE), 300);
		long since = this.execution.nanoTime();
		this.execution.runAll();
		assertThat(this.open).hasSize(300);
		List<DetachedRecord> awaited = List.copyOf(Objects.requireNonNull(this.delivery).detachedRecords());
		assertThat(awaited).hasSize(300).allSatisfy((detached) -> {
			assertThat(detached.workerName()).isEqualTo("worker_orders_0_" + detached.record().offset());
			assertThat(detached.since()).isEqualTo(since);
			assertThat(detached.isOver()).isFalse();
		});
		this.open.forEach((answer) -> answer.complete(null));
		assertThat(awaited).allMatch(DetachedRecord::isOver);
	}

	@Test
	void recordsOfOneWorkerAreHandledOneAfterTheOther() {
		ConsumerWorkers workers = workers(2);
		for (int number = 0; number < 3; number++) {
			submit(workers, "key", 0, this.assignment);
		}
		for (long number = 0; number < 3; number++) {
			this.execution.runAll();
			assertThat(this.called).hasSize((int) number + 1);
			this.open.remove().complete(null);
		}
		this.execution.runAll();
		assertThat(this.assignment.completed).containsExactly(0L, 1L, 2L);
	}

	@Test
	void handlersThatAnswerAtOnceReturnTheirPermits() {
		ConsumerWorkers workers = workers(2);
		Function<ConsumerRecord<?, ?>, CompletableFuture<Void>> later = this.handler;
		this.handler = (record) -> (record.offset() < 100) ? CompletableFuture.completedFuture(null)
				: later.apply(record);
		submit(workers, 105);
		this.execution.runAll();
		assertThat(this.assignment.completed).hasSize(100);
		assertThat(this.open).hasSize(2);
	}

	@Test
	void recordWhoseHandlerAnswersAtOnceThatItFailedIsNotPassed() {
		ConsumerWorkers workers = workers(2);
		this.handler = (record) -> (this.called.size() == 1)
				? CompletableFuture.failedFuture(new IllegalStateException("On purpose"))
				: CompletableFuture.completedFuture(null);
		submit(workers, "key", 0, this.assignment);
		submit(workers, "key", 0, this.assignment);
		this.execution.runAll();
		assertThat(this.called).containsExactly(0L);
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(this.called).containsExactly(0L, 0L, 1L);
		assertThat(this.assignment.completed).containsExactly(0L, 1L);
	}

	@Test
	void handlersThatAnswerBeforeTheirWorkersWaitReturnTheirPermits() {
		ConsumerWorkers workers = workers(2);
		Function<ConsumerRecord<?, ?>, CompletableFuture<Void>> later = this.handler;
		this.handler = (record) -> (record.offset() < 100) ? new AnswersInTheLastMoment() : later.apply(record);
		submit(workers, 105);
		this.execution.runAll();
		assertThat(this.assignment.completed).hasSize(100);
		assertThat(this.open).hasSize(2);
	}

	@Test
	void attemptTakesAsLongAsItsHandlerTakesToAnswer() {
		submit(workers(2), 2);
		this.execution.runAll();
		this.execution.advance(Duration.ofMillis(300));
		this.open.remove().complete(null);
		this.execution.advance(Duration.ofMillis(200));
		this.open.remove().completeExceptionally(new IllegalStateException("On purpose"));
		this.execution.runAll();
		assertThat(this.observer.attempts).containsExactly("orders 300 handled", "orders 500 failed");
	}

	@Test
	void recordThatBacksOffReturnsItsPermit() {
		ConsumerWorkers workers = workers(1);
		submit(workers, 1);
		this.execution.runAll();
		this.open.remove().completeExceptionally(new IllegalStateException("On purpose"));
		this.execution.runAll();
		assertThat(workers.inFlight()).isZero();
		submit(workers, 1);
		this.execution.runAll();
		assertThat(this.called).containsExactly(0L, 1L);
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(this.called).as("until there is a permit again").containsExactly(0L, 1L);
		this.open.remove().complete(null);
		this.execution.runAll();
		assertThat(this.called).containsExactly(0L, 1L, 0L);
	}

	@Test
	void failureIsUnwrappedFromStages() {
		ConsumerWorkers workers = workers(2);
		submit(workers, 2);
		this.execution.runAll();
		IllegalStateException cause = new IllegalStateException("On purpose");
		IllegalArgumentException caused = new IllegalArgumentException(cause);
		this.open.remove().completeExceptionally(new CompletionException(cause));
		this.open.remove().completeExceptionally(caused);
		this.execution.runAll();
		assertThat(Objects.requireNonNull(this.delivery).failures().all()).extracting(FailingRecord::failure)
			.containsExactly(cause, caused);
	}

	@Test
	void recordThatIsDeadLetteredReturnsItsPermit() {
		ConsumerWorkers workers = workers(1, FailureAction.DEAD_LETTER);
		submit(workers, 1);
		this.execution.runAll();
		this.open.remove().completeExceptionally(new IllegalStateException("On purpose"));
		this.execution.runAll();
		assertThat(this.assignment.running).as("a drain waits for the dead letter").isEqualTo(1);
		assertThat(workers.inFlight()).isZero();
		submit(workers, 1);
		this.execution.runAll();
		assertThat(this.called).containsExactly(0L, 1L);
		assertThat(workers.inFlight()).isEqualTo(1);
		this.open.remove().complete(null);
		this.deadLettered.complete(null);
		this.execution.runAll();
		assertThat(this.assignment.completed).containsExactlyInAnyOrder(0L, 1L);
		assertThat(this.assignment.running).isZero();
	}

	@Test
	void limitIsChangedWhileHandlersAreInFlight() {
		ConsumerWorkers workers = workers(4);
		submit(workers, 20);
		this.execution.runAll();
		assertThat(this.open).hasSize(4);
		workers.maxConcurrency(2);
		for (int expected = 3; expected >= 2; expected--) {
			this.open.remove().complete(null);
			this.execution.runAll();
			assertThat(this.open).as("none is begun instead").hasSize(expected);
		}
		this.open.remove().complete(null);
		this.execution.runAll();
		assertThat(this.open).hasSize(2);
		workers.maxConcurrency(5);
		this.execution.runAll();
		assertThat(this.open).hasSize(5);
	}

	@Test
	void recordOfALostPartitionReturnsItsPermit() {
		ConsumerWorkers workers = workers(1);
		submit(workers, null, 0, this.assignment);
		submit(workers, null, 0, this.other);
		submit(workers, null, 0, this.other);
		this.execution.runAll();
		this.assignment.revoked = true;
		workers.wakeAll();
		this.execution.runAll();
		assertThat(this.called).as("the drain waits for it").containsExactly(0L);
		this.assignment.fenced = true;
		workers.wakeAll();
		this.execution.runAll();
		assertThat(this.called).containsExactly(0L, 1L);
		workers.wakeAll();
		this.open.remove().complete(null);
		this.execution.runAll();
		assertThat(this.called).as("its answer returns no second permit").containsExactly(0L, 1L);
		this.open.remove().complete(null);
		this.execution.runAll();
		assertThat(this.called).containsExactly(0L, 1L, 2L);
	}

	@Test
	void recordWhosePartitionIsLostBeforeItsHandlerReturnsTakesNoPermit() {
		ConsumerWorkers workers = workers(1);
		Function<ConsumerRecord<?, ?>, CompletableFuture<Void>> later = this.handler;
		this.handler = (record) -> {
			if (record.offset() == 0) {
				this.assignment.revoked = true;
				this.assignment.fenced = true;
				workers.wakeAll();
			}
			return later.apply(record);
		};
		submit(workers, null, 0, this.assignment);
		submit(workers, null, 0, this.other);
		this.execution.runAll();
		assertThat(this.called).containsExactly(0L, 1L);
	}

	@Test
	void answeredRecordIsNotDroppedIfItsPartitionIsRevokedWhenItsWorkerGoesOn() {
		submit(workers(2), 1);
		this.execution.runAll();
		this.assignment.revokedAfterEntry = true;
		this.open.remove().complete(null);
		this.execution.runAll();
		assertThat(this.assignment.completed).containsExactly(0L);
		assertThat(this.assignment.dropped).isEmpty();
		assertThat(this.assignment.running).isZero();
	}

	@Test
	void futureThatCannotBeAskedTakesNoPermit() {
		this.execution.beginBelowZero();
		this.stops = true;
		ConsumerWorkers workers = workers(1);
		Function<ConsumerRecord<?, ?>, CompletableFuture<Void>> later = this.handler;
		this.handler = (record) -> (this.called.size() == 1) ? new CannotBeAsked() : later.apply(record);
		submit(workers, 1);
		this.execution.runAll();
		assertThat(this.assignment.running).isZero();
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(this.called).as("its worker is restarted").containsExactly(0L, 0L);
		this.open.remove().complete(null);
		this.execution.runAll();
		assertThat(this.assignment.completed).containsExactly(0L);
		assertThat(this.assignment.running).isZero();
	}

	@Test
	void partitionsTakeTurnsHoweverManyWorkersOneOfThemHas() {
		ConsumerWorkers workers = workers(1);
		int hot = workers.openSlot();
		int cold = workers.openSlot();
		for (int number = 0; number < 100; number++) {
			submit(workers, null, hot, this.assignment);
		}
		submit(workers, null, cold, this.other);
		for (int answered = 0; answered < 3; answered++) {
			this.execution.runAll();
			this.open.remove().complete(null);
		}
		assertThat(this.other.completed).isNotEmpty();
	}

	private ConsumerWorkers workers(int maxConcurrency) {
		return workers(maxConcurrency, FailureAction.PARK);
	}

	private ConsumerWorkers workers(int maxConcurrency, FailureAction then) {
		RecordRecoverer deadLetters = (record, failure) -> this.deadLettered;
		int attempts = (then == FailureAction.PARK) ? 0 : 1;
		RecordDelivery delivery = new RecordDelivery((record) -> {
		}, ListenerType.SIMPLE, null, Acknowledging.NONE, false,
				new DeliverySettings("group", false,
						new FailurePolicy(attempts, new FixedBackOff(1000, Long.MAX_VALUE), null, Set.of(), then,
								Map.of(), deadLetters, null, 100),
						null, new LogContext("orders", false), this.execution));
		this.delivery = delivery;
		return new DefaultWorkerManager(this.execution.runtime(), List.of(this.observer)).register("orders",
				maxConcurrency, new TestWorkerOwner() {

					@Override
					public Collection<DetachedRecord> detachedRecords() {
						return delivery.detachedRecords();
					}

					@Override
					public void stopBecause(String reason, @Nullable Throwable failure) {
						assertThat(AwaitedHandlersTests.this.stops).as(reason).isTrue();
					}

				});
	}

	private void submit(ConsumerWorkers workers, int records) {
		for (int number = 0; number < records; number++) {
			submit(workers, null, 0, this.assignment);
		}
	}

	private void submit(ConsumerWorkers workers, @Nullable Object key, int slot, RecordedAssignment assignment) {
		ConsumerRecord<?, ?> record = new ConsumerRecord<>("orders", 0, this.offset++, key, "value");
		workers.submit(key, record, slot, new AwaitedRecord(record, assignment, Objects.requireNonNull(this.delivery)));
	}

	/**
	 * A record whose handler answers later.
	 */
	private final class AwaitedRecord extends RecordWork {

		private @Nullable ConsumerRecord<?, ?> record;

		AwaitedRecord(ConsumerRecord<?, ?> record, AssignmentHandle assignment, Delivery delivery) {
			super(assignment, delivery);
			this.record = record;
		}

		@Override
		@Nullable ConsumerRecord<?, ?> head() {
			return this.record;
		}

		@Override
		void advance() {
			this.record = null;
		}

		@Override
		CompletableFuture<?> deliver(ConsumerRecord<?, ?> record, int attempt) {
			AwaitedHandlersTests.this.called.add(record.offset());
			return AwaitedHandlersTests.this.handler.apply(record);
		}

	}

	/**
	 * Is answered after it was looked at.
	 */
	private static final class AnswersInTheLastMoment extends CompletableFuture<Void> {

		@Override
		public boolean isDone() {
			return !complete(null);
		}

	}

	/**
	 * Fails when a stage is added to it, but for the one that measures.
	 */
	private static final class CannotBeAsked extends CompletableFuture<Void> {

		private boolean asked;

		@Override
		public <U> CompletableFuture<U> handle(BiFunction<? super Void, Throwable, ? extends U> function) {
			if (this.asked) {
				throw new OutOfMemoryError("Simulated");
			}
			this.asked = true;
			return super.handle(function);
		}

	}

}
