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

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * A group of the {@code consumer} protocol (KIP-848): the coordinator assigns partitions,
 * and heartbeats take each member from what it has to its target, revoking first.
 */
final class ConsumerGroup extends Group<ConsumerGroup.ConsumerMember> {

	/**
	 * Epoch by which a member joins.
	 */
	static final int JOIN = 0;

	/**
	 * Epoch by which a member leaves for good.
	 */
	static final int LEAVE = -1;

	/**
	 * Epoch by which a static member leaves for a while.
	 */
	static final int LEAVE_STATIC = -2;

	private int groupEpoch;

	private int targetEpoch;

	private Map<String, Set<TopicPartition>> targets = new TreeMap<>();

	private final Map<TopicPartition, String> owners = new TreeMap<>((one, other) -> one.topic().equals(other.topic())
			? Integer.compare(one.partition(), other.partition()) : one.topic().compareTo(other.topic()));

	private Map<String, Integer> counts = Map.of();

	ConsumerGroup(SimulatedCluster cluster, String id) {
		super(cluster, id);
	}

	HeartbeatAnswer heartbeat(HeartbeatRequest request) {
		if (request.epoch() < JOIN) {
			return leave(request);
		}
		ConsumerMember member;
		if (request.epoch() == JOIN) {
			ConsumerMember current = instance(request.instanceId());
			if (current != null && !current.id().equals(request.memberId()) && current.epoch != LEAVE_STATIC) {
				return new HeartbeatAnswer(Errors.UNRELEASED_INSTANCE_ID, 0, Set.of());
			}
			member = join(request, current);
		}
		else {
			Errors error = check(request);
			member = member(request.memberId());
			if (error != Errors.NONE || member == null) {
				return new HeartbeatAnswer(error, 0, Set.of());
			}
		}
		heard(member);
		if (!member.topics.equals(request.topics())) {
			member.topics = request.topics();
			this.groupEpoch++;
		}
		updateTargets();
		reconcile(member, request.owned());
		return new HeartbeatAnswer(Errors.NONE, member.epoch, new LinkedHashSet<>(member.assigned));
	}

	private Errors check(HeartbeatRequest request) {
		if (isFenced(request.memberId(), request.instanceId())) {
			return Errors.FENCED_INSTANCE_ID;
		}
		ConsumerMember member = member(request.memberId());
		if (member == null) {
			return Errors.UNKNOWN_MEMBER_ID;
		}
		boolean answerLost = request.epoch() == member.previousEpoch && request.owned() != null
				&& member.assigned.containsAll(request.owned());
		return (request.epoch() == member.epoch || answerLost) ? Errors.NONE : Errors.FENCED_MEMBER_EPOCH;
	}

	private ConsumerMember join(HeartbeatRequest request, @Nullable ConsumerMember current) {
		ConsumerMember member = (current != null) ? current : member(request.memberId());
		if (member == null) {
			member = new ConsumerMember(request);
			add(member);
			this.groupEpoch++;
		}
		else if (!member.id().equals(request.memberId())) {
			ConsumerMember older = member;
			takeOut(older);
			member = new ConsumerMember(request);
			add(member);
			member.topics = older.topics;
			member.assigned.addAll(older.assigned);
			String id = member.id();
			this.owners.replaceAll((partition, owner) -> owner.equals(older.id()) ? id : owner);
			Set<TopicPartition> target = this.targets.remove(older.id());
			this.targets.put(id, (target != null) ? target : Set.of());
		}
		else {
			release(member);
		}
		member.epoch = JOIN;
		member.previousEpoch = JOIN;
		return member;
	}

	private HeartbeatAnswer leave(HeartbeatRequest request) {
		ConsumerMember member = member(request.memberId());
		if (member == null) {
			return new HeartbeatAnswer(Errors.UNKNOWN_MEMBER_ID, 0, Set.of());
		}
		if (request.epoch() == LEAVE_STATIC) {
			member.epoch = LEAVE_STATIC;
			this.owners.keySet().removeAll(member.pendingRevocation);
			member.pendingRevocation.clear();
			heard(member);
		}
		else {
			remove(member, Errors.UNKNOWN_MEMBER_ID);
		}
		return new HeartbeatAnswer(Errors.NONE, request.epoch(), Set.of());
	}

	/**
	 * Assign partitions anew if members, their topics or the partitions of these changed.
	 */
	private void updateTargets() {
		Map<String, Set<String>> subscribed = new TreeMap<>();
		Map<String, Integer> current = new TreeMap<>();
		members().forEach((id, member) -> {
			subscribed.put(id, member.topics);
			member.topics.forEach((topic) -> current.put(topic, cluster().partitions(topic)));
		});
		if (!current.equals(this.counts)) {
			this.counts = current;
			this.groupEpoch++;
		}
		if (this.targetEpoch < this.groupEpoch) {
			this.targets = Assignors.assign(Assignors.STICKY, cluster(), subscribed, this.targets);
			this.targetEpoch = this.groupEpoch;
			cluster().time().record(() -> "group " + id() + " epoch " + this.groupEpoch + ": " + this.targets);
		}
	}

	/**
	 * Take a member towards its target: it revokes first, then its epoch increases, and
	 * it gets what no other member has any more.
	 */
	private void reconcile(ConsumerMember member, @Nullable Set<TopicPartition> owned) {
		if (!member.pendingRevocation.isEmpty()) {
			if (stillOwns(member, owned)) {
				return;
			}
			this.owners.keySet().removeAll(member.pendingRevocation);
			member.pendingRevocation.clear();
		}
		Set<TopicPartition> target = Objects.requireNonNullElse(this.targets.get(member.id()), Set.of());
		for (TopicPartition partition : member.assigned) {
			if (!target.contains(partition)) {
				member.pendingRevocation.add(partition);
			}
		}
		member.assigned.removeAll(member.pendingRevocation);
		if (stillOwns(member, owned)) {
			expectRevocation(member);
			return;
		}
		this.owners.keySet().removeAll(member.pendingRevocation);
		member.pendingRevocation.clear();
		if (member.epoch != this.targetEpoch) {
			member.previousEpoch = member.epoch;
			member.epoch = this.targetEpoch;
		}
		for (TopicPartition partition : target) {
			if (!member.assigned.contains(partition) && this.owners.putIfAbsent(partition, member.id()) == null) {
				member.assigned.add(partition);
			}
		}
	}

	private static boolean stillOwns(ConsumerMember member, @Nullable Set<TopicPartition> owned) {
		return !member.pendingRevocation.isEmpty()
				&& (owned == null || owned.stream().anyMatch(member.pendingRevocation::contains));
	}

	private void expectRevocation(ConsumerMember member) {
		int epoch = member.epoch;
		cluster().time().after(member.rebalanceTimeout, () -> {
			if (member(member.id()) == member && member.epoch == epoch && !member.pendingRevocation.isEmpty()) {
				cluster().time().record(() -> member.id() + " does not revoke in time");
				remove(member, Errors.UNKNOWN_MEMBER_ID);
			}
		});
	}

	private void release(ConsumerMember member) {
		this.owners.values().removeIf(member.id()::equals);
		member.assigned.clear();
		member.pendingRevocation.clear();
	}

	@Override
	void remove(ConsumerMember member, Errors error) {
		takeOut(member);
		release(member);
		this.targets.remove(member.id());
		this.groupEpoch++;
	}

	/**
	 * Partitions of topics are assigned by the ids of these, so they are revoked and, if
	 * the topic is created again, assigned anew.
	 */
	@Override
	void topicDeleted(String topic) {
		Map<String, Integer> others = new TreeMap<>(this.counts);
		if (others.remove(topic) == null) {
			return;
		}
		this.counts = others;
		this.groupEpoch++;
		this.targets.replaceAll((id, target) -> target.stream()
			.filter((partition) -> !partition.topic().equals(topic))
			.collect(Collectors.toCollection(LinkedHashSet::new)));
		members().values().forEach((member) -> {
			boolean expected = !member.pendingRevocation.isEmpty();
			for (TopicPartition partition : List.copyOf(member.assigned)) {
				if (partition.topic().equals(topic)) {
					member.assigned.remove(partition);
					member.pendingRevocation.add(partition);
				}
			}
			if (member.epoch == LEAVE_STATIC) {
				this.owners.keySet().removeAll(member.pendingRevocation);
				member.pendingRevocation.clear();
			}
			else if (!expected && !member.pendingRevocation.isEmpty()) {
				expectRevocation(member);
			}
		});
	}

	@Override
	void rebalance() {
		this.groupEpoch++;
	}

	/**
	 * Let the epoch of a member be unknown, so that its next heartbeat is fenced.
	 */
	void fence(ConsumerMember member) {
		member.previousEpoch = Integer.MAX_VALUE;
		member.epoch = Integer.MAX_VALUE;
	}

	@Override
	Errors checkCommit(String memberId, int generation, @Nullable String instanceId) {
		if (generation < 0 && memberId.isEmpty() && members().isEmpty()) {
			return Errors.NONE;
		}
		ConsumerMember member = member(memberId);
		if (member == null) {
			return Errors.UNKNOWN_MEMBER_ID;
		}
		return (member.epoch != generation) ? Errors.STALE_MEMBER_EPOCH : Errors.NONE;
	}

	@Override
	int generation() {
		return this.groupEpoch;
	}

	/**
	 * A ConsumerGroupHeartbeat request, whose partitions are {@code null} if they are the
	 * same as before.
	 */
	record HeartbeatRequest(String memberId, @Nullable String instanceId, int epoch, long sessionTimeout,
			long rebalanceTimeout, Set<String> topics, @Nullable Set<TopicPartition> owned) {

	}

	/**
	 * The answer to a ConsumerGroupHeartbeat request.
	 */
	record HeartbeatAnswer(Errors error, int epoch, Set<TopicPartition> assignment) {

	}

	/**
	 * A member of the {@code consumer} protocol.
	 */
	static final class ConsumerMember extends Group.Member {

		private final long rebalanceTimeout;

		private int epoch;

		private int previousEpoch;

		private Set<String> topics = new TreeSet<>();

		private final Set<TopicPartition> assigned = new LinkedHashSet<>();

		private final Set<TopicPartition> pendingRevocation = new LinkedHashSet<>();

		ConsumerMember(HeartbeatRequest request) {
			super(request.memberId(), request.instanceId(), request.sessionTimeout());
			this.rebalanceTimeout = request.rebalanceTimeout();
		}

	}

}
