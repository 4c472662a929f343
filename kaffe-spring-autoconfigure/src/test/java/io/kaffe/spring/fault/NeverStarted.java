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

import java.util.ArrayList;
import java.util.List;

import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.fault.Entry.Kind;

/**
 * Nothing of a range of offsets is started after the committed offset was moved over it.
 */
final class NeverStarted implements Oracle {

	private final TopicPartition partition;

	private final long from;

	private final long to;

	/**
	 * Create the oracle.
	 * @param partition the partition
	 * @param from the first offset, inclusive
	 * @param to the last offset, exclusive
	 */
	NeverStarted(TopicPartition partition, long from, long to) {
		this.partition = partition;
		this.from = from;
		this.to = to;
	}

	@Override
	public List<String> violations(History history) {
		List<String> violations = new ArrayList<>();
		boolean moved = false;
		for (Entry entry : history.entries()) {
			if (entry.topicPartition().equals(this.partition)) {
				moved |= entry.kind() == Kind.MOVED;
				if (moved && entry.kind() == Kind.START && isToBeSkipped(entry.offset())) {
					violations.add(entry.coordinates() + " began though it was to be skipped");
				}
			}
		}
		return violations;
	}

	private boolean isToBeSkipped(long offset) {
		return offset >= this.from && offset < this.to;
	}

}
