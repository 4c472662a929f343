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

package io.kaffe.spring.engine.listener;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.engine.worker.ConsumerObservers;
import io.kaffe.spring.engine.worker.RecentEntries;
import io.kaffe.spring.table.ConsumerSnapshot;

/**
 * The rebalances of a consumer: logs what is assigned, revoked and lost, and what a stop
 * leaves unfinished, one line each however many partitions there are; keeps the last
 * ones; notifies observers.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; consumer threads report.
 */
final class AssignmentLog {

	private static final Log logger = LogFactory.getLog(AssignmentLog.class);

	private static final int SHOWN_RECORDS = 10;

	private static final int SHOWN_REBALANCES = 20;

	/** More are not reported. */
	private static final int SHOWN_ABANDONED = 100;

	private final RecentEntries<ConsumerSnapshot.Rebalance> rebalances = new RecentEntries<>(SHOWN_REBALANCES);

	private final String consumer;

	private final ConsumerObservers observers;

	/**
	 * Create a log.
	 * @param consumer the consumer's name
	 * @param observers are notified
	 */
	AssignmentLog(String consumer, ConsumerObservers observers) {
		this.consumer = "Consumer '" + consumer + "'";
		this.observers = observers;
	}

	/**
	 * Report that partitions were assigned.
	 */
	void assigned(Collection<PartitionAssignment> assignments, Instant now) {
		rebalanced(new ConsumerSnapshot.Rebalance(now, "assigned", names(assignments), null, List.of()));
	}

	/**
	 * Report that partitions were lost: another consumer has them already.
	 */
	void lost(Collection<PartitionAssignment> assignments, Instant now) {
		rebalanced(new ConsumerSnapshot.Rebalance(now, "lost", names(assignments), null, List.of()));
	}

	/**
	 * Report that partitions were revoked.
	 * @param drainMillis how long their records in progress were waited for
	 * @param abandoned the records that were not finished in time, such as
	 * {@code orders-0@42}
	 */
	void revoked(Collection<PartitionAssignment> assignments, long drainMillis, List<String> abandoned, Instant now) {
		rebalanced(new ConsumerSnapshot.Rebalance(now, "revoked", names(assignments), drainMillis, abandoned));
	}

	/**
	 * Return the last rebalances. Any thread.
	 * @return a snapshot, newest first
	 */
	List<ConsumerSnapshot.Rebalance> history() {
		return this.rebalances.newestFirst();
	}

	private static List<String> names(Collection<PartitionAssignment> assignments) {
		return assignments.stream()
			.map(PartitionAssignment::partition)
			.sorted(Comparator.comparing(TopicPartition::topic).thenComparingInt(TopicPartition::partition))
			.map(TopicPartition::toString)
			.toList();
	}

	private void rebalanced(ConsumerSnapshot.Rebalance rebalance) {
		this.rebalances.add(rebalance);
		log(rebalance);
		this.observers.rebalanced(rebalance);
	}

	/**
	 * Log one rebalance.
	 */
	void log(ConsumerSnapshot.Rebalance rebalance) {
		String partitions = PartitionRanges.describe(rebalance.partitions());
		switch (rebalance.kind()) {
			case "assigned" -> logger.info(this.consumer + ": assigned " + partitions);
			case "lost" -> logger.warn(this.consumer + ": lost " + partitions
					+ "; records that were not committed are redelivered to the next owner");
			default -> revoked(partitions, rebalance);
		}
	}

	private void revoked(String partitions, ConsumerSnapshot.Rebalance rebalance) {
		List<String> abandoned = rebalance.givenUp();
		String drained = " after a drain of " + rebalance.drainMillis() + " ms";
		if (abandoned.isEmpty()) {
			logger.info(this.consumer + ": revoked " + partitions + drained);
		}
		else {
			logger.warn(this.consumer + ": revoked " + partitions + drained + "; abandoned "
					+ ((abandoned.size() < SHOWN_ABANDONED) ? "" : "at least ") + count(abandoned.size(), "record")
					+ " in progress, to be redelivered to the next owner: " + first(abandoned));
		}
	}

	/**
	 * Prepare to log that a consumer stops.
	 * @param assignments its partitions
	 * @param failing the records that are failing now
	 * @return logs what of them is left, when the consumer has stopped
	 */
	Runnable stopping(Collection<PartitionAssignment> assignments, List<FailingRecord> failing) {
		Map<TopicPartition, PartitionAssignment> present = new HashMap<>();
		assignments.forEach((assignment) -> present.put(assignment.partition(), assignment));
		List<FailingRecord> own = failing.stream().filter((record) -> present.containsKey(record.partition())).toList();
		return () -> {
			List<String> parked = new ArrayList<>();
			List<String> backingOff = new ArrayList<>();
			for (FailingRecord record : own) {
				PartitionAssignment assignment = present.get(record.partition());
				if (assignment != null && !assignment.progress().isComplete(record.offset())) {
					((record.state() == FailingRecord.State.PARKED) ? parked : backingOff)
						.add(record.partition() + "@" + record.offset());
				}
			}
			stopped(parked, backingOff);
		};
	}

	private void stopped(List<String> parked, List<String> backingOff) {
		List<String> left = new ArrayList<>();
		if (!parked.isEmpty()) {
			left.add(count(parked.size(), "record") + " parked (" + first(parked) + ")");
		}
		if (!backingOff.isEmpty()) {
			left.add(count(backingOff.size(), "record") + " backing off (" + first(backingOff) + ")");
		}
		logger.info(this.consumer + ": stopped; " + (left.isEmpty() ? "no record is parked or backing off"
				: String.join(" and ", left) + ", to be redelivered to the next owner"));
	}

	private static String count(int number, String what) {
		return number + " " + what + ((number == 1) ? "" : "s");
	}

	private static String first(List<String> records) {
		String shown = String.join(", ", records.subList(0, Math.min(SHOWN_RECORDS, records.size())));
		return (records.size() > SHOWN_RECORDS) ? shown + " and " + (records.size() - SHOWN_RECORDS) + " more" : shown;
	}

}
