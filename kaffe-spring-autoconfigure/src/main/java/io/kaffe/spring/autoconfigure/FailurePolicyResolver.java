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
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;
import org.springframework.util.ClassUtils;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.ExponentialBackOff;

import io.kaffe.spring.RecordBackOff;
import io.kaffe.spring.delivery.FailureAction;
import io.kaffe.spring.delivery.FailurePolicy;
import io.kaffe.spring.delivery.RecordRecoverer;

/**
 * Resolves what a consumer does about records that fail, from its properties and the
 * application's beans.
 */
final class FailurePolicyResolver {

	private final KaffeProperties properties;

	private final @Nullable ClassLoader classLoader;

	private final @Nullable RecordBackOff recordBackOff;

	private final @Nullable RecordRecoverer recoverer;

	/**
	 * Create a resolver.
	 * @param properties the properties
	 * @param classLoader finds exception types; {@code null}: the default one
	 * @param recordBackOff the application's own back-off, or {@code null}
	 * @param recoverer the application's own recoverer, or {@code null}
	 */
	FailurePolicyResolver(KaffeProperties properties, @Nullable ClassLoader classLoader,
			@Nullable RecordBackOff recordBackOff, @Nullable RecordRecoverer recoverer) {
		this.properties = properties;
		this.classLoader = classLoader;
		this.recordBackOff = recordBackOff;
		this.recoverer = recoverer;
	}

	/**
	 * Resolve the policy of a consumer.
	 * @param name the consumer's name
	 * @param topics the topics it consumes, as far as they are known
	 * @return the policy
	 */
	FailurePolicy resolve(String name, Collection<String> topics) {
		ConsumerSetting<Integer> maxAttempts = setting(name, "failure.max-attempts",
				(consumer) -> consumer.getFailure().getMaxAttempts(), 10);
		maxAttempts.check(maxAttempts.value() >= 0, "Must be 0, which means without limit, or more.");
		ConsumerSetting<Integer> maxParked = setting(name, "failure.max-parked",
				(consumer) -> consumer.getFailure().getMaxParked(), 100);
		maxParked.check(maxParked.value() > 0, "Must be 1 record or more.");
		ConsumerSetting<FailureAction> then = setting(name, "failure.then",
				(consumer) -> consumer.getFailure().getThen(), FailureAction.PARK);
		return new FailurePolicy(maxAttempts.value(), backOff(name), this.recordBackOff, notRetryable(name),
				then.value(), thenFor(name), null, this.recoverer, maxParked.value());
	}

	private Set<Class<? extends Throwable>> notRetryable(String name) {
		ConsumerSetting<List<String>> setting = setting(name, "failure.not-retryable",
				(consumer) -> consumer.getFailure().getNotRetryable(), List.of());
		Set<Class<? extends Throwable>> types = new HashSet<>();
		setting.value().forEach((type) -> types.add(exceptionType(setting, type)));
		return types;
	}

	private Map<Class<? extends Throwable>, FailureAction> thenFor(String name) {
		ConsumerSetting<Map<String, FailureAction>> setting = setting(name, "failure.then-for",
				(consumer) -> consumer.getFailure().getThenFor(), Map.of());
		Map<Class<? extends Throwable>, FailureAction> actions = new HashMap<>();
		setting.value().forEach((type, action) -> actions.put(exceptionType(setting, type), action));
		return actions;
	}

	private Class<? extends Throwable> exceptionType(ConsumerSetting<?> setting, String name) {
		try {
			return ClassUtils.forName(name, this.classLoader).asSubclass(Throwable.class);
		}
		catch (ClassNotFoundException | LinkageError ex) {
			throw setting.invalid("There is no class " + name
					+ " on the class path. Write its full name, with $ before " + "the name of a nested class.");
		}
		catch (ClassCastException ex) {
			throw setting.invalid(name + " is not an exception type.");
		}
	}

	private BackOff backOff(String name) {
		ConsumerSetting<Duration> initial = setting(name, "failure.backoff.initial-interval",
				(consumer) -> consumer.getFailure().getBackoff().getInitialInterval(), Duration.ofMillis(100));
		initial.check(ConsumerSetting.isPositive(initial.value()), ConsumerSetting.POSITIVE);
		ConsumerSetting<Double> multiplier = setting(name, "failure.backoff.multiplier",
				(consumer) -> consumer.getFailure().getBackoff().getMultiplier(), 2.0);
		multiplier.check(multiplier.value() >= 1, "Must be 1 or more; 1 keeps the wait the same.");
		ConsumerSetting<Duration> max = setting(name, "failure.backoff.max-interval",
				(consumer) -> consumer.getFailure().getBackoff().getMaxInterval(), Duration.ofSeconds(30));
		max.check(max.value().compareTo(initial.value()) >= 0,
				"Must not be below the initial interval, which is " + initial.value().toMillis() + " ms.");
		ConsumerSetting<Double> jitter = setting(name, "failure.backoff.jitter",
				(consumer) -> consumer.getFailure().getBackoff().getJitter(), 0.1);
		jitter.check(jitter.value() >= 0 && jitter.value() <= 1, "Must be from 0 to 1, a share of each wait.");
		ExponentialBackOff backOff = new ExponentialBackOff(initial.value().toMillis(), multiplier.value());
		backOff.setMaxInterval(max.value().toMillis());
		// Spring scales the jitter along with the interval.
		backOff.setJitter(Math.round(jitter.value() * initial.value().toMillis()));
		return backOff;
	}

	private <T> ConsumerSetting<T> setting(String consumer, String property,
			Function<ConsumerProperties, @Nullable T> getter, T fallback) {
		return ConsumerSetting.of(this.properties, consumer, property, getter, fallback);
	}

}
