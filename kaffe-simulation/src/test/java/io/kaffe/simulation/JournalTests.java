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
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.support.KafkaHeaders;

import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.test.simulation.Carriers;
import io.kaffe.spring.test.simulation.Simulation;
import io.kaffe.spring.test.simulation.kafka.SimulatedCluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * What oracles say of commits: each is fed with one that breaks a promise.
 */
class JournalTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private final Carriers carriers = new Carriers(false);

	private final Simulation simulation = new Simulation(1, this.carriers);

	private final SimulatedCluster cluster = new SimulatedCluster(this.simulation);

	private Journal journal = new Journal(this.simulation, this.cluster, Scenario.of(1), true);

	@AfterEach
	void endThreads() {
		this.carriers.close();
	}

	@Test
	void commitOfWhatIsCompletedIsFine() {
		assertThatCode(() -> withRecords(3, (facts) -> {
			this.journal.done(facts.get(0), "handled");
			this.journal.done(facts.get(2), "handled");
			commit(1, new CompletedOffsets.Builder().add(2, 3).build());
			this.journal.done(facts.get(1), "handled");
			commit(3, CompletedOffsets.NONE);
		})).doesNotThrowAnyException();
	}

	@Test
	void commitIsEarly() {
		assertViolated("is not completed, and orders-0@2 is committed", 3, (facts) -> {
			this.journal.done(facts.get(0), "handled");
			commit(2, CompletedOffsets.NONE);
		});
	}

	@Test
	void reportIsEarly() {
		assertViolated("is not completed, but reported as such", 3,
				(facts) -> commit(0, new CompletedOffsets.Builder().add(1, 3).build()));
	}

	@Test
	void commitIsBeyondTheEnd() {
		assertViolated("is committed beyond the end", 1, (facts) -> {
			this.journal.done(facts.get(0), "handled");
			commit(2, CompletedOffsets.NONE);
		});
	}

	@Test
	void reportIsBeyondTheEnd() {
		assertViolated("beyond the end", 2, (facts) -> {
			this.journal.done(facts.get(1), "handled");
			commit(0, new CompletedOffsets.Builder().add(1, 5).build());
		});
	}

	@Test
	void commitLeadsBack() {
		assertViolated("leads back from 2 to 1", 2, (facts) -> {
			facts.forEach((fact) -> this.journal.done(fact, "handled"));
			commit(2, CompletedOffsets.NONE);
			commit(1, CompletedOffsets.NONE);
		});
	}

	@Test
	void commitMayLeadBackAfterASeek() {
		assertThatCode(() -> withRecords(2, (facts) -> {
			facts.forEach((fact) -> this.journal.done(fact, "handled"));
			commit(2, CompletedOffsets.NONE);
			this.journal.sought(PARTITION, 0, 1, false);
			commit(1, CompletedOffsets.NONE);
		})).doesNotThrowAnyException();
	}

	@Test
	void topicBeginsAnewWhenItIsCreatedAgain() {
		assertThatCode(() -> withRecords(2, (facts) -> {
			facts.forEach((fact) -> this.journal.done(fact, "handled"));
			commit(2, CompletedOffsets.NONE);
			recreate(() -> this.journal.recreated(PARTITION, false));
			Fact fact = produce();
			this.journal.done(fact, "handled");
			commit(1, CompletedOffsets.NONE);
			assertThat(this.journal.unfinished()).isEmpty();
		})).doesNotThrowAnyException();
	}

	@Test
	void recordOfATopicThatWasCreatedAgainIsLeft() {
		assertViolated("is not completed, and orders-0@1 is committed", 2, (facts) -> {
			facts.forEach((fact) -> this.journal.done(fact, "handled"));
			commit(2, CompletedOffsets.NONE);
			recreate(() -> this.journal.recreated(PARTITION, false));
			Fact fact = produce();
			assertThat(this.journal.unfinished()).containsExactly(fact);
			commit(1, CompletedOffsets.NONE);
		});
	}

	@Test
	void commitOfADeletedTopicIsBeyondTheEndOfTheNewOne() {
		assertViolated("is committed beyond the end", 2, (facts) -> {
			facts.forEach((fact) -> this.journal.done(fact, "handled"));
			recreate(() -> this.journal.recreated(PARTITION, false));
			commit(2, CompletedOffsets.NONE);
		});
	}

	@Test
	void topicThatIsCreatedAgainWhileItIsAssignedMayBeTakenForTheOneBefore() {
		assertThatCode(() -> withRecords(2, (facts) -> {
			facts.forEach((fact) -> this.journal.done(fact, "handled"));
			recreate(() -> this.journal.recreatedWhileAssigned(PARTITION, 2));
			commit(2, CompletedOffsets.NONE);
			produce();
			produce();
			Fact later = produce();
			assertThat(this.journal.unfinished()).containsExactly(later);
		})).doesNotThrowAnyException();
	}

	@Test
	void recordIsLeft() {
		assertThatCode(() -> withRecords(2, (facts) -> {
			this.journal.done(facts.get(0), "handled");
			assertThat(this.journal.unfinished()).containsExactly(facts.get(1));
			assertThat(this.journal.behind()).containsExactly(PARTITION);
		})).doesNotThrowAnyException();
	}

	@Test
	void deadLetterCompletesItsRecord() {
		this.journal = journal((setup) -> setup.publishesDeadLetters());
		assertThatCode(() -> withRecords(1, (facts) -> {
			publish(facts.get(0), 0);
			commit(1, CompletedOffsets.NONE);
		})).doesNotThrowAnyException();
	}

	@Test
	void deadLetterIsPublishedTwice() {
		this.journal = journal((setup) -> setup.publishesDeadLetters());
		assertViolated("is dead-lettered for the 2. time", 1, (facts) -> {
			publish(facts.get(0), 0);
			publish(facts.get(0), 0);
			commit(1, CompletedOffsets.NONE);
		});
	}

	@Test
	void handledRecordIsDeadLettered() {
		this.journal = journal((setup) -> setup.publishesDeadLetters());
		assertViolated("is dead-lettered after it was handled", 1, (facts) -> {
			this.journal.done(facts.get(0), "handled");
			publish(facts.get(0), 0);
			commit(1, CompletedOffsets.NONE);
		});
	}

	@Test
	void deadLetterNamesAnotherRecord() {
		this.journal = journal((setup) -> setup.publishesDeadLetters());
		assertViolated("is dead-lettered as offset 7", 1, (facts) -> {
			publish(facts.get(0), 7);
			commit(1, CompletedOffsets.NONE);
		});
	}

	@Test
	void filteredRecordIsHandled() {
		assertHandledInVain((setup) -> setup.isFiltered(3), 3);
	}

	@Test
	void skippedRecordIsHandled() {
		assertHandledInVain((setup) -> setup.isSkipped(4), 4);
	}

	@Test
	void unreadableRecordIsHandled() {
		assertHandledInVain((setup) -> setup.isUnreadable(6), 6);
	}

	private void assertHandledInVain(Predicate<ListenerSetup> setup, int number) {
		Scenario scenario = scenario(setup);
		this.journal = new Journal(this.simulation, this.cluster, scenario, true);
		ServiceInstance instance = new ServiceInstance(new World(scenario, this.carriers), scenario.service(), 0);
		assertViolated("is handled although it is filtered, skipped or unreadable", number + 1, (facts) -> {
			Fact fact = facts.get(number);
			this.journal.begins(instance, new ConsumerRecord<>(fact.partition().topic(), fact.partition().partition(),
					fact.offset, fact.key(), String.valueOf(fact.number())), true, List.of());
		});
	}

	private Journal journal(Predicate<ListenerSetup> setup) {
		DeadLetterLog.TOPICS.forEach((topic) -> this.cluster.createTopic(topic, 1));
		return new Journal(this.simulation, this.cluster, scenario(setup), true);
	}

	private static Scenario scenario(Predicate<ListenerSetup> setup) {
		return LongStream.iterate(1, (seed) -> seed + 1)
			.mapToObj(Scenario::of)
			.filter((scenario) -> setup.test(scenario.service().setup()))
			.findFirst()
			.orElseThrow();
	}

	private void recreate(Runnable tell) {
		this.cluster.deleteTopic(PARTITION.topic());
		this.journal.deleted(PARTITION);
		this.cluster.createTopic(PARTITION.topic(), 1);
		tell.run();
	}

	private void publish(Fact fact, long originalOffset) {
		RecordHeaders headers = new RecordHeaders();
		headers.add(KafkaHeaders.DLT_ORIGINAL_OFFSET, ByteBuffer.allocate(Long.BYTES).putLong(originalOffset).array());
		this.cluster.produce(DeadLetterLog.TOPICS.get(0), 0, null, Payloads.value(fact), headers, 0);
	}

	private void commit(long offset, CompletedOffsets completed) {
		String metadata = CommitMetadata.of(offset, completed, 0, 1000).text();
		this.journal.committed(World.GROUP, "member", PARTITION,
				new OffsetAndMetadata(offset, Optional.empty(), metadata));
	}

	private void assertViolated(String how, int records, Consumer<List<Fact>> history) {
		assertThatExceptionOfType(ViolationException.class).isThrownBy(() -> withRecords(records, history))
			.withMessageContaining(how);
	}

	private void withRecords(int count, Consumer<List<Fact>> history) {
		World.TOPICS.forEach((topic) -> this.cluster.createTopic(topic, 1));
		List<Fact> facts = IntStream.range(0, count).mapToObj((number) -> produce()).toList();
		history.accept(facts);
		this.journal.check();
	}

	private Fact produce() {
		Fact fact = this.journal.produced(PARTITION, "key");
		fact.offset = this.cluster.produce("orders", 0, "key".getBytes(StandardCharsets.UTF_8),
				String.valueOf(fact.number()).getBytes(StandardCharsets.UTF_8), new RecordHeaders(), 0);
		this.journal.stands(fact);
		return fact;
	}

}
