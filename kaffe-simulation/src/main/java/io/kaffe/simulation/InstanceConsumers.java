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

package io.kaffe.simulation;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;

import io.kaffe.spring.test.simulation.kafka.AssignmentEnd;
import io.kaffe.spring.test.simulation.kafka.SimulatedConsumer;

/**
 * Creates the simulated consumers of one instance, and knows what is assigned to them.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class InstanceConsumers extends DefaultKafkaConsumerFactory<Object, Object> {

	private final List<SimulatedConsumer<Object, Object>> all = new ArrayList<>();

	private final World world;

	private final ServiceInstance instance;

	private final Map<String, Object> config;

	InstanceConsumers(World world, ServiceInstance instance, Map<String, Object> config) {
		super(config, instance.payloads().keyDeserializer(), instance.payloads().valueDeserializer());
		this.world = world;
		this.instance = instance;
		this.config = Collections.unmodifiableMap(config);
	}

	@Override
	public Map<String, Object> getConfigurationProperties() {
		return this.config;
	}

	@Override
	@SuppressWarnings({ "unchecked", "rawtypes" })
	public Consumer<Object, Object> createConsumer(@Nullable String groupId, @Nullable String clientIdPrefix,
			@Nullable String clientIdSuffix, @Nullable Properties properties) {
		Map<String, Object> config = new HashMap<>(this.config);
		if (clientIdSuffix != null && config.containsKey(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG)) {
			config.computeIfPresent(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, (key, id) -> id + clientIdSuffix);
		}
		boolean ofContainer = properties == null
				|| properties.getProperty(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG) == null;
		if (properties != null) {
			properties.stringPropertyNames().forEach((name) -> config.put(name, properties.getProperty(name)));
		}
		config.put(ConsumerConfig.CLIENT_ID_CONFIG, this.instance + Objects.requireNonNullElse(clientIdSuffix, ""));
		SimulatedConsumer<Object, Object> consumer = (SimulatedConsumer) this.world.cluster()
			.consumer(config, this.instance.payloads().keyDeserializer(), this.instance.payloads().valueDeserializer(),
					this.instance.process()::isRunning);
		if (ofContainer) {
			consumer.onPoll(this.instance::checkBounds);
			this.all.add(consumer);
		}
		return consumer;
	}

	/**
	 * Create a consumer for bytes, which is not one of the container's.
	 */
	Consumer<byte[], byte[]> ofBytes(Map<String, Object> config) {
		return this.world.cluster()
			.consumer(config, new ByteArrayDeserializer(), new ByteArrayDeserializer(),
					this.instance.process()::isRunning);
	}

	/**
	 * Return all that were created for the container.
	 */
	List<SimulatedConsumer<Object, Object>> all() {
		return this.all;
	}

	/**
	 * Return whether a partition is assigned and not being taken away.
	 */
	boolean isAssigned(TopicPartition partition) {
		for (SimulatedConsumer<Object, Object> consumer : this.all) {
			if (consumer.isAssignedNow(partition)) {
				AssignmentEnd end = consumer.lastEnd(partition);
				if (end == null || !end.isInProgress()) {
					return true;
				}
			}
		}
		return false;
	}

	/**
	 * Return how the last assignment of a partition ended that has ended or is being
	 * revoked, or {@code null} if none has.
	 */
	@Nullable AssignmentEnd lastEnd(TopicPartition partition) {
		AssignmentEnd last = null;
		for (SimulatedConsumer<Object, Object> consumer : this.all) {
			AssignmentEnd end = consumer.lastEnd(partition);
			if (end != null && (last == null || end.beganAt() >= last.beganAt())) {
				last = end;
			}
		}
		return last;
	}

	/**
	 * Return the assigned partitions, in order.
	 */
	List<TopicPartition> assigned() {
		return this.all.stream()
			.flatMap((consumer) -> consumer.assignedNow().stream())
			.distinct()
			.sorted(World.ORDER)
			.toList();
	}

	/**
	 * Return how long a rebalance listener took, at most, when partitions were lost.
	 * @return simulated nanoseconds
	 */
	long longestLoss() {
		return this.all.stream().mapToLong(SimulatedConsumer::longestLoss).max().orElse(0);
	}

}
