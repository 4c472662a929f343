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

import java.util.List;
import java.util.function.Predicate;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Dispatches polled records to the workers of their partitions, as many as there is
 * buffer space for; the consumer seeks back to the rest.
 * <p>
 * <b>Threading.</b> Belongs to the consumer thread.
 */
final class RecordDispatcher {

	private static final Log logger = LogFactory.getLog(RecordDispatcher.class);

	private final Consumer<?, ?> consumer;

	private final Assignments assignments;

	private final Predicate<TopicPartition> isToBeAssigned;

	private final WorkerAllocation allocation;

	private final Repositioning repositioning;

	private final ConsumerContext context;

	/**
	 * Create a dispatcher.
	 * @param consumer the consumer
	 * @param assignments its partitions
	 * @param isToBeAssigned whether a partition was assigned by Kafka and could not be
	 * added to them yet
	 * @param allocation allocates workers
	 * @param repositioning reads on where records cannot be dispatched
	 * @param context the consumer that this is a part of
	 */
	RecordDispatcher(Consumer<?, ?> consumer, Assignments assignments, Predicate<TopicPartition> isToBeAssigned,
			WorkerAllocation allocation, Repositioning repositioning, ConsumerContext context) {
		this.consumer = consumer;
		this.assignments = assignments;
		this.isToBeAssigned = isToBeAssigned;
		this.allocation = allocation;
		this.repositioning = repositioning;
		this.context = context;
	}

	/**
	 * Dispatch what a poll returned.
	 */
	void dispatch(ConsumerRecords<?, ?> records) {
		SharedBuffer.Admission admission = this.context.buffer().admission();
		for (TopicPartition partition : records.partitions()) {
			List<? extends ConsumerRecord<?, ?>> polled = records.records(partition);
			try {
				dispatch(partition, polled, records.nextOffsets().get(partition), admission);
			}
			catch (Throwable ex) {
				pollAgain(partition, polled.get(0), ex);
			}
		}
	}

	private void dispatch(TopicPartition partition, List<? extends ConsumerRecord<?, ?>> polled,
			@Nullable OffsetAndMetadata next, SharedBuffer.Admission admission) {
		PartitionAssignment assignment = this.assignments.get(partition);
		if (assignment == null) {
			dropUnassigned(partition, polled.get(0));
			return;
		}
		if (assignment.isRevoked()) {
			// It is about to be read from elsewhere, and they are polled again if need
			// be.
			return;
		}
		if (!assignment.progress().continuesWith(polled.get(0))) {
			logger.info("The position of " + assignment + " was moved back to offset " + polled.get(0).offset());
			this.repositioning.moved(assignment, polled.get(0).offset());
			return;
		}
		if (assignment.preparation().isAwaiting()) {
			seekTo(partition, polled.get(0));
			return;
		}
		int admitted = admission.admit(assignment.buffer(), polled);
		if (admitted == polled.size()) {
			append(polled, next, assignment);
			return;
		}
		seekTo(partition, polled.get(admitted));
		if (admitted > 0) {
			// A copy, since a view would keep the rest.
			append(List.copyOf(polled.subList(0, admitted)), null, assignment);
		}
		assignment.buffer().refuse();
	}

	private void append(List<? extends ConsumerRecord<?, ?>> records, @Nullable OffsetAndMetadata next,
			PartitionAssignment assignment) {
		List<? extends ConsumerRecord<?, ?>> open = assignment.append(records, next);
		if (!open.isEmpty()) {
			try {
				this.allocation.dispatch(open, assignment);
			}
			catch (Throwable ex) {
				// No worker has them.
				open.forEach(assignment::drop);
				throw ex;
			}
		}
	}

	/**
	 * Poll records once more that could not be dispatched, with what else is unfinished.
	 * To throw instead would leave them to the container's error handler, which may
	 * consider them handled.
	 */
	private void pollAgain(TopicPartition partition, ConsumerRecord<?, ?> first, Throwable failure) {
		long offset = first.offset();
		InternalErrors errors = this.context.internalErrors();
		errors.add("dispatch records of " + partition + " from offset " + offset + "; seeking back to poll them again",
				failure);
		errors.contain("seek back to " + partition + "@" + offset, () -> {
			PartitionAssignment assignment = this.assignments.get(partition);
			if (assignment != null && !assignment.isRevoked() && !assignment.progress().isBehind(offset)) {
				this.repositioning.readAgain(assignment);
			}
			else if (assignment == null || !assignment.isRevoked()) {
				seekTo(partition, first);
			}
		});
	}

	/**
	 * Drop records of a partition that was lost in the same poll: the client may still
	 * return what it had fetched of it, and by now it belongs to another member. One that
	 * could not be added to the assignments yet is polled again when it was.
	 */
	private void dropUnassigned(TopicPartition partition, ConsumerRecord<?, ?> first) {
		if (this.isToBeAssigned.test(partition)) {
			seekTo(partition, first);
			return;
		}
		logger.warn("Dropping records of " + partition + " from offset " + first.offset() + " of consumer '"
				+ this.context
				+ "': the partition is not assigned to it; they were not committed and are redelivered to its owner");
	}

	/**
	 * Seek back to a record that was polled: with its leader epoch, by which the client
	 * detects that the log was truncated since (KIP-320).
	 */
	private void seekTo(TopicPartition partition, ConsumerRecord<?, ?> record) {
		this.consumer.seek(partition, new OffsetAndMetadata(record.offset(), record.leaderEpoch(), ""));
	}

}
