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

package io.kaffe.spring;

import java.time.Instant;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

import org.jspecify.annotations.Nullable;

/**
 * How many dead letters of a consumer there are.
 *
 * @param here how many this instance can replay
 * @param elsewhere how many other instances can replay
 * @param foreign how many records of the dead-letter topics are no dead letters of the
 * consumer
 * @param byException how many of the others failed with an exception, by the class of its
 * root cause; of the first 100 classes
 * @param oldest when the oldest of the others was dead-lettered; {@code null} if there is
 * none
 * @param complete whether all were counted, rather than as many as could be read in time
 * @param missingTopics dead-letter topics that do not exist
 */
public record DeadLetterCount(long here, long elsewhere, long foreign, Map<String, Long> byException,
		@Nullable Instant oldest, boolean complete, SortedSet<String> missingTopics) {

	/**
	 * Create a count.
	 */
	public DeadLetterCount {
		byException = new TreeMap<>(byException);
		missingTopics = new TreeSet<>(missingTopics);
	}

}
