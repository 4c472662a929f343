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

package io.kaffe.spring.test;

import java.util.Map;
import java.util.TreeMap;

import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.springframework.kafka.core.KafkaAdmin;

/**
 * An admin of the simulated cluster of the test method that runs. Topics are created when
 * a test method begins.
 */
final class SimulatedKafkaAdmin extends KafkaAdmin {

	private final SimulatedWorlds worlds;

	SimulatedKafkaAdmin(KafkaAdmin original, SimulatedWorlds worlds) {
		super(original.getConfigurationProperties());
		this.worlds = worlds;
		setAutoCreate(false);
		setOperationTimeout(original.getOperationTimeout());
	}

	@Override
	public void afterSingletonsInstantiated() {
	}

	@Override
	public String clusterId() {
		return "simulated";
	}

	@Override
	public void createOrModifyTopics(NewTopic... topics) {
		for (NewTopic topic : topics) {
			this.worlds.present().createTopic(topic.name(), topic.numPartitions());
		}
	}

	@Override
	public Map<String, TopicDescription> describeTopics(String... topics) {
		Map<String, TopicDescription> descriptions = new TreeMap<>();
		for (String topic : topics) {
			descriptions.put(topic, this.worlds.present().describe(topic));
		}
		return descriptions;
	}

}
