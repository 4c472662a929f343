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

package io.kaffe.spring.engine.delivery;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.offset.BlockedKeys;
import io.kaffe.spring.engine.offset.BlockedKeys.BlockedKey;
import io.kaffe.spring.engine.offset.KeyHash;
import io.kaffe.spring.engine.worker.Worker;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KeyEviction} and {@link EvictedKey}: what is evicted, read, taken and
 * completed, and what commits say of it.
 */
class KeyEvictionTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private static final int FAR = 20_000;

	private static final KeyHash HASH = Objects.requireNonNull(KeyHashes.of("key"));

	private final EvictingAssignment assignment = new EvictingAssignment();

	private final EvictedKeys keys = this.assignment.keys;

	private final KeyEviction eviction = this.assignment.eviction;

	private final Worker worker = new BatchBench().worker;

	@Test
	void recordsOfAKeyAreEvictedFromOneOn() {
		assertThat(this.eviction.evict("key", record(9))).isFalse();
		EvictedKey key = add("key", HASH, 10);
		assertThat(this.eviction.evict("key", record(15))).isTrue();
		assertThat(this.eviction.evict("other", record(16))).isFalse();
		assertThat(this.assignment.evictedOffsets).containsExactly(10L, 15L);
		assertThat(this.keys.size()).isEqualTo(1);
		assertThat(this.keys.records()).isEqualTo(2);
		assertThat(this.keys.inHand()).isZero();
		assertThat(key.position()).isEqualTo(10);
		assertThat(key.end()).isEqualTo(16);
		assertThat(this.keys.first()).isEqualTo(10);
		assertThat(this.keys.blocked()).isEqualTo(blocked(10));
	}

	@Test
	void keyIsReportedFromItsFirstUnfinishedRecordOnUntilAllIsCompleted() {
		EvictedKey key = add("key", HASH, 10, 12, 15);
		take(key);
		read(key, 10, 12, 15);
		List<ConsumerRecord<?, ?>> taken = take(key);
		assertThat(taken).extracting(ConsumerRecord::offset).containsExactly(10L, 12L, 15L);
		assertThat(this.keys.inHand()).isEqualTo(3);
		assertThat(this.keys.isOpen(12)).isTrue();
		assertThat(this.keys.isOpen(11)).isFalse();
		complete(key, taken.get(1));
		assertThat(this.keys.isOpen(12)).isFalse();
		assertThat(this.keys.first()).isEqualTo(10);
		complete(key, taken.get(0));
		assertThat(this.keys.blocked()).isEqualTo(blocked(15));
		assertThat(this.keys.inHand()).isEqualTo(1);
		assertThat(this.keys.records()).isEqualTo(1);
		complete(key, taken.get(2));
		this.eviction.complete(taken.get(2), key);
		assertThat(this.keys.first()).isEqualTo(Long.MAX_VALUE);
		assertThat(this.keys.size()).as("though nothing asks what is blocked").isZero();
		assertThat(this.keys.blocked()).isEqualTo(BlockedKeys.NONE);
		assertThat(this.keys.inHand()).as("counted once").isZero();
	}

	@Test
	void keyIsNotFinishedBeforeItsEndIsFixed() {
		EvictedKey key = add("key", HASH, 10);
		this.eviction.evict("key", record(FAR));
		read(key, 10);
		this.assignment.records.running = 1;
		this.eviction.complete(take(key).get(0), key);
		assertThat(this.eviction.evict("key", record(FAR + 1))).as("the end is far away").isTrue();
		assertThat(this.keys.blocked()).isEqualTo(blocked(11));
		assertThat(key.isTaken()).isFalse();
		assertThat(this.keys.size()).isEqualTo(1);
	}

	@Test
	void recordsAreEvictedThoughOthersWereReadIfTheEndIsFarAway() {
		EvictedKey key = add("key", HASH, 10, FAR);
		take(key);
		read(key, 10);
		assertThat(this.eviction.evict("key", record(FAR + 1))).as("none may overtake those in between").isTrue();
		assertThat(key.end()).isEqualTo(FAR + 2);
	}

	@Test
	void endIsFixedWhenItIsNear() {
		EvictedKey key = add("key", HASH, 0, 10_001);
		take(key);
		assertThat(this.eviction.evict("key", record(10_002))).as("10,002 offsets are left").isTrue();
		key.passTo(3);
		take(key);
		assertThat(this.eviction.evict("key", record(10_003))).as("10,000 offsets are left").isFalse();
		assertThat(key.end()).isEqualTo(10_003);
		key.passTo(20_000);
		assertThat(key.position()).isEqualTo(10_003);
		assertThat(key.isTaken()).isTrue();
	}

	@Test
	void keyWhoseEvictionHasEndedMayBeEvictedAgain() {
		EvictedKey first = add("key", HASH, 10);
		take(first);
		EvictedKey second = add("key", HASH, 20);
		this.eviction.end(first);
		assertThat(this.assignment.ended).isEqualTo(1);
		assertThat(this.eviction.evict("key", record(21))).as("that of the second goes on").isTrue();
		assertThat(second.end()).isEqualTo(22);
		assertThat(this.keys.blocked()).as("the lowest counts").isEqualTo(blocked(10));
		take(second);
		this.eviction.end(second);
		assertThat(this.eviction.evict("key", record(22))).isFalse();
	}

	@Test
	void keyThatItsWorkerHasComeToBeforeAnythingWasEvictedIsForgotten() {
		EvictedKey key = this.eviction.key("key", HASH, record(10));
		take(key);
		assertThat(key.isTaken()).isTrue();
		this.eviction.end(key);
		assertThat(this.eviction.add(key, record(10))).isFalse();
		assertThat(this.keys.first()).isEqualTo(Long.MAX_VALUE);
		assertThat(this.keys.size()).isZero();
		this.eviction.exclude(record(11));
		assertThat(this.eviction.isExcluded(11)).as("no key is evicted").isFalse();
	}

	@Test
	void asManyKeysAreEvictedAsMetadataHasRoomFor() {
		for (int key = 0; key < 100; key++) {
			assertThat(this.eviction.hasRoom()).isTrue();
			add("key-" + key, new KeyHash((byte) 0, key), key);
		}
		assertThat(this.eviction.hasRoom()).isFalse();
		assertThat(this.keys.blocked().all()).hasSize(100);
	}

	@Test
	void keyIsReadWhileThereIsRoom() {
		EvictedKey key = add("key", HASH, LongStream.range(0, 600).toArray());
		assertThat(key.isToBeRead()).isTrue();
		read(key, LongStream.range(0, 499).toArray());
		assertThat(key.isToBeRead()).isTrue();
		read(key, 499);
		assertThat(key.isToBeRead()).as("500 records").isFalse();
		take(key);
		assertThat(key.isToBeRead()).isTrue();
		key.add(record(500, 100_000));
		key.add(record(501, 162_143));
		assertThat(key.isToBeRead()).as("less than 256 KB").isTrue();
		key.add(record(502, 1));
		assertThat(key.isToBeRead()).isFalse();
		take(key);
		key.passTo(600);
		assertThat(key.isToBeRead()).as("nothing is left").isFalse();
	}

	@Test
	void readingIsRequestedOnceUntilItIsAnswered() {
		EvictedKey key = add("key", HASH, 10, 11);
		assertThat(take(key)).isEmpty();
		assertThat(this.assignment.requested).containsExactly(key);
		assertThat(key.isAnswered()).isFalse();
		take(key);
		assertThat(this.assignment.requested).hasSize(1);
		read(key, 10);
		assertThat(key.isAnswered()).isTrue();
		take(key);
		assertThat(key.isAnswered()).isFalse();
		key.answer();
		assertThat(key.isAnswered()).as("there is something to request").isTrue();
		take(key);
		assertThat(this.assignment.requested).hasSize(2);
		key.passTo(12);
		assertThat(key.isAnswered()).as("nothing is to be expected").isTrue();
		assertThat(key.isTaken()).isTrue();
	}

	@Test
	void revokedKeyIsAnswered() {
		EvictedKey key = add("key", HASH, 10, 11);
		take(key);
		assertThat(key.isAnswered()).isFalse();
		this.assignment.records.revoked = true;
		assertThat(key.isAnswered()).isTrue();
	}

	@Test
	void whatIsReadAndNotTakenIsNotInHand() {
		EvictedKey key = add("key", HASH, 10, 11, 12);
		read(key, 10, 11);
		assertThat(this.keys.inHand()).isZero();
		List<ConsumerRecord<?, ?>> taken = take(key);
		assertThat(this.keys.inHand()).isEqualTo(2);
		complete(key, taken.get(0));
		assertThat(key.finish(10)).as("once").isFalse();
		assertThat(this.keys.records()).isEqualTo(2);
		key.drop(taken.get(0).offset());
		assertThat(this.keys.inHand()).as("it was completed").isEqualTo(1);
		key.drop(taken.get(1).offset());
		assertThat(this.keys.inHand()).isZero();
	}

	@Test
	void recordOfAKeyIsRecognizedByItUnlessItWasExcluded() {
		this.eviction.exclude(record(5));
		EvictedKey key = add("key", HASH, 10);
		this.eviction.exclude(record(11));
		this.eviction.exclude(record(13));
		assertThat(key.isOf(record(10), () -> "key")).isTrue();
		assertThat(key.isOf(record(12), () -> "key")).isTrue();
		assertThat(key.isOf(record(12), () -> "other")).isFalse();
		assertThat(key.isOf(record(12), () -> null)).isFalse();
		assertThat(key.isOf(record(11), () -> {
			throw new IllegalStateException("No worker can be found");
		})).isFalse();
		assertThat(key.isOf(record(13), () -> "key")).isFalse();
	}

	@Test
	void keyWithoutHashIsRecognizedByItsOffsetsAndNotReported() {
		EvictedKey key = add("key", null, 10, 12, 15);
		assertThat(key.isHashed()).isFalse();
		assertThat(LongStream.range(8, 18).filter((offset) -> key.isOf(record(offset), this::unknown)))
			.containsExactly(10L, 12L, 15L);
		assertThat(this.keys.first()).isEqualTo(Long.MAX_VALUE);
		assertThat(this.keys.blocked()).isEqualTo(BlockedKeys.NONE);
		read(key, 10);
		assertThat(key.isOf(record(10), this::unknown)).as("it was read").isFalse();
		assertThat(this.keys.size()).isEqualTo(1);
	}

	@Test
	void recordsOfAKeyWithoutHashThatAreMissingInTheLogAreCompleted() {
		EvictedKey key = add("key", null, 10, 12, 15, 20, 21);
		read(key, 15);
		assertThat(this.assignment.missing).containsExactly(10L, 12L);
		key.passTo(21);
		assertThat(this.assignment.missing).containsExactly(10L, 12L, 20L);
		assertThat(this.keys.records()).isEqualTo(2);
		read(key, 21);
		assertThat(this.assignment.missing).hasSize(3);
	}

	private @Nullable Object unknown() {
		throw new IllegalStateException("Nobody asks for it");
	}

	private EvictedKey add(String name, @Nullable KeyHash hash, long... offsets) {
		int before = this.assignment.evictedOffsets.size();
		EvictedKey key = EvictingAssignment.evict(this.eviction, PARTITION, name, hash, offsets);
		assertThat(this.assignment.evictedOffsets).hasSize(before + offsets.length);
		return key;
	}

	private void read(EvictedKey key, long... offsets) {
		LongStream.of(offsets).forEach((offset) -> key.add(record(offset)));
	}

	private List<ConsumerRecord<?, ?>> take(EvictedKey key) {
		return EvictingAssignment.take(this.eviction, key, this.worker);
	}

	private void complete(EvictedKey key, ConsumerRecord<?, ?> record) {
		this.assignment.records.enter();
		this.eviction.complete(record, key);
		this.assignment.records.exit();
	}

	private static BlockedKeys blocked(long from) {
		return BlockedKeys.of(List.of(new BlockedKey(HASH, from)));
	}

	private static ConsumerRecord<Object, Object> record(long offset) {
		return new ConsumerRecord<>("orders", 0, offset, "key", "value");
	}

	private static ConsumerRecord<Object, Object> record(long offset, int size) {
		return new ConsumerRecord<>("orders", 0, offset, 0, TimestampType.CREATE_TIME, 0, size, "key", "value",
				new RecordHeaders(), Optional.empty());
	}

}
