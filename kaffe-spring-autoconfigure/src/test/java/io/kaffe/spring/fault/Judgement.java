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

package io.kaffe.spring.fault;

import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What the oracles found in one or more rounds of a scenario.
 * <p>
 * <b>Threading.</b> Used by the thread of a test.
 */
final class Judgement {

	private static final int SHOWN = 20;

	private final Map<Guarantee, Integer> violations = new EnumMap<>(Guarantee.class);

	private final StringBuilder text = new StringBuilder();

	private long records;

	private long duplicates;

	private long bound;

	void records(long records) {
		this.records += records;
	}

	void violations(Guarantee guarantee, List<String> found) {
		this.violations.merge(guarantee, found.size(), Integer::sum);
		if (!found.isEmpty()) {
			this.text.append("\n").append(guarantee).append(": ").append(found.size());
			found.stream().limit(SHOWN).forEach((line) -> this.text.append("\n  ").append(line));
		}
	}

	void duplicates(long duplicates, long bound) {
		this.duplicates += duplicates;
		this.bound += bound;
		violations(Guarantee.EXCESS,
				(duplicates > bound) ? List.of(duplicates + " duplicates are more than " + bound) : List.of());
	}

	void add(Judgement other) {
		other.violations.forEach((guarantee, count) -> this.violations.merge(guarantee, count, Integer::sum));
		this.text.append(other.text);
		this.records += other.records;
		this.duplicates += other.duplicates;
		this.bound += other.bound;
	}

	boolean isClean() {
		return this.violations.values().stream().allMatch((count) -> count == 0);
	}

	/**
	 * Return the violations, the first of each kind.
	 */
	String text() {
		return this.text.toString();
	}

	@Override
	public String toString() {
		StringBuilder line = new StringBuilder("records=" + this.records);
		for (Guarantee guarantee : Guarantee.values()) {
			if (guarantee != Guarantee.EXCESS) {
				line.append(" ").append(guarantee).append("=").append(this.violations.getOrDefault(guarantee, 0));
			}
		}
		return line.append(" duplicates=" + this.duplicates + " (bound " + this.bound + ")").toString();
	}

	/**
	 * What is counted, under the name of its violation.
	 */
	enum Guarantee {

		/** Acknowledged to the producer, or in the log, and not handled. */
		LOST,

		/** Committed before it was completed. */
		EARLY,

		/** Out of order. */
		DISORDER,

		/** At the same time. */
		OVERLAPS,

		/** Started without the partition. */
		STRAYS,

		/** Commits that led back, and records below a commit. */
		BACKWARDS,

		/** Partitions not committed to their end, and times without progress. */
		STUCK,

		/** Effects that are missing, or there twice. */
		EFFECTS,

		/** More duplicates than can be explained. */
		EXCESS;

		@Override
		public String toString() {
			return name().toLowerCase(Locale.ROOT);
		}

	}

}
