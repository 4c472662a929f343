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

import java.util.List;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PartitionRanges}.
 */
class PartitionRangesTests {

	@Test
	void partitionsAreWrittenAsRanges() {
		assertThat(PartitionRanges.describe(List.of("orders-0"))).isEqualTo("1 partition: orders-0");
		assertThat(PartitionRanges
			.describe(List.of("orders-12", "re-funds-0", "orders-0", "orders-2", "orders-1", "re-funds-7")))
			.isEqualTo("6 partitions: orders-[0-2,12], re-funds-[0,7]");
	}

	@Test
	void thousandPartitionsAreOneShortLine() {
		assertThat(PartitionRanges.describe(partitions("orders-", 1))).isEqualTo("1000 partitions: orders-[0-999]");
		assertThat(PartitionRanges.describe(partitions("orders-", 2)))
			.isEqualTo("1000 partitions: orders-[0,2,4,6,8,10,12,14,16,18,…]");
		assertThat(PartitionRanges
			.describe(IntStream.range(0, 1000).mapToObj((topic) -> "topic" + (topic + 1000) + "-0").toList()))
			.isEqualTo("1000 partitions: topic1000-0, topic1001-0, topic1002-0, topic1003-0, topic1004-0 and 995 more "
					+ "topics");
	}

	private static List<String> partitions(String topic, int step) {
		return IntStream.range(0, 1000).mapToObj((number) -> topic + number * step).toList();
	}

}
