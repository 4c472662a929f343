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

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.ConcurrentModificationException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;

import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link SimulatedConsumer} without group management: positions, what polls
 * return, and commits. Kafka's Javadoc of {@code KafkaConsumer} is what it has to follow,
 * besides KIP-98 (transactions) and KIP-320 (truncation).
 */
class SimulatedConsumerTests {

	private static final TopicPartition P0 = SimulatedWorld.partition(0);

	private static final TopicPartition P1 = SimulatedWorld.partition(1);

	private final SimulatedWorld world = new SimulatedWorld();

	@BeforeEach
	void createTopic() {
		this.world.cluster.createTopic("t", 2);
	}

	private SimulatedConsumer<String, String> assigned(Map<String, Object> config) {
		SimulatedConsumer<String, String> consumer = this.world.consumer(config);
		consumer.assign(List.of(P0));
		return consumer;
	}

	private List<Long> poll(SimulatedConsumer<String, String> consumer) {
		List<Long> offsets = new ArrayList<>();
		for (int i = 0; i < 20; i++) {
			for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(50))) {
				offsets.add(record.offset());
			}
		}
		return offsets;
	}

	private SimulatedTransaction transaction(int records) {
		SimulatedTransaction transaction = this.world.cluster.beginTransaction();
		for (int i = 0; i < records; i++) {
			transaction.produce(P0, null, null, new RecordHeaders());
		}
		return transaction;
	}

	private LogEntry entry(long offset) {
		return Objects.requireNonNull(this.world.cluster.log(P0).at(offset));
	}

	private static long offset(Map<TopicPartition, OffsetAndMetadata> offsets) {
		return Objects.requireNonNull(offsets.get(P0)).offset();
	}

	@Test
	void pollsInSequence() {
		this.world.produce(0, 20);
		SimulatedConsumer<String, String> consumer = assigned(SimulatedWorld.eager());
		assertThat(poll(consumer)).hasSize(20).isSorted();
		assertThat(consumer.position(P0)).isEqualTo(20);
		assertThat(consumer.currentLag(P0)).hasValue(0);
	}

	@Test
	void maxPollRecords() {
		this.world.produce(0, 20);
		SimulatedConsumer<String, String> consumer = assigned(
				SimulatedWorld.with(SimulatedWorld.eager(), ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 3));
		assertThat(consumer.poll(Duration.ofSeconds(1)).count()).isBetween(1, 3);
		assertThat(poll(consumer)).isSorted();
		assertThat(consumer.position(P0)).isEqualTo(20);
	}

	@Test
	void resetsToLatest() {
		this.world.produce(0, 2);
		SimulatedConsumer<String, String> consumer = assigned(
				SimulatedWorld.with(SimulatedWorld.eager(), ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest"));
		assertThat(consumer.position(P0)).isEqualTo(2);
		this.world.produce(0, 1);
		assertThat(poll(consumer)).containsExactly(2L);
	}

	@Test
	void resetsToNone() {
		SimulatedConsumer<String, String> consumer = assigned(
				SimulatedWorld.with(SimulatedWorld.eager(), ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none"));
		for (int i = 0; i < 2; i++) {
			assertThatExceptionOfType(NoOffsetForPartitionException.class).isThrownBy(() -> poll(consumer))
				.satisfies((ex) -> assertThat(ex.partitions()).containsExactly(P0));
		}
		consumer.seek(P0, 0);
		this.world.produce(0, 1);
		assertThat(poll(consumer)).containsExactly(0L);
	}

	@Test
	void continuesAtCommittedOffset() {
		this.world.produce(0, 5);
		SimulatedConsumer<String, String> consumer = assigned(SimulatedWorld.eager());
		OffsetAndMetadata commit = new OffsetAndMetadata(3, Optional.of(0), "meta");
		consumer.commitSync(Map.of(P0, commit));
		assertThat(consumer.committed(Set.of(P0, P1))).containsEntry(P0, commit).containsEntry(P1, null);
		consumer.close();
		assertThat(poll(assigned(SimulatedWorld.eager()))).containsExactly(3L, 4L);
	}

	@Test
	void metadataIsLimited() {
		SimulatedConsumer<String, String> consumer = assigned(SimulatedWorld.eager());
		consumer.commitSync(Map.of(P0, new OffsetAndMetadata(0, "x".repeat(4096))));
		assertThatExceptionOfType(OffsetMetadataTooLarge.class)
			.isThrownBy(() -> consumer.commitSync(Map.of(P0, new OffsetAndMetadata(1, "x".repeat(4097)))));
		assertThat(this.world.cluster.committed(SimulatedWorld.GROUP, P0)).extracting(OffsetAndMetadata::offset)
			.isEqualTo(0L);
	}

	@Test
	void offsetIsOutOfRange() {
		this.world.produce(0, 5);
		SimulatedConsumer<String, String> consumer = assigned(
				SimulatedWorld.with(SimulatedWorld.eager(), ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none"));
		consumer.seek(P0, 9);
		assertThatExceptionOfType(OffsetOutOfRangeException.class).isThrownBy(() -> poll(consumer))
			.satisfies((ex) -> assertThat(ex.offsetOutOfRangePartitions()).containsExactly(Map.entry(P0, 9L)));
		consumer.seekToBeginning(List.of(P0));
		assertThat(poll(consumer)).hasSize(5);
	}

	@Test
	void retentionResets() {
		this.world.produce(0, 5);
		SimulatedConsumer<String, String> consumer = assigned(SimulatedWorld.eager());
		consumer.seek(P0, 1);
		this.world.cluster.deleteBefore(P0, 3);
		assertThat(poll(consumer)).containsExactly(3L, 4L);
		assertThat(consumer.beginningOffsets(List.of(P0))).containsEntry(P0, 3L);
	}

	@Test
	void gapsByCompaction() {
		this.world.produce(0, 6);
		this.world.cluster.compact(P0, 1, 4);
		this.world.cluster.compact(P0, 5, 6);
		SimulatedConsumer<String, String> consumer = assigned(SimulatedWorld.eager());
		assertThat(poll(consumer)).containsExactly(0L, 4L);
		assertThat(consumer.position(P0)).isEqualTo(6);
		assertThat(this.world.cluster.log(P0).isRecord(2, true)).isFalse();
	}

	/**
	 * KIP-98: aborted records and markers are offsets that are no records.
	 */
	@Test
	void transactions() {
		SimulatedTransaction aborted = transaction(2);
		this.world.produce(0, 1);
		SimulatedConsumer<String, String> consumer = assigned(
				SimulatedWorld.with(SimulatedWorld.eager(), ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed"));
		assertThat(poll(consumer)).isEmpty();
		assertThat(consumer.endOffsets(List.of(P0))).containsEntry(P0, 0L);
		aborted.abort();
		assertThat(poll(consumer)).containsExactly(2L);
		SimulatedTransaction committed = transaction(2);
		assertThat(poll(consumer)).isEmpty();
		committed.commit();
		assertThat(poll(consumer)).containsExactly(4L, 5L);
		assertThat(consumer.position(P0)).isEqualTo(7);
		assertThat(poll(assigned(SimulatedWorld.eager()))).containsExactly(0L, 1L, 2L, 4L, 5L);
	}

	/**
	 * A poll returns early, without records, when its position advanced over a marker.
	 */
	@Test
	void positionAdvancesOverMarkers() {
		SimulatedTransaction committed = transaction(1);
		SimulatedConsumer<String, String> consumer = assigned(
				SimulatedWorld.with(SimulatedWorld.eager(), ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed"));
		committed.commit();
		consumer.seek(P0, 1);
		ConsumerRecords<String, String> records = consumer.poll(Duration.ofSeconds(10));
		assertThat(records).isEmpty();
		assertThat(records.nextOffsets()).containsKey(P0);
		assertThat(this.world.time.nanoTime()).isLessThan(1_000_000_000);
		assertThat(consumer.position(P0)).isEqualTo(2);
	}

	/**
	 * KIP-320: after an unclean election the position goes back to where the log of its
	 * epoch ends, and what was written since is read.
	 */
	@Test
	void truncation() {
		this.world.produce(0, 6);
		SimulatedConsumer<String, String> consumer = assigned(SimulatedWorld.eager());
		assertThat(poll(consumer)).hasSize(6);
		long before = entry(4).id();
		this.world.cluster.truncate(P0, 4);
		this.world.produce(0, 3);
		assertThat(poll(consumer)).containsExactly(4L, 5L, 6L);
		assertThat(entry(4).id()).isNotEqualTo(before);
		assertThat(entry(4).leaderEpoch()).isEqualTo(1);
	}

	@Test
	void truncationWithoutReset() {
		this.world.produce(0, 6);
		SimulatedConsumer<String, String> consumer = assigned(
				SimulatedWorld.with(SimulatedWorld.eager(), ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none"));
		consumer.seek(P0, 0);
		assertThat(poll(consumer)).hasSize(6);
		this.world.cluster.truncate(P0, 4);
		assertThatExceptionOfType(LogTruncationException.class).isThrownBy(() -> poll(consumer))
			.satisfies((ex) -> assertThat(ex.divergentOffsets()).containsEntry(P0,
					new OffsetAndMetadata(4, Optional.of(0), "")));
	}

	@Test
	void committedOffsetOfTruncatedLog() {
		this.world.produce(0, 6);
		SimulatedConsumer<String, String> consumer = assigned(SimulatedWorld.eager());
		consumer.commitSync(Map.of(P0, new OffsetAndMetadata(6, Optional.of(0), "")));
		this.world.cluster.truncate(P0, 4);
		this.world.produce(0, 4);
		assertThat(poll(assigned(SimulatedWorld.eager()))).containsExactly(4L, 5L, 6L, 7L);
	}

	@Test
	void electionWithoutLoss() {
		this.world.produce(0, 6);
		SimulatedConsumer<String, String> consumer = assigned(SimulatedWorld.eager());
		assertThat(poll(consumer)).hasSize(6);
		this.world.cluster.electLeader(P0);
		this.world.produce(0, 1);
		assertThat(poll(consumer)).containsExactly(6L);
	}

	/**
	 * KAFKA-7548: what was fetched of a partition is kept while it is paused.
	 */
	@Test
	void pausesAndResumes() {
		this.world.produce(0, 10);
		this.world.produce(1, 10);
		SimulatedConsumer<String, String> consumer = this.world
			.consumer(SimulatedWorld.with(SimulatedWorld.eager(), ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1));
		consumer.assign(List.of(P0, P1));
		TopicPartition first = consumer.poll(Duration.ofSeconds(5)).partitions().iterator().next();
		consumer.pause(List.of(first));
		for (int i = 0; i < 30; i++) {
			assertThat(consumer.poll(Duration.ofMillis(20)).partitions()).doesNotContain(first);
		}
		assertThat(consumer.paused()).containsExactly(first);
		assertThat(consumer.position(first)).isEqualTo(1);
		consumer.resume(List.of(first));
		assertThat(consumer.poll(Duration.ofSeconds(5)).records(first)).extracting(ConsumerRecord::offset)
			.containsExactly(1L);
	}

	@Test
	void seeksDropWhatWasFetched() {
		this.world.produce(0, 10);
		SimulatedConsumer<String, String> consumer = assigned(
				SimulatedWorld.with(SimulatedWorld.eager(), ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1));
		assertThat(consumer.poll(Duration.ofSeconds(1)).count()).isEqualTo(1);
		consumer.seek(P0, 7);
		assertThat(poll(consumer)).containsExactly(7L, 8L, 9L);
		consumer.seekToEnd(List.of());
		assertThat(consumer.position(P0)).isEqualTo(10);
	}

	/**
	 * Javadoc of RecordDeserializationException: the position stays at the record until
	 * the application seeks.
	 */
	@Test
	void failingDeserializer() {
		this.world.produce(0, 1);
		this.world.produce(0, "bad");
		this.world.produce(0, 1);
		StringDeserializer failing = new StringDeserializer() {

			@Override
			public String deserialize(String topic, byte[] data) {
				return check(super.deserialize(topic, data));
			}

			@Override
			public String deserialize(String topic, Headers headers, ByteBuffer data) {
				return check(super.deserialize(topic, headers, data));
			}

			private String check(String text) {
				if ("bad".equals(text)) {
					throw new SerializationException("bad");
				}
				return text;
			}

		};
		SimulatedConsumer<String, String> consumer = this.world.cluster.consumer(SimulatedWorld.eager(),
				new StringDeserializer(), failing, () -> true);
		consumer.assign(List.of(P0));
		assertThat(consumer.poll(Duration.ofSeconds(1)).count()).isEqualTo(1);
		for (int i = 0; i < 3; i++) {
			assertThatExceptionOfType(RecordDeserializationException.class)
				.isThrownBy(() -> consumer.poll(Duration.ofSeconds(1)))
				.satisfies((ex) -> assertThat(ex.offset()).isEqualTo(1));
			assertThat(consumer.position(P0)).isEqualTo(1);
		}
		consumer.seek(P0, 2);
		assertThat(poll(consumer)).containsExactly(2L);
	}

	@Test
	void wakeup() {
		SimulatedConsumer<String, String> consumer = assigned(SimulatedWorld.eager());
		poll(consumer);
		consumer.wakeup();
		assertThat(consumer.isReady()).isTrue();
		assertThatExceptionOfType(WakeupException.class).isThrownBy(() -> consumer.poll(Duration.ZERO));
		assertThat(consumer.poll(Duration.ZERO)).isEmpty();
		this.world.time.after(1_000_000_000, consumer::wakeup);
		long before = this.world.time.nanoTime();
		assertThatExceptionOfType(WakeupException.class).isThrownBy(() -> consumer.poll(Duration.ofSeconds(10)));
		assertThat(this.world.time.nanoTime() - before).isEqualTo(1_000_000_000);
	}

	@Test
	void readyOnceThereIsSomething() {
		SimulatedConsumer<String, String> consumer = assigned(SimulatedWorld.eager());
		AtomicReference<Long> readyAt = new AtomicReference<>();
		consumer.onReady(() -> readyAt.set(this.world.time.nanoTime()));
		this.world.time.await(() -> false, Duration.ofSeconds(5).toNanos());
		assertThat(consumer.isReady()).isFalse();
		assertThat(readyAt).hasNullValue();
		this.world.produce(0, 1);
		this.world.time.await(() -> readyAt.get() != null, Duration.ofSeconds(5).toNanos());
		assertThat(consumer.isReady()).isTrue();
		assertThat(consumer.poll(Duration.ZERO).count()).isEqualTo(1);
	}

	/**
	 * Javadoc of KafkaConsumer: callbacks of commitAsync run in its calls, in sequence,
	 * and before a later commitSync returns.
	 */
	@Test
	void asynchronousCommitsKeepTheirSequence() {
		SimulatedConsumer<String, String> consumer = assigned(SimulatedWorld.eager());
		List<Long> answered = new ArrayList<>();
		for (long i = 1; i <= 5; i++) {
			consumer.commitAsync(Map.of(P0, new OffsetAndMetadata(i)),
					(offsets, failure) -> answered.add(offset(offsets)));
		}
		this.world.time.await(() -> false, Duration.ofSeconds(1).toNanos());
		assertThat(answered).isEmpty();
		consumer.commitAsync(Map.of(P0, new OffsetAndMetadata(6)), (offsets, failure) -> answered.add(offset(offsets)));
		consumer.commitSync(Map.of(P0, new OffsetAndMetadata(7)));
		assertThat(answered).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
		assertThat(this.world.committed).containsEntry(P0, 7L);
	}

	@Test
	void closeRunsCallbacksOfCommits() {
		SimulatedConsumer<String, String> consumer = assigned(SimulatedWorld.eager());
		List<Long> answered = new ArrayList<>();
		consumer.commitAsync(Map.of(P0, new OffsetAndMetadata(1)), (offsets, failure) -> answered.add(offset(offsets)));
		consumer.close();
		assertThat(answered).containsExactly(1L);
		consumer.close();
		assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> consumer.poll(Duration.ZERO));
	}

	/**
	 * Javadoc of KafkaConsumer: "close cannot be woken up".
	 */
	@Test
	void closeIsNotWokenUp() {
		SimulatedConsumer<String, String> consumer = assigned(SimulatedWorld.eager());
		AtomicReference<Boolean> called = new AtomicReference<>(false);
		consumer.commitAsync(Map.of(P0, new OffsetAndMetadata(1)), (offsets, failure) -> called.set(true));
		consumer.wakeup();
		consumer.close();
		assertThat(called).hasValue(true);
	}

	@Test
	void killedProcessDoesNothingMore() {
		SimulatedConsumer<String, String> consumer = assigned(SimulatedWorld.eager());
		this.world.time.after(1000, consumer::kill);
		assertThatExceptionOfType(KafkaException.class)
			.isThrownBy(() -> consumer.commitSync(Map.of(P0, new OffsetAndMetadata(1))));
		assertThatExceptionOfType(KafkaException.class).isThrownBy(() -> consumer.poll(Duration.ZERO));
		assertThat(consumer.isReady()).isFalse();
	}

	@Test
	void frozenProcessIsWokenUpLater() {
		AtomicReference<Boolean> running = new AtomicReference<>(false);
		AtomicReference<Boolean> ready = new AtomicReference<>(false);
		SimulatedConsumer<String, String> consumer = this.world.cluster.consumer(SimulatedWorld.eager(),
				new StringDeserializer(), new StringDeserializer(), running::get);
		consumer.assign(List.of(P0));
		consumer.onReady(() -> ready.set(true));
		consumer.wakeup();
		this.world.time.await(() -> false, Duration.ofSeconds(1).toNanos());
		assertThat(ready).hasValue(false);
		running.set(true);
		this.world.time.await(() -> false, Duration.ofSeconds(1).toNanos());
		assertThat(ready).hasValue(true);
	}

	@Test
	void commitsAreListenedTo() {
		List<String> commits = new ArrayList<>();
		this.world.cluster.addCommitListener((group, member, partition, offset) -> commits
			.add(group + " " + member + " " + partition + " " + offset.offset() + " " + offset.metadata()));
		assigned(SimulatedWorld.eager()).commitSync(Map.of(P0, new OffsetAndMetadata(1, "meta")));
		assertThat(commits).containsExactly("group  t-0 1 meta");
	}

	@Test
	void oneThreadAtATime() throws InterruptedException {
		SimulatedConsumer<String, String> consumer = assigned(SimulatedWorld.eager());
		AtomicReference<Throwable> failure = new AtomicReference<>();
		this.world.time.after(1000, () -> {
			Thread other = new Thread(() -> {
				try {
					consumer.paused();
				}
				catch (ConcurrentModificationException ex) {
					failure.set(ex);
				}
			});
			other.start();
			try {
				other.join();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		});
		consumer.poll(Duration.ofMillis(1));
		assertThat(failure.get()).isInstanceOf(ConcurrentModificationException.class);
	}

	@Test
	void offsetsForTimesAndTopics() {
		for (long timestamp : new long[] { 10, 20, 30 }) {
			this.world.cluster.produce("t", 0, null, null, new RecordHeaders(), timestamp);
		}
		SimulatedConsumer<String, String> consumer = assigned(SimulatedWorld.eager());
		assertThat(consumer.offsetsForTimes(Map.of(P0, 15L))).containsEntry(P0,
				new OffsetAndTimestamp(1, 20, Optional.of(0)));
		assertThat(consumer.offsetsForTimes(Map.of(P0, 40L))).containsEntry(P0, null);
		assertThat(consumer.partitionsFor("t")).hasSize(2);
		assertThat(consumer.listTopics()).containsOnlyKeys("t");
	}

}
