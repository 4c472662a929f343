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

import java.util.Optional;

import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.test.simulation.kafka.GroupCoordinator.CommitIdentity;

/**
 * The part of a consumer in its group: it joins, sends heartbeats while its process runs,
 * and calls the rebalance listener during polls.
 */
abstract class Membership {

	private final ConsumerProcess process;

	private final ClientConfig config;

	private final Subscriptions subscriptions;

	private final CoordinatorLink link;

	private final RebalanceCallbacks callbacks;

	private Runnable beforeRevocation = () -> {
	};

	private long polledAt;

	private boolean ticking;

	private @Nullable RuntimeException fatal;

	Membership(ConsumerProcess process, ClientConfig config, Subscriptions subscriptions, CoordinatorLink link) {
		this.process = process;
		this.config = config;
		this.subscriptions = subscriptions;
		this.link = link;
		this.callbacks = new RebalanceCallbacks(subscriptions, process.cluster().time(), config.clientId());
	}

	static Membership of(ConsumerProcess process, ClientConfig config, Subscriptions subscriptions,
			CoordinatorLink link) {
		return config.consumerProtocol() ? new ConsumerMembership(process, config, subscriptions, link)
				: new ClassicMembership(process, config, subscriptions, link);
	}

	final ConsumerProcess process() {
		return this.process;
	}

	final ClientConfig config() {
		return this.config;
	}

	final Subscriptions subscriptions() {
		return this.subscriptions;
	}

	final CoordinatorLink link() {
		return this.link;
	}

	final RebalanceCallbacks callbacks() {
		return this.callbacks;
	}

	/**
	 * Set what commits automatically before partitions are revoked.
	 */
	final void setBeforeRevocation(Runnable action) {
		this.beforeRevocation = action;
	}

	final void beforeRevocation() {
		this.beforeRevocation.run();
	}

	/**
	 * The thread polls, which begins {@code max.poll.interval.ms} anew.
	 */
	final void polled() {
		this.polledAt = this.process.now();
	}

	final void throwIfFailed() {
		if (this.fatal != null) {
			throw this.fatal;
		}
	}

	final boolean isPollExpired() {
		return this.process.now() - this.polledAt >= this.config.maxPollInterval();
	}

	final void fail(RuntimeException failure) {
		this.fatal = failure;
	}

	final boolean hasFailed() {
		return this.fatal != null;
	}

	/**
	 * Let heartbeats be sent periodically from now on.
	 */
	final void startTicking() {
		if (!this.ticking) {
			this.ticking = true;
			tickLater();
		}
	}

	private void tickLater() {
		long expiry = this.polledAt + this.config.maxPollInterval() - this.process.now();
		long interval = heartbeatInterval();
		long nanos = (expiry > 0) ? Math.min(expiry, interval) : interval;
		this.process.cluster().time().after(nanos, () -> {
			this.ticking = this.process.isAlive() && isMember();
			if (this.ticking) {
				if (this.process.isRunning()) {
					if (this.process.isPolling()) {
						polled();
					}
					tick();
					this.process.changed();
				}
				tickLater();
			}
		});
	}

	abstract long heartbeatInterval();

	/**
	 * Send a heartbeat, or leave since there was no poll for too long.
	 */
	abstract void tick();

	/**
	 * Return whether it takes part in the group, or is about to.
	 */
	abstract boolean isMember();

	/**
	 * The consumer has subscribed, or to something else.
	 */
	abstract void subscriptionChanged();

	/**
	 * Topics or partitions were added or deleted.
	 */
	abstract void metadataChanged();

	/**
	 * Return whether there is something to do by a poll.
	 */
	abstract boolean hasStep();

	/**
	 * Do what there is to do, including calls of the listener.
	 */
	abstract void poll();

	/**
	 * Let the group rebalance, on behalf of the application.
	 */
	abstract void requestRebalance();

	/**
	 * Leave, after the listener was called: for good, or as the options of a close say.
	 */
	abstract void leave(GroupMembershipOperation operation);

	/**
	 * Return as whom to commit.
	 * @throws RuntimeException if that is not possible now
	 */
	abstract CommitIdentity commitIdentity();

	/**
	 * The coordinator refused a commit.
	 * @return what the application gets
	 */
	abstract RuntimeException commitFailed(Errors error, CommitIdentity identity, boolean sync);

	@SuppressWarnings("removal")
	final ConsumerGroupMetadata metadata(String memberId, int generation) {
		String group = this.config.groupId();
		return new ConsumerGroupMetadata((group != null) ? group : "", generation, memberId,
				Optional.ofNullable(this.config.instanceId()));
	}

	abstract ConsumerGroupMetadata metadata();

	final String group() {
		String group = this.config.groupId();
		if (group == null) {
			throw new IllegalStateException("There is no group.id");
		}
		return group;
	}

}
