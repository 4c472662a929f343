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

package io.kaffe.simulation;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.springframework.kafka.support.KafkaHeaders;

import io.kaffe.spring.engine.delivery.OnceStore;
import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.offset.ParkedRecords;
import io.kaffe.spring.test.simulation.Carriers;
import io.kaffe.spring.test.simulation.Simulation;
import io.kaffe.spring.test.simulation.kafka.SimulatedCluster;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * A graceful history that a test makes up, with its oracles.
 */
final class TestHistory implements AutoCloseable {

	static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private final Carriers carriers = new Carriers(false);

	private final Simulation simulation = new Simulation(1, this.carriers);

	private final SimulatedCluster cluster = new SimulatedCluster(this.simulation);

	private final Violations violations = new Violations(this.simulation);

	private final Scenario scenario;

	final Journal journal;

	final EffectsOracle effects;

	final Database database;

	final DeadLetterOracle deadLetters;

	final LossOracle losses;

	final CommitOracle commits;

	final DeliveryOracle deliveries;

	/**
	 * Create a history.
	 * @param suitable how its service has to be configured
	 */
	TestHistory(Predicate<Scenario.Service> suitable) {
		this.scenario = LongStream.iterate(1, (seed) -> seed + 1)
			.mapToObj((seed) -> Scenario.of(seed).with(List.of()))
			.filter((scenario) -> !scenario.once() && scenario.isGraceful() && suitable.test(scenario.service()))
			.findFirst()
			.orElseThrow();
		this.journal = new Journal(this.simulation, this.cluster, this.scenario);
		this.effects = new EffectsOracle(this.simulation, this.cluster, this.journal, this.violations);
		this.database = new Database(this.simulation, this.effects, new DatabaseDisturbances(this.simulation));
		this.deadLetters = new DeadLetterOracle(this.simulation, this.cluster, this.journal, this.violations,
				this.scenario);
		this.losses = new LossOracle(this.simulation, this.cluster, this.journal, this.violations, this.scenario);
		this.commits = new CommitOracle(this.simulation, this.cluster, this.journal, this.deadLetters, this.violations,
				this.scenario);
		this.deliveries = new DeliveryOracle(this.simulation, this.journal, this.deadLetters,
				new OutageOracle(this.simulation, this.violations), this.violations, this.scenario);
	}

	/**
	 * Create an instance of its service, in a world of its own.
	 */
	ServiceInstance instance() {
		return new ServiceInstance(new World(this.scenario, this.carriers), this.scenario.service(), 0);
	}

	/**
	 * Let a history with records happen.
	 * @throws ViolationException if it breaks a promise
	 */
	void withRecords(int count, Consumer<List<Fact>> history) {
		World.TOPICS.forEach((topic) -> this.cluster.createTopic(topic, 1));
		DeadLetterOracle.TOPICS.forEach((topic) -> this.cluster.createTopic(topic, 1));
		history.accept(IntStream.range(0, count).mapToObj((number) -> produce()).toList());
		this.violations.check();
	}

	/**
	 * Assert that a history with records breaks a promise.
	 * @param how what the violation says
	 */
	void assertViolated(String how, int records, Consumer<List<Fact>> history) {
		assertThatExceptionOfType(ViolationException.class).isThrownBy(() -> withRecords(records, history))
			.withMessageContaining(how);
	}

	Fact produce() {
		Fact fact = this.journal.produced(PARTITION, "key");
		fact.offset = this.cluster.produce("orders", 0, "key".getBytes(StandardCharsets.UTF_8),
				String.valueOf(fact.number()).getBytes(StandardCharsets.UTF_8), new RecordHeaders(), 0);
		this.journal.stands(fact);
		return fact;
	}

	void commit(long offset, CompletedOffsets completed) {
		commit(offset, completed, ParkedRecords.NONE);
	}

	void commit(long offset, CompletedOffsets completed, ParkedRecords parked) {
		String metadata = CommitMetadata.of(offset, completed, parked, 0, 1000).text();
		OffsetAndMetadata committed = new OffsetAndMetadata(offset, Optional.empty(), metadata);
		this.cluster.coordinator().alterOffset(World.GROUP, PARTITION, committed);
		this.commits.committed(World.GROUP, "member", PARTITION, committed);
	}

	/**
	 * Return where records are noted.
	 */
	OnceStore.Partition noted() {
		return new OnceStore.Partition(World.GROUP, PARTITION.topic(),
				Objects.requireNonNull(this.cluster.topicId(PARTITION.topic())), PARTITION.partition());
	}

	OnceStore.Note note(Fact fact) {
		return new OnceStore.Note(noted(), fact.offset);
	}

	/**
	 * Publish a dead letter.
	 * @param originalOffset the offset of its record, by its headers
	 */
	void publish(Fact fact, long originalOffset) {
		RecordHeaders headers = new RecordHeaders();
		headers.add(KafkaHeaders.DLT_ORIGINAL_OFFSET, ByteBuffer.allocate(Long.BYTES).putLong(originalOffset).array());
		this.cluster.produce(DeadLetterOracle.TOPICS.get(0), 0, null, Payloads.value(fact), headers, 0);
	}

	/**
	 * Store that the first dead letters were handled.
	 * @param count how many
	 */
	void store(long count) {
		TopicPartition partition = new TopicPartition(DeadLetterOracle.TOPICS.get(0), 0);
		this.cluster.coordinator().alterOffset(World.GROUP + ".dead-letters", partition, new OffsetAndMetadata(count));
		this.deadLetters.committed(World.GROUP + ".dead-letters", "", partition, new OffsetAndMetadata(count));
	}

	/**
	 * Let retention delete the first records.
	 * @param before the first offset that stays
	 */
	void delete(long before) {
		this.losses.deletes(PARTITION, before);
		this.cluster.deleteBefore(PARTITION, before);
	}

	/**
	 * Delete the topic and create it again.
	 * @param tell tells the journal that it was created
	 */
	void recreate(Runnable tell) {
		this.cluster.deleteTopic(PARTITION.topic());
		partition().deleted();
		this.cluster.createTopic(PARTITION.topic(), 1);
		tell.run();
	}

	PartitionFact partition() {
		return this.journal.partition(PARTITION);
	}

	@Override
	public void close() {
		this.carriers.close();
	}

}
