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

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.DetachedRecord;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.Worker;

/**
 * Waits, when partitions are revoked, until nothing of them is being handled, and until
 * what listeners have left open is acknowledged.
 * <p>
 * <b>Threading.</b> Belongs to the consumer thread, which waits parked; whoever completes
 * the last record of a partition unparks it.
 */
final class PartitionDrain {

	private static final Log logger = LogFactory.getLog(PartitionDrain.class);

	private final ConsumerWorkers workers;

	private final Collection<? extends DetachedRecord> unattended;

	private final Ticker ticker;

	/**
	 * Create a drain.
	 * @param workers have what is being handled
	 * @param unattended a live collection of records that no thread is handling
	 * @param ticker the time
	 */
	PartitionDrain(ConsumerWorkers workers, Collection<? extends DetachedRecord> unattended, Ticker ticker) {
		this.workers = workers;
		this.unattended = unattended;
		this.ticker = ticker;
	}

	/**
	 * Wait until nothing of partitions is being handled, or until the deadline.
	 * @param leaving the partitions, of which nothing more is started
	 * @param deadline the reading of the ticker at which to stop waiting
	 */
	void awaitHandlers(Collection<PartitionAssignment> leaving, long deadline) {
		await(leaving, PartitionAssignment::isRunning, deadline);
		if (logger.isDebugEnabled()) {
			running(leaving).forEach((assignment) -> forEachRunning(assignment,
					(worker, record) -> logger.debug(running(assignment, worker, record))));
		}
	}

	/**
	 * Wait until what listeners have left open is acknowledged, or until the deadline.
	 * @param leaving the partitions, of which nothing is being handled any more
	 * @param deadline the reading of the ticker at which to stop waiting
	 */
	void awaitAcknowledgments(Collection<PartitionAssignment> leaving, long deadline) {
		await(leaving, this::isToBeAcknowledged, deadline);
	}

	/**
	 * Wait without being interrupted: an interrupt is there again afterwards.
	 */
	private void await(Collection<PartitionAssignment> leaving, Predicate<PartitionAssignment> isBusy, long deadline) {
		boolean interrupted = false;
		long left = deadline - this.ticker.nanoTime();
		while (left > 0 && leaving.stream().anyMatch(isBusy)) {
			this.ticker.park(this, left);
			interrupted |= Thread.interrupted();
			left = deadline - this.ticker.nanoTime();
		}
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * Warn that a partition is going to be read from another offset while records of it
	 * are being handled.
	 */
	void warnOfRunning(PartitionAssignment leaving) {
		forEachRunning(leaving, (worker, record) -> logger.warn(running(leaving, worker, record)));
	}

	private static String running(PartitionAssignment leaving, Worker worker, ConsumerRecord<?, ?> record) {
		return "Drain timeout: " + worker + " is still handling " + leaving.partition() + "@" + record.offset() + " of "
				+ leaving + ", which it loses; the record will be redelivered";
	}

	/**
	 * Return which records of partitions are being handled, or to be acknowledged.
	 * @param most how many to return at most
	 * @return their partitions and offsets
	 */
	List<String> unfinished(Collection<PartitionAssignment> leaving, int most) {
		Stream<String> running = running(leaving).stream()
			.mapMulti((assignment, records) -> forEachRunning(assignment,
					(worker, record) -> records.accept(assignment.partition() + "@" + record.offset())));
		return Stream.concat(running, leaving.stream().flatMap(this::namesToBeAcknowledged)).limit(most).toList();
	}

	/**
	 * Return whether records are to be acknowledged, or are being completed. Once nothing
	 * is running, no others are left open; who acknowledges one counts as running first.
	 * So what is running is checked once more at last, or a record that was acknowledged
	 * in between would be missed while it is being completed.
	 */
	private boolean isToBeAcknowledged(PartitionAssignment assignment) {
		return assignment.isRunning() || toBeAcknowledged(assignment).findAny().isPresent() || assignment.isRunning();
	}

	private Stream<String> namesToBeAcknowledged(PartitionAssignment assignment) {
		return toBeAcknowledged(assignment).sorted(Comparator.comparingLong(ConsumerRecord::offset))
			.map((record) -> assignment.partition() + "@" + record.offset());
	}

	private Stream<? extends ConsumerRecord<?, ?>> toBeAcknowledged(PartitionAssignment assignment) {
		if (!assignment.held().isLeftOpen()) {
			return Stream.empty();
		}
		return this.unattended.stream()
			.filter((record) -> record.workerName() == null && !record.isOver())
			.flatMap((record) -> record.unfinished().stream())
			.filter((record) -> isOf(assignment.partition(), record));
	}

	private void forEachRunning(PartitionAssignment assignment, BiConsumer<Worker, ConsumerRecord<?, ?>> action) {
		TopicPartition partition = assignment.partition();
		for (Worker worker : this.workers.all()) {
			ConsumerRecord<?, ?> record = worker.currentRecord();
			if (record != null && isOf(partition, record)) {
				action.accept(worker, record);
			}
		}
	}

	private static boolean isOf(TopicPartition partition, ConsumerRecord<?, ?> record) {
		return record.partition() == partition.partition() && record.topic().equals(partition.topic());
	}

	private static List<PartitionAssignment> running(Collection<PartitionAssignment> assignments) {
		return assignments.stream().filter(PartitionAssignment::isRunning).toList();
	}

}
