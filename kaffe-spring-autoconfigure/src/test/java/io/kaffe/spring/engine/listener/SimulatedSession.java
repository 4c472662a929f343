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

package io.kaffe.spring.engine.listener;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * A {@link ConsumerSession} that polls with a {@link SimulatedConsumer}, and the logs of
 * its partitions: does what a listener container does when a test tells it to.
 */
final class SimulatedSession {

	private final Map<TopicPartition, SimulatedConsumer.Partition> cluster = new LinkedHashMap<>();

	private final SimulatedConsumer consumer = new SimulatedConsumer(this.cluster, (offsets) -> {
	});

	private final ConsumerSession session;

	SimulatedSession(WorkerContainer container) {
		this.session = container.session(this.consumer);
	}

	ConsumerSession session() {
		return this.session;
	}

	SimulatedConsumer consumer() {
		return this.consumer;
	}

	SimulatedConsumer.Partition log(TopicPartition partition) {
		return this.cluster.computeIfAbsent(partition, (key) -> new SimulatedConsumer.Partition());
	}

	/**
	 * Append records whose keys and offsets have the same number.
	 */
	void produce(TopicPartition partition, int count) {
		SimulatedConsumer.Partition log = log(partition);
		for (int number = 0; number < count; number++) {
			log.append(new ConsumerRecord<>(partition.topic(), partition.partition(), log.end(), "key" + log.end(),
					"value"));
		}
	}

	/**
	 * Have partitions assigned by a poll.
	 */
	void assign(TopicPartition... partitions) {
		this.session.tick();
		List<TopicPartition> assigned = List.of(partitions);
		assigned.forEach(this::log);
		this.consumer.take(assigned);
		this.session.assigned(assigned);
		this.session.seekAssigned(assigned);
		this.session.positioned(assigned);
	}

	/**
	 * Poll all partitions that are not paused.
	 * @param most how many records of each at most
	 */
	void poll(int most) {
		this.session.tick();
		Map<TopicPartition, List<ConsumerRecord<Object, Object>>> records = new LinkedHashMap<>();
		Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
		for (TopicPartition partition : this.cluster.keySet()) {
			if (this.consumer.isFetchable(partition)) {
				List<ConsumerRecord<Object, Object>> fetched = this.consumer.fetch(partition, most);
				if (!fetched.isEmpty()) {
					records.put(partition, fetched);
					next.put(partition, new OffsetAndMetadata(this.consumer.position(partition)));
				}
			}
		}
		this.session.dispatch(new ConsumerRecords<>(records, next));
	}

	/**
	 * Return the committed offset, or 0 if there is none.
	 */
	long committed(TopicPartition partition) {
		OffsetAndMetadata committed = log(partition).committed();
		return (committed != null) ? committed.offset() : 0;
	}

}
