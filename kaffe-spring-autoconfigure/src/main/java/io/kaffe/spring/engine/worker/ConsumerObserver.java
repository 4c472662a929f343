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

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.table.ConsumerSnapshot;

/**
 * Is told what happens to the consumers that have workers. Beans of this type are asked
 * for when the consumers get their workers.
 * <p>
 * Called by the threads that it happens on, which are the consumers' own, workers' and
 * the scheduler's, also several at once: must not block, and had better not throw, which
 * is logged and changes nothing else.
 */
public interface ConsumerObserver {

	/**
	 * Return what is told how long handlers take.
	 * @param consumer the consumer's name
	 * @return the timer, or {@code null} if that is of no interest
	 */
	default @Nullable HandlerTimer handlerTimer(String consumer) {
		return null;
	}

	/**
	 * The broker has answered a commit, or will not.
	 * @param consumer the consumer's name
	 * @param failure why the commit failed; {@code null} if the broker has confirmed it
	 */
	default void committed(String consumer, @Nullable Exception failure) {
	}

	/**
	 * Partitions have come or gone.
	 * @param consumer the consumer's name
	 * @param rebalance which, and what became of their records
	 */
	default void rebalanced(String consumer, ConsumerSnapshot.Rebalance rebalance) {
	}

	/**
	 * A record has failed for good and is kept until somebody decides about it.
	 * @param consumer the consumer's name
	 * @param record the record
	 * @param failure what its last attempt failed with
	 */
	default void parked(String consumer, ConsumerRecord<?, ?> record, Throwable failure) {
	}

	/**
	 * A record has been with its handler for longer than the stall threshold.
	 * @param consumer the consumer's name
	 * @param stalled the record
	 */
	default void stalled(String consumer, StalledRecord stalled) {
	}

	/**
	 * A consumer cannot go on and is stopped, until it is started again by somebody, or
	 * after a back-off.
	 * @param consumer the consumer's name
	 * @param stop when and why
	 */
	default void stopped(String consumer, ConsumerSnapshot.Stop stop) {
	}

	/**
	 * A worker has broken down outside its handler, or a thread that polls has died; they
	 * are started again unless that happens too often.
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
	 * Is told how long the handlers of one consumer take. Called by many workers at once
	 * for each record, so it must be fast.
	 */
	interface HandlerTimer {

		/**
		 * An attempt at a record has ended. For a record in a batch its share of the time
		 * is told, for a handler that answers later the time until its answer.
		 * @param topic the record's topic
		 * @param nanos how many nanoseconds it took
		 * @param handled whether it succeeded
		 */
		void attempted(String topic, long nanos, boolean handled);

	}

}
