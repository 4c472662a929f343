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
 * How long a workload may take. What is left out is said, never measured less often.
 *
 * @param seconds how long, 0 for as long as it takes
 */
record TimeLimit(double seconds) {

	/**
	 * Return whether another contender may take part.
	 * @param count how many have had their first round
	 * @param elapsedSeconds how long that took
	 * @param rounds how many rounds each of them has
	 */
	boolean allowsAnother(int count, double elapsedSeconds, int rounds) {
		double each = elapsedSeconds / Math.max(1, count);
		return this.seconds <= 0 || count == 0 || (count + 1) * each * rounds <= this.seconds;
	}

}
