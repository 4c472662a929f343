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

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The partitions that are assigned to one consumer.
 * <p>
 * <b>Threading.</b> The consumer thread adds and removes; any thread reads.
 */
final class Assignments {

	private final Map<TopicPartition, PartitionAssignment> assignments = new ConcurrentHashMap<>();

	/**
	 * Return the assignment of a partition, or {@code null} if it is not assigned.
	 */
	@Nullable PartitionAssignment get(TopicPartition partition) {
		return this.assignments.get(partition);
	}

	/**
	 * Return all of them, a live view.
	 */
	Collection<PartitionAssignment> all() {
		return this.assignments.values();
	}

	/**
	 * Return the partitions, a live view.
	 */
	Set<TopicPartition> partitions() {
		return this.assignments.keySet();
	}

	/**
	 * Return the assignments of those of some partitions that are assigned.
	 */
	List<PartitionAssignment> of(Collection<TopicPartition> partitions) {
		List<PartitionAssignment> present = new ArrayList<>(partitions.size());
		for (TopicPartition partition : partitions) {
			PartitionAssignment assignment = this.assignments.get(partition);
			if (assignment != null) {
				present.add(assignment);
			}
		}
		return present;
	}

	/**
	 * Add an assignment, in place of the one that its partition may have. Consumer
	 * thread.
	 */
	void put(PartitionAssignment assignment) {
		this.assignments.put(assignment.partition(), assignment);
	}

	/**
	 * Remove an assignment, unless another one has taken its place. Consumer thread.
	 */
	void remove(PartitionAssignment assignment) {
		this.assignments.remove(assignment.partition(), assignment);
	}

}
