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

/**
 * What one round of a contender came to.
 *
 * @param value the figure that is compared, in the workload's unit; NaN if there is none
 * @param figures other figures, by their names
 * @param failures what was not as promised; empty if all was
 */
record Round(double value, Map<String, Double> figures, List<String> failures) {

	/**
	 * Return a round that came to nothing.
	 */
	static Round failed(String failure) {
		return new Round(Double.NaN, Map.of(), List.of(failure));
	}

}
