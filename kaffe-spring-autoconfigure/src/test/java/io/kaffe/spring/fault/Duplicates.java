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

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.fault.Entry.Kind;

/**
 * How often records were handled to their end more than once, and how often that cannot
 * be helped.
 */
final class Duplicates {

	private final History history;

	private final OffsetReports reports;

	Duplicates(History history) {
		this(history, OffsetReports.NONE);
	}

	Duplicates(History history, OffsetReports reports) {
		this.history = history;
		this.reports = reports;
	}

	/**
	 * Return how many times a record was handled to its end that had been before.
	 */
	long count() {
		Set<List<Object>> handled = new HashSet<>();
		long duplicates = 0;
		for (Entry entry : this.history.entries()) {
			if (entry.isCompletion() && !handled.add(List.of(entry.topicPartition(), entry.offset()))) {
				duplicates++;
			}
		}
		return duplicates;
	}

	/**
	 * Return how many deliveries were running when their partition was revoked: what a
	 * handler that outlasts the drain may cost.
	 */
	long inFlight() {
		Map<List<Object>, Assignment> assignments = byKey();
		return this.history.deliveries().stream().filter((delivery) -> {
			Assignment assignment = assignments.get(key(delivery));
			return assignment != null && delivery.start() <= assignment.drained()
					&& delivery.end() > assignment.drained();
		}).count();
	}

	/**
	 * Return how many records were started and not yet committed, nor reported by a
	 * commit, when the partition was revoked, or another instance had it already, or its
	 * instance fell out of touch: what an end without a drain may cost.
	 */
	long uncommitted() {
		Map<TopicPartition, NavigableMap<Long, Entry>> commits = commits();
		Map<TopicPartition, TreeSet<Long>> assigned = new HashMap<>();
		for (Assignment assignment : this.history.assignments()) {
			assigned.computeIfAbsent(assignment.partition(), (key) -> new TreeSet<>()).add(assignment.from());
		}
		Map<List<Object>, Assignment> assignments = byKey();
		Set<List<Object>> uncommitted = new HashSet<>();
		Set<List<Object>> handled = new HashSet<>();
		for (Delivery delivery : this.history.deliveries()) {
			Assignment assignment = assignments.get(key(delivery));
			if (assignment != null && !delivery.failed() && !handled.add(List.of(key(delivery), delivery.offset()))) {
				assignment = older(assignment, delivery);
			}
			if (assignment != null && assignment.end() != Kind.ASSIGNED) {
				Long next = assigned.getOrDefault(delivery.partition(), new TreeSet<>()).higher(assignment.from());
				long end = Math.min(assignment.to(), assignment.outOfTouch());
				end = (next != null) ? Math.min(end, next) : end;
				Map.Entry<Long, Entry> commit = commits.getOrDefault(delivery.partition(), new TreeMap<>())
					.floorEntry(end);
				if (commit == null || !covers(commit.getValue(), delivery.offset())) {
					uncommitted
						.add(List.of(delivery.instance(), delivery.partition(), assignment.from(), delivery.offset()));
				}
			}
		}
		return uncommitted.size();
	}

	/**
	 * Return whose a record is that an assignment has had to its end already: that of
	 * another consumer of the same instance, which does not know yet that it lost the
	 * partition.
	 * @return the assignment itself if there is no such one
	 */
	private Assignment older(Assignment assignment, Delivery delivery) {
		return this.history.assignments()
			.stream()
			.filter((other) -> other.instance().equals(assignment.instance())
					&& other.partition().equals(assignment.partition()) && other.from() < assignment.from()
					&& other.contains(delivery.start()))
			.findFirst()
			.orElse(assignment);
	}

	private boolean covers(Entry commit, long offset) {
		return offset < commit.offset() || this.reports.reported(commit.offset(), commit.detail()).test(offset);
	}

	private Map<TopicPartition, NavigableMap<Long, Entry>> commits() {
		Map<TopicPartition, NavigableMap<Long, Entry>> commits = new HashMap<>();
		for (Entry entry : this.history.entries()) {
			if (entry.kind() == Kind.COMMITTED || entry.kind() == Kind.MOVED) {
				commits.computeIfAbsent(entry.topicPartition(), (key) -> new TreeMap<>()).put(entry.micros(), entry);
			}
		}
		return commits;
	}

	private Map<List<Object>, Assignment> byKey() {
		Map<List<Object>, Assignment> assignments = new HashMap<>();
		for (Assignment assignment : this.history.assignments()) {
			assignments.put(List.of(assignment.instance(), assignment.partition(), assignment.from()), assignment);
		}
		return assignments;
	}

	private static List<Object> key(Delivery delivery) {
		return List.of(delivery.instance(), delivery.partition(), delivery.assigned());
	}

}
