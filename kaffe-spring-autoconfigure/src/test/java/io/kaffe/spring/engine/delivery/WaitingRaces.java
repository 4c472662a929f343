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
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.delivery.BatchDelivery.Acknowledgments;
import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.DetachedRecord;
import io.kaffe.spring.engine.worker.RacedExecution;
import io.kaffe.spring.engine.worker.TestWorkerOwner;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.table.WorkerState;

/**
 * What may happen at a time to a worker that waits: with a batch that grows, with a
 * record that failed, or for a handler that answers later.
 */
final class WaitingRaces {

	private static final TopicPartition ORDERS = new TopicPartition("orders", 0);

	private WaitingRaces() {
	}

	/**
	 * A worker, and what it has.
	 */
	private abstract static class Race implements Runnable {

		private final Function<Bench, Delivery> delivery;

		private final int maxConcurrency;

		Race(Function<Bench, Delivery> delivery) {
			this(delivery, 1);
		}

		Race(Function<Bench, Delivery> delivery, int maxConcurrency) {
			this.delivery = delivery;
			this.maxConcurrency = maxConcurrency;
		}

		@Override
		public final void run() {
			Bench bench = new Bench(this.delivery, this.maxConcurrency);
			race(bench);
			check(bench.assignment.running() == 0, "A drain would wait for ever");
			check(bench.assignment.held().parked() == 0 || bench.mayBeParked, "Counts as parked");
			check(bench.worker.snapshot(0).state() == WorkerState.IDLE || bench.mayBeParked, "Does not go on");
			check(bench.execution.timers() == 0, "Left a timer behind");
		}

		abstract void race(Bench bench);

		static void check(boolean condition, String otherwise) {
			if (!condition) {
				throw new AssertionError(otherwise);
			}
		}

	}

	/**
	 * A batch gets full while its worker begins to wait for more.
	 */
	static final class FilledWhileItBeginsToWait extends Race {

		FilledWhileItBeginsToWait() {
			super(Bench::batchesOfTwo);
		}

		@Override
		void race(Bench bench) {
			bench.submit(0);
			bench.execution.runBeside(() -> bench.submit(1));
			check(bench.handled.equals(List.of(0L, 1L)), "Waits although it is full");
			bench.execution.finish();
		}

	}

	/**
	 * The timer of a batch fires too early while its worker begins to wait for it.
	 */
	static final class BatchTimerFiresTooEarly extends Race {

		BatchTimerFiresTooEarly() {
			super(Bench::batchesOfTwo);
		}

		@Override
		void race(Bench bench) {
			bench.submit(0);
			bench.execution.runBeside(bench.execution::fireEarly);
			bench.execution.finish();
			check(bench.handled.equals(List.of(0L)), "Waits for ever");
		}

	}

	/**
	 * The partition of a batch is revoked while its worker begins to wait for more.
	 */
	static final class RevokedWhileItGrows extends Race {

		RevokedWhileItGrows() {
			super(Bench::batchesOfTwo);
		}

		@Override
		void race(Bench bench) {
			bench.submit(0);
			bench.execution.runBeside(bench::revoke);
			check(bench.assignment.dropped().equals(List.of(0L)), "Waits although it is revoked");
			bench.execution.finish();
		}

	}

	/**
	 * All of this.
	 */
	static final class FilledTimedOutAndRevoked extends Race {

		FilledTimedOutAndRevoked() {
			super(Bench::batchesOfTwo);
		}

		@Override
		void race(Bench bench) {
			bench.submit(0);
			bench.execution.runBeside(() -> bench.submit(1), bench.execution::fireEarly, bench::revoke);
			bench.execution.finish();
			check(bench.assignment.finished().equals(List.of(0L, 1L)), "Not completed or dropped once each");
		}

	}

	/**
	 * An operator decides about a record while its worker parks it.
	 */
	static final class DecidedWhileItIsParked extends Race {

		DecidedWhileItIsParked() {
			super((bench) -> bench.failingAtFirst(1));
		}

		@Override
		void race(Bench bench) {
			AtomicBoolean accepted = new AtomicBoolean();
			bench.submit(0);
			bench.execution.runBeside(() -> accepted.set(bench.delivery.failures().retry(ORDERS, 0)));
			bench.mayBeParked = !accepted.get();
			check(bench.handled.equals(accepted.get() ? List.of(0L, 0L) : List.of(0L)), "Decision is not followed");
			check(bench.assignment.completed().equals(accepted.get() ? List.of(0L) : List.of()), "Not completed once");
		}

	}

	/**
	 * The partition of a record is revoked while its worker parks it.
	 */
	static final class RevokedWhileItIsParked extends Race {

		RevokedWhileItIsParked() {
			super((bench) -> bench.failingAtFirst(1));
		}

		@Override
		void race(Bench bench) {
			bench.submit(0);
			bench.execution.runBeside(bench::revoke);
			check(bench.assignment.dropped().equals(List.of(0L)), "Kept although it is revoked");
		}

	}

	/**
	 * The timer of a back-off fires too early while the worker begins to wait for it.
	 */
	static final class BackOffTimerFiresTooEarly extends Race {

		BackOffTimerFiresTooEarly() {
			super((bench) -> bench.failingAtFirst(3));
		}

		@Override
		void race(Bench bench) {
			bench.submit(0);
			bench.execution.runBeside(bench.execution::fireEarly);
			bench.execution.finish();
			check(bench.handled.equals(List.of(0L, 0L)), "Waits for ever");
			check(bench.assignment.completed().equals(List.of(0L)), "Not completed once");
		}

	}

	/**
	 * A record that backs off is skipped, its timer fires and its partition is revoked.
	 */
	static final class SkippedTimedOutAndRevoked extends Race {

		SkippedTimedOutAndRevoked() {
			super((bench) -> bench.failingAtFirst(3));
		}

		@Override
		void race(Bench bench) {
			bench.submit(0);
			bench.execution.runBeside(() -> bench.delivery.failures().skip(ORDERS, 0), bench.execution::fireEarly,
					bench::revoke);
			bench.execution.finish();
			check(bench.assignment.finished().equals(List.of(0L)), "Not completed or dropped once");
			check(bench.delivery.failures().all().isEmpty(), "Still counts as failing");
		}

	}

	/**
	 * A handler answers while its worker begins to wait for that, and while the
	 * assignment ends.
	 */
	static final class AnsweredWhileTheAssignmentEnds extends Race {

		AnsweredWhileTheAssignmentEnds() {
			super((bench) -> bench.failingAtFirst(3));
		}

		@Override
		void race(Bench bench) {
			CompletableFuture<Void> answer = new CompletableFuture<>();
			bench.submitAwaited(answer);
			bench.execution.runBeside(() -> answer.complete(null), bench::end);
			check(bench.assignment.finished().equals(List.of(0L)), "Not completed or dropped once");
			check(bench.permits() == 1, "Wrong number of permits");
		}

	}

	/**
	 * The assignment ends while a worker begins to wait for a handler that does not
	 * answer.
	 */
	static final class EndsWhileAHandlerIsAwaited extends Race {

		EndsWhileAHandlerIsAwaited() {
			super((bench) -> bench.failingAtFirst(3));
		}

		@Override
		void race(Bench bench) {
			CompletableFuture<Void> answer = new CompletableFuture<>();
			bench.submitAwaited(answer);
			bench.execution.runBeside(bench::end);
			check(bench.permits() == 1, "Wrong number of permits");
			answer.complete(null);
			bench.execution.finish();
		}

	}

	/**
	 * A handler answers with a failure while its worker begins to wait for that, is asked
	 * again at once, and answers once more.
	 */
	static final class FailsWhileItIsAwaited extends Race {

		FailsWhileItIsAwaited() {
			super(Bench::retryingAtOnce, 2);
		}

		@Override
		void race(Bench bench) {
			CompletableFuture<Void> failure = new CompletableFuture<>();
			CompletableFuture<Void> answer = new CompletableFuture<>();
			bench.submitAwaited(failure, answer);
			bench.execution.runBeside(() -> failure.completeExceptionally(new IllegalStateException("On purpose")));
			bench.execution.finish();
			check(bench.delivery.detachedRecords().size() == 1, "Is not found while it is awaited");
			answer.complete(null);
			bench.execution.finish();
			check(bench.assignment.finished().equals(List.of(0L)), "Not completed once");
			check(bench.permits() == 2, "Wrong number of permits");
		}

	}

	/**
	 * What races are about: a worker of one partition, in a consumer that handles one or
	 * two records at once.
	 */
	private static final class Bench {

		private final RacedExecution execution = new RacedExecution();

		private final RacedAssignment assignment = new RacedAssignment();

		/** Offsets of what listeners were given. */
		private final List<Long> handled = new ArrayList<>();

		private final Delivery delivery;

		private final ConsumerWorkers workers;

		private final Worker worker;

		private boolean mayBeParked;

		Bench(Function<Bench, Delivery> delivery, int maxConcurrency) {
			Delivery created = delivery.apply(this);
			this.delivery = created;
			this.workers = new DefaultWorkerManager(this.execution.runtime()).register("orders", maxConcurrency,
					new TestWorkerOwner() {

						@Override
						public Collection<DetachedRecord> detachedRecords() {
							return created.detachedRecords();
						}

					});
			this.worker = this.workers.allocate("worker_0", new AssignedPartition(ORDERS, 1));
		}

		Delivery batchesOfTwo() {
			BatchMessageListener<Object, Object> listener = (records) -> records.forEach(this::handle);
			return new BatchDelivery(listener, ListenerType.SIMPLE, false, null, Acknowledgments.NONE,
					new BatchDelivery.Limits(2, Duration.ofSeconds(1)), false, settings(1));
		}

		Delivery failingAtFirst(int maxAttempts) {
			MessageListener<Object, Object> listener = (record) -> {
				handle(record);
				if (this.handled.size() == 1) {
					throw new IllegalStateException("On purpose");
				}
			};
			return new RecordDelivery(listener, ListenerType.SIMPLE, null, Acknowledging.NONE, false,
					settings(maxAttempts));
		}

		Delivery retryingAtOnce() {
			return new RecordDelivery((record) -> {
			}, ListenerType.SIMPLE, null, Acknowledging.NONE, false, settings(3, 0));
		}

		private DeliverySettings settings(int maxAttempts) {
			return settings(maxAttempts, 100);
		}

		private DeliverySettings settings(int maxAttempts, long backOffMillis) {
			FailurePolicy policy = new FailurePolicy(maxAttempts, new FixedBackOff(backOffMillis, Long.MAX_VALUE), null,
					Set.of(), FailureAction.PARK, Map.of(), null, null, 100);
			return new DeliverySettings("group", false, policy, null, new LogContext("orders", false), this.execution);
		}

		private void handle(ConsumerRecord<?, ?> record) {
			this.handled.add(record.offset());
		}

		void submit(long offset) {
			this.worker.submit(WorkFactory.of(this.delivery).workOf(List.of(record(offset)), this.assignment));
		}

		@SafeVarargs
		final void submitAwaited(CompletableFuture<Void>... answers) {
			this.worker.submit(
					new AwaitedRecord(record(0), this.assignment, this.delivery, List.of(answers).iterator()::next));
		}

		private static ConsumerRecord<Object, Object> record(long offset) {
			return new ConsumerRecord<>("orders", 0, offset, "key", "value");
		}

		void revoke() {
			this.assignment.revoke();
			this.workers.wakeAll();
		}

		void end() {
			revoke();
			this.assignment.fence();
			this.workers.wakeAll();
		}

		/**
		 * Return how many of other workers can have a handler that answers later.
		 */
		int permits() {
			RacedAssignment assignment = new RacedAssignment();
			List<CompletableFuture<Void>> answers = new ArrayList<>();
			for (int number = 0; number < 3; number++) {
				this.workers.internal("other_" + number)
					.submit(new AwaitedRecord(record(number), assignment, this.delivery, () -> {
						CompletableFuture<Void> answer = new CompletableFuture<>();
						answers.add(answer);
						return answer;
					}));
			}
			this.execution.finish();
			int permits = answers.size();
			for (int number = 0; number < answers.size(); number++) {
				answers.get(number).complete(null);
				this.execution.finish();
			}
			return permits;
		}

	}

	/**
	 * A record whose handler answers later.
	 */
	private static final class AwaitedRecord extends RecordWork {

		private final Supplier<CompletableFuture<Void>> handler;

		private @Nullable ConsumerRecord<?, ?> record;

		AwaitedRecord(ConsumerRecord<?, ?> record, AssignmentHandle assignment, Delivery delivery,
				Supplier<CompletableFuture<Void>> handler) {
			super(assignment, delivery);
			this.record = record;
			this.handler = handler;
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
			return this.handler.get();
		}

	}

}
