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

import java.util.ArrayList;
import java.util.List;

import io.kaffe.spring.benchmark.contender.Contender;
import io.kaffe.spring.benchmark.contender.Journal;
import io.kaffe.spring.benchmark.contender.Order;
import io.kaffe.spring.benchmark.contender.RoundResult;

/**
 * Whether a contender did what it promised: handled every record, in sequence what is to
 * be in sequence, and committed all of it.
 *
 * @param contender the contender
 * @param result what it found out itself
 * @param journal what it handled
 * @param committed the offsets that its group committed, by partition
 */
record RoundChecks(Contender contender, RoundResult result, Journal journal, List<Long> committed) {

	/**
	 * Return what was not as promised.
	 */
	List<String> failures() {
		List<String> failures = new ArrayList<>();
		long missing = 0;
		String first = "";
		for (int partition = 0; partition < this.journal.ends().size(); partition++) {
			for (long offset = 0; offset < this.journal.ends().get(partition); offset++) {
				if (this.journal.times(partition, offset) == 0 && missing++ == 0) {
					first = partition + "@" + offset;
				}
			}
		}
		if (missing > 0) {
			failures.add("lost %,d records, the first is %s".formatted(missing, first));
		}
		double violations = this.result.figures().getOrDefault(RoundResult.ORDER_VIOLATIONS, 0.0);
		if (this.contender.order() != Order.NONE && violations > 0) {
			failures.add("%,.0f records out of sequence".formatted(violations));
		}
		if (!this.committed.equals(this.journal.ends())) {
			failures.add("committed %s of %s".formatted(this.committed, this.journal.ends()));
		}
		if (!this.result.complaint().isEmpty()) {
			failures.add(this.result.complaint());
		}
		return failures;
	}

	/**
	 * Return how many records were handled more than once.
	 */
	long repeated() {
		long repeated = 0;
		for (int partition = 0; partition < this.journal.ends().size(); partition++) {
			for (long offset = 0; offset < this.journal.ends().get(partition); offset++) {
				repeated += (this.journal.times(partition, offset) > 1) ? 1 : 0;
			}
		}
		return repeated;
	}

}
