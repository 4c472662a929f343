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
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import org.apache.kafka.common.TopicPartition;

/**
 * Every record that is to be seen was handled to its end.
 */
final class NothingLost implements Oracle {

	@Override
	public List<String> violations(History history) {
		Set<List<Object>> handled = new HashSet<>();
		for (Entry entry : history.entries()) {
			if (entry.isCompletion()) {
				handled.add(List.of(entry.topicPartition(), entry.offset()));
			}
		}
		List<String> violations = new ArrayList<>();
		history.log().forEach((TopicPartition partition, Set<Long> offsets) -> {
			for (Long offset : offsets) {
				if (!handled.contains(List.of(partition, offset))) {
					violations.add(partition + "@" + offset + " was never handled");
				}
			}
		});
		return violations;
	}

}
