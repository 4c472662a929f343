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

import java.util.List;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

/**
 * How a history ended.
 *
 * @param scenario what it was about
 * @param violation what it broke, or {@code null}
 * @param story its story, if it was kept
 * @param records how many records were produced
 * @param deliveries how often one was handled
 * @param commits how often an offset was committed
 * @param points how many points threads passed
 * @param millis how long it took in simulated time
 */
record Outcome(Scenario scenario, @Nullable ViolationException violation, List<String> story, int records,
		long deliveries, long commits, long points, long millis) {

	/**
	 * Return whether it broke a promise.
	 */
	boolean isViolated() {
		return this.violation != null;
	}

	/**
	 * Return whether it broke the same promise as another one.
	 */
	boolean isViolatedAs(Outcome other) {
		return isViolated() && other.isViolated() && words(this).equals(words(other));
	}

	/**
	 * Return what is said of a violation, without what differs from case to case.
	 */
	private static String words(Outcome outcome) {
		return Objects.requireNonNull(outcome.violation)
			.what()
			.replaceAll("\\[.*", "")
			.replaceAll("\\S*\\d\\S*|\\(\\w+\\)", "");
	}

}
