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

package io.kaffe.spring.engine.offset;

import java.util.Arrays;

/**
 * Offsets that are complete although a smaller one is not: ascending runs.
 * <p>
 * Immutable.
 */
public final class CompletedOffsets {

	/**
	 * No offsets.
	 */
	public static final CompletedOffsets NONE = new CompletedOffsets(new long[0]);

	/** First offset of a run and the one after its last, and so on. */
	private final long[] bounds;

	private CompletedOffsets(long[] bounds) {
		this.bounds = bounds;
	}

	/**
	 * Return whether there are none.
	 * @return {@code true} if there are none
	 */
	public boolean isEmpty() {
		return this.bounds.length == 0;
	}

	/**
	 * Return the number of offsets.
	 * @return the number of offsets, not of runs
	 */
	public long count() {
		long count = 0;
		for (int run = 0; run < runs(); run++) {
			count += to(run) - from(run);
		}
		return count;
	}

	/**
	 * Return whether an offset is among them.
	 * @param offset the offset
	 * @return {@code true} if it is complete
	 */
	public boolean contains(long offset) {
		int index = Arrays.binarySearch(this.bounds, offset);
		// A first bound is inside its run, a second one is not; between them is inside.
		return (index >= 0) ? index % 2 == 0 : (-index - 1) % 2 == 1;
	}

	/**
	 * Return the first offset from another one on that is not among them.
	 * @param offset where to begin
	 * @return the offset itself, or the end of its run
	 */
	public long firstNotIn(long offset) {
		if (!contains(offset)) {
			return offset;
		}
		int index = Arrays.binarySearch(this.bounds, offset);
		return this.bounds[(index >= 0) ? index + 1 : -index - 1];
	}

	/**
	 * Return these offsets and others.
	 * @param others the others, in any order; may be among these
	 * @return all of them
	 */
	public CompletedOffsets with(long... others) {
		long[] ascending = others.clone();
		Arrays.sort(ascending);
		Builder all = new Builder();
		int run = 0;
		for (long other : ascending) {
			while (run < runs() && from(run) <= other) {
				all.add(from(run), to(run));
				run++;
			}
			if (all.length == 0 || all.bounds[all.length - 1] <= other) {
				all.add(other, other + 1);
			}
		}
		while (run < runs()) {
			all.add(from(run), to(run));
			run++;
		}
		return all.build();
	}

	/**
	 * Return the offset after the last one.
	 * @return the end of the last run
	 * @throws IllegalStateException if there are none
	 */
	public long end() {
		if (isEmpty()) {
			throw new IllegalStateException("There are no completed offsets");
		}
		return this.bounds[this.bounds.length - 1];
	}

	/**
	 * Return the number of runs.
	 * @return the number of runs, which do not touch each other
	 */
	public int runs() {
		return this.bounds.length / 2;
	}

	/**
	 * Return where a run begins.
	 * @param run the number of the run, from 0
	 * @return its first offset
	 */
	public long from(int run) {
		return this.bounds[2 * run];
	}

	/**
	 * Return where a run ends.
	 * @param run the number of the run, from 0
	 * @return the offset after its last one
	 */
	public long to(int run) {
		return this.bounds[2 * run + 1];
	}

	@Override
	public boolean equals(Object other) {
		return other instanceof CompletedOffsets offsets && Arrays.equals(this.bounds, offsets.bounds);
	}

	@Override
	public int hashCode() {
		return Arrays.hashCode(this.bounds);
	}

	@Override
	public String toString() {
		StringBuilder text = new StringBuilder("[");
		for (int run = 0; run < runs(); run++) {
			text.append((run > 0) ? ", " : "").append(from(run)).append("..").append(to(run) - 1);
		}
		return text.append(']').toString();
	}

	/**
	 * Collects runs in ascending order; runs that touch become one.
	 */
	public static final class Builder {

		private static final int INITIAL_BOUNDS = 16;

		private long[] bounds = new long[INITIAL_BOUNDS];

		private int length;

		/**
		 * Add a run.
		 * @param from its first offset, not below the end of the run before
		 * @param to the offset after its last one, above {@code from}
		 * @return this builder
		 * @throws IllegalArgumentException if the run is empty or not in order
		 */
		public Builder add(long from, long to) {
			if (from >= to || (this.length > 0 && from < this.bounds[this.length - 1])) {
				throw new IllegalArgumentException("Not an ascending run: " + from + ".." + (to - 1));
			}
			if (this.length > 0 && this.bounds[this.length - 1] == from) {
				this.bounds[this.length - 1] = to;
				return this;
			}
			if (this.length == this.bounds.length) {
				this.bounds = Arrays.copyOf(this.bounds, 2 * this.length);
			}
			this.bounds[this.length++] = from;
			this.bounds[this.length++] = to;
			return this;
		}

		/**
		 * Add those of other offsets that are within bounds.
		 * @param others the others
		 * @param from the smallest offset to add, not below the end of the last run
		 * @param to the offset after the largest one to add
		 * @return this builder
		 */
		public Builder addFrom(CompletedOffsets others, long from, long to) {
			for (int run = 0; run < others.runs(); run++) {
				long first = Math.max(from, others.from(run));
				long end = Math.min(to, others.to(run));
				if (first < end) {
					add(first, end);
				}
			}
			return this;
		}

		/**
		 * Return how many runs there are.
		 * @return the number of runs
		 */
		public int runs() {
			return this.length / 2;
		}

		/**
		 * Return what was collected.
		 * @return the offsets
		 */
		public CompletedOffsets build() {
			return (this.length > 0) ? new CompletedOffsets(Arrays.copyOf(this.bounds, this.length)) : NONE;
		}

	}

}
