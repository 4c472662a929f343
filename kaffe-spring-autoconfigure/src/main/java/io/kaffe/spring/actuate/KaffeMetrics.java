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

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

import io.micrometer.core.instrument.MeterRegistry;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.ConsumerObserver;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.table.ConsumerSnapshot;

/**
 * The meters {@code kaffe.*} of all consumers. Tags are the consumer, its topics and
 * partitions, and enumerations: never a key, a worker, or an exception message. Meters of
 * a partition exist while it is assigned.
 * <p>
 * <b>Threading.</b> Safe for concurrent use. Consumer threads only count; meters of
 * partitions are registered and removed by the executor.
 */
public final class KaffeMetrics implements ConsumerObserver, AutoCloseable {

	private final Map<String, ConsumerMeters> consumers = new ConcurrentHashMap<>();

	private final MeterRegistry registry;

	private final Supplier<DefaultWorkerManager> manager;

	private final Executor executor;

	/**
	 * Create the meters; those of a consumer are registered when it is given workers.
	 * @param registry registers the meters
	 * @param manager provides the consumers; called when a gauge is read
	 * @param executor registers and removes the meters of partitions
	 */
	public KaffeMetrics(MeterRegistry registry, Supplier<DefaultWorkerManager> manager, Executor executor) {
		this.registry = registry;
		this.manager = manager;
		this.executor = executor;
	}

	@Override
	public HandlerTimer handlerTimer(String consumer) {
		return meters(consumer);
	}

	@Override
	public void committed(String consumer, @Nullable Exception failure) {
		meters(consumer).committed(failure == null);
	}

	@Override
	public void rebalanced(String consumer, ConsumerSnapshot.Rebalance rebalance) {
		meters(consumer).rebalanced(rebalance);
	}

	@Override
	public void restarted(String consumer) {
		meters(consumer).restarted();
	}

	@Override
	public void internalError(String consumer) {
		meters(consumer).internalError();
	}

	private ConsumerMeters meters(String consumer) {
		return this.consumers.computeIfAbsent(consumer, (name) -> new ConsumerMeters(name, this.registry,
				() -> ConsumerReading.of(this.manager.get(), name), this.executor));
	}

	/**
	 * Remove all meters.
	 */
	@Override
	public void close() {
		this.consumers.values().forEach(ConsumerMeters::close);
	}

}
