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

import java.util.Collection;
import java.util.Comparator;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.test.simulation.SimulatedTime;

/**
 * Calls the rebalance listener of a consumer, in a call of the consumer and at its
 * thread.
 */
final class RebalanceCallbacks {

	private static final Comparator<TopicPartition> SEQUENCE = Comparator.comparing(TopicPartition::topic)
		.thenComparing(TopicPartition::partition);

	private final Subscriptions subscriptions;

	private final SimulatedTime time;

	private final String clientId;

	private Collection<TopicPartition> revoking = Set.of();

	private long revocations;

	RebalanceCallbacks(Subscriptions subscriptions, SimulatedTime time, String clientId) {
		this.subscriptions = subscriptions;
		this.time = time;
		this.clientId = clientId;
	}

	@Nullable Exception revoked(Collection<TopicPartition> partitions) {
		this.revocations++;
		this.revoking = Set.copyOf(partitions);
		try {
			return call("revoked", partitions, this.subscriptions.listener()::onPartitionsRevoked);
		}
		finally {
			this.revoking = Set.of();
		}
	}

	@Nullable Exception assigned(Collection<TopicPartition> partitions) {
		return call("assigned", partitions, this.subscriptions.listener()::onPartitionsAssigned);
	}

	@Nullable Exception lost(Collection<TopicPartition> partitions) {
		return call("lost", partitions, this.subscriptions.listener()::onPartitionsLost);
	}

	/**
	 * Return the number of the revocation in progress that a partition is part of, or 0.
	 */
	long revocation(TopicPartition partition) {
		return this.revoking.contains(partition) ? this.revocations : 0;
	}

	private @Nullable Exception call(String what, Collection<TopicPartition> partitions,
			Consumer<Collection<TopicPartition>> callback) {
		Set<TopicPartition> sorted = new TreeSet<>(SEQUENCE);
		sorted.addAll(partitions);
		this.time.record(() -> this.clientId + " " + what + " " + sorted);
		try {
			callback.accept(sorted);
			return null;
		}
		catch (WakeupException | InterruptException ex) {
			throw ex;
		}
		catch (Exception ex) {
			return ex;
		}
	}

	/**
	 * Throw what a listener threw, as a poll does after the rebalance.
	 */
	static void rethrow(@Nullable Exception failure) {
		if (failure instanceof KafkaException kafka) {
			throw kafka;
		}
		rethrowWrapped(failure);
	}

	/**
	 * Throw what a listener threw, always as the cause: before a join of the classic
	 * protocol, and when a consumer leaves.
	 */
	static void rethrowWrapped(@Nullable Exception failure) {
		if (failure != null) {
			throw new KafkaException("User rebalance callback throws an error", failure);
		}
	}

	static @Nullable Exception first(@Nullable Exception one, @Nullable Exception other) {
		return (one != null) ? one : other;
	}

}
