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
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.consumer.internals.AbstractPartitionAssignor;
import org.apache.kafka.common.TopicPartition;

/**
 * Gives same-numbered partitions of different topics to different members, as far as
 * there are members.
 */
public class CrossingAssignor extends AbstractPartitionAssignor {

	@Override
	public String name() {
		return "crossing";
	}

	@Override
	public Map<String, List<TopicPartition>> assign(Map<String, Integer> partitionsPerTopic,
			Map<String, Subscription> subscriptions) {
		List<String> members = subscriptions.keySet().stream().sorted(Comparator.naturalOrder()).toList();
		List<String> topics = partitionsPerTopic.keySet().stream().sorted().toList();
		Map<String, List<TopicPartition>> assignment = new HashMap<>();
		members.forEach((member) -> assignment.put(member, new ArrayList<>()));
		partitionsPerTopic.forEach((topic, partitions) -> {
			for (int partition = 0; partition < partitions; partition++) {
				String member = members.get((partition + topics.indexOf(topic)) % members.size());
				assignment.computeIfAbsent(member, (key) -> new ArrayList<>())
					.add(new TopicPartition(topic, partition));
			}
		});
		return assignment;
	}

}
