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

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PartitionLag.PollTimestamps}.
 */
class PollTimestampsTests {

	private final PartitionLag.PollTimestamps times = new PartitionLag.PollTimestamps();

	@Test
	void offsetHasTheTimeOfItsPoll() {
		this.times.add(10, 1000);
		this.times.add(20, 2000);
		this.times.add(30, 3000);
		assertThat(this.times.at(9)).isEqualTo(ConsumerRecord.NO_TIMESTAMP);
		assertThat(this.times.at(10)).isEqualTo(1000);
		assertThat(this.times.at(19)).isEqualTo(1000);
		assertThat(this.times.at(20)).isEqualTo(2000);
		assertThat(this.times.at(99)).isEqualTo(3000);
	}

	@Test
	void pollsBeforeAreForgotten() {
		this.times.add(10, 1000);
		this.times.add(20, 2000);
		this.times.at(25);
		assertThat(this.times.at(15)).isEqualTo(ConsumerRecord.NO_TIMESTAMP);
		this.times.add(30, 3000);
		assertThat(this.times.at(25)).isEqualTo(2000);
	}

	@Test
	void recordWithoutTimestampHasNone() {
		this.times.add(10, ConsumerRecord.NO_TIMESTAMP);
		assertThat(this.times.at(10)).isEqualTo(ConsumerRecord.NO_TIMESTAMP);
	}

	@Test
	void withManyPollsBehindAStallTheFirstIsExactAndOthersAreRatherTooOld() {
		for (long poll = 0; poll < 100_000; poll++) {
			this.times.add(poll * 500, poll);
		}
		assertThat(this.times.at(499)).isZero();
		assertThat(this.times.at(50_000 * 500)).isBetween(49_000L, 50_000L);
		assertThat(this.times.at(99_999 * 500)).isBetween(99_000L, 99_999L);
		this.times.add(100_000 * 500, 100_000);
		this.times.add(100_001 * 500, 100_001);
		assertThat(this.times.at(100_000 * 500)).as("exact again").isEqualTo(100_000);
	}

}
