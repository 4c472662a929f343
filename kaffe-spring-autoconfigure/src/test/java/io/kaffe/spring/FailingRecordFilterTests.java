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

package io.kaffe.spring;

import java.time.Instant;
import java.util.Set;

import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link FailingRecordFilter} and {@link BulkDecisionRequest}.
 */
class FailingRecordFilterTests {

	@Test
	void filterSaysInWordsWhatMatches() {
		Instant time = Instant.parse("2026-01-01T00:00:00Z");
		assertThat(FailingRecordFilter.any()).hasToString("failing records");
		assertThat(FailingRecordFilter.parked()).hasToString("parked records");
		assertThat(FailingRecordFilter.parked().withTopic("orders")).hasToString("parked records of topic orders");
		assertThat(FailingRecordFilter.any()
			.withStates(Set.of(FailingRecord.State.PARKED, FailingRecord.State.RETRYING))
			.withBefore(time.plusSeconds(1))
			.withSince(time)
			.withKey("a")
			.withException("IllegalStateException")
			.withPartition(new TopicPartition("orders", 3)))
			.hasToString("retrying and parked records of orders-3 with IllegalStateException with key 'a' "
					+ "that first failed at 2026-01-01T00:00:00Z or later that first failed before 2026-01-01T00:00:01Z");
	}

	@Test
	void partitionWithoutATopicIsRejected() {
		assertThatIllegalArgumentException()
			.isThrownBy(
					() -> new FailingRecordFilter(null, 0, null, null, null, null, Set.of(FailingRecord.State.PARKED)))
			.withMessage("Partition 0 needs a topic: each topic has its own");
		assertThat(FailingRecordFilter.any().withPartition(new TopicPartition("orders", 3)).withTopic("refunds"))
			.isEqualTo(FailingRecordFilter.any().withTopic("refunds"));
	}

	@Test
	void filterWithoutAStateIsRejected() {
		assertThatIllegalArgumentException().isThrownBy(() -> FailingRecordFilter.any().withStates(Set.of()))
			.withMessage("A filter of failing records needs at least one state");
	}

	@Test
	void numbersOfARequestHaveLimits() {
		BulkDecisionRequest request = BulkDecisionRequest.retry(FailingRecordFilter.any());
		assertThat(request.maxPerSecond()).isEqualTo(100);
		assertThat(request.atMost()).isEqualTo(Integer.MAX_VALUE);
		assertThat(request.withMaxPerSecond(1).withMaxPerSecond(10_000).withAtMost(0).maxPerSecond()).isEqualTo(10_000);
		for (int rate : new int[] { -1, 0, 10_001 }) {
			assertThatIllegalArgumentException().isThrownBy(() -> request.withMaxPerSecond(rate))
				.withMessage("The records per second must be from 1 to 10000, not " + rate);
		}
		assertThatIllegalArgumentException().isThrownBy(() -> request.withAtMost(-1))
			.withMessage("The number of records must not be negative: -1");
	}

}
