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

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.regex.Pattern;

import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InvalidGroupIdException;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.jspecify.annotations.Nullable;

/**
 * The calls of a consumer that ask for something, those that are the same as others with
 * a default, and those that a simulated consumer does not support.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
abstract class AbstractSimulatedConsumer<K, V> implements Consumer<K, V> {

	private final ClientConfig config;

	private final ConsumerProcess process;

	private final Subscriptions subscriptions;

	private final CoordinatorLink link;

	private final Queries queries;

	private final Duration apiTimeout;

	AbstractSimulatedConsumer(ClientConfig config, ConsumerProcess process) {
		this.config = config;
		this.process = process;
		this.subscriptions = new Subscriptions(process.cluster());
		this.link = new CoordinatorLink(process);
		this.queries = new Queries(process, config, this.link);
		this.apiTimeout = Duration.ofNanos(config.apiTimeout());
	}

	final ClientConfig config() {
		return this.config;
	}

	final ConsumerProcess process() {
		return this.process;
	}

	final Subscriptions subscriptions() {
		return this.subscriptions;
	}

	final CoordinatorLink link() {
		return this.link;
	}

	@Override
	public void subscribe(Collection<String> topics) {
		subscribe(topics, null);
	}

	@Override
	public abstract void subscribe(Collection<String> topics, @Nullable ConsumerRebalanceListener listener);

	@Override
	public void subscribe(Pattern pattern) {
		subscribe(pattern, null);
	}

	@Override
	public abstract void subscribe(Pattern pattern, @Nullable ConsumerRebalanceListener listener);

	@Override
	public void subscribe(SubscriptionPattern pattern) {
		subscribe(pattern, null);
	}

	@Override
	public abstract void subscribe(SubscriptionPattern pattern, @Nullable ConsumerRebalanceListener listener);

	@Override
	public void commitSync() {
		commitSync(this.apiTimeout);
	}

	@Override
	public void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets) {
		commitSync(offsets, this.apiTimeout);
	}

	@Override
	public void commitAsync() {
		commitAsync(null);
	}

	@Override
	public abstract void commitAsync(@Nullable OffsetCommitCallback callback);

	@Override
	public abstract void commitAsync(Map<TopicPartition, OffsetAndMetadata> offsets,
			@Nullable OffsetCommitCallback callback);

	@Override
	public void seek(TopicPartition partition, long offset) {
		if (offset < 0) {
			throw new IllegalArgumentException("seek offset must not be a negative number");
		}
		seek(partition, new OffsetAndMetadata(offset));
	}

	@Override
	public long position(TopicPartition partition) {
		return position(partition, this.apiTimeout);
	}

	@Override
	public Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions) {
		return committed(partitions, this.apiTimeout);
	}

	@Override
	public List<PartitionInfo> partitionsFor(String topic) {
		return partitionsFor(topic, this.apiTimeout);
	}

	@Override
	public Map<String, List<PartitionInfo>> listTopics() {
		return listTopics(this.apiTimeout);
	}

	@Override
	public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(Map<TopicPartition, Long> timestamps) {
		return offsetsForTimes(timestamps, this.apiTimeout);
	}

	@Override
	public Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions) {
		return beginningOffsets(partitions, this.apiTimeout);
	}

	@Override
	public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions) {
		return endOffsets(partitions, this.apiTimeout);
	}

	@Override
	public void enforceRebalance() {
		enforceRebalance("");
	}

	@Override
	public void close() {
		close(CloseOptions.timeout(Duration.ofSeconds(30)));
	}

	@Deprecated
	@Override
	public void close(Duration timeout) {
		close(CloseOptions.timeout(timeout));
	}

	@Override
	public Map<MetricName, ? extends Metric> metrics() {
		return Map.of();
	}

	@Override
	public void registerMetricForSubscription(KafkaMetric metric) {
	}

	@Override
	public void unregisterMetricFromSubscription(KafkaMetric metric) {
	}

	@Override
	public Uuid clientInstanceId(Duration timeout) {
		throw new UnsupportedOperationException("clientInstanceId");
	}

	@Override
	public Set<TopicPartition> assignment() {
		return call(this.subscriptions::assigned);
	}

	@Override
	public Set<String> subscription() {
		return call(() -> new TreeSet<>(this.subscriptions.topics()));
	}

	@Override
	public Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions, Duration timeout) {
		return call(() -> this.queries.committed(requireGroup(), partitions, timeout));
	}

	@Override
	public List<PartitionInfo> partitionsFor(String topic, Duration timeout) {
		return call(() -> this.queries.partitionsFor(topic, timeout));
	}

	@Override
	public Map<String, List<PartitionInfo>> listTopics(Duration timeout) {
		return call(() -> this.queries.listTopics(timeout));
	}

	@Override
	public Set<TopicPartition> paused() {
		return call(this.subscriptions::paused);
	}

	@Override
	public void pause(Collection<TopicPartition> partitions) {
		run(() -> this.subscriptions.all(partitions).forEach((state) -> state.setPaused(true)));
	}

	@Override
	public void resume(Collection<TopicPartition> partitions) {
		run(() -> this.subscriptions.all(partitions).forEach((state) -> state.setPaused(false)));
	}

	@Override
	public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(Map<TopicPartition, Long> timestamps,
			Duration timeout) {
		return call(() -> this.queries.offsetsForTimes(timestamps, timeout));
	}

	@Override
	public Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions, Duration timeout) {
		return call(() -> this.queries.offsets(partitions, PartitionLog::logStart, timeout));
	}

	@Override
	public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions, Duration timeout) {
		return call(
				() -> this.queries.offsets(partitions, (log) -> log.readableEnd(this.config.readCommitted()), timeout));
	}

	@Override
	public OptionalLong currentLag(TopicPartition partition) {
		return call(() -> {
			AssignedPartition state = this.subscriptions.get(partition);
			return (state.endOffset() >= 0 && state.offset() >= 0)
					? OptionalLong.of(Math.max(0, state.endOffset() - state.offset())) : OptionalLong.empty();
		});
	}

	@Override
	public void wakeup() {
		this.process.wakeup();
	}

	final String requireGroup() {
		String group = this.config.groupId();
		if (group == null) {
			throw new InvalidGroupIdException("To use the group management or offset commit APIs, you must provide a "
					+ "valid group.id in the consumer configuration.");
		}
		return group;
	}

	final void run(Runnable action) {
		this.process.enter();
		try {
			action.run();
		}
		finally {
			this.process.exit();
		}
	}

	final <T> T call(Supplier<T> action) {
		this.process.enter();
		try {
			return action.get();
		}
		finally {
			this.process.exit();
		}
	}

}
