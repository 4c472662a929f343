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

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.kafka.common.TopicPartition;

/**
 * The topics and partitions of a consumer whose pause was requested, whether or not the
 * consumer has them at the moment: requests outlast rebalances.
 * <p>
 * <b>Threading.</b> Safe for concurrent use.
 */
final class PauseRequests {

	private final Set<String> topics = ConcurrentHashMap.newKeySet();

	private final Set<TopicPartition> partitions = ConcurrentHashMap.newKeySet();

	void pause(String topic) {
		this.topics.add(topic);
	}

	void pause(TopicPartition partition) {
		this.partitions.add(partition);
	}

	/**
	 * Resume a topic, with all partitions of it that were paused for themselves.
	 */
	void resume(String topic) {
		this.topics.remove(topic);
		this.partitions.removeIf((partition) -> partition.topic().equals(topic));
	}

	/**
	 * Resume a partition.
	 * @throws IllegalStateException if its whole topic is paused
	 */
	void resume(TopicPartition partition) {
		if (this.topics.contains(partition.topic())) {
			throw new IllegalStateException(
					"The whole topic '" + partition.topic() + "' is paused, so " + partition + " is resumed with it");
		}
		this.partitions.remove(partition);
	}

	boolean contains(TopicPartition partition) {
		return this.topics.contains(partition.topic()) || this.partitions.contains(partition);
	}

}
