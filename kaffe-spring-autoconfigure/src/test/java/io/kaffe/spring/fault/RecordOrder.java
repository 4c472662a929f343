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

/**
 * In each instance, of what belongs together a record is started only when the one before
 * has ended, and what of it is in one assignment comes in ascending order; a record that
 * failed comes again before anything that follows it.
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
			before = lastOfAssignment.put(List.of(delivery.instance(), delivery.partition(), delivery.assigned(), unit),
					delivery);
			if (before != null && !mayFollow(before, delivery)) {
				violations.add(delivery + " came after " + before);
			}
		}
		return violations;
	}

	private static boolean mayFollow(Delivery before, Delivery delivery) {
		return before.failed() ? delivery.offset() == before.offset() : delivery.offset() > before.offset();
	}

}
