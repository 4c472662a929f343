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

import java.util.Set;
import java.util.TreeSet;

import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InconsistentGroupProtocolException;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.test.simulation.kafka.ConsumerGroup.HeartbeatAnswer;
import io.kaffe.spring.test.simulation.kafka.ConsumerGroup.HeartbeatRequest;
import io.kaffe.spring.test.simulation.kafka.GroupCoordinator.CommitIdentity;

/**
 * Takes part by the {@code consumer} protocol (KIP-848): heartbeats bring the target
 * assignment, which polls reconcile, calling the listener.
 */
final class ConsumerMembership extends Membership {

	/**
	 * {@code group.consumer.heartbeat.interval.ms} and
	 * {@code group.consumer.session.timeout.ms} of brokers.
	 */
	private final String memberId;

	private final Reconciliation reconciliation;

	private Status status = Status.OUTSIDE;

	private int epoch;

	private int incarnation;

	private boolean lost;

	private boolean inFlight;

	private boolean again;

	private @Nullable Set<TopicPartition> target;

	private @Nullable Set<TopicPartition> sentOwned;

	ConsumerMembership(ConsumerProcess process, ClientConfig config, Subscriptions subscriptions,
			CoordinatorLink link) {
		super(process, config, subscriptions, link);
		this.memberId = config.clientId() + "-" + process.cluster().nextId();
		this.reconciliation = new Reconciliation(subscriptions, callbacks());
	}

	@Override
	long heartbeatInterval() {
		return process().cluster().coordinator().heartbeatInterval();
	}

	@Override
	boolean isMember() {
		return this.status != Status.OUTSIDE;
	}

	@Override
	void subscriptionChanged() {
		if (this.status == Status.MEMBER) {
			heartbeat();
		}
	}

	@Override
	void metadataChanged() {
		if (subscriptions().match()) {
			subscriptionChanged();
		}
	}

	/**
	 * Does nothing, as the client of this protocol does.
	 */
	@Override
	void requestRebalance() {
	}

	@Override
	boolean hasStep() {
		return hasFailed() || this.lost || (subscriptions().isAutoAssigned()
				&& (this.status == Status.OUTSIDE || this.status == Status.STALE || needsReconciliation()));
	}

	private boolean needsReconciliation() {
		return this.status == Status.MEMBER && !this.reconciliation.isUnderway() && this.target != null
				&& (this.reconciliation.hasAssignmentFailed() || !subscriptions().isAssigned(this.target));
	}

	@Override
	void poll() {
		polled();
		while (subscriptions().isAutoAssigned()) {
			if (this.lost) {
				releaseLost();
			}
			else if (hasFailed()) {
				throwIfFailed();
			}
			else if (this.status == Status.OUTSIDE || this.status == Status.STALE) {
				join();
			}
			else if (needsReconciliation() && this.target != null) {
				reconcile(this.target);
			}
			else {
				return;
			}
		}
	}

	private void join() {
		if (!process().cluster().coordinator().accepts(group(), ConsumerGroup.class)) {
			throw new InconsistentGroupProtocolException("The group " + group() + " uses another protocol");
		}
		this.status = Status.JOINING;
		this.epoch = ConsumerGroup.JOIN;
		this.target = null;
		this.sentOwned = null;
		startTicking();
		heartbeat();
	}

	/**
	 * Its partitions may have been given to others meanwhile.
	 */
	private void releaseLost() {
		this.lost = false;
		Set<TopicPartition> owned = subscriptions().assigned();
		Exception failure = null;
		if (!owned.isEmpty()) {
			failure = callbacks().lost(owned);
		}
		subscriptions().assign(Set.of());
		if (this.status == Status.FENCED) {
			join();
		}
		RebalanceCallbacks.rethrow(failure);
	}

	private void reconcile(Set<TopicPartition> goal) {
		int current = this.incarnation;
		RebalanceCallbacks.rethrow(this.reconciliation.run(goal, () -> current == this.incarnation,
				this::beforeRevocation, this::heartbeat));
	}

	@Override
	void tick() {
		if (this.status == Status.MEMBER || this.status == Status.JOINING) {
			if (isPollExpired()) {
				process().cluster().time().record(() -> config().clientId() + " leaves: no poll for too long");
				sendLeave(config().instanceId() != null);
				outside(Status.STALE);
			}
			else {
				heartbeat();
			}
		}
	}

	private void heartbeat() {
		if (this.inFlight) {
			this.again = true;
			return;
		}
		this.inFlight = true;
		int current = this.incarnation;
		Set<TopicPartition> owned = null;
		if (!this.reconciliation.isUnderway() && !this.reconciliation.hasAssignmentFailed()) {
			owned = (this.epoch == ConsumerGroup.JOIN) ? Set.of() : subscriptions().assigned();
		}
		boolean same = owned == null || owned.equals(this.sentOwned);
		if (!same) {
			this.sentOwned = owned;
		}
		HeartbeatRequest request = request(this.epoch, same ? null : owned);
		link().<HeartbeatAnswer>send(
				(answer) -> answer.accept(process().cluster().coordinator().consumer(group()).heartbeat(request)),
				(answer) -> {
					this.inFlight = false;
					if (current == this.incarnation) {
						answered(answer);
					}
					repeat();
				}, (error) -> {
					this.inFlight = false;
					this.sentOwned = null;
					this.again = false;
					process().later(config().retryBackoff(), () -> {
						if (this.status == Status.MEMBER || this.status == Status.JOINING) {
							heartbeat();
						}
					});
				});
	}

	private void repeat() {
		if (this.again) {
			this.again = false;
			if (this.status == Status.MEMBER || this.status == Status.JOINING) {
				heartbeat();
			}
		}
	}

	private HeartbeatRequest request(int epoch, @Nullable Set<TopicPartition> owned) {
		return new HeartbeatRequest(this.memberId, config().instanceId(), epoch,
				process().cluster().coordinator().sessionTimeout(), config().maxPollInterval(),
				new TreeSet<>(subscriptions().topics()), owned);
	}

	private void answered(HeartbeatAnswer answer) {
		switch (answer.error()) {
			case NONE -> {
				this.status = Status.MEMBER;
				this.epoch = answer.epoch();
				this.target = answer.assignment();
			}
			case UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH -> {
				process().cluster().time().record(() -> config().clientId() + " is fenced: " + answer.error());
				outside(Status.FENCED);
			}
			default -> {
				fail((RuntimeException) answer.error().exception());
				outside(Status.FAILED);
			}
		}
	}

	private void outside(Status status) {
		this.status = status;
		this.incarnation++;
		this.epoch = -1;
		this.target = null;
		this.sentOwned = null;
		this.lost = status != Status.OUTSIDE;
		this.reconciliation.abandon();
		for (AssignedPartition state : subscriptions().states()) {
			state.setPendingRevocation(true);
		}
	}

	private void sendLeave(boolean forAWhile) {
		HeartbeatRequest request = request(forAWhile ? ConsumerGroup.LEAVE_STATIC : ConsumerGroup.LEAVE, null);
		link().<HeartbeatAnswer>send(
				(answer) -> answer.accept(process().cluster().coordinator().consumer(group()).heartbeat(request)),
				(answer) -> {
				}, (error) -> {
				});
	}

	@Override
	void leave(GroupMembershipOperation operation) {
		Set<TopicPartition> owned = subscriptions().assigned();
		Exception failure = null;
		if (subscriptions().isAutoAssigned() && !owned.isEmpty()) {
			beforeRevocation();
			failure = (this.epoch > 0) ? callbacks().revoked(owned) : callbacks().lost(owned);
		}
		boolean stays = operation == GroupMembershipOperation.REMAIN_IN_GROUP;
		boolean isStatic = config().instanceId() != null;
		if ((this.status == Status.MEMBER || this.status == Status.JOINING) && (!stays || isStatic)) {
			sendLeave(isStatic && operation != GroupMembershipOperation.LEAVE_GROUP);
		}
		outside(Status.OUTSIDE);
		RebalanceCallbacks.rethrow(failure);
	}

	@Override
	CommitIdentity commitIdentity() {
		return new CommitIdentity(this.memberId, (this.status == Status.MEMBER) ? this.epoch : -1,
				config().instanceId());
	}

	/**
	 * A stale epoch fails a synchronous commit with {@link CommitFailedException}, and an
	 * asynchronous one with what the coordinator answered, as in the client.
	 */
	@Override
	RuntimeException commitFailed(Errors error, CommitIdentity identity, boolean sync) {
		if (error == Errors.UNKNOWN_MEMBER_ID || (error == Errors.STALE_MEMBER_EPOCH && sync)) {
			return new CommitFailedException("OffsetCommit failed: " + error.message());
		}
		return (RuntimeException) error.exception();
	}

	@Override
	ConsumerGroupMetadata metadata() {
		return metadata(this.memberId, this.epoch);
	}

	private enum Status {

		OUTSIDE, JOINING, MEMBER, FENCED, STALE, FAILED

	}

}
