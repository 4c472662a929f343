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

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Set;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.kafka.support.converter.ConversionException;
import org.springframework.kafka.support.serializer.DeserializationException;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.RecordBackOff;
import io.kaffe.spring.engine.delivery.FailurePolicy.Retryable;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link FailurePolicy}.
 */
class FailurePolicyTests {

	private static final Exception FAILURE = new IllegalStateException("On purpose");

	@Test
	void recordIsTriedUntilItsAttemptsAreUsedUp() {
		FailurePolicy policy = policy(3, Set.of(), Map.of());
		assertThat(policy.isRetryable(FAILURE, 1)).isTrue();
		assertThat(policy.isRetryable(FAILURE, 2)).isTrue();
		assertThat(policy.isRetryable(FAILURE, 3)).isFalse();
		assertThat(policy(1, Set.of(), Map.of()).isRetryable(FAILURE, 1)).isFalse();
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 1000, Integer.MAX_VALUE })
	void zeroAttemptsMeanNoLimit(int attempts) {
		assertThat(policy(0, Set.of(), Map.of()).isRetryable(FAILURE, attempts)).isTrue();
	}

	@Test
	void notRetryableTypesCoverTheirSubtypesAndWhatTheyCaused() {
		FailurePolicy policy = policy(3, Set.of(IOException.class), Map.of());
		assertThat(policy.isRetryable(new IOException(), 1)).isFalse();
		assertThat(policy.isRetryable(new FileNotFoundException(), 1)).as("a subtype").isFalse();
		assertThat(policy.isRetryable(new UncheckedIOException(new FileNotFoundException()), 1)).as("a cause")
			.isFalse();
		assertThat(policy.isRetryable(asListenerFailure(new IOException()), 1)).isFalse();
		assertThat(policy.isRetryable(new Exception(), 1)).as("a supertype").isTrue();
		assertThat(policy.isRetryable(FAILURE, 1)).isTrue();
	}

	@Test
	void whatSpringKafkaTakesForFatalIsNotRetryable() {
		FailurePolicy policy = policy(0, Set.of(IOException.class), Map.of());
		assertThat(policy.isRetryable(new ConversionException("On purpose", new Exception()), 1)).isFalse();
		assertThat(policy.isRetryable(new DeserializationException("On purpose", new byte[0], false, FAILURE), 1))
			.isFalse();
		assertThat(policy.isRetryable(asListenerFailure(new ClassCastException()), 1)).isFalse();
		assertThat(policy.isRetryable(new ListenerExecutionFailedException("On purpose"), 1)).isTrue();
	}

	@Test
	void nearestTypeDecidesWhetherAFailureIsRetried() {
		Retryable retryable = new Retryable(Map.of(IOException.class, true, FileNotFoundException.class, false), false);
		assertThat(retryable.includes(new IOException())).isTrue();
		assertThat(retryable.includes(new FileNotFoundException())).as("a subtype of it").isFalse();
		assertThat(retryable.includes(new IllegalStateException(new EOFException()))).as("a cause").isTrue();
		assertThat(retryable.includes(FAILURE)).as("what is not named").isFalse();
		assertThat(new Retryable(Map.of(), true).includes(new ClassCastException())).isTrue();
	}

	@Test
	void nearestTypeDecidesWhatIsNext() {
		FailurePolicy policy = policy(1, Set.of(), Map.of(Exception.class, FailureAction.STOP, IOException.class,
				FailureAction.SKIP, StackOverflowError.class, FailureAction.DEAD_LETTER));
		assertThat(policy.actionFor(new FileNotFoundException())).isEqualTo(FailureAction.SKIP);
		assertThat(policy.actionFor(new Exception())).isEqualTo(FailureAction.STOP);
		assertThat(policy.actionFor(new StackOverflowError())).isEqualTo(FailureAction.DEAD_LETTER);
		assertThat(policy.actionFor(new AssertionError())).as("nothing is said about errors")
			.isEqualTo(FailureAction.PARK);
		assertThat(policy.actionFor(new AssertionError(new IOException()))).as("but about its cause")
			.isEqualTo(FailureAction.SKIP);
	}

	@Test
	void circleOfCausesEnds() {
		Exception one = new IllegalStateException("one");
		Exception other = new IllegalStateException("other", one);
		one.initCause(other);
		FailurePolicy policy = policy(3, Set.of(IOException.class), Map.of(IOException.class, FailureAction.SKIP));
		assertThat(policy.isRetryable(one, 1)).isTrue();
		assertThat(policy.actionFor(one)).isEqualTo(FailureAction.PARK);
	}

	@Test
	void backOffOfARecordComesBeforeTheCommonOne() {
		BackOff own = new FixedBackOff();
		FailurePolicy policy = policy((record, failure) -> (record.offset() == 1) ? own : null);
		assertThat(policy.backOffFor(record(1), FAILURE)).isSameAs(own);
		assertThat(policy.backOffFor(record(2), FAILURE)).isSameAs(policy.backOff());
		assertThat(policy(3, Set.of(), Map.of()).backOffFor(record(1), FAILURE)).isInstanceOf(FixedBackOff.class);
	}

	private static ConsumerRecord<String, String> record(long offset) {
		return new ConsumerRecord<>("orders", 0, offset, "key", "value");
	}

	private static Exception asListenerFailure(Throwable cause) {
		return new ListenerExecutionFailedException("Listener failed", cause);
	}

	private static FailurePolicy policy(int maxAttempts, Set<Class<? extends Throwable>> notRetryable,
			Map<Class<? extends Throwable>, FailureAction> thenFor) {
		return policy(maxAttempts, null, notRetryable, thenFor);
	}

	private static FailurePolicy policy(RecordBackOff recordBackOff) {
		return policy(3, recordBackOff, Set.of(), Map.of());
	}

	private static FailurePolicy policy(int maxAttempts, @Nullable RecordBackOff recordBackOff,
			Set<Class<? extends Throwable>> notRetryable, Map<Class<? extends Throwable>, FailureAction> thenFor) {
		return new FailurePolicy(maxAttempts, new FixedBackOff(), recordBackOff, notRetryable, FailureAction.PARK,
				thenFor, null, null, 100);
	}

}
