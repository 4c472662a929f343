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

/**
 * A commit that was asked for after another was confirmed does not lead back behind it,
 * unless the offset was moved in between, and no record below a confirmed commit is
 * delivered to the consumer that is assigned the partition after that. While several
 * consumers of one instance take themselves for the owner of a partition, because one of
 * them does not know yet that it lost it, its journal does not tell which of them a
 * record began for: then the oldest of these assignments counts.
 */
final class MonotonicCommits implements Oracle {

	@Override
	public List<String> violations(History history) {
		Map<TopicPartition, Long> confirmed = new HashMap<>();
		Map<List<Object>, Long> confirmedBefore = new HashMap<>();
		Map<List<Object>, Map<String, Long>> assignments = new HashMap<>();
		List<String> violations = new ArrayList<>();
		for (Entry entry : history.entries()) {
			TopicPartition partition = entry.topicPartition();
			List<Object> commit = List.of(entry.instance(), entry.actor(), partition, entry.offset());
			Map<String, Long> assigned = assignments.computeIfAbsent(List.of(entry.instance(), partition),
					(key) -> new HashMap<>());
			long highest = confirmed.getOrDefault(partition, 0L);
			switch (entry.kind()) {
				case MOVED -> confirmed.put(partition, entry.offset());
				case COMMITTING -> confirmedBefore.put(commit, highest);
				case COMMITTED -> {
					if (entry.offset() < confirmedBefore.getOrDefault(commit, 0L)) {
						violations.add(entry.instance() + " committed " + entry.coordinates() + " at " + entry.micros()
								+ " when " + confirmedBefore.get(commit) + " was committed already");
					}
					confirmed.put(partition, Math.max(highest, entry.offset()));
				}
				case ASSIGNED -> assigned.put(entry.actor(), highest);
				case REVOKED -> assigned.remove(entry.actor());
				case START -> {
					long floor = assigned.values().stream().mapToLong(Long::longValue).min().orElse(0);
					if (entry.offset() < floor) {
						violations.add(entry.coordinates() + " began in " + entry.instance() + " at " + entry.micros()
								+ " though " + floor + " was committed before it was assigned");
					}
				}
				default -> {
				}
			}
		}
		return violations;
	}

}
