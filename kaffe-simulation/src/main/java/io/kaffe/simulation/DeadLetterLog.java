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

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.springframework.kafka.support.KafkaHeaders;

import io.kaffe.spring.test.simulation.kafka.LogEntry;
import io.kaffe.spring.test.simulation.kafka.PartitionLog;
import io.kaffe.spring.test.simulation.kafka.SimulatedCluster;

/**
 * What was published to dead-letter topics.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class DeadLetterLog {

	/** One for each topic of the world. */
	static final List<String> TOPICS = World.TOPICS.stream().map((topic) -> topic + "-dlt").toList();

	private final Map<TopicPartition, Long> read = new HashMap<>();

	private final SimulatedCluster cluster;

	DeadLetterLog(SimulatedCluster cluster) {
		this.cluster = cluster;
	}

	/**
	 * Read what was published since the last time.
	 */
	void read(Reader reader) {
		for (String topic : TOPICS) {
			for (int number = 0; number < this.cluster.partitions(topic); number++) {
				TopicPartition partition = new TopicPartition(topic, number);
				PartitionLog log = this.cluster.log(partition);
				long end = log.logEnd();
				for (long offset = this.read.getOrDefault(partition, 0L); offset < end; offset++) {
					LogEntry entry = Objects.requireNonNull(log.at(offset));
					reader.published(Payloads.number(Objects.requireNonNull(entry.value())), originalOffset(entry));
				}
				this.read.put(partition, end);
			}
		}
	}

	private static long originalOffset(LogEntry entry) {
		Header header = Objects.requireNonNull(entry.headers()).lastHeader(KafkaHeaders.DLT_ORIGINAL_OFFSET);
		return (header != null) ? ByteBuffer.wrap(header.value()).getLong() : -1;
	}

	/**
	 * Takes what was published.
	 */
	@FunctionalInterface
	interface Reader {

		/**
		 * A record was published.
		 * @param number the number of the record
		 * @param offset its offset, by the headers of the dead letter
		 */
		void published(long number, long offset);

	}

}
