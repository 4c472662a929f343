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

import java.util.Objects;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.KafkaListenerErrorHandler;
import org.springframework.kafka.listener.adapter.BatchMessagingMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.DelegatingInvocableHandler;
import org.springframework.kafka.listener.adapter.FilteringBatchMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.FilteringMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.HandlerAdapter;
import org.springframework.kafka.listener.adapter.MessagingMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.messaging.handler.invocation.InvocableHandlerMethod;

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

	private static @Nullable Object read(Object target, String field) {
		return new DirectFieldAccessor(target).getPropertyValue(field);
	}

}
