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

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * A cluster with consumers that are polled in turn whenever they are ready.
 */
final class SimulatedWorld {

	static final String GROUP = "group";

	final SingleThreadedTime time;

	final SimulatedCluster cluster;

	final List<String> values = new ArrayList<>();

	final List<TestMember> members = new ArrayList<>();

	final Map<TopicPartition, Long> committed = new TreeMap<>(
			(one, other) -> one.toString().compareTo(other.toString()));

	SimulatedWorld() {
		this(1);
	}

	SimulatedWorld(long seed) {
		this.time = new SingleThreadedTime(seed);
		this.cluster = new SimulatedCluster(this.time);
		this.cluster
			.addCommitListener((group, member, partition, offset) -> this.committed.put(partition, offset.offset()));
	}

	static TopicPartition partition(int number) {
		return new TopicPartition("t", number);
	}

	static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	static Map<String, Object> eager() {
		Map<String, Object> config = new HashMap<>();
		config.put(ConsumerConfig.GROUP_ID_CONFIG, GROUP);
		config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
		config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
		return config;
	}

	static Map<String, Object> cooperative() {
		Map<String, Object> config = eager();
		config.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, List.of(CooperativeStickyAssignor.class));
		return config;
	}

	static Map<String, Object> incremental() {
		Map<String, Object> config = eager();
		config.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "consumer");
		return config;
	}

	static Map<String, Object> with(Map<String, Object> config, String name, Object value) {
		config.put(name, value);
		return config;
	}

	void produce(int partition, int count) {
		for (int i = 0; i < count; i++) {
			produce(partition, "v");
		}
	}

	long produce(int partition, String value) {
		return this.cluster.produce("t", partition, bytes("k"), bytes(value), new RecordHeaders(), 0);
	}

	/**
	 * Create a consumer that is not subscribed.
	 */
	SimulatedConsumer<String, String> consumer(Map<String, Object> config) {
		return this.cluster.consumer(config, new StringDeserializer(), new StringDeserializer(), () -> true);
	}

	/**
	 * Create a member that is subscribed to {@code t}, and polled by {@link #run}.
	 */
	TestMember member(String name, Map<String, Object> config) {
		config.put(ConsumerConfig.CLIENT_ID_CONFIG, name);
		TestMember member = new TestMember(this, name, config);
		this.members.add(member);
		return member;
	}

	void run(Duration duration) {
		runUntil(() -> false, duration);
	}

	/**
	 * Let time pass and poll who is ready.
	 * @return whether the condition holds
	 */
	boolean runUntil(BooleanSupplier condition, Duration atMost) {
		long end = this.time.nanoTime() + atMost.toNanos();
		while (!condition.getAsBoolean()) {
			if (this.time.nanoTime() >= end) {
				return false;
			}
			boolean polled = false;
			for (TestMember member : List.copyOf(this.members)) {
				polled |= member.pollIfReady();
			}
			if (!polled) {
				this.time.await(
						() -> condition.getAsBoolean() || this.members.stream().anyMatch(TestMember::isNotified),
						end - this.time.nanoTime());
			}
		}
		return true;
	}

}
