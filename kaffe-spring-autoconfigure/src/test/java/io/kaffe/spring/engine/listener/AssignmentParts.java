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
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.engine.worker.Ticker;

/**
 * The parts of a {@link ConsumerSession} that replace and end assignments, put together
 * as it does, for tests of one of them. The test adds assignments itself.
 */
final class AssignmentParts {

	final Assignments assignments = new Assignments();

	final ConsumerContext context;

	final FlowControl flow;

	final PartitionDrain drain;

	final AssignmentReplacement replacement;

	private final WorkerAllocation allocation;

	/**
	 * Create parts without assignments.
	 * @param consumer the consumer
	 * @param container its container
	 * @param ticker how a drain waits
	 */
	AssignmentParts(Consumer<?, ?> consumer, WorkerContainer container, Ticker ticker) {
		this.context = container.context();
		ConsumerWakeup wakeup = new ConsumerWakeup(consumer, this.context.ticker());
		this.allocation = new WorkerAllocation(this.context, wakeup,
				new CommitTimer(wakeup, this.context.settings().commitInterval(), this.context.runtime()),
				ContainerFixtures.POLLED_BY, null);
		this.flow = new FlowControl(consumer, this.context, (enough) -> enough.getAsBoolean());
		this.drain = new PartitionDrain(this.context.workers(), this.context.delivery().detachedRecords(), ticker);
		this.replacement = new AssignmentReplacement(consumer, this.assignments, this.allocation, this.flow, this.drain,
				this.context);
	}

	PartitionAssignment assign(TopicPartition partition) {
		PartitionAssignment assignment = this.allocation.assign(partition);
		this.assignments.put(assignment);
		return assignment;
	}

	/**
	 * Have an assignment replaced by one that reads from the beginning.
	 */
	PartitionAssignment replace(PartitionAssignment leaving) {
		return this.replacement.replace(leaving, new OffsetAndMetadata(0), (next) -> {
		});
	}

	/**
	 * Return records of a partition as they are polled.
	 */
	static List<ConsumerRecord<Object, Object>> records(TopicPartition partition, long from, int count) {
		return LongStream.range(from, from + count)
			.mapToObj((offset) -> new ConsumerRecord<Object, Object>(partition.topic(), partition.partition(), offset,
					"key", "value"))
			.toList();
	}

}
