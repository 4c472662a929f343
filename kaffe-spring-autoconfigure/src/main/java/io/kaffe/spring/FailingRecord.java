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

package io.kaffe.spring;

import java.time.Instant;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of a record that has failed and is not completed.
 *
 * @param partition the partition of the record
 * @param offset the offset of the record
 * @param state the state of the record
 * @param attempts the number of delivery attempts; if it was parked by earlier owners of
 * its partition, of all owners
 * @param since when the first of these attempts failed; if it was parked by earlier
 * owners, when it was parked first
 * @param failure the exception of the last attempt
 * @param parkedSince when it was parked first, by this owner of its partition or an
 * earlier one, in whole seconds; {@code null} if it was not, or an operator had it
 * retried since
 * @param owners how many owners of its partition have failed to handle it, one after the
 * other; more than 1 if earlier ones have parked it
 */
public record FailingRecord(TopicPartition partition, long offset, State state, int attempts, Instant since,
		Throwable failure, @Nullable Instant parkedSince, int owners) {

	/**
	 * Create a snapshot of a record that was not parked.
	 * @param partition the partition of the record
	 * @param offset the offset of the record
	 * @param state the state of the record
	 * @param attempts the number of delivery attempts
	 * @param since when the first of these attempts failed
	 * @param failure the exception of the last attempt
	 */
	public FailingRecord(TopicPartition partition, long offset, State state, int attempts, Instant since,
			Throwable failure) {
		this(partition, offset, state, attempts, since, failure, null, 1);
	}

	/**
	 * The state of a failing record.
	 */
	public enum State {

		/**
		 * The next attempt is pending or in progress.
		 */
		RETRYING,

		/**
		 * It is sent to the dead-letter topic, or passed to the
		 * {@code ConsumerRecordRecoverer}, until that succeeds.
		 */
		RECOVERING,

		/**
		 * It is kept until an operator retries, skips or dead-letters it.
		 */
		PARKED,

		/**
		 * It stays uncompleted, since its consumer is being stopped.
		 */
		STOPPING

	}

}
