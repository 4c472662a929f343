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

import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.adapter.DelegatingInvocableHandler;
import org.springframework.kafka.listener.adapter.HandlerAdapter;
import org.springframework.kafka.listener.adapter.InvocationResult;
import org.springframework.kafka.listener.adapter.MessagingMessageListenerAdapter;
import org.springframework.messaging.Message;
import org.springframework.messaging.handler.invocation.InvocableHandlerMethod;
import org.springframework.util.ClassUtils;
import reactor.core.publisher.Mono;

import io.kaffe.spring.engine.delivery.AsyncOutcome;

/**
 * Calls an asynchronous handler and passes the future that it returns to the
 * {@link AsyncOutcome} of the record. A {@link Mono}, and what a Kotlin suspend function
 * is made, is subscribed to on the calling thread.
 * <p>
 * <b>Threading.</b> Immutable; called by many workers at once.
 */
public final class AsyncHandlerAdapter extends HandlerAdapter {

	private static final boolean REACTOR_PRESENT = ClassUtils.isPresent("reactor.core.publisher.Mono",
			AsyncHandlerAdapter.class.getClassLoader());

	private final boolean hasErrorHandler;

	private AsyncHandlerAdapter(InvocableHandlerMethod handler, boolean hasErrorHandler) {
		super(handler);
		this.hasErrorHandler = hasErrorHandler;
	}

	private AsyncHandlerAdapter(DelegatingInvocableHandler handler, boolean hasErrorHandler) {
		super(handler);
		this.hasErrorHandler = hasErrorHandler;
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
			adapter.setHandlerMethod(around(handler, SpringKafkaFields.hasErrorHandler(adapter)));
			adapter.setCallbackForAsyncFailure((record, failure) -> {
				AsyncOutcome outcome = AsyncOutcome.current();
				if (outcome != null) {
					outcome.failed(failure);
				}
			});
		}
		return true;
	}

	private static AsyncHandlerAdapter around(HandlerAdapter handler, boolean hasErrorHandler) {
		DelegatingInvocableHandler several = SpringKafkaFields.delegatingHandler(handler);
		return (several != null) ? new AsyncHandlerAdapter(several, hasErrorHandler) : new AsyncHandlerAdapter(
				Objects.requireNonNull(SpringKafkaFields.invokerHandlerMethod(handler)), hasErrorHandler);
	}

	@Override
	public @Nullable Object invoke(Message<?> message, @Nullable Object... providedArgs) throws Exception {
		Object result = super.invoke(message, providedArgs);
		AsyncOutcome outcome = AsyncOutcome.current();
		if (outcome == null) {
			return result;
		}
		if (result instanceof InvocationResult several) {
			CompletableFuture<?> future = future(several.result());
			return (future != null) ? new InvocationResult(outcome.answeredBy(future, this.hasErrorHandler),
					several.sendTo(), several.messageReturnType()) : result;
		}
		CompletableFuture<?> future = future(result);
		return (future != null) ? outcome.answeredBy(future, this.hasErrorHandler) : result;
	}

	private static @Nullable CompletableFuture<?> future(@Nullable Object result) {
		if (result instanceof CompletableFuture<?> future) {
			return future;
		}
		return REACTOR_PRESENT ? Reactive.future(result) : null;
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
