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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * The coordinator of all groups of a cluster, which stores what they commit.
 */
public final class GroupCoordinator {

	/**
	 * {@code offset.metadata.max.bytes} of brokers.
	 */
	private static final int MAX_METADATA = 4096;

	private final SimulatedCluster cluster;

	private final Map<String, Group<?>> groups = new TreeMap<>();

	private final Map<String, Map<TopicPartition, OffsetAndMetadata>> offsets = new TreeMap<>();

	private final List<CommitListener> listeners = new ArrayList<>();

	private long initialRebalanceDelay = TimeUnit.MILLISECONDS.toNanos(100);

	private long heartbeatInterval = TimeUnit.SECONDS.toNanos(5);

	private long sessionTimeout = TimeUnit.SECONDS.toNanos(45);

	GroupCoordinator(SimulatedCluster cluster) {
		this.cluster = cluster;
	}

	/**
	 * Set how long the first member of a classic group waits for others
	 * ({@code group.initial.rebalance.delay.ms}, 3 seconds by default at brokers, and 100
	 * milliseconds here).
	 * @param nanos the delay in nanoseconds
	 */
	public void setInitialRebalanceDelay(long nanos) {
		this.initialRebalanceDelay = nanos;
	}

	/**
	 * Set how often members of groups of the {@code consumer} protocol send heartbeats,
	 * and after how long without one their session expires
	 * ({@code group.consumer.heartbeat.interval.ms} and
	 * {@code group.consumer.session.timeout.ms}, 5 and 45 seconds by default).
	 * @param interval the interval in nanoseconds
	 * @param timeout the time-out in nanoseconds
	 */
	public void setConsumerGroupTimes(long interval, long timeout) {
		this.heartbeatInterval = interval;
		this.sessionTimeout = timeout;
	}

	long heartbeatInterval() {
		return this.heartbeatInterval;
	}

	long sessionTimeout() {
		return this.sessionTimeout;
	}

	long initialRebalanceDelay() {
		return this.initialRebalanceDelay;
	}

	/**
	 * Return the ids of the members of a group.
	 * @param group the group
	 * @return the ids
	 */
	public List<String> members(String group) {
		Group<?> found = this.groups.get(group);
		return (found != null) ? found.memberIds() : List.of();
	}

	/**
	 * Return the generation of a classic group, or the epoch of another one.
	 * @param group the group
	 * @return its number, or -1 if there is no such group
	 */
	public int generation(String group) {
		Group<?> found = this.groups.get(group);
		return (found != null) ? found.generation() : -1;
	}

	/**
	 * Return what a group has committed.
	 * @param group the group
	 * @return the offsets stored now
	 */
	public Map<TopicPartition, OffsetAndMetadata> committed(String group) {
		return Map.copyOf(this.offsets.getOrDefault(group, Map.of()));
	}

	@Nullable OffsetAndMetadata committed(String group, TopicPartition partition) {
		return this.offsets.getOrDefault(group, Map.of()).get(partition);
	}

	/**
	 * Store an offset, as an operator does with a group that has no members.
	 * @param group the group
	 * @param partition the partition
	 * @param offset its new offset
	 */
	public void alterOffset(String group, TopicPartition partition, OffsetAndMetadata offset) {
		this.offsets.computeIfAbsent(group, (key) -> new LinkedHashMap<>()).put(partition, offset);
	}

	void addCommitListener(CommitListener listener) {
		this.listeners.add(listener);
	}

	ClassicGroup classic(String id) {
		if (this.groups.get(id) instanceof ClassicGroup group) {
			return group;
		}
		ClassicGroup created = new ClassicGroup(this.cluster, id);
		this.groups.put(id, created);
		return created;
	}

	ConsumerGroup consumer(String id) {
		if (this.groups.get(id) instanceof ConsumerGroup group) {
			return group;
		}
		ConsumerGroup created = new ConsumerGroup(this.cluster, id);
		this.groups.put(id, created);
		return created;
	}

	@Nullable Group<?> find(String id) {
		return this.groups.get(id);
	}

	/**
	 * Return whether a group may be used with a protocol: it has no members of the other.
	 */
	boolean accepts(String id, Class<? extends Group<?>> protocol) {
		Group<?> group = this.groups.get(id);
		return group == null || protocol.isInstance(group) || group.members().isEmpty();
	}

	/**
	 * Store offsets.
	 * @return the first error, of the group or else of a partition. What has no error is
	 * stored.
	 */
	Errors commit(String group, CommitIdentity identity, Map<TopicPartition, OffsetAndMetadata> commit) {
		Group<?> found = this.groups.get(group);
		Errors error = Errors.NONE;
		if (found != null) {
			error = found.checkCommit(identity.memberId(), identity.generation(), identity.instanceId());
		}
		else if (identity.generation() >= 0) {
			error = Errors.UNKNOWN_MEMBER_ID;
		}
		if (error != Errors.NONE) {
			return error;
		}
		Map<TopicPartition, OffsetAndMetadata> stored = this.offsets.computeIfAbsent(group,
				(key) -> new LinkedHashMap<>());
		for (Map.Entry<TopicPartition, OffsetAndMetadata> entry : commit.entrySet()) {
			TopicPartition partition = entry.getKey();
			if (this.cluster.findLog(partition) == null) {
				error = first(error, Errors.UNKNOWN_TOPIC_OR_PARTITION);
			}
			else if (entry.getValue().metadata().length() > MAX_METADATA) {
				error = first(error, Errors.OFFSET_METADATA_TOO_LARGE);
			}
			else {
				stored.put(partition, entry.getValue());
				for (CommitListener listener : this.listeners) {
					listener.committed(group, identity.memberId(), partition, entry.getValue());
				}
			}
		}
		return error;
	}

	private static Errors first(Errors one, Errors other) {
		return (one != Errors.NONE) ? one : other;
	}

	void topicDeleted(String topic) {
		this.offsets.values()
			.forEach((stored) -> stored.keySet().removeIf((partition) -> partition.topic().equals(topic)));
		this.groups.values().forEach((group) -> group.topicDeleted(topic));
	}

	/**
	 * As whom a consumer commits.
	 *
	 * @param memberId its id, empty if it is no member
	 * @param generation the generation or member epoch, or -1
	 * @param instanceId the instance id of a static member
	 */
	record CommitIdentity(String memberId, int generation, @Nullable String instanceId) {

		static final CommitIdentity NONE = new CommitIdentity("", -1, null);

	}

}
