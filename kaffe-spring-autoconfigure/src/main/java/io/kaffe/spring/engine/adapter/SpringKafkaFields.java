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

package io.kaffe.spring.engine.adapter;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.context.ApplicationContext;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.ConsumerAwareRecordRecoverer;
import org.springframework.kafka.listener.FailedRecordProcessor;
import org.springframework.kafka.listener.KafkaListenerErrorHandler;
import org.springframework.kafka.listener.RetryListener;
import org.springframework.kafka.listener.adapter.BatchMessagingMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.DelegatingInvocableHandler;
import org.springframework.kafka.listener.adapter.FilteringBatchMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.FilteringMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.HandlerAdapter;
import org.springframework.kafka.listener.adapter.MessagingMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.messaging.handler.invocation.InvocableHandlerMethod;
import org.springframework.util.backoff.BackOff;

/**
 * All fields of Spring Kafka that are accessed although they are not public, since there
 * is no other way to what they hold: no public accessor, and no hook that is given it.
 * <p>
 * <b>Threading.</b> Without state; called while the application starts.
 */
public final class SpringKafkaFields {

	private SpringKafkaFields() {
	}

	/**
	 * Return what makes the consumers of a container.
	 * @param container the container
	 * @return its consumer factory
	 */
	public static ConsumerFactory<?, ?> consumerFactory(AbstractMessageListenerContainer<?, ?> container) {
		return (ConsumerFactory<?, ?>) Objects.requireNonNull(read(container, "consumerFactory"));
	}

	/**
	 * Give a container another consumer factory, which it uses when it is started.
	 * @param container the container, before it starts
	 * @param factory the factory
	 */
	public static void consumerFactory(AbstractMessageListenerContainer<?, ?> container,
			ConsumerFactory<?, ?> factory) {
		new DirectFieldAccessor(container).setPropertyValue("consumerFactory", factory);
	}

	/**
	 * Return the application context of a container.
	 * @param container the container
	 * @return its context, or {@code null} if it has none
	 */
	public static @Nullable ApplicationContext applicationContext(AbstractMessageListenerContainer<?, ?> container) {
		return (ApplicationContext) read(container, "applicationContext");
	}

	/**
	 * Return what customizes the containers of a container factory.
	 * @param containerFactory the factory
	 * @return its customizer, or {@code null} if there is none
	 */
	public static @Nullable Object containerCustomizer(Object containerFactory) {
		return read(containerFactory, "containerCustomizer");
	}

	/**
	 * Return what calls the methods of a listener.
	 * @param adapter the adapter of the methods
	 * @return what it calls, or {@code null} if that is not set
	 */
	public static @Nullable HandlerAdapter handlerMethod(MessagingMessageListenerAdapter<?, ?> adapter) {
		return (HandlerAdapter) read(adapter, "handlerMethod");
	}

	/**
	 * Return the error handler that a listener has itself.
	 * @param adapter the adapter of the listener's methods
	 * @return the error handler, or {@code null} if the listener has none
	 */
	static @Nullable KafkaListenerErrorHandler errorHandler(MessagingMessageListenerAdapter<?, ?> adapter) {
		return (KafkaListenerErrorHandler) read(adapter, "errorHandler");
	}

	/**
	 * Return whether an adapter calls the methods of a batch listener with single
	 * records.
	 * @param adapter the adapter of the listener's methods
	 * @return {@code true} if it has a {@code BatchToRecordAdapter}
	 */
	public static boolean hasBatchToRecordAdapter(BatchMessagingMessageListenerAdapter<?, ?> adapter) {
		return read(adapter, "batchToRecordAdapter") != null;
	}

	/**
	 * Return the one method that a handler adapter calls.
	 * @param handler the handler adapter
	 * @return the method, or {@code null} if it calls one of several
	 */
	public static @Nullable InvocableHandlerMethod invokerHandlerMethod(HandlerAdapter handler) {
		return (InvocableHandlerMethod) read(handler, "invokerHandlerMethod");
	}

	/**
	 * Return what chooses from the methods that a handler adapter calls.
	 * @param handler the handler adapter
	 * @return what chooses, or {@code null} if it calls one method
	 */
	static @Nullable DelegatingInvocableHandler delegatingHandler(HandlerAdapter handler) {
		return (DelegatingInvocableHandler) read(handler, "delegatingHandler");
	}

	/**
	 * Return what a record listener filters with.
	 * @param filtering the adapter that filters
	 * @return its strategy
	 */
	@SuppressWarnings("unchecked")
	public static RecordFilterStrategy<Object, Object> recordFilterStrategy(
			FilteringMessageListenerAdapter<Object, Object> filtering) {
		return (RecordFilterStrategy<Object, Object>) Objects.requireNonNull(read(filtering, "recordFilterStrategy"));
	}

	/**
	 * Return what a batch listener filters with.
	 * @param filtering the adapter that filters
	 * @return its strategy
	 */
	@SuppressWarnings("unchecked")
	static RecordFilterStrategy<Object, Object> recordFilterStrategy(
			FilteringBatchMessageListenerAdapter<Object, Object> filtering) {
		return (RecordFilterStrategy<Object, Object>) Objects.requireNonNull(read(filtering, "recordFilterStrategy"));
	}

	/**
	 * Return whether a batch listener acknowledges a batch of which it has filtered
	 * everything.
	 * @param filtering the adapter that filters
	 * @return {@code true} if it does
	 */
	static boolean acknowledgesDiscarded(FilteringBatchMessageListenerAdapter<Object, Object> filtering) {
		return Boolean.TRUE.equals(read(filtering, "ackDiscarded"));
	}

	/**
	 * Return how long an error handler waits before a record is retried, unless its
	 * function returns something else.
	 * @param handler the error handler
	 * @return its back-off
	 */
	static BackOff backOff(FailedRecordProcessor handler) {
		return (BackOff) readFromTracker(handler, "backOff");
	}

	/**
	 * Return what chooses the back-off of a record in an error handler.
	 * @param handler the error handler
	 * @return the function, which may return {@code null}
	 */
	@SuppressWarnings("unchecked")
	static BiFunction<ConsumerRecord<?, ?>, Exception, @Nullable BackOff> backOffFunction(
			FailedRecordProcessor handler) {
		return (BiFunction<ConsumerRecord<?, ?>, Exception, @Nullable BackOff>) Objects
			.requireNonNull(read(handler, "userBackOffFunction"));
	}

	/**
	 * Return what an error handler calls for records that are not retried. If it was
	 * given nothing, that logs the failure.
	 * @param handler the error handler
	 * @return what it calls
	 */
	static ConsumerAwareRecordRecoverer recoverer(FailedRecordProcessor handler) {
		return (ConsumerAwareRecordRecoverer) readFromTracker(handler, "recoverer");
	}

	/**
	 * Return the retry listeners of an error handler.
	 * @param handler the error handler
	 * @return its listeners
	 */
	@SuppressWarnings("unchecked")
	static List<RetryListener> retryListeners(FailedRecordProcessor handler) {
		return (List<RetryListener>) readFromTracker(handler, "retryListeners");
	}

	/**
	 * Return which exceptions an error handler retries, or does not.
	 * @param handler the error handler
	 * @return exception type to whether it is retried
	 */
	@SuppressWarnings("unchecked")
	static Map<Class<? extends Throwable>, Boolean> classifications(FailedRecordProcessor handler) {
		return (Map<Class<? extends Throwable>, Boolean>) Objects
			.requireNonNull(read(exceptionMatcher(handler), "entries"));
	}

	/**
	 * Return whether an error handler retries exceptions that are not classified.
	 * @param handler the error handler
	 * @return {@code true} if it does
	 */
	static boolean retriesByDefault(FailedRecordProcessor handler) {
		return Boolean.TRUE.equals(read(exceptionMatcher(handler), "defaultMatch"));
	}

	private static Object exceptionMatcher(FailedRecordProcessor handler) {
		return Objects.requireNonNull(read(handler, "exceptionMatcher"));
	}

	private static Object readFromTracker(FailedRecordProcessor handler, String field) {
		Object tracker = Objects.requireNonNull(read(handler, "failureTracker"));
		return Objects.requireNonNull(read(tracker, field));
	}

	private static @Nullable Object read(Object target, String field) {
		return new DirectFieldAccessor(target).getPropertyValue(field);
	}

}
