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

package io.kaffe.spring.engine.listener;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.SeekResult;
import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.delivery.FailurePolicy;
import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.ParkedRecord;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.table.ConsumerProblem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/**
 * Tests for what the next owner of a partition knows about the records that the one
 * before has parked, without a broker.
 */
class ParkedAcrossOwnersTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private final SimulatedConsumer.Partition log = new SimulatedConsumer.Partition();

	private final Map<TopicPartition, SimulatedConsumer.Partition> cluster = new LinkedHashMap<>(
			Map.of(PARTITION, this.log));

	/** The offsets of all attempts. */
	private final List<Long> attempts = new ArrayList<>();

	private final Set<Long> failing = new HashSet<>();

	private int commits;

	private ManualExecution execution = new ManualExecution();

	private SimulatedConsumer consumer = consumer();

	private WorkerContainer container = container();

	private ConsumerSession session = this.container.session(this.consumer);

	@Test
	void eachNextOwnerMakesOneAttempt() throws Exception {
		produce(20);
		this.failing.add(5L);
		this.failing.add(7L);
		assign();
		Instant first = this.execution.instant();
		pollAll();
		assertThat(attemptsAt(5)).isEqualTo(3);
		assertThat(parked()).extracting(ParkedRecord::offset, ParkedRecord::attempts, ParkedRecord::owners)
			.containsExactly(tuple(5L, 3, 1), tuple(7L, 3, 1));
		Instant since = parked().get(0).since();
		assertThat(since).isBetween(first.minusSeconds(1), this.execution.instant());
		for (int owner = 2; owner < 5; owner++) {
			revoke();
			this.attempts.clear();
			assign();
			pollAll();
			assertThat(this.attempts).containsExactlyInAnyOrder(5L, 7L);
			FailingRecord failing = failing().get(0);
			assertThat(failing.state()).isEqualTo(FailingRecord.State.PARKED);
			assertThat(failing.owners()).isEqualTo(owner);
			assertThat(failing.attempts()).isEqualTo(2 + owner);
			assertThat(failing.parkedSince()).isEqualTo(since);
			assertThat(parked()).extracting(ParkedRecord::owners).containsExactly(owner, owner);
		}
		revoke();
		this.failing.clear();
		this.attempts.clear();
		assign();
		pollAll();
		assertThat(this.attempts).as("a deployment brings the fix").containsExactlyInAnyOrder(5L, 7L);
		assertThat(this.log.committed()).isEqualTo(new OffsetAndMetadata(20));
	}

	@Test
	void parkingIsCommittedThoughNothingIsCompletedAndOnlyOnce() throws Exception {
		produce(1);
		this.failing.add(0L);
		assign();
		pollAll();
		assertThat(Objects.requireNonNull(this.log.committed()).offset()).isZero();
		assertThat(parked()).extracting(ParkedRecord::offset).containsExactly(0L);
		int before = this.commits;
		pollAll();
		assertThat(this.commits).as("nothing has changed").isEqualTo(before);
		this.container.context().delivery().failures().retry(PARTITION, 0);
		this.execution.runAll();
		this.session.tick();
		this.consumer.answer(true, true);
		assertThat(parked()).as("an operator gives it all attempts").isEmpty();
		pollAll();
		assertThat(attemptsAt(0)).isEqualTo(6);
		assertThat(parked()).extracting(ParkedRecord::owners).containsExactly(1);
		assertThat(this.commits).isEqualTo(before + 2);
	}

	@Test
	void ownerAfterACrashMakesOneAttempt() {
		produce(20);
		this.failing.add(5L);
		assign();
		pollAll();
		crash();
		this.attempts.clear();
		assign();
		pollAll();
		assertThat(this.attempts).containsExactly(5L);
		assertThat(failing()).singleElement().extracting(FailingRecord::owners).isEqualTo(2);
	}

	@Test
	void ownerThatHasNotReachedARecordWritesItOn() throws Exception {
		produce(40);
		this.failing.addAll(Set.of(5L, 30L));
		assign();
		pollAll();
		revoke();
		List<ParkedRecord> parked = parked();
		assertThat(parked).extracting(ParkedRecord::offset).containsExactly(5L, 30L);
		assign();
		poll(3);
		this.failing.remove(5L);
		pollOnce(3);
		revoke();
		assertThat(Objects.requireNonNull(this.log.committed()).offset()).isBetween(6L, 30L);
		assertThat(parked()).containsExactly(parked.get(1));
		this.attempts.clear();
		assign();
		pollAll();
		assertThat(this.attempts).containsExactly(30L);
		assertThat(failing()).singleElement().extracting(FailingRecord::owners).isEqualTo(2);
	}

	@Test
	void recordThatIsDroppedBeforeItsAttemptKeepsItsHistory() throws Exception {
		produce(20);
		this.failing.add(5L);
		assign();
		pollAll();
		revoke();
		List<ParkedRecord> parked = parked();
		assign();
		poll(20);
		revoke();
		assertThat(parked()).isEqualTo(parked);
	}

	@Test
	void operatorWhoSeeksGivesAllAttempts() throws Exception {
		produce(20);
		this.failing.add(5L);
		assign();
		pollAll();
		seek(10);
		assertThat(parked()).as("it is passed").isEmpty();
		seek(5);
		this.attempts.clear();
		pollAll();
		assertThat(attemptsAt(5)).isEqualTo(3);
		assertThat(failing()).singleElement().extracting(FailingRecord::owners).isEqualTo(1);
	}

	@Test
	void nothingIsReportedOrBelievedWithoutMetadata() {
		produce(20);
		this.failing.add(5L);
		assign();
		pollAll();
		revoke();
		this.container.context().metadataLimit().tooLarge(0);
		assign();
		this.attempts.clear();
		pollAll();
		assertThat(this.attempts).as("what is there is believed").containsExactly(5L);
		assertThat(Objects.requireNonNull(this.log.committed()).metadata()).isEmpty();
	}

	private SimulatedConsumer consumer() {
		return new SimulatedConsumer(this.cluster, (offsets) -> this.commits++);
	}

	private WorkerContainer container() {
		FailurePolicy policy = new FailurePolicy(3, new FixedBackOff(100, Long.MAX_VALUE), null, Set.of(),
				FailureAction.PARK, Map.of(), null, null, 100);
		ContainerProperties properties = new ContainerProperties("orders");
		properties.setGroupId("orders");
		MessageListener<Object, Object> listener = this::handle;
		return ContainerFixtures.adopted(
				new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(Map.of()), properties),
				ContainerFixtures.settings(StandardWorkerAllocationStrategy.WORKER_PER_RECORD, 10_000, policy,
						ConsumerProblem.Severity.WARNING),
				listener, null, this.execution);
	}

	private void handle(ConsumerRecord<Object, Object> record) {
		this.attempts.add(record.offset());
		if (this.failing.contains(record.offset())) {
			throw new IllegalStateException("On purpose");
		}
	}

	private void produce(int count) {
		for (int i = 0; i < count; i++) {
			long offset = this.log.end();
			this.log.append(new ConsumerRecord<>("orders", 0, offset, "key" + offset, "value"));
		}
	}

	private void assign() {
		this.session.tick();
		this.consumer.take(List.of(PARTITION));
		this.session.assigned(List.of(PARTITION));
		this.session.positioned(List.of(PARTITION));
	}

	private void revoke() {
		this.session.revoked(List.of(PARTITION), () -> {
		});
		this.consumer.letGo(List.of(PARTITION));
	}

	private void crash() {
		this.execution = new ManualExecution();
		this.consumer = consumer();
		this.container = container();
		this.session = this.container.session(this.consumer);
	}

	private void seek(long offset) {
		var answer = this.session.seek(PARTITION, SeekPosition.offset(offset));
		this.session.tick();
		assertThat(answer).isCompletedWithValueMatching((SeekResult result) -> result.offset() == offset);
	}

	private void poll(int most) {
		this.session.tick();
		if (this.consumer.isFetchable(PARTITION)) {
			List<ConsumerRecord<Object, Object>> records = this.consumer.fetch(PARTITION, most);
			this.session.dispatch(new ConsumerRecords<>(Map.of(PARTITION, records),
					Map.of(PARTITION, new OffsetAndMetadata(this.consumer.position(PARTITION)))));
		}
	}

	private void pollOnce(int most) {
		poll(most);
		this.execution.runAll();
		this.execution.advance(Duration.ofSeconds(10));
		this.execution.runAll();
		this.consumer.answer(true, true);
	}

	/**
	 * Poll, handle and commit until there is nothing more.
	 */
	private void pollAll() {
		for (int round = 0; round < 10; round++) {
			pollOnce(100);
		}
	}

	private long attemptsAt(long offset) {
		return this.attempts.stream().filter((attempt) -> attempt == offset).count();
	}

	private List<FailingRecord> failing() {
		return this.container.context().delivery().failures().all();
	}

	private List<ParkedRecord> parked() throws Exception {
		OffsetAndMetadata commit = Objects.requireNonNull(this.log.committed());
		return CommitMetadata.read(commit.metadata(), commit.offset()).parked().all();
	}

}
