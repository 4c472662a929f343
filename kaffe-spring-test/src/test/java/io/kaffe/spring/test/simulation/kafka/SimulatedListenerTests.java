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
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for calls of rebalance listeners: what becomes of assignments for which they
 * fail, as in {@code AbstractMembershipManager} of Kafka 4.2, and how ends of assignments
 * are reported.
 */
class SimulatedListenerTests {

	private static final TopicPartition P0 = SimulatedWorld.partition(0);

	private static final long SECOND = Duration.ofSeconds(1).toNanos();

	private final SimulatedWorld world = new SimulatedWorld();

	static Stream<Arguments> failures() {
		return Stream.of(Arguments.of(failure("exception", IllegalStateException.class, (member) -> {
			throw new IllegalStateException("boom");
		})), Arguments.of(failure("wake-up", WakeupException.class, SimulatedListenerTests::wakeUp)));
	}

	static Stream<Arguments> protocols() {
		return Stream.of(Arguments.of(Named.<Supplier<Map<String, Object>>>of("eager", SimulatedWorld::eager)),
				Arguments.of(Named.<Supplier<Map<String, Object>>>of("cooperative", SimulatedWorld::cooperative)),
				Arguments.of(Named.<Supplier<Map<String, Object>>>of("incremental", SimulatedWorld::incremental)));
	}

	private static Named<Failure> failure(String name, Class<? extends Exception> type, Consumer<TestMember> callback) {
		return Named.of(name, new Failure(type, callback));
	}

	/**
	 * Wake up the consumer in a call of its listener, which then waits for an answer.
	 */
	private static void wakeUp(TestMember member) {
		member.consumer.wakeup();
		member.consumer.committed(Set.of(P0));
	}

	@BeforeEach
	void createTopic() {
		this.world.cluster.createTopic("t", 2);
		this.world.produce(0, 1);
		this.world.produce(1, 1);
	}

	/**
	 * The next poll calls the listener again, without the partitions, and all that is
	 * assigned is fetched if that succeeds.
	 */
	@ParameterizedTest
	@MethodSource("failures")
	void partitionsAreNotFetchedBeforeTheListenerHasSucceeded(Failure failure) {
		TestMember a = this.world.member("a", SimulatedWorld.incremental());
		a.callback = () -> failure.callback().accept(a);
		this.world.runUntil(() -> a.failures.size() == 3, Duration.ofSeconds(10));
		assertThat(a.failures).hasSize(3).allSatisfy(failure::check);
		assertThat(a.events).containsExactly("assigned[0, 1]", "assigned[]", "assigned[]");
		assertThat(a.consumer.assignment()).hasSize(2);
		assertThat(a.records).isEmpty();
		a.callback = () -> {
		};
		this.world.run(Duration.ofSeconds(1));
		assertThat(a.events).hasSize(4).endsWith("assigned[]");
		assertThat(a.records).containsExactlyInAnyOrder("0@0", "1@0");
	}

	@ParameterizedTest
	@MethodSource("failures")
	void assignmentIsNotAcknowledgedBeforeTheListenerHasSucceeded(Failure failure) {
		TestMember a = this.world.member("a", SimulatedWorld.incremental());
		this.world.run(Duration.ofSeconds(10));
		TestMember b = this.world.member("b", SimulatedWorld.incremental());
		a.callback = () -> {
			if (a.events.contains("assigned[]")) {
				a.polling = false;
				failure.callback().accept(a);
			}
		};
		assertThat(this.world.runUntil(() -> !a.polling, Duration.ofSeconds(20))).isTrue();
		a.callback = () -> {
		};
		this.world.run(Duration.ofSeconds(20));
		assertThat(a.failures).singleElement().satisfies(failure::check);
		assertThat(a.events).hasSize(3).endsWith("assigned[]");
		assertThat(b.consumer.assignment()).isEmpty();
		a.polling = true;
		this.world.run(Duration.ofSeconds(20));
		assertThat(a.events).hasSize(4).endsWith("assigned[]");
		assertThat(b.consumer.assignment()).hasSize(1);
	}

	@ParameterizedTest
	@MethodSource("protocols")
	void revocationIsAnEndOfTheAssignment(Supplier<Map<String, Object>> protocol) {
		TestMember a = this.world.member("a", protocol.get());
		this.world.run(Duration.ofSeconds(10));
		assertThat(a.consumer.lastEnd(P0)).isNull();
		long before = this.world.time.nanoTime();
		a.callback = () -> {
			assertThat(end(a).isInProgress()).isTrue();
			assertThat(end(a).isWithoutOpenWork(Long.MAX_VALUE)).isFalse();
			this.world.time.await(() -> false, 2 * SECOND);
		};
		a.close();
		assertThat(a.events).containsExactly("assigned[0, 1]", "revoked[0, 1]");
		assertThat(end(a).beganAt()).isEqualTo(before);
		assertThat(end(a).isInProgress()).isFalse();
		assertThat(end(a).isWithoutOpenWork(2 * SECOND + 1)).isTrue();
		assertThat(end(a).isWithoutOpenWork(2 * SECOND)).isFalse();
		assertThat(a.consumer.longestLoss()).isZero();
	}

	@ParameterizedTest
	@MethodSource("protocols")
	void lossIsAnEndOfTheAssignmentAndItsLengthIsNoted(Supplier<Map<String, Object>> protocol) {
		TestMember a = this.world.member("a",
				SimulatedWorld.with(protocol.get(), ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, 10_000));
		this.world.run(Duration.ofSeconds(10));
		lose(a, 3);
		assertThat(end(a).isInProgress()).isFalse();
		assertThat(end(a).isWithoutOpenWork(Long.MAX_VALUE)).isFalse();
		assertThat(a.consumer.longestLoss()).isEqualTo(3 * SECOND);
		AssignmentEnd first = end(a);
		lose(a, 1);
		assertThat(end(a).beganAt()).isGreaterThan(first.beganAt());
		assertThat(a.consumer.longestLoss()).isEqualTo(3 * SECOND);
	}

	/**
	 * Let a member lose its partitions, since it does not poll a record, and be assigned
	 * them again.
	 */
	private void lose(TestMember member, int seconds) {
		member.polling = false;
		this.world.produce(0, 1);
		this.world.run(Duration.ofSeconds(20));
		member.polling = true;
		member.callback = () -> {
			member.callback = () -> {
			};
			this.world.time.await(() -> false, seconds * SECOND);
		};
		this.world.run(Duration.ofSeconds(20));
		assertThat(member.events).endsWith("lost[0, 1]", "assigned[0, 1]");
	}

	private static AssignmentEnd end(TestMember member) {
		return Objects.requireNonNull(member.consumer.lastEnd(P0));
	}

	/**
	 * How a listener fails.
	 */
	private record Failure(Class<? extends Exception> type, Consumer<TestMember> callback) {

		void check(RuntimeException thrown) {
			assertThat((thrown.getClass() == KafkaException.class) ? thrown.getCause() : thrown)
				.isExactlyInstanceOf(this.type);
		}

	}

}
