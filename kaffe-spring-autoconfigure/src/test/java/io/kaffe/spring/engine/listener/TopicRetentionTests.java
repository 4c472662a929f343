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
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TopicRetention}.
 */
class TopicRetentionTests {

	@Test
	void recordsAreDeletedByTheirAge() {
		assertThat(of(Map.of("cleanup.policy", "delete", "retention.ms", "7200000", "retention.bytes", "-1")))
			.isEqualTo(new TopicRetention(Duration.ofHours(2), false));
	}

	@Test
	void recordsAreDeletedForTheSizeOfTheLog() {
		assertThat(of(Map.of("cleanup.policy", "delete", "retention.ms", "-1", "retention.bytes", "1000")))
			.isEqualTo(new TopicRetention(null, true));
	}

	@Test
	void compactedTopicMayDeleteRecordsBesides() {
		assertThat(of(Map.of("cleanup.policy", "compact,delete", "retention.ms", "1", "retention.bytes", "-1")))
			.isEqualTo(new TopicRetention(Duration.ofMillis(1), false));
	}

	@Test
	void compactedTopicDeletesNothingByRetention() {
		assertThat(of(Map.of("cleanup.policy", "compact", "retention.ms", "1", "retention.bytes", "1")))
			.isEqualTo(new TopicRetention(null, false));
	}

	@Test
	void retentionWithoutEndIsNoRetention() {
		assertThat(of(Map.of("retention.ms", Long.toString(Long.MAX_VALUE))).age())
			.isEqualTo(Duration.ofMillis(Long.MAX_VALUE));
		assertThat(of(Map.of())).isEqualTo(new TopicRetention(null, false));
	}

	private static TopicRetention of(Map<String, String> settings) {
		List<ConfigEntry> entries = settings.entrySet()
			.stream()
			.map((setting) -> new ConfigEntry(setting.getKey(), setting.getValue()))
			.toList();
		return TopicRetention.of(new Config(entries));
	}

}
