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

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for groups of a {@link SimulatedCluster}, by each protocol: what KIP-345 (static
 * members), KIP-429 (cooperative) and KIP-848 ({@code consumer}) say, and the Javadoc of
 * {@code ConsumerRebalanceListener} and {@code KafkaConsumer}.
 */
class SimulatedGroupTests {

	private final SimulatedWorld world = new SimulatedWorld();

	static Stream<Arguments> protocols() {
		return Stream.of(Arguments.of(protocol("eager", SimulatedWorld::eager)),
				Arguments.of(protocol("cooperative", SimulatedWorld::cooperative)),
				Arguments.of(protocol("incremental", SimulatedWorld::incremental)));
	}

	private static Named<Supplier<Map<String, Object>>> protocol(String name, Supplier<Map<String, Object>> config) {
		return Named.of(name, config);
	}

	@ParameterizedTest
	@MethodSource("protocols")
	void eachRecordOnceWithCommits(Supplier<Map<String, Object>> protocol) {
		for (int seed = 0; seed < 50; seed++) {
			SimulatedWorld world = new SimulatedWorld(seed);
			world.cluster.createTopic("t", 4);
			TestMember a = world.member("a", protocol.get());
			for (int i = 0; i < 4; i++) {
				world.produce(i, 10);
			}
			world.run(Duration.ofSeconds(1 + seed % 5));
			TestMember b = world.member("b", protocol.get());
			world.run(Duration.ofSeconds(seed % 7));
			for (int i = 0; i < 4; i++) {
				world.produce(i, 10);
			}
			TestMember c = world.member("c", protocol.get());
			world.run(Duration.ofSeconds(60));
			for (int i = 0; i < 4; i++) {
				world.produce(i, 10);
			}
			b.close();
			world.run(Duration.ofSeconds(60));
			List<String> records = new ArrayList<>();
			Stream.of(a, b, c).forEach((member) -> records.addAll(member.records));
			assertThat(records).as("seed %s", seed).doesNotHaveDuplicates().hasSize(120);
			assertThat(world.committed.values()).containsOnly(30L).hasSize(4);
			assertThat(a.consumer.assignment()).hasSize(2);
			assertThat(c.consumer.assignment()).hasSize(2);
			assertThat(Collections.disjoint(a.consumer.assignment(), c.consumer.assignment())).isTrue();
			// Commits during a cooperative rebalance, and with an epoch that was just
			// replaced
			assertThat(Stream.of(a, b, c).flatMap((member) -> member.failures.stream()))
				.allMatch((failure) -> failure instanceof RebalanceInProgressException
						|| failure instanceof CommitFailedException
								&& String.valueOf(failure.getMessage()).contains("stale"));
		}
	}

	/**
	 * Javadoc of ConsumerRebalanceListener: "In eager rebalancing, it will always be
	 * called at the start of a rebalance".
	 */
	@Test
	void eagerRevokesAll() {
		this.world.cluster.createTopic("t", 2);
		TestMember a = this.world.member("a", SimulatedWorld.eager());
		this.world.run(Duration.ofSeconds(1));
		TestMember b = this.world.member("b", SimulatedWorld.eager());
		this.world.run(Duration.ofSeconds(10));
		assertThat(a.events).containsExactly("assigned[0, 1]", "revoked[0, 1]", "assigned[0]");
		assertThat(b.events).containsExactly("assigned[1]");
	}

	/**
	 * KIP-429: what moves is revoked after the first rebalance, and assigned by the
	 * second.
	 */
	@Test
	void cooperativeRevokesWhatMoves() {
		this.world.cluster.createTopic("t", 2);
		TestMember a = this.world.member("a", SimulatedWorld.cooperative());
		this.world.run(Duration.ofSeconds(1));
		TestMember b = this.world.member("b", SimulatedWorld.cooperative());
		this.world.run(Duration.ofSeconds(10));
		assertThat(a.events).hasSize(4).startsWith("assigned[0, 1]").contains("assigned[]");
		assertThat(a.events.get(1)).startsWith("revoked").hasSize("revoked[0]".length());
		assertThat(b.events).hasSize(2).startsWith("assigned[]");
		assertThat(this.world.cluster.coordinator().generation(SimulatedWorld.GROUP)).isEqualTo(3);
	}

	/**
	 * KIP-848: only the member that has to revoke is concerned, and the other one gets
	 * the partition when that has said so.
	 */
	@Test
	void incrementalRevokesWhatMoves() {
		this.world.cluster.createTopic("t", 2);
		TestMember a = this.world.member("a", SimulatedWorld.incremental());
		this.world.run(Duration.ofSeconds(1));
		TestMember b = this.world.member("b", SimulatedWorld.incremental());
		this.world.run(Duration.ofSeconds(20));
		assertThat(a.events).hasSize(3).startsWith("assigned[0, 1]").endsWith("assigned[]");
		assertThat(a.events.get(1)).startsWith("revoked").hasSize("revoked[0]".length());
		assertThat(b.events).hasSize(1);
	}

	@ParameterizedTest
	@MethodSource("protocols")
	void pausedPartitionsStayPausedUnlessRevoked(Supplier<Map<String, Object>> protocol) {
		this.world.cluster.createTopic("t", 2);
		TestMember a = this.world.member("a", protocol.get());
		this.world.run(Duration.ofSeconds(1));
		a.consumer.pause(a.consumer.assignment());
		this.world.member("b", protocol.get());
		this.world.run(Duration.ofSeconds(20));
		boolean eager = a.events.contains("revoked[0, 1]");
		assertThat(a.consumer.assignment()).hasSize(1);
		assertThat(a.consumer.paused()).hasSize(eager ? 0 : 1);
	}

	@ParameterizedTest
	@MethodSource("protocols")
	void expiredSessionLosesPartitions(Supplier<Map<String, Object>> protocol) {
		this.world.cluster.createTopic("t", 2);
		TestMember a = this.world.member("a", protocol.get());
		this.world.run(Duration.ofSeconds(1));
		TestMember b = this.world.member("b", protocol.get());
		this.world.run(Duration.ofSeconds(20));
		a.running = false;
		this.world.run(Duration.ofSeconds(60));
		assertThat(b.consumer.assignment()).hasSize(2);
		a.running = true;
		assertThatExceptionOfType(KafkaException.class).isThrownBy(a.consumer::commitSync)
			.satisfies((ex) -> assertThat(ex).isInstanceOf(CommitFailedException.class));
		this.world.run(Duration.ofSeconds(20));
		assertThat(a.events).anyMatch((event) -> event.matches("lost\\[[01]\\]"));
		assertThat(a.consumer.assignment()).hasSize(1);
		assertThat(b.consumer.assignment()).hasSize(1);
	}

	@ParameterizedTest
	@MethodSource("protocols")
	void killedProcessIsNoticedBySession(Supplier<Map<String, Object>> protocol) {
		this.world.cluster.createTopic("t", 2);
		TestMember a = this.world.member("a", protocol.get());
		TestMember b = this.world.member("b", protocol.get());
		this.world.run(Duration.ofSeconds(20));
		a.kill();
		this.world.run(Duration.ofSeconds(30));
		assertThat(b.consumer.assignment()).hasSize(1);
		this.world.run(Duration.ofSeconds(30));
		assertThat(b.consumer.assignment()).hasSize(2);
	}

	/**
	 * Javadoc of KafkaConsumer: a member that does not poll within max.poll.interval.ms
	 * leaves, and "you may see an offset commit failure".
	 */
	@ParameterizedTest
	@MethodSource("protocols")
	void leavesWithoutPolls(Supplier<Map<String, Object>> protocol) {
		this.world.cluster.createTopic("t", 2);
		TestMember a = this.world.member("a",
				SimulatedWorld.with(protocol.get(), ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, 10_000));
		this.world.member("b", protocol.get());
		this.world.run(Duration.ofSeconds(20));
		a.polling = false;
		this.world.produce(0, 1);
		this.world.produce(1, 1);
		this.world.run(Duration.ofSeconds(40));
		assertThat(this.world.cluster.coordinator().members(SimulatedWorld.GROUP)).hasSize(1);
		a.polling = true;
		assertThatExceptionOfType(CommitFailedException.class).isThrownBy(a.consumer::commitSync);
		this.world.run(Duration.ofSeconds(20));
		assertThat(a.events).anyMatch((event) -> event.startsWith("lost"));
		assertThat(a.consumer.assignment()).hasSize(1);
	}

	/**
	 * KIP-345: a restart within the session time-out causes no rebalance.
	 */
	@ParameterizedTest
	@MethodSource("protocols")
	void staticMemberRestarts(Supplier<Map<String, Object>> protocol) {
		this.world.cluster.createTopic("t", 2);
		TestMember a = this.world.member("a",
				SimulatedWorld.with(protocol.get(), ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, "one"));
		TestMember b = this.world.member("b",
				SimulatedWorld.with(protocol.get(), ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, "two"));
		this.world.run(Duration.ofSeconds(20));
		int generation = this.world.cluster.coordinator().generation(SimulatedWorld.GROUP);
		int events = b.events.size();
		var assignment = a.consumer.assignment();
		a.close();
		this.world.run(Duration.ofSeconds(5));
		TestMember restarted = this.world.member("c",
				SimulatedWorld.with(protocol.get(), ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, "one"));
		this.world.run(Duration.ofSeconds(20));
		assertThat(restarted.consumer.assignment()).isEqualTo(assignment);
		assertThat(this.world.cluster.coordinator().generation(SimulatedWorld.GROUP)).isEqualTo(generation);
		assertThat(b.events).hasSize(events);
	}

	/**
	 * KIP-345 fences the older instance, KIP-848 refuses the newer one.
	 */
	@ParameterizedTest
	@MethodSource("protocols")
	void instanceIdIsUsedTwice(Supplier<Map<String, Object>> protocol) {
		this.world.cluster.createTopic("t", 2);
		TestMember a = this.world.member("a",
				SimulatedWorld.with(protocol.get(), ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, "one"));
		this.world.run(Duration.ofSeconds(5));
		TestMember b = this.world.member("b",
				SimulatedWorld.with(protocol.get(), ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, "one"));
		this.world.runUntil(() -> !a.failures.isEmpty() || !b.failures.isEmpty(), Duration.ofSeconds(20));
		if (a.failures.isEmpty()) {
			assertThat(b.failures.get(0)).isInstanceOf(UnreleasedInstanceIdException.class);
		}
		else {
			assertThat(a.failures.get(0)).isInstanceOf(FencedInstanceIdException.class);
			assertThat(b.consumer.assignment()).hasSize(2);
		}
	}

	@ParameterizedTest
	@MethodSource("protocols")
	void closeRevokesAndLeaves(Supplier<Map<String, Object>> protocol) {
		this.world.cluster.createTopic("t", 2);
		TestMember a = this.world.member("a", protocol.get());
		TestMember b = this.world.member("b", protocol.get());
		this.world.run(Duration.ofSeconds(20));
		a.close();
		assertThat(a.events.get(a.events.size() - 1)).matches("revoked\\[[01]\\]");
		this.world.run(Duration.ofSeconds(10));
		assertThat(b.consumer.assignment()).hasSize(2);
	}

	@ParameterizedTest
	@MethodSource("protocols")
	void closeDuringAJoinLeaves(Supplier<Map<String, Object>> protocol) {
		this.world.cluster.createTopic("t", 2);
		for (int i = 0; i < 20; i++) {
			SimulatedConsumer<String, String> consumer = this.world.consumer(protocol.get());
			consumer.subscribe(List.of("t"));
			consumer.poll(Duration.ofMillis(i));
			consumer.close();
			this.world.run(Duration.ofSeconds(1));
			assertThat(this.world.cluster.coordinator().members(SimulatedWorld.GROUP)).isEmpty();
		}
	}

	/**
	 * A cooperative member that leaves during a rebalance calls onPartitionsLost.
	 */
	@Test
	void closeDuringACooperativeRebalanceLoses() {
		this.world.cluster.createTopic("t", 2);
		TestMember a = this.world.member("a", SimulatedWorld.cooperative());
		TestMember b = this.world.member("b", SimulatedWorld.cooperative());
		this.world.run(Duration.ofSeconds(20));
		b.polling = false;
		b.consumer.onReady(() -> {
		});
		this.world.cluster.disturbances().rebalance(SimulatedWorld.GROUP);
		this.world.run(Duration.ofSeconds(5));
		a.close();
		assertThat(a.events).last().asString().matches("lost\\[[01]\\]");
	}

	@ParameterizedTest
	@MethodSource("protocols")
	void partitionsAreAddedAndTopicsDeleted(Supplier<Map<String, Object>> protocol) {
		this.world.cluster.createTopic("t", 2);
		TestMember a = this.world.member("a", protocol.get());
		this.world.run(Duration.ofSeconds(10));
		this.world.cluster.addPartitions("t", 1);
		this.world.run(Duration.ofSeconds(10));
		assertThat(a.consumer.assignment()).hasSize(3);
		this.world.cluster.deleteTopic("t");
		this.world.run(Duration.ofSeconds(10));
		assertThat(a.consumer.assignment()).isEmpty();
		this.world.cluster.createTopic("t", 1);
		this.world.produce(0, 1);
		this.world.run(Duration.ofSeconds(10));
		assertThat(a.records).containsExactly("0@0");
	}

	/**
	 * By the classic protocol, members know topics by their names, and the position is
	 * taken for one of the new topic. By the other, topics have ids.
	 */
	@ParameterizedTest
	@MethodSource("protocols")
	void topicIsCreatedAgainAtOnce(Supplier<Map<String, Object>> protocol) {
		this.world.cluster.createTopic("t", 1);
		this.world.produce(0, 3);
		Map<String, Object> config = protocol.get();
		TestMember a = this.world.member("a", config);
		this.world.run(Duration.ofSeconds(10));
		assertThat(a.events).containsExactly("assigned[0]");
		this.world.cluster.deleteTopic("t");
		this.world.cluster.createTopic("t", 1);
		this.world.produce(0, 2);
		this.world.run(Duration.ofSeconds(20));
		boolean ids = "consumer".equals(config.get(ConsumerConfig.GROUP_PROTOCOL_CONFIG));
		assertThat(a.events).containsExactlyElementsOf(
				ids ? List.of("assigned[0]", "revoked[0]", "assigned[]", "assigned[0]") : List.of("assigned[0]"));
		assertThat(a.records).containsExactly("0@0", "0@1", "0@2", "0@0", "0@1");
	}

	@ParameterizedTest
	@MethodSource("protocols")
	void topicThatMatchesThePatternIsCreatedDuringAJoin(Supplier<Map<String, Object>> protocol) {
		for (int seed = 0; seed < 40; seed++) {
			SimulatedWorld world = new SimulatedWorld(seed);
			world.cluster.disturbances().setMetadataDelay(0);
			world.cluster.createTopic("t", 1);
			SimulatedConsumer<String, String> consumer = world.consumer(protocol.get());
			consumer.subscribe(Pattern.compile("[tu]"));
			consumer.poll(Duration.ofNanos(seed * 50_000));
			world.cluster.createTopic("u", 1);
			consumer.poll(Duration.ofSeconds(20));
			assertThat(consumer.assignment()).as("seed %s", seed)
				.containsExactlyInAnyOrder(SimulatedWorld.partition(0), new TopicPartition("u", 0));
		}
	}

	@Test
	void fencedMemberLosesAndRejoins() {
		this.world.cluster.createTopic("t", 2);
		TestMember a = this.world.member("a", SimulatedWorld.incremental());
		this.world.run(Duration.ofSeconds(10));
		String id = this.world.cluster.coordinator().members(SimulatedWorld.GROUP).get(0);
		assertThat(this.world.cluster.disturbances().fence(SimulatedWorld.GROUP, id)).isTrue();
		assertThatExceptionOfType(CommitFailedException.class).isThrownBy(a.consumer::commitSync);
		this.world.run(Duration.ofSeconds(20));
		assertThat(a.events).containsExactly("assigned[0, 1]", "lost[0, 1]", "assigned[0, 1]");
	}

	@ParameterizedTest
	@MethodSource("protocols")
	void failureOfListenerIsThrownByPoll(Supplier<Map<String, Object>> protocol) {
		this.world.cluster.createTopic("t", 1);
		SimulatedConsumer<String, String> consumer = this.world.consumer(protocol.get());
		consumer.subscribe(List.of("t"), new ConsumerRebalanceListener() {

			@Override
			public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
			}

			@Override
			public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
				throw new IllegalStateException("boom");
			}

		});
		assertThatExceptionOfType(KafkaException.class).isThrownBy(() -> consumer.poll(Duration.ofSeconds(10)))
			.withMessage("User rebalance callback throws an error")
			.withCauseInstanceOf(IllegalStateException.class);
	}

	@ParameterizedTest
	@MethodSource("protocols")
	void coordinatorIsUnavailableForLong(Supplier<Map<String, Object>> protocol) {
		this.world.cluster.createTopic("t", 2);
		TestMember a = this.world.member("a", protocol.get());
		this.world.run(Duration.ofSeconds(10));
		this.world.cluster.disturbances().coordinatorUnavailable(Duration.ofSeconds(100).toNanos());
		this.world.produce(0, 1);
		this.world.run(Duration.ofSeconds(120));
		assertThat(a.records).containsExactly("0@0");
		assertThat(a.failures).hasSize(1);
		assertThat(a.events).containsExactly("assigned[0, 1]");
		a.consumer.commitSync();
		assertThat(this.world.committed).containsEntry(SimulatedWorld.partition(0), 1L);
	}

}
