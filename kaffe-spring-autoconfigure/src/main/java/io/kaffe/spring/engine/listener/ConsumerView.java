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

package io.kaffe.spring.engine.listener;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one consumer without calling it: what it is assigned and subscribed
 * to, its membership of the group as of the last poll, and what the broker has confirmed
 * of its commits.
 * <p>
 * <b>Threading.</b> The consumer thread refreshes it; any thread reads. Nothing blocks.
 */
final class ConsumerView {

	private final Assignments assignments;

	private final boolean inGroup;

	private volatile @Nullable ConsumerGroupMetadata groupMetadata;

	private volatile @Nullable Set<String> subscription;

	/** Of which nothing was committed when they were assigned, nor since. */
	private final Set<TopicPartition> uncommitted = ConcurrentHashMap.newKeySet();

	/**
	 * Create a view.
	 * @param assignments what is assigned to the consumer
	 * @param inGroup whether it is a member of a group
	 */
	ConsumerView(Assignments assignments, boolean inGroup) {
		this.assignments = assignments;
		this.inGroup = inGroup;
	}

	/**
	 * Note how the consumer is a member of its group. Consumer thread.
	 */
	void polled(Consumer<?, ?> consumer) {
		if (!this.uncommitted.isEmpty()) {
			this.uncommitted.removeIf((partition) -> {
				PartitionAssignment assignment = this.assignments.get(partition);
				return assignment == null || assignment.progress().committed() != null;
			});
		}
		if (this.inGroup) {
			ConsumerGroupMetadata membership = consumer.groupMetadata();
			// One that was left would pass for that of a consumer without a group, whose
			// offsets the broker takes from anyone: the one before is refused.
			if (this.groupMetadata == null || membership.generationId() >= 0) {
				this.groupMetadata = membership;
			}
		}
	}

	/**
	 * Note what the consumer is subscribed to, and how it is a member of its group, when
	 * partitions were assigned. Consumer thread.
	 */
	void assigned(Consumer<?, ?> consumer, Collection<PartitionAssignment> added) {
		polled(consumer);
		added.forEach((assignment) -> this.uncommitted.remove(assignment.partition()));
		this.subscription = Set.copyOf(consumer.subscription());
	}

	/**
	 * Note of which partitions that were assigned nothing is committed. Consumer thread.
	 */
	void uncommitted(Set<TopicPartition> partitions) {
		this.uncommitted.addAll(partitions);
	}

	Set<TopicPartition> assignment() {
		return Set.copyOf(this.assignments.partitions());
	}

	/**
	 * Return the topics, or {@code null} if they are not known.
	 */
	@Nullable Set<String> subscription() {
		return this.subscription;
	}

	/**
	 * Return the membership, or {@code null} if it is not known: there is no group.
	 */
	@Nullable ConsumerGroupMetadata groupMetadata() {
		return this.groupMetadata;
	}

	/**
	 * Return what was committed last.
	 * @return by partition, with {@code null} if nothing was, as the consumer itself says
	 * it; {@code null} if that of one of them is not known
	 */
	@Nullable Map<TopicPartition, @Nullable OffsetAndMetadata> committed(Collection<TopicPartition> partitions) {
		Map<TopicPartition, @Nullable OffsetAndMetadata> committed = new HashMap<>();
		for (PartitionAssignment assignment : this.assignments.of(partitions)) {
			// Read first: it is removed when there is a commit.
			boolean uncommitted = this.uncommitted.contains(assignment.partition());
			OffsetAndMetadata commit = assignment.progress().committed();
			if (commit != null || uncommitted) {
				committed.put(assignment.partition(), commit);
			}
		}
		return committed.keySet().containsAll(partitions) ? committed : null;
	}

}
