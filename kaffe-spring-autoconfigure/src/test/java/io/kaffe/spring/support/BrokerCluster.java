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

package io.kaffe.spring.support;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.apache.kafka.common.Uuid;

/**
 * Some brokers in processes of their own that are one cluster: each is a controller too,
 * so any minority of them may be down.
 * <p>
 * <b>Threading.</b> Used by the thread of a test.
 */
public final class BrokerCluster implements AutoCloseable {

	private final List<BrokerProcess> brokers;

	private BrokerCluster(List<BrokerProcess> brokers) {
		this.brokers = List.copyOf(brokers);
	}

	/**
	 * Start a cluster with fresh directories and wait until each broker knows all of
	 * them. Internal topics have a replica on each broker, and all but one of them are
	 * enough to write.
	 * @param size the number of brokers; their node ids count from 1
	 * @param properties broker properties besides those they need to run, or in place of
	 * them
	 * @return the running cluster
	 */
	public static BrokerCluster start(int size, Map<String, ?> properties) {
		List<Integer> controllerPorts = IntStream.range(0, size).mapToObj((index) -> BrokerProcess.freePort()).toList();
		String voters = IntStream.range(0, size)
			.mapToObj((index) -> (index + 1) + "@localhost:" + controllerPorts.get(index))
			.collect(Collectors.joining(","));
		String clusterId = Uuid.randomUuid().toString();
		Map<String, Object> all = new LinkedHashMap<>();
		all.put("offsets.topic.replication.factor", size);
		all.put("transaction.state.log.replication.factor", size);
		all.put("transaction.state.log.min.isr", Math.max(1, size - 1));
		all.put("default.replication.factor", size);
		all.put("min.insync.replicas", Math.max(1, size - 1));
		all.putAll(properties);
		List<BrokerProcess> brokers = new ArrayList<>();
		for (int index = 0; index < size; index++) {
			brokers.add(BrokerProcess
				.create(new BrokerProcess.Node(index + 1, clusterId, controllerPorts.get(index), voters), all, 0));
		}
		brokers.forEach(BrokerProcess::launch);
		brokers.forEach((broker) -> broker.awaitAnswer(size));
		return new BrokerCluster(brokers);
	}

	/**
	 * Return where clients find the cluster.
	 * @return hosts and ports of all brokers
	 */
	public String bootstrapServers() {
		return this.brokers.stream().map(BrokerProcess::bootstrapServers).collect(Collectors.joining(","));
	}

	/**
	 * Return one broker.
	 * @param nodeId its node id, from 1
	 * @return the broker
	 */
	public BrokerProcess broker(int nodeId) {
		return this.brokers.get(nodeId - 1);
	}

	@Override
	public void close() {
		this.brokers.forEach(BrokerProcess::close);
	}

}
