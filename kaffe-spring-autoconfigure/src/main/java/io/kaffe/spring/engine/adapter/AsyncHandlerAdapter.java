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
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.KafkaListenerErrorHandler;
import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.kafka.listener.adapter.DelegatingInvocableHandler;
import org.springframework.kafka.listener.adapter.HandlerAdapter;
import org.springframework.kafka.listener.adapter.InvocationResult;
import org.springframework.kafka.listener.adapter.MessagingMessageListenerAdapter;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.messaging.Message;
import org.springframework.messaging.handler.invocation.InvocableHandlerMethod;
import org.springframework.messaging.support.GenericMessage;
import org.springframework.util.ClassUtils;
import reactor.core.publisher.Mono;

import io.kaffe.spring.engine.delivery.AsyncOutcome;

/**
 * Calls an asynchronous handler and passes the future that it returns to the
 * {@link AsyncOutcome} of the record or the batch. A {@link Mono}, and what a Kotlin
 * suspend function is made, is subscribed to on the calling thread.
 * <p>
 * <b>Threading.</b> Immutable; called by many workers at once.
 */
public final class AsyncHandlerAdapter extends HandlerAdapter {

	private static final boolean REACTOR_PRESENT = ClassUtils.isPresent("reactor.core.publisher.Mono",
			AsyncHandlerAdapter.class.getClassLoader());

	private final @Nullable KafkaListenerErrorHandler errorHandler;

	private AsyncHandlerAdapter(InvocableHandlerMethod handler, @Nullable KafkaListenerErrorHandler errorHandler) {
		super(handler);
		this.errorHandler = errorHandler;
	}

	private AsyncHandlerAdapter(DelegatingInvocableHandler handler, @Nullable KafkaListenerErrorHandler errorHandler) {
		super(handler);
		this.errorHandler = errorHandler;
	}

	/**
	 * Have a listener report its outcomes, if its handler is asynchronous.
	 * @param listener the listener, without those that delegate to it
	 * @return whether its handler is asynchronous
	 */
	public static boolean installIn(Object listener) {
		if (!(listener instanceof MessagingMessageListenerAdapter<?, ?> adapter) || !adapter.isAsyncReplies()) {
			return false;
		}
		HandlerAdapter handler = SpringKafkaFields.handlerMethod(adapter);
		if (!(handler instanceof AsyncHandlerAdapter) && handler != null) {
			adapter.setHandlerMethod(around(handler, SpringKafkaFields.errorHandler(adapter)));
		}
		return true;
	}

	private static AsyncHandlerAdapter around(HandlerAdapter handler,
			@Nullable KafkaListenerErrorHandler errorHandler) {
		DelegatingInvocableHandler several = SpringKafkaFields.delegatingHandler(handler);
		return (several != null) ? new AsyncHandlerAdapter(several, errorHandler) : new AsyncHandlerAdapter(
				Objects.requireNonNull(SpringKafkaFields.invokerHandlerMethod(handler)), errorHandler);
	}

	@Override
	public @Nullable Object invoke(Message<?> message, @Nullable Object... providedArgs) throws Exception {
		Object result = super.invoke(message, providedArgs);
		AsyncOutcome outcome = AsyncOutcome.current();
		if (outcome == null) {
			return result;
		}
		CompletableFuture<?> future = future((result instanceof InvocationResult several) ? several.result() : result);
		if (future == null) {
			return result;
		}
		KafkaListenerErrorHandler errorHandler = this.errorHandler;
		CompletableFuture<?> relay = outcome.answeredBy(future,
				(errorHandler != null) ? (failure) -> handle(failure, errorHandler, message, providedArgs) : null);
		return (result instanceof InvocationResult several)
				? new InvocationResult(relay, several.sendTo(), several.messageReturnType()) : relay;
	}

	/**
	 * Ask the listener's own error handler about a failure, as the adapter does about
	 * exceptions that the handler throws.
	 */
	private static @Nullable Object handle(Throwable failure, KafkaListenerErrorHandler errorHandler,
			Message<?> message, @Nullable Object[] providedArgs) {
		Message<?> failed = NullMessage.is(message) ? new GenericMessage<>(Objects.requireNonNull(providedArgs[0]))
				: message;
		try {
			Object reply = errorHandler.handleError(failed,
					new ListenerExecutionFailedException("The future of the listener failed", failure),
					argument(Consumer.class, providedArgs), argument(Acknowledgment.class, providedArgs));
			return (reply instanceof InvocationResult) ? null : reply;
		}
		catch (Exception ex) {
			throw new ListenerExecutionFailedException("The error handler of the listener threw an exception", ex);
		}
	}

	private static <T> @Nullable T argument(Class<T> type, @Nullable Object[] providedArgs) {
		for (Object argument : providedArgs) {
			if (type.isInstance(argument)) {
				return type.cast(argument);
			}
		}
		return null;
	}

	private static @Nullable CompletableFuture<?> future(@Nullable Object result) {
		if (result instanceof CompletableFuture<?> future) {
			return future;
		}
		return REACTOR_PRESENT ? Reactive.future(result) : null;
	}

	/**
	 * Knows what adapters pass instead of a message where none is needed.
	 */
	private abstract static class NullMessage extends MessagingMessageListenerAdapter<Object, Object> {

		private NullMessage() {
			super(null, null);
		}

		static boolean is(Message<?> message) {
			return NULL_MESSAGE.equals(message);
		}

	}

	/**
	 * Touches Reactor's classes only where they are present.
	 */
	private static final class Reactive {

		static @Nullable CompletableFuture<?> future(@Nullable Object result) {
			return (result instanceof Mono<?> mono) ? mono.contextCapture().toFuture() : null;
		}

	}

}
