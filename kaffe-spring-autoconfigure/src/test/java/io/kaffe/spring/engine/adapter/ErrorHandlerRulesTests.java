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

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.KafkaException;
import org.springframework.kafka.listener.CommonContainerStoppingErrorHandler;
import org.springframework.kafka.listener.CommonDelegatingErrorHandler;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.CommonLoggingErrorHandler;
import org.springframework.kafka.listener.CommonMixedErrorHandler;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.kafka.listener.RetryListener;
import org.springframework.kafka.support.converter.ConversionException;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.BackOffExecution;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.delivery.FailureAction;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ErrorHandlerRules}.
 */
class ErrorHandlerRulesTests {

	private static final Exception FAILURE = new IllegalStateException("On purpose");

	private static final ConsumerRecord<String, String> RECORD = new ConsumerRecord<>("orders", 0, 7, "key", "value");

	@Test
	void backOffIsThatOfTheHandlerUnlessItsFunctionReturnsOne() {
		BackOff common = new FixedBackOff(1000, 3);
		BackOff own = new FixedBackOff(5, 1);
		DefaultErrorHandler handler = new DefaultErrorHandler(common);
		assertThat(rules(handler).backOff().backOff(RECORD, FAILURE)).isSameAs(common);
		assertThat(rules(handler).backOffText()).isEqualTo("FixedBackOff[interval=1000, maxAttempts=3]");
		handler.setBackOffFunction((record, failure) -> (failure instanceof IOException) ? own : null);
		assertThat(rules(handler).backOff().backOff(RECORD, FAILURE)).isSameAs(common);
		assertThat(rules(handler).backOff().backOff(RECORD, new IOException())).isSameAs(own);
	}

	@Test
	void recordsThatAreNotRetriedArePassedToTheRecoverer() {
		List<String> recovered = new ArrayList<>();
		ErrorHandlerRules rules = rules(new DefaultErrorHandler(
				(record, failure) -> recovered.add(record.offset() + " " + failure.getMessage()), new FixedBackOff()));
		Objects.requireNonNull(rules.recoverer()).accept(RECORD, FAILURE);
		assertThat(recovered).containsExactly("7 On purpose");
	}

	@Test
	void handlerWithoutRecovererLogsAndSkips() {
		Objects.requireNonNull(rules(new DefaultErrorHandler()).recoverer()).accept(RECORD, FAILURE);
	}

	@Test
	void exceptionsAreClassifiedAsTheHandlerDoes() {
		DefaultErrorHandler handler = new DefaultErrorHandler();
		handler.addNotRetryableExceptions(IOException.class);
		handler.removeClassification(ConversionException.class);
		assertThat(rules(handler).retryable().others()).isTrue();
		assertThat(rules(handler).retryable().types()).containsEntry(IOException.class, false)
			.containsEntry(ClassCastException.class, false)
			.doesNotContainKey(ConversionException.class);
		handler.setClassifications(Map.of(FileNotFoundException.class, true), false);
		assertThat(rules(handler).retryable().others()).isFalse();
		assertThat(rules(handler).retryable().types()).containsOnly(Map.entry(FileNotFoundException.class, true));
	}

	@Test
	void retryListenersAreThoseOfTheHandler() {
		RetryListener listener = (record, failure, attempt) -> {
		};
		DefaultErrorHandler handler = new DefaultErrorHandler();
		assertThat(rules(handler).retryListeners()).isEmpty();
		handler.setRetryListeners(listener);
		assertThat(rules(handler).retryListeners()).containsExactly(listener);
	}

	@Test
	void handlersThatStopOrLogDoNotRetry() {
		assertThat(rules(new CommonContainerStoppingErrorHandler()).then()).isEqualTo(FailureAction.STOP);
		assertThat(rules(new CommonLoggingErrorHandler()).then()).isEqualTo(FailureAction.SKIP);
		for (CommonErrorHandler handler : List.of(new CommonContainerStoppingErrorHandler(),
				new CommonLoggingErrorHandler())) {
			ErrorHandlerRules rules = rules(handler);
			assertThat(rules.recoverer()).isNull();
			assertThat(Objects.requireNonNull(rules.backOff().backOff(RECORD, FAILURE)).start().nextBackOff())
				.isEqualTo(BackOffExecution.STOP);
		}
	}

	@Test
	void handlersThatDoSomethingElseAreUnknown() {
		CommonErrorHandler own = new CommonErrorHandler() {
		};
		CommonErrorHandler overriding = new DefaultErrorHandler() {

			@Override
			public void handleRemaining(Exception thrownException, List<ConsumerRecord<?, ?>> records,
					Consumer<?, ?> consumer, MessageListenerContainer container) {
				throw new UnsupportedOperationException();
			}

		};
		assertThat(ErrorHandlerRules.of(own)).isNull();
		assertThat(ErrorHandlerRules.of(overriding)).isNull();
		assertThat(ErrorHandlerRules.of(new CommonDelegatingErrorHandler(new DefaultErrorHandler()))).isNull();
	}

	@Test
	void subclassThatHandlesNothingItselfIsKnown() {
		assertThat(ErrorHandlerRules.of(new DefaultErrorHandler(new FixedBackOff(1, 1)) {

			@Override
			public boolean deliveryAttemptHeader() {
				return false;
			}

		})).isNotNull();
	}

	@Test
	void handlerSaysWhetherARecordIsCompleteThatItHasHandled() {
		DefaultErrorHandler handler = new DefaultErrorHandler();
		assertThat(rules(handler).ackAfterHandle()).isTrue();
		handler.setAckAfterHandle(false);
		assertThat(rules(handler).ackAfterHandle()).isFalse();
		CommonLoggingErrorHandler logging = new CommonLoggingErrorHandler();
		assertThat(rules(logging).ackAfterHandle()).isTrue();
		logging.setAckAfterHandle(false);
		assertThat(rules(logging).ackAfterHandle()).isFalse();
	}

	@Test
	void handlersThatDelegateAreUnknown() {
		DefaultErrorHandler delegate = new DefaultErrorHandler();
		assertThat(ErrorHandlerRules.of(new CommonDelegatingErrorHandler(delegate))).isNull();
		assertThat(ErrorHandlerRules.of(new CommonMixedErrorHandler(delegate, delegate))).isNull();
	}

	@Test
	void settingsAboutSeeksAndStateHaveNoEffect() {
		DefaultErrorHandler usual = new DefaultErrorHandler(new FixedBackOff(5, 1));
		DefaultErrorHandler other = new DefaultErrorHandler(new FixedBackOff(5, 1));
		other.setCommitRecovered(true);
		other.setSeekAfterError(false);
		other.setLogLevel(KafkaException.Level.DEBUG);
		other.setReclassifyOnExceptionChange(false);
		other.setResetStateOnExceptionChange(false);
		other.setResetStateOnRecoveryFailure(false);
		assertThat(rules(other)).usingRecursiveComparison()
			.ignoringFields("backOff", "recoverer")
			.isEqualTo(rules(usual));
	}

	private static ErrorHandlerRules rules(CommonErrorHandler handler) {
		return Objects.requireNonNull(ErrorHandlerRules.of(handler));
	}

}
