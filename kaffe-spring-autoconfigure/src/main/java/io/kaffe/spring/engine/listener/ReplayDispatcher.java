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

import org.apache.kafka.clients.consumer.ConsumerRecord;

import io.kaffe.spring.engine.deadletter.DeadLetters;
import io.kaffe.spring.engine.delivery.KeyAllocationWork;
import io.kaffe.spring.engine.delivery.WorkFactory;
import io.kaffe.spring.engine.worker.Worker;

/**
 * Submits records that are replayed to the workers that handle what is polled of their
 * key or partition, so that neither overtakes the other while it is handled. Strategies
 * of the application are called by a worker.
 * <p>
 * <b>Threading.</b> Immutable; nothing blocks.
 */
final class ReplayDispatcher {

	private final ConsumerContext context;

	private final WorkFactory works;

	private final KeyAllocationWork.Allocator allocator;

	private final Worker allocating;

	ReplayDispatcher(ConsumerContext context) {
		this.context = context;
		this.works = WorkFactory.of(context.delivery());
		this.allocator = new KeyAllocationWork.Allocator(context.settings().strategy(), context.workers(), this.works);
		this.allocating = context.workers().internal("allocation for replayed dead letters");
	}

	/**
	 * Return a partition whose dead letters are replayed.
	 */
	ReplayedPartition partition(PartitionAssignment assignment, DeadLetters sender, ReplayedPartition.Replay replay) {
		return new ReplayedPartition(assignment, this.context.settings().failurePolicy(), sender, replay);
	}

	/**
	 * Return whether the worker of a partition is known, if it has one of its own.
	 */
	boolean isReady(PartitionAssignment assignment) {
		return this.context.isPerRecord() || assignment.worker() != null;
	}

	/**
	 * Submit a record.
	 * @param record the record
	 * @param replayed its partition, which is ready
	 */
	void submit(ConsumerRecord<?, ?> record, ReplayedPartition replayed) {
		PartitionAssignment assignment = replayed.assignment();
		Worker worker = assignment.worker();
		if (worker != null) {
			worker.submit(this.works.workOf(List.of(record), replayed));
		}
		else {
			this.allocating.submit(new KeyAllocationWork(List.of(record), replayed, assignment.slot(), this.allocator));
		}
	}

	/**
	 * Let workers look again whether they may go on.
	 */
	void wakeAll() {
		this.context.workers().wakeAll();
	}

}
