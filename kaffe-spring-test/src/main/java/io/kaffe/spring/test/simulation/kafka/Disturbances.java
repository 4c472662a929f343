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

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * Lets things go wrong in a cluster. Consumers are meant by their {@code client.id}; all
 * durations are in nanoseconds.
 */
public final class Disturbances {

	private final SimulatedCluster cluster;

	private final Map<String, Deque<CommitFault>> commitFaults = new HashMap<>();

	private final Map<Object, Long> fetchBlockedUntil = new HashMap<>();

	private final Map<String, Long> fetchLatencies = new HashMap<>();

	private final Deque<RuntimeException> sendFailures = new ArrayDeque<>();

	private final Map<String, Deque<Throwable>> pollFailures = new HashMap<>();

	private long coordinatorAwayUntil;

	private long brokersAwayUntil;

	private long sendDelay;

	private long metadataDelay = 1_000_000_000;

	Disturbances(SimulatedCluster cluster) {
		this.cluster = cluster;
	}

	/**
	 * End all disturbances. What is under way already still arrives as late as it does.
	 */
	public void clear() {
		this.commitFaults.clear();
		this.fetchBlockedUntil.clear();
		this.fetchLatencies.clear();
		this.sendFailures.clear();
		this.pollFailures.clear();
		this.coordinatorAwayUntil = 0;
		this.brokersAwayUntil = 0;
		this.sendDelay = 0;
	}

	/**
	 * Let the next commits of a consumer go wrong.
	 * @param clientId the consumer
	 * @param count how many of them
	 * @param kind what happens to each
	 * @param nanos how late the late ones are
	 */
	public void commits(String clientId, int count, CommitFault.Kind kind, long nanos) {
		Deque<CommitFault> faults = this.commitFaults.computeIfAbsent(clientId, (key) -> new ArrayDeque<>());
		for (int i = 0; i < count; i++) {
			faults.add(new CommitFault(kind, nanos));
		}
	}

	/**
	 * Let the next polls of a consumer throw.
	 * @param clientId the consumer
	 * @param count how many of them
	 * @param failure what each throws: an unchecked exception or an error
	 */
	public void failPolls(String clientId, int count, Throwable failure) {
		Deque<Throwable> failures = this.pollFailures.computeIfAbsent(clientId, (key) -> new ArrayDeque<>());
		for (int i = 0; i < count; i++) {
			failures.add(failure);
		}
	}

	/**
	 * Throw what the next poll of a consumer is to throw.
	 */
	void beforePoll(String clientId) {
		Deque<Throwable> failures = this.pollFailures.isEmpty() ? null : this.pollFailures.get(clientId);
		Throwable failure = (failures != null) ? failures.poll() : null;
		if (failure instanceof Error error) {
			throw error;
		}
		if (failure instanceof RuntimeException exception) {
			throw exception;
		}
	}

	/**
	 * Let fetches of a consumer fail for a while.
	 * @param clientId the consumer
	 * @param nanos for how long
	 */
	public void failFetches(String clientId, long nanos) {
		this.fetchBlockedUntil.put(clientId, now() + nanos);
	}

	/**
	 * Let fetches of a partition fail for a while.
	 * @param partition the partition
	 * @param nanos for how long
	 */
	public void failFetches(TopicPartition partition, long nanos) {
		this.fetchBlockedUntil.put(partition, now() + nanos);
	}

	/**
	 * Let each fetch of a consumer take longer, from now on.
	 * @param clientId the consumer
	 * @param nanos how much longer, in both directions; 0 ends this
	 */
	public void slowFetches(String clientId, long nanos) {
		this.fetchLatencies.put(clientId, nanos);
	}

	/**
	 * Let the coordinator be unavailable: joins, heartbeats and commits fail and are
	 * retried. No session expires meanwhile, and all begin anew afterwards.
	 * @param nanos for how long
	 */
	public void coordinatorUnavailable(long nanos) {
		this.coordinatorAwayUntil = now() + nanos;
	}

	/**
	 * Let all brokers be unreachable, so that nothing is answered.
	 * @param nanos for how long
	 */
	public void brokersUnavailable(long nanos) {
		this.brokersAwayUntil = now() + nanos;
		this.coordinatorAwayUntil = Math.max(this.coordinatorAwayUntil, this.brokersAwayUntil);
	}

	/**
	 * Set when consumers notice topics and partitions that are added or deleted, at the
	 * latest ({@code metadata.max.age.ms}, a second here).
	 * @param nanos how long that takes at most
	 */
	public void setMetadataDelay(long nanos) {
		this.metadataDelay = nanos;
	}

	/**
	 * Let a group rebalance now.
	 * @param group the group
	 */
	public void rebalance(String group) {
		Group<?> found = this.cluster.coordinator().find(group);
		if (found != null) {
			found.rebalance();
		}
	}

	/**
	 * Let the session of a member expire now.
	 * @param group the group
	 * @param memberId the id of the member
	 * @return whether it was a member
	 */
	public boolean expireSession(String group, String memberId) {
		Group<?> found = this.cluster.coordinator().find(group);
		return found != null && expire(found, memberId);
	}

	private static <M extends Group.Member> boolean expire(Group<M> group, String memberId) {
		M member = group.member(memberId);
		if (member != null) {
			group.remove(member, Errors.UNKNOWN_MEMBER_ID);
		}
		return member != null;
	}

	/**
	 * Fence a member: of a {@code consumer} group with FENCED_MEMBER_EPOCH at its next
	 * heartbeat, of a classic one by its removal.
	 * @param group the group
	 * @param memberId the id of the member
	 * @return whether it was a member
	 */
	public boolean fence(String group, String memberId) {
		Group<?> found = this.cluster.coordinator().find(group);
		if (found instanceof ConsumerGroup consumers) {
			ConsumerGroup.ConsumerMember member = consumers.member(memberId);
			if (member != null) {
				consumers.fence(member);
			}
			return member != null;
		}
		return expireSession(group, memberId);
	}

	/**
	 * Let the next record that a producer sends fail.
	 * @param failure why
	 */
	public void failNextSend(RuntimeException failure) {
		this.sendFailures.add(failure);
	}

	/**
	 * Let the acknowledgements of all producers come later, from now on.
	 * @param nanos how much later; 0 ends this
	 */
	public void slowSends(long nanos) {
		this.sendDelay = nanos;
	}

	@Nullable CommitFault nextCommitFault(String clientId) {
		Deque<CommitFault> faults = this.commitFaults.isEmpty() ? null : this.commitFaults.get(clientId);
		return (faults != null) ? faults.poll() : null;
	}

	@Nullable RuntimeException nextSendFailure() {
		return this.sendFailures.poll();
	}

	long sendDelay() {
		return this.sendDelay;
	}

	long fetchLatency(String clientId) {
		return this.fetchLatencies.isEmpty() ? 0 : this.fetchLatencies.getOrDefault(clientId, 0L);
	}

	/**
	 * Return for how long nothing can be fetched by a consumer, or from a partition.
	 */
	long fetchBlockedFor(Object clientOrPartition) {
		long until = this.fetchBlockedUntil.isEmpty() ? 0 : this.fetchBlockedUntil.getOrDefault(clientOrPartition, 0L);
		return Math.max(until, this.brokersAwayUntil) - now();
	}

	Errors coordinatorError() {
		if (areBrokersAway()) {
			return Errors.NETWORK_EXCEPTION;
		}
		return (now() < this.coordinatorAwayUntil) ? Errors.NOT_COORDINATOR : Errors.NONE;
	}

	boolean areBrokersAway() {
		return now() < this.brokersAwayUntil;
	}

	/**
	 * Return since when the coordinator is there, which may be later than now.
	 */
	long coordinatorSince() {
		return this.coordinatorAwayUntil;
	}

	long metadataDelay() {
		return this.metadataDelay / 8 * this.cluster.time().choose(9);
	}

	private long now() {
		return this.cluster.time().nanoTime();
	}

}
