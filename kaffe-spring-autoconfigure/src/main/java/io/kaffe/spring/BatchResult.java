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

import java.util.Map;
import java.util.Objects;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Which records of a batch are final when its {@link BatchRecordHandler} returns.
 * <p>
 * What is not final is kept open: it is not delivered again by this instance, its offset
 * is not committed, and it counts as buffered. A later result that makes a record of the
 * partition final makes all records before it final that are kept open, those of earlier
 * batches, too. What is still open when the partition goes to another instance, or when
 * the service is started again, is delivered once more.
 */
public final class BatchResult {

	private static final long ALL = Long.MAX_VALUE;

	private static final long NONE = -1;

	private static final BatchResult COMMIT = new BatchResult(Map.of(), ALL);

	private static final BatchResult NO_COMMIT = new BatchResult(Map.of(), NONE);

	private final Map<TopicPartition, Long> offsets;

	/** For partitions that are not named. */
	private final long offset;

	private BatchResult(Map<TopicPartition, Long> offsets, long offset) {
		this.offsets = Map.copyOf(offsets);
		this.offset = offset;
	}

	/**
	 * All of the batch is final.
	 * @return the result
	 */
	public static BatchResult commit() {
		return COMMIT;
	}

	/**
	 * Nothing of the batch is final yet.
	 * @return the result
	 */
	public static BatchResult noCommit() {
		return NO_COMMIT;
	}

	/**
	 * The records of the batch's partition are final up to an offset, and those above it
	 * are not. For batches of one partition: to return it for another is a failure of the
	 * batch.
	 * @param offset the offset of the last record that is final, 0 or more
	 * @return the result
	 */
	public static BatchResult commitUpTo(long offset) {
		return new BatchResult(Map.of(), checked(offset));
	}

	/**
	 * The records of one partition are final up to an offset, and no others.
	 * @param partition a partition of the batch
	 * @param offset the offset of the last record that is final, 0 or more
	 * @return the result
	 */
	public static BatchResult commitUpTo(TopicPartition partition, long offset) {
		return commitUpTo(Map.of(partition, offset));
	}

	/**
	 * The records of some partitions are final up to an offset each, and no others.
	 * @param offsets partition of the batch to the offset of the last record that is
	 * final, 0 or more
	 * @return the result
	 */
	public static BatchResult commitUpTo(Map<TopicPartition, Long> offsets) {
		offsets.values().forEach(BatchResult::checked);
		return new BatchResult(offsets, NONE);
	}

	private static long checked(@Nullable Long offset) {
		if (Objects.requireNonNull(offset, "offset") < 0) {
			throw new IllegalArgumentException("An offset is 0 or more, not " + offset);
		}
		return offset;
	}

	/**
	 * Return up to where the records of a partition are final.
	 * @param partition a partition of the batch
	 * @return the last offset that is final, {@link Long#MAX_VALUE} for all of the batch,
	 * or -1 for none
	 */
	public long finalUpTo(TopicPartition partition) {
		return this.offsets.getOrDefault(partition, this.offset);
	}

	/**
	 * Return the partitions that are named in this result.
	 * @return partition to the last offset that is final; empty if none is named
	 */
	public Map<TopicPartition, Long> offsets() {
		return this.offsets;
	}

	/**
	 * Return whether an offset is given without a partition, so that it makes sense for a
	 * batch of one partition only.
	 * @return {@code true} if it was made by {@link #commitUpTo(long)}
	 */
	public boolean isForOnePartition() {
		return this.offset != ALL && this.offset != NONE;
	}

	@Override
	public String toString() {
		if (!this.offsets.isEmpty()) {
			return "commit up to " + this.offsets;
		}
		if (this.offset == ALL) {
			return "commit";
		}
		return (this.offset == NONE) ? "no commit" : "commit up to " + this.offset;
	}

}
