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

package io.kaffe.spring.autoconfigure;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.core.KafkaOperations;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.ConsumerRecordRecoverer;
import org.springframework.util.ClassUtils;
import org.springframework.util.backoff.BackOff;

import io.kaffe.spring.RecordBackOff;
import io.kaffe.spring.engine.adapter.ConsumerRecordRecovererAdapter;
import io.kaffe.spring.engine.adapter.ErrorHandlerRules;
import io.kaffe.spring.engine.deadletter.DeadLetterTopicPattern;
import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.delivery.FailurePolicy;
import io.kaffe.spring.engine.delivery.FailurePolicy.Retryable;
import io.kaffe.spring.engine.delivery.OutageSettings;
import io.kaffe.spring.engine.delivery.RecordRecoverer;
import io.kaffe.spring.engine.listener.ContainerFacts.Subscription;
import io.kaffe.spring.engine.listener.RejectingConsumer;
import io.kaffe.spring.engine.listener.UnsuitableContainerException;

/**
 * Resolves the failure policy of a consumer from its properties, the error handler of its
 * container and the application's beans.
 * <p>
 * <b>Threading.</b> Called by the thread that starts the application, and by threads that
 * register listeners later; its state is safe for concurrent use.
 */
final class FailurePolicyResolver {

	private static final Log logger = LogFactory.getLog(FailurePolicyResolver.class);

	/** The shortest window and interval between probes. */
	private static final Duration SHORTEST_OF_OUTAGES = Duration.ofSeconds(1);

	private static final Duration SHORTEST_RETENTION_WARNING = Duration.ofMinutes(1);

	/** The properties that have been logged in a warning. */
	private final Set<String> warnedOf = ConcurrentHashMap.newKeySet();

	private final KaffeProperties properties;

	private final @Nullable ClassLoader classLoader;

	private final FailureBeans beans;

	/**
	 * Create a resolver.
	 * @param properties the properties
	 * @param classLoader loads exception types; {@code null} for the default one
	 * @param beans the application's beans for failures
	 */
	FailurePolicyResolver(KaffeProperties properties, @Nullable ClassLoader classLoader, FailureBeans beans) {
		this.properties = properties;
		this.classLoader = classLoader;
		this.beans = beans;
	}

	/**
	 * Resolve the policy of a consumer: what its properties say and, where they say
	 * nothing, what the error handler of its container does.
	 * @param name the consumer's name
	 * @param subscription the topics it consumes
	 * @param errorHandler the error handler of its container, or {@code null}
	 * @return the policy
	 * @throws UnsuitableContainerException if the error handler does something that
	 * workers cannot, and no property says what to do instead
	 */
	FailurePolicy resolve(String name, Subscription subscription, @Nullable CommonErrorHandler errorHandler) {
		ResolvedProperty<Integer> maxAttempts = setting(name, "failure.max-attempts",
				(consumer) -> consumer.getFailure().getMaxAttempts(), 10);
		maxAttempts.check(maxAttempts.value() >= 0, "Must be 0, which means unlimited, or more.");
		ResolvedProperty<Integer> maxParked = setting(name, "failure.max-parked",
				(consumer) -> consumer.getFailure().getMaxParked(), 100);
		maxParked.check(maxParked.value() > 0, "Must be 1 or more records.");
		ResolvedProperty<Duration> retentionWarning = setting(name, "failure.retention-warning",
				(consumer) -> consumer.getFailure().getRetentionWarning(), Duration.ofHours(6));
		retentionWarning.check(
				retentionWarning.value().isZero()
						|| retentionWarning.value().compareTo(SHORTEST_RETENTION_WARNING) >= 0,
				"Must be 0, which means no warning, or 1 minute or more. A number without a unit is in milliseconds: "
						+ "write 6h for 6 hours.");
		ResolvedProperty<FailureAction> then = setting(name, "failure.then",
				(consumer) -> consumer.getFailure().getThen(), FailureAction.PARK);
		ResolvedProperty<Map<String, FailureAction>> thenFor = setting(name, "failure.then-for",
				(consumer) -> consumer.getFailure().getThenFor(), Map.of());
		ResolvedProperty<List<String>> notRetryable = setting(name, "failure.not-retryable",
				(consumer) -> consumer.getFailure().getNotRetryable(), List.of());
		RetryBackOff backOff = backOff(name);
		ErrorHandlerRules rules = (errorHandler != null) ? rules(name, errorHandler, then) : null;
		ErrorHandlerRules attempts = (maxAttempts.configured() || backOff.configured()) ? null : rules;
		ErrorHandlerRules end = (then.configured() || thenFor.configured()) ? null : rules;
		ConsumerRecordRecoverer recoverer = (end != null) ? end.recoverer() : this.beans.recoverer();
		logger.info(describe(name, errorHandler, attempts, maxAttempts, end, then, recoverer));
		return new FailurePolicy((attempts != null) ? 0 : maxAttempts.value(), backOff.value(), recordBackOff(attempts),
				(rules != null && !notRetryable.configured()) ? rules.retryable()
						: Retryable.allBut(exceptionTypes(notRetryable)),
				(end != null) ? end.then() : then.value(), types(thenFor),
				deadLetters(name, subscription, then, thenFor, recoverer),
				(recoverer != null) ? new ConsumerRecordRecovererAdapter(recoverer, RejectingConsumer.of(name),
						subscription.groupId()) : null,
				maxParked.value(), (rules != null) ? rules.retryListeners() : List.of(),
				end == null || end.ackAfterHandle(), outage(name), retentionWarning.value());
	}

	private @Nullable ErrorHandlerRules rules(String name, CommonErrorHandler errorHandler,
			ResolvedProperty<FailureAction> then) {
		ErrorHandlerRules rules = ErrorHandlerRules.of(errorHandler);
		if (rules == null && !then.configured()) {
			throw new UnsuitableContainerException(
					"Listener container '" + name
							+ "' cannot be given Kaffe workers: workers do not call its error handler, a "
							+ errorHandler.getClass().getName() + ", and cannot do the same about failed records.",
					"Set '" + then.property() + "' (park, dead-letter, skip or stop) to say what happens to a record "
							+ "whose attempts are exhausted. Or use a DefaultErrorHandler, of which workers use the "
							+ "back-off, the recoverer, the retry listeners and the classification of exceptions, a "
							+ "CommonContainerStoppingErrorHandler or a CommonLoggingErrorHandler.");
		}
		return rules;
	}

	/**
	 * Return what chooses the back-off of a record: the application's bean, else the
	 * error handler, else nothing.
	 */
	private @Nullable RecordBackOff recordBackOff(@Nullable ErrorHandlerRules rules) {
		RecordBackOff bean = this.beans.backOff();
		if (bean == null || rules == null) {
			return (rules != null) ? rules.backOff() : bean;
		}
		return (record, failure) -> {
			BackOff own = bean.backOff(record, failure);
			return (own != null) ? own : rules.backOff().backOff(record, failure);
		};
	}

	private static String describe(String name, @Nullable CommonErrorHandler errorHandler,
			@Nullable ErrorHandlerRules attempts, ResolvedProperty<Integer> maxAttempts,
			@Nullable ErrorHandlerRules end, ResolvedProperty<FailureAction> then,
			@Nullable ConsumerRecordRecoverer recoverer) {
		String handler = (errorHandler != null) ? ClassUtils.getShortName(errorHandler.getClass()) : "";
		String first = (attempts != null) ? "retried by its " + handler + " (" + attempts.backOffText() + ")"
				: attempts(maxAttempts.value()) + " (" + source(maxAttempts) + ")";
		String last;
		if (recoverer != null) {
			last = "passed to the recoverer of " + ((end != null) ? "its " + handler : "the application");
		}
		else {
			last = (end != null) ? action(end.then()) + " (its " + handler + ")"
					: action(then.value()) + " (" + source(then) + ")";
		}
		return "Failed records of consumer '" + name + "' are " + first + ", then " + last;
	}

	private static String attempts(int most) {
		return switch (most) {
			case 0 -> "retried without limit";
			case 1 -> "not retried";
			default -> "attempted up to " + most + " times";
		};
	}

	private static String source(ResolvedProperty<?> setting) {
		return setting.configured() ? setting.property() : "default";
	}

	private static String action(FailureAction action) {
		return switch (action) {
			case PARK -> "parked";
			case DEAD_LETTER -> "sent to the dead-letter topic";
			case SKIP -> "skipped";
			case STOP -> "left unfinished, and the consumer is stopped";
		};
	}

	private @Nullable RecordRecoverer deadLetters(String name, Subscription subscription,
			ResolvedProperty<FailureAction> then, ResolvedProperty<Map<String, FailureAction>> thenFor,
			@Nullable ConsumerRecordRecoverer recoverer) {
		ResolvedProperty<String> topic = setting(name, "failure.dead-letter-topic",
				(consumer) -> consumer.getFailure().getDeadLetterTopic(), DeadLetterTopicPattern.DEFAULT);
		boolean inUse = recoverer == null;
		check(then, inUse && then.value() == FailureAction.DEAD_LETTER);
		check(thenFor, inUse && thenFor.value().containsValue(FailureAction.DEAD_LETTER));
		inUse = inUse && (then.value() == FailureAction.DEAD_LETTER
				|| thenFor.value().containsValue(FailureAction.DEAD_LETTER));
		DeadLetterTopicPattern pattern = pattern(topic);
		for (String source : subscription.topics()) {
			String target = pattern.topicFor(source);
			topic.check(!inUse || !subscription.consumed().test(target),
					"Dead letters of '" + source + "' would be sent to '" + target
							+ "', which the consumer itself consumes. Use another topic, such as {topic}-dlt.");
		}
		if (topic.configured() && !inUse && !isForOthers(topic)) {
			warnOfUnused(topic, then, recoverer);
		}
		KafkaOperations<?, ?> template = this.beans.template();
		return (template != null) ? this.beans.deadLetters(template, pattern, subscription) : null;
	}

	/**
	 * Return whether a topic that is set for all consumers is used by some of them.
	 */
	private boolean isForOthers(ResolvedProperty<String> topic) {
		return topic.isCommon() && this.beans.recoverer() == null
				&& (sends(this.properties) || this.properties.getConsumers().values().stream().anyMatch(this::sends));
	}

	private boolean sends(ConsumerProperties consumer) {
		Map<String, FailureAction> thenFor = consumer.getFailure().getThenFor();
		return consumer.getFailure().getThen() == FailureAction.DEAD_LETTER
				|| (thenFor != null && thenFor.containsValue(FailureAction.DEAD_LETTER));
	}

	private void warnOfUnused(ResolvedProperty<String> topic, ResolvedProperty<FailureAction> then,
			@Nullable ConsumerRecordRecoverer recoverer) {
		if (this.warnedOf.add(topic.property())) {
			logger.warn("'" + topic.property() + "' is set, but "
					+ ((recoverer != null)
							? "a ConsumerRecordRecoverer recovers the records whose attempts are exhausted"
							: "'failure.then' is " + then.shown() + ", not dead-letter")
					+ ": no record is sent to that topic unless an operator dead-letters it");
		}
	}

	private void check(ResolvedProperty<?> setting, boolean sends) {
		setting.check(!sends || this.beans.template() != null,
				"Sending dead letters requires a KafkaTemplate, but there is no bean of that type, or several of which "
						+ "none is primary. Define one, or set 'failure.then' to park, skip or stop.");
	}

	private static DeadLetterTopicPattern pattern(ResolvedProperty<String> topic) {
		try {
			return new DeadLetterTopicPattern(topic.value());
		}
		catch (IllegalArgumentException ex) {
			throw topic.invalid(ex.getMessage() + ".");
		}
	}

	private Set<Class<? extends Throwable>> exceptionTypes(ResolvedProperty<List<String>> setting) {
		Set<Class<? extends Throwable>> types = new HashSet<>();
		setting.value().forEach((type) -> types.add(exceptionType(setting, type)));
		return types;
	}

	private Map<Class<? extends Throwable>, FailureAction> types(ResolvedProperty<Map<String, FailureAction>> setting) {
		Map<Class<? extends Throwable>, FailureAction> actions = new HashMap<>();
		setting.value().forEach((type, action) -> actions.put(exceptionType(setting, type), action));
		return actions;
	}

	private Class<? extends Throwable> exceptionType(ResolvedProperty<?> setting, String name) {
		try {
			return ClassUtils.forName(name, this.classLoader).asSubclass(Throwable.class);
		}
		catch (ClassNotFoundException | LinkageError ex) {
			throw setting.invalid("Class " + name
					+ " was not found. Use its fully qualified name, with $ before the name of a nested class.");
		}
		catch (ClassCastException ex) {
			throw setting.invalid(name + " is not an exception type.");
		}
	}

	private OutageSettings outage(String name) {
		ResolvedProperty<Boolean> enabled = setting(name, "failure.outage.enabled",
				(consumer) -> consumer.getFailure().getOutage().getEnabled(), true);
		ResolvedProperty<Double> failureRate = setting(name, "failure.outage.failure-rate",
				(consumer) -> consumer.getFailure().getOutage().getFailureRate(), 0.5);
		failureRate.check(failureRate.value() > 0 && failureRate.value() <= 1,
				"Must be above 0 and at most 1, a fraction of all attempts.");
		ResolvedProperty<Integer> minimumAttempts = setting(name, "failure.outage.minimum-attempts",
				(consumer) -> consumer.getFailure().getOutage().getMinimumAttempts(), 20);
		minimumAttempts.check(minimumAttempts.value() > 0, "Must be 1 or more attempts.");
		ResolvedProperty<Duration> window = setting(name, "failure.outage.window",
				(consumer) -> consumer.getFailure().getOutage().getWindow(), Duration.ofSeconds(10));
		ResolvedProperty.checkAtLeast(window, SHORTEST_OF_OUTAGES);
		window.check(window.value().compareTo(Duration.ofHours(1)) <= 0, "Must be 1 hour or less.");
		window.check(window.value().equals(Duration.ofSeconds(window.value().toSeconds())), "Must be whole seconds.");
		ResolvedProperty<Duration> probeInterval = setting(name, "failure.outage.probe-interval",
				(consumer) -> consumer.getFailure().getOutage().getProbeInterval(), Duration.ofSeconds(10));
		ResolvedProperty.checkAtLeast(probeInterval, SHORTEST_OF_OUTAGES);
		return new OutageSettings(enabled.value(), failureRate.value(), minimumAttempts.value(), window.value(),
				probeInterval.value());
	}

	private RetryBackOff backOff(String name) {
		ResolvedProperty<Duration> initial = setting(name, "failure.backoff.initial-interval",
				(consumer) -> consumer.getFailure().getBackoff().getInitialInterval(), Duration.ofMillis(100));
		initial.check(ResolvedProperty.isPositive(initial.value()), ResolvedProperty.POSITIVE);
		ResolvedProperty<Double> multiplier = setting(name, "failure.backoff.multiplier",
				(consumer) -> consumer.getFailure().getBackoff().getMultiplier(), 2.0);
		multiplier.check(multiplier.value() >= 1, "Must be 1 or more; 1 keeps the interval constant.");
		ResolvedProperty<Duration> max = setting(name, "failure.backoff.max-interval",
				(consumer) -> consumer.getFailure().getBackoff().getMaxInterval(), Duration.ofSeconds(30));
		max.check(max.value().compareTo(initial.value()) >= 0,
				"Must not be below the initial interval, which is " + initial.value().toMillis() + " ms.");
		ResolvedProperty<Double> jitter = setting(name, "failure.backoff.jitter",
				(consumer) -> consumer.getFailure().getBackoff().getJitter(), 0.1);
		jitter.check(jitter.value() >= 0 && jitter.value() <= 1, "Must be from 0 to 1, a fraction of each interval.");
		return new RetryBackOff(
				new ProportionalBackOff(initial.value(), multiplier.value(), max.value(), jitter.value()),
				Stream.of(initial, multiplier, max, jitter).anyMatch(ResolvedProperty::configured));
	}

	private <T> ResolvedProperty<T> setting(String consumer, String property,
			Function<ConsumerProperties, @Nullable T> getter, T fallback) {
		return ResolvedProperty.of(this.properties, consumer, property, getter, fallback);
	}

	/**
	 * The back-off of the properties.
	 *
	 * @param value the back-off
	 * @param configured whether one of its properties is set
	 */
	private record RetryBackOff(BackOff value, boolean configured) {
	}

}
