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
import java.util.function.BiFunction;
import java.util.stream.Stream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.CommonContainerStoppingErrorHandler;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.CommonLoggingErrorHandler;
import org.springframework.kafka.listener.ConsumerRecordRecoverer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.RetryListener;
import org.springframework.util.ReflectionUtils;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.RecordBackOff;
import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.delivery.FailurePolicy.Retryable;

/**
 * What the error handler of a container does about failed records, so that workers can do
 * the same without calling it: it seeks, and sleeps on the consumer thread.
 * <p>
 * <b>Threading.</b> Immutable, and read from the error handler once: what is changed
 * there later has no effect. The error handler's own classification of exceptions is not
 * safe for concurrent use, and is copied therefore. Workers call what it was given by the
 * application, many at once.
 *
 * @param backOff how long to wait before a record is retried; stops at once if it is not
 * @param backOffText the back-off, for a log
 * @param retryable which failures are retried
 * @param then what happens to a record that is not retried, unless there is a recoverer
 * @param recoverer what a record is passed to that is not retried, or {@code null}
 * @param retryListeners notified of failed attempts and of recoveries
 * @param ackAfterHandle whether a record is complete that is not retried; if not, it is
 * committed with the next one
 */
public record ErrorHandlerRules(RecordBackOff backOff, String backOffText, Retryable retryable, FailureAction then,
		@Nullable ConsumerRecordRecoverer recoverer, List<RetryListener> retryListeners, boolean ackAfterHandle) {

	private static final List<Class<? extends CommonErrorHandler>> KNOWN = List.of(DefaultErrorHandler.class,
			CommonContainerStoppingErrorHandler.class, CommonLoggingErrorHandler.class);

	private static final FixedBackOff NO_RETRIES = new FixedBackOff(0, 0);

	/**
	 * Return what an error handler does, if workers can do the same.
	 * @param handler the error handler
	 * @return what it does about failed records, or {@code null} if it is of an unknown
	 * type, or has methods of its own
	 */
	public static @Nullable ErrorHandlerRules of(CommonErrorHandler handler) {
		if (!isSpringKafkas(handler)) {
			return null;
		}
		if (handler instanceof CommonContainerStoppingErrorHandler) {
			return withoutRetries(FailureAction.STOP, true);
		}
		if (handler instanceof CommonLoggingErrorHandler) {
			return withoutRetries(FailureAction.SKIP, handler.isAckAfterHandle());
		}
		return (handler instanceof DefaultErrorHandler usual) ? of(usual) : null;
	}

	private static ErrorHandlerRules of(DefaultErrorHandler handler) {
		BackOff common = SpringKafkaFields.backOff(handler);
		BiFunction<ConsumerRecord<?, ?>, Exception, @Nullable BackOff> function = SpringKafkaFields
			.backOffFunction(handler);
		return new ErrorHandlerRules((record, failure) -> {
			BackOff own = function.apply(record, failure);
			return (own != null) ? own : common;
		}, common.toString(),
				new Retryable(SpringKafkaFields.classifications(handler), SpringKafkaFields.retriesByDefault(handler)),
				FailureAction.SKIP, SpringKafkaFields.recoverer(handler),
				List.copyOf(SpringKafkaFields.retryListeners(handler)), handler.isAckAfterHandle());
	}

	private static ErrorHandlerRules withoutRetries(FailureAction then, boolean ackAfterHandle) {
		return new ErrorHandlerRules((record, failure) -> NO_RETRIES, "no retries", new Retryable(Map.of(), true), then,
				null, List.of(), ackAfterHandle);
	}

	/**
	 * Return whether all that an error handler does about records is written in Spring
	 * Kafka, rather than in a subclass.
	 */
	private static boolean isSpringKafkas(CommonErrorHandler handler) {
		return Stream.of(ReflectionUtils.getUniqueDeclaredMethods(handler.getClass()))
			.filter((method) -> method.getName().startsWith("handle"))
			.allMatch((method) -> KNOWN.stream().anyMatch(method.getDeclaringClass()::isAssignableFrom));
	}

}
