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

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.listener.PartitionProgress.Resumption;

/**
 * Reads on partitions whose position was moved back, or of which records could not be
 * dispatched, without leaving behind unfinished records below the new position: the
 * partition is read from its first unfinished record on, in a new assignment. What is
 * complete below the position is skipped, what is at or above it is handled again.
 * <p>
 * <b>Threading.</b> Belongs to the consumer thread.
 */
final class Repositioning {

	private static final Log logger = LogFactory.getLog(Repositioning.class);

	private final Map<TopicPartition, Move> moves = new HashMap<>();

	private final Consumer<?, ?> consumer;

	private final Assignments assignments;

	private final AssignmentReplacement replacement;

	private final InternalErrors errors;

	/**
	 * Create a repositioning.
	 * @param consumer the consumer
	 * @param assignments its partitions
	 * @param replacement replaces their assignments
	 * @param errors contains what throws about one partition
	 */
	Repositioning(Consumer<?, ?> consumer, Assignments assignments, AssignmentReplacement replacement,
			InternalErrors errors) {
		this.consumer = consumer;
		this.assignments = assignments;
		this.replacement = replacement;
		this.errors = errors;
	}

	/**
	 * Follow a position that the listener has moved.
	 * @param assignment the partition
	 * @param target its new position
	 */
	void moved(PartitionAssignment assignment, long target) {
		Move move = move(assignment.partition());
		if (move != null) {
			move.target = target;
		}
		else if (assignment.isRevoked()) {
			logger.debug("The position of " + assignment + " is being moved by an operator already");
		}
		else if (assignment.progress().isBehind(target)) {
			assignment.progress().forgetCompletedBefore();
			assignment.preparation().handleAgainFrom(target);
		}
		else {
			begin(assignment, target);
		}
	}

	/**
	 * Poll once more what could not be dispatched, or whatever else of a partition is not
	 * complete, unless its assignment has ended.
	 */
	void readAgain(PartitionAssignment assignment) {
		if (this.assignments.get(assignment.partition()) == assignment && move(assignment.partition()) == null) {
			begin(assignment, null);
		}
	}

	private void begin(PartitionAssignment assignment, @Nullable Long target) {
		Move move = new Move(assignment, target);
		this.moves.put(assignment.partition(), move);
		move.deadline = this.replacement.begin(assignment);
	}

	/**
	 * Return the move of a partition, or {@code null} if there is none of the assignment
	 * that it has now.
	 */
	private @Nullable Move move(TopicPartition partition) {
		Move move = this.moves.get(partition);
		return (move != null && isCurrent(move)) ? move : null;
	}

	private boolean isCurrent(Move move) {
		return this.assignments.get(move.assignment.partition()) == move.assignment;
	}

	/**
	 * Return the position that a partition has for its listener, or {@code null} if it is
	 * not being moved.
	 */
	@Nullable Long position(TopicPartition partition) {
		Move move = move(partition);
		if (move == null) {
			return null;
		}
		Long target = move.target;
		if (target != null) {
			return target;
		}
		PartitionProgress progress = move.assignment.progress();
		Long next = progress.next();
		return progress.position((next != null) ? next : 0);
	}

	/**
	 * Return whether partitions wait for their records in progress.
	 */
	boolean isUnderWay() {
		return this.moves.values().stream().anyMatch(this::isCurrent);
	}

	/**
	 * Read on where no record is in progress any more, or the time for that is over. What
	 * throws is tried again the next time, and does not affect other partitions.
	 * @return whether there was anything to check
	 */
	boolean proceed() {
		this.moves.values().removeIf((move) -> !isCurrent(move));
		if (this.moves.isEmpty()) {
			return false;
		}
		for (Move move : List.copyOf(this.moves.values())) {
			this.errors.contain("read on in " + move.assignment, () -> {
				if (this.replacement.isDrained(move.assignment, move.deadline)) {
					readOn(move);
					this.moves.remove(move.assignment.partition(), move);
				}
			});
		}
		return true;
	}

	private void readOn(Move move) {
		PartitionProgress progress = move.assignment.progress();
		Long target = move.target;
		Resumption resumption = (target != null) ? progress.resumption(target) : progress.resumption();
		if (resumption == null) {
			// Nothing is left behind: it is read on from where the consumer is.
			resumption = progress.resumption(this.consumer.position(move.assignment.partition()));
		}
		Resumption readOn = resumption;
		PartitionAssignment assignment = this.replacement.replace(move.assignment, resumption.position(),
				(next) -> next.continueAt(readOn));
		if (target != null) {
			assignment.preparation().handleAgainFrom(target);
		}
		if (target != null && resumption.from() < target) {
			logger.info("Reading " + assignment.partition() + " from offset " + resumption.from()
					+ ", its first unfinished record; of those below " + target
					+ ", completed ones are not handled again");
		}
		else {
			logger.debug("Reading " + assignment.partition() + " from offset " + resumption.from());
		}
	}

	/**
	 * A partition whose position is about to be moved.
	 */
	private static final class Move {

		private final PartitionAssignment assignment;

		private long deadline;

		/** {@code null}: the position is not to be moved. */
		private @Nullable Long target;

		Move(PartitionAssignment assignment, @Nullable Long target) {
			this.assignment = assignment;
			this.target = target;
		}

	}

}
