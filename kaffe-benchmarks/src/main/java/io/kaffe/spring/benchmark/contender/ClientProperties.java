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

package io.kaffe.spring.benchmark.contender;

import java.util.LinkedHashMap;
import java.util.Map;

import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * The Kafka client's settings: what it has by default, except where a round needs
 * something else, and the same for all contenders.
 */
final class ClientProperties {

	private ClientProperties() {
	}

	/**
	 * Return what a round needs beside the names of servers, group and deserializers.
	 */
	static Map<String, Object> special(RoundSettings settings) {
		return switch (settings.phase()) {
			// So that the broker notices sooner that a member was killed.
			case STALL, BLOCKED_KEYS, REPLAY -> Map.of("session.timeout.ms", "6000", "heartbeat.interval.ms", "1000");
			// So that one poll can take all that is there.
			case MEMORY -> Map.of("interceptor.classes", PolledRecords.class.getName(), "max.poll.records", "9000");
			case THROUGHPUT -> Map.of();
		};
	}

	/**
	 * Return all settings of a producer with transactions that Spring does not make.
	 */
	static Map<String, Object> ofTransactions(RoundSettings settings) {
		return Map.of("bootstrap.servers", settings.bootstrapServers(), "transactional.id", settings.group(),
				"key.serializer", StringSerializer.class, "value.serializer", ByteArraySerializer.class);
	}

	/**
	 * Return all settings of a client that Spring does not make, without auto-commit.
	 */
	static Map<String, Object> of(RoundSettings settings) {
		Map<String, Object> properties = new LinkedHashMap<>(special(settings));
		properties.put("bootstrap.servers", settings.bootstrapServers());
		properties.put("group.id", settings.group());
		properties.put("auto.offset.reset", "earliest");
		properties.put("enable.auto.commit", false);
		properties.put("key.deserializer", StringDeserializer.class);
		properties.put("value.deserializer", ByteArrayDeserializer.class);
		return properties;
	}

}
