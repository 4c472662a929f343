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

package io.kaffe.spring.listener;

import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.listener.PartitionProgress.Resumption;

/**
 * Reads partitions on whose position was moved back, or of which records could not be
 * dispatched, without leaving behind unfinished records below the new position: no more
 * of the partition is started, what is being handled is waited for within the drain
 * timeout, and then it is read from its first unfinished record on, in a new assignment.
 * What is complete below the position is left out, what is at or above it is handled
 * again.
 * <p>
 * <b>Threading.</b> Belongs to the consumer thread.
 */
final class Repositioning {

	private static final Log logger = LogFactory.getLog(Repositioning.class);

	private final Map<TopicPartition, Move> moves = new HashMap<>();

	private final ConsumerSession session;

	Repositioning(ConsumerSession session) {
		this.session = session;
	}

	/**
	 * Follow a position that the listener has moved.
	 * @param assignment the partition
	 * @param target its new position
	 */
	void moved(PartitionAssignment assignment, long target) {
		Move move = this.moves.get(assignment.partition());
		if (move != null) {
			move.target = target;
		}
		else if (assignment.isRevoked()) {
			logger.debug("The position of " + assignment + " is being moved by an operator already");
		}
		else if (assignment.progress().isBehind(target)) {
			assignment.progress().forgetCompletedBefore();
		}
		else {
			begin(assignment, target);
		}
	}

	/**
	 * Poll once more what could not be dispatched, or whatever else of a partition is not
	 * complete.
	 */
	void readAgain(PartitionAssignment assignment) {
		if (!this.moves.containsKey(assignment.partition())) {
			begin(assignment, assignment.progress().polledUntil());
		}
	}

	private void begin(PartitionAssignment assignment, long target) {
		long deadline = this.session.beginSeek(assignment);
		boolean atOnce = assignment.progress().resumption(target).from() == target;
		this.moves.put(assignment.partition(), new Move(assignment, target, atOnce, deadline));
	}

	/**
	 * Return the position that a partition has for its listener, or {@code null} if it is
	 * the one of the consumer.
	 */
	@Nullable Long position(TopicPartition partition) {
		Move move = this.moves.get(partition);
		return (move != null) ? (Long) move.target : null;
	}

	/**
	 * Read on where nothing is being handled any more, or the time for that is over.
	 */
	void proceed() {
		for (Iterator<Move> each = this.moves.values().iterator(); each.hasNext();) {
			Move move = each.next();
			if (move.atOnce || this.session.isDrained(move.assignment, move.deadline)) {
				readOn(move);
				each.remove();
			}
		}
	}

	private void readOn(Move move) {
		Resumption resumption = move.assignment.progress().resumption(move.target);
		PartitionAssignment assignment = this.session.replace(move.assignment, resumption.from());
		assignment.progress().continueAt(resumption);
		logger.info((resumption.from() < resumption.until())
				? "Reading " + assignment.partition() + " from " + resumption.from()
						+ ", its first unfinished record; of " + "those below " + resumption.until()
						+ ", completed ones are not handled again"
				: "Reading " + assignment.partition() + " from " + resumption.from());
	}

	/**
	 * Forget a partition that is gone.
	 */
	void forget(PartitionAssignment assignment) {
		Move move = this.moves.get(assignment.partition());
		if (move != null && move.assignment == assignment) {
			this.moves.remove(assignment.partition());
		}
	}

	/**
	 * A partition that is about to be read from elsewhere.
	 */
	private static final class Move {

		private final PartitionAssignment assignment;

		private final long deadline;

		/** Whether there is nothing to wait for, since all of it is handled again. */
		private final boolean atOnce;

		private long target;

		Move(PartitionAssignment assignment, long target, boolean atOnce, long deadline) {
			this.assignment = assignment;
			this.atOnce = atOnce;
			this.target = target;
			this.deadline = deadline;
		}

	}

}
