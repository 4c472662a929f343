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
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.ExponentialBackOff;
import org.springframework.util.unit.DataSize;

import io.kaffe.spring.listener.ConsumerSettings;
import io.kaffe.spring.listener.UnsuitableContainerException;
import io.kaffe.spring.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.worker.WorkerAllocationStrategy;

/**
 * Resolves the settings of a consumer: its own, else the default for all, else Kaffe's
 * default. Refuses values that make no sense, by the name of the property they came from.
 */
final class ConsumerSettingsResolver {

	private static final DataSize LARGEST_METADATA = DataSize.ofMegabytes(1);

	private static final int DEFAULT_CONCURRENCY = 16;

	private final KaffeProperties properties;

	private final Map<String, WorkerAllocationStrategy> strategies;

	private final String defaultStrategy;

	/**
	 * Create a resolver.
	 * @param properties the properties
	 * @param strategies bean name to strategy: what may be named besides the standard
	 * ones
	 * @param only the one that is meant if none is named, or {@code null}
	 */
	ConsumerSettingsResolver(KaffeProperties properties, Map<String, WorkerAllocationStrategy> strategies,
			@Nullable WorkerAllocationStrategy only) {
		this.properties = properties;
		this.strategies = new TreeMap<>(strategies);
		this.defaultStrategy = this.strategies.entrySet()
			.stream()
			.filter((entry) -> entry.getValue() == only)
			.map(Map.Entry::getKey)
			.findFirst()
			.orElse(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION.configurationName());
	}

	/**
	 * Resolve the settings of a consumer.
	 * @param name the consumer's name
	 * @param maxPollInterval how long its consumers may take between polls
	 * @return the settings
	 * @throws InvalidConfigurationPropertyValueException if a property has a value that
	 * makes no sense
	 * @throws UnsuitableContainerException if a default does not fit the container
	 */
	ConsumerSettings resolve(String name, Duration maxPollInterval) {
		Setting<String> strategy = setting(name, "worker-allocation-strategy",
				ConsumerProperties::getWorkerAllocationStrategy, this.defaultStrategy);
		WorkerAllocationStrategy chosen = strategy(strategy);
		Setting<Integer> maxRecords = setting(name, "buffer.max-records",
				(consumer) -> consumer.getBuffer().getMaxRecords(), 10_000);
		maxRecords.check(maxRecords.value() > 0, "Must be 1 or more records.");
		Setting<DataSize> maxBytes = setting(name, "buffer.max-bytes", (consumer) -> consumer.getBuffer().getMaxBytes(),
				DataSize.ofMegabytes(64));
		maxBytes.check(maxBytes.value().toBytes() > 0, "Must be 1 or more bytes.");
		Setting<Duration> commitInterval = setting(name, "commit.interval",
				(consumer) -> consumer.getCommit().getInterval(), Duration.ofSeconds(1));
		checkPositive(commitInterval);
		return new ConsumerSettings(
				(chosen instanceof StandardWorkerAllocationStrategy standard) ? standard.configurationName()
						: strategy.value(),
				chosen, maxConcurrency(name, chosen), maxRecords.value(), maxBytes.value().toBytes(),
				metadataLength(name), commitInterval.value(), drainTimeout(name, maxPollInterval), backOff(name));
	}

	private @Nullable Integer maxConcurrency(String name, WorkerAllocationStrategy strategy) {
		Setting<Integer> setting = setting(name, "max-concurrency", ConsumerProperties::getMaxConcurrency,
				DEFAULT_CONCURRENCY);
		setting.check(setting.value() > 0, "Must be 1 or more records at once.");
		return (setting.configured() || strategy.isPerRecord()) ? setting.value() : null;
	}

	private WorkerAllocationStrategy strategy(Setting<String> setting) {
		WorkerAllocationStrategy standard = StandardWorkerAllocationStrategy.of(setting.value());
		WorkerAllocationStrategy strategy = (standard != null) ? standard : this.strategies.get(setting.value());
		if (strategy == null) {
			List<String> choices = new ArrayList<>(StandardWorkerAllocationStrategy.configurationNames());
			choices.addAll(this.strategies.keySet());
			throw setting
				.invalid("There is no worker allocation strategy of that name. Valid are: " + String.join(", ", choices)
						+ (this.strategies.isEmpty() ? ", or the name of a WorkerAllocationStrategy bean." : "."));
		}
		return strategy;
	}

	private int metadataLength(String name) {
		Setting<DataSize> size = setting(name, "commit.max-metadata-size",
				(consumer) -> consumer.getCommit().getMaxMetadataSize(), DataSize.ofBytes(4096));
		size.check(size.value().toBytes() > 0 && size.value().compareTo(LARGEST_METADATA) <= 0,
				"Must be from 1 to " + LARGEST_METADATA.toBytes()
						+ " bytes. To tell nothing but offsets, set 'commit.completed-offsets' to false.");
		boolean told = setting(name, "commit.completed-offsets",
				(consumer) -> consumer.getCommit().getCompletedOffsets(), true)
			.value();
		return told ? (int) size.value().toBytes() : 0;
	}

	private Duration drainTimeout(String name, Duration maxPollInterval) {
		Setting<Duration> drainTimeout = setting(name, "drain-timeout", ConsumerProperties::getDrainTimeout,
				Duration.ofSeconds(20));
		checkPositive(drainTimeout);
		String reason = "Must be below max.poll.interval.ms, which is " + maxPollInterval.toMillis()
				+ " for this consumer: a consumer that drains longer than that is taken for dead by its group.";
		drainTimeout.check(drainTimeout.value().compareTo(maxPollInterval) < 0, reason);
		return drainTimeout.value();
	}

	private BackOff backOff(String name) {
		Setting<Duration> initial = setting(name, "failure.backoff.initial-interval",
				(consumer) -> consumer.getFailure().getBackoff().getInitialInterval(), Duration.ofMillis(100));
		checkPositive(initial);
		Setting<Double> multiplier = setting(name, "failure.backoff.multiplier",
				(consumer) -> consumer.getFailure().getBackoff().getMultiplier(), 2.0);
		multiplier.check(multiplier.value() >= 1, "Must be 1 or more; 1 keeps the wait the same.");
		Setting<Duration> max = setting(name, "failure.backoff.max-interval",
				(consumer) -> consumer.getFailure().getBackoff().getMaxInterval(), Duration.ofSeconds(30));
		max.check(max.value().compareTo(initial.value()) >= 0,
				"Must not be below the initial interval, which is " + initial.value().toMillis() + " ms.");
		Setting<Double> jitter = setting(name, "failure.backoff.jitter",
				(consumer) -> consumer.getFailure().getBackoff().getJitter(), 0.1);
		jitter.check(jitter.value() >= 0 && jitter.value() <= 1, "Must be from 0 to 1, a share of each wait.");
		ExponentialBackOff backOff = new ExponentialBackOff(initial.value().toMillis(), multiplier.value());
		backOff.setMaxInterval(max.value().toMillis());
		// Spring scales the jitter along with the interval.
		backOff.setJitter(Math.round(jitter.value() * initial.value().toMillis()));
		return backOff;
	}

	private static void checkPositive(Setting<Duration> setting) {
		setting.check(setting.value().toMillis() > 0, "Must be 1 ms or more.");
	}

	private <T> Setting<T> setting(String consumer, String property, Function<ConsumerProperties, @Nullable T> getter,
			T fallback) {
		ConsumerProperties own = this.properties.getConsumers().get(consumer);
		T ownValue = (own != null) ? getter.apply(own) : null;
		if (ownValue != null) {
			return new Setting<>(consumer, "kaffe.consumers." + consumer + "." + property, ownValue, true);
		}
		T common = getter.apply(this.properties);
		return (common != null) ? new Setting<>(consumer, "kaffe." + property, common, true)
				: new Setting<>(consumer, "kaffe.consumers." + consumer + "." + property, fallback, false);
	}

	/**
	 * A value and the property it came from.
	 */
	private record Setting<T>(String consumer, String property, T value, boolean configured) {

		void check(boolean valid, String reason) {
			if (!valid) {
				throw invalid(reason);
			}
		}

		RuntimeException invalid(String reason) {
			if (this.configured) {
				return new InvalidConfigurationPropertyValueException(this.property, shown(), reason);
			}
			return new UnsuitableContainerException("The default of '" + this.property + "', " + shown()
					+ ", does not fit the listener container '" + this.consumer + "'. " + reason,
					"Set '" + this.property + "' to a value that fits.");
		}

		/**
		 * Return the value as users write it.
		 */
		private Object shown() {
			if (this.value instanceof Duration duration) {
				boolean seconds = duration.equals(duration.truncatedTo(ChronoUnit.SECONDS)) && !duration.isZero();
				return DurationStyle.SIMPLE.print(duration, seconds ? ChronoUnit.SECONDS : ChronoUnit.MILLIS);
			}
			return this.value;
		}

	}

}
