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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.delivery.FailurePolicy;
import io.kaffe.spring.engine.delivery.KeyHashes;
import io.kaffe.spring.engine.delivery.OutageSettings;
import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.table.ConsumerProblem;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what a {@link ConsumerSession} does about evicted records, without a broker:
 * the records of blocked keys, of which most are evicted from memory.
 */
class ConsumerSessionEvictionTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private static final Duration BACK_OFF = Duration.ofSeconds(10);

	private final Map<TopicPartition, SimulatedConsumer.Partition> cluster = new HashMap<>();

	private final Set<Object> failingKeys = new HashSet<>(Set.of("a", "b"));

	private final List<String> handled = new ArrayList<>();

	/** Those that read evicted records. */
	private final List<MockConsumer<Object, Object>> readers = new ArrayList<>();

	private final ManualExecution execution = new ManualExecution();

	private final SimulatedConsumer consumer = new SimulatedConsumer(this.cluster, (offsets) -> {
	});

	private WorkerContainer adopted = adopted(10_000, true);

	private ConsumerSession session = this.adopted.session(this.consumer);

	private long end;

	@Test
	void endOfTheSessionClosesWhatReadsEvictedRecords() {
		assign();
		block("a");
		produce("a", 99);
		poll();
		assertThat(evicted()).isGreaterThan(20);
		this.failingKeys.clear();
		retry();
		assertThat(this.handled).hasSize(100);
		assertThat(this.readers).hasSize(1);
		assertThat(this.readers.get(0).closed()).isFalse();
		this.session.stopping(() -> {
		});
		this.execution.runAll();
		assertThat(this.readers.get(0).closed()).isTrue();
	}

	@Test
	void keyThatIsFreeAgainIsCommittedThoughAnotherHoldsUpTheWatermark() {
		assign();
		block("a");
		block("b");
		produce("a", 99);
		produce("b", 99);
		produce("c", 1);
		poll();
		assertThat(committed().blocked().isBlocked(KeyHashes.of("b"), 180)).isTrue();
		this.failingKeys.remove("b");
		this.execution.advance(BACK_OFF);
		while (this.handled.size() < 65 && this.execution.runOne()) {
			assertThat(this.readers).isEmpty();
		}
		commit();
		assertThat(committed().blocked().isBlocked(KeyHashes.of("b"), 180)).as("what was in memory is handled")
			.isTrue();
		retry();
		assertThat(this.handled).as("all of b, and c").hasSize(101);
		commit();
		assertThat(committed().blocked().isBlocked(KeyHashes.of("b"), 180)).isFalse();
		assertThat(committed().blocked().isBlocked(KeyHashes.of("a"), 80)).isTrue();
	}

	@Test
	void nothingIsEvictedIfRecordsCountBeforeTheyAreHandled() {
		begin(10_000, false);
		assign();
		block("a");
		produce("a", 99);
		poll();
		assertThat(evicted()).isZero();
		assertThat(this.readers).isEmpty();
	}

	private void begin(int maxBuffered, boolean ackAfterHandle) {
		this.adopted = adopted(maxBuffered, ackAfterHandle);
		this.session = this.adopted.session(this.consumer);
	}

	private WorkerContainer adopted(int maxBuffered, boolean ackAfterHandle) {
		ContainerProperties properties = new ContainerProperties("orders");
		properties.setGroupId("orders");
		FailurePolicy policy = new FailurePolicy(0, new FixedBackOff(BACK_OFF.toMillis(), Long.MAX_VALUE), null,
				FailurePolicy.Retryable.allBut(Set.of()), FailureAction.PARK, Map.of(), null, null, 100, List.of(),
				ackAfterHandle, OutageSettings.DISABLED, Duration.ZERO);
		return ContainerFixtures.adopted(new KafkaMessageListenerContainer<>(factory(), properties),
				ContainerFixtures.settings(StandardWorkerAllocationStrategy.WORKER_PER_KEY, maxBuffered, policy,
						ConsumerProblem.Severity.WARNING),
				(record) -> {
					if (this.failingKeys.contains(record.key())) {
						throw new IllegalStateException("refused");
					}
					this.handled.add(record.key() + "@" + record.offset());
				}, null, this.execution);
	}

	private DefaultKafkaConsumerFactory<Object, Object> factory() {
		return new DefaultKafkaConsumerFactory<>(Map.of()) {

			@Override
			public Consumer<Object, Object> createConsumer(@Nullable String groupId, @Nullable String clientIdPrefix,
					@Nullable String clientIdSuffix, @Nullable Properties properties) {
				SimulatedConsumer reader = new SimulatedConsumer(ConsumerSessionEvictionTests.this.cluster,
						(offsets) -> {
						});
				ConsumerSessionEvictionTests.this.readers.add(reader);
				return reader;
			}

		};
	}

	private void produce(String key, int count) {
		SimulatedConsumer.Partition log = this.cluster.computeIfAbsent(PARTITION,
				(partition) -> new SimulatedConsumer.Partition());
		for (int i = 0; i < count; i++) {
			log.append(new ConsumerRecord<>(PARTITION.topic(), PARTITION.partition(), this.end++,
					ConsumerRecord.NO_TIMESTAMP, TimestampType.NO_TIMESTAMP_TYPE, 1, 5, key, "value",
					new RecordHeaders(), Optional.empty()));
		}
	}

	/**
	 * Have the first record of a key fail.
	 */
	private void block(String key) {
		produce(key, 1);
		poll();
	}

	private void assign() {
		this.cluster.computeIfAbsent(PARTITION, (partition) -> new SimulatedConsumer.Partition());
		this.session.tick();
		this.consumer.take(List.of(PARTITION));
		this.session.assigned(List.of(PARTITION));
		this.session.seekAssigned(List.of(PARTITION));
		this.session.positioned(List.of(PARTITION));
	}

	/**
	 * Poll and handle, and have everything committed.
	 */
	private void poll() {
		this.session.tick();
		if (this.consumer.isFetchable(PARTITION)) {
			List<ConsumerRecord<Object, Object>> records = this.consumer.fetch(PARTITION, 500);
			this.session.dispatch(new ConsumerRecords<>(Map.of(PARTITION, records),
					Map.of(PARTITION, new OffsetAndMetadata(this.consumer.position(PARTITION)))));
		}
		this.execution.runAll();
		commit();
	}

	private void commit() {
		this.execution.advance(Duration.ofSeconds(1));
		this.session.tick();
		this.consumer.answer(true, true);
	}

	/**
	 * Let the back-off of records pass that have failed, and read and handle what is
	 * evicted.
	 */
	private void retry() {
		for (int round = 0; round < 20; round++) {
			this.execution.advance(BACK_OFF);
			this.execution.runAll();
		}
	}

	private long evicted() {
		return this.adopted.assignments().iterator().next().progress().evicted().records();
	}

	private CommitMetadata committed() {
		OffsetAndMetadata committed = Objects.requireNonNull(this.cluster.get(PARTITION)).committed();
		try {
			return CommitMetadata.read(Objects.requireNonNull(committed).metadata(), committed.offset());
		}
		catch (CommitMetadata.UnreadableMetadataException ex) {
			throw new AssertionError(ex);
		}
	}

}
