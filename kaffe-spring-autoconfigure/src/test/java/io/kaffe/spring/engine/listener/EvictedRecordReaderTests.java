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

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.errors.RecordDeserializationException.DeserializationExceptionOrigin;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.support.serializer.SerializationUtils;

import io.kaffe.spring.engine.delivery.EvictedKey;
import io.kaffe.spring.engine.delivery.EvictingAssignment;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.table.ConsumerProblem;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EvictedRecordReader}, without a broker and threads. The log of each
 * partition holds records of the keys 'a', 'b' and 'c' in turns.
 */
@ExtendWith(OutputCaptureExtension.class)
class EvictedRecordReaderTests {

	private static final TopicPartition ORDERS_0 = new TopicPartition("orders", 0);

	private static final TopicPartition ORDERS_1 = new TopicPartition("orders", 1);

	private static final List<String> KEYS = List.of("a", "b", "c");

	private final ManualExecution execution = new ManualExecution();

	private final Map<TopicPartition, NavigableMap<Long, ConsumerRecord<Object, Object>>> log = new HashMap<>();

	private final Map<TopicPartition, Long> beginnings = new HashMap<>();

	/** Where the log ends, if not behind its last record. */
	private final Map<TopicPartition, Long> ends = new HashMap<>();

	/** All that were made. */
	private final List<LogConsumer> consumers = new ArrayList<>();

	private final List<Properties> configurations = new ArrayList<>();

	private @Nullable Long unreadable;

	private @Nullable KafkaException failure;

	private final ConsumerContext context = context();

	private final Worker worker = this.context.workers().internal("a");

	private final EvictedRecordReader reader = new EvictedRecordReader(this.context, new MockConsumer<>("none"),
			"orders-0");

	private final EvictingAssignment assignment = new EvictingAssignment(ORDERS_0, this.reader);

	@Test
	void eachKeyIsGivenItsOwnRecordsInOrder() {
		write(ORDERS_0, 30);
		EvictedKey a = this.assignment.evict("a", 3, 6, 9, 12);
		EvictedKey b = this.assignment.evict("b", 7, 10, 13);
		assertThat(take(a)).isEmpty();
		assertThat(take(b)).isEmpty();
		assertThat(this.consumers).as("not by the worker").isEmpty();
		this.execution.runAll();
		assertThat(take(a)).containsExactly(3L, 6L, 9L, 12L);
		assertThat(take(b)).containsExactly(7L, 10L, 13L);
		assertThat(a.position()).isEqualTo(13);
		assertThat(this.consumers).hasSize(1);
		assertThat(this.consumers.get(0).polls).isEqualTo(1);
		assertThat(this.consumers.get(0).assignment()).containsExactly(ORDERS_0);
	}

	@Test
	void keyThatIsFullHoldsUpNoOther() {
		write(ORDERS_0, 9000);
		EvictedKey a = this.assignment.evict("a", LongStream.range(0, 3000).map((number) -> number * 3).toArray());
		EvictedKey b = this.assignment.evict("b", 1, 8998);
		take(a);
		take(b);
		this.execution.runAll();
		List<Long> offsets = take(a);
		assertThat(offsets).hasSize(500);
		assertThat(b.position()).as("not read in this poll").isLessThanOrEqualTo(8998);
		while (offsets.size() < 3000) {
			this.execution.runAll();
			this.execution.advance(Duration.ofMillis(10));
			offsets.addAll(take(a));
		}
		assertThat(offsets).isEqualTo(LongStream.range(0, 3000).map((number) -> number * 3).boxed().toList());
	}

	@Test
	void partitionsAreReadOneAfterTheOther() {
		write(ORDERS_0, 9);
		write(ORDERS_1, 9);
		EvictingAssignment other = new EvictingAssignment(ORDERS_1, this.reader);
		EvictedKey a = this.assignment.evict("a", 0, 3);
		EvictedKey c = other.evict("c", 2, 5);
		take(a);
		EvictingAssignment.take(other.eviction(), c, this.worker);
		this.execution.runAll();
		assertThat(take(a)).containsExactly(0L, 3L);
		assertThat(EvictingAssignment.take(other.eviction(), c, this.worker)).extracting(ConsumerRecord::offset)
			.containsExactly(2L, 5L);
		assertThat(this.consumers).hasSize(1);
	}

	@Test
	void deletedRecordsArePassedAndReportedAsLost(CapturedOutput output) {
		write(ORDERS_0, 30);
		this.beginnings.put(ORDERS_0, 10L);
		EvictedKey a = this.assignment.evict("a", 3, 6, 9, 12);
		EvictedKey b = this.assignment.evict("b", 13);
		take(a);
		take(b);
		this.execution.runAll();
		assertThat(take(a)).containsExactly(12L);
		assertThat(take(b)).containsExactly(13L);
		assertThat(output).containsOnlyOnce("ERROR")
			.contains(
					"Consumer 'orders' has lost records: orders-0 from offset 3 to 9 (4 unfinished offsets) were deleted "
							+ "before they were handled, as its log begins at 10 and ends at 30");
		assertThat(this.context.losses().count()).as("4 were evicted").isEqualTo(4);
	}

	@Test
	void compactedRecordsArePassed() {
		write(ORDERS_0, 30);
		EvictedKey a = this.assignment.evict("a", 3, 6, 9, 12, 15, 18, 21, 24, 27);
		log(ORDERS_0).keySet().removeIf((offset) -> offset < 12 || offset > 14);
		take(a);
		this.execution.runAll();
		assertThat(take(a)).containsExactly(12L);
		assertThat(a.position()).isEqualTo(28);
	}

	@Test
	void unreadableRecordOfAnotherKeyIsPassed() {
		write(ORDERS_0, 30);
		this.unreadable = 7L;
		EvictedKey a = this.assignment.evict("a", 3, 6, 9);
		take(a);
		runFor(Duration.ofMillis(20));
		assertThat(take(a)).containsExactly(3L, 6L, 9L);
	}

	@Test
	void unreadableRecordIsGivenWithItsReason() {
		write(ORDERS_0, 30);
		this.unreadable = 6L;
		EvictedKey a = this.assignment.evict("a", 3, 6, 9);
		take(a);
		this.execution.runAll();
		List<ConsumerRecord<?, ?>> records = EvictingAssignment.take(this.assignment.eviction(), a, this.worker);
		assertThat(records).extracting(ConsumerRecord::offset).containsExactly(3L, 6L, 9L);
		assertThat((Object) records.get(1).value()).isNull();
		assertThat(records.get(1).headers().lastHeader(SerializationUtils.VALUE_DESERIALIZER_EXCEPTION_HEADER))
			.isNotNull();
	}

	@Test
	void recordsOfALogThatWasTruncatedArePassedAfterAWhile(CapturedOutput output) {
		write(ORDERS_0, 30);
		EvictedKey a = this.assignment.evict("a", 3, 6, 12);
		log(ORDERS_0).tailMap(6L).clear();
		this.ends.put(ORDERS_0, 6L);
		take(a);
		runFor(Duration.ofSeconds(9));
		assertThat(take(a)).containsExactly(3L);
		assertThat(a.position()).isEqualTo(6);
		assertThat(output).doesNotContain("ERROR");
		runFor(Duration.ofSeconds(2));
		assertThat(a.position()).isEqualTo(13);
		assertThat(output).containsOnlyOnce("ERROR")
			.contains("from offset 6 to 12 (3 unfinished offsets) were deleted");
	}

	@Test
	void positionBehindTheEndIsPassed(CapturedOutput output) {
		write(ORDERS_0, 30);
		EvictedKey a = this.assignment.evict("a", 12, 15);
		log(ORDERS_0).tailMap(6L).clear();
		this.ends.put(ORDERS_0, 6L);
		take(a);
		this.execution.runAll();
		assertThat(a.position()).isEqualTo(16);
		assertThat(output).contains("from offset 12 to 15 (2 unfinished offsets) were deleted");
	}

	@Test
	void failureIsLoggedAndReadingIsTriedAgainWithAnotherConsumer(CapturedOutput output) {
		write(ORDERS_0, 30);
		this.failure = new KafkaException("Not allowed");
		EvictedKey a = this.assignment.evict("a", 3);
		take(a);
		this.execution.runAll();
		assertThat(take(a)).isEmpty();
		assertThat(output).contains("Records of blocked keys cannot be read again; another try follows")
			.contains("Not allowed");
		assertThat(this.consumers).singleElement().matches(MockConsumer::closed);
		this.failure = null;
		this.execution.advance(Duration.ofMillis(999));
		this.execution.runAll();
		assertThat(this.consumers).hasSize(1);
		this.execution.advance(Duration.ofMillis(1));
		this.execution.runAll();
		assertThat(take(a)).containsExactly(3L);
		assertThat(this.consumers).hasSize(2);
	}

	@Test
	void rejectedTaskIsStartedLater(CapturedOutput output) {
		write(ORDERS_0, 30);
		this.execution.reject(true);
		EvictedKey a = this.assignment.evict("a", 3);
		take(a);
		assertThat(output).contains("cannot start a thread to read records again");
		this.execution.reject(false);
		runFor(Duration.ofSeconds(1));
		assertThat(take(a)).containsExactly(3L);
	}

	@Test
	void rateIsBounded() {
		// 64 MB a second.
		write(ORDERS_0, 1000, 64_000);
		EvictedKey a = this.assignment.evict("a", LongStream.range(0, 300).map((number) -> number * 3).toArray());
		List<Long> offsets = new ArrayList<>();
		take(a);
		int turns = 0;
		while (offsets.size() < 300) {
			this.execution.runAll();
			offsets.addAll(take(a));
			this.execution.advance(Duration.ofMillis(100));
			turns++;
		}
		long bytes = this.consumers.get(0).bytes;
		assertThat(turns * 6_400_000L).isBetween(bytes - 64_000_000, bytes * 5 / 4);
	}

	@Test
	void readerIsAConsumerOfItsOwnThatCommitsNothing() {
		write(ORDERS_0, 30);
		take(this.assignment.evict("a", 3));
		this.execution.runAll();
		assertThat(this.configurations).singleElement()
			.satisfies((configuration) -> assertThat(configuration).containsEntry("enable.auto.commit", "false")
				.containsEntry("auto.offset.reset", "none")
				.containsEntry("interceptor.classes", "")
				.containsEntry("fetch.max.bytes", "4194304")
				.containsEntry("test.client-id", "orders-0-evicted")
				.containsEntry("mine", "of the container"));
	}

	@Test
	void revokedKeyIsNotRead() {
		write(ORDERS_0, 30);
		take(this.assignment.evict("a", 3));
		this.assignment.revoke();
		this.execution.runAll();
		assertThat(this.consumers).isEmpty();
	}

	@Test
	void closedReaderClosesItsConsumerAndReadsNothing() {
		write(ORDERS_0, 30);
		EvictedKey a = this.assignment.evict("a", 3, 6);
		take(a);
		this.execution.runAll();
		this.reader.close();
		this.execution.runAll();
		assertThat(this.consumers).singleElement().matches(MockConsumer::closed);
		EvictedKey b = this.assignment.evict("b", 7);
		take(b);
		this.execution.runAll();
		assertThat(take(b)).isEmpty();
		assertThat(this.consumers).hasSize(1);
		assertThat(this.execution.timers()).isZero();
	}

	private List<Long> take(EvictedKey key) {
		return new ArrayList<>(EvictingAssignment.take(this.assignment.eviction(), key, this.worker)
			.stream()
			.map(ConsumerRecord::offset)
			.toList());
	}

	private NavigableMap<Long, ConsumerRecord<Object, Object>> log(TopicPartition partition) {
		return Objects.requireNonNull(this.log.get(partition));
	}

	private void runFor(Duration duration) {
		this.execution.runAll();
		for (long left = duration.toMillis(); left > 0; left -= 10) {
			this.execution.advance(Duration.ofMillis(10));
			this.execution.runAll();
		}
	}

	private void write(TopicPartition partition, int records) {
		write(partition, records, 10);
	}

	private void write(TopicPartition partition, int records, int size) {
		NavigableMap<Long, ConsumerRecord<Object, Object>> log = new TreeMap<>();
		LongStream.range(0, records)
			.forEach((offset) -> log.put(offset,
					new ConsumerRecord<>(partition.topic(), partition.partition(), offset, 0, TimestampType.CREATE_TIME,
							0, size, KEYS.get((int) (offset % 3)), "value", new RecordHeaders(), Optional.empty())));
		this.log.put(partition, log);
		this.beginnings.put(partition, 0L);
		this.ends.put(partition, (long) records);
	}

	private ConsumerContext context() {
		ContainerProperties properties = new ContainerProperties("orders");
		properties.setGroupId("orders");
		properties.getKafkaConsumerProperties().put("mine", "of the container");
		DefaultKafkaConsumerFactory<Object, Object> factory = new DefaultKafkaConsumerFactory<>(
				Map.of("key.deserializer", StringDeserializer.class, "value.deserializer", StringDeserializer.class)) {

			@Override
			public Consumer<Object, Object> createConsumer(@Nullable String groupId, @Nullable String prefix,
					@Nullable String suffix, @Nullable Properties overrides) {
				Properties configuration = new Properties();
				configuration.putAll(overrides);
				configuration.put("test.client-id", prefix + suffix);
				EvictedRecordReaderTests.this.configurations.add(configuration);
				EvictedRecordReaderTests.this.consumers.add(new LogConsumer());
				return EvictedRecordReaderTests.this.consumers.get(EvictedRecordReaderTests.this.consumers.size() - 1);
			}

		};
		return ContainerFixtures.adopted(new KafkaMessageListenerContainer<>(factory, properties),
				ContainerFixtures.settings(StandardWorkerAllocationStrategy.WORKER_PER_KEY, 10_000,
						ContainerFixtures.POLICY, ConsumerProblem.Severity.WARNING),
				(record) -> {
				}, null, this.execution)
			.context();
	}

	/**
	 * A consumer that reads the log.
	 */
	private final class LogConsumer extends MockConsumer<Object, Object> {

		private int polls;

		private long bytes;

		LogConsumer() {
			super("none");
		}

		@Override
		public synchronized ConsumerRecords<Object, Object> poll(Duration timeout) {
			this.polls++;
			if (EvictedRecordReaderTests.this.failure != null) {
				throw EvictedRecordReaderTests.this.failure;
			}
			TopicPartition partition = assignment().iterator().next();
			long from = position(partition);
			long beginning = EvictedRecordReaderTests.this.beginnings.getOrDefault(partition, 0L);
			long end = EvictedRecordReaderTests.this.ends.getOrDefault(partition, 0L);
			if (from < beginning || from > end) {
				throw new OffsetOutOfRangeException(Map.of(partition, from));
			}
			Long unreadable = EvictedRecordReaderTests.this.unreadable;
			if (unreadable != null && unreadable == from) {
				throw new RecordDeserializationException(DeserializationExceptionOrigin.VALUE, partition, from, 0,
						TimestampType.CREATE_TIME,
						ByteBuffer.wrap(KEYS.get((int) (from % 3)).getBytes(StandardCharsets.UTF_8)),
						ByteBuffer.wrap(new byte[3]), new RecordHeaders(), "unreadable",
						new IllegalStateException("no"));
			}
			List<ConsumerRecord<Object, Object>> records = log(partition).tailMap(from)
				.values()
				.stream()
				.limit(2000)
				.takeWhile((record) -> unreadable == null || from > unreadable || record.offset() < unreadable)
				.toList();
			this.bytes += records.stream().mapToLong(ConsumerRecord::serializedValueSize).sum();
			long next = (records.size() == 2000 || unreadable != null)
					? (records.isEmpty() ? from : records.get(records.size() - 1).offset() + 1) : end;
			seek(partition, next);
			return records.isEmpty() ? ConsumerRecords.empty()
					: new ConsumerRecords<>(Map.of(partition, records), Map.of());
		}

		@Override
		public synchronized Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions,
				Duration timeout) {
			return Map.copyOf(EvictedRecordReaderTests.this.beginnings);
		}

		@Override
		public synchronized Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions,
				Duration timeout) {
			return Map.copyOf(EvictedRecordReaderTests.this.ends);
		}

		@Override
		public void close(CloseOptions options) {
			close();
		}

	}

}
