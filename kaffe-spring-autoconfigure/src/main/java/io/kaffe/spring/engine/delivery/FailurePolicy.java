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

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.ExceptionClassifier;
import org.springframework.kafka.listener.RetryListener;
import org.springframework.util.Assert;
import org.springframework.util.backoff.BackOff;

import io.kaffe.spring.RecordBackOff;
import io.kaffe.spring.engine.worker.WorkerRuntime;

/**
 * What a consumer does about records that fail.
 *
 * @param maxAttempts most attempts to handle a record; 0: as many as the back-off allows
 * @param backOff how long to wait before it is retried, or recovered again
 * @param recordBackOff asked first before a record is retried, or {@code null}
 * @param retryable which failures are retried
 * @param then what happens when a record is not retried
 * @param thenFor exception type to what happens instead; for an exception, the nearest
 * type among those of itself counts and, if there is none, of its causes
 * @param deadLetters sends records to the dead-letter topic; {@code null} if that cannot
 * be done
 * @param recoverer takes the place of {@code then} and {@code thenFor}, or {@code null}
 * @param maxParked how many records of a partition may be parked before no more of it are
 * polled
 * @param retryListeners notified of failed attempts and of recoveries, on workers
 * @param ackAfterHandle whether a record is complete that is not retried but recovered or
 * skipped; if not, it is completed with the next one of its partition
 * @param outage when failing attempts count as an outage
 * @param retentionWarning how long before the log deletes it an unfinished record needs
 * attention; zero: never
 */
public record FailurePolicy(int maxAttempts, BackOff backOff, @Nullable RecordBackOff recordBackOff,
		Retryable retryable, FailureAction then, Map<Class<? extends Throwable>, FailureAction> thenFor,
		@Nullable RecordRecoverer deadLetters, @Nullable RecordRecoverer recoverer, int maxParked,
		List<RetryListener> retryListeners, boolean ackAfterHandle, OutageSettings outage, Duration retentionWarning) {

	private static final int LONGEST_CAUSE_CHAIN = 100;

	/**
	 * Create a policy.
	 */
	public FailurePolicy {
		thenFor = Map.copyOf(thenFor);
		retryListeners = List.copyOf(retryListeners);
	}

	/**
	 * Create a policy without retry listeners, which retries most failures, detects no
	 * outage and does not warn of retention.
	 * @param maxAttempts most attempts to handle a record; 0: as many as the back-off
	 * allows
	 * @param backOff how long to wait before it is retried, or recovered again
	 * @param recordBackOff asked first before a record is retried, or {@code null}
	 * @param notRetryable what is not retried, besides what Spring Kafka never retries
	 * @param then what happens when a record is not retried
	 * @param thenFor exception type to what happens instead
	 * @param deadLetters sends records to the dead-letter topic, or {@code null}
	 * @param recoverer takes the place of {@code then} and {@code thenFor}, or
	 * {@code null}
	 * @param maxParked how many records of a partition may be parked before no more of it
	 * are polled
	 */
	public FailurePolicy(int maxAttempts, BackOff backOff, @Nullable RecordBackOff recordBackOff,
			Set<Class<? extends Throwable>> notRetryable, FailureAction then,
			Map<Class<? extends Throwable>, FailureAction> thenFor, @Nullable RecordRecoverer deadLetters,
			@Nullable RecordRecoverer recoverer, int maxParked) {
		this(maxAttempts, backOff, recordBackOff, Retryable.allBut(notRetryable), then, thenFor, deadLetters, recoverer,
				maxParked, List.of(), true, OutageSettings.DISABLED, Duration.ZERO);
	}

	/**
	 * Return the same policy for dead letters that are replayed: whatever they fail with
	 * in the end, they become dead letters again.
	 * @param deadLetters sends them to the dead-letter topic
	 * @return the policy
	 */
	public FailurePolicy forReplay(RecordRecoverer deadLetters) {
		return new FailurePolicy(this.maxAttempts, this.backOff, this.recordBackOff, this.retryable,
				FailureAction.DEAD_LETTER, Map.of(), deadLetters, null, this.maxParked, this.retryListeners, true,
				this.outage, this.retentionWarning);
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
	 * Return whether a record is to be retried after a failure, if it has attempts left.
	 */
	boolean isRetryable(Throwable failure) {
		return this.retryable.includes(failure);
	}

	/**
	 * Check that there is something to send dead letters with.
	 * @param consumer the consumer's name
	 * @throws IllegalStateException if there is not
	 */
	public void requireDeadLetters(String consumer) {
		Assert.state(this.deadLetters != null, () -> "Consumer '" + consumer
				+ "' has nothing to send dead letters with: there is no KafkaTemplate bean, or there are several and none is primary");
	}

	/**
	 * Return whether a record is to be retried after a failure.
	 */
	boolean isRetryable(Throwable failure, int attempts) {
		return (this.maxAttempts == 0 || attempts < this.maxAttempts) && isRetryable(failure);
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
	 * Return what recovers a record that is not retried, or {@code null} if nothing does:
	 * a dead letter that cannot be sent is parked.
	 */
	@Nullable RecordRecoverer recovererFor(FailureAction action) {
		if (this.recoverer != null) {
			return this.recoverer;
		}
		return (action == FailureAction.DEAD_LETTER) ? this.deadLetters : null;
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

	/**
	 * Which failures are retried.
	 *
	 * @param types exception type to whether it is retried; for a failure, the nearest
	 * type among those of itself counts and, if there is none, of its causes
	 * @param others whether all others are
	 */
	public record Retryable(Map<Class<? extends Throwable>, Boolean> types, boolean others) {

		/**
		 * Create it.
		 */
		public Retryable {
			types = Map.copyOf(types);
		}

		/**
		 * Return that all failures are retried but some, and those that Spring Kafka
		 * never retries.
		 * @param notRetryable what is not retried if it, or one of its causes, is thrown
		 * @return which failures are retried
		 * @see ExceptionClassifier#defaultFatalExceptionsList()
		 */
		public static Retryable allBut(Collection<Class<? extends Throwable>> notRetryable) {
			Map<Class<? extends Throwable>, Boolean> types = new HashMap<>();
			notRetryable.forEach((type) -> types.put(type, false));
			ExceptionClassifier.defaultFatalExceptionsList().forEach((type) -> types.put(type, false));
			return new Retryable(types, true);
		}

		boolean includes(Throwable failure) {
			Class<?> type = nearest(failure, this.types::containsKey);
			return (type != null) ? Boolean.TRUE.equals(this.types.get(type)) : this.others;
		}

	}

}
