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

package io.kaffe.spring.table;

import java.time.Instant;

import org.jspecify.annotations.Nullable;

/**
 * An assigned partition as it was at one moment. Offsets are next-to-read, as Kafka
 * counts.
 *
 * @param topic the topic
 * @param partition the partition's number
 * @param worker the name of its worker; {@code null} if it has none yet, or if workers
 * are allocated for each record
 * @param epoch the assignment epoch
 * @param completedOffset everything below is completed; {@code null} before the first
 * record
 * @param committedOffset what the broker has confirmed; {@code null} if nothing is known
 * to be committed
 * @param completedAhead how many offsets above {@code completedOffset} are complete
 * @param completedTold how many of them the last commit's metadata stores, so that they
 * are not handled again after a crash
 * @param nextFetchOffset the offset after the last one polled; {@code null} before the
 * first record
 * @param endOffset the end of the partition as of the last fetch, or as the broker
 * reported; {@code null} if neither is known
 * @param lag end offset minus completed offset, or, before the first record, minus the
 * offset from which the partition is going to be read; {@code null} if either is unknown
 * @param lagSeconds the age in seconds of the record at the completed offset, by its
 * timestamp; 0 if {@code lag} is; {@code null} if unknown
 * @param parked how many of its records are parked
 * @param oldestUnfinished the record that blocks {@code completedOffset}; {@code null} if
 * there is none
 * @param paused why nothing is fetched: {@code back-pressure}, {@code worker-allocation}
 * while the strategy has not named the worker, {@code parked} while too many of its
 * records are, or {@code operator}; {@code null} if it is
 */
public record PartitionSnapshot(String topic, int partition, @Nullable String worker, long epoch,
		@Nullable Long completedOffset, @Nullable Long committedOffset, long completedAhead, long completedTold,
		@Nullable Long nextFetchOffset, @Nullable Long endOffset, @Nullable Long lag, @Nullable Long lagSeconds,
		int parked, @Nullable OldestUnfinished oldestUnfinished, @Nullable String paused) {

	/**
	 * The unfinished record with the smallest offset.
	 *
	 * @param offset its offset
	 * @param since since when nothing smaller is unfinished
	 */
	public record OldestUnfinished(long offset, Instant since) {
	}

}
