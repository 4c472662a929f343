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

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import org.jspecify.annotations.Nullable;

/**
 * An assigned partition as it was at one moment.
 *
 * @param topic the topic
 * @param partition the partition's number
 * @param worker the name of its worker; {@code null} if it has none yet, or if workers
 * are allocated for each record
 * @param epoch the assignment epoch
 * @param offsets how far it is
 * @param lag how far behind its end it is
 * @param parked how many of its records are parked
 * @param evicted its records that are evicted from memory
 * @param oldestUnfinished the record that blocks the completed offset; {@code null} if
 * there is none
 * @param paused why nothing is fetched: {@code back-pressure}, {@code once},
 * {@code worker-allocation} while the strategy has not named the worker, {@code parked}
 * while too many of its records are, {@code seek} while its position is being changed, or
 * {@code operator}; {@code null} if it is fetched
 * @param deletionExpected the oldest unfinished record, if the log's retention is
 * expected to delete it soon; else {@code null}
 */
public record PartitionSnapshot(String topic, int partition, @Nullable String worker, long epoch,
		@JsonUnwrapped Offsets offsets, @JsonUnwrapped Lag lag, int parked, @JsonUnwrapped Evicted evicted,
		@Nullable OldestUnfinished oldestUnfinished, @Nullable String paused,
		@Nullable DeletionExpected deletionExpected) {

	/**
	 * The offsets of a partition. They are next-to-read, as Kafka counts.
	 *
	 * @param completed everything below is completed; {@code null} before the first
	 * record
	 * @param committed what the broker has confirmed; {@code null} if nothing is known to
	 * be committed
	 * @param completedAhead how many offsets above {@code completed} are completed
	 * @param completedInMetadata how many of them the metadata of the last commit stores,
	 * so that they are not handled again after a crash
	 * @param nextFetch the offset after the last one polled; {@code null} before the
	 * first record
	 * @param end the end of the partition as of the last fetch, or as the broker
	 * reported; {@code null} if neither is known
	 */
	public record Offsets(@JsonProperty("completedOffset") @Nullable Long completed,
			@JsonProperty("committedOffset") @Nullable Long committed, long completedAhead,
			@JsonProperty("completedTold") long completedInMetadata,
			@JsonProperty("nextFetchOffset") @Nullable Long nextFetch, @JsonProperty("endOffset") @Nullable Long end) {
	}

	/**
	 * The unfinished record with the smallest offset.
	 *
	 * @param offset its offset
	 * @param since since when nothing smaller is unfinished
	 */
	public record OldestUnfinished(long offset, Instant since) {
	}

	/**
	 * An unfinished record that the log's retention is expected to delete.
	 *
	 * @param offset its offset; if it was not polled, the offset that is polled next
	 * @param at when it may be deleted, at the earliest; in the past if it may be at any
	 * time
	 */
	public record DeletionExpected(long offset, Instant at) {
	}

}
