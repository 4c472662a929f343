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
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.util.unit.DataSize;

import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.delivery.BatchDelivery;
import io.kaffe.spring.engine.listener.ConsumerSettings;
import io.kaffe.spring.engine.listener.ContainerFacts.Subscription;
import io.kaffe.spring.engine.listener.UnsuitableContainerException;
import io.kaffe.spring.engine.worker.RestartHistory;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.WorkerOwner;
import io.kaffe.spring.table.ConsumerProblem;

/**
 * Resolves the settings of a consumer: its own property, else the one for all consumers,
 * else Kaffe's default. Rejects invalid values by the name of the property.
 */
final class ConsumerSettingsResolver {

	private static final int DEFAULT_CONCURRENCY = 16;

	private static final int DEFAULT_BATCH_SIZE = 500;

	private static final Duration SHORTEST_COMMIT_INTERVAL = Duration.ofMillis(10);

	private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(100);

	private final KaffeProperties properties;

	private final StrategyBeans strategies;

	private final FailurePolicyResolver failures;

	/**
	 * Create a resolver.
	 * @param properties the properties
	 * @param strategies the strategies besides the standard ones
	 * @param failures resolves the failure policy
	 */
	ConsumerSettingsResolver(KaffeProperties properties, StrategyBeans strategies, FailurePolicyResolver failures) {
		this.properties = properties;
		this.strategies = strategies;
		this.failures = failures;
	}

	/**
	 * Register the names of consumers.
	 * @param names the names of the consumers
	 */
	void expect(Collection<String> names) {
		this.strategies.expect(names);
	}

	/**
	 * Resolve the settings of a consumer.
	 * @param name the consumer's name
	 * @param maxPollInterval the maximum interval between polls of its Kafka consumers
	 * @param maxPollRecords the maximum number of records of one of these polls
	 * @param subscription the topics it consumes
	 * @param errorHandler the error handler of its container, or {@code null}
	 * @return the settings
	 * @throws InvalidConfigurationPropertyValueException if a property has an invalid
	 * value
	 * @throws UnsuitableContainerException if a default is not valid for the container
	 */
	ConsumerSettings resolve(String name, Duration maxPollInterval, int maxPollRecords, Subscription subscription,
			@Nullable CommonErrorHandler errorHandler) {
		ResolvedProperty<String> strategy = strategyName(name);
		WorkerAllocationStrategy chosen = strategy(strategy);
		ResolvedProperty<Integer> maxRecords = setting(name, "buffer.max-records",
				(consumer) -> consumer.getBuffer().getMaxRecords(), 10_000);
		maxRecords.check(maxRecords.value() > 0, "Must be 1 or more records.");
		ResolvedProperty<DataSize> maxBytes = setting(name, "buffer.max-bytes",
				(consumer) -> consumer.getBuffer().getMaxBytes(), DataSize.ofMegabytes(64));
		maxBytes.check(maxBytes.value().toBytes() > 0, "Must be 1 or more bytes.");
		ResolvedProperty<Duration> commitInterval = setting(name, "commit.interval",
				(consumer) -> consumer.getCommit().getInterval(), Duration.ofMillis(100));
		ResolvedProperty.checkAtLeast(commitInterval, SHORTEST_COMMIT_INTERVAL);
		return new ConsumerSettings(
				(chosen instanceof StandardWorkerAllocationStrategy standard) ? standard.configurationName()
						: strategy.value(),
				chosen, maxConcurrency(name, chosen), maxRecords.value(), maxBytes.value().toBytes(),
				setting(name, "commit.completed-offsets", (consumer) -> consumer.getCommit().getCompletedOffsets(),
						true)
					.value(),
				commitInterval.value(), drainTimeout(name, maxPollInterval), batchLimits(name, maxPollRecords),
				this.failures.resolve(name, subscription, errorHandler), stallLimits(name), restartLimit(name),
				setting(name, "health.parked", (consumer) -> consumer.getHealth().getParked(),
						ConsumerProblem.Severity.WARNING)
					.value(),
				setting(name, "mdc", ConsumerProperties::getMdc, true).value());
	}

	private @Nullable Integer maxConcurrency(String name, WorkerAllocationStrategy strategy) {
		ResolvedProperty<Integer> setting = setting(name, "max-concurrency", ConsumerProperties::getMaxConcurrency,
				DEFAULT_CONCURRENCY);
		setting.check(setting.value() > 0, "Must be 1 or more records.");
		return (setting.configured() || strategy.isPerRecord()) ? setting.value() : null;
	}

	private ResolvedProperty<String> strategyName(String name) {
		ResolvedProperty<String> setting = setting(name, "worker-allocation-strategy",
				ConsumerProperties::getWorkerAllocationStrategy, "");
		return setting.configured() ? setting
				: new ResolvedProperty<>(name, setting.property(), this.strategies.defaultFor(name), false);
	}

	private WorkerAllocationStrategy strategy(ResolvedProperty<String> setting) {
		WorkerAllocationStrategy standard = StandardWorkerAllocationStrategy.of(setting.value());
		WorkerAllocationStrategy strategy = (standard != null) ? standard : this.strategies.find(setting.value());
		if (strategy == null) {
			List<String> choices = new ArrayList<>(StandardWorkerAllocationStrategy.configurationNames());
			choices.addAll(this.strategies.names());
			throw setting.invalid("There is no worker allocation strategy with this name. Valid names are: "
					+ String.join(", ", choices)
					+ (this.strategies.names().isEmpty() ? ", or the name of a WorkerAllocationStrategy bean." : "."));
		}
		return strategy;
	}

	private Duration drainTimeout(String name, Duration maxPollInterval) {
		ResolvedProperty<Duration> drainTimeout = setting(name, "drain-timeout", ConsumerProperties::getDrainTimeout,
				Duration.ofSeconds(20));
		ResolvedProperty.checkAtLeast(drainTimeout, SHORTEST_TIMEOUT);
		String reason = "Must be below max.poll.interval.ms, which is " + maxPollInterval.toMillis()
				+ " for this consumer: its group removes a consumer that drains longer.";
		drainTimeout.check(drainTimeout.value().compareTo(maxPollInterval) < 0, reason);
		return drainTimeout.value();
	}

	private BatchDelivery.Limits batchLimits(String name, int maxPollRecords) {
		ResolvedProperty<Integer> maxSize = setting(name, "batch.max-size",
				(consumer) -> consumer.getBatch().getMaxSize(), Math.min(DEFAULT_BATCH_SIZE, maxPollRecords));
		maxSize.check(maxSize.value() > 0, "Must be 1 or more records.");
		ResolvedProperty<Duration> maxWait = setting(name, "batch.max-wait",
				(consumer) -> consumer.getBatch().getMaxWait(), Duration.ZERO);
		maxWait.check(!maxWait.value().isNegative(), "Must be 0, which does not wait, or more.");
		return new BatchDelivery.Limits(maxSize.value(), maxWait.value());
	}

	private WorkerOwner.StallLimits stallLimits(String name) {
		ResolvedProperty<Duration> threshold = setting(name, "stall-threshold", ConsumerProperties::getStallThreshold,
				Duration.ofMinutes(5));
		ResolvedProperty.checkAtLeast(threshold, SHORTEST_TIMEOUT);
		// Zero means never.
		ResolvedProperty<Duration> interrupt = setting(name, "stall-interrupt-threshold",
				ConsumerProperties::getStallInterruptThreshold, Duration.ZERO);
		if (!interrupt.configured()) {
			return new WorkerOwner.StallLimits(threshold.value(), null);
		}
		interrupt.check(interrupt.value().compareTo(threshold.value()) >= 0,
				"Must not be below the stall threshold, which is " + threshold.value().toMillis() + " ms.");
		return new WorkerOwner.StallLimits(threshold.value(), interrupt.value());
	}

	private RestartHistory.Limit restartLimit(String name) {
		ResolvedProperty<Integer> maxRestarts = setting(name, "supervision.max-restarts",
				(consumer) -> consumer.getSupervision().getMaxRestarts(), 10);
		maxRestarts.check(maxRestarts.value() >= 0, "Must be 0, which means none, or more.");
		ResolvedProperty<Duration> window = setting(name, "supervision.window",
				(consumer) -> consumer.getSupervision().getWindow(), Duration.ofMinutes(5));
		ResolvedProperty.checkAtLeast(window, SHORTEST_TIMEOUT);
		return new RestartHistory.Limit(maxRestarts.value(), window.value());
	}

	private <T> ResolvedProperty<T> setting(String consumer, String property,
			Function<ConsumerProperties, @Nullable T> getter, T fallback) {
		return ResolvedProperty.of(this.properties, consumer, property, getter, fallback);
	}

}
