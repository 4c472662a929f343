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

package io.kaffe.spring.test.simulation.kafka;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * What a consumer is subscribed to, and the partitions that are assigned to it.
 */
final class Subscriptions {

	private static final ConsumerRebalanceListener NO_LISTENER = new ConsumerRebalanceListener() {

		@Override
		public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
		}

		@Override
		public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
		}

	};

	private final SimulatedCluster cluster;

	private Mode mode = Mode.NONE;

	private Set<String> topics = new TreeSet<>();

	private @Nullable Predicate<String> pattern;

	private ConsumerRebalanceListener listener = NO_LISTENER;

	private final Map<TopicPartition, AssignedPartition> assigned = new LinkedHashMap<>();

	Subscriptions(SimulatedCluster cluster) {
		this.cluster = cluster;
	}

	/**
	 * Subscribe to topics.
	 * @return whether that changed them
	 */
	boolean subscribe(Collection<String> topics, @Nullable ConsumerRebalanceListener listener) {
		become(Mode.TOPICS);
		this.listener = (listener != null) ? listener : NO_LISTENER;
		return setTopics(topics);
	}

	/**
	 * Subscribe to all topics whose name matches, which are looked up again when topics
	 * are added or deleted.
	 */
	boolean subscribe(Predicate<String> pattern, @Nullable ConsumerRebalanceListener listener) {
		become(Mode.PATTERN);
		this.listener = (listener != null) ? listener : NO_LISTENER;
		this.pattern = pattern;
		return match();
	}

	/**
	 * Look up again what topics match the pattern.
	 * @return whether they changed
	 */
	boolean match() {
		return this.pattern != null && setTopics(this.cluster.topics().stream().filter(this.pattern).toList());
	}

	private boolean setTopics(Collection<String> topics) {
		Set<String> changed = new TreeSet<>(topics);
		if (changed.equals(this.topics)) {
			return false;
		}
		this.topics = changed;
		return true;
	}

	private void become(Mode mode) {
		if (this.mode != Mode.NONE && this.mode != mode) {
			throw new IllegalStateException("Subscription to topics, partitions and pattern are mutually exclusive");
		}
		this.mode = mode;
	}

	void assignManually(Collection<TopicPartition> partitions) {
		become(Mode.MANUAL);
		assign(partitions);
	}

	/**
	 * Replace the assigned partitions. Those that stay keep their position and pause.
	 */
	void assign(Collection<TopicPartition> partitions) {
		this.assigned.keySet().retainAll((partitions instanceof Set) ? partitions : new LinkedHashSet<>(partitions));
		for (TopicPartition partition : partitions) {
			this.assigned.computeIfAbsent(partition, AssignedPartition::new).setPendingRevocation(false);
		}
	}

	void unsubscribe() {
		this.mode = Mode.NONE;
		this.topics = new TreeSet<>();
		this.pattern = null;
		this.listener = NO_LISTENER;
		this.assigned.clear();
	}

	boolean isAutoAssigned() {
		return this.mode == Mode.TOPICS || this.mode == Mode.PATTERN;
	}

	boolean isNone() {
		return this.mode == Mode.NONE;
	}

	Set<String> topics() {
		return this.topics;
	}

	ConsumerRebalanceListener listener() {
		return this.listener;
	}

	Set<TopicPartition> assigned() {
		return new LinkedHashSet<>(this.assigned.keySet());
	}

	/**
	 * Return whether these partitions are assigned, and no others.
	 */
	boolean isAssigned(Set<TopicPartition> partitions) {
		return partitions.equals(this.assigned.keySet());
	}

	/**
	 * Return the states of all assigned partitions, which must not be changed meanwhile.
	 */
	Collection<AssignedPartition> states() {
		return this.assigned.values();
	}

	@Nullable AssignedPartition find(TopicPartition partition) {
		return this.assigned.get(partition);
	}

	AssignedPartition get(TopicPartition partition) {
		AssignedPartition state = this.assigned.get(partition);
		if (state == null) {
			throw new IllegalStateException("No current assignment for partition " + partition);
		}
		return state;
	}

	Set<TopicPartition> paused() {
		Set<TopicPartition> paused = new LinkedHashSet<>();
		for (AssignedPartition state : this.assigned.values()) {
			if (state.isPaused()) {
				paused.add(state.partition());
			}
		}
		return paused;
	}

	List<AssignedPartition> all(Collection<TopicPartition> partitions) {
		List<AssignedPartition> states = new ArrayList<>();
		for (TopicPartition partition : partitions) {
			states.add(get(partition));
		}
		return states;
	}

	private enum Mode {

		NONE, TOPICS, PATTERN, MANUAL

	}

}
