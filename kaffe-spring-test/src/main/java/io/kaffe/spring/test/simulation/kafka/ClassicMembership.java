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

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.InconsistentGroupProtocolException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.test.simulation.kafka.ClassicMember.JoinAnswer;
import io.kaffe.spring.test.simulation.kafka.ClassicMember.JoinRequest;
import io.kaffe.spring.test.simulation.kafka.ClassicMember.SyncAnswer;
import io.kaffe.spring.test.simulation.kafka.GroupCoordinator.CommitIdentity;

/**
 * Takes part by the classic protocol: all partitions are revoked before a join (eager),
 * or those that move are after one, which takes a second join (cooperative, KIP-429).
 */
final class ClassicMembership extends Membership {

	private static final int NO_GENERATION = -1;

	private State state = State.UNJOINED;

	private int generation = NO_GENERATION;

	private String memberId = "";

	private boolean rejoin;

	private boolean prepare = true;

	private boolean joining;

	private int attempt;

	private Set<String> joinedTopics = Set.of();

	private long retryAt;

	private @Nullable Set<TopicPartition> arrived;

	private boolean heartbeatInFlight;

	private final ClassicLeader leader;

	private final ClassicRequests requests;

	private final ClassicRevocations revocations;

	ClassicMembership(ConsumerProcess process, ClientConfig config, Subscriptions subscriptions, CoordinatorLink link) {
		super(process, config, subscriptions, link);
		this.leader = new ClassicLeader(process.cluster());
		this.requests = new ClassicRequests(process.cluster().coordinator(), link, this::group);
		this.revocations = new ClassicRevocations(subscriptions, callbacks(), config.cooperative());
	}

	@Override
	long heartbeatInterval() {
		return config().heartbeatInterval();
	}

	@Override
	boolean isMember() {
		return !this.memberId.isEmpty() && subscriptions().isAutoAssigned();
	}

	@Override
	void subscriptionChanged() {
		this.rejoin = true;
	}

	@Override
	void metadataChanged() {
		this.rejoin |= subscriptions().match() || this.leader.isOutdated();
	}

	@Override
	void requestRebalance() {
		this.rejoin = true;
	}

	@Override
	boolean hasStep() {
		return hasFailed() || this.arrived != null || (this.rejoin && !this.joining && subscriptions().isAutoAssigned()
				&& process().now() >= this.retryAt);
	}

	@Override
	void poll() {
		polled();
		throwIfFailed();
		while (subscriptions().isAutoAssigned()) {
			if (this.arrived != null) {
				completeJoin(this.arrived);
			}
			else if (this.rejoin && !this.joining && process().now() >= this.retryAt) {
				join();
			}
			else {
				return;
			}
		}
	}

	private boolean isOutside() {
		return this.generation == NO_GENERATION || this.memberId.isEmpty();
	}

	private void join() {
		if (this.prepare) {
			this.prepare = false;
			beforeRevocation();
			RebalanceCallbacks.rethrowWrapped(this.revocations.beforeJoin(isOutside()));
			if (!subscriptions().isAutoAssigned()) {
				return;
			}
		}
		if (!process().cluster().coordinator().accepts(group(), ClassicGroup.class)) {
			throw new InconsistentGroupProtocolException("The group " + group() + " uses another protocol");
		}
		this.joining = true;
		this.state = State.PREPARING;
		int current = ++this.attempt;
		this.joinedTopics = new TreeSet<>(subscriptions().topics());
		JoinRequest request = new JoinRequest(this.memberId, config().clientId(), config().instanceId(),
				config().sessionTimeout(), config().maxPollInterval(), this.joinedTopics, config().assignors(),
				subscriptions().assigned(), this.generation);
		this.requests.join(request, (answer) -> {
			if (current == this.attempt) {
				joined(answer);
			}
		}, () -> retry(current));
	}

	private void retry(int current) {
		if (current == this.attempt) {
			this.joining = false;
			this.rejoin = true;
			this.retryAt = process().now() + config().retryBackoff();
			process().later(config().retryBackoff(), () -> {
			});
		}
	}

	private void joined(JoinAnswer answer) {
		if (answer.error() == Errors.MEMBER_ID_REQUIRED) {
			this.memberId = answer.memberId();
		}
		if (answer.error() != Errors.NONE) {
			joinFailed(answer.error());
			return;
		}
		this.memberId = answer.memberId();
		this.generation = answer.generation();
		this.state = State.COMPLETING;
		startTicking();
		int current = this.attempt;
		this.leader.watch(answer);
		Map<String, Set<TopicPartition>> assignment = answer.leads() ? this.leader.assign(answer) : null;
		this.requests.sync(identity(), assignment, (reply) -> {
			if (current == this.attempt) {
				synced(reply);
			}
		}, () -> retry(current));
	}

	private void synced(SyncAnswer answer) {
		if (answer.error() != Errors.NONE) {
			joinFailed(answer.error());
			return;
		}
		this.state = State.STABLE;
		// The subscription may have changed since the join was requested.
		this.rejoin = !this.joinedTopics.equals(subscriptions().topics());
		this.arrived = answer.assignment();
	}

	private void joinFailed(Errors error) {
		this.joining = false;
		this.rejoin = true;
		switch (error) {
			case FENCED_INSTANCE_ID -> fail(new FencedInstanceIdException(error.message()));
			case UNKNOWN_MEMBER_ID -> reset(true);
			case ILLEGAL_GENERATION -> reset(false);
			default -> {
				// joins again with the next poll
			}
		}
	}

	private void completeJoin(Set<TopicPartition> assignment) {
		this.arrived = null;
		this.joining = false;
		this.prepare = true;
		if (isOutside()
				|| !assignment.stream().allMatch((partition) -> subscriptions().topics().contains(partition.topic()))) {
			this.rejoin = true;
			return;
		}
		if (this.leader.isOutdated()) {
			// Noticed before, while the join was under way.
			process().later(process().cluster().disturbances().metadataDelay(), this::metadataChanged);
		}
		RebalanceCallbacks.rethrow(this.revocations.afterJoin(assignment, () -> this.rejoin = true));
	}

	@Override
	void tick() {
		if (this.state != State.STABLE && this.state != State.COMPLETING) {
			return;
		}
		if (isPollExpired()) {
			process().cluster().time().record(() -> config().clientId() + " leaves: no poll for too long");
			this.requests.leave(this.memberId);
			reset(true);
			return;
		}
		if (this.heartbeatInFlight) {
			return;
		}
		this.heartbeatInFlight = true;
		CommitIdentity sent = identity();
		this.requests.heartbeat(sent, (error) -> {
			this.heartbeatInFlight = false;
			if (sent.equals(identity())) {
				heartbeatAnswered(error);
			}
		}, () -> this.heartbeatInFlight = false);
	}

	private void heartbeatAnswered(Errors error) {
		switch (error) {
			case REBALANCE_IN_PROGRESS -> {
				this.rejoin |= this.state == State.STABLE;
			}
			case UNKNOWN_MEMBER_ID -> reset(true);
			case ILLEGAL_GENERATION -> reset(false);
			case FENCED_INSTANCE_ID -> fail(new FencedInstanceIdException(error.message()));
			default -> {
				// all is well
			}
		}
	}

	/**
	 * Be outside of the group, so that its partitions are lost with the next poll.
	 */
	private void reset(boolean withMemberId) {
		this.state = State.UNJOINED;
		this.generation = NO_GENERATION;
		if (withMemberId) {
			this.memberId = "";
		}
		this.attempt++;
		this.joining = false;
		this.arrived = null;
		this.rejoin = true;
		this.prepare = true;
		this.leader.end();
	}

	/**
	 * What it has is lost if it leaves during a rebalance, as in the client.
	 */
	@Override
	void leave(GroupMembershipOperation operation) {
		Set<TopicPartition> owned = subscriptions().assigned();
		Exception failure = null;
		if (subscriptions().isAutoAssigned() && !owned.isEmpty()) {
			beforeRevocation();
			boolean lost = isOutside() || this.state == State.PREPARING || this.state == State.COMPLETING;
			failure = lost ? callbacks().lost(owned) : callbacks().revoked(owned);
		}
		boolean leaves = (operation == GroupMembershipOperation.DEFAULT) ? config().instanceId() == null
				: operation == GroupMembershipOperation.LEAVE_GROUP;
		if (leaves) {
			this.requests.leave(this.memberId);
		}
		reset(true);
		this.rejoin = false;
		RebalanceCallbacks.rethrowWrapped(failure);
	}

	private CommitIdentity identity() {
		return new CommitIdentity(this.memberId, this.generation, config().instanceId());
	}

	@Override
	CommitIdentity commitIdentity() {
		if (this.state == State.STABLE) {
			return identity();
		}
		if (this.state == State.UNJOINED) {
			throw new CommitFailedException("Offset commit cannot be completed since the consumer is not part of an "
					+ "active group for auto partition assignment; it is likely that the consumer was kicked out of the group.");
		}
		throw rebalancing();
	}

	private static RebalanceInProgressException rebalancing() {
		return new RebalanceInProgressException("Offset commit cannot be completed since the consumer is undergoing "
				+ "a rebalance. You can try completing the rebalance by calling poll() and then retry the operation.");
	}

	@Override
	RuntimeException commitFailed(Errors error, CommitIdentity identity, boolean sync) {
		if (error == Errors.REBALANCE_IN_PROGRESS) {
			this.rejoin = true;
			return rebalancing();
		}
		if (error != Errors.UNKNOWN_MEMBER_ID && error != Errors.ILLEGAL_GENERATION) {
			return (RuntimeException) error.exception();
		}
		if (!identity.equals(identity()) && this.state == State.PREPARING) {
			return rebalancing();
		}
		reset(error == Errors.UNKNOWN_MEMBER_ID);
		return new CommitFailedException();
	}

	@Override
	ConsumerGroupMetadata metadata() {
		return metadata(this.memberId, this.generation);
	}

	private enum State {

		UNJOINED, PREPARING, COMPLETING, STABLE

	}

}
