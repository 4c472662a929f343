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
import java.util.Set;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * What the listener of a member of a {@link ClassicGroup} is called with, before and
 * after it joins.
 */
final class ClassicRevocations {

	private final Subscriptions subscriptions;

	private final RebalanceCallbacks callbacks;

	private final boolean cooperative;

	ClassicRevocations(Subscriptions subscriptions, RebalanceCallbacks callbacks, boolean cooperative) {
		this.subscriptions = subscriptions;
		this.callbacks = callbacks;
		this.cooperative = cooperative;
	}

	/**
	 * Call the listener before a join, after which an eager member has no partitions.
	 * @param outside whether the partitions may have other owners already
	 * @return what the listener threw
	 */
	@Nullable Exception beforeJoin(boolean outside) {
		Set<TopicPartition> owned = this.subscriptions.assigned();
		Exception failure = null;
		if (outside) {
			if (!owned.isEmpty()) {
				failure = this.callbacks.lost(owned);
				this.subscriptions.assign(Set.of());
			}
		}
		else if (!this.cooperative) {
			pend(owned);
			failure = this.callbacks.revoked(owned);
			this.subscriptions.assign(Set.of());
		}
		else {
			Set<TopicPartition> unsubscribed = new LinkedHashSet<>(owned);
			unsubscribed.removeIf((partition) -> this.subscriptions.topics().contains(partition.topic()));
			if (!unsubscribed.isEmpty()) {
				failure = this.callbacks.revoked(unsubscribed);
				owned.removeAll(unsubscribed);
				this.subscriptions.assign(owned);
			}
		}
		return failure;
	}

	/**
	 * Call the listener with what is assigned, and first with what a cooperative member
	 * has to give away, after which it joins once more.
	 * @return what the listener threw
	 */
	@Nullable Exception afterJoin(Set<TopicPartition> assignment, Runnable joinOnceMore) {
		Set<TopicPartition> owned = this.subscriptions.assigned();
		Set<TopicPartition> added = new LinkedHashSet<>(assignment);
		added.removeAll(owned);
		Exception failure = null;
		if (this.cooperative) {
			Set<TopicPartition> revoked = owned;
			revoked.removeAll(assignment);
			if (!revoked.isEmpty()) {
				pend(revoked);
				failure = this.callbacks.revoked(revoked);
				joinOnceMore.run();
			}
		}
		this.subscriptions.assign(assignment);
		return RebalanceCallbacks.first(failure, this.callbacks.assigned(added));
	}

	private void pend(Set<TopicPartition> partitions) {
		partitions.forEach((partition) -> this.subscriptions.get(partition).setPendingRevocation(true));
	}

}
