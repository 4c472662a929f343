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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import io.micrometer.observation.Observation;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.kafka.support.Acknowledgment;

import io.kaffe.spring.engine.delivery.BatchAttempt.BatchedRecord;
import io.kaffe.spring.engine.worker.SafeLog;
import io.kaffe.spring.engine.worker.WorkerRuntime;

/**
 * Delivers batches of records to the user's listener, as the container itself would: the
 * batch interceptor is called around the listener, and the consumer group is bound to the
 * thread.
 * <p>
 * <b>Threading.</b> Immutable; called by many workers at once, each on a thread of its
 * own. The consumer that is passed to listeners and interceptors is not the one that
 * polls.
 */
public final class BatchDelivery extends Delivery {

	private static final Log logger = LogFactory.getLog(BatchDelivery.class);

	private final BatchMessageListener<Object, Object> listener;

	private final ListenerType type;

	private final boolean wantsPollResult;

	private final @Nullable BatchInterceptor<Object, Object> interceptor;

	private final Acknowledgments acknowledgments;

	private final Limits limits;

	private final boolean separatesPartitions;

	private final boolean addsAttemptHeader;

	private final @Nullable DeliveryObservation observation;

	/**
	 * Create a delivery.
	 * @param listener the user's listener
	 * @param type which of its methods to call
	 * @param wantsPollResult whether it takes records by partition, in a
	 * {@link ConsumerRecords}
	 * @param interceptor called around the listener, or {@code null}
	 * @param acknowledgments whether the listener acknowledges records itself
	 * @param limits how large a batch gets, and when
	 * @param separatesPartitions whether a batch holds records of one partition only
	 * @param settings how records reach the listener
	 */
	public BatchDelivery(BatchMessageListener<Object, Object> listener, ListenerType type, boolean wantsPollResult,
			@Nullable BatchInterceptor<Object, Object> interceptor, Acknowledgments acknowledgments, Limits limits,
			boolean separatesPartitions, DeliverySettings settings) {
		super(settings);
		this.listener = listener;
		this.type = type;
		this.wantsPollResult = wantsPollResult;
		this.interceptor = interceptor;
		this.acknowledgments = acknowledgments;
		this.limits = limits;
		this.separatesPartitions = separatesPartitions;
		this.addsAttemptHeader = settings.addsAttemptHeader();
		this.observation = settings.observation();
	}

	@Override
	int maxUnordered() {
		return this.limits.maxSize();
	}

	Limits limits() {
		return this.limits;
	}

	boolean separatesPartitions() {
		return this.separatesPartitions;
	}

	/**
	 * Return whether the records are passed to the listener partition by partition.
	 */
	boolean groupsPartitions() {
		return this.wantsPollResult;
	}

	/**
	 * Deliver a batch and complete it, unless its listener or its handler does that
	 * later.
	 * @param attempt the records, and what becomes of them
	 * @param number which attempt it is, from 1
	 * @param addAttemptHeader whether the records have to have the header of attempts
	 * @return the outcome if the handler answers later: then the batch is to be completed
	 * with it; otherwise {@code null}
	 * @throws HookFailedException if the interceptor throws before the listener is
	 * called, or an error of the virtual machine afterwards
	 * @throws Throwable what the listener threw
	 */
	@Nullable CompletableFuture<?> deliver(BatchAttempt attempt, int number, boolean addAttemptHeader) throws Throwable {
		if (addAttemptHeader || this.addsAttemptHeader) {
			attempt.records().forEach((batched) -> DeliveryHeaders.addAttemptHeader(batched.record(), number));
		}
		DeliveryObservation observation = this.observation;
		if (observation == null) {
			return deliver(attempt);
		}
		List<Observation> observations = attempt.records()
			.stream()
			.map((batched) -> observation.start(batched.record(), batched.assignment().polledBy()))
			.toList();
		CompletableFuture<?> outcome;
		try {
			outcome = deliver(attempt);
		}
		catch (Throwable ex) {
			stop(observations, ex);
			throw ex;
		}
		if (outcome != null) {
			return AsyncOutcome.then(outcome, (failure) -> stop(observations, failure));
		}
		stop(observations, null);
		return null;
	}

	private static void stop(List<Observation> observations, @Nullable Throwable failure) {
		Throwable reason = (failure != null) ? ListenerFailure.reasonOf(failure) : null;
		observations.forEach((each) -> DeliveryObservation.stop(each, reason));
	}

	private @Nullable CompletableFuture<?> deliver(BatchAttempt attempt) throws Throwable {
		if (transactions() != null || once() != null) {
			try {
				deliverInTransaction(attempt);
			}
			catch (PostponedCommitException ex) {
				logger.debug("A batch is delivered again", ex);
				attempt.delivered(anyType(attempt.records()));
				attempt.within(() -> attempt.nack(0, ex.pause()));
			}
			return null;
		}
		CompletableFuture<?> outcome = callListener(attempt);
		if (outcome != null) {
			return outcome;
		}
		if (this.acknowledgments == Acknowledgments.LATER) {
			attempt.leaveOpen();
		}
		else {
			attempt.settle(attempt.settlement());
		}
		return null;
	}

	/**
	 * Deliver a batch and complete it in one transaction: as a whole in one of Kafka,
	 * within which there is one of the database if its records are handled once.
	 */
	private void deliverInTransaction(BatchAttempt attempt) throws Throwable {
		OnceStore.Call delivery = () -> {
			attempt.records().forEach((record) -> checkNotRevoked(record.assignment()));
			callListener(attempt);
		};
		OnceDelivery once = once();
		OnceBatch noted = (once != null) ? new OnceBatch(attempt, once) : null;
		KafkaTransactions transactions = transactions();
		if (transactions != null) {
			Map<AssignmentHandle, List<ConsumerRecord<?, ?>>> records = new LinkedHashMap<>();
			attempt.records()
				.forEach((record) -> records.computeIfAbsent(record.assignment(), (assignment) -> new ArrayList<>())
					.add(record.record()));
			transactions.run(records, (noted != null) ? () -> noted.deliverWhole(delivery) : delivery::run,
					attempt::completeAll);
		}
		else if (noted != null) {
			noted.deliver(delivery);
		}
	}

	private @Nullable CompletableFuture<?> callListener(BatchAttempt attempt) throws Throwable {
		List<ConsumerRecord<Object, Object>> records = anyType(attempt.records());
		return (this.interceptor != null) ? intercepted(records, attempt, this.interceptor) : invoke(records, attempt);
	}

	/**
	 * Call the listener within the interceptor, unless that skips the batch, which is
	 * completed then.
	 */
	private @Nullable CompletableFuture<?> intercepted(List<ConsumerRecord<Object, Object>> records,
			BatchAttempt attempt, BatchInterceptor<Object, Object> around) throws Throwable {
		ConsumerRecords<Object, Object> batch = byPartition(records);
		Consumer<Object, Object> consumer = polledBy(attempt).consumer();
		ConsumerRecords<Object, Object> intercepted = null;
		try {
			before(() -> {
				around.setupThreadState(consumer);
				return batch;
			});
			ConsumerRecords<Object, Object> delivered = before(() -> around.intercept(batch, consumer));
			if (delivered == null) {
				if (this.acknowledgments == Acknowledgments.LATER) {
					attempt.completeAll();
				}
				return null;
			}
			intercepted = delivered;
			CompletableFuture<?> outcome = invoke((delivered != batch) ? inOrder(delivered, attempt) : records,
					attempt);
			ended(around, delivered, null, consumer);
			return outcome;
		}
		catch (HookFailedException ex) {
			throw ex;
		}
		catch (Throwable ex) {
			ended(around, (intercepted != null) ? intercepted : batch, ex, consumer);
			throw ex;
		}
		finally {
			after(() -> around.clearThreadState(consumer));
		}
	}

	private void ended(BatchInterceptor<Object, Object> around, ConsumerRecords<Object, Object> records,
			@Nullable Throwable failure, Consumer<Object, Object> consumer) {
		after(() -> {
			if (failure != null) {
				around.failure(records, ListenerFailure.asException(failure), consumer);
			}
			else {
				around.success(records, consumer);
			}
		});
	}

	private @Nullable CompletableFuture<?> invoke(List<ConsumerRecord<Object, Object>> records, BatchAttempt attempt) {
		attempt.delivered(records);
		AsyncOutcome outcome = (this.acknowledgments == Acknowledgments.WITH_ANSWER)
				? new AsyncOutcome(Observation.NOOP, attempt) : null;
		PollingConsumer polledBy = polledBy(attempt);
		DeliveryTimer.time(polledBy.timer(), null, () -> {
			attempt.within(() -> call(records, attempt, outcome, polledBy.consumer()));
			return true;
		});
		return (outcome != null) ? outcome.whenReturned() : null;
	}

	/**
	 * Return the consumer that a batch counts for: that of its first record.
	 */
	private static PollingConsumer polledBy(BatchAttempt attempt) {
		return attempt.records().get(0).assignment().polledBy();
	}

	private void call(List<ConsumerRecord<Object, Object>> records, BatchAttempt attempt,
			@Nullable AsyncOutcome outcome, Consumer<Object, Object> consumer) {
		if (outcome != null) {
			outcome.within(() -> call(records, outcome, consumer));
		}
		else {
			call(records, (this.acknowledgments != Acknowledgments.NONE) ? attempt : null, consumer);
		}
	}

	private void call(List<ConsumerRecord<Object, Object>> records, @Nullable Acknowledgment acknowledgment,
			Consumer<Object, Object> consumer) {
		if (this.wantsPollResult) {
			this.listener.onMessage(byPartition(records), acknowledgment, consumer);
			return;
		}
		switch (this.type) {
			case ACKNOWLEDGING_CONSUMER_AWARE -> this.listener.onMessage(records, acknowledgment, consumer);
			case ACKNOWLEDGING -> this.listener.onMessage(records, acknowledgment);
			case CONSUMER_AWARE -> this.listener.onMessage(records, consumer);
			case SIMPLE -> this.listener.onMessage(records);
		}
	}

	@SuppressWarnings("unchecked")
	private static List<ConsumerRecord<Object, Object>> anyType(List<BatchedRecord> records) {
		List<ConsumerRecord<Object, Object>> list = new ArrayList<>(records.size());
		records.forEach((batched) -> list.add((ConsumerRecord<Object, Object>) batched.record()));
		return list;
	}

	/**
	 * Return records as a poll does.
	 */
	@SuppressWarnings("unchecked")
	static ConsumerRecords<Object, Object> byPartition(List<? extends ConsumerRecord<?, ?>> records) {
		Map<TopicPartition, List<ConsumerRecord<Object, Object>>> partitions = new LinkedHashMap<>();
		for (ConsumerRecord<?, ?> record : records) {
			partitions
				.computeIfAbsent(new TopicPartition(record.topic(), record.partition()),
						(partition) -> new ArrayList<>())
				.add((ConsumerRecord<Object, Object>) record);
		}
		return new ConsumerRecords<>(partitions, Map.of());
	}

	/**
	 * Return what an interceptor has made of a batch in the order of the batch; what it
	 * has added comes first.
	 */
	private static List<ConsumerRecord<Object, Object>> inOrder(ConsumerRecords<Object, Object> records,
			BatchAttempt attempt) {
		List<Placed> placed = new ArrayList<>(records.count());
		int expected = 0;
		for (ConsumerRecord<Object, Object> record : records) {
			int position = attempt.positionOf(record, expected);
			placed.add(new Placed(record, position));
			expected = position + 1;
		}
		placed.sort(null);
		// Filters remove records from the list that is passed to them.
		return placed.stream().map(Placed::record).collect(Collectors.toCollection(ArrayList::new));
	}

	private static <T extends @Nullable Object> T before(Supplier<T> callback) {
		try {
			return callback.get();
		}
		catch (Throwable ex) {
			throw new HookFailedException("The batch interceptor failed before the delivery of a batch", ex);
		}
	}

	private static void after(Runnable callback) {
		try {
			callback.run();
		}
		catch (Throwable ex) {
			String message = "The batch interceptor failed after the delivery of a batch";
			if (WorkerRuntime.isFatal(ex)) {
				throw new HookFailedException(message, ex);
			}
			SafeLog.log(logger::error, message + ", which is not affected", ex);
		}
	}

	/**
	 * Whether a listener acknowledges records itself.
	 */
	public enum Acknowledgments {

		/**
		 * It does not: all are completed when it returns.
		 */
		NONE,

		/**
		 * It may do so before it returns; all others are completed when it returns.
		 */
		AT_ONCE,

		/**
		 * It does so, on any thread, at any time.
		 */
		LATER,

		/**
		 * Its adapter does so when the handler answers, which may be later; an
		 * {@code AsyncHandlerAdapter} has to be installed in it.
		 */
		WITH_ANSWER

	}

	/**
	 * How large a batch gets and how long a worker waits for that.
	 *
	 * @param maxSize most records of a batch
	 * @param maxWait how long to wait at most for a batch to get this large, from when
	 * its worker has the first record; zero: not at all
	 */
	public record Limits(int maxSize, Duration maxWait) {

	}

	/**
	 * A record and its position in the batch.
	 */
	private record Placed(ConsumerRecord<Object, Object> record, int position) implements Comparable<Placed> {

		@Override
		public int compareTo(Placed other) {
			return Integer.compare(this.position, other.position);
		}

	}

}
