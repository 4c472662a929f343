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

package io.kaffe.spring.test.simulation.kafka;

import java.util.List;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * What a fetch returned of one partition, as far as it has not been returned by polls.
 */
final class CompletedFetch {

	private final AssignedPartition state;

	private final long version;

	private final Errors error;

	private final List<LogEntry> entries;

	private final long endOffset;

	private long nextOffset;

	private int next;

	private boolean consumed;

	/**
	 * Create it.
	 * @param state the partition
	 * @param version of the position that was fetched
	 * @param fetchOffset from where
	 * @param error what went wrong
	 * @param entries the records
	 * @param endOffset the position after them and after the gaps behind
	 */
	CompletedFetch(AssignedPartition state, long version, long fetchOffset, Errors error, List<LogEntry> entries,
			long endOffset) {
		this.state = state;
		this.version = version;
		this.nextOffset = fetchOffset;
		this.error = error;
		this.entries = entries;
		this.endOffset = endOffset;
	}

	AssignedPartition state() {
		return this.state;
	}

	Errors error() {
		return this.error;
	}

	boolean isConsumed() {
		return this.consumed;
	}

	void drain() {
		this.consumed = true;
	}

	/**
	 * Return whether it begins at the current position, which is not the case if there
	 * was a seek meanwhile.
	 */
	boolean isCurrent() {
		return this.state.version() == this.version && this.state.offset() == this.nextOffset;
	}

	/**
	 * Take records and advance the position behind them.
	 * @return whether the position advanced
	 * @throws RecordDeserializationException if the first record cannot be deserialized
	 */
	<K, V> boolean take(RecordReader<K, V> reader, int max, List<ConsumerRecord<K, V>> target) {
		int taken = 0;
		int epoch = -1;
		long before = this.nextOffset;
		while (taken < max && !this.consumed) {
			if (this.next == this.entries.size()) {
				this.nextOffset = Math.max(this.nextOffset, this.endOffset);
				this.consumed = true;
				break;
			}
			LogEntry entry = this.entries.get(this.next);
			ConsumerRecord<K, V> read = read(reader, entry, taken);
			if (read == null) {
				break;
			}
			target.add(read);
			this.next++;
			taken++;
			this.nextOffset = entry.offset() + 1;
			epoch = entry.leaderEpoch();
		}
		if (this.next == this.entries.size() && this.nextOffset >= this.endOffset) {
			this.consumed = true;
		}
		if (this.nextOffset > before) {
			this.state.advance(this.nextOffset, epoch);
		}
		return this.nextOffset > before;
	}

	private <K, V> @Nullable ConsumerRecord<K, V> read(RecordReader<K, V> reader, LogEntry entry, int taken) {
		try {
			return reader.read(this.state.partition(), entry);
		}
		catch (RecordDeserializationException ex) {
			if (taken == 0) {
				throw ex;
			}
			return null;
		}
	}

	/**
	 * Whether it can be dropped without a poll: nothing will be taken from it.
	 */
	boolean isStale(@Nullable AssignedPartition current) {
		return this.consumed || current != this.state || (this.error == Errors.NONE && !isCurrent())
				|| this.state.version() != this.version;
	}

}
