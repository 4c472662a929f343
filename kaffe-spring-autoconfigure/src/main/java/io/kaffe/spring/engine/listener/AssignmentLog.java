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

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.table.ConsumerSnapshot;

/**
 * Logs what a consumer is assigned, what it loses, and what a stop leaves: one line each,
 * however many partitions there are.
 * <p>
 * <b>Threading.</b> Called by consumer threads; has no state.
 */
final class AssignmentLog {

	private static final Log logger = LogFactory.getLog(AssignmentLog.class);

	private static final int SHOWN_RECORDS = 10;

	/** More are not told. */
	private static final int SHOWN_ABANDONED = 100;

	private final String consumer;

	AssignmentLog(String consumer) {
		this.consumer = "Consumer '" + consumer + "'";
	}

	/**
	 * Log that partitions came or went.
	 */
	void rebalanced(ConsumerSnapshot.Rebalance rebalance) {
		String partitions = PartitionRanges.describe(rebalance.partitions());
		switch (rebalance.kind()) {
			case "assigned" -> logger.info(this.consumer + " was assigned " + partitions);
			case "lost" -> logger.warn(this.consumer + " has lost " + partitions
					+ ". What is not committed is redelivered to the next owner");
			default -> revoked(partitions, rebalance);
		}
	}

	private void revoked(String partitions, ConsumerSnapshot.Rebalance rebalance) {
		List<String> abandoned = rebalance.givenUp();
		String drained = " after waiting for " + rebalance.drainMillis() + " ms";
		if (abandoned.isEmpty()) {
			logger.info(this.consumer + " was revoked " + partitions + drained);
		}
		else {
			logger.warn(this.consumer + " was revoked " + partitions + drained + " in vain for "
					+ ((abandoned.size() < SHOWN_ABANDONED) ? "" : "at least ") + count(abandoned.size(), "record")
					+ ", to be redelivered to the next owner: " + first(abandoned));
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
		logger.info(this.consumer + " has stopped. " + (left.isEmpty() ? "No record is left parked or backing off"
				: "It leaves " + String.join(" and ", left) + ", to be redelivered to the next owner"));
	}

	private static String count(int number, String what) {
		return number + " " + what + ((number == 1) ? "" : "s");
	}

	private static String first(List<String> records) {
		String shown = String.join(", ", records.subList(0, Math.min(SHOWN_RECORDS, records.size())));
		return (records.size() > SHOWN_RECORDS) ? shown + " and " + (records.size() - SHOWN_RECORDS) + " more" : shown;
	}

}
