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

package io.kaffe.spring.test.simulation.kafka;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.test.simulation.kafka.ClassicMember.JoinAnswer;

/**
 * What a member does that leads a {@link ClassicGroup}: it assigns partitions, and
 * notices when there are other ones.
 */
final class ClassicLeader {

	private final SimulatedCluster cluster;

	private @Nullable Map<String, Integer> partitions;

	ClassicLeader(SimulatedCluster cluster) {
		this.cluster = cluster;
	}

	/**
	 * Assign partitions. What several members say they have, is of the one with the
	 * newest generation.
	 */
	Map<String, Set<TopicPartition>> assign(JoinAnswer answer) {
		Map<String, Set<String>> topics = new TreeMap<>();
		Map<String, Set<TopicPartition>> owned = new TreeMap<>();
		Map<TopicPartition, Integer> newest = new LinkedHashMap<>();
		answer.members().forEach((member, request) -> {
			topics.put(member, request.topics());
			request.owned().forEach((partition) -> newest.merge(partition, request.ownedGeneration(), Math::max));
		});
		answer.members().forEach((member, request) -> {
			Set<TopicPartition> current = new LinkedHashSet<>(request.owned());
			current.removeIf((partition) -> newest.getOrDefault(partition, 0) > request.ownedGeneration());
			owned.put(member, current);
		});
		watch(answer);
		return Assignors.assign(answer.assignor(), this.cluster, topics, owned);
	}

	/**
	 * Keep the assignment of the one it replaces, but notice from now on when there are
	 * other partitions (KIP-814).
	 */
	void watch(JoinAnswer answer) {
		Map<String, Integer> counts = new TreeMap<>();
		answer.members()
			.values()
			.forEach((request) -> request.topics()
				.forEach((topic) -> counts.put(topic, this.cluster.partitions(topic))));
		this.partitions = counts.isEmpty() ? null : counts;
	}

	/**
	 * Return whether there are partitions it has not assigned, or no longer those it has.
	 */
	boolean isOutdated() {
		Map<String, Integer> assigned = this.partitions;
		return assigned != null && assigned.entrySet()
			.stream()
			.anyMatch((entry) -> this.cluster.partitions(entry.getKey()) != entry.getValue());
	}

	void end() {
		this.partitions = null;
	}

}
