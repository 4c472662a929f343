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

import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

import org.jspecify.annotations.Nullable;

/**
 * Some of the dead letters of a consumer.
 *
 * @param letters the dead letters, sorted by topic, partition and offset
 * @param next where the next page begins; {@code null} if there is none
 * @param missingTopics dead-letter topics that do not exist
 */
public record DeadLetterPage(List<DeadLetter> letters, @Nullable String next, SortedSet<String> missingTopics) {

	/**
	 * Create a page.
	 */
	public DeadLetterPage {
		letters = List.copyOf(letters);
		missingTopics = new TreeSet<>(missingTopics);
	}

}
