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

package io.kaffe.spring.listener;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.worker.ConsumerWorkers;
import io.kaffe.spring.worker.Ticker;
import io.kaffe.spring.worker.Worker;

/**
 * Waits, when partitions go, until nothing of them is being handled.
 * <p>
 * <b>Threading.</b> Belongs to the consumer thread, which waits parked; whoever completes
 * the last record of a partition unparks it.
 */
final class PartitionDrain {

	private static final Log logger = LogFactory.getLog(PartitionDrain.class);

	private final ConsumerWorkers workers;

	private final Ticker ticker;

	PartitionDrain(ConsumerWorkers workers, Ticker ticker) {
		this.workers = workers;
		this.ticker = ticker;
	}

	/**
	 * Wait until nothing of partitions is being handled, or until the deadline, and warn
	 * of what was waited for in vain.
	 * @param leaving the partitions, of which nothing more is started
	 * @param deadline the reading of the ticker at which to give up
	 * @return whether this thread was interrupted meanwhile
	 */
	boolean await(Collection<PartitionAssignment> leaving, long deadline) {
		boolean interrupted = false;
		List<PartitionAssignment> running = running(leaving);
		long left = deadline - this.ticker.nanoTime();
		while (!running.isEmpty() && left > 0) {
			LockSupport.parkNanos(this, left);
			interrupted |= Thread.interrupted();
			running = running(leaving);
			left = deadline - this.ticker.nanoTime();
		}
		running.forEach(this::warnOfRunning);
		return interrupted;
	}

	/**
	 * Warn that a partition goes while records of it are being handled.
	 */
	void warnOfRunning(PartitionAssignment leaving) {
		forEachRunning(leaving,
				(worker, record) -> logger
					.warn("Gave up waiting for " + worker + " to finish " + leaving.partition() + "@" + record.offset()
							+ ": " + leaving + " goes while it is being handled, so its next owner gets it again"));
	}

	/**
	 * Return which records of partitions are being handled.
	 * @param most how many to return at most
	 * @return their partitions and offsets
	 */
	List<String> running(Collection<PartitionAssignment> leaving, int most) {
		return running(leaving).stream()
			.<String>mapMulti((assignment, records) -> forEachRunning(assignment,
					(worker, record) -> records.accept(assignment.partition() + "@" + record.offset())))
			.limit(most)
			.toList();
	}

	private void forEachRunning(PartitionAssignment assignment, BiConsumer<Worker, ConsumerRecord<?, ?>> action) {
		TopicPartition partition = assignment.partition();
		for (Worker worker : this.workers.all()) {
			ConsumerRecord<?, ?> record = worker.currentRecord();
			if (record != null && record.partition() == partition.partition()
					&& record.topic().equals(partition.topic())) {
				action.accept(worker, record);
			}
		}
	}

	private static List<PartitionAssignment> running(Collection<PartitionAssignment> assignments) {
		return assignments.stream().filter(PartitionAssignment::isRunning).toList();
	}

}
