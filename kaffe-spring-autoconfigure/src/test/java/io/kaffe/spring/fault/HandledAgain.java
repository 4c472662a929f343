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

import java.util.List;
import java.util.stream.LongStream;

import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.fault.Entry.Kind;

/**
 * Everything of a range of offsets is handled after the committed offset was moved back
 * before it, though it had been before.
 */
final class HandledAgain implements Oracle {

	private final TopicPartition partition;

	private final long from;

	private final long to;

	/**
	 * Create the oracle.
	 * @param partition the partition
	 * @param from the first offset, inclusive
	 * @param to the last offset, exclusive
	 */
	HandledAgain(TopicPartition partition, long from, long to) {
		this.partition = partition;
		this.from = from;
		this.to = to;
	}

	@Override
	public List<String> violations(History history) {
		long moved = history.entries()
			.stream()
			.filter((entry) -> entry.kind() == Kind.MOVED && entry.topicPartition().equals(this.partition))
			.mapToLong(Entry::micros)
			.max()
			.orElse(Long.MAX_VALUE);
		List<Long> handled = history.entries()
			.stream()
			.filter((entry) -> entry.isCompletion() && entry.topicPartition().equals(this.partition)
					&& entry.micros() > moved)
			.map(Entry::offset)
			.toList();
		return LongStream.range(this.from, this.to)
			.filter((offset) -> !handled.contains(offset))
			.mapToObj((offset) -> this.partition + "@" + offset + " was not handled again")
			.toList();
	}

}
