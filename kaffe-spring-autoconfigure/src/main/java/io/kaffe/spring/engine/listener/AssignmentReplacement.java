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
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Replaces the assignment of a partition that is read on from another offset: first
 * nothing more of it is started, then the records in progress are waited for, for at most
 * the drain timeout, and then another assignment takes its place, which reads from there.
 * <p>
 * <b>Threading.</b> Belongs to the consumer thread.
 */
final class AssignmentReplacement {

	/** Replaced although their records were still being handled. */
	private final Set<PartitionAssignment> outlasting = new HashSet<>();

	private final org.apache.kafka.clients.consumer.Consumer<?, ?> consumer;

	private final Assignments assignments;

	private final WorkerAllocation allocation;

	private final FlowControl flow;

	private final PartitionDrain drain;

	private final ConsumerContext context;

	/**
	 * Create a replacement.
	 * @param consumer the consumer
	 * @param assignments its partitions
	 * @param allocation allocates their workers
	 * @param flow pauses and resumes them
	 * @param drain knows which records are in progress
	 * @param context the consumer that this is a part of
	 */
	AssignmentReplacement(org.apache.kafka.clients.consumer.Consumer<?, ?> consumer, Assignments assignments,
			WorkerAllocation allocation, FlowControl flow, PartitionDrain drain, ConsumerContext context) {
		this.consumer = consumer;
		this.assignments = assignments;
		this.allocation = allocation;
		this.flow = flow;
		this.drain = drain;
		this.context = context;
	}

	/**
	 * Start nothing more of a partition.
	 * @return the reading of the ticker until which to wait for records in progress
	 */
	long begin(PartitionAssignment leaving) {
		leaving.revoke();
		this.context.workers().wakeAll();
		return deadlineIn(this.context.settings().drainTimeout());
	}

	/**
	 * Return the reading of the ticker when a time is over.
	 */
	long deadlineIn(Duration time) {
		return this.context.ticker().nanoTime() + time.toNanos();
	}

	boolean isOver(long deadline) {
		return deadline - this.context.ticker().nanoTime() <= 0;
	}

	/**
	 * Return whether no record of a partition is in progress any more, or the time for
	 * that is over.
	 */
	boolean isDrained(PartitionAssignment leaving, long deadline) {
		if (leaving.isRunning()) {
			if (!isOver(deadline)) {
				return false;
			}
			this.drain.warnOfRunning(leaving);
		}
		return true;
	}

	/**
	 * Read a partition from another offset, in a new assignment. If anything throws, the
	 * one before is still there, revoked, to be replaced by another call.
	 * @param position from where to read it
	 * @param beginning called with the progress of the new assignment
	 * @return the new assignment
	 */
	PartitionAssignment replace(PartitionAssignment leaving, OffsetAndMetadata position,
			Consumer<PartitionProgress> beginning) {
		TopicPartition partition = leaving.partition();
		this.consumer.seek(partition, position);
		PartitionAssignment next = this.allocation.assign(partition);
		beginning.accept(next.progress());
		leaving.fence();
		this.assignments.put(next);
		this.outlasting.removeIf((replaced) -> !replaced.isRunning());
		if (leaving.isRunning()) {
			this.outlasting.add(leaving);
		}
		InternalErrors errors = this.context.internalErrors();
		errors.contain("wake workers", this.context.workers()::wakeAll);
		errors.contain("release " + leaving, () -> {
			this.allocation.release(leaving);
			this.context.buffer().left(leaving);
		});
		this.flow.forget(partition);
		this.flow.remember(partition);
		this.context.assignmentChanged();
		return next;
	}

	/**
	 * Return assignments, and those of the same partitions that were replaced by them
	 * although their records were still being handled.
	 */
	List<PartitionAssignment> withOutlasting(Collection<PartitionAssignment> leaving) {
		this.outlasting.removeIf((replaced) -> !replaced.isRunning());
		List<PartitionAssignment> all = new ArrayList<>(leaving);
		for (PartitionAssignment replaced : this.outlasting) {
			if (leaving.stream().anyMatch((assignment) -> assignment.partition().equals(replaced.partition()))) {
				all.add(replaced);
			}
		}
		return all;
	}

	/**
	 * Remove assignments of which nothing was polled, and pause their partitions, to
	 * assign them later.
	 * @param assignments the assignments, or none
	 * @param toBeAssigned where their partitions are added
	 */
	void postpone(Collection<PartitionAssignment> assignments, Collection<TopicPartition> toBeAssigned) {
		for (PartitionAssignment assignment : assignments) {
			assignment.fence();
			remove(assignment);
			toBeAssigned.add(assignment.partition());
			this.consumer.pause(List.of(assignment.partition()));
		}
	}

	/**
	 * Remove an assignment that has ended.
	 */
	void remove(PartitionAssignment assignment) {
		this.assignments.remove(assignment);
		this.flow.forget(assignment.partition());
		this.allocation.release(assignment);
		this.context.buffer().left(assignment);
		this.context.assignmentChanged();
	}

}
