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

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
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

import io.kaffe.spring.engine.worker.DetachedRecord;
import io.kaffe.spring.engine.worker.DisplayText;
import io.kaffe.spring.engine.worker.SafeLog;
import io.kaffe.spring.engine.worker.Work;
import io.kaffe.spring.engine.worker.WorkerRuntime;

/**
 * Delivers one record to the user's listener, as the container itself would: what
 * deserialization failed with is thrown, the record interceptor is called around the
 * listener, and the consumer group is bound to the thread.
 * <p>
 * <b>Threading.</b> Immutable; called by many workers at once, each on a thread of its
 * own. The consumer that listeners and interceptors are given is not the one that polls:
 * that belongs to its own thread.
 */
public final class RecordDelivery extends Delivery {

	private static final LogAccessor logger = new LogAccessor(LogFactory.getLog(RecordDelivery.class));

	private final MessageListener<Object, Object> listener;

	private final ListenerType type;

	private final @Nullable RecordInterceptor<Object, Object> interceptor;

	private final boolean acknowledgedByListener;

	private final boolean async;

	private final boolean tellsFirstAttempt;

	private final @Nullable DeliveryObservation observation;

	private final Consumer<Object, Object> consumer;

	/**
	 * Create a delivery.
	 * @param listener the user's listener
	 * @param type which of its methods to call
	 * @param interceptor called around the listener, or {@code null}
	 * @param acknowledgedByListener whether a record is final only when the listener
	 * acknowledges it, on any thread, rather than when it returns
	 * @param async whether the handler answers later; then an {@code AsyncHandlerAdapter}
	 * has to be installed in the listener
	 * @param settings how records reach the listener
	 */
	public RecordDelivery(MessageListener<Object, Object> listener, ListenerType type,
			@Nullable RecordInterceptor<Object, Object> interceptor, boolean acknowledgedByListener, boolean async,
			DeliverySettings settings) {
		super(settings);
		this.listener = listener;
		this.type = type;
		this.interceptor = interceptor;
		this.acknowledgedByListener = acknowledgedByListener;
		this.async = async;
		this.observation = settings.observation();
		this.tellsFirstAttempt = settings.tellsFirstAttempt();
		this.consumer = settings.consumer();
	}

	@Override
	public Work workOf(List<? extends ConsumerRecord<?, ?>> records, AssignmentHandle source) {
		return new PartitionWork(records, source, this);
	}

	@Override
	Work workOf(ConsumerRecord<?, ?> record, AssignmentHandle source) {
		return new SingleRecord(record, source, this);
	}

	@Override
	Work unorderedWorkOf(List<? extends ConsumerRecord<?, ?>> records, AssignmentHandle source) {
		return new PartitionWork(records, source, this);
	}

	@Override
	int maxUnordered() {
		return 1;
	}

	/**
	 * Deliver a record and complete it, unless that is left to somebody else.
	 * @param record the record
	 * @param attempt which attempt it is, from 1
	 * @param source where it is marked as final
	 * @return the outcome if the handler answers later: then the record is to be
	 * completed with it; else {@code null}
	 * @throws HookFailedException if the interceptor throws before the listener is called
	 * @throws Throwable what the listener threw, or a {@link DeserializationException}
	 */
	@Nullable CompletableFuture<?> deliver(ConsumerRecord<?, ?> record, int attempt, AssignmentHandle source) throws Throwable {
		if (attempt > 1 || this.tellsFirstAttempt) {
			DeliveryHeaders.tellAttempt(record, attempt);
		}
		return (this.observation != null) ? deliver(record, source, this.observation.start(record))
				: deliverUnobserved(record, source, Observation.NOOP);
	}

	private @Nullable CompletableFuture<?> deliver(ConsumerRecord<?, ?> record, AssignmentHandle source,
			Observation observation) throws Throwable {
		Observation.Scope scope = DeliveryObservation.open(observation);
		CompletableFuture<?> outcome;
		try {
			outcome = deliverUnobserved(record, source, observation);
		}
		catch (Throwable ex) {
			DeliveryObservation.close(scope);
			DeliveryObservation.stop(observation, ex);
			throw ex;
		}
		DeliveryObservation.close(scope);
		if (outcome == null) {
			DeliveryObservation.stop(observation, null);
			return null;
		}
		return thenStop(observation, outcome);
	}

	private static CompletableFuture<?> thenStop(Observation observation, CompletableFuture<?> outcome) {
		CompletableFuture<@Nullable Object> stopped = new CompletableFuture<>();
		// A dependent stage that fails like the one before asks the failure for its text,
		// and never completes if that throws.
		outcome.handle((result, failure) -> {
			DeliveryObservation.stop(observation, failure);
			return (failure != null) ? stopped.completeExceptionally(failure) : stopped.complete(result);
		});
		return stopped;
	}

	@SuppressWarnings("unchecked")
	private @Nullable CompletableFuture<?> deliverUnobserved(ConsumerRecord<?, ?> record, AssignmentHandle source,
			Observation observation) throws Throwable {
		ConsumerRecord<Object, Object> delivered = (ConsumerRecord<Object, Object>) record;
		if (this.async) {
			AsyncOutcome outcome = new AsyncOutcome(observation);
			handOver(delivered, outcome);
			CompletableFuture<?> answer = outcome.whenReturned();
			if (answer == null) {
				source.complete(record);
			}
			return answer;
		}
		RecordAcknowledgment acknowledgment = this.acknowledgedByListener ? new RecordAcknowledgment(record, source)
				: null;
		boolean listened = handOver(delivered, acknowledgment);
		if (acknowledgment == null || !listened) {
			source.complete(record);
		}
		else {
			acknowledgment.listenerReturned();
		}
		return null;
	}

	private boolean handOver(ConsumerRecord<Object, Object> record, @Nullable Acknowledgment acknowledgment)
			throws Throwable {
		return (this.interceptor != null) ? intercepted(record, this.interceptor, acknowledgment)
				: invoke(record, acknowledgment);
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
			@Nullable Acknowledgment acknowledgment) throws Throwable {
		try {
			before(record, () -> {
				around.setupThreadState(this.consumer);
				return record;
			});
			throwDeserializationFailure(record);
			ConsumerRecord<Object, Object> intercepted = before(record, () -> around.intercept(record, this.consumer));
			boolean listened = intercepted != null && invoke(intercepted, acknowledgment);
			after(record, () -> around.success(record, this.consumer));
			return listened;
		}
		catch (HookFailedException ex) {
			throw ex;
		}
		catch (Throwable ex) {
			after(record, () -> around.failure(record, asException(ex), this.consumer));
			throw ex;
		}
		finally {
			after(record, () -> around.afterRecord(record, this.consumer));
			after(record, () -> around.clearThreadState(this.consumer));
		}
	}

	private boolean invoke(ConsumerRecord<Object, Object> record, @Nullable Acknowledgment acknowledgment) {
		throwDeserializationFailure(record);
		if (acknowledgment instanceof AsyncOutcome outcome) {
			outcome.within(() -> call(record, outcome));
		}
		else {
			call(record, acknowledgment);
		}
		return true;
	}

	private void call(ConsumerRecord<Object, Object> record, @Nullable Acknowledgment acknowledgment) {
		switch (this.type) {
			case ACKNOWLEDGING_CONSUMER_AWARE -> this.listener.onMessage(record, acknowledgment, this.consumer);
			case ACKNOWLEDGING -> this.listener.onMessage(record, acknowledgment);
			case CONSUMER_AWARE -> this.listener.onMessage(record, this.consumer);
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
			SafeLog.log(logger.getLog()::error,
					"The record interceptor failed after the delivery of " + DisplayText.coordinatesOf(record), ex);
		}
	}

	/**
	 * Makes a record final when the listener says so: once, on whatever thread.
	 */
	private final class RecordAcknowledgment implements WorkerAcknowledgment, DetachedRecord {

		private final AtomicReference<State> state = new AtomicReference<>(State.NEW);

		private final ConsumerRecord<?, ?> record;

		private final AssignmentHandle source;

		private final long since = ticker().nanoTime();

		RecordAcknowledgment(ConsumerRecord<?, ?> record, AssignmentHandle source) {
			this.record = record;
			this.source = source;
		}

		@Override
		public void acknowledge() {
			// Or a drain would not wait for it if the listener returns at this moment.
			this.source.hold();
			try {
				State before = this.state.getAndSet(State.ACKNOWLEDGED);
				if (before == State.LEFT_OPEN) {
					unattended().remove(this);
					this.source.held().acknowledge();
					this.source.complete(this.record);
				}
				else if (before == State.NEW) {
					this.source.complete(this.record);
				}
			}
			finally {
				this.source.exit();
			}
		}

		void listenerReturned() {
			if (this.state.compareAndSet(State.NEW, State.LEFT_OPEN)) {
				this.source.held().leaveOpen();
				unattended().add(this);
				if (isOver()) {
					unattended().remove(this);
				}
			}
		}

		@Override
		public ConsumerRecord<?, ?> record() {
			return this.record;
		}

		@Override
		public @Nullable String workerName() {
			return null;
		}

		@Override
		public long since() {
			return this.since;
		}

		@Override
		public boolean isOver() {
			return this.state.get() == State.ACKNOWLEDGED || this.source.isOver(this.record);
		}

		@Override
		public String toString() {
			return "Acknowledgment for " + DisplayText.coordinatesOf(this.record);
		}

		/**
		 * Whether the listener has returned, or acknowledged the record.
		 */
		private enum State {

			NEW, LEFT_OPEN, ACKNOWLEDGED

		}

	}

}
