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

package io.kaffe.spring.engine.listener;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerProblem.Kind;
import io.kaffe.spring.table.PartitionSnapshot;

/**
 * Whether a consumer progresses: its partitions may all be held up by records that need
 * an operator, or stay paused by back-pressure while more is produced than is handled.
 * Both are everyday life for a moment, and problems when they last.
 * <p>
 * With back-pressure, partitions are paused and resumed by turns, so it counts when most
 * of them are paused at each check, and the lag has grown within a minute: where it
 * shrinks, a backlog is being worked off as fast as handlers can.
 * <p>
 * <b>Threading.</b> Whoever checks takes the lock, under which nothing waits and no code
 * of a user runs. Nothing is seen between two checks, so they must be made periodically.
 */
final class ProgressHealth {

	/** The name of the state in snapshots of partitions. */
	private static final String BACK_PRESSURE = "back-pressure";

	private static final Duration TOLERATED = Duration.ofMinutes(1);

	private static final Duration SAMPLING = Duration.ofSeconds(10);

	/** The lags of the last minute, the oldest first; at most ten. */
	private final Deque<Lag> lags = new ArrayDeque<>();

	private final Ticker ticker;

	private @Nullable Instant heldBackSince;

	private @Nullable Instant blockedSince;

	ProgressHealth(Ticker ticker) {
		this.ticker = ticker;
	}

	/**
	 * Forget what was seen, since the consumer does not run.
	 */
	synchronized void reset() {
		this.heldBackSince = null;
		this.blockedSince = null;
		this.lags.clear();
	}

	/**
	 * Check the partitions.
	 * @param partitions what is assigned
	 * @param blocked whether each of them is held up by a record, and others wait behind
	 * @return what is wrong
	 */
	synchronized List<ConsumerProblem> problems(List<PartitionSnapshot> partitions, boolean blocked) {
		Instant now = this.ticker.instant();
		List<ConsumerProblem> problems = new ArrayList<>();
		addBlocked(problems, partitions.size(), blocked, now);
		addHeldBack(problems, partitions, now);
		return problems;
	}

	private void addBlocked(List<ConsumerProblem> problems, int partitions, boolean blocked, Instant now) {
		Instant since = this.blockedSince;
		if (!blocked) {
			this.blockedSince = null;
		}
		else if (since == null) {
			this.blockedSince = now;
		}
		else if (isTooLong(since, now)) {
			problems.add(new ConsumerProblem(Kind.BLOCKED, since,
					"blocked: nothing has been handled since " + since + ", because each of " + count(partitions)
							+ " is held up by a record that is parked, stalled or failing"));
		}
	}

	private void addHeldBack(List<ConsumerProblem> problems, List<PartitionSnapshot> partitions, Instant now) {
		long paused = partitions.stream().filter((partition) -> BACK_PRESSURE.equals(partition.paused())).count();
		if (partitions.isEmpty() || paused * 2 < partitions.size()) {
			this.heldBackSince = null;
			this.lags.clear();
			return;
		}
		Instant since = this.heldBackSince;
		if (since == null) {
			since = now;
			this.heldBackSince = now;
		}
		long lag = partitions.stream()
			.map((snapshot) -> snapshot.lag().records())
			.filter(Objects::nonNull)
			.mapToLong(Long::longValue)
			.sum();
		long before = lagBefore(lag, now);
		if (isTooLong(since, now) && lag > before) {
			problems.add(new ConsumerProblem(Kind.HELD_BACK, since,
					"held back: " + paused + " of " + count(partitions.size())
							+ " have been paused by back-pressure for " + Duration.between(since, now).toSeconds()
							+ " s while the lag grew to " + lag + " records: handlers are too slow or too few"));
		}
	}

	/**
	 * Remember the lag.
	 * @return what it was a minute ago, or when it was seen first
	 */
	private long lagBefore(long lag, Instant now) {
		Lag last = this.lags.peekLast();
		if (last == null || Duration.between(last.at(), now).compareTo(SAMPLING) >= 0) {
			this.lags.addLast(new Lag(now, lag));
		}
		Lag oldest = this.lags.removeFirst();
		while (!this.lags.isEmpty() && isTooLong(this.lags.getFirst().at(), now)) {
			oldest = this.lags.removeFirst();
		}
		this.lags.addFirst(oldest);
		return oldest.records();
	}

	private static boolean isTooLong(Instant since, Instant now) {
		return Duration.between(since, now).compareTo(TOLERATED) >= 0;
	}

	private static String count(int partitions) {
		return (partitions == 1) ? "1 partition" : partitions + " partitions";
	}

	/**
	 * How many records were not completed.
	 *
	 * @param at when
	 * @param records how many
	 */
	private record Lag(Instant at, long records) {
	}

}
