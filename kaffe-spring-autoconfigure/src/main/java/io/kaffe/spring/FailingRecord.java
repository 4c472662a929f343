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

/**
 * A record that has failed and is not final, as it was at one moment.
 *
 * @param partition where it is
 * @param offset its offset
 * @param state what happens to it
 * @param attempts how often it was handed to the handler
 * @param since when the first of these attempts failed
 * @param failure what was thrown last
 */
public record FailingRecord(TopicPartition partition, long offset, State state, int attempts, Instant since,
		Throwable failure) {

	/**
	 * What happens to a failing record.
	 */
	public enum State {

		/**
		 * It waits for its next attempt, or is being tried.
		 */
		RETRYING,

		/**
		 * It is being sent to the dead-letter topic, or given to the
		 * {@code ConsumerRecordRecoverer}, until that succeeds.
		 */
		RECOVERING,

		/**
		 * It is kept until somebody decides about it.
		 */
		PARKED,

		/**
		 * It is left as it is, since its consumer is being stopped.
		 */
		STOPPING

	}

}
