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

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.listener.UnsuitableContainerException;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;

/**
 * The application's {@link WorkerAllocationStrategy} beans, and the default strategy of a
 * consumer.
 * <p>
 * The default is the primary bean, if there are several. A single bean may be intended
 * for some consumers only, so it is the default of a single consumer, and of the consumer
 * with the same name.
 * <p>
 * <b>Threading.</b> The names of consumers are guarded by this object's monitor: most
 * consumers are resolved when the application starts, some when a listener is registered
 * later.
 */
final class StrategyBeans {

	private static final String STANDARD = StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION
		.configurationName();

	private final Set<String> consumers = new TreeSet<>();

	private final KaffeProperties properties;

	private final Map<String, WorkerAllocationStrategy> strategies;

	private final @Nullable String only;

	/**
	 * Create an instance.
	 * @param properties the properties, in which consumers can name a bean
	 * @param strategies bean name to strategy
	 * @param only the only or the primary strategy, or {@code null}
	 */
	StrategyBeans(KaffeProperties properties, Map<String, WorkerAllocationStrategy> strategies,
			@Nullable WorkerAllocationStrategy only) {
		this.properties = properties;
		this.strategies = new TreeMap<>(strategies);
		this.only = this.strategies.entrySet()
			.stream()
			.filter((entry) -> entry.getValue() == only)
			.map(Map.Entry::getKey)
			.findFirst()
			.orElse(null);
	}

	/**
	 * Register the names of consumers.
	 * @param names the names of the consumers
	 */
	synchronized void expect(Collection<String> names) {
		this.consumers.addAll(names);
	}

	/**
	 * Return the name of the default strategy of a consumer.
	 * @param consumer the consumer's name
	 * @return the name of a bean or of a standard strategy
	 * @throws UnsuitableContainerException if there is a single bean, and it is ambiguous
	 * whether it is intended for this consumer
	 */
	synchronized String defaultFor(String consumer) {
		this.consumers.add(consumer);
		if (this.only == null) {
			return STANDARD;
		}
		if (this.strategies.size() > 1 || this.consumers.size() == 1 || this.only.equals(consumer)) {
			return this.only;
		}
		if (this.consumers.contains(this.only) || isNamedBySomeConsumer(this.only)) {
			return STANDARD;
		}
		throw unclear(this.only, consumer);
	}

	private boolean isNamedBySomeConsumer(String bean) {
		return this.properties.getConsumers()
			.values()
			.stream()
			.anyMatch((consumer) -> bean.equals(consumer.getWorkerAllocationStrategy()));
	}

	private UnsuitableContainerException unclear(String bean, String consumer) {
		String property = "worker-allocation-strategy";
		return new UnsuitableContainerException(
				"It is ambiguous whether consumer '" + consumer + "' uses the WorkerAllocationStrategy bean '" + bean
						+ "': it is the only one, but there are several consumers (" + String.join(", ", this.consumers)
						+ "), and none of them names it.",
				"Set '" + KaffeProperties.nameOf(consumer, property) + "' to " + bean + " for this consumer, or 'kaffe."
						+ property + "' for all of them: to " + bean + ", or to " + STANDARD
						+ " if it is not intended.");
	}

	@Nullable WorkerAllocationStrategy find(String name) {
		return this.strategies.get(name);
	}

	Set<String> names() {
		return this.strategies.keySet();
	}

}
