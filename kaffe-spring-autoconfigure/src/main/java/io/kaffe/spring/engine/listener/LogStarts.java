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
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.stream.Collectors;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

import io.kaffe.spring.engine.worker.LostRecords;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.table.PartitionSnapshot;

/**
 * Requests where the logs of partitions begin, and what their topics delete, as far as a
 * partition has an old unfinished record or has passed offsets without records; reports
 * what is going to be deleted, and what was. Without an answer, it does without.
 * <p>
 * <b>Threading.</b> One thread at a time asks, and does not wait; answers arrive on the
 * thread of the admin client. One request is in flight at most.
 */
final class LogStarts {

	private static final Log logger = LogFactory.getLog(LogStarts.class);

	/** For how long the configuration of a topic is believed. */
	private static final Duration CONFIGURATION_LASTS = Duration.ofMinutes(10);

	private final Map<String, KnownTopic> topics = new ConcurrentHashMap<>();

	private final AtomicBoolean asking = new AtomicBoolean();

	private final int timeoutMillis;

	private final Ticker ticker;

	/**
	 * Create it.
	 * @param timeoutMillis how long to wait for answers
	 * @param ticker the time
	 */
	LogStarts(int timeoutMillis, Ticker ticker) {
		this.timeoutMillis = timeoutMillis;
		this.ticker = ticker;
	}

	/**
	 * Send requests, if any partition is of interest and the last ones are answered.
	 * @param client sends them
	 * @param all all partitions that are assigned
	 */
	void ask(Admin client, Collection<Watched> all) {
		List<Watched> asked = all.stream().filter(Watched::isOfInterest).toList();
		if (asked.isEmpty() || !this.asking.compareAndSet(false, true)) {
			return;
		}
		try {
			Set<TopicPartition> partitions = asked.stream().map(Watched::partition).collect(Collectors.toSet());
			ListOffsetsResult starts = client.listOffsets(each(partitions, OffsetSpec.earliest()), options());
			ListOffsetsResult firsts = client.listOffsets(each(partitions, OffsetSpec.forTimestamp(0)), options());
			Map<String, CompletableFuture<TopicRetention>> topics = topics(client, partitions);
			CompletableFuture
				.allOf(asked.stream()
					.map((watched) -> future(starts, watched)
						.thenCombine(future(firsts, watched), (start, first) -> new Beginning(start.offset(), first))
						.thenCombine(topics.get(watched.partition().topic()),
								(beginning, topic) -> learn(watched, beginning, topic))
						.exceptionally((ex) -> failed(watched, ex)))
					.toArray(CompletableFuture[]::new))
				.whenComplete((done, failure) -> this.asking.set(false));
		}
		catch (Throwable ex) {
			this.asking.set(false);
			logger.debug("Could not ask brokers where the logs of " + asked + " begin", ex);
		}
	}

	private static Map<TopicPartition, OffsetSpec> each(Set<TopicPartition> partitions, OffsetSpec spec) {
		return partitions.stream().collect(Collectors.toMap(Function.identity(), (partition) -> spec));
	}

	private ListOffsetsOptions options() {
		return new ListOffsetsOptions().timeoutMs(this.timeoutMillis);
	}

	private static CompletableFuture<ListOffsetsResultInfo> future(ListOffsetsResult result, Watched watched) {
		return result.partitionResult(watched.partition()).toCompletionStage().toCompletableFuture();
	}

	/**
	 * Return what topics delete, which does not fail.
	 */
	private Map<String, CompletableFuture<TopicRetention>> topics(Admin client, Set<TopicPartition> partitions) {
		long now = this.ticker.nanoTime();
		Map<String, CompletableFuture<TopicRetention>> answers = new HashMap<>();
		Map<String, ConfigResource> unknown = new HashMap<>();
		for (TopicPartition partition : partitions) {
			KnownTopic known = this.topics.get(partition.topic());
			if (known != null && now - known.nanos() < CONFIGURATION_LASTS.toNanos()) {
				answers.put(partition.topic(), CompletableFuture.completedFuture(known.retention()));
			}
			else {
				unknown.put(partition.topic(), new ConfigResource(ConfigResource.Type.TOPIC, partition.topic()));
			}
		}
		if (!unknown.isEmpty()) {
			Map<ConfigResource, KafkaFuture<org.apache.kafka.clients.admin.Config>> requested = client
				.describeConfigs(unknown.values(), new DescribeConfigsOptions().timeoutMs(this.timeoutMillis))
				.values();
			unknown.forEach((topic, resource) -> answers.put(topic,
					Objects.requireNonNull(requested.get(resource))
						.toCompletionStage()
						.toCompletableFuture()
						.thenApply(TopicRetention::of)
						.exceptionally((ex) -> unknown(topic, ex))
						.whenComplete((retention, none) -> this.topics.put(topic, new KnownTopic(retention, now)))));
		}
		return answers;
	}

	/**
	 * Return what was known before.
	 */
	private TopicRetention unknown(String topic, Throwable failure) {
		logger.debug("The retention of topic " + topic + " is unknown", failure);
		KnownTopic known = this.topics.get(topic);
		return (known != null) ? known.retention() : TopicRetention.UNKNOWN;
	}

	private Void learn(Watched watched, Beginning beginning, TopicRetention topic) {
		Instant now = this.ticker.instant();
		ConsumerContext consumer = watched.consumer();
		LogRetention retention = watched.retention();
		retention.learn(beginning.start(), beginning.first().offset(), beginning.first().timestamp(), topic, now);
		for (LostRecords lost : retention.lost(watched.partition(), beginning.start())) {
			consumer.losses().add(lost, "begins at " + beginning.start());
		}
		PartitionSnapshot snapshot = watched.assignment().snapshot(false);
		PartitionSnapshot.DeletionExpected expected = snapshot.deletionExpected();
		if (retention.warn(snapshot, now) && expected != null) {
			logger.warn("Consumer '" + consumer + "': " + watched.partition() + "@" + expected.offset()
					+ " is unfinished and is expected to be deleted by the log's retention "
					+ (expected.at().isAfter(now) ? "at " + expected.at() : "at any time")
					+ ". Retry, skip or dead-letter it if it is parked, or have the topic keep its records for longer");
			consumer.workers().observers().deletionExpected(watched.partition(), expected);
		}
		return null;
	}

	private static Void failed(Watched watched, Throwable failure) {
		logger.debug("Could not learn where the log of " + watched.partition() + " begins", failure);
		return null;
	}

	/**
	 * An assigned partition.
	 *
	 * @param consumer the consumer
	 * @param assignment its assignment
	 */
	record Watched(ConsumerContext consumer, PartitionAssignment assignment) {

		TopicPartition partition() {
			return this.assignment.partition();
		}

		LogRetention retention() {
			return this.assignment.progress().lag().retention();
		}

		boolean isOfInterest() {
			return retention().isOfInterest(this.assignment.snapshot(false));
		}

	}

	/**
	 * Where a log begins.
	 */
	private record Beginning(long start, ListOffsetsResultInfo first) {
	}

	/**
	 * What was known of a topic at a time.
	 */
	private record KnownTopic(TopicRetention retention, long nanos) {
	}

}
