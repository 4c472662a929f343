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
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.function.LongPredicate;

import org.apache.kafka.common.TopicPartition;

/**
 * When a commit is asked for, every record below its offset, and every record its
 * metadata claims, is completed already. Whether the broker accepts the commit plays no
 * part.
 */
final class NoEarlyCommit implements Oracle {

	private final OffsetReports reports;

	NoEarlyCommit(OffsetReports reports) {
		this.reports = reports;
	}

	@Override
	public List<String> violations(History history) {
		Map<TopicPartition, NavigableSet<Long>> open = new HashMap<>();
		history.log().forEach((partition, offsets) -> open.put(partition, new TreeSet<>(offsets)));
		List<String> violations = new ArrayList<>();
		for (Entry entry : history.entries()) {
			NavigableSet<Long> offsets = open.get(entry.topicPartition());
			if (offsets == null) {
				continue;
			}
			if (entry.isCompletion()) {
				offsets.remove(entry.offset());
			}
			else if (entry.kind() == Entry.Kind.COMMITTING) {
				if (!offsets.isEmpty() && offsets.first() < entry.offset()) {
					violations.add(entry.instance() + " commits " + entry.coordinates() + " at " + entry.micros()
							+ " before " + offsets.first() + " is completed");
				}
				if (!entry.detail().isEmpty()) {
					LongPredicate claimed = this.reports.reported(entry.offset(), entry.detail());
					offsets.tailSet(entry.offset())
						.stream()
						.filter(claimed::test)
						.forEach((offset) -> violations.add(entry.instance() + " reports with " + entry.coordinates()
								+ " at " + entry.micros() + " that " + offset + " is completed, which it is not"));
				}
			}
		}
		return violations;
	}

}
