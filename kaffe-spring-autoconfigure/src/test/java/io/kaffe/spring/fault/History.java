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
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.fault.Entry.Kind;

/**
 * Everything that happened in a scenario: what was in the topics, and the journals of all
 * instances and of the scenario itself put together.
 */
final class History {

	private final List<Entry> entries;

	private final Map<TopicPartition, NavigableSet<Long>> log;

	private final List<Assignment> assignments;

	private final List<Delivery> deliveries;

	/**
	 * Create a history.
	 * @param entries all entries in the order of time
	 * @param log the offsets of the records in each partition that are to be seen
	 */
	History(List<Entry> entries, Map<TopicPartition, ? extends Collection<Long>> log) {
		this.entries = List.copyOf(entries);
		this.log = new LinkedHashMap<>();
		log.forEach((partition, offsets) -> this.log.put(partition, new TreeSet<>(offsets)));
		this.assignments = assignments(this.entries);
		this.deliveries = deliveries(this.entries, this.assignments);
	}

	List<Entry> entries() {
		return this.entries;
	}

	/**
	 * Return the records that are to be seen.
	 */
	Map<TopicPartition, NavigableSet<Long>> log() {
		return this.log;
	}

	/**
	 * Return all deliveries in the order in which they began.
	 */
	List<Delivery> deliveries() {
		return this.deliveries;
	}

	List<Assignment> assignments() {
		return this.assignments;
	}

	/**
	 * Leave out records that the scenario took care nobody is to see.
	 * @param partition the partition
	 * @param from the first offset, inclusive
	 * @param to the last offset, exclusive
	 */
	void skip(TopicPartition partition, long from, long to) {
		NavigableSet<Long> offsets = this.log.get(partition);
		if (offsets != null) {
			offsets.subSet(from, true, to, false).clear();
		}
	}

	long records() {
		return this.log.values().stream().mapToLong(Set::size).sum();
	}

	private static List<Assignment> assignments(List<Entry> entries) {
		List<Open> opened = new ArrayList<>();
		// By consumer too: one of an instance may be given a partition before another one
		// hears that it lost it.
		Map<String, Map<List<Object>, Open>> open = new HashMap<>();
		for (Entry entry : entries) {
			Map<List<Object>, Open> held = open.computeIfAbsent(entry.instance(), (key) -> new HashMap<>());
			List<Object> ofConsumer = List.of(entry.topicPartition(), entry.actor());
			Open assignment = held.get(ofConsumer);
			switch (entry.kind()) {
				case ASSIGNED -> {
					Open begun = new Open(entry);
					held.put(ofConsumer, begun);
					opened.add(begun);
				}
				case DRAINED -> {
					if (assignment != null) {
						assignment.drained = Math.min(assignment.drained, entry.micros());
					}
				}
				case REVOKED, LOST -> {
					if (assignment != null) {
						assignment.end(entry);
						held.remove(ofConsumer);
					}
				}
				case KILLED -> {
					held.values().forEach((alive) -> alive.end(entry));
					held.clear();
				}
				case OUT_OF_TOUCH -> held.values().forEach((alive) -> {
					alive.outOfTouch = Math.min(alive.outOfTouch, entry.micros());
					alive.back = Long.MAX_VALUE;
				});
				case BACK -> held.values().forEach((alive) -> alive.back = entry.micros());
				default -> {
				}
			}
		}
		return opened.stream().map(Open::toAssignment).toList();
	}

	private static List<Delivery> deliveries(List<Entry> entries, List<Assignment> assignments) {
		Map<String, Long> killed = new HashMap<>();
		Map<List<Object>, Entry> ends = new HashMap<>();
		for (Entry entry : entries) {
			if (entry.kind() == Kind.KILLED) {
				killed.putIfAbsent(entry.instance(), entry.micros());
			}
			else if (entry.kind() == Kind.END) {
				ends.put(key(entry), entry);
			}
		}
		Map<List<Object>, TreeMap<Long, Assignment>> assigned = new HashMap<>();
		for (Assignment assignment : assignments) {
			assigned.computeIfAbsent(List.of(assignment.instance(), assignment.partition()), (key) -> new TreeMap<>())
				.put(assignment.from(), assignment);
		}
		List<Delivery> deliveries = new ArrayList<>();
		for (Entry entry : entries) {
			if (entry.kind() == Kind.START) {
				Entry end = ends.get(key(entry));
				long died = killed.getOrDefault(entry.instance(), Long.MAX_VALUE);
				TreeMap<Long, Assignment> known = assigned
					.getOrDefault(List.of(entry.instance(), entry.topicPartition()), new TreeMap<>());
				Map.@Nullable Entry<Long, Assignment> of = known.floorEntry(entry.micros());
				deliveries.add(new Delivery(entry.instance(), entry.topicPartition(), entry.offset(), entry.key(),
						entry.micros(), (end != null) ? end.micros() : died, (end != null) ? end.detail() : "",
						(of != null) ? of.getKey() : Assignment.UNKNOWN));
			}
		}
		return List.copyOf(deliveries);
	}

	private static List<Object> key(Entry entry) {
		return List.of(entry.instance(), entry.topic(), entry.partition(), entry.offset(), entry.attempt());
	}

	/**
	 * An assignment of which not everything has been read yet.
	 */
	private static final class Open {

		private static final long RECOVERY_MICROS = 15_000_000;

		private final Entry assigned;

		private long outOfTouch = Long.MAX_VALUE;

		private long back = Long.MAX_VALUE;

		private long drained = Long.MAX_VALUE;

		private long to = Long.MAX_VALUE;

		private Kind end = Kind.ASSIGNED;

		Open(Entry assigned) {
			this.assigned = assigned;
		}

		void end(Entry entry) {
			this.to = entry.micros();
			this.drained = Math.min(this.drained, entry.micros());
			this.end = entry.kind();
		}

		/**
		 * Make the assignment. One that goes on well after the instance is back in touch
		 * was never taken away, so having been out of touch excuses nothing.
		 */
		Assignment toAssignment() {
			boolean kept = this.back != Long.MAX_VALUE && this.to - this.back > RECOVERY_MICROS;
			return new Assignment(this.assigned.instance(), this.assigned.topicPartition(), this.assigned.micros(),
					kept ? Long.MAX_VALUE : this.outOfTouch, this.drained, this.to, this.end);
		}

	}

}
