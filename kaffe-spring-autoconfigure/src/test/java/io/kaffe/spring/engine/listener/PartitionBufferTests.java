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

import java.util.Collections;
import java.util.Optional;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.listener.PartitionBuffer.Room;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PartitionBuffer}.
 */
class PartitionBufferTests {

	private static final Room SHARE = new Room(80, 80_000);

	private final PartitionBuffer buffer = new PartitionBuffer();

	@Test
	void isHeldBackAtItsShareUntilAnEighthIsFree() {
		add(79, 10);
		assertThat(this.buffer.holdBack(SHARE, false)).isFalse();
		add(1, 10);
		assertThat(this.buffer.holdBack(SHARE, false)).isTrue();
		assertThat(this.buffer.isHeldBack()).isTrue();
		assertThat(remove(9, 10)).as("removals that end back-pressure").isZero();
		assertThat(this.buffer.holdBack(SHARE, false)).as("71 of 80").isTrue();
		assertThat(remove(1, 10)).as("removals that end back-pressure").isOne();
		assertThat(this.buffer.holdBack(SHARE, false)).as("70 of 80").isFalse();
		assertThat(this.buffer.isHeldBack()).isFalse();
		add(9, 10);
		assertThat(this.buffer.holdBack(SHARE, false)).as("79 of 80, and not held back").isFalse();
	}

	@Test
	void isHeldBackByBytesUntilAnEighthIsFree() {
		add(8, 10_000);
		assertThat(this.buffer.holdBack(SHARE, false)).isTrue();
		assertThat(remove(1, 10_000)).as("removals that end back-pressure").isOne();
		assertThat(this.buffer.holdBack(SHARE, false)).isFalse();
		add(2, 10_000);
		assertThat(this.buffer.holdBack(SHARE, false)).isTrue();
		assertThat(remove(1, 10_000)).as("removals that end back-pressure").isZero();
		assertThat(this.buffer.holdBack(SHARE, false)).as("still at the share").isTrue();
	}

	@Test
	void onlyOneRemovalPassesTheLevelAtWhichMoreIsFetched() {
		add(8, 10_000);
		assertThat(this.buffer.holdBack(SHARE, false)).isTrue();
		assertThat(remove(4, 10_000)).as("removals that end back-pressure").isOne();
	}

	@Test
	void mayHaveHalfOfItsShareWhenTheConsumerIsFull() {
		add(40, 10);
		assertThat(this.buffer.holdBack(SHARE, true)).isFalse();
		add(1, 10);
		assertThat(this.buffer.holdBack(SHARE, true)).isTrue();
		assertThat(remove(1, 10)).as("removals that end back-pressure").isOne();
		assertThat(this.buffer.holdBack(SHARE, true)).isFalse();
	}

	@Test
	void goesOnWhenTheConsumerIsNoLongerFull() {
		add(60, 10);
		assertThat(this.buffer.holdBack(SHARE, true)).isTrue();
		assertThat(this.buffer.holdBack(SHARE, false)).isFalse();
	}

	@Test
	void isLookedAtWhenTheConsumerMayBeFullNoLonger() {
		add(80, 10);
		assertThat(this.buffer.holdBack(SHARE, true)).isTrue();
		assertThat(remove(9, 10)).as("removals that end back-pressure").isZero();
		assertThat(remove(1, 10)).as("removals that end back-pressure").isOne();
		assertThat(this.buffer.holdBack(SHARE, true)).as("still full").isTrue();
		assertThat(remove(29, 10)).as("removals that end back-pressure").isZero();
		assertThat(remove(1, 10)).as("removals that end back-pressure").isOne();
		assertThat(this.buffer.holdBack(SHARE, true)).as("still full").isFalse();
	}

	@Test
	void shareOfOneRecordLetsOneInAtATime() {
		Room one = new Room(1, 1);
		assertThat(this.buffer.holdBack(one, true)).isFalse();
		add(1, 10);
		assertThat(this.buffer.holdBack(one, false)).isTrue();
		assertThat(remove(1, 10)).as("removals that end back-pressure").isOne();
		assertThat(this.buffer.holdBack(one, false)).isFalse();
	}

	@Test
	void roomCountsRecordsAndBytes() {
		Room room = new Room(10, 1000);
		assertThat(new Room(10, 1000).isWithin(room)).isTrue();
		assertThat(new Room(11, 1000).isWithin(room)).isFalse();
		assertThat(new Room(10, 1001).isWithin(room)).isFalse();
		assertThat(new Room(10, 0).reaches(room)).isTrue();
		assertThat(new Room(0, 1000).reaches(room)).isTrue();
		assertThat(new Room(9, 999).reaches(room)).isFalse();
		assertThat(room.plus(new Room(1, 20))).isEqualTo(new Room(11, 1020));
		assertThat(room.share(4)).isEqualTo(new Room(2, 250));
		assertThat(room.share(0)).isEqualTo(room);
		assertThat(room.share(2000)).as("one at least").isEqualTo(new Room(1, 1));
		assertThat(room.lessOneIn(4)).isEqualTo(new Room(8, 750));
	}

	@Test
	void whatWasRefusedIsLetInWhenHalfOfItIsFree() {
		add(10, 10);
		this.buffer.refuse();
		assertThat(this.buffer.holdBack(SHARE, true)).as("though it is far from its share").isTrue();
		assertThat(this.buffer.isHeldBack()).isTrue();
		assertThat(remove(4, 10)).as("removals that end back-pressure").isZero();
		assertThat(this.buffer.holdBack(SHARE, true)).isTrue();
		assertThat(remove(1, 10)).as("removals that end back-pressure").isOne();
		assertThat(this.buffer.holdBack(SHARE, true)).isFalse();
		add(5, 10);
		assertThat(this.buffer.holdBack(SHARE, true)).as("it was let in").isFalse();
	}

	@Test
	void whatWasRefusedIsLetInWhenTheConsumerIsNotFull() {
		add(10, 10);
		this.buffer.refuse();
		assertThat(this.buffer.holdBack(SHARE, false)).isFalse();
		assertThat(this.buffer.isHeldBack()).isFalse();
	}

	private void add(int count, int bytes) {
		this.buffer.add(Collections.nCopies(count, record(bytes)));
	}

	private long remove(int count, int bytes) {
		return Collections.nCopies(count, record(bytes)).stream().filter(this.buffer::remove).count();
	}

	private static ConsumerRecord<String, String> record(int bytes) {
		return new ConsumerRecord<>("orders", 0, 0, 0, TimestampType.CREATE_TIME, 3, bytes - 3, "key", "value",
				new RecordHeaders(), Optional.empty());
	}

}
