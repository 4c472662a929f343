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

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.offset.ParkedRecord;
import io.kaffe.spring.engine.worker.DisplayText;
import io.kaffe.spring.engine.worker.SafeLog;
import io.kaffe.spring.engine.worker.Worker;

/**
 * What is logged about records that fail: their coordinates, what happened, and what
 * follows. What may happen to many records at once is limited.
 * <p>
 * <b>Threading.</b> Without state; called by workers.
 */
final class RetryLog {

	private static final Log logger = LogFactory.getLog(RetryLog.class);

	private RetryLog() {
	}

	static void attemptFailed(ConsumerRecord<?, ?> record, Worker worker, int attempts, long delay,
			@Nullable Throwable failure) {
		String message = "Attempt " + attempts + " to handle " + coordinates(record) + " failed; next attempt in "
				+ delay + " ms";
		if (attempts == 1) {
			worker.failureLog().log(logger::warn, "first attempts that failed", message, failure);
		}
		else {
			SafeLog.log(logger::debug, message, failure);
		}
	}

	static void nacked(ConsumerRecord<?, ?> record, long sleepMillis) {
		logger.debug("The listener has called nack for " + coordinates(record) + "; it is delivered again in "
				+ sleepMillis + " ms");
	}

	static void skipped(ConsumerRecord<?, ?> record, Worker worker, int attempts, @Nullable Throwable failure) {
		worker.failureLog()
			.log(logger::warn, "skipped records", "Skipping " + coordinates(record) + " after " + text(attempts),
					failure);
	}

	static void parked(ConsumerRecord<?, ?> record, Worker worker, int attempts, Parking parking, Throwable failure) {
		ParkedRecord before = parking.before();
		String again = (before != null) ? " again" : "";
		String history = (before != null)
				? " (parked since " + before.since() + " by " + parking.owners() + " owners, "
						+ text(parking.attempts(attempts)) + " in all, the one before with " + before.exception() + ")"
				: "";
		worker.failureLog()
			.log(logger::error, "parked records",
					"Parked " + coordinates(record) + again + " after " + text(attempts) + history + "; " + worker
							+ " is blocked until an operator retries, skips or dead-letters the record; other workers "
							+ "are not affected",
					failure);
	}

	static void recoveryFailed(ConsumerRecord<?, ?> record, Worker worker, int attempts, long delay,
			Throwable failure) {
		worker.failureLog()
			.log(logger::warn, "failed recoveries", "Could not recover " + coordinates(record) + ", which failed after "
					+ text(attempts) + "; next attempt in " + delay + " ms", failure);
	}

	static void listenerFailed(ConsumerRecord<?, ?> record, Worker worker, Throwable failure) {
		worker.failureLog()
			.log(logger::warn, "failures of retry listeners",
					"A RetryListener failed when it was notified of " + coordinates(record), failure);
	}

	static void instructed(ConsumerRecord<?, ?> record, OperatorDecision decision) {
		if (!decision.bulk()) {
			logger.info("Operator requested '" + decision.instruction() + "' for " + coordinates(record));
		}
		else if (logger.isDebugEnabled()) {
			logger.debug("Operator requested '" + decision.instruction() + "', for " + coordinates(record)
					+ " among others");
		}
	}

	static String text(int attempts) {
		return (attempts == 1) ? "1 attempt" : attempts + " attempts";
	}

	private static String coordinates(ConsumerRecord<?, ?> record) {
		return DisplayText.coordinatesOf(record);
	}

}
