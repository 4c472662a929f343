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

/**
 * A record of a dead-letter topic.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time.
 */
final class PublishedLetter {

	private final TopicPartition partition;

	private final long offset;

	private final Fact fact;

	private final int replays;

	private final long at;

	/** Whether an operator has abandoned it, maybe. */
	boolean abandoned;

	/**
	 * Create it.
	 * @param partition where it is
	 * @param offset its offset there
	 * @param fact the record that it was
	 * @param replays how often that had been replayed
	 * @param at when it was seen first
	 */
	PublishedLetter(TopicPartition partition, long offset, Fact fact, int replays, long at) {
		this.partition = partition;
		this.offset = offset;
		this.fact = fact;
		this.replays = replays;
		this.at = at;
	}

	TopicPartition partition() {
		return this.partition;
	}

	long offset() {
		return this.offset;
	}

	Fact fact() {
		return this.fact;
	}

	/**
	 * Return whether it need not be offered any more: it was handled since, or has failed
	 * again, or an operator has decided about it.
	 */
	boolean isSettled() {
		return this.abandoned || this.fact.passedOver || this.fact.handledAt >= this.at
				|| this.fact.replays > this.replays;
	}

	@Override
	public String toString() {
		return "the dead letter " + this.partition + "@" + this.offset + " of " + this.fact;
	}

}
