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

import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.ExceptionClassifier;
import org.springframework.util.backoff.BackOff;

import io.kaffe.spring.RecordBackOff;
import io.kaffe.spring.engine.worker.WorkerRuntime;

/**
 * What a consumer does about records that fail.
 *
 * @param maxAttempts most attempts to handle a record; 0: without limit
 * @param backOff how long to wait before it is retried
 * @param recordBackOff asked first, or {@code null}
 * @param notRetryable what is not retried if it, or one of its causes, is thrown, besides
 * what Spring Kafka never retries
 * @param then what happens when a record is not retried
 * @param thenFor exception type to what happens instead; for an exception, the nearest
 * type among those of itself counts and, if there is none, of its causes
 * @param deadLetters sends records to the dead-letter topic; {@code null} if that cannot
 * be done
 * @param recoverer takes the place of {@code then} and {@code thenFor}, or {@code null}
 * @param maxParked how many records of a partition may be parked before no more of it are
 * polled
 */
public record FailurePolicy(int maxAttempts, BackOff backOff, @Nullable RecordBackOff recordBackOff,
		Set<Class<? extends Throwable>> notRetryable, FailureAction then,
		Map<Class<? extends Throwable>, FailureAction> thenFor, @Nullable RecordRecoverer deadLetters,
		@Nullable RecordRecoverer recoverer, int maxParked) {

	private static final int LONGEST_CAUSE_CHAIN = 100;

	/**
	 * Create a policy.
	 * @see ExceptionClassifier#defaultFatalExceptionsList()
	 */
	public FailurePolicy {
		Set<Class<? extends Throwable>> all = new HashSet<>(notRetryable);
		all.addAll(ExceptionClassifier.defaultFatalExceptionsList());
		notRetryable = Set.copyOf(all);
		thenFor = Map.copyOf(thenFor);
	}

	/**
	 * Note that records of some topics may fail from now on. Returns at once.
	 * @param topics the names of the topics
	 */
	public void expect(Collection<String> topics) {
		if (this.deadLetters != null && this.recoverer == null
				&& (this.then == FailureAction.DEAD_LETTER || this.thenFor.containsValue(FailureAction.DEAD_LETTER))) {
			this.deadLetters.expect(topics);
		}
	}

	/**
	 * Return whether a record is to be retried after a failure.
	 */
	boolean isRetryable(Throwable failure, int attempts) {
		return (this.maxAttempts == 0 || attempts < this.maxAttempts)
				&& nearest(failure, this.notRetryable::contains) == null;
	}

	/**
	 * Return the back-off for a record. May call user code.
	 */
	BackOff backOffFor(ConsumerRecord<?, ?> record, Exception failure) {
		BackOff own = (this.recordBackOff != null) ? this.recordBackOff.backOff(record, failure) : null;
		return (own != null) ? own : this.backOff;
	}

	/**
	 * Return what happens to a record that is not retried.
	 */
	FailureAction actionFor(Throwable failure) {
		Class<?> type = nearest(failure, this.thenFor::containsKey);
		FailureAction action = (type != null) ? this.thenFor.get(type) : null;
		return (action != null) ? action : this.then;
	}

	/**
	 * Return what happens to a record that is not retried, as tables show it.
	 */
	String whenExhausted(Throwable failure) {
		if (this.recoverer != null) {
			return "recover";
		}
		return switch (actionFor(failure)) {
			case PARK -> "park";
			case SKIP -> "skip";
			case DEAD_LETTER -> (this.deadLetters != null) ? "dead-letter" : "park";
			case STOP -> "stop";
		};
	}

	/**
	 * Return the nearest class of a failure, or else of its causes, that is looked for.
	 */
	private static @Nullable Class<?> nearest(Throwable failure, Predicate<Class<?>> lookedFor) {
		Throwable cause = failure;
		for (int depth = 0; cause != null && depth < LONGEST_CAUSE_CHAIN; depth++) {
			for (Class<?> type = cause.getClass(); type != null; type = type.getSuperclass()) {
				if (lookedFor.test(type)) {
					return type;
				}
			}
			cause = WorkerRuntime.causeOf(cause);
		}
		return null;
	}

}
