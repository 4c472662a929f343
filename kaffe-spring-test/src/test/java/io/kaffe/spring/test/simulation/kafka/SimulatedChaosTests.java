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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Histories in which all sorts of things go wrong, and after which each group has to find
 * back: every partition has one owner, and every record of the logs was consumed.
 */
class SimulatedChaosTests {

	private static final int SEEDS = Integer.getInteger("simulation.seeds", 50);

	static Stream<Arguments> protocols() {
		return SimulatedGroupTests.protocols();
	}

	@ParameterizedTest
	@MethodSource("protocols")
	void groupsFindBack(Supplier<Map<String, Object>> protocol) {
		for (int seed = 0; seed < SEEDS; seed++) {
			new History(seed, protocol).run();
		}
	}

	@ParameterizedTest
	@MethodSource("protocols")
	void historiesRepeat(Supplier<Map<String, Object>> protocol) {
		for (int seed = 0; seed < 5; seed++) {
			List<String> story = new History(seed, protocol).run();
			assertThat(new History(seed, protocol).run()).isEqualTo(story).isNotEmpty();
		}
	}

	private static final class History {

		private final int seed;

		private final Supplier<Map<String, Object>> protocol;

		private final SimulatedWorld world;

		private final Random random;

		private int members;

		private int values;

		private History(int seed, Supplier<Map<String, Object>> protocol) {
			this.seed = seed;
			this.protocol = protocol;
			this.world = new SimulatedWorld(seed);
			this.world.time.keepStory();
			this.random = new Random(seed);
			this.world.cluster.createTopic("t", 3);
			join();
		}

		private List<String> run() {
			for (int i = 0; i < 15; i++) {
				disturb();
				produce();
				this.world.run(Duration.ofMillis(this.random.nextInt(this.random.nextBoolean() ? 200 : 20_000)));
			}
			this.world.members.forEach((member) -> {
				member.running = true;
				member.polling = true;
				member.consumer.resume(member.consumer.paused());
			});
			produce();
			this.world.run(Duration.ofMinutes(2));
			List.copyOf(this.world.members).stream().filter((member) -> member.fatal).forEach(this::restart);
			// A static leader does not know of partitions that were added while it was
			// away (KIP-814)
			this.world.cluster.disturbances().rebalance(SimulatedWorld.GROUP);
			this.world.run(Duration.ofMinutes(12));
			check();
			return this.world.time.story();
		}

		private void join() {
			Map<String, Object> config = this.protocol.get();
			config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1 + this.random.nextInt(5));
			if (this.random.nextInt(3) == 0) {
				config.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, "static-" + this.members);
			}
			this.world.member("m" + this.members++, config);
		}

		private void produce() {
			for (int i = this.random.nextInt(10); i > 0; i--) {
				TopicPartition partition = partition();
				this.world.cluster.produce("t", partition.partition(), null, SimulatedWorld.bytes("v" + this.values++),
						new RecordHeaders(), 0);
			}
		}

		private TopicPartition partition() {
			return SimulatedWorld.partition(this.random.nextInt(this.world.cluster.partitions("t")));
		}

		private void disturb() {
			Disturbances disturbances = this.world.cluster.disturbances();
			TestMember member = this.world.members.get(this.random.nextInt(this.world.members.size()));
			PartitionLog log = this.world.cluster.log(partition());
			long nanos = Duration.ofMillis(this.random.nextInt(70_000)).toNanos();
			switch (this.random.nextInt(23)) {
				case 0, 1 -> join();
				case 2 -> leave(member, true);
				case 3 -> leave(member, false);
				case 4 -> {
					member.running = !member.running;
				}
				case 5 -> {
					member.polling = !member.polling;
				}
				case 6 -> disturbances.coordinatorUnavailable(nanos);
				case 7 -> disturbances.brokersUnavailable(nanos);
				case 8 -> disturbances.rebalance(SimulatedWorld.GROUP);
				case 9 -> disturbances.fence(SimulatedWorld.GROUP, id());
				case 10 -> disturbances.expireSession(SimulatedWorld.GROUP, id());
				case 11 -> {
					CommitFault.Kind[] kinds = CommitFault.Kind.values();
					disturbances.commits(member.name, 1 + this.random.nextInt(3),
							kinds[this.random.nextInt(kinds.length)], nanos);
				}
				case 12 -> disturbances.failFetches(log.partition(), nanos);
				case 13 -> this.world.cluster.addPartitions("t", 1);
				case 14 -> this.world.cluster.truncate(log.partition(),
						log.logStart() + this.random.nextInt((int) (log.logEnd() - log.logStart()) + 1));
				case 15 -> this.world.cluster.deleteBefore(log.partition(), log.logEnd() - this.random.nextInt(5));
				case 16 -> this.world.cluster.compact(log.partition(), this.random.nextInt(5), log.logEnd() - 1);
				case 17 -> member.consumer.wakeup();
				case 18 -> restart(member);
				case 19 -> member.consumer.pause(member.consumer.assignment());
				case 20 -> member.consumer.seekToBeginning(member.consumer.assignment());
				case 21 -> {
					member.unsubscribe();
					member.subscribe();
				}
				default -> this.world.cluster.electLeader(log.partition());
			}
		}

		/**
		 * Kill a process, and start another one with the same configuration, which is a
		 * restart of a static member.
		 */
		private void restart(TestMember member) {
			member.kill();
			this.world.members.remove(member);
			this.world.member(member.name, member.config);
		}

		private String id() {
			List<String> ids = this.world.cluster.coordinator().members(SimulatedWorld.GROUP);
			return ids.isEmpty() ? "" : ids.get(this.random.nextInt(ids.size()));
		}

		private void leave(TestMember member, boolean close) {
			if (this.world.members.size() > 1) {
				this.world.members.remove(member);
				if (close && member.running) {
					member.close();
				}
				else {
					member.kill();
				}
			}
		}

		private void check() {
			List<TopicPartition> owned = new ArrayList<>();
			this.world.members.forEach((member) -> owned.addAll(member.consumer.assignment()));
			assertThat(owned).as("owned after seed %s: %s", this.seed, this.world.time.story())
				.doesNotHaveDuplicates()
				.hasSize(this.world.cluster.partitions("t"));
			Set<String> consumed = new HashSet<>(this.world.values);
			List<String> missing = new ArrayList<>();
			for (TopicPartition partition : owned) {
				this.world.cluster.log(partition).forEachRecord(false, (entry) -> {
					if (!consumed.contains(new String(Objects.requireNonNull(entry.value()), StandardCharsets.UTF_8))) {
						missing.add(entry + " of " + partition);
					}
				});
			}
			assertThat(missing).as("not consumed after seed %s: %s", this.seed, this.world.time.story()).isEmpty();
		}

	}

}
