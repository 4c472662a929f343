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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.fault.Entry.Kind;

/**
 * Nothing of a partition starts in an instance that does not have it, and no record
 * starts without a partition having been assigned.
 * <p>
 * A partition that is lost is not waited for. So records of it that were about to start
 * at that moment may still do so, within the time a thread can be kept from running: one
 * on each thread, and one of what is handled one at a time.
 */
final class NothingAfterTheEnd implements Oracle {

	private static final long ABOUT_TO_START_MICROS = 500_000;

	private final Unit unit;

	/**
	 * Create the oracle.
	 * @param unit names what is handled one at a time within an instance
	 */
	NothingAfterTheEnd(Unit unit) {
		this.unit = unit;
	}

	@Override
	public List<String> violations(History history) {
		Map<List<Object>, List<String>> holders = new HashMap<>();
		Map<List<Object>, Loss> lost = new HashMap<>();
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
				lost.put(key, new Loss(entry.micros()));
			}
			else if (entry.kind() == Kind.START && holding.isEmpty()) {
				Loss loss = lost.get(key);
				if (loss == null || !loss.excuses(entry, this.unit.of(entry))) {
					violations.add(entry.coordinates() + " began in " + entry.instance() + " at " + entry.micros()
							+ ", which did not have the partition");
				}
			}
		}
		return violations;
	}

	/**
	 * A partition that was lost, and what has started since.
	 */
	private static final class Loss {

		private final Set<String> threads = new HashSet<>();

		private final Set<Object> units = new HashSet<>();

		private final long at;

		Loss(long at) {
			this.at = at;
		}

		boolean excuses(Entry start, Object unit) {
			boolean first = this.threads.add(start.actor()) & this.units.add(unit);
			return first && start.micros() - this.at <= ABOUT_TO_START_MICROS;
		}

	}

}
