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

package io.kaffe.spring.engine.listener;

import java.util.Collection;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Names of partitions for a log line of bounded length, such as
 * {@code 14 partitions: orders-[0-9,12], refunds-[0-2]}.
 */
final class PartitionRanges {

	private static final int SHOWN_TOPICS = 5;

	private static final int SHOWN_RANGES = 10;

	private PartitionRanges() {
	}

	/**
	 * Write partitions down.
	 * @param partitions their names, such as {@code orders-0}
	 * @return how many there are, and which: at most five topics with ten ranges each
	 */
	static String describe(Collection<String> partitions) {
		Map<String, SortedSet<Integer>> topics = new TreeMap<>();
		for (String partition : partitions) {
			int hyphen = partition.lastIndexOf('-');
			topics.computeIfAbsent(partition.substring(0, hyphen), (topic) -> new TreeSet<>())
				.add(Integer.valueOf(partition.substring(hyphen + 1)));
		}
		StringBuilder text = new StringBuilder();
		text.append(partitions.size()).append((partitions.size() == 1) ? " partition: " : " partitions: ");
		int shown = 0;
		for (Map.Entry<String, SortedSet<Integer>> topic : topics.entrySet()) {
			if (shown == SHOWN_TOPICS) {
				text.append(" and ").append(topics.size() - shown).append(" more topics");
				break;
			}
			text.append((shown++ == 0) ? "" : ", ").append(topic.getKey()).append('-');
			append(text, topic.getValue());
		}
		return text.toString();
	}

	private static void append(StringBuilder text, SortedSet<Integer> numbers) {
		if (numbers.size() == 1) {
			text.append(numbers.first());
			return;
		}
		text.append('[');
		int ranges = 0;
		int first = numbers.first();
		int last = first;
		for (int number : numbers.tailSet(first + 1)) {
			if (number != last + 1) {
				if (++ranges == SHOWN_RANGES) {
					text.append(range(first, last)).append(",…]");
					return;
				}
				text.append(range(first, last)).append(',');
				first = number;
			}
			last = number;
		}
		text.append(range(first, last)).append(']');
	}

	private static String range(int first, int last) {
		return (first == last) ? String.valueOf(first) : first + "-" + last;
	}

}
