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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * A producer of a {@link SimulatedCluster}. Records are written, in sequence, and
 * acknowledged later, by events.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
public final class SimulatedProducer<K, V> implements Producer<K, V> {

	private static final long FLUSH_TIMEOUT = 120_000_000_000L;

	private final SimulatedCluster cluster;

	private final Serializer<K> keys;

	private final Serializer<V> values;

	private long lastWrite;

	private long lastAnswer;

	private int inFlight;

	private int next;

	private boolean closed;

	SimulatedProducer(SimulatedCluster cluster, Serializer<K> keys, Serializer<V> values) {
		this.cluster = cluster;
		this.keys = keys;
		this.values = values;
	}

	@Override
	public Future<RecordMetadata> send(ProducerRecord<K, V> record) {
		return send(record, null);
	}

	@Override
	public Future<RecordMetadata> send(ProducerRecord<K, V> record, @Nullable Callback callback) {
		if (this.closed) {
			throw new IllegalStateException("Cannot perform operation after producer has been closed");
		}
		RecordHeaders headers = new RecordHeaders(record.headers());
		byte[] key = (record.key() != null) ? this.keys.serialize(record.topic(), headers, record.key()) : null;
		byte[] value = (record.value() != null) ? this.values.serialize(record.topic(), headers, record.value()) : null;
		TopicPartition partition = new TopicPartition(record.topic(), partition(record, key));
		long timestamp = (record.timestamp() != null) ? record.timestamp() : this.cluster.currentTimeMillis();
		RuntimeException failure = this.cluster.disturbances().nextSendFailure();
		CompletableFuture<RecordMetadata> result = new CompletableFuture<>();
		this.inFlight++;
		long now = this.cluster.time().nanoTime();
		this.lastWrite = Math.max(this.lastWrite, now + this.cluster.latency());
		this.cluster.time().after(this.lastWrite - now, () -> {
			PartitionLog log = this.cluster.findLog(partition);
			if (failure != null || log == null) {
				answer(result, callback, metadata(partition, -1, timestamp),
						(failure != null) ? failure : new UnknownTopicOrPartitionException(partition + " is unknown"));
			}
			else {
				long offset = log.append(this.cluster.nextId(), timestamp, key, value, headers, null).offset();
				answer(result, callback, new RecordMetadata(partition, offset, 0, timestamp, size(key), size(value)),
						null);
			}
		});
		return result;
	}

	private static RecordMetadata metadata(TopicPartition partition, long offset, long timestamp) {
		return new RecordMetadata(partition, offset, -1, timestamp, -1, -1);
	}

	@SuppressWarnings("NullAway")
	private void answer(CompletableFuture<RecordMetadata> result, @Nullable Callback callback, RecordMetadata metadata,
			@Nullable RuntimeException failure) {
		long now = this.cluster.time().nanoTime();
		this.lastAnswer = Math.max(this.lastAnswer,
				now + this.cluster.latency() + this.cluster.disturbances().sendDelay());
		this.cluster.time().after(this.lastAnswer - now, () -> {
			this.inFlight--;
			if (callback != null) {
				callback.onCompletion(metadata, failure);
			}
			if (failure != null) {
				result.completeExceptionally(failure);
			}
			else {
				result.complete(metadata);
			}
		});
	}

	private int partition(ProducerRecord<K, V> record, byte @Nullable [] key) {
		if (record.partition() != null) {
			return record.partition();
		}
		int partitions = Math.max(1, this.cluster.partitions(record.topic()));
		int hash = (key != null) ? Arrays.hashCode(key) : this.next++;
		return Math.floorMod(hash, partitions);
	}

	private static int size(byte @Nullable [] bytes) {
		return (bytes != null) ? bytes.length : -1;
	}

	@Override
	public void flush() {
		this.cluster.time().await(() -> this.inFlight == 0, FLUSH_TIMEOUT);
	}

	@Override
	public List<PartitionInfo> partitionsFor(String topic) {
		return this.cluster.partitionInfos(topic);
	}

	@Override
	public Map<MetricName, ? extends Metric> metrics() {
		return Map.of();
	}

	@Override
	public void close() {
		close(Duration.ofNanos(FLUSH_TIMEOUT));
	}

	@Override
	public void close(Duration timeout) {
		if (!this.closed) {
			this.closed = true;
			this.cluster.time().await(() -> this.inFlight == 0, timeout.toNanos());
		}
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
	public void initTransactions() {
		throw noTransactions();
	}

	@Override
	public void beginTransaction() {
		throw noTransactions();
	}

	@Override
	public void sendOffsetsToTransaction(Map<TopicPartition, OffsetAndMetadata> offsets,
			ConsumerGroupMetadata metadata) {
		throw noTransactions();
	}

	@Override
	public void commitTransaction() {
		throw noTransactions();
	}

	@Override
	public void abortTransaction() {
		throw noTransactions();
	}

	private static UnsupportedOperationException noTransactions() {
		return new UnsupportedOperationException("Use SimulatedCluster.beginTransaction()");
	}

}
