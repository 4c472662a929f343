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

import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * What was written at an offset of a partition: a record or the marker of a transaction.
 */
public final class LogEntry {

	private final long id;

	private final long offset;

	private final int leaderEpoch;

	private final long timestamp;

	private final byte @Nullable [] key;

	private final byte @Nullable [] value;

	private final @Nullable Headers headers;

	private final @Nullable SimulatedTransaction transaction;

	private boolean removed;

	LogEntry(long id, long offset, int leaderEpoch, long timestamp, byte @Nullable [] key, byte @Nullable [] value,
			@Nullable Headers headers, @Nullable SimulatedTransaction transaction) {
		this.id = id;
		this.offset = offset;
		this.leaderEpoch = leaderEpoch;
		this.timestamp = timestamp;
		this.key = key;
		this.value = value;
		this.headers = headers;
		this.transaction = transaction;
	}

	/**
	 * Return the identity of this entry, which no other entry of the cluster has, not
	 * even one that reuses its offset.
	 * @return the identity
	 */
	public long id() {
		return this.id;
	}

	/**
	 * Return where this entry stands.
	 * @return its offset
	 */
	public long offset() {
		return this.offset;
	}

	/**
	 * Return the epoch of the leader that wrote this entry.
	 * @return the leader epoch
	 */
	public int leaderEpoch() {
		return this.leaderEpoch;
	}

	/**
	 * Return the time stamp.
	 * @return milliseconds since 1970
	 */
	public long timestamp() {
		return this.timestamp;
	}

	/**
	 * Return the serialized key.
	 * @return its bytes, if any
	 */
	public byte @Nullable [] key() {
		return this.key;
	}

	/**
	 * Return the serialized value.
	 * @return its bytes, if any
	 */
	public byte @Nullable [] value() {
		return this.value;
	}

	/**
	 * Return the headers.
	 * @return the headers, or {@code null} for a marker
	 */
	public @Nullable Headers headers() {
		return this.headers;
	}

	/**
	 * Return whether this is the marker of a transaction, which consumers do not see.
	 * @return whether it is no record
	 */
	public boolean isMarker() {
		return this.headers == null;
	}

	/**
	 * Return whether consumers get this entry: a record that was neither removed by
	 * compaction nor, if only committed ones are read, aborted or of an open transaction.
	 * @param readCommitted whether only committed records count
	 * @return whether it is a record
	 */
	public boolean isRecord(boolean readCommitted) {
		return !isMarker() && !this.removed
				&& (!readCommitted || this.transaction == null || this.transaction.isCommitted());
	}

	/**
	 * Return whether compaction removed this entry.
	 * @return whether its offset is a gap
	 */
	public boolean isRemoved() {
		return this.removed;
	}

	void remove() {
		this.removed = true;
	}

	@Override
	public String toString() {
		return (isMarker() ? "marker " : "record ") + this.id + "@" + this.offset;
	}

}
