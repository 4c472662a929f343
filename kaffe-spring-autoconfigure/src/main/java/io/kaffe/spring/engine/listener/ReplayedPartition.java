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

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.delivery.AssignmentHandle;
import io.kaffe.spring.engine.delivery.FailurePolicy;
import io.kaffe.spring.engine.delivery.HeldRecords;
import io.kaffe.spring.engine.delivery.PollingConsumer;
import io.kaffe.spring.engine.delivery.RecordRecoverer;
import io.kaffe.spring.engine.offset.ParkedHistory;

/**
 * The dead letters of one assigned partition that are being replayed. Workers handle them
 * as they handle the records that are polled, and a revocation of the partition waits for
 * one that is with its handler. They are not in the partition's buffer, and completing
 * one does not affect what is committed for the partition: it ends its replay.
 * <p>
 * <b>Threading.</b> The thread of the replay adds; workers, and threads that complete
 * records, remove, and whoever removes a dead letter reports its outcome, once.
 */
final class ReplayedPartition implements AssignmentHandle {

	/** By original offset. */
	private final Map<Long, InFlight> inFlight = new ConcurrentHashMap<>();

	private final HeldRecords held = new HeldRecords(Integer.MAX_VALUE, () -> {
	}, () -> {
	}, new ParkedHistory());

	private final PartitionAssignment assignment;

	/** Never polled or completed: over when the assignment has ended. */
	private final ConsumerRecord<?, ?> beyondTheEnd;

	private final FailurePolicy policy;

	private final Replay replay;

	/**
	 * Create it without dead letters.
	 * @param assignment the partition
	 * @param policy what the consumer does about records that fail
	 * @param deadLetters sends those to the dead-letter topic that fail again
	 * @param replay what replays them
	 */
	ReplayedPartition(PartitionAssignment assignment, FailurePolicy policy, RecordRecoverer deadLetters,
			Replay replay) {
		this.assignment = assignment;
		this.beyondTheEnd = new ConsumerRecord<>(assignment.partition().topic(), assignment.partition().partition(),
				Long.MAX_VALUE, null, null);
		this.policy = policy.forReplay((record, failure) -> {
			failedAgain(record);
			return deadLetters.recover(record, failure);
		});
		this.replay = replay;
	}

	private void failedAgain(ConsumerRecord<?, ?> record) {
		InFlight letter = this.inFlight.get(record.offset());
		if (letter != null) {
			letter.failed = true;
		}
	}

	/**
	 * Return the partition as it is assigned.
	 */
	PartitionAssignment assignment() {
		return this.assignment;
	}

	/**
	 * Add a dead letter that is about to be submitted to its worker.
	 * @param originalOffset the offset that it had
	 * @param letter what identifies it in its outcome
	 */
	void add(long originalOffset, ReplayedLetter letter) {
		this.inFlight.put(originalOffset, new InFlight(letter));
	}

	/**
	 * Return whether a dead letter of the same record is in progress.
	 */
	boolean isInFlight(long originalOffset) {
		return this.inFlight.containsKey(originalOffset);
	}

	/**
	 * Return all that is in progress, whatever becomes of it, if the partition does not
	 * belong to this instance any more.
	 */
	void returnIfEnded() {
		if (isEnded()) {
			returnAll();
		}
	}

	private boolean isEnded() {
		return this.assignment.isOver(this.beyondTheEnd);
	}

	/**
	 * Return all that is in progress, whatever becomes of it.
	 */
	void returnAll() {
		this.inFlight.keySet().forEach((offset) -> end(offset, Outcome.RETURNED));
	}

	private void end(long offset, @Nullable Outcome outcome) {
		InFlight letter = this.inFlight.remove(offset);
		if (letter != null) {
			this.replay.ended(letter.letter, (outcome != null) ? outcome : letter.completed());
		}
	}

	@Override
	public boolean enter() {
		return !this.replay.isOver() && this.assignment.enter();
	}

	@Override
	public void exit() {
		this.assignment.exit();
	}

	@Override
	public void hold() {
		this.assignment.hold();
	}

	@Override
	public boolean isRevoked() {
		return this.replay.isOver() || this.assignment.isRevoked();
	}

	@Override
	public boolean isOver(ConsumerRecord<?, ?> record) {
		return isEnded() || !isInFlight(record.offset());
	}

	@Override
	public void complete(ConsumerRecord<?, ?> record) {
		end(record.offset(), null);
	}

	@Override
	public void leaveToNext(ConsumerRecord<?, ?> record) {
		complete(record);
	}

	@Override
	public void drop(ConsumerRecord<?, ?> record) {
		end(record.offset(), Outcome.RETURNED);
	}

	@Override
	public HeldRecords held() {
		return this.held;
	}

	@Override
	public PollingConsumer polledBy() {
		return this.assignment.polledBy();
	}

	@Override
	public FailurePolicy ownFailurePolicy() {
		return this.policy;
	}

	@Override
	public String toString() {
		return "dead letters of " + this.assignment;
	}

	/**
	 * What became of a dead letter.
	 */
	enum Outcome {

		/** It was handled, or an operator has decided about it. */
		REPLAYED,

		/** It has failed again, and there is a new dead letter. */
		FAILED,

		/** It is still a dead letter. */
		RETURNED

	}

	/**
	 * What replays dead letters. May be called by any thread; nothing blocks.
	 */
	interface Replay {

		/**
		 * Return whether nothing more may be started.
		 */
		boolean isOver();

		/**
		 * Note what became of a dead letter.
		 */
		void ended(ReplayedLetter letter, Outcome outcome);

	}

	/**
	 * A dead letter that is replayed.
	 *
	 * @param partition its partition of the dead-letter topic
	 * @param offset its offset there
	 * @param original the partition that it was read from first
	 * @param bytes the size of its key and value
	 */
	record ReplayedLetter(TopicPartition partition, long offset, TopicPartition original, int bytes) {
	}

	/**
	 * A dead letter while it is in progress.
	 */
	private static final class InFlight {

		private final ReplayedLetter letter;

		/** Written by its worker before the dead letter is completed. */
		private volatile boolean failed;

		InFlight(ReplayedLetter letter) {
			this.letter = letter;
		}

		Outcome completed() {
			return this.failed ? Outcome.FAILED : Outcome.REPLAYED;
		}

	}

}
