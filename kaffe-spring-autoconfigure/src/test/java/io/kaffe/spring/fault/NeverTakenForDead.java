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

import io.kaffe.spring.fault.Entry.Kind;

/**
 * Until a moment, no instance loses a partition without having been asked for it. The
 * moment is before instances stop: clients that leave their group are notified of lost
 * partitions too, in some protocols and states.
 */
final class NeverTakenForDead implements Oracle {

	private final long until;

	/**
	 * Create the oracle.
	 * @param until when it ceases to apply, in microseconds
	 */
	NeverTakenForDead(long until) {
		this.until = until;
	}

	@Override
	public List<String> violations(History history) {
		return history.entries()
			.stream()
			.filter((entry) -> entry.kind() == Kind.LOST && entry.micros() < this.until)
			.map((entry) -> entry.instance() + " lost " + entry.topicPartition() + " at " + entry.micros())
			.toList();
	}

}
