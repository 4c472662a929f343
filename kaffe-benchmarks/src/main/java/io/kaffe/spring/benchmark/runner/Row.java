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

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * All rounds of a contender in a workload.
 *
 * @param workload the name of the workload
 * @param contender the name of the contender
 * @param unit the unit of the rounds' values
 * @param rounds the rounds, in the order in which they were run
 */
record Row(String workload, String contender, String unit, List<Round> rounds) {

	/** The name of what arithmetic allows. */
	static final String IDEAL = "ideal";

	static Row ideal(Workload workload) {
		return new Row(workload.name(), IDEAL, workload.kind().unit(),
				List.of(new Round(workload.ideal(), Map.of(), List.of())));
	}

	boolean isIdeal() {
		return this.contender.equals(IDEAL);
	}

	/**
	 * Return the distribution of the values.
	 */
	Spread spread() {
		return Spread.of(this.rounds.stream().map(Round::value).toList());
	}

	/**
	 * Return the medians of the other figures, by their names.
	 */
	Map<String, Double> figures() {
		return this.rounds.stream()
			.flatMap((round) -> round.figures().entrySet().stream())
			.collect(Collectors.groupingBy(Map.Entry::getKey, TreeMap::new,
					Collectors.collectingAndThen(Collectors.mapping(Map.Entry::getValue, Collectors.toList()),
							(values) -> Spread.of(values).median())));
	}

	/**
	 * Return the code that a run ends with.
	 * @param rows the rows of the run
	 * @return 0 if every contender did in every round what it promises, else 1
	 */
	static int exitCode(List<Row> rows) {
		return rows.stream().allMatch((row) -> row.failures().isEmpty()) ? 0 : 1;
	}

	/**
	 * Return what was not as promised in any round.
	 */
	List<String> failures() {
		return this.rounds.stream().flatMap((round) -> round.failures().stream()).distinct().toList();
	}

}
