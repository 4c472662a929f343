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
import java.util.List;

import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.engine.worker.LostRecords;
import io.kaffe.spring.test.simulation.Simulation;
import io.kaffe.spring.test.simulation.kafka.PartitionLog;
import io.kaffe.spring.test.simulation.kafka.SimulatedCluster;

/**
 * The oracle of losses: what is reported as lost was deleted from the log, and in a
 * steady history, in which nothing happens to instances and their partitions, exactly
 * what retention deletes before it is completed is reported.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class LossOracle {

	/** What was deleted before it was completed. */
	private final List<Fact> deleted = new ArrayList<>();

	private final List<LostRecords> reported = new ArrayList<>();

	private final Simulation simulation;

	private final SimulatedCluster cluster;

	private final Journal journal;

	private final Violations violations;

	private final boolean steady;

	LossOracle(Simulation simulation, SimulatedCluster cluster, Journal journal, Violations violations,
			Scenario scenario) {
		this.simulation = simulation;
		this.cluster = cluster;
		this.journal = journal;
		this.violations = violations;
		this.steady = scenario.isSteady();
	}

	/**
	 * Retention is about to delete the first records of a partition. Before anything is
	 * committed, a group misses nothing that is deleted.
	 * @param before the first offset that stays
	 */
	void deletes(TopicPartition partition, long before) {
		if (this.cluster.committed(World.GROUP, partition) != null) {
			this.journal.forEachRecord(partition, (fact) -> {
				if (fact.offset < before && !fact.isOver()) {
					this.deleted.add(fact);
				}
			});
		}
	}

	/**
	 * An instance reports a loss.
	 */
	void reported(LostRecords lost) {
		this.simulation.record(() -> "reported as lost: " + lost);
		this.reported.add(lost);
		PartitionLog log = this.cluster.findLog(lost.partition());
		if (log != null && this.journal.partition(lost.partition()).truncated() == 0 && lost.last() >= log.logStart()) {
			this.violations.add("%s is reported, and the log begins at %d".formatted(lost, log.logStart()));
		}
		if (lost.count() < 1 || lost.count() > lost.last() - lost.first() + 1) {
			this.violations.add("%s cannot be so many".formatted(lost));
		}
		List<Fact> records = this.journal.all()
			.filter((fact) -> fact.partition().equals(lost.partition()) && fact.offset >= lost.first()
					&& fact.offset <= lost.last())
			.toList();
		if (this.steady && !records.isEmpty() && records.stream().allMatch(Fact::isOver)) {
			this.violations.add("%s is reported, and all of it was completed: %s".formatted(lost, records));
		}
	}

	/**
	 * Return what was lost and is not reported, in a steady history.
	 */
	List<Fact> unreported() {
		return this.steady ? this.deleted.stream().filter((fact) -> !fact.isOver() && !isReported(fact)).toList()
				: List.of();
	}

	private boolean isReported(Fact fact) {
		return this.reported.stream()
			.anyMatch((lost) -> lost.partition().equals(fact.partition()) && lost.first() <= fact.offset
					&& fact.offset <= lost.last());
	}

}
