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

import java.util.List;

import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;

/**
 * Names what a record belongs to of which only one is handled at a time.
 * <p>
 * What each strategy promises is written down here once more, rather than asked of the
 * strategy: one that is wrong must not mislead the oracles.
 */
@FunctionalInterface
interface Unit {

	/**
	 * Return the unit of a record.
	 * @param partition the record's partition
	 * @param offset its offset
	 * @param key its key, or empty if it has none
	 * @return equal for records that belong together
	 */
	Object of(TopicPartition partition, long offset, String key);

	default Object of(Delivery delivery) {
		return of(delivery.partition(), delivery.offset(), delivery.key());
	}

	default Object of(Entry entry) {
		return of(entry.topicPartition(), entry.offset(), entry.key());
	}

	/**
	 * Return what is handled one at a time within an instance, in the order of offsets as
	 * far as it is of one partition: what has a worker of its own.
	 */
	static Unit within(StandardWorkerAllocationStrategy strategy) {
		return switch (strategy) {
			case WORKER_PER_TOPIC_PARTITION -> (partition, offset, key) -> partition;
			case WORKER_PER_PARTITION -> (partition, offset, key) -> partition.partition();
			case WORKER_PER_KEY -> (partition, offset, key) -> key.isEmpty() ? record(partition, offset) : key;
			case WORKER_PER_RECORD -> (partition, offset, key) -> record(partition, offset);
		};
	}

	/**
	 * Return what is handled one at a time in a whole group.
	 * @param strategy the strategy of all instances
	 * @param together whether partitions of one number never are on different instances;
	 * if they may be, only the part of a unit that is in one partition can be kept from
	 * being handled twice
	 */
	static Unit across(StandardWorkerAllocationStrategy strategy, boolean together) {
		Unit within = within(strategy);
		return together ? within : (partition, offset, key) -> List.of(partition, within.of(partition, offset, key));
	}

	private static Object record(TopicPartition partition, long offset) {
		return List.of(partition, offset);
	}

}
