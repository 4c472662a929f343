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

/**
 * A topic that is filled.
 *
 * @param name its name
 * @param ends how many records are in each of its partitions
 */
record Topic(String name, List<Long> ends) {

	/**
	 * Return how many records there are.
	 */
	long records() {
		return this.ends.stream().mapToLong(Long::longValue).sum();
	}

}
