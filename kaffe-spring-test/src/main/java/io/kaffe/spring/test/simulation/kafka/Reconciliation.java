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
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * Takes a member of a {@link ConsumerGroup} from the partitions it has to those it is to
 * have (KIP-848), calling its listener.
 */
final class Reconciliation {

	private final Subscriptions subscriptions;

	private final RebalanceCallbacks callbacks;

	private boolean underway;

	private boolean assignmentFailed;

	Reconciliation(Subscriptions subscriptions, RebalanceCallbacks callbacks) {
		this.subscriptions = subscriptions;
		this.callbacks = callbacks;
	}

	boolean isUnderway() {
		return this.underway;
	}

	/**
	 * Return whether the listener has failed when partitions were assigned, so that the
	 * next poll calls it again, though then without them. The assignment is not
	 * acknowledged until then.
	 */
	boolean hasAssignmentFailed() {
		return this.assignmentFailed;
	}

	/**
	 * The member is not in its group any more.
	 */
	void abandon() {
		this.assignmentFailed = false;
	}

	/**
	 * Revoke and assign, and acknowledge that. It ends early if the member is fenced
	 * while its listener is called, and is repeated by the next poll if that fails.
	 * @return what the listener threw
	 */
	@Nullable Exception run(Set<TopicPartition> goal, BooleanSupplier stillMember, Runnable beforeRevocation,
			Runnable acknowledge) {
		Set<TopicPartition> owned = this.subscriptions.assigned();
		Set<TopicPartition> added = new LinkedHashSet<>(goal);
		added.removeAll(owned);
		owned.removeAll(goal);
		this.underway = true;
		try {
			beforeRevocation.run();
			Exception failure = null;
			if (!owned.isEmpty()) {
				owned.forEach((partition) -> this.subscriptions.get(partition).setPendingRevocation(true));
				failure = failureOf(() -> this.callbacks.revoked(owned));
			}
			if (failure == null && stillMember.getAsBoolean()) {
				failure = assign(goal, added);
				this.underway = false;
				if (stillMember.getAsBoolean()) {
					this.assignmentFailed = failure != null;
					if (failure == null) {
						acknowledge.run();
					}
				}
			}
			return failure;
		}
		finally {
			this.underway = false;
		}
	}

	/**
	 * Assign partitions. They are fetched once the listener was called without a failure,
	 * if only the next time, though then without them.
	 */
	private @Nullable Exception assign(Set<TopicPartition> goal, Set<TopicPartition> added) {
		this.subscriptions.assign(goal);
		added.forEach((partition) -> this.subscriptions.get(partition).setAwaitingCallback(true));
		Exception failure = failureOf(() -> this.callbacks.assigned(added));
		if (failure == null) {
			for (TopicPartition partition : goal) {
				AssignedPartition state = this.subscriptions.find(partition);
				if (state != null) {
					state.setAwaitingCallback(false);
				}
			}
		}
		return failure;
	}

	/**
	 * Return what the listener throws. By this protocol, a wake-up is a failure, too.
	 */
	private static @Nullable Exception failureOf(Supplier<@Nullable Exception> call) {
		try {
			return call.get();
		}
		catch (WakeupException | InterruptException ex) {
			return ex;
		}
	}

}
