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

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * Pauses the partitions of a consumer that have too much buffered and resumes them when
 * they have buffer space again.
 * <p>
 * Reads what the consumer reports as paused rather than what was requested last, since
 * the container and rebalances resume partitions too; resumes only what was paused here
 * and is not to stay paused for another reason.
 * <p>
 * Before it leaves nothing but partitions to fetch that have reached their end, or will
 * have after the next poll, it waits briefly for space: the broker would keep that fetch,
 * which the client sends before it returns from that poll, until something arrives or
 * {@code fetch.max.wait.ms} is over, and the client sends no other one meanwhile. If it
 * has waited for a partition in vain, it does not wait for it again until it had space.
 * <p>
 * <b>Threading.</b> Belongs to the consumer thread; tables call {@link #isPaused}.
 */
final class FlowControl {

	private static final Log logger = LogFactory.getLog(FlowControl.class);

	/** More than any poll returns. */
	private static final long UNKNOWN = Integer.MAX_VALUE + 1L;

	private final Set<TopicPartition> pausedHere = new HashSet<>();

	private final Consumer<?, ?> consumer;

	private final ConsumerContext context;

	private final int maxPollRecords;

	private final Predicate<BooleanSupplier> awaitSpace;

	/** Those that had no space in time, and have had none since. */
	private final Set<TopicPartition> awaitedInVain = new HashSet<>();

	private volatile Set<TopicPartition> paused = Set.of();

	private boolean awaitingOthers;

	/**
	 * Create a flow control.
	 * @param consumer pauses and resumes
	 * @param context knows what may be buffered and what is to be paused
	 * @param awaitSpace waits briefly until workers have freed buffer space for what it
	 * is given, and returns whether they have
	 */
	FlowControl(Consumer<?, ?> consumer, ConsumerContext context, Predicate<BooleanSupplier> awaitSpace) {
		this.consumer = consumer;
		this.context = context;
		this.maxPollRecords = context.facts().maxPollRecords();
		this.awaitSpace = awaitSpace;
	}

	/**
	 * Pause and resume partitions as required, before every poll.
	 * @param mayWait whether this may wait briefly for buffer space
	 */
	void regulate(Collection<PartitionAssignment> assignments, boolean mayWait) {
		Set<TopicPartition> paused = this.consumer.paused();
		holdBack(assignments);
		if (mayWait && leavesNothingToFetch(assignments, paused) && !this.awaitSpace.test(() -> {
			holdBack(assignments);
			return !leavesNothingToFetch(assignments, paused);
		})) {
			assignments.forEach((assignment) -> this.awaitedInVain.add(assignment.partition()));
		}
		List<TopicPartition> pause = new ArrayList<>(0);
		List<TopicPartition> resume = new ArrayList<>(0);
		for (PartitionAssignment assignment : assignments) {
			TopicPartition partition = assignment.partition();
			boolean isPaused = paused.contains(partition);
			if (!assignment.buffer().isHeldBack()) {
				this.awaitedInVain.remove(partition);
			}
			if (assignment.isHeldBack()) {
				this.pausedHere.add(partition);
				if (!isPaused) {
					pause.add(partition);
				}
			}
			else if (!isPaused) {
				this.pausedHere.remove(partition);
			}
			else if (isToBeResumed(partition)) {
				this.pausedHere.remove(partition);
				resume.add(partition);
			}
		}
		apply(pause, resume);
		this.paused = (pause.isEmpty() && resume.isEmpty()) ? paused : this.consumer.paused();
	}

	/**
	 * Return whether a partition is left out that may be fetched when the workers of
	 * other partitions have freed buffer space, which wakes nobody: they may be those of
	 * other consumer threads, or of partitions that were revoked.
	 */
	boolean isAwaitingOthers() {
		return this.awaitingOthers;
	}

	private void holdBack(Collection<PartitionAssignment> assignments) {
		PartitionBuffer.Room share = this.context.buffer().share();
		boolean full = this.context.buffer().isFull();
		boolean overloaded = this.context.buffer().isOverloaded();
		this.awaitingOthers = false;
		for (PartitionAssignment assignment : assignments) {
			assignment.holdBack(share, full, overloaded, this.context.pauses().contains(assignment.partition()));
			this.awaitingOthers |= (full && assignment.isShortOfRoom()) || (overloaded && assignment.isHeldBack());
		}
	}

	/**
	 * Return whether a partition is left out for lack of space that may be freed soon,
	 * and all that are fetched reach their end. Not while a strategy is allocating a
	 * worker: that it has answered must not be missed during the wait. Nor if a poll
	 * cannot return all that is left: the client sends no other fetch to a broker before.
	 */
	private boolean leavesNothingToFetch(Collection<PartitionAssignment> assignments, Set<TopicPartition> paused) {
		boolean leavesOut = false;
		for (PartitionAssignment assignment : assignments) {
			if (assignment.preparation().isAwaiting()) {
				return false;
			}
			leavesOut |= assignment.isShortOfRoom() && !this.awaitedInVain.contains(assignment.partition());
		}
		if (!leavesOut) {
			return false;
		}
		boolean fetches = false;
		long toPoll = 0;
		for (PartitionAssignment assignment : assignments) {
			TopicPartition partition = assignment.partition();
			if (!assignment.isHeldBack() && (!paused.contains(partition) || isToBeResumed(partition))) {
				toPoll += lag(partition);
				if (toPoll > this.maxPollRecords) {
					return false;
				}
				fetches = true;
			}
		}
		return fetches;
	}

	private boolean isToBeResumed(TopicPartition partition) {
		return this.pausedHere.contains(partition) && !this.context.facts().isPauseRequested(partition);
	}

	private long lag(TopicPartition partition) {
		try {
			return this.consumer.currentLag(partition).orElse(UNKNOWN);
		}
		catch (KafkaException | IllegalStateException ex) {
			return UNKNOWN;
		}
	}

	private void apply(List<TopicPartition> pause, List<TopicPartition> resume) {
		try {
			if (!pause.isEmpty()) {
				this.consumer.pause(pause);
			}
			if (!resume.isEmpty()) {
				this.consumer.resume(resume);
			}
		}
		catch (IllegalStateException ex) {
			logger.debug(
					"A partition was revoked while it was paused or resumed; its revocation is about to be reported",
					ex);
		}
	}

	/**
	 * Pause partitions that were just assigned, before the client fetches them, if they
	 * have no worker yet, a pause was requested, or the buffer is overloaded.
	 */
	void start(Collection<PartitionAssignment> assignments) {
		boolean overloaded = this.context.buffer().isOverloaded();
		List<TopicPartition> pause = new ArrayList<>();
		for (PartitionAssignment assignment : assignments) {
			if (overloaded || assignment.preparation().isAwaiting()
					|| this.context.pauses().contains(assignment.partition())) {
				pause.add(assignment.partition());
			}
		}
		this.pausedHere.addAll(pause);
		apply(pause, List.of());
	}

	/**
	 * Forget a partition that was revoked.
	 */
	void forget(TopicPartition partition) {
		this.pausedHere.remove(partition);
		this.awaitedInVain.remove(partition);
	}

	/**
	 * Remember that a partition was paused here, so that it is resumed.
	 */
	void remember(TopicPartition partition) {
		this.pausedHere.add(partition);
	}

	/**
	 * Return whether a partition was paused before the last poll, by whomever.
	 */
	boolean isPaused(TopicPartition partition) {
		return this.paused.contains(partition);
	}

}
