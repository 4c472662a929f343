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
import java.util.Objects;

import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.engine.delivery.KeyHashes;
import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.offset.ParkedRecord;
import io.kaffe.spring.engine.offset.ParkedRecords;
import io.kaffe.spring.test.simulation.Simulation;
import io.kaffe.spring.test.simulation.kafka.CommitListener;
import io.kaffe.spring.test.simulation.kafka.LogEntry;
import io.kaffe.spring.test.simulation.kafka.PartitionLog;
import io.kaffe.spring.test.simulation.kafka.SimulatedCluster;

/**
 * The oracle of commits: nothing is committed or reported early or beyond the log, and
 * committed offsets lead back only after a seek or a truncation.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class CommitOracle implements CommitListener {

	private final Simulation simulation;

	private final SimulatedCluster cluster;

	private final Journal journal;

	private final DeadLetterOracle deadLetters;

	private final Violations violations;

	private final boolean readCommitted;

	private final boolean reportsParked;

	/** Whether commits may arrive after later ones. */
	private boolean late;

	private long commits;

	CommitOracle(Simulation simulation, SimulatedCluster cluster, Journal journal, DeadLetterOracle deadLetters,
			Violations violations, Scenario scenario) {
		this.simulation = simulation;
		this.cluster = cluster;
		this.journal = journal;
		this.deadLetters = deadLetters;
		this.violations = violations;
		this.readCommitted = scenario.service().readCommitted();
		this.reportsParked = scenario.service().completedOffsets() && scenario.other().completedOffsets();
	}

	/**
	 * From now on, commits may arrive after later ones.
	 */
	void commitsMayBeLate() {
		this.late = true;
	}

	private boolean mayLeadBack(TopicPartition partition) {
		return this.late || this.journal.partition(partition).mayLeadBack();
	}

	@Override
	public void committed(String group, String member, TopicPartition partition, OffsetAndMetadata offset) {
		if (!group.equals(World.GROUP)) {
			return;
		}
		this.commits++;
		this.deadLetters.read();
		this.simulation.record(() -> "committed " + partition + "@" + offset.offset()
				+ offset.leaderEpoch().map((epoch) -> " of epoch " + epoch).orElse("") + describe(offset));
		PartitionLog log = this.cluster.findLog(partition);
		if (log == null) {
			return;
		}
		PartitionFact known = this.journal.partition(partition);
		long end = log.readableEnd(this.readCommitted);
		if (offset.offset() > end && !mayLeadBack(partition)) {
			this.violations.add("%s@%d is committed beyond the end, %d".formatted(partition, offset.offset(), end));
		}
		long from = Math.max(log.logStart(), known.checked());
		// What took the place of records that were lost.
		this.journal.passOver(partition, from, Math.min(offset.offset(), known.truncated()));
		for (long each = from; each < Math.min(offset.offset(), end); each++) {
			if (log.isRecord(each, this.readCommitted)) {
				Fact fact = this.journal.fact(Objects.requireNonNull(log.at(each)));
				if (!fact.isOver()) {
					this.violations
						.add("%s is not completed, and %s@%d is committed".formatted(fact, partition, offset.offset()));
				}
			}
		}
		known.checked(offset.offset());
		checkReported(partition, offset, log, end);
		long before = known.committed(offset.offset());
		if (offset.offset() < before && !this.late && !known.mayLeadBackTo(offset.offset())) {
			this.violations.add("The committed offset of %s leads back from %d to %d".formatted(partition, before,
					offset.offset()));
		}
	}

	private void checkReported(TopicPartition partition, OffsetAndMetadata offset, PartitionLog log, long end) {
		CommitMetadata report;
		try {
			report = CommitMetadata.read(offset.metadata(), offset.offset());
		}
		catch (CommitMetadata.UnreadableMetadataException ex) {
			this.violations.add("%s@%d has metadata that cannot be read: %s".formatted(partition, offset.offset(), ex));
			return;
		}
		checkParked(partition, offset, log, report.parked());
		CompletedOffsets reported = report.completed();
		if (reported.isEmpty()) {
			return;
		}
		if (reported.contains(offset.offset())) {
			this.violations.add("%s@%d is committed and reported as completed".formatted(partition, offset.offset()));
		}
		if (reported.end() > end && !mayLeadBack(partition)) {
			this.violations.add("%s is reported as completed up to %d, beyond the end, %d".formatted(partition,
					reported.end(), end));
		}
		for (long each = offset.offset(); each < Math.min(reported.end(), end); each++) {
			if (reported.contains(each) && log.isRecord(each, this.readCommitted)) {
				LogEntry entry = Objects.requireNonNull(log.at(each));
				Fact fact = this.journal.fact(entry);
				if (!fact.isOver() && entry.leaderEpoch() <= report.leaderEpoch()
						&& (entry.key() == null || !report.blocked().isBlocked(KeyHashes.of(entry.key()), each))) {
					this.violations.add("%s is not completed, but reported as such with %s@%d".formatted(fact,
							partition, offset.offset()));
				}
			}
		}
	}

	/**
	 * Unless an operator has it retried, a parked record stays reported until it is
	 * completed, and each further owner adds one attempt.
	 */
	private void checkParked(TopicPartition partition, OffsetAndMetadata offset, PartitionLog log,
			ParkedRecords parked) {
		ParkedRecords before = this.journal.partition(partition).parked(parked);
		for (ParkedRecord each : parked.all()) {
			LogEntry entry = log.at(each.offset());
			if (entry != null) {
				this.journal.fact(entry).parked = true;
			}
		}
		if (!this.reportsParked || mayLeadBack(partition)) {
			return;
		}
		for (ParkedRecord known : before.all()) {
			LogEntry entry = (known.offset() >= offset.offset()) ? log.at(known.offset()) : null;
			Fact fact = (entry != null) ? this.journal.fact(entry) : null;
			if (fact != null && !fact.isOver() && !fact.retried) {
				ParkedRecord now = parked.at(known.offset());
				if (now == null) {
					this.violations.add("%s is parked, and not reported as such with %s@%d".formatted(fact, partition,
							offset.offset()));
				}
				else if (now.attempts() - known.attempts() != now.owners() - known.owners()) {
					this.violations.add("%s was parked, and then had %d attempts by %d owners".formatted(fact,
							now.attempts() - known.attempts(), now.owners() - known.owners()));
				}
			}
		}
	}

	private static String describe(OffsetAndMetadata offset) {
		try {
			CommitMetadata report = CommitMetadata.read(offset.metadata(), offset.offset());
			return (report.completed().isEmpty() ? "" : " reporting " + report.completed())
					+ (report.blocked().isEmpty() ? "" : " but for keys " + report.blocked())
					+ (report.parked().isEmpty() ? "" : " with parked " + report.parked());
		}
		catch (CommitMetadata.UnreadableMetadataException ex) {
			return " with " + offset.metadata();
		}
	}

	/**
	 * Return the partitions whose committed offset is not where their records end.
	 */
	List<TopicPartition> behind() {
		List<TopicPartition> behind = new ArrayList<>();
		for (String topic : World.TOPICS) {
			for (int number = 0; number < this.cluster.partitions(topic); number++) {
				TopicPartition partition = new TopicPartition(topic, number);
				OffsetAndMetadata offset = this.cluster.committed(World.GROUP, partition);
				long end = this.cluster.log(partition).readableEnd(this.readCommitted);
				if (((offset != null) ? offset.offset() : 0) < lastRecord(partition, end)) {
					behind.add(partition);
				}
			}
		}
		return behind;
	}

	/**
	 * Return the offset after the last record, to where a commit comes in any case; 0 if
	 * members may have done with all of them before.
	 */
	private long lastRecord(TopicPartition partition, long end) {
		PartitionLog log = this.cluster.log(partition);
		for (long offset = end - 1; offset >= log.logStart(); offset--) {
			if (log.isRecord(offset, this.readCommitted)) {
				return this.journal.partition(partition).mayBeTakenForAnother(offset) ? 0 : offset + 1;
			}
		}
		return 0;
	}

	long commits() {
		return this.commits;
	}

}
