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
import java.util.function.Supplier;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * What attempts have sent in Kafka transactions, as consumers see it that read committed
 * records only: whether each record has exactly one result, and those of a key are in the
 * order of its records.
 * <p>
 * <b>Threading.</b> Used by the thread of a test.
 */
final class Results implements Oracle {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private final Supplier<List<ConsumerRecord<String, String>>> reading;

	private final boolean ordered;

	/**
	 * Create results.
	 * @param reading reads them
	 * @param ordered whether records of a key are handled in their order
	 */
	Results(Supplier<List<ConsumerRecord<String, String>>> reading, boolean ordered) {
		this.reading = reading;
		this.ordered = ordered;
	}

	/**
	 * Return the value of the result of a record.
	 */
	static String of(ConsumerRecord<?, ?> record) {
		return record.topic() + "-" + record.partition() + "@" + record.offset();
	}

	@Override
	public List<String> violations(History history) {
		List<ConsumerRecord<String, String>> results = this.reading.get();
		Map<String, Integer> counts = new HashMap<>();
		results.forEach((result) -> counts.merge(result.value(), 1, Integer::sum));
		List<String> violations = new ArrayList<>();
		history.log()
			.forEach((partition, offsets) -> offsets.stream()
				.map((offset) -> partition + "@" + offset)
				.filter((record) -> !counts.containsKey(record))
				.forEach((record) -> violations.add(record + " has no result")));
		counts.forEach((record, count) -> {
			if (count > 1) {
				violations.add(record + " has " + count + " results");
			}
		});
		if (this.ordered) {
			addOutOfOrder(results, violations);
		}
		return violations;
	}

	private static void addOutOfOrder(List<ConsumerRecord<String, String>> results, List<String> violations) {
		Map<List<String>, Long> last = new HashMap<>();
		for (ConsumerRecord<String, String> result : results) {
			int at = result.value().indexOf('@');
			long offset = Long.parseLong(result.value().substring(at + 1));
			if (result.key() != null) {
				Long before = last.put(List.of(result.key(), result.value().substring(0, at)), offset);
				if (before != null && before > offset) {
					violations.add(result.value() + " of key " + result.key() + " is behind " + before);
				}
			}
		}
	}

	/**
	 * Read partitions from the beginning to their end. Records of aborted transactions
	 * are left out.
	 */
	static List<ConsumerRecord<String, String>> read(String servers, Collection<TopicPartition> partitions) {
		Map<String, Object> configuration = Map.of("bootstrap.servers", servers, "isolation.level", "read_committed",
				"enable.auto.commit", false, "max.poll.records", 10_000);
		List<ConsumerRecord<String, String>> records = new ArrayList<>();
		try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(configuration, new StringDeserializer(),
				new StringDeserializer())) {
			consumer.assign(partitions);
			consumer.seekToBeginning(partitions);
			Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, PATIENCE);
			long deadline = System.nanoTime() + PATIENCE.toNanos();
			while (partitions.stream()
				.anyMatch((partition) -> consumer.position(partition) < ends.getOrDefault(partition, 0L))) {
				consumer.poll(Duration.ofMillis(500)).forEach(records::add);
				if (System.nanoTime() - deadline > 0) {
					throw new IllegalStateException("Could not read " + partitions + " to their ends " + ends);
				}
			}
		}
		return records;
	}

}
