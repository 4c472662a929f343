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

package io.kaffe.simulation;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Counts in how many histories one disturbance came before another.
 * <p>
 * <b>Threading.</b> Used by one thread.
 */
final class Pairs {

	private static final String LINE = "pair ";

	private static final Happening.Kind[] KINDS = Arrays.stream(Happening.Kind.values())
		.filter(Happening.Kind::disturbs)
		.toArray(Happening.Kind[]::new);

	private final long[][] histories = new long[Happening.Kind.values().length][Happening.Kind.values().length];

	/**
	 * Count those of a history.
	 */
	void add(Scenario scenario) {
		boolean[][] seen = new boolean[this.histories.length][this.histories.length];
		List<Happening> happenings = scenario.happenings();
		for (int second = 0; second < happenings.size(); second++) {
			for (int first = 0; first < second; first++) {
				int one = happenings.get(first).kind().ordinal();
				int other = happenings.get(second).kind().ordinal();
				if (!seen[one][other]) {
					seen[one][other] = true;
					this.histories[one][other]++;
				}
			}
		}
	}

	/**
	 * Return what was counted, to be read by {@link #read}.
	 */
	Stream<String> lines() {
		return all().map((pair) -> LINE + pair.first() + " " + pair.second() + " " + count(pair));
	}

	/**
	 * Add what another one has counted.
	 * @param line maybe a line of it
	 * @return whether it is one
	 */
	boolean read(String line) {
		if (!line.startsWith(LINE)) {
			return false;
		}
		String[] words = line.split(" ");
		this.histories[Happening.Kind.valueOf(words[1]).ordinal()][Happening.Kind.valueOf(words[2]).ordinal()] += Long
			.parseLong(words[3]);
		return true;
	}

	private Stream<Pair> all() {
		return Arrays.stream(KINDS).flatMap((first) -> Arrays.stream(KINDS).map((second) -> new Pair(first, second)));
	}

	private long count(Pair pair) {
		return this.histories[pair.first().ordinal()][pair.second().ordinal()];
	}

	@Override
	public String toString() {
		List<Pair> rarest = all().sorted(Comparator.comparingLong(this::count)).limit(3).toList();
		return "%,d of %,d pairs of disturbances, the rarest: %s"
			.formatted(all().filter((pair) -> count(pair) > 0).count(), (long) KINDS.length * KINDS.length,
					String.join("; ", IntStream.range(0, rarest.size())
						.mapToObj((index) -> "%s before %s in %,d histories".formatted(rarest.get(index).first(),
								rarest.get(index).second(), count(rarest.get(index))))
						.toList()));
	}

	/**
	 * One disturbance before another.
	 */
	private record Pair(Happening.Kind first, Happening.Kind second) {
	}

}
