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

/**
 * No instance loses a partition that it has not let go: under the {@code consumer} group
 * protocol, a consumer that leaves hears once more, as lost, of what it has let go.
 */
final class NeverTakenForDead implements Oracle {

	@Override
	public List<String> violations(History history) {
		List<String> violations = new ArrayList<>();
		Set<List<Object>> held = new HashSet<>();
		for (Entry entry : history.entries()) {
			List<Object> holding = List.of(entry.instance(), entry.topicPartition());
			switch (entry.kind()) {
				case ASSIGNED -> held.add(holding);
				case REVOKED -> held.remove(holding);
				case LOST -> {
					if (held.remove(holding)) {
						violations.add(entry.instance() + " lost " + entry.topicPartition() + " at " + entry.micros());
					}
				}
				default -> {
				}
			}
		}
		return violations;
	}

}
