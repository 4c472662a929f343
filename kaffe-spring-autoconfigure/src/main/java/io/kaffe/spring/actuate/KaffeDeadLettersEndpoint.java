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

package io.kaffe.spring.actuate;

import java.security.Principal;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.context.ApplicationEventPublisher;

import io.kaffe.spring.DeadLetterCount;
import io.kaffe.spring.DeadLetterOperations;
import io.kaffe.spring.DeadLetterRun;
import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.actuate.OperationRefusedException.Reason;

/**
 * Actuator endpoint {@code kaffedeadletters}: lists and counts the dead letters of a
 * consumer, replays and abandons them.
 */
@Endpoint(id = "kaffedeadletters", defaultAccess = Access.READ_ONLY)
public class KaffeDeadLettersEndpoint {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static final int DEFAULT_LIMIT = 50;

	private final KaffeConsumers consumers;

	private final OperationAudit audit;

	private final Access access;

	private final Show showValues;

	/**
	 * Create the endpoint.
	 * @param consumers performs the operations
	 * @param events publishes the audit events of operations
	 * @param access the access that callers have
	 * @param showValues when to show keys, values and exception messages; callers by JMX
	 * count as authorized
	 */
	public KaffeDeadLettersEndpoint(KaffeConsumers consumers, ApplicationEventPublisher events, Access access,
			Show showValues) {
		this.consumers = consumers;
		this.audit = new OperationAudit(events);
		this.access = access;
		this.showValues = showValues;
	}

	/**
	 * List dead letters of a consumer. Blocks for 30 seconds at most.
	 * @param consumer the consumer's name
	 * @param from where to begin, {@code next} of the page before
	 * @param limit the most to list; 50 by default
	 * @param topic lists those of a dead-letter topic
	 * @param partition lists those of a partition of it
	 * @param offset lists the one with an offset
	 * @param exception lists those that failed with an exception
	 * @param key lists those of a key
	 * @param since lists those dead-lettered at a time or later
	 * @param until lists those dead-lettered before a time
	 * @return the dead letters
	 * @throws RuntimeException if the request is rejected, or the broker does not answer
	 */
	@ReadOperation
	public DeadLettersDescription deadLetters(@Selector String consumer, @Nullable String from, @Nullable Integer limit,
			@Nullable String topic, @Nullable Integer partition, @Nullable Long offset, @Nullable String exception,
			@Nullable String key, @Nullable String since, @Nullable String until) {
		return list(consumer, from, limit,
				new DeadLetterArguments(topic, partition, offset, exception, key, since, until, null, null),
				this.showValues.isShown(true));
	}

	DeadLettersDescription list(String consumer, @Nullable String from, @Nullable Integer limit,
			DeadLetterArguments arguments, boolean showValues) {
		DeadLetterOperations deadLetters = of(consumer);
		return DeadLettersDescription.of((this.access == Access.UNRESTRICTED) ? "unrestricted" : "read-only", checked(
				() -> await(deadLetters.list(arguments.filter(), from, (limit != null) ? limit : DEFAULT_LIMIT))),
				deadLetters.run(), showValues);
	}

	/**
	 * Describe something about the dead letters of a consumer. Blocks for 30 seconds at
	 * most.
	 * @param consumer the consumer's name
	 * @param what {@code count}, for a {@link DeadLetterCount}, or {@code run}, for the
	 * current or last replay or abandonment
	 * @param topic counts those of a dead-letter topic
	 * @param partition counts those of a partition of it
	 * @param offset counts the one with an offset
	 * @param exception counts those that failed with an exception
	 * @param key counts those of a key
	 * @param since counts those dead-lettered at a time or later
	 * @param until counts those dead-lettered before a time
	 * @return the description, or {@code null} if there is none
	 * @throws RuntimeException if the request is rejected, or the broker does not answer
	 */
	@ReadOperation
	public @Nullable Object about(@Selector String consumer, @Selector String what, @Nullable String topic,
			@Nullable Integer partition, @Nullable Long offset, @Nullable String exception, @Nullable String key,
			@Nullable String since, @Nullable String until) {
		return about(consumer, what,
				new DeadLetterArguments(topic, partition, offset, exception, key, since, until, null, null),
				this.showValues.isShown(true));
	}

	@Nullable Object about(String consumer, String what, DeadLetterArguments arguments, boolean showValues) {
		DeadLetterOperations deadLetters = of(consumer);
		return switch (what) {
			case "count" -> checked(() -> await(deadLetters.count(arguments.filter())));
			case "run" -> DeadLettersDescription.Run.of(deadLetters.run(), showValues);
			default -> null;
		};
	}

	/**
	 * Perform an operation on dead letters, by JMX, where the caller is unknown.
	 * @param consumer the consumer's name
	 * @param operation {@code replay}, {@code abandon} or {@code cancel}
	 * @param topic only those of a dead-letter topic
	 * @param partition only those of a partition of it
	 * @param offset only the one with an offset
	 * @param exception only those that failed with an exception
	 * @param key only those of a key
	 * @param since only those dead-lettered at a time or later
	 * @param until only those dead-lettered before a time
	 * @param all whether all are meant
	 * @param maxPerSecond the most to replay per second; 100 by default
	 * @return the result
	 * @throws RuntimeException if the operation is rejected
	 */
	@WriteOperation
	public OperationResult operate(@Selector String consumer, @Selector String operation, @Nullable String topic,
			@Nullable Integer partition, @Nullable Long offset, @Nullable String exception, @Nullable String key,
			@Nullable String since, @Nullable String until, @Nullable Boolean all, @Nullable Integer maxPerSecond) {
		return operate(null, consumer, operation,
				new DeadLetterArguments(topic, partition, offset, exception, key, since, until, all, maxPerSecond));
	}

	OperationResult operate(@Nullable Principal principal, String consumer, String operation,
			DeadLetterArguments arguments) {
		String outcome = "failed";
		try {
			DeadLetterOperations deadLetters = of(consumer);
			OperationResult result = checked(() -> perform(deadLetters, consumer, operation, arguments));
			outcome = result.message();
			return result;
		}
		catch (OperationRefusedException ex) {
			outcome = "rejected: " + ex.getMessage();
			throw ex;
		}
		finally {
			this.audit.record((principal != null) ? principal.getName() : null, consumer, operation,
					arguments.present(), outcome);
		}
	}

	private static OperationResult perform(DeadLetterOperations deadLetters, String consumer, String operation,
			DeadLetterArguments arguments) {
		Integer rate = arguments.maxPerSecond();
		switch (operation) {
			case "replay" -> {
				int maxPerSecond = (rate != null) ? rate : DeadLetterOperations.DEFAULT_RATE;
				deadLetters.replay(arguments.explicitFilter(operation), maxPerSecond);
				return new OperationResult(consumer, operation, false,
						"The replay has begun, with at most " + maxPerSecond + " dead letters per second");
			}
			case "abandon" -> {
				refuseUnless(rate == null, "'abandon' does not accept 'maxPerSecond'");
				deadLetters.abandon(arguments.explicitFilter(operation));
				return new OperationResult(consumer, operation, false, "The abandonment has begun");
			}
			case "cancel" -> {
				refuseUnless(arguments.present().isEmpty(), "'cancel' accepts no arguments");
				return new OperationResult(consumer, operation, true,
						deadLetters.cancel() ? canceled(deadLetters.run()) : "Nothing is in progress");
			}
			default -> throw new OperationRefusedException(Reason.BAD_REQUEST,
					"Unknown operation '" + operation + "'; the operations are [replay, abandon, cancel]");
		}
	}

	private static String canceled(@Nullable DeadLetterRun run) {
		return "Canceled" + ((run != null && run.progress().inFlight() > 0)
				? "; records with their handlers are waited for" : "");
	}

	private static void refuseUnless(boolean condition, String message) {
		if (!condition) {
			throw new OperationRefusedException(Reason.BAD_REQUEST, message);
		}
	}

	private DeadLetterOperations of(String consumer) {
		if (!this.consumers.names().contains(consumer)) {
			throw new OperationRefusedException(Reason.NOT_FOUND, "There is no consumer '" + consumer
					+ "' with workers; the consumers are " + this.consumers.names());
		}
		return this.consumers.deadLetters(consumer);
	}

	private static <T> T checked(Supplier<T> operation) {
		try {
			return operation.get();
		}
		catch (IllegalArgumentException ex) {
			throw new OperationRefusedException(Reason.BAD_REQUEST, String.valueOf(ex.getMessage()));
		}
		catch (IllegalStateException ex) {
			throw new OperationRefusedException(Reason.CONFLICT, String.valueOf(ex.getMessage()));
		}
	}

	private static <T> T await(CompletableFuture<T> answer) {
		try {
			return answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (TimeoutException ex) {
			throw new IllegalStateException("The dead-letter topics could not be read within 30 seconds", ex);
		}
		catch (ExecutionException ex) {
			throw new IllegalStateException("The dead-letter topics could not be read: " + ex.getCause(), ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted while the dead-letter topics were read", ex);
		}
	}

}
