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

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

import io.micrometer.observation.Observation;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.core.log.LogAccessor;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.kafka.support.serializer.DeserializationException;

import io.kaffe.spring.engine.worker.DisplayText;
import io.kaffe.spring.engine.worker.SafeLog;
import io.kaffe.spring.engine.worker.WorkerRuntime;

/**
 * Delivers one record to the user's listener, as the container itself would: what
 * deserialization failed with is thrown, the record interceptor is called around the
 * listener, and the consumer group is bound to the thread.
 * <p>
 * <b>Threading.</b> Immutable; called by many workers at once, each on a thread of its
 * own. The consumer that is passed to listeners and interceptors is not the one that
 * polls, which belongs to its own thread.
 */
public final class RecordDelivery extends Delivery {

	private static final LogAccessor logger = new LogAccessor(LogFactory.getLog(RecordDelivery.class));

	private final MessageListener<Object, Object> listener;

	private final ListenerType type;

	private final @Nullable RecordInterceptor<Object, Object> interceptor;

	/** How the listener acknowledges records; {@code null} if it does not. */
	private final RecordAcknowledgment.@Nullable Listener acknowledging;

	private final boolean async;

	private final boolean addsAttemptHeader;

	private final @Nullable DeliveryObservation observation;

	/**
	 * Create a delivery.
	 * @param listener the user's listener
	 * @param type which of its methods to call
	 * @param interceptor called around the listener, or {@code null}
	 * @param acknowledging which acknowledgments complete a record, if its listener
	 * acknowledges it
	 * @param async whether the handler answers later; then an {@code AsyncHandlerAdapter}
	 * has to be installed in the listener
	 * @param settings how records reach the listener
	 */
	public RecordDelivery(MessageListener<Object, Object> listener, ListenerType type,
			@Nullable RecordInterceptor<Object, Object> interceptor, Acknowledging acknowledging, boolean async,
			DeliverySettings settings) {
		super(settings);
		this.listener = listener;
		this.type = type;
		this.interceptor = interceptor;
		this.acknowledging = (acknowledging != Acknowledging.NONE)
				? new RecordAcknowledgment.Listener(acknowledging, detachedRecords(), ticker()) : null;
		this.async = async;
		this.observation = settings.observation();
		this.addsAttemptHeader = settings.addsAttemptHeader();
	}

	@Override
	int maxUnordered() {
		return 1;
	}

	/**
	 * Deliver a record and complete it, unless its listener or its handler does that
	 * later.
	 * @param record the record
	 * @param attempt which attempt it is, from 1
	 * @param assignment the assignment that it was polled for
	 * @return the outcome if the handler answers later: then the record is to be
	 * completed with it; otherwise {@code null}
	 * @throws HookFailedException if the interceptor throws before the listener is called
	 * @throws FailedAfterAcknowledgmentException if the listener threw after it had
	 * acknowledged the record, which is completed
	 * @throws NackException if the record is to be delivered again after a while
	 * @throws Throwable what the listener threw, or a {@link DeserializationException}
	 */
	@Nullable CompletableFuture<?> deliver(ConsumerRecord<?, ?> record, int attempt, AssignmentHandle assignment)
			throws Throwable {
		if (attempt > 1 || this.addsAttemptHeader) {
			DeliveryHeaders.addAttemptHeader(record, attempt);
		}
		return (this.observation != null)
				? deliver(record, assignment, this.observation.start(record, assignment.polledBy()))
				: deliverUnobserved(record, assignment, Observation.NOOP);
	}

	private @Nullable CompletableFuture<?> deliver(ConsumerRecord<?, ?> record, AssignmentHandle assignment,
			Observation observation) throws Throwable {
		Observation.Scope scope = DeliveryObservation.open(observation);
		CompletableFuture<?> outcome;
		try {
			outcome = deliverUnobserved(record, assignment, observation);
		}
		catch (Throwable ex) {
			DeliveryObservation.close(scope);
			DeliveryObservation.stop(observation, failureOf(ex));
			throw ex;
		}
		DeliveryObservation.close(scope);
		if (outcome == null) {
			DeliveryObservation.stop(observation, null);
			return null;
		}
		return AsyncOutcome.then(outcome, (failure) -> DeliveryObservation.stop(observation, failure));
	}

	/**
	 * Return what the listener has failed with, or {@code null} if it has not.
	 */
	private static @Nullable Throwable failureOf(Throwable thrown) {
		if (thrown instanceof FailedAfterAcknowledgmentException) {
			return WorkerRuntime.causeOf(thrown);
		}
		return (thrown instanceof NackException) ? null : thrown;
	}

	@SuppressWarnings("unchecked")
	private @Nullable CompletableFuture<?> deliverUnobserved(ConsumerRecord<?, ?> record, AssignmentHandle assignment,
			Observation observation) throws Throwable {
		ConsumerRecord<Object, Object> delivered = (ConsumerRecord<Object, Object>) record;
		if (this.async) {
			AsyncOutcome outcome = new AsyncOutcome(observation, null);
			callListener(delivered, assignment, outcome);
			CompletableFuture<?> answer = outcome.whenReturned();
			if (answer == null) {
				assignment.complete(record);
			}
			return answer;
		}
		if (transactions() != null || once() != null) {
			deliverInTransaction(delivered, assignment);
			return null;
		}
		RecordAcknowledgment acknowledgment = (this.acknowledging != null)
				? new RecordAcknowledgment(record, assignment, this.acknowledging) : null;
		boolean listened;
		try {
			listened = callListener(delivered, assignment, acknowledgment);
		}
		catch (Throwable ex) {
			if (acknowledgment != null && acknowledgment.isAcknowledged() && !(ex instanceof HookFailedException)) {
				throw new FailedAfterAcknowledgmentException(ex);
			}
			throw ex;
		}
		finally {
			if (acknowledgment != null) {
				acknowledgment.listenerEnded();
			}
		}
		if (acknowledgment == null || !listened) {
			assignment.complete(record);
		}
		else {
			acknowledgment.listenerReturned();
		}
		return null;
	}

	/**
	 * Deliver a record and complete it in a transaction of Kafka, of the database, or of
	 * both.
	 */
	private void deliverInTransaction(ConsumerRecord<Object, Object> record, AssignmentHandle assignment)
			throws Throwable {
		KafkaTransactions.Attempt attempt = noted(record, assignment, () -> {
			checkNotRevoked(assignment);
			callListener(record, assignment, null);
		});
		KafkaTransactions transactions = transactions();
		try {
			if (transactions != null) {
				transactions.run(record, assignment, attempt);
			}
			else {
				attempt.make();
				assignment.complete(record);
			}
		}
		catch (PostponedCommitException ex) {
			logger.debug(ex, () -> "An attempt is made again: " + ex.getMessage());
			throw new NackException(ex.pause().toMillis());
		}
	}

	private boolean callListener(ConsumerRecord<Object, Object> record, AssignmentHandle assignment,
			@Nullable Acknowledgment acknowledgment) throws Throwable {
		DeliveryTimer timer = assignment.polledBy().timer();
		Consumer<Object, Object> consumer = assignment.polledBy().consumer();
		return (this.interceptor != null) ? intercepted(record, this.interceptor, timer, acknowledgment, consumer)
				: DeliveryTimer.time(timer, record, () -> invoke(record, acknowledgment, consumer));
	}

	private static void throwDeserializationFailure(ConsumerRecord<?, ?> record) {
		DeserializationException failure = DeliveryHeaders.deserializationFailure(record);
		if (failure != null) {
			throw failure;
		}
	}

	/**
	 * Call the listener within the interceptor.
	 * @return whether the listener was called: {@code false} if the interceptor skipped
	 * the record
	 */
	private boolean intercepted(ConsumerRecord<Object, Object> record, RecordInterceptor<Object, Object> around,
			@Nullable DeliveryTimer timer, @Nullable Acknowledgment acknowledgment, Consumer<Object, Object> consumer)
			throws Throwable {
		try {
			before(record, () -> {
				around.setupThreadState(consumer);
				return record;
			});
			boolean listened = DeliveryTimer.time(timer, record,
					() -> interceptAndInvoke(record, around, acknowledgment, consumer));
			after(record, () -> around.success(record, consumer));
			return listened;
		}
		catch (HookFailedException ex) {
			throw ex;
		}
		catch (Throwable ex) {
			after(record, () -> around.failure(record, ListenerFailure.asException(ex), consumer));
			throw ex;
		}
		finally {
			after(record, () -> around.afterRecord(record, consumer));
			after(record, () -> around.clearThreadState(consumer));
		}
	}

	private boolean interceptAndInvoke(ConsumerRecord<Object, Object> record, RecordInterceptor<Object, Object> around,
			@Nullable Acknowledgment acknowledgment, Consumer<Object, Object> consumer) {
		throwDeserializationFailure(record);
		ConsumerRecord<Object, Object> intercepted = before(record, () -> around.intercept(record, consumer));
		return intercepted != null && invoke(intercepted, acknowledgment, consumer);
	}

	private boolean invoke(ConsumerRecord<Object, Object> record, @Nullable Acknowledgment acknowledgment,
			Consumer<Object, Object> consumer) {
		throwDeserializationFailure(record);
		if (acknowledgment instanceof AsyncOutcome outcome) {
			outcome.within(() -> call(record, outcome, consumer));
		}
		else {
			call(record, acknowledgment, consumer);
		}
		return true;
	}

	private void call(ConsumerRecord<Object, Object> record, @Nullable Acknowledgment acknowledgment,
			Consumer<Object, Object> consumer) {
		switch (this.type) {
			case ACKNOWLEDGING_CONSUMER_AWARE -> this.listener.onMessage(record, acknowledgment, consumer);
			case ACKNOWLEDGING -> this.listener.onMessage(record, acknowledgment);
			case CONSUMER_AWARE -> this.listener.onMessage(record, consumer);
			case SIMPLE -> this.listener.onMessage(record);
		}
	}

	private static <T extends @Nullable Object> T before(ConsumerRecord<?, ?> record, Supplier<T> callback) {
		try {
			return callback.get();
		}
		catch (Throwable ex) {
			throw new HookFailedException(
					"The record interceptor failed before the delivery of " + DisplayText.coordinatesOf(record), ex);
		}
	}

	private void after(ConsumerRecord<?, ?> record, Runnable callback) {
		try {
			callback.run();
		}
		catch (Throwable ex) {
			if (WorkerRuntime.isFatal(ex)) {
				throw new HookFailedException(
						"The record interceptor failed after the delivery of " + DisplayText.coordinatesOf(record), ex);
			}
			SafeLog.log(logger.getLog()::error, "The record interceptor failed after the delivery of "
					+ DisplayText.coordinatesOf(record) + ", which is not affected", ex);
		}
	}

}
