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
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * In each instance, of what belongs together a record is started only when the one before
 * has ended, and what of it is in one assignment comes in ascending order; a record that
 * failed comes again before anything that follows it. While several consumers of one
 * instance take themselves for the owner of a partition, because one of them does not
 * know yet that it lost it, its journal does not tell which of them a record began for:
 * then it has to follow in one of these assignments.
 */
final class RecordOrder implements Oracle {

	private final Unit unit;

	/**
	 * Create the oracle.
	 * @param unit names what belongs together within an instance
	 */
	RecordOrder(Unit unit) {
		this.unit = unit;
	}

	@Override
	public List<String> violations(History history) {
		Map<List<Object>, Delivery> lastOfUnit = new HashMap<>();
		Map<List<Object>, Delivery> lastOfAssignment = new HashMap<>();
		List<String> violations = new ArrayList<>();
		for (Delivery delivery : history.deliveries()) {
			Object unit = this.unit.of(delivery);
			Delivery before = lastOfUnit.put(List.of(delivery.instance(), unit), delivery);
			if (before != null && before.end() > delivery.start()) {
				violations.add(delivery + " began before " + before + " ended, both of " + unit);
			}
			List<Object> assignment = assignments(delivery, history).stream()
				.map((assigned) -> List.of(delivery.instance(), delivery.partition(), assigned, unit))
				.filter((candidate) -> mayFollow(lastOfAssignment.get(candidate), delivery))
				.max(Comparator.comparingLong((candidate) -> offset(lastOfAssignment.get(candidate))))
				.orElse(List.of(delivery.instance(), delivery.partition(), delivery.assigned(), unit));
			before = lastOfAssignment.put(assignment, delivery);
			if (!mayFollow(before, delivery)) {
				violations.add(delivery + " came after " + before);
			}
		}
		return violations;
	}

	/**
	 * Return when the assignments began that a record may have begun in.
	 */
	private static List<Long> assignments(Delivery delivery, History history) {
		List<Long> assignments = history.assignments()
			.stream()
			.filter((assignment) -> assignment.instance().equals(delivery.instance())
					&& assignment.partition().equals(delivery.partition()) && assignment.contains(delivery.start()))
			.map(Assignment::from)
			.toList();
		return assignments.isEmpty() ? List.of(delivery.assigned()) : assignments;
	}

	private static long offset(@Nullable Delivery delivery) {
		return (delivery != null) ? delivery.offset() : -1;
	}

	private static boolean mayFollow(@Nullable Delivery before, Delivery delivery) {
		if (before == null) {
			return true;
		}
		return before.failed() ? delivery.offset() == before.offset() : delivery.offset() > before.offset();
	}

}
