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
import java.util.HashMap;
import java.util.Map;
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

	private final Map<TopicPartition, AssignmentEnd> ends = new HashMap<>();

	private long longestLoss;

	RebalanceCallbacks(Subscriptions subscriptions, SimulatedTime time, String clientId) {
		this.subscriptions = subscriptions;
		this.time = time;
		this.clientId = clientId;
	}

	@Nullable Exception revoked(Collection<TopicPartition> partitions) {
		return end("revoked", partitions, false, this.subscriptions.listener()::onPartitionsRevoked);
	}

	@Nullable Exception assigned(Collection<TopicPartition> partitions) {
		return call("assigned", partitions, this.subscriptions.listener()::onPartitionsAssigned);
	}

	@Nullable Exception lost(Collection<TopicPartition> partitions) {
		return end("lost", partitions, true, this.subscriptions.listener()::onPartitionsLost);
	}

	private @Nullable Exception end(String what, Collection<TopicPartition> partitions, boolean lost,
			Consumer<Collection<TopicPartition>> callback) {
		AssignmentEnd end = new AssignmentEnd(lost, this.time.nanoTime());
		partitions.forEach((partition) -> this.ends.put(partition, end));
		try {
			return call(what, partitions, callback);
		}
		finally {
			end.ended(this.time.nanoTime());
			if (lost) {
				this.longestLoss = Math.max(this.longestLoss, this.time.nanoTime() - end.beganAt());
			}
		}
	}

	long longestLoss() {
		return this.longestLoss;
	}

	@Nullable AssignmentEnd lastEnd(TopicPartition partition) {
		return this.ends.get(partition);
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
			this.time.record(() -> this.clientId + " " + what + " " + sorted + ": the listener throws " + ex);
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
