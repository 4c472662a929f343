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

package io.kaffe.spring.listener;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;

import io.kaffe.spring.offset.CommitMetadata;
import io.kaffe.spring.offset.CompletedOffsets;

/**
 * Offsets that the last commit before an assignment reports as complete, as long as the
 * log still has the same records there.
 * <p>
 * A log that was truncated is written on by a later leader, and a leader epoch never
 * comes twice in a partition and never falls along its log. So a record of a later epoch
 * than all that were polled before the commit was written after it, and if its offset is
 * below the end of those reported, they were truncated from there on at least.
 * <p>
 * <b>Threading.</b> Immutable.
 */
final class ReportedOffsets {

	/**
	 * No offsets.
	 */
	static final ReportedOffsets NONE = new ReportedOffsets("", CommitMetadata.NONE);

	private static final Log logger = LogFactory.getLog(ReportedOffsets.class);

	private final String consumer;

	private final CommitMetadata metadata;

	/**
	 * Create reported offsets.
	 * @param consumer the name of the consumer that continues there
	 * @param metadata what the commit says
	 */
	ReportedOffsets(String consumer, CommitMetadata metadata) {
		this.consumer = consumer;
		this.metadata = metadata;
	}

	boolean isEmpty() {
		return offsets().isEmpty();
	}

	CompletedOffsets offsets() {
		return this.metadata.told();
	}

	/**
	 * Return the highest leader epoch of what was polled before the commit.
	 */
	int leaderEpoch() {
		return this.metadata.leaderEpoch();
	}

	/**
	 * Return what of them can still be believed after a record was polled. Those below it
	 * were polled before it.
	 * @return these offsets, or {@link #NONE} if the record was written after the commit
	 */
	ReportedOffsets asOf(ConsumerRecord<?, ?> record) {
		int epoch = leaderEpoch(record);
		if (isEmpty() || epoch <= leaderEpoch() || record.offset() >= offsets().end()) {
			return this;
		}
		logger.warn("Consumer '" + this.consumer + "' handles the records of " + record.topic() + "-"
				+ record.partition() + " from " + record.offset() + " to " + (offsets().end() - 1)
				+ " although the last commit reports some of them as complete: the log was truncated and written anew"
				+ " (leader epoch " + epoch + " after " + leaderEpoch() + ")");
		return NONE;
	}

	/**
	 * Return the leader epoch of a record, or {@link CommitMetadata#UNKNOWN_EPOCH}.
	 */
	static int leaderEpoch(ConsumerRecord<?, ?> record) {
		return record.leaderEpoch().orElse(CommitMetadata.UNKNOWN_EPOCH);
	}

}
