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

import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.table.PartitionSnapshot;

/**
 * The gauges of the assigned partitions of one consumer.
 * <p>
 * <b>Threading.</b> Registered by one thread at a time; read by any.
 */
final class PartitionMeters {

	private final Tags tags;

	private final MeterRegistry registry;

	private final Function<TopicPartition, @Nullable PartitionSnapshot> reader;

	private final List<PartitionGauge> gauges;

	private volatile Set<TopicPartition> partitions = Set.of();

	/**
	 * Create the gauges, without a partition.
	 * @param tags the tags of the consumer
	 * @param registry registers the gauges
	 * @param reader reads a partition; {@code null} if it is not assigned
	 */
	PartitionMeters(Tags tags, MeterRegistry registry, Function<TopicPartition, @Nullable PartitionSnapshot> reader) {
		this.tags = tags;
		this.registry = registry;
		this.reader = reader;
		this.gauges = List.of(
				gauge("kaffe.partition.lag", "Records up to the end offset that are not completed", null,
						(partition) -> orNan(partition.lag().records())),
				gauge("kaffe.partition.completed.ahead", "Completed records above the first one that is not", null,
						(partition) -> partition.offsets().completedAhead()),
				gauge("kaffe.partition.parked", "Parked records, which await a decision of an operator", null,
						PartitionSnapshot::parked),
				gauge("kaffe.partition.evicted", "Records of blocked keys that are evicted from memory", null,
						(partition) -> partition.evicted().records()),
				gauge("kaffe.partition.lag.time", "Age of the oldest record that is not completed, by its timestamp",
						"seconds", (partition) -> orNan(partition.lag().seconds())),
				gauge("kaffe.partition.oldest.age", "How long the oldest uncompleted record has held up commits",
						"seconds", this::oldestAge));
	}

	private PartitionGauge gauge(String name, String description, @Nullable String unit,
			ToDoubleFunction<PartitionSnapshot> value) {
		return new PartitionGauge(MultiGauge.builder(name)
			.description(description)
			.baseUnit(unit)
			.tags(this.tags)
			.register(this.registry), value);
	}

	/**
	 * Return the partitions that have gauges.
	 */
	Set<TopicPartition> partitions() {
		return this.partitions;
	}

	/**
	 * Register the gauges of partitions, and remove those of all others.
	 * @param partitions the partitions
	 */
	void register(Set<TopicPartition> partitions) {
		for (PartitionGauge gauge : this.gauges) {
			gauge.gauge()
				.register(partitions.stream()
					.map((partition) -> MultiGauge.Row.of(tagsOf(partition), partition,
							(key) -> read(key, gauge.value())))
					.toList());
		}
		this.partitions = Set.copyOf(partitions);
	}

	private static Tags tagsOf(TopicPartition partition) {
		return Tags.of("topic", partition.topic(), "partition", String.valueOf(partition.partition()));
	}

	private double read(TopicPartition partition, ToDoubleFunction<PartitionSnapshot> value) {
		PartitionSnapshot snapshot = this.reader.apply(partition);
		return (snapshot != null) ? value.applyAsDouble(snapshot) : Double.NaN;
	}

	private static double orNan(@Nullable Long value) {
		return (value != null) ? value : Double.NaN;
	}

	private double oldestAge(PartitionSnapshot partition) {
		PartitionSnapshot.OldestUnfinished oldest = partition.oldestUnfinished();
		long now = this.registry.config().clock().wallTime();
		return (oldest != null) ? Math.max(0, now - oldest.since().toEpochMilli()) / 1000.0 : 0;
	}

	private record PartitionGauge(MultiGauge gauge, ToDoubleFunction<PartitionSnapshot> value) {
	}

}
