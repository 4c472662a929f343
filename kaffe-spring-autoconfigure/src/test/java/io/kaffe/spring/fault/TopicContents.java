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

package io.kaffe.spring.fault;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * What is in some partitions, as a consumer on its own reads it.
 *
 * @param offsets the offsets of the records by partition
 * @param ends the offset at which the next record of a partition will be
 */
record TopicContents(Map<TopicPartition, List<Long>> offsets, Map<TopicPartition, Long> ends) {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	List<Long> offsetsOf(TopicPartition partition) {
		return this.offsets.getOrDefault(partition, List.of());
	}

	long endOf(TopicPartition partition) {
		return this.ends.getOrDefault(partition, 0L);
	}

	/**
	 * Read partitions from the beginning to their end. Records of aborted transactions
	 * are left out.
	 */
	static TopicContents read(String servers, Collection<TopicPartition> partitions) {
		Map<String, Object> configuration = Map.of("bootstrap.servers", servers, "isolation.level", "read_committed",
				"enable.auto.commit", false, "max.poll.records", 10_000);
		try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(configuration, new ByteArrayDeserializer(),
				new ByteArrayDeserializer())) {
			consumer.assign(partitions);
			consumer.seekToBeginning(partitions);
			Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, PATIENCE);
			Map<TopicPartition, List<Long>> offsets = new HashMap<>();
			partitions.forEach((partition) -> offsets.put(partition, new ArrayList<>()));
			long deadline = System.nanoTime() + PATIENCE.toNanos();
			while (partitions.stream()
				.anyMatch((partition) -> consumer.position(partition) < ends.getOrDefault(partition, 0L))) {
				for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) {
					offsets
						.computeIfAbsent(new TopicPartition(record.topic(), record.partition()),
								(partition) -> new ArrayList<>())
						.add(record.offset());
				}
				if (System.nanoTime() - deadline > 0) {
					throw new IllegalStateException("Could not read " + partitions + " to their ends " + ends);
				}
			}
			return new TopicContents(offsets, ends);
		}
	}

}
