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
import org.jspecify.annotations.Nullable;

/**
 * The partition assignment that records were polled for, as workers see it: it travels
 * with the records, and they are completed here.
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
	 * Note that the caller does not handle records of this assignment any more.
	 */
	void exit();

	/**
	 * Ask a revocation to wait longer, until {@link #exit()} has been called once more.
	 * Called between {@link #enter()} and {@link #exit()}, or by any thread that is about
	 * to complete a record.
	 */
	void hold();

	/**
	 * Return whether the partition was revoked or lost. What is being handled may be
	 * finished; nothing else may start.
	 * @return {@code true} from the beginning of the drain on
	 */
	boolean isRevoked();

	/**
	 * Return whether a record does not matter any more: it is completed, or its
	 * assignment has ended, so that its next owner handles it. It is not enough that the
	 * partition is revoked: what has been dispatched to a handler that answers later
	 * counts until the drain has ended, and a record may be completed by others, such as
	 * with a later one of its batch.
	 * @param record the record
	 * @return {@code true} from the end of the drain on, or as soon as the partition is
	 * lost
	 */
	boolean isOver(ConsumerRecord<?, ?> record);

	/**
	 * Complete a record. Does nothing if it is completed already or its assignment is
	 * over.
	 * @param record the record
	 */
	void complete(ConsumerRecord<?, ?> record);

	/**
	 * Leave a record to the next one of its partition, instead of completing it: it is
	 * completed as soon as one with a higher offset is. It takes no room meanwhile, and
	 * nothing waits for it.
	 * @param record the record, which no worker has any more
	 */
	void leaveToNext(ConsumerRecord<?, ?> record);

	/**
	 * Drop a record of an assignment that is over: it is abandoned without an outcome,
	 * and nothing refers to it any more.
	 * @param record the record
	 */
	void drop(ConsumerRecord<?, ?> record);

	/**
	 * Return the records that wait for a decision or an acknowledgment.
	 * @return always the same
	 */
	HeldRecords held();

	/**
	 * Return the consumer that polled the records.
	 * @return always the same
	 */
	PollingConsumer polledBy();

	/**
	 * Return where its records are noted when they are handled once.
	 * @return always the same from the first record on; {@code null}: nowhere
	 */
	default OnceStore.@Nullable Partition noted() {
		return null;
	}

	/**
	 * Return what is done about records of this assignment that fail, in place of what
	 * their consumer does. Records of one batch have the same.
	 * @return always the same; {@code null}: what their consumer does
	 */
	default @Nullable FailurePolicy ownFailurePolicy() {
		return null;
	}

}
