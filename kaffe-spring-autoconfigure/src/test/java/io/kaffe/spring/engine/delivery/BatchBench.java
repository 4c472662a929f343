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
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.BatchAcknowledgingMessageListener;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ListenerUtils;
import org.springframework.kafka.listener.RetryListener;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.BatchRecordHandler;
import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.adapter.BatchRecordHandlerListener;
import io.kaffe.spring.engine.adapter.IndexTrackingBatchFilter;
import io.kaffe.spring.engine.delivery.BatchDelivery.Acknowledgments;
import io.kaffe.spring.engine.delivery.FailurePolicy.Retryable;
import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.LimitedLog;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.TestWorkerOwner;
import io.kaffe.spring.engine.worker.Work;
import io.kaffe.spring.engine.worker.Worker;

/**
 * A worker that delivers batches, without broker and threads: what its listener was given
 * and what became of it.
 */
final class BatchBench {

	static final Duration BACK_OFF = Duration.ofSeconds(1);

	final ManualExecution execution = new ManualExecution();

	/** What the listener was given, as {@code topic@offset} each. */
	final List<List<String>> delivered = new ArrayList<>();

	/** What was sent to the dead-letter topic, and not acknowledged by itself. */
	final List<DeadLetter> deadLetters = new ArrayList<>();

	final List<Acknowledgment> acknowledged = new ArrayList<>();

	/** What the listener has not answered yet, in the order of its calls. */
	final Deque<CompletableFuture<@Nullable Void>> answers = new ArrayDeque<>();

	/** Why the consumer was stopped. */
	final List<String> stops = new ArrayList<>();

	private final NotingObserver observer = new NotingObserver();

	/** What it was notified of. */
	final List<String> attempts = this.observer.attempts;

	final ConsumerWorkers workers = new DefaultWorkerManager(this.execution.runtime(), List.of(this.observer))
		.register("orders", 16, new TestWorkerOwner() {

			@Override
			public void stopBecause(String reason, @Nullable Throwable failure) {
				if (!BatchBench.this.mayStop) {
					throw new AssertionError(reason, failure);
				}
				BatchBench.this.stops.add(reason);
			}

		});

	final Worker worker = this.workers.allocate("worker_0", new AssignedPartition(new TopicPartition("orders", 0), 1));

	private BatchDelivery.Limits limits = new BatchDelivery.Limits(500, Duration.ZERO);

	private FailureAction then = FailureAction.PARK;

	private int maxAttempts = 3;

	private List<RetryListener> retryListeners = List.of();

	private boolean ackAfterHandle = true;

	private boolean separatesPartitions;

	private Acknowledgments acknowledgments = Acknowledgments.NONE;

	private boolean mayStop;

	private @Nullable KafkaTransactions transactions;

	/** The answer to all dead letters; {@code null}: each has one of its own. */
	@Nullable CompletableFuture<Void> deadLetterAnswer;

	private @Nullable BatchInterceptor<Object, Object> interceptor;

	private @Nullable BatchMessageListener<Object, Object> listener;

	private @Nullable BatchDelivery delivery;

	private @Nullable OnceDelivery once;

	Script script = (records) -> {
	};

	BatchBench limits(int maxSize, Duration maxWait) {
		this.limits = new BatchDelivery.Limits(maxSize, maxWait);
		return this;
	}

	BatchBench failure(int maxAttempts, FailureAction then) {
		this.maxAttempts = maxAttempts;
		this.then = then;
		return this;
	}

	BatchBench retryListener(RetryListener listener) {
		this.retryListeners = List.of(listener);
		return this;
	}

	/**
	 * Have what is recovered or skipped left to the next record.
	 */
	BatchBench leavesToNext() {
		this.ackAfterHandle = false;
		return this;
	}

	BatchBench separatesPartitions() {
		this.separatesPartitions = true;
		return this;
	}

	/**
	 * Have records noted.
	 */
	BatchBench once(OnceStore store) {
		this.once = new OnceDelivery(store, this.execution, new LimitedLog("orders", this.execution.runtime()));
		return this;
	}

	BatchBench transactional(KafkaTransactions transactions) {
		this.transactions = transactions;
		return this;
	}

	BatchBench mayStop() {
		this.mayStop = true;
		return this;
	}

	BatchBench acknowledging() {
		this.acknowledgments = Acknowledgments.LATER;
		return this;
	}

	/**
	 * Have the listener return futures, to which its adapter adds a stage that
	 * acknowledges.
	 */
	BatchBench answeringLater() {
		this.acknowledgments = Acknowledgments.WITH_ANSWER;
		this.script = (records) -> {
			this.answers.add(new CompletableFuture<>());
			answer(this.answers.getLast());
		};
		return this;
	}

	void answer(CompletableFuture<@Nullable Void> answer) {
		AsyncOutcome outcome = Objects.requireNonNull(AsyncOutcome.current());
		outcome.answeredBy(answer, null).thenAccept((reply) -> outcome.acknowledge());
	}

	BatchBench interceptor(BatchInterceptor<Object, Object> interceptor) {
		this.interceptor = interceptor;
		return this;
	}

	BatchBench listener(BatchMessageListener<Object, Object> listener) {
		this.listener = IndexTrackingBatchFilter.installIn(listener);
		return this;
	}

	BatchBench handler(BatchRecordHandler<Object, Object> handler) {
		this.acknowledgments = Acknowledgments.AT_ONCE;
		this.listener = new BatchRecordHandlerListener("orders", (records) -> {
			this.delivered.add(records.stream().map(BatchBench::name).toList());
			return handler.handle(records);
		});
		return this;
	}

	BatchDelivery delivery() {
		BatchDelivery delivery = this.delivery;
		if (delivery == null) {
			BatchMessageListener<Object, Object> listener = (this.listener != null) ? this.listener : scripted();
			FailurePolicy policy = new FailurePolicy(this.maxAttempts,
					new FixedBackOff(BACK_OFF.toMillis(), Long.MAX_VALUE), null, Retryable.allBut(Set.of()), this.then,
					Map.of(), (record, failure) -> {
						CompletableFuture<Void> answer = (this.deadLetterAnswer != null) ? this.deadLetterAnswer
								: new CompletableFuture<>();
						DeadLetter letter = new DeadLetter(name(record), answer, this.worker.inFlight());
						this.deadLetters.add(letter);
						return letter.answer();
					}, null, 100, this.retryListeners, this.ackAfterHandle, OutageSettings.DISABLED, Duration.ZERO);
			delivery = new BatchDelivery(listener, ListenerUtils.determineListenerType(listener),
					listener.wantsPollResult(), this.interceptor, this.acknowledgments, this.limits,
					this.separatesPartitions, new DeliverySettings("group", false, policy, null,
							new LogContext("orders", true), this.execution, this.once, this.transactions));
			this.delivery = delivery;
		}
		return delivery;
	}

	WorkFactory works() {
		return WorkFactory.of(delivery());
	}

	/**
	 * Return a listener that notes what it is given and then does what the script says.
	 */
	BatchMessageListener<Object, Object> scripted() {
		return new BatchAcknowledgingMessageListener<>() {

			@Override
			public void onMessage(List<ConsumerRecord<Object, Object>> records,
					@Nullable Acknowledgment acknowledgment) {
				BatchBench.this.delivered.add(records.stream().map(BatchBench::name).toList());
				if (acknowledgment != null) {
					BatchBench.this.acknowledged.add(acknowledgment);
				}
				BatchBench.this.script.handle(records);
			}

		};
	}

	RecordedAssignment partition(String topic) {
		return new RecordedAssignment(topic);
	}

	Work workOf(RecordedAssignment partition, long... offsets) {
		return works().workOf(partition.records(offsets), partition);
	}

	BatchBench submit(RecordedAssignment partition, long... offsets) {
		this.worker.submit(workOf(partition, offsets));
		return this;
	}

	BatchBench revoke(RecordedAssignment partition) {
		partition.revoked = true;
		partition.fenced = true;
		this.worker.wake();
		return this;
	}

	BatchBench run() {
		this.execution.runAll();
		return this;
	}

	BatchBench backOff() {
		this.execution.advance(BACK_OFF);
		return run();
	}

	KeyAllocationWork.Allocator allocator(WorkerAllocationStrategy strategy) {
		return new KeyAllocationWork.Allocator(strategy, this.workers, WorkFactory.of(delivery()));
	}

	Worker internal() {
		return this.workers.internal("allocation");
	}

	static String name(ConsumerRecord<?, ?> record) {
		return record.topic() + "@" + record.offset();
	}

	/**
	 * What a listener does with a batch.
	 */
	@FunctionalInterface
	interface Script {

		void handle(List<ConsumerRecord<Object, Object>> records);

	}

	/**
	 * A dead letter on its way.
	 *
	 * @param record the record, as {@code topic@offset}
	 * @param answer to be completed when it is sent
	 * @param inFlight how many records the worker had in flight when it was to be sent
	 */
	record DeadLetter(String record, CompletableFuture<Void> answer, int inFlight) {
	}

}
