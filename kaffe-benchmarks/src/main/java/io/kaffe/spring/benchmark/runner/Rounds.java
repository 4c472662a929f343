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

package io.kaffe.spring.benchmark.runner;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The rounds of one workload: every contender has its first one, then every contender its
 * second, and so on, so that what else the machine does is spread over all of them.
 *
 * @param workload the workload
 * @param measurement how a round is run
 * @param count how many rounds each contender has
 * @param limit how long all of it may take
 * @param progress where to tell how far it is
 */
record Rounds(Workload workload, Measurement measurement, int count, TimeLimit limit, PrintStream progress) {

	/**
	 * Run all rounds.
	 * @param contenders who takes part
	 * @return a row for each, and before them the ideal, if there is one
	 * @throws Exception if a round could not be run
	 */
	List<Row> run(List<String> contenders) throws Exception {
		Map<String, List<Round>> rounds = new LinkedHashMap<>();
		long start = System.nanoTime();
		double latest = 0;
		for (String contender : contenders) {
			if (!this.limit.allowsAnother(rounds.size(), secondsSince(start), latest, this.count)) {
				this.progress.printf("%-12s left out for want of time: %s%n", this.workload.name(),
						String.join(", ", contenders.subList(rounds.size(), contenders.size())));
				break;
			}
			this.measurement.prepare(contender);
			rounds.put(contender, new ArrayList<>());
			long round = System.nanoTime();
			run(contender, rounds);
			latest = secondsSince(round);
		}
		// The order alternates: of two equal contenders, the later one was ahead.
		List<String> order = new ArrayList<>(rounds.keySet());
		for (int round = 1; round < this.count; round++) {
			Collections.reverse(order);
			for (String contender : order) {
				run(contender, rounds);
			}
		}
		List<Row> rows = new ArrayList<>();
		if (this.workload.ideal() > 0) {
			rows.add(Row.ideal(this.workload));
		}
		rounds.forEach((contender, values) -> rows
			.add(new Row(this.workload.name(), contender, this.workload.kind().unit(), List.copyOf(values))));
		return rows;
	}

	private static double secondsSince(long nanos) {
		return (System.nanoTime() - nanos) / 1e9;
	}

	private void run(String contender, Map<String, List<Round>> rounds) throws Exception {
		Round round = this.measurement.measure(contender);
		List<Round> all = rounds.getOrDefault(contender, new ArrayList<>());
		all.add(round);
		this.progress.printf("%-12s %-42s round %d: %,12.0f %s%s%n", this.workload.name(), contender, all.size(),
				round.value(), this.workload.kind().unit(),
				round.failures().isEmpty() ? "" : "  FAILED: " + String.join("; ", round.failures()));
	}

}
