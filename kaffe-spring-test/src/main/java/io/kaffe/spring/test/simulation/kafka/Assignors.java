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

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * How partitions are shared out to the members of a group: by range, round-robin, or so
 * that most stay where they are. As balanced as Kafka's assignors, not the same in each
 * case.
 */
final class Assignors {

	static final String RANGE = "range";

	static final String ROUND_ROBIN = "roundrobin";

	static final String STICKY = "sticky";

	static final String COOPERATIVE_STICKY = "cooperative-sticky";

	private Assignors() {
	}

	/**
	 * Return the name of an assignor that is configured by a class or the name of one.
	 */
	static String nameOf(Object assignor) {
		String name = (assignor instanceof Class<?> type) ? type.getName() : assignor.toString();
		String simple = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
		return switch (simple) {
			case "rangeassignor" -> RANGE;
			case "roundrobinassignor" -> ROUND_ROBIN;
			case "stickyassignor" -> STICKY;
			case "cooperativestickyassignor" -> COOPERATIVE_STICKY;
			default -> simple;
		};
	}

	/**
	 * Share out partitions.
	 * @param name the assignor
	 * @param cluster which knows the partitions
	 * @param members topics by member
	 * @param owned by member, what it has
	 * @return by member, what it gets
	 */
	static Map<String, Set<TopicPartition>> assign(String name, SimulatedCluster cluster,
			Map<String, Set<String>> members, Map<String, Set<TopicPartition>> owned) {
		Map<String, Set<TopicPartition>> result = new TreeMap<>();
		members.keySet().forEach((member) -> result.put(member, new LinkedHashSet<>()));
		if (members.isEmpty()) {
			return result;
		}
		switch (name) {
			case ROUND_ROBIN -> roundRobin(cluster, members, result);
			case STICKY -> sticky(cluster, members, owned, result);
			case COOPERATIVE_STICKY -> {
				sticky(cluster, members, owned, result);
				keepOwned(owned, result);
			}
			default -> range(cluster, members, result);
		}
		return result;
	}

	private static Set<String> topics(Map<String, Set<String>> members) {
		Set<String> topics = new TreeSet<>();
		members.values().forEach(topics::addAll);
		return topics;
	}

	private static void range(SimulatedCluster cluster, Map<String, Set<String>> members,
			Map<String, Set<TopicPartition>> result) {
		for (String topic : topics(members)) {
			List<String> subscribed = result.keySet().stream().filter((member) -> has(members, member, topic)).toList();
			int partitions = cluster.partitions(topic);
			int next = 0;
			for (int i = 0; i < subscribed.size(); i++) {
				int count = partitions / subscribed.size() + ((i < partitions % subscribed.size()) ? 1 : 0);
				for (int n = 0; n < count; n++) {
					set(result, subscribed.get(i)).add(new TopicPartition(topic, next++));
				}
			}
		}
	}

	private static void roundRobin(SimulatedCluster cluster, Map<String, Set<String>> members,
			Map<String, Set<TopicPartition>> result) {
		List<String> names = new ArrayList<>(result.keySet());
		int turn = 0;
		for (String topic : topics(members)) {
			for (int partition = 0; partition < cluster.partitions(topic); partition++) {
				while (!has(members, names.get(turn % names.size()), topic)) {
					turn++;
				}
				set(result, names.get(turn++ % names.size())).add(new TopicPartition(topic, partition));
			}
		}
	}

	/**
	 * Leave partitions where they are, give those that nobody has to members with fewest,
	 * and move as many as it takes for balance.
	 */
	private static void sticky(SimulatedCluster cluster, Map<String, Set<String>> members,
			Map<String, Set<TopicPartition>> owned, Map<String, Set<TopicPartition>> result) {
		Map<TopicPartition, String> owners = new HashMap<>();
		owned.forEach((member, partitions) -> partitions.forEach((partition) -> owners.putIfAbsent(partition, member)));
		List<TopicPartition> free = new ArrayList<>();
		for (String topic : topics(members)) {
			for (int i = 0; i < cluster.partitions(topic); i++) {
				TopicPartition partition = new TopicPartition(topic, i);
				String owner = owners.get(partition);
				if (owner != null && has(members, owner, topic)) {
					set(result, owner).add(partition);
				}
				else {
					free.add(partition);
				}
			}
		}
		for (TopicPartition partition : free) {
			String least = least(members, result, partition.topic());
			if (least != null) {
				set(result, least).add(partition);
			}
		}
		while (moveOne(members, result)) {
			// until it is balanced
		}
	}

	private static boolean moveOne(Map<String, Set<String>> members, Map<String, Set<TopicPartition>> result) {
		for (Map.Entry<String, Set<TopicPartition>> from : result.entrySet()) {
			TopicPartition last = null;
			String target = null;
			for (TopicPartition partition : from.getValue()) {
				String least = least(members, result, partition.topic());
				if (least != null && set(result, least).size() + 1 < from.getValue().size()) {
					last = partition;
					target = least;
				}
			}
			if (last != null && target != null) {
				from.getValue().remove(last);
				set(result, target).add(last);
				return true;
			}
		}
		return false;
	}

	/**
	 * Let members that get a partition wait until its owner has revoked it, which is seen
	 * by the owner's next join (KIP-429).
	 */
	private static void keepOwned(Map<String, Set<TopicPartition>> owned, Map<String, Set<TopicPartition>> result) {
		owned.forEach((owner, partitions) -> result.forEach((member, gets) -> {
			if (!member.equals(owner)) {
				gets.removeAll(partitions);
			}
		}));
	}

	private static @Nullable String least(Map<String, Set<String>> members, Map<String, Set<TopicPartition>> result,
			String topic) {
		String least = null;
		for (String member : result.keySet()) {
			if (has(members, member, topic)
					&& (least == null || set(result, member).size() < set(result, least).size())) {
				least = member;
			}
		}
		return least;
	}

	private static boolean has(Map<String, Set<String>> members, String member, String topic) {
		Set<String> topics = members.get(member);
		return topics != null && topics.contains(topic);
	}

	private static Set<TopicPartition> set(Map<String, Set<TopicPartition>> result, String member) {
		return result.computeIfAbsent(member, (key) -> new LinkedHashSet<>());
	}

}
