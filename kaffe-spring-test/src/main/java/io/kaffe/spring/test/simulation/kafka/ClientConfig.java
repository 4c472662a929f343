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

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.internals.AutoOffsetResetStrategy;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a consumer, with Kafka's defaults. Times are in nanoseconds.
 *
 * @param clientId {@code client.id}
 * @param groupId {@code group.id}
 * @param instanceId {@code group.instance.id}
 * @param consumerProtocol whether the group uses the {@code consumer} protocol (KIP-848)
 * @param assignors {@code partition.assignment.strategy}, by their names
 * @param reset {@code auto.offset.reset}
 * @param readCommitted whether {@code isolation.level} is {@code read_committed}
 * @param maxPollRecords {@code max.poll.records}
 * @param maxPollInterval {@code max.poll.interval.ms}
 * @param sessionTimeout {@code session.timeout.ms}
 * @param heartbeatInterval {@code heartbeat.interval.ms}
 * @param apiTimeout {@code default.api.timeout.ms}
 * @param requestTimeout {@code request.timeout.ms}
 * @param fetchMaxWait {@code fetch.max.wait.ms}
 * @param retryBackoff {@code retry.backoff.ms}
 * @param autoCommitInterval {@code auto.commit.interval.ms}, or -1 if
 * {@code enable.auto.commit} is false
 */
record ClientConfig(String clientId, @Nullable String groupId, @Nullable String instanceId, boolean consumerProtocol,
		List<String> assignors, AutoOffsetResetStrategy reset, boolean readCommitted, int maxPollRecords,
		long maxPollInterval, long sessionTimeout, long heartbeatInterval, long apiTimeout, long requestTimeout,
		long fetchMaxWait, long retryBackoff, long autoCommitInterval) {

	static ClientConfig of(Map<String, ?> config, int number) {
		String group = text(config, ConsumerConfig.GROUP_ID_CONFIG, null);
		boolean autoCommit = Boolean
			.parseBoolean(text(config, ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, String.valueOf(group != null)));
		String reset = text(config, ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest");
		return new ClientConfig(
				or(text(config, ConsumerConfig.CLIENT_ID_CONFIG, null), "consumer-" + or(group, "null") + "-" + number),
				group, text(config, ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, null),
				"consumer".equalsIgnoreCase(text(config, ConsumerConfig.GROUP_PROTOCOL_CONFIG, "classic")),
				assignors(config.get(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG)),
				AutoOffsetResetStrategy.fromString(or(reset, "latest").toLowerCase(Locale.ROOT)),
				"read_committed".equalsIgnoreCase(text(config, ConsumerConfig.ISOLATION_LEVEL_CONFIG, "")),
				(int) number(config, ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 500),
				nanos(config, ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, 300_000),
				nanos(config, ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 45_000),
				nanos(config, ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 3_000),
				nanos(config, ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 60_000),
				nanos(config, ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, 30_000),
				nanos(config, ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 500),
				nanos(config, ConsumerConfig.RETRY_BACKOFF_MS_CONFIG, 100),
				autoCommit ? nanos(config, ConsumerConfig.AUTO_COMMIT_INTERVAL_MS_CONFIG, 5_000) : -1);
	}

	/**
	 * Return whether partitions are revoked incrementally (KIP-429), which they are if
	 * all assignors can.
	 */
	boolean cooperative() {
		return this.assignors.stream().allMatch(Assignors.COOPERATIVE_STICKY::equals);
	}

	private static List<String> assignors(@Nullable Object value) {
		List<String> names = new ArrayList<>();
		if (value instanceof Collection<?> values) {
			values.forEach((each) -> names.add(Assignors.nameOf(each)));
		}
		else if (value instanceof String text) {
			Arrays.stream(text.split(",")).forEach((each) -> names.add(Assignors.nameOf(each.trim())));
		}
		else if (value != null) {
			names.add(Assignors.nameOf(value));
		}
		return names.isEmpty() ? List.of(Assignors.RANGE, Assignors.COOPERATIVE_STICKY) : List.copyOf(names);
	}

	private static @Nullable String text(Map<String, ?> config, String name, @Nullable String otherwise) {
		Object value = config.get(name);
		return (value != null) ? value.toString() : otherwise;
	}

	private static long number(Map<String, ?> config, String name, long otherwise) {
		Object value = config.get(name);
		return (value != null) ? Long.parseLong(value.toString()) : otherwise;
	}

	private static long nanos(Map<String, ?> config, String name, long otherwise) {
		return TimeUnit.MILLISECONDS.toNanos(number(config, name, otherwise));
	}

	private static String or(@Nullable String value, String otherwise) {
		return (value != null) ? value : otherwise;
	}

}
