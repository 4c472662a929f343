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
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.fault.Entry.Kind;

/**
 * Nothing of a partition starts in an instance that does not have it, and no record
 * starts without a partition having been assigned.
 * <p>
 * A partition that is lost is not waited for. So one record of it that was about to start
 * at that moment may still do so, within the time a thread can be kept from running.
 */
final class NothingAfterTheEnd implements Oracle {

	private static final long ABOUT_TO_START_MICROS = 500_000;

	@Override
	public List<String> violations(History history) {
		Map<List<Object>, List<String>> holders = new HashMap<>();
		Map<List<Object>, Long> lost = new HashMap<>();
		List<String> violations = new ArrayList<>();
		for (Entry entry : history.entries()) {
			TopicPartition partition = entry.topicPartition();
			List<Object> key = List.of(entry.instance(), partition);
			List<String> holding = holders.computeIfAbsent(key, (unused) -> new ArrayList<>());
			if (entry.kind() == Kind.ASSIGNED) {
				holding.add(entry.actor());
			}
			else if (entry.kind() == Kind.DRAINED || entry.kind() == Kind.REVOKED) {
				holding.remove(entry.actor());
			}
			else if (entry.kind() == Kind.LOST && holding.remove(entry.actor())) {
				lost.put(key, entry.micros());
			}
			else if (entry.kind() == Kind.START && holding.isEmpty()) {
				Long lostAt = lost.remove(key);
				if (lostAt == null || entry.micros() - lostAt > ABOUT_TO_START_MICROS) {
					violations.add(entry.coordinates() + " began in " + entry.instance() + " at " + entry.micros()
							+ ", which did not have the partition");
				}
			}
		}
		return violations;
	}

}
