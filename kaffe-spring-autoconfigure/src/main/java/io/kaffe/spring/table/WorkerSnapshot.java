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
import java.util.List;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import org.jspecify.annotations.Nullable;

/**
 * A worker as it was at one moment.
 *
 * @param name the name the strategy gave
 * @param state what it was doing
 * @param partitions the partitions it serves, such as {@code orders-0}, sorted
 * @param queued the number of records that wait behind the current one
 * @param counters what it has done
 * @param current the record with the handler or waiting for its next attempt; empty if
 * there is none
 * @param lastFailure the last failed attempt, or {@code null}
 * @param stack where the thread is that runs the handler, innermost frame first, at most
 * 50 frames; {@code null} in tables of many workers, and while no handler runs
 */
public record WorkerSnapshot(String name, WorkerState state, List<String> partitions, int queued,
		@JsonUnwrapped Counters counters, List<CurrentRecord> current, @Nullable LastFailure lastFailure,
		@Nullable List<String> stack) {

	/**
	 * Return the same with another state.
	 * @param state the state
	 * @return the snapshot
	 */
	public WorkerSnapshot withState(WorkerState state) {
		return new WorkerSnapshot(this.name, state, this.partitions, this.queued, this.counters, this.current,
				this.lastFailure, this.stack);
	}

	/**
	 * Return the same with the stack of its thread.
	 * @param stack the frames, or {@code null}
	 * @return the snapshot
	 */
	public WorkerSnapshot withStack(@Nullable List<String> stack) {
		return new WorkerSnapshot(this.name, this.state, this.partitions, this.queued, this.counters, this.current,
				this.lastFailure, stack);
	}

	/**
	 * What a worker has done. The numbers never decrease.
	 *
	 * @param handled the number of records it has finished
	 * @param failed the number of attempts that failed
	 * @param restarts how often it broke down outside the handler and was restarted
	 */
	public record Counters(long handled, long failed, int restarts) {
	}

	/**
	 * A record that is being handled.
	 *
	 * @param partition the topic and partition, such as {@code orders-0}
	 * @param offset its offset
	 * @param attempt which attempt it is, from 1
	 * @param since when this attempt began
	 * @param key its key, if values are shown, else {@code null}
	 */
	public record CurrentRecord(String partition, long offset, int attempt, Instant since, @Nullable String key) {
	}

	/**
	 * An attempt that failed.
	 *
	 * @param at when it failed
	 * @param record its coordinates, such as {@code orders-0@70}
	 * @param exception the name of the exception's class
	 */
	public record LastFailure(Instant at, String record, String exception) {
	}

}
