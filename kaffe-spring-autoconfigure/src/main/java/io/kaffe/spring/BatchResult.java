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
 * Which records of a batch are completed when its {@link BatchRecordHandler} returns.
 * <p>
 * Records that are not completed are held: they are not redelivered by this instance,
 * their offsets are not committed, and they count as buffered. A later result that
 * completes a record of the partition also completes all held records before it,
 * including those of earlier batches. Records that are still held when the partition is
 * assigned to another instance, or when the service is restarted, are redelivered.
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
	 * All records of the batch are completed.
	 * @return the result
	 */
	public static BatchResult commit() {
		return COMMIT;
	}

	/**
	 * No record of the batch is completed yet.
	 * @return the result
	 */
	public static BatchResult noCommit() {
		return NO_COMMIT;
	}

	/**
	 * The records of the batch's partition are completed up to an offset, and those above
	 * it are not. For batches of one partition only; any other batch fails with it.
	 * @param offset the offset of the last completed record, 0 or more
	 * @return the result
	 */
	public static BatchResult commitUpTo(long offset) {
		return new BatchResult(Map.of(), checked(offset));
	}

	/**
	 * The records of one partition are completed up to an offset, and no others.
	 * @param partition a partition of the batch
	 * @param offset the offset of the last completed record, 0 or more
	 * @return the result
	 */
	public static BatchResult commitUpTo(TopicPartition partition, long offset) {
		return commitUpTo(Map.of(partition, offset));
	}

	/**
	 * The records of some partitions are completed up to an offset each, and no others.
	 * @param offsets partition of the batch to the offset of its last completed record, 0
	 * or more
	 * @return the result
	 */
	public static BatchResult commitUpTo(Map<TopicPartition, Long> offsets) {
		offsets.values().forEach(BatchResult::checked);
		return new BatchResult(offsets, NONE);
	}

	private static long checked(@Nullable Long offset) {
		if (Objects.requireNonNull(offset, "offset") < 0) {
			throw new IllegalArgumentException("Offset must not be negative: " + offset);
		}
		return offset;
	}

	/**
	 * Return the offset up to which the records of a partition are completed.
	 * @param partition a partition of the batch
	 * @return the last completed offset, {@link Long#MAX_VALUE} for all of the batch, or
	 * -1 for none
	 */
	public long completedUpTo(TopicPartition partition) {
		return this.offsets.getOrDefault(partition, this.offset);
	}

	/**
	 * Return the partitions that are named in this result.
	 * @return partition to the last completed offset; empty if none is named
	 */
	public Map<TopicPartition, Long> offsets() {
		return this.offsets;
	}

	/**
	 * Return whether this result has an offset without a partition, which is valid only
	 * for a batch of one partition.
	 * @return {@code true} if it was created by {@link #commitUpTo(long)}
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
