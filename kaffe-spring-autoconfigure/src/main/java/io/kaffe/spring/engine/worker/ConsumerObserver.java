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

package io.kaffe.spring.engine.worker;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.PartitionSnapshot;

/**
 * Is notified of what happens to the consumers that have workers. Beans of this type are
 * looked up when the consumers get their workers.
 * <p>
 * Called on the threads on which it happens, which are those of consumers, of workers and
 * of the scheduler, also concurrently: must not block. An exception is logged and has no
 * other effect.
 */
public interface ConsumerObserver {

	/**
	 * Return the timer that is notified of how long handlers take.
	 * @param consumer the consumer's name
	 * @return the timer, or {@code null} if it is not needed
	 */
	default @Nullable HandlerTimer handlerTimer(String consumer) {
		return null;
	}

	/**
	 * A commit was confirmed, or has failed.
	 * @param consumer the consumer's name
	 * @param failure why the commit failed; {@code null} if the broker has confirmed it
	 */
	default void committed(String consumer, @Nullable Exception failure) {
	}

	/**
	 * Partitions were assigned, revoked or lost.
	 * @param consumer the consumer's name
	 * @param rebalance which, and what became of their records
	 */
	default void rebalanced(String consumer, ConsumerSnapshot.Rebalance rebalance) {
	}

	/**
	 * A record has exhausted its retries and is kept until an operator decides about it.
	 * @param consumer the consumer's name
	 * @param record the record
	 */
	default void parked(String consumer, FailingRecord record) {
	}

	/**
	 * An outage of what the handlers depend on has begun.
	 * @param consumer the consumer's name
	 * @param outage the outage
	 */
	default void outageBegan(String consumer, ConsumerSnapshot.Outage outage) {
	}

	/**
	 * An outage is over.
	 * @param consumer the consumer's name
	 * @param outage the outage
	 */
	default void outageEnded(String consumer, ConsumerSnapshot.Outage outage) {
	}

	/**
	 * The log's retention is expected to delete an unfinished record soon.
	 * @param consumer the consumer's name
	 * @param partition the record's partition
	 * @param expected which record, and when
	 */
	default void deletionExpected(String consumer, TopicPartition partition,
			PartitionSnapshot.DeletionExpected expected) {
	}

	/**
	 * Records were deleted from the log before they were handled.
	 * @param consumer the consumer's name
	 * @param lost the records
	 */
	default void lost(String consumer, LostRecords lost) {
	}

	/**
	 * A record has been with its handler for longer than the stall threshold.
	 * @param consumer the consumer's name
	 * @param stalled the record
	 */
	default void stalled(String consumer, StalledRecord stalled) {
	}

	/**
	 * A consumer cannot go on and is stopped, until it is restarted by an operator, or
	 * after a back-off.
	 * @param consumer the consumer's name
	 * @param stop when and why
	 */
	default void stopped(String consumer, ConsumerSnapshot.Stop stop) {
	}

	/**
	 * A worker has broken down outside its handler, or a thread that polls has died; they
	 * are restarted unless that happens too often.
	 * @param consumer the consumer's name
	 */
	default void restarted(String consumer) {
	}

	/**
	 * An exception of the engine itself was contained on a consumer thread.
	 * @param consumer the consumer's name
	 */
	default void internalError(String consumer) {
	}

	/**
	 * Is notified of how long the handlers of one consumer take. Called concurrently by
	 * many workers for each record, so it must be fast.
	 */
	interface HandlerTimer {

		/**
		 * An attempt to handle a record has ended. For a record in a batch the time is
		 * its share, for a handler that answers later it is the time until its answer.
		 * @param topic the record's topic
		 * @param nanos how many nanoseconds it took
		 * @param handled whether it succeeded
		 */
		void attempted(String topic, long nanos, boolean handled);

	}

}
