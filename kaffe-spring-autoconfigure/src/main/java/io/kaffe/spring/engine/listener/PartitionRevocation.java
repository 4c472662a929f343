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

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.WakeupException;

/**
 * Ends the assignment of partitions that are revoked: starts nothing more of them, waits
 * for the records in progress and for acknowledgments, commits, and releases what they
 * had.
 * <p>
 * <b>Threading.</b> Belongs to the consumer thread, which waits here.
 */
final class PartitionRevocation {

	private static final Log logger = LogFactory.getLog(PartitionRevocation.class);

	private static final Duration LARGEST_COMMIT_RESERVE = Duration.ofSeconds(5);

	private static final Duration REBALANCE_POLL = Duration.ofMillis(100);

	private static final int SHOWN_ABANDONED = 100;

	private final Consumer<?, ?> consumer;

	private final AssignmentReplacement replacement;

	private final PartitionDrain drain;

	private final OffsetCommits commits;

	private final ConsumerContext context;

	/**
	 * Create a revocation.
	 * @param consumer the consumer
	 * @param replacement knows which assignments have been replaced
	 * @param drain waits
	 * @param commits commits
	 * @param context the consumer that this is a part of
	 */
	PartitionRevocation(Consumer<?, ?> consumer, AssignmentReplacement replacement, PartitionDrain drain,
			OffsetCommits commits, ConsumerContext context) {
		this.consumer = consumer;
		this.replacement = replacement;
		this.drain = drain;
		this.commits = commits;
		this.context = context;
	}

	/**
	 * Return when everything about revoked partitions must be done: after the drain
	 * timeout, but in any case before the group considers this consumer dead.
	 * @param lastPollAt the reading of the ticker at the beginning of the last poll
	 */
	long deadline(long lastPollAt) {
		long now = this.context.ticker().nanoTime();
		long drain = now + this.context.settings().drainTimeout().toNanos() + commitReserve();
		long poll = lastPollAt + this.context.facts().maxPollInterval().toNanos() - commitReserve();
		return (drain - poll < 0) ? drain : poll;
	}

	private long commitReserve() {
		return Math.min(LARGEST_COMMIT_RESERVE.toNanos(), this.context.facts().maxPollInterval().toNanos() / 10);
	}

	/**
	 * End the assignment of partitions.
	 * @param leaving the partitions; those that leave the collection meanwhile are not
	 * committed any more
	 * @param deadline the reading of the ticker at which to stop waiting
	 * @param beforeCommit run when no record of them is in progress any more
	 * @param stopping whether the consumer stops, so that it may poll to end a rebalance
	 * that is in progress
	 */
	void revoke(Collection<PartitionAssignment> leaving, long deadline, Runnable beforeCommit, boolean stopping) {
		// An interrupt must not keep the last commit from being made.
		boolean interrupted = Thread.interrupted();
		InternalErrors errors = this.context.internalErrors();
		long beginning = this.context.ticker().nanoTime();
		long drainDeadline = deadline - commitReserve();
		try {
			leaving.forEach(PartitionAssignment::revoke);
			this.context.workers().wakeAll();
			List<PartitionAssignment> running = this.replacement.withOutlasting(leaving);
			errors.contain("wait for handlers", () -> this.drain.awaitHandlers(running, drainDeadline));
			interrupted |= Thread.interrupted();
			// In which the application may acknowledge what it has held until now.
			beforeCommit.run();
		}
		finally {
			errors.contain("wait for acknowledgments", () -> this.drain.awaitAcknowledgments(leaving, drainDeadline));
			interrupted |= Thread.interrupted();
			errors.contain("record a drain", () -> recordDrain(leaving, this.context.ticker().nanoTime() - beginning));
			leaving.forEach(PartitionAssignment::fence);
			this.context.workers().wakeAll();
			if (this.context.facts().isInGroup()) {
				BooleanSupplier takePartInRebalance = stopping ? this::takePartInRebalance : () -> false;
				errors.contain("commit revoked partitions",
						() -> this.commits.commitFinally(leaving, deadline, takePartInRebalance));
			}
			List.copyOf(leaving)
				.forEach((assignment) -> errors.contain("release " + assignment,
						() -> this.replacement.remove(assignment)));
			if (interrupted) {
				Thread.currentThread().interrupt();
			}
		}
	}

	private void recordDrain(Collection<PartitionAssignment> leaving, long nanos) {
		if (!leaving.isEmpty()) {
			this.context.assignmentLog()
				.revoked(leaving, TimeUnit.NANOSECONDS.toMillis(nanos), this.drain.unfinished(leaving, SHOWN_ABANDONED),
						this.context.ticker().instant());
		}
	}

	/**
	 * Poll while a rebalance is in progress, without fetching, so that it ends: until
	 * then, the client commits nothing. What is revoked meanwhile is revoked there and
	 * then; what is assigned is ignored.
	 * @return whether it is worth trying to commit again
	 */
	private boolean takePartInRebalance() {
		try {
			this.consumer.pause(this.consumer.assignment());
			this.consumer.poll(REBALANCE_POLL);
			return true;
		}
		catch (WakeupException ex) {
			return true;
		}
		catch (KafkaException | IllegalStateException ex) {
			logger.debug("Could not take part in the rebalance while stopping", ex);
			return false;
		}
	}

}
