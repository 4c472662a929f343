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
 * A record of a dead-letter topic that was neither replayed nor abandoned.
 *
 * @param partition its partition of the dead-letter topic
 * @param offset its offset there
 * @param at when it was sent there, by its timestamp
 * @param state whether it can be replayed here
 * @param problem why it cannot be replayed at all; {@code null} unless it is
 * {@link State#FOREIGN}
 * @param original where it was before; {@code null} if its headers do not say
 * @param replays how often it was replayed and failed again
 * @param failure what it failed with; {@code null} if its headers do not say
 * @param key the text of its key, at most 200 characters; {@code null} if it has none
 * @param value the text of its value, as that of the key
 */
public record DeadLetter(TopicPartition partition, long offset, Instant at, State state, @Nullable String problem,
		@Nullable Original original, int replays, @Nullable Failure failure, @Nullable String key,
		@Nullable String value) {

	/**
	 * Whether a dead letter can be replayed.
	 */
	public enum State {

		/**
		 * Its original partition is assigned to this instance, which can replay it.
		 */
		HERE,

		/**
		 * Its original partition is assigned to another instance, which can replay it, or
		 * to none.
		 */
		ELSEWHERE,

		/**
		 * It is no dead letter of this consumer, or has no headers that say so.
		 */
		FOREIGN

	}

	/**
	 * The record as it was before it was dead-lettered.
	 *
	 * @param partition its partition
	 * @param offset its offset
	 * @param timestamp its timestamp
	 */
	public record Original(TopicPartition partition, long offset, Instant timestamp) {
	}

	/**
	 * What the last attempt to handle the record failed with.
	 *
	 * @param exception the class of what the handler threw
	 * @param cause the class of its root cause; the same if it has none
	 * @param message the messages of both, at most 200 characters; {@code null} if they
	 * have none
	 */
	public record Failure(String exception, String cause, @Nullable String message) {
	}

}
