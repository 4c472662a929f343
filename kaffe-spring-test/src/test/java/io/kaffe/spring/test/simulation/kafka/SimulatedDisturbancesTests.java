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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.RetriableCommitFailedException;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link Disturbances} and {@link SimulatedProducer}.
 */
class SimulatedDisturbancesTests {

	private static final TopicPartition P0 = SimulatedWorld.partition(0);

	private final SimulatedWorld world = new SimulatedWorld();

	private final List<String> answers = new ArrayList<>();

	private final Disturbances disturbances = this.world.cluster.disturbances();

	private SimulatedConsumer<String, String> consumer;

	@BeforeEach
	void createConsumer() {
		this.world.cluster.createTopic("t", 1);
		this.consumer = this.world
			.consumer(SimulatedWorld.with(SimulatedWorld.eager(), ConsumerConfig.CLIENT_ID_CONFIG, "c"));
		this.consumer.assign(List.of(P0));
	}

	@Test
	void pollsThrowAsOftenAsTheyAreTo() {
		List<String> polls = new ArrayList<>();
		this.consumer.onPoll(() -> polls.add("poll"));
		this.disturbances.failPolls("c", 1, new NoClassDefFoundError("missing"));
		this.disturbances.failPolls("c", 1, new TopicAuthorizationException("t"));
		assertThatExceptionOfType(NoClassDefFoundError.class).isThrownBy(() -> this.consumer.poll(Duration.ZERO));
		assertThatExceptionOfType(TopicAuthorizationException.class)
			.isThrownBy(() -> this.consumer.poll(Duration.ZERO));
		assertThat(this.consumer.poll(Duration.ZERO)).isEmpty();
		assertThat(polls).hasSize(3);
	}

	private void commitSync(long offset) {
		this.consumer.commitSync(Map.of(P0, new OffsetAndMetadata(offset)));
	}

	private void commitAsync(long offset) {
		this.consumer.commitAsync(Map.of(P0, new OffsetAndMetadata(offset)), (offsets, failure) -> this.answers
			.add(offset + " " + ((failure != null) ? failure.getClass().getSimpleName() : "stored")));
	}

	private void pass(Duration duration) {
		this.consumer.poll(duration);
	}

	@Test
	void retriableFailure() {
		this.disturbances.commits("c", 2, CommitFault.Kind.RETRIABLE, 0);
		commitSync(1);
		assertThat(this.world.committed).containsEntry(P0, 1L);
		this.disturbances.commits("c", 1, CommitFault.Kind.RETRIABLE, 0);
		commitAsync(2);
		pass(Duration.ofSeconds(1));
		assertThat(this.answers).containsExactly("2 " + RetriableCommitFailedException.class.getSimpleName());
		assertThat(this.world.committed).containsEntry(P0, 1L);
	}

	@Test
	void refused() {
		this.disturbances.commits("c", 1, CommitFault.Kind.REFUSED, 0);
		assertThatExceptionOfType(GroupAuthorizationException.class).isThrownBy(() -> commitSync(1));
		assertThat(this.world.committed).isEmpty();
	}

	@Test
	void lostAndAnswerLost() {
		this.disturbances.commits("c", 1, CommitFault.Kind.LOST, 0);
		this.disturbances.commits("c", 1, CommitFault.Kind.ANSWER_LOST, 0);
		commitAsync(1);
		commitAsync(2);
		pass(Duration.ofSeconds(40));
		assertThat(this.answers).containsExactly("1 RetriableCommitFailedException",
				"2 RetriableCommitFailedException");
		assertThat(this.world.committed).containsEntry(P0, 2L);
	}

	@Test
	void lostAnswerOfACoordinatorThatIsAwayIsOneAnswer() {
		this.disturbances.commits("c", 1, CommitFault.Kind.ANSWER_LOST, 0);
		this.disturbances.brokersUnavailable(Duration.ofSeconds(1).toNanos());
		commitAsync(1);
		pass(Duration.ofSeconds(40));
		assertThat(this.answers).containsExactly("1 RetriableCommitFailedException");
		assertThat(this.world.committed).isEmpty();
	}

	@Test
	void late() {
		this.disturbances.commits("c", 1, CommitFault.Kind.LATE, Duration.ofSeconds(5).toNanos());
		this.disturbances.commits("c", 1, CommitFault.Kind.ANSWER_LATE, Duration.ofSeconds(10).toNanos());
		commitAsync(1);
		commitAsync(2);
		commitAsync(3);
		pass(Duration.ofSeconds(4));
		assertThat(this.world.committed).isEmpty();
		pass(Duration.ofSeconds(2));
		assertThat(this.world.committed).containsEntry(P0, 3L);
		pass(Duration.ofSeconds(10));
		assertThat(this.answers).containsExactly("1 stored", "2 stored", "3 stored");
	}

	@Test
	void overtaken() {
		this.disturbances.commits("c", 1, CommitFault.Kind.OVERTAKEN, Duration.ofSeconds(1).toNanos());
		commitSync(1);
		assertThat(this.world.committed).containsEntry(P0, 1L);
		commitSync(2);
		pass(Duration.ofSeconds(2));
		assertThat(this.world.committed).containsEntry(P0, 1L);
	}

	@Test
	void brokersAreUnreachable() {
		pass(Duration.ofSeconds(1));
		this.disturbances.brokersUnavailable(Duration.ofSeconds(130).toNanos());
		long before = this.world.time.nanoTime();
		assertThatExceptionOfType(TimeoutException.class).isThrownBy(() -> this.consumer.endOffsets(List.of(P0)));
		assertThat(this.world.time.nanoTime() - before).isEqualTo(Duration.ofSeconds(60).toNanos());
		assertThatExceptionOfType(TimeoutException.class).isThrownBy(() -> this.consumer.committed(Set.of(P0)));
		this.world.produce(0, 1);
		assertThat(this.consumer.poll(Duration.ofSeconds(9))).isEmpty();
		assertThat(this.consumer.poll(Duration.ofSeconds(9))).hasSize(1);
		assertThat(this.consumer.endOffsets(List.of(P0))).containsEntry(P0, 1L);
	}

	@Test
	void fetchesFailOrAreSlow() {
		pass(Duration.ofSeconds(1));
		this.disturbances.failFetches(P0, Duration.ofSeconds(5).toNanos());
		this.world.produce(0, 1);
		assertThat(this.consumer.poll(Duration.ofSeconds(4))).isEmpty();
		assertThat(this.consumer.poll(Duration.ofSeconds(4))).hasSize(1);
		this.disturbances.failFetches("c", Duration.ofSeconds(5).toNanos());
		this.world.produce(0, 1);
		assertThat(this.consumer.poll(Duration.ofSeconds(4))).isEmpty();
		assertThat(this.consumer.poll(Duration.ofSeconds(4))).hasSize(1);
		this.disturbances.slowFetches("c", Duration.ofSeconds(1).toNanos());
		this.world.produce(0, 1);
		this.consumer.seek(P0, 2);
		assertThat(this.consumer.poll(Duration.ofMillis(900))).isEmpty();
		assertThat(this.consumer.poll(Duration.ofSeconds(5))).hasSize(1);
	}

	@Test
	void rebalanceIsTriggered() {
		TestMember member = this.world.member("m", SimulatedWorld.with(SimulatedWorld.eager(), "group.id", "g"));
		this.world.run(Duration.ofSeconds(2));
		this.disturbances.rebalance("g");
		this.world.run(Duration.ofSeconds(5));
		assertThat(member.events).containsExactly("assigned[0]", "revoked[0]", "assigned[0]");
		assertThat(this.disturbances.expireSession("g", this.world.cluster.coordinator().members("g").get(0))).isTrue();
		this.world.run(Duration.ofSeconds(5));
		assertThat(member.events).endsWith("lost[0]", "assigned[0]");
	}

	@Test
	void sends() {
		SimulatedProducer<String, String> producer = this.world.cluster.producer(new StringSerializer(),
				new StringSerializer());
		this.disturbances.failNextSend(new TimeoutException("boom"));
		List<Future<RecordMetadata>> results = new ArrayList<>();
		for (int i = 0; i < 3; i++) {
			results.add(producer.send(new ProducerRecord<>("t", "k", "v" + i), (metadata, failure) -> this.answers
				.add((failure != null) ? failure.getMessage() : String.valueOf(metadata.offset()))));
		}
		assertThat(results).noneMatch(Future::isDone);
		producer.flush();
		assertThat(this.answers).containsExactly("boom", "0", "1");
		assertThat(results).allMatch(Future::isDone);
		assertThat(((CompletableFuture<?>) results.get(0)).isCompletedExceptionally()).isTrue();
		assertThat(this.world.cluster.log(P0).logEnd()).isEqualTo(2);
		assertThat(Objects.requireNonNull(this.world.cluster.log(P0).at(0)).value())
			.isEqualTo(SimulatedWorld.bytes("v1"));
	}

}
