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
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.test.simulation.SimulatedTime;

/**
 * A simulated Kafka cluster: topics, their logs, the coordinator of its groups, and the
 * consumers and producers that are connected to it.
 * <p>
 * <b>Threading.</b> One simulated thread runs at a time; nothing is locked.
 */
public final class SimulatedCluster {

	private static final int NODES = 3;

	/** The first half of the ids of all topics. */
	private static final long TOPIC_IDS = 0x70_1C;

	private final SimulatedTime time;

	private final Map<String, List<PartitionLog>> topics = new TreeMap<>();

	private final Map<String, Uuid> topicIds = new HashMap<>();

	private final List<SimulatedConsumer<?, ?>> consumers = new ArrayList<>();

	private final Disturbances disturbances = new Disturbances(this);

	private final GroupCoordinator coordinator = new GroupCoordinator(this);

	private long ids;

	private long createdTopics;

	private int clients;

	/**
	 * Create a cluster without topics.
	 * @param time the time of the simulation
	 */
	public SimulatedCluster(SimulatedTime time) {
		this.time = time;
	}

	/**
	 * Return the time of the simulation.
	 * @return the time
	 */
	public SimulatedTime time() {
		return this.time;
	}

	/**
	 * Return what lets things go wrong.
	 * @return the disturbances of this cluster
	 */
	public Disturbances disturbances() {
		return this.disturbances;
	}

	/**
	 * Return the coordinator of all groups.
	 * @return the coordinator
	 */
	public GroupCoordinator coordinator() {
		return this.coordinator;
	}

	/**
	 * Create a topic.
	 * @param topic its name
	 * @param partitions how many partitions it has
	 */
	public void createTopic(String topic, int partitions) {
		if (this.topics.putIfAbsent(topic, new ArrayList<>()) != null) {
			throw new IllegalArgumentException("Topic " + topic + " exists");
		}
		this.topicIds.put(topic, new Uuid(TOPIC_IDS, ++this.createdTopics));
		addPartitions(topic, partitions);
	}

	/**
	 * Add partitions to a topic.
	 * @param topic its name
	 * @param count how many to add
	 */
	public void addPartitions(String topic, int count) {
		List<PartitionLog> logs = logs(topic);
		for (int i = 0; i < count; i++) {
			logs.add(new PartitionLog(new TopicPartition(topic, logs.size())));
		}
		metadataChanged();
	}

	/**
	 * Delete a topic with its records and its committed offsets.
	 * @param topic its name
	 */
	public void deleteTopic(String topic) {
		List<PartitionLog> logs = logs(topic);
		this.topics.remove(topic);
		this.topicIds.remove(topic);
		this.coordinator.topicDeleted(topic);
		logs.forEach(PartitionLog::delete);
		metadataChanged();
	}

	/**
	 * Write a record.
	 * @param topic the topic
	 * @param partition the partition
	 * @param key its serialized key
	 * @param value its serialized value
	 * @param headers its headers
	 * @param timestamp its time stamp in milliseconds
	 * @return its offset
	 */
	public long produce(String topic, int partition, byte @Nullable [] key, byte @Nullable [] value, Headers headers,
			long timestamp) {
		return log(new TopicPartition(topic, partition)).append(nextId(), timestamp, key, value, headers, null)
			.offset();
	}

	/**
	 * Begin a transaction of some producer.
	 * @return the open transaction
	 */
	public SimulatedTransaction beginTransaction() {
		return new SimulatedTransaction(this);
	}

	/**
	 * Remove records by compaction. Their offsets become gaps.
	 * @param partition the partition
	 * @param from the first offset
	 * @param to the offset after the last one
	 */
	public void compact(TopicPartition partition, long from, long to) {
		log(partition).compact(from, to);
	}

	/**
	 * Delete the first records, as retention does.
	 * @param partition the partition
	 * @param offset the new log start offset
	 */
	public void deleteBefore(TopicPartition partition, long offset) {
		log(partition).deleteBefore(offset);
	}

	/**
	 * Lose the last records by an unclean election: the log ends earlier, the leader
	 * epoch increases, and new records reuse the offsets.
	 * @param partition the partition
	 * @param offset the new log end offset
	 */
	public void truncate(TopicPartition partition, long offset) {
		log(partition).truncate(offset);
	}

	/**
	 * Elect a new leader without any loss.
	 * @param partition the partition
	 */
	public void electLeader(TopicPartition partition) {
		log(partition).newLeader();
	}

	/**
	 * Return the log of a partition that exists.
	 * @param partition the partition
	 * @return its log
	 */
	public PartitionLog log(TopicPartition partition) {
		PartitionLog log = findLog(partition);
		if (log == null) {
			throw new IllegalArgumentException("There is no " + partition);
		}
		return log;
	}

	/**
	 * Return the log of a partition.
	 * @param partition the partition
	 * @return its log, or {@code null} if it does not exist
	 */
	public @Nullable PartitionLog findLog(TopicPartition partition) {
		List<PartitionLog> logs = this.topics.get(partition.topic());
		return (logs != null && partition.partition() >= 0 && partition.partition() < logs.size())
				? logs.get(partition.partition()) : null;
	}

	/**
	 * Return the topics.
	 * @return their names, sorted
	 */
	public Collection<String> topics() {
		return Collections.unmodifiableSet(this.topics.keySet());
	}

	/**
	 * Return the id of a topic, which no other one has, nor one that is created again.
	 * @param topic the topic
	 * @return its id, or {@code null} if there is no such topic
	 */
	public @Nullable Uuid topicId(String topic) {
		return this.topicIds.get(topic);
	}

	/**
	 * Return how many partitions a topic has.
	 * @param topic the topic
	 * @return the count, 0 if there is no such topic
	 */
	public int partitions(String topic) {
		List<PartitionLog> logs = this.topics.get(topic);
		return (logs != null) ? logs.size() : 0;
	}

	/**
	 * Return what a group has committed.
	 * @param group the group
	 * @param partition the partition
	 * @return the stored offset, or {@code null} if there is none
	 */
	public @Nullable OffsetAndMetadata committed(String group, TopicPartition partition) {
		return this.coordinator.committed(group, partition);
	}

	/**
	 * Be notified of each stored offset.
	 * @param listener the listener
	 */
	public void addCommitListener(CommitListener listener) {
		this.coordinator.addCommitListener(listener);
	}

	/**
	 * Create a consumer.
	 * @param config its configuration, by the names of {@code ConsumerConfig}
	 * @param keys deserializer of keys
	 * @param values deserializer of values
	 * @param running whether the process of the consumer runs, that is, is not frozen
	 * @param <K> type of keys
	 * @param <V> type of values
	 * @return the consumer
	 */
	public <K, V> SimulatedConsumer<K, V> consumer(Map<String, ?> config, Deserializer<K> keys, Deserializer<V> values,
			BooleanSupplier running) {
		ClientConfig client = ClientConfig.of(config, ++this.clients);
		SimulatedConsumer<K, V> consumer = new SimulatedConsumer<>(this, client, keys, values, running);
		this.consumers.add(consumer);
		return consumer;
	}

	/**
	 * Create a producer.
	 * @param keys serializer of keys
	 * @param values serializer of values
	 * @param <K> type of keys
	 * @param <V> type of values
	 * @return the producer
	 */
	public <K, V> SimulatedProducer<K, V> producer(Serializer<K> keys, Serializer<V> values) {
		return new SimulatedProducer<>(this, keys, values);
	}

	/**
	 * Create an admin client that answers what consumers with workers ask.
	 * @param answers where its answers are given
	 * @return the admin client
	 */
	public Admin admin(Executor answers) {
		return SimulatedAdmin.create(this, answers);
	}

	List<PartitionInfo> partitionInfos(String topic) {
		List<PartitionInfo> infos = new ArrayList<>();
		for (int i = 0; i < partitions(topic); i++) {
			Node leader = new Node(i % NODES, "broker-" + (i % NODES), 9092);
			infos.add(new PartitionInfo(topic, i, leader, new Node[] { leader }, new Node[] { leader }));
		}
		return infos;
	}

	int nodeOf(TopicPartition partition) {
		return partition.partition() % NODES;
	}

	int nodes() {
		return NODES;
	}

	long nextId() {
		return ++this.ids;
	}

	long currentTimeMillis() {
		return this.time.instant().toEpochMilli();
	}

	/**
	 * Return how long a message is under way, a choice of the seed.
	 */
	long latency() {
		return 200_000L + 200_000L * this.time.choose(8);
	}

	void removed(SimulatedConsumer<?, ?> consumer) {
		this.consumers.remove(consumer);
	}

	private void metadataChanged() {
		this.consumers.forEach(SimulatedConsumer::metadataChanged);
	}

	private List<PartitionLog> logs(String topic) {
		List<PartitionLog> logs = this.topics.get(topic);
		if (logs == null) {
			throw new IllegalArgumentException("There is no topic " + topic);
		}
		return logs;
	}

}
