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

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Between two moments there is no time longer than some in which nothing is handled to
 * its end.
 */
final class SteadyProgress implements Oracle {

	private final long from;

	private final long to;

	private final Duration longest;

	/**
	 * Create the oracle.
	 * @param from when it begins to apply, in microseconds
	 * @param to when it ceases to apply
	 * @param longest the longest time without progress
	 */
	SteadyProgress(long from, long to, Duration longest) {
		this.from = from;
		this.to = to;
		this.longest = longest;
	}

	@Override
	public List<String> violations(History history) {
		List<String> violations = new ArrayList<>();
		long last = this.from;
		for (Entry entry : history.entries()) {
			if (entry.isCompletion() && entry.micros() > this.from && entry.micros() < this.to) {
				check(last, entry.micros(), violations);
				last = entry.micros();
			}
		}
		check(last, this.to, violations);
		return violations;
	}

	private void check(long last, long next, List<String> violations) {
		if (next - last > TimeUnit.NANOSECONDS.toMicros(this.longest.toNanos())) {
			violations.add("Nothing was handled from " + last + " to " + next);
		}
	}

}
