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

package io.kaffe.spring.engine.delivery;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The partition assignment that records came from, as workers see it.
 * <p>
 * May be called by any thread; no method blocks.
 */
public interface AssignmentHandle {

	/**
	 * Ask to handle records of this assignment. If the answer is yes, a revocation waits
	 * until {@link #exit()}, which must follow.
	 * @return {@code false} if the partition was revoked or lost: nothing may start
	 */
	boolean enter();

	/**
	 * Say that no record of this assignment is being handled any more by the caller.
	 */
	void exit();

	/**
	 * Ask a revocation to wait longer, until {@link #exit()} has been called once more.
	 * Called between {@link #enter()} and {@link #exit()}, or by whoever is about to
	 * complete a record.
	 */
	void stay();

	/**
	 * Return whether the partition was revoked or lost. What is being handled may be
	 * finished; nothing else may start.
	 * @return {@code true} from the beginning of the drain on
	 */
	boolean isRevoked();

	/**
	 * Return whether a record does not matter any more: it is final, or its assignment
	 * has ended, so that it will be somebody else's.
	 * @param record the record
	 * @return {@code true} from the end of the drain on, or as soon as the partition is
	 * lost
	 */
	boolean isOver(ConsumerRecord<?, ?> record);

	/**
	 * Mark a record as final. Does nothing if it is final already or its assignment is
	 * over.
	 * @param record the record
	 */
	void complete(ConsumerRecord<?, ?> record);

	/**
	 * Say that a record has failed for good and stays where it is.
	 */
	void parked();

	/**
	 * Say that a record is not parked any more.
	 */
	void unparked();

	/**
	 * Stop the consumer in an orderly way, since it must not go on.
	 * @param reason why, as a sentence
	 * @param failure what was thrown
	 */
	void stopConsumer(String reason, Throwable failure);

	/**
	 * Say that the listener has returned and left a record open. A revocation waits until
	 * it is {@linkplain #acknowledged acknowledged}. Called between {@link #enter()} and
	 * {@link #exit()}.
	 */
	void leftOpen();

	/**
	 * Mark a record as final that was left open, as {@link #complete} does with others.
	 * @param record the record
	 */
	void acknowledged(ConsumerRecord<?, ?> record);

	/**
	 * Return the records that handlers of batches have left open, to be made final with a
	 * later one.
	 * @return always the same
	 */
	HeldRecords kept();

	/**
	 * Say that a record of an assignment that is over is given up, and nothing refers to
	 * it any more.
	 * @param record the record
	 */
	void drop(ConsumerRecord<?, ?> record);

	/**
	 * Return what calls the user's listener.
	 * @return the same for all records of the consumer
	 */
	Delivery delivery();

	/**
	 * Return where workers of this partition's records stand while they are ready.
	 * @return the slot
	 */
	int slot();

}
