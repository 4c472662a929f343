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
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.delivery.BatchAttempt.BatchedRecord;
import io.kaffe.spring.engine.worker.Turn;
import io.kaffe.spring.engine.worker.Work;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.table.WorkerState;

/**
 * Records of one partition that are delivered in batches. The one that is at the head of
 * a worker's queue takes those behind it out of the queue and delivers their records with
 * its own.
 * <p>
 * <b>Threading.</b> Owned by the worker. {@link #isReady}, {@link #waitingState},
 * {@link #isWithHandler} and {@link #inFlight} may look while another thread runs: what
 * they see then may be old.
 */
final class BatchWork extends Work implements BatchGathering.Polled {

	private final List<? extends ConsumerRecord<?, ?>> records;

	private final AssignmentHandle assignment;

	private final BatchDelivery delivery;

	private final boolean alone;

	private int index;

	/** Only at the head of the queue. */
	private @Nullable Batch batch;

	/**
	 * Create work.
	 * @param records the records in offset order, not to be changed any more
	 * @param assignment the assignment that they were polled for
	 * @param delivery calls the listener
	 * @param alone whether nothing can come behind it, so that waiting is of no use
	 */
	BatchWork(List<? extends ConsumerRecord<?, ?>> records, AssignmentHandle assignment, BatchDelivery delivery,
			boolean alone) {
		this.records = records;
		this.assignment = assignment;
		this.delivery = delivery;
		this.alone = alone;
	}

	@Override
	public Progress proceed(Worker worker, Turn turn) {
		Batch batch = this.batch;
		if (batch == null) {
			batch = new Batch(this, this.delivery, this.alone);
			this.batch = batch;
		}
		return batch.proceed(worker, turn);
	}

	@Override
	public boolean isReady(long now) {
		Batch batch = this.batch;
		return batch == null || batch.isReady(now);
	}

	@Override
	public WorkerState waitingState() {
		Batch batch = this.batch;
		return (batch != null) ? batch.waitingState() : WorkerState.RUNNING;
	}

	@Override
	public boolean isWithHandler() {
		Batch batch = this.batch;
		return batch != null && batch.isWithHandler();
	}

	@Override
	public int inFlight() {
		Batch batch = this.batch;
		return (batch != null) ? batch.handedOver() : 1;
	}

	/**
	 * Return the next record that is not in a batch.
	 * @return the record, or {@code null} if nothing is left or the partition was revoked
	 */
	@Override
	public @Nullable BatchedRecord peek() {
		if (this.assignment.isRevoked()) {
			this.records.subList(this.index, this.records.size()).forEach(this.assignment::drop);
			this.index = this.records.size();
		}
		return (this.index < this.records.size()) ? new BatchedRecord(this.records.get(this.index), this.assignment)
				: null;
	}

	/**
	 * Move to the record after that.
	 */
	@Override
	public void advance() {
		this.index++;
	}

}
