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

package io.kaffe.simulation;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;

import io.kaffe.spring.engine.delivery.OnceStore;
import io.kaffe.spring.test.simulation.Simulation;
import io.kaffe.spring.test.simulation.kafka.SimulatedCluster;

/**
 * The oracle of effects in the database: those of a record are committed with its note,
 * and not a second time, unless a seek wants its record to be handled again, and then
 * they are; floors are where offsets are committed, and what is below is deleted. A
 * record whose effects are missing is not completed.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class EffectsOracle {

	/** How often effects were there when an operator has sought back. */
	private final Map<Fact, Integer> sought = new LinkedHashMap<>();

	private final Simulation simulation;

	private final SimulatedCluster cluster;

	private final Journal journal;

	private final Violations violations;

	EffectsOracle(Simulation simulation, SimulatedCluster cluster, Journal journal, Violations violations) {
		this.simulation = simulation;
		this.cluster = cluster;
		this.journal = journal;
		this.violations = violations;
	}

	/**
	 * A transaction is committed. Only dead letters that are replayed have effects
	 * without a note.
	 * @param applied the records whose effects it has
	 * @param notes the records that it notes
	 */
	void committed(List<Fact> applied, Collection<OnceStore.Note> notes) {
		for (Fact fact : applied) {
			boolean noted = notes.stream()
				.anyMatch(
						(note) -> partition(note.partition()).equals(fact.partition()) && note.offset() == fact.offset);
			if (noted) {
				fact.applied++;
				this.simulation.record(() -> "applied " + fact);
				if (fact.applied > most(fact)) {
					this.violations.add("The effects of %s are committed %d times".formatted(fact, fact.applied));
				}
			}
			else if (fact.deadLetters == 0) {
				this.violations.add("The effects of %s are committed without a note".formatted(fact));
			}
		}
	}

	/**
	 * Return how often effects may be there. If a log has lost its last records, the
	 * committed offset may be beyond its end, so that it is read from its beginning. If a
	 * topic is created again while it is assigned, notes have the id of the old one until
	 * it is assigned anew.
	 */
	private int most(Fact fact) {
		PartitionFact partition = this.journal.partition(fact.partition());
		return (partition.truncated() > 0 || partition.isRecreatedWhileAssigned()) ? Integer.MAX_VALUE
				: 1 + partition.timesSoughtTo(fact.offset);
	}

	/**
	 * An operator seeks.
	 * @return what is to be run when that is done
	 */
	Runnable seeks(TopicPartition partition, long target) {
		Map<Fact, Integer> before = new LinkedHashMap<>();
		this.journal.forEachRecord(partition, (fact) -> {
			if (fact.offset >= target && fact.applied > 0) {
				before.put(fact, fact.applied);
			}
		});
		return () -> this.sought.putAll(before);
	}

	/**
	 * Return what was not handled again after an operator has sought back.
	 */
	List<Fact> notHandledAgain() {
		List<Fact> left = new ArrayList<>();
		this.sought.forEach((fact, before) -> {
			if (fact.applied <= before && !fact.passedOver && fact.deadLetters == 0
					&& this.journal.partition(fact.partition()).truncated() == 0) {
				this.journal.forEachRecord(fact.partition(), (present) -> {
					if (present == fact) {
						left.add(fact);
					}
				});
			}
		});
		return left;
	}

	/**
	 * The floor of a partition is raised.
	 */
	void raised(OnceStore.Partition partition, long floor) {
		TopicPartition raised = partition(partition);
		PartitionFact known = this.journal.partition(raised);
		if (partition.topicId().equals(this.cluster.topicId(partition.topic())) && !known.mayLeadBack()
				&& floor > known.committed()) {
			this.violations.add(
					"The floor of %s is raised to %d, and %d is committed".formatted(raised, floor, known.committed()));
		}
	}

	/**
	 * Return the partitions of which notes are left below the committed offset.
	 */
	List<TopicPartition> littered(Database database) {
		List<TopicPartition> littered = new ArrayList<>();
		for (String topic : World.TOPICS) {
			Uuid topicId = this.cluster.topicId(topic);
			for (int number = 0; topicId != null && number < this.cluster.partitions(topic); number++) {
				TopicPartition partition = new TopicPartition(topic, number);
				OffsetAndMetadata committed = this.cluster.committed(World.GROUP, partition);
				if (committed != null && database.noted(new OnceStore.Partition(World.GROUP, topic, topicId, number), 0)
					.stream()
					.anyMatch((offset) -> offset < committed.offset())) {
					littered.add(partition);
				}
			}
		}
		return littered;
	}

	private static TopicPartition partition(OnceStore.Partition partition) {
		return new TopicPartition(partition.topic(), partition.number());
	}

}
