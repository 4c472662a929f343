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

import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.TopicConfig;
import org.jspecify.annotations.Nullable;

/**
 * What the logs of a topic delete, as far as it is known.
 *
 * @param age the age at which they delete records; {@code null} if they do not, or if it
 * is unknown
 * @param bySize whether they may delete records for their own size
 */
record TopicRetention(@Nullable Duration age, boolean bySize) {

	/**
	 * Nothing is known.
	 */
	static final TopicRetention UNKNOWN = new TopicRetention(null, true);

	/**
	 * Return what the configuration of a topic says.
	 */
	static TopicRetention of(Config configuration) {
		String policy = value(configuration, TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE);
		if (!policy.contains(TopicConfig.CLEANUP_POLICY_DELETE)) {
			return new TopicRetention(null, false);
		}
		long millis = Long.parseLong(value(configuration, TopicConfig.RETENTION_MS_CONFIG, "-1"));
		long bytes = Long.parseLong(value(configuration, TopicConfig.RETENTION_BYTES_CONFIG, "-1"));
		return new TopicRetention((millis >= 0) ? Duration.ofMillis(millis) : null, bytes >= 0);
	}

	private static String value(Config configuration, String name, String fallback) {
		ConfigEntry entry = configuration.get(name);
		String value = (entry != null) ? entry.value() : null;
		return (value != null) ? value : fallback;
	}

}
