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

import java.util.List;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.ConsumerSeekAware.ConsumerSeekCallback;

/**
 * Seeks of the listener of one instance.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class ApplicationSeeks {

	private final World world;

	private final ServiceInstance instance;

	private @Nullable ConsumerSeekCallback callback;

	ApplicationSeeks(World world, ServiceInstance instance) {
		this.world = world;
		this.instance = instance;
	}

	/**
	 * Partitions were assigned.
	 * @param callback takes the seeks from now on
	 */
	void assigned(ConsumerSeekCallback callback) {
		this.callback = callback;
	}

	/**
	 * Let the listener seek back.
	 * @param which which partition
	 * @param howMuch by how much
	 */
	void seek(int which, int howMuch) {
		List<TopicPartition> assigned = this.instance.consumers().assigned();
		if (assigned.isEmpty() || this.callback == null) {
			return;
		}
		TopicPartition partition = assigned.get(which % assigned.size());
		this.world.simulation().record(() -> this.instance + ": the listener seeks in " + partition);
		this.callback.seek(partition.topic(), partition.partition(), (position) -> {
			long target = Math.max(0, position - howMuch % 15);
			this.world.journal().sought(partition, position, target, false);
			return target;
		});
	}

}
