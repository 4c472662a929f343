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
import java.util.Objects;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import io.kaffe.spring.support.BrokerCluster;
import io.kaffe.spring.support.BrokerProcess;

/**
 * Faults of brokers and of the network on the way to them.
 */
@Tag("fault")
@ExtendWith(FaultBroker.class)
class BrokerFaultsIntegrationTests {

	@Test
	void brokerIsKilledAndStartedAgain(BrokerProcess broker) {
		FaultScenario.of("2-broker-killed", broker.bootstrapServers()).run(1, (round) -> {
			round.topics(1).excusing().bound(Duplicates::uncommitted).produce(500);
			round.local("a");
			round.local("b");
			round.awaitUnderWay(8);
			for (int kill = 0; kill < FaultScenario.times(1, 3); kill++) {
				round.pause(0, 2000);
				broker.kill();
				round.pause(0, 3000);
				broker.restart();
				round.pause(1000, 3000);
			}
		});
	}

	@Test
	void oneBrokerOfThreeIsKilledAndStartedAgain() {
		try (BrokerCluster cluster = BrokerCluster.start(3, FaultRound.CLUSTER_PROPERTIES)) {
			FaultScenario.of("3-failover", cluster.bootstrapServers()).run(1, (round) -> {
				round.topics(3).excusing().bound(Duplicates::uncommitted).produce(400);
				round.local("a");
				round.local("b");
				round.awaitUnderWay(8);
				for (int kill = 0; kill < FaultScenario.times(1, 4); kill++) {
					int victim = round.random().nextBoolean() ? coordinator(round) : leader(round);
					cluster.broker(victim).kill();
					round.pause(4000, 7000);
					cluster.broker(victim).restart();
					round.awaitInSync(3);
				}
			});
		}
	}

	@Test
	void networkIsCutAndRestored(BrokerProcess broker, TcpRelay relay) {
		FaultScenario.of("7-network-cut", broker.bootstrapServers()).run(1, (round) -> {
			round.topics(1).excusing().bound(Duplicates::uncommitted).produce(500);
			FaultInstance victim = round
				.local(round.settings("a").with("spring.kafka.bootstrap-servers", relay.servers()));
			round.local("b");
			round.awaitUnderWay(8);
			NetworkFault.ofBrokers(round, relay, victim, FaultScenario.times(3, 5));
		});
	}

	private static int coordinator(FaultRound round) throws Exception {
		ConsumerGroupDescription group = Objects.requireNonNull(round.admin()
			.describeConsumerGroups(List.of(round.group()))
			.all()
			.get(30, TimeUnit.SECONDS)
			.get(round.group()));
		return group.coordinator().id();
	}

	private static int leader(FaultRound round) throws Exception {
		TopicPartition partition = round.partitions().get(round.random().nextInt(round.partitions().size()));
		TopicDescription topic = Objects.requireNonNull(round.admin()
			.describeTopics(List.of(partition.topic()))
			.allTopicNames()
			.get(30, TimeUnit.SECONDS)
			.get(partition.topic()));
		return topic.partitions().get(partition.partition()).leader().id();
	}

}
