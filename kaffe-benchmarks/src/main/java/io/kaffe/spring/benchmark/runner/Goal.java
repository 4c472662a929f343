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
import java.util.Optional;

/**
 * How much of what another row has a row is to have.
 *
 * @param workload the workload of both
 * @param contender the contender
 * @param factor how many times as much, at least
 * @param than the other contender
 */
record Goal(String workload, String contender, double factor, String than) {

	/** All goals that are a ratio of two contenders in one workload. */
	static final List<Goal> ALL = List.of(new Goal("noop", "kaffe worker-per-topic-partition", 1.3, "bare loop"),
			new Goal("noop", "kaffe worker-per-topic-partition", 1.8, "spring record"),
			new Goal("noop", "kaffe worker-per-key", 0.9, "bare loop"),
			new Goal("noop", "kaffe worker-per-key", 8, "parallel-consumer key"),
			new Goal("noop-1key", "kaffe worker-per-key", 0.9, "bare loop"),
			new Goal("noop-10keys", "kaffe worker-per-key", 0.9, "bare loop"),
			new Goal("io-16", "kaffe worker-per-key", 0.95, Row.IDEAL),
			new Goal("io-100", "kaffe worker-per-key", 0.95, Row.IDEAL),
			new Goal("io-1000", "kaffe worker-per-key virtual", 0.85, Row.IDEAL),
			new Goal("mixed", "kaffe worker-per-key", 0.95, Row.IDEAL),
			new Goal("transactions", "kaffe worker-per-key transactional", 1,
					"spring record per partition transactional"),
			new Goal("transactions", "kaffe worker-per-key transactional", 1, "parallel-consumer key transactional"),
			new Goal("once", "kaffe worker-per-key update once", 0.9, "kaffe worker-per-key update"),
			new Goal("once", "kaffe worker-per-key update once", 1, "kaffe worker-per-key update inbox"),
			new Goal("noop", "kaffe worker-per-topic-partition metered", 0.85, "kaffe worker-per-topic-partition"),
			new Goal("noop", "kaffe worker-per-key metered", 0.85, "kaffe worker-per-key"),
			new Goal("noop", "kaffe worker-per-topic-partition observed", 0.85, "kaffe worker-per-topic-partition"),
			new Goal("noop", "kaffe worker-per-key observed", 0.85, "kaffe worker-per-key"),
			new Goal("noop", "kaffe worker-per-topic-partition", 0.98,
					"kaffe worker-per-topic-partition commit every second"),
			new Goal("noop", "kaffe worker-per-key", 0.98, "kaffe worker-per-key commit every second"),
			new Goal("io-100", "kaffe worker-per-topic-partition metered", 0.85, "kaffe worker-per-topic-partition"),
			new Goal("io-100", "kaffe worker-per-key metered", 0.85, "kaffe worker-per-key"),
			new Goal("io-100", "kaffe worker-per-topic-partition observed", 0.85, "kaffe worker-per-topic-partition"),
			new Goal("io-100", "kaffe worker-per-key observed", 0.85, "kaffe worker-per-key"));

	/**
	 * Return how the medians of a run compare.
	 * @param rows the rows of the run
	 * @return the ratio, or nothing if one of the two did not take part
	 */
	Optional<Double> ratio(List<Row> rows) {
		return median(rows, this.contender).flatMap((median) -> median(rows, this.than).map((other) -> median / other));
	}

	private Optional<Double> median(List<Row> rows, String name) {
		return rows.stream()
			.filter((row) -> row.workload().equals(this.workload) && row.contender().equals(name))
			.map((row) -> row.spread().median())
			.filter((median) -> !median.isNaN())
			.findFirst();
	}

}
