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

package io.kaffe.simulation;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one record.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time.
 */
final class Fact {

	private final long number;

	private final TopicPartition partition;

	private final String key;

	/** Where it stands in its log. */
	long offset;

	/** When it was completed, in nanoseconds; -1: not yet. */
	long doneAt = -1;

	@Nullable String doneBy;

	/** Whether a seek or an operator has let it be passed over. */
	boolean passedOver;

	int deliveries;

	/** Whether a commit has reported it as parked. */
	boolean parked;

	/** Whether an operator has it retried, with all its attempts. */
	boolean retried;

	/** Whether it is to be delivered once more before others, since it was nacked. */
	boolean nacked;

	int failures;

	/** How often it was published to a dead-letter topic, but for what was replayed. */
	int deadLetters;

	/** How often it was replayed and has failed again. */
	int replays;

	/** How often its effects were committed in the database, but for replays. */
	int applied;

	/** When a handler, a filter or an interceptor was last done with it; -1: never. */
	long handledAt = -1;

	Fact(long number, TopicPartition partition, String key) {
		this.number = number;
		this.partition = partition;
		this.key = key;
	}

	long number() {
		return this.number;
	}

	TopicPartition partition() {
		return this.partition;
	}

	String key() {
		return this.key;
	}

	/**
	 * Return whether its offset may be committed.
	 */
	boolean isOver() {
		return this.doneAt >= 0 || this.passedOver;
	}

	@Override
	public String toString() {
		return this.partition + "@" + this.offset + " (" + this.key + ")";
	}

}
