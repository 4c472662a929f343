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

/**
 * How long a workload may take. What does not fit is left out and said to be, never
 * measured less often.
 *
 * @param seconds how long, 0 for as long as it takes
 * @param least how many contenders take part however long it takes
 */
record TimeLimit(double seconds, int least) {

	static final TimeLimit NONE = new TimeLimit(0, 0);

	/**
	 * Return whether another contender may take part.
	 * @param count how many have had their first round
	 * @param elapsedSeconds how long that took, with all preparations
	 * @param roundSeconds how long the latest round took
	 * @param rounds how many rounds each of them has
	 */
	boolean allowsAnother(int count, double elapsedSeconds, double roundSeconds, int rounds) {
		double toCome = ((rounds - 1) * count + rounds) * roundSeconds;
		return this.seconds <= 0 || count < this.least || elapsedSeconds + toCome <= this.seconds;
	}

}
