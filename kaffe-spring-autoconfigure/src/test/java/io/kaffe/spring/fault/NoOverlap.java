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
import java.util.PriorityQueue;

/**
 * What belongs together is never handled twice at the same time, on whichever instances.
 * <p>
 * Nobody can keep this up for an instance that is out of touch, or for a handler that
 * outlasts the drain: where a scenario brings those about, a delivery counts only as long
 * as its instance rightfully had the partition. Within an instance nothing is excused.
 */
final class NoOverlap implements Oracle {

	private final Unit unit;

	private final boolean excusing;

	/**
	 * Create the oracle.
	 * @param unit names what belongs together, across all instances
	 * @param excusing whether the scenario takes partitions away from running handlers
	 */
	NoOverlap(Unit unit, boolean excusing) {
		this.unit = unit;
		this.excusing = excusing;
	}

	@Override
	public List<String> violations(History history) {
		Map<List<Object>, Assignment> assignments = new HashMap<>();
		for (Assignment assignment : history.assignments()) {
			assignments.put(List.of(assignment.instance(), assignment.partition(), assignment.from()), assignment);
		}
		Map<Object, PriorityQueue<Delivery>> running = new HashMap<>();
		List<String> violations = new ArrayList<>();
		for (Delivery delivery : history.deliveries()) {
			PriorityQueue<Delivery> others = running.computeIfAbsent(this.unit.of(delivery),
					(key) -> new PriorityQueue<>((one, other) -> Long.compare(one.end(), other.end())));
			while (!others.isEmpty() && others.element().end() <= delivery.start()) {
				others.remove();
			}
			for (Delivery other : others) {
				boolean excused = this.excusing && !other.instance().equals(delivery.instance())
						&& (holds(other, assignments) <= delivery.start()
								|| holds(delivery, assignments) <= delivery.start());
				if (!excused) {
					violations.add(delivery + " began while " + other + " was running");
				}
			}
			others.add(delivery);
		}
		return violations;
	}

	/**
	 * Return until when the instance of a delivery rightfully had its partition.
	 */
	private static long holds(Delivery delivery, Map<List<Object>, Assignment> assignments) {
		Assignment assignment = assignments
			.get(List.of(delivery.instance(), delivery.partition(), delivery.assigned()));
		return (assignment != null) ? Math.min(assignment.drained(), assignment.outOfTouch()) : Long.MAX_VALUE;
	}

}
