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

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.listener.ConsumerSeekAware;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ListenerSeeks} without a broker.
 */
class ListenerSeeksTests {

	private static final TopicPartition DELETED = new TopicPartition("deleted", 0);

	private static final TopicPartition OTHER = new TopicPartition("orders", 0);

	@Test
	void partitionWithoutAPositionDoesNotFailTheOthers() {
		Map<TopicPartition, Long> notified = new HashMap<>();
		ListenerSeeks seeks = new ListenerSeeks(new MockConsumer<>("earliest"), new ConsumerSeekAware() {

			@Override
			public void onPartitionsAssigned(Map<TopicPartition, Long> assignments, ConsumerSeekCallback callback) {
				notified.putAll(assignments);
			}

		}, "group", ListenerSeeksTests::position, (partition, offset) -> {
		});
		seeks.assigned(List.of(DELETED, OTHER));
		assertThat(notified).isEqualTo(Map.of(OTHER, 7L));
	}

	private static long position(TopicPartition partition) {
		if (partition.equals(DELETED)) {
			throw new TimeoutException("The position could not be determined");
		}
		return 7;
	}

}
