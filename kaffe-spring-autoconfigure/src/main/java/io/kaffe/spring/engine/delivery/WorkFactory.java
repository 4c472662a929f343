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

package io.kaffe.spring.engine.delivery;

import java.util.List;

import org.apache.kafka.clients.consumer.ConsumerRecord;

import io.kaffe.spring.engine.worker.Work;

/**
 * Creates the work that a consumer's records are for its workers, as they are delivered:
 * one by one or in batches.
 * <p>
 * <b>Threading.</b> Immutable.
 */
public abstract class WorkFactory {

	private WorkFactory() {
	}

	/**
	 * Create a factory for the records that a delivery delivers.
	 * @param delivery calls the listener
	 * @return the factory
	 */
	public static WorkFactory of(Delivery delivery) {
		return (delivery instanceof BatchDelivery batches) ? new Batches(batches)
				: new Records((RecordDelivery) delivery);
	}

	/**
	 * Create the work that some records are for their partition's worker.
	 * @param records records of one partition in offset order, not empty, not to be
	 * changed any more
	 * @param assignment the assignment that they were polled for
	 * @return the work, to be submitted
	 */
	public abstract Work workOf(List<? extends ConsumerRecord<?, ?>> records, AssignmentHandle assignment);

	/**
	 * Create the work that a record is for the worker of its key.
	 */
	abstract Work workOf(ConsumerRecord<?, ?> record, AssignmentHandle assignment);

	/**
	 * Create the work that records are which are ordered with no others, for a worker of
	 * their own.
	 */
	abstract Work unorderedWorkOf(List<? extends ConsumerRecord<?, ?>> records, AssignmentHandle assignment);

	/**
	 * Return what delivers the records.
	 */
	abstract Delivery delivery();

	/**
	 * Creates work whose records are delivered one by one.
	 */
	private static final class Records extends WorkFactory {

		private final RecordDelivery delivery;

		Records(RecordDelivery delivery) {
			this.delivery = delivery;
		}

		@Override
		public Work workOf(List<? extends ConsumerRecord<?, ?>> records, AssignmentHandle assignment) {
			return RecordWork.of(records, assignment, this.delivery);
		}

		@Override
		Work workOf(ConsumerRecord<?, ?> record, AssignmentHandle assignment) {
			return RecordWork.of(record, assignment, this.delivery);
		}

		@Override
		Work unorderedWorkOf(List<? extends ConsumerRecord<?, ?>> records, AssignmentHandle assignment) {
			return RecordWork.of(records, assignment, this.delivery);
		}

		@Override
		Delivery delivery() {
			return this.delivery;
		}

	}

	/**
	 * Creates work whose records are delivered in batches.
	 */
	private static final class Batches extends WorkFactory {

		private final BatchDelivery delivery;

		Batches(BatchDelivery delivery) {
			this.delivery = delivery;
		}

		@Override
		public Work workOf(List<? extends ConsumerRecord<?, ?>> records, AssignmentHandle assignment) {
			return new BatchWork(records, assignment, this.delivery, false);
		}

		@Override
		Work workOf(ConsumerRecord<?, ?> record, AssignmentHandle assignment) {
			return new BatchWork(List.of(record), assignment, this.delivery, false);
		}

		@Override
		Work unorderedWorkOf(List<? extends ConsumerRecord<?, ?>> records, AssignmentHandle assignment) {
			return new BatchWork(records, assignment, this.delivery, true);
		}

		@Override
		Delivery delivery() {
			return this.delivery;
		}

	}

}
