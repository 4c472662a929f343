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
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.listener.PartitionProgress.Resumption;

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
			begin(assignment, null);
		}
	}

	private void begin(PartitionAssignment assignment, @Nullable Long target) {
		Move move = new Move(assignment, target);
		this.moves.put(assignment.partition(), move);
		move.deadline = this.session.beginSeek(assignment);
	}

	/**
	 * Return the position that a partition has for its listener, or {@code null} if
	 * nothing is being done about it.
	 */
	@Nullable Long position(TopicPartition partition) {
		Move move = this.moves.get(partition);
		if (move == null) {
			return null;
		}
		Long target = move.target;
		return (target != null) ? target : (Long) move.assignment.progress().position();
	}

	/**
	 * Return whether partitions wait for what is being handled.
	 */
	boolean isUnderWay() {
		return !this.moves.isEmpty();
	}

	/**
	 * Read on where nothing is being handled any more, or the time for that is over. What
	 * throws is tried again the next time, and keeps no other partition from it.
	 * @return whether there was anything to look at
	 */
	boolean proceed() {
		if (this.moves.isEmpty()) {
			return false;
		}
		for (Move move : List.copyOf(this.moves.values())) {
			this.session.errors().contain("read on in " + move.assignment, () -> {
				if (this.session.isDrained(move.assignment, move.deadline)) {
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
		if (target == null && !progress.hasPolled()) {
			// Nothing is left behind: it is read on from where the consumer is.
			target = this.session.consumer().position(move.assignment.partition());
		}
		Resumption resumption = (target != null) ? progress.resumption(target) : progress.resumption();
		PartitionAssignment assignment = this.session.replace(move.assignment, resumption.from(),
				(next) -> next.continueAt(resumption));
		if (target != null && resumption.from() < target) {
			logger.info("Reading " + assignment.partition() + " from " + resumption.from()
					+ ", its first unfinished record; of those below " + target
					+ ", completed ones are not handled again");
		}
		else {
			logger.debug("Reading " + assignment.partition() + " from " + resumption.from());
		}
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

		private long deadline;

		/** {@code null}: the position is not to be moved. */
		private @Nullable Long target;

		Move(PartitionAssignment assignment, @Nullable Long target) {
			this.assignment = assignment;
			this.target = target;
		}

	}

}
