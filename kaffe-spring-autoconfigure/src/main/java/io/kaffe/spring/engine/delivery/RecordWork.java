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
import java.util.concurrent.CompletableFuture;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.Turn;
import io.kaffe.spring.engine.worker.Work;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.table.WorkerState;

/**
 * Work on records of one partition, one after the other: those of one poll, handled by
 * the worker of the partition, or a single one, handled by the worker of its key. A
 * record that fails keeps its place until it has an outcome, and holds no thread while it
 * waits. When the partition is revoked, the record being handled is finished and the rest
 * is dropped: the next owner of the partition reads it again.
 * <p>
 * <b>Threading.</b> Owned by the worker: its fields are touched only while it runs this
 * work, and pass to its next thread with it. {@link #isReady} may look while another
 * thread runs: what it sees then may be old, and a worker that is woken in vain waits
 * again.
 */
abstract class RecordWork extends Work {

	private static final Log logger = LogFactory.getLog(RecordWork.class);

	private final AssignmentHandle assignment;

	private final Delivery delivery;

	/** Only while the head fails or its answer is awaited, since most never do. */
	private @Nullable RetryingRecord retrying;

	RecordWork(AssignmentHandle assignment, Delivery delivery) {
		this.assignment = assignment;
		this.delivery = delivery;
	}

	AssignmentHandle assignment() {
		return this.assignment;
	}

	/**
	 * Create work on the records of one partition.
	 * @param records the records in offset order, not to be changed any more
	 */
	static RecordWork of(List<? extends ConsumerRecord<?, ?>> records, AssignmentHandle assignment,
			RecordDelivery delivery) {
		return new PartitionWork(records, assignment, delivery);
	}

	/**
	 * Create work on a single record.
	 */
	static RecordWork of(ConsumerRecord<?, ?> record, AssignmentHandle assignment, RecordDelivery delivery) {
		return new SingleRecord(record, assignment, delivery);
	}

	/**
	 * Return the record that is next, or {@code null} if nothing is left.
	 */
	abstract @Nullable ConsumerRecord<?, ?> head();

	/**
	 * Move to the record after the head.
	 */
	abstract void advance();

	/**
	 * Handle a record and complete it, or leave that to those who have it now. Failures
	 * are thrown.
	 * @return the outcome if it comes later: then the record is to be completed with it
	 */
	abstract @Nullable CompletableFuture<?> deliver(ConsumerRecord<?, ?> record, int attempt) throws Throwable;

	@Override
	public final Progress proceed(Worker worker, Turn turn) {
		RetryingRecord retrying = this.retrying;
		if (retrying != null && retrying.answer().isAwaited()) {
			return Progress.WAITING;
		}
		if (!this.assignment.enter()) {
			return drop(worker);
		}
		try {
			return handle(worker, turn);
		}
		finally {
			this.assignment.exit();
		}
	}

	private Progress handle(Worker worker, Turn turn) {
		ConsumerRecord<?, ?> record = head();
		if (record == null) {
			return Progress.DONE;
		}
		LogContext logContext = this.delivery.logContext();
		logContext.enter(worker, record);
		String threadName = this.assignment.polledBy().enterThread();
		try {
			return handle(record, logContext, worker, turn);
		}
		finally {
			PollingConsumer.leaveThread(threadName);
			logContext.leave();
		}
	}

	private Progress handle(ConsumerRecord<?, ?> first, LogContext logContext, Worker worker, Turn turn) {
		ConsumerRecord<?, ?> record = first;
		while (record != null) {
			if (this.assignment.isRevoked()) {
				return drop(worker);
			}
			logContext.at(record);
			if (!handle(record, worker, turn)) {
				return Progress.WAITING;
			}
			worker.recordHandled();
			advance();
			record = head();
			if (turn.isOver() && record != null) {
				return Progress.TURN_OVER;
			}
		}
		return Progress.DONE;
	}

	/**
	 * Handle the head, or do what is due about it if it failed before.
	 * @return whether it is completed
	 */
	private boolean handle(ConsumerRecord<?, ?> record, Worker worker, Turn turn) {
		RetryingRecord retrying = this.retrying;
		if (retrying == null) {
			if (!this.delivery.outages().isOutage()) {
				return attempt(record, 1, worker, turn);
			}
			retrying = retrying(record, worker);
		}
		switch (retrying.next(turn)) {
			case WAIT -> {
				return false;
			}
			case ATTEMPT -> {
				return attempt(record, retrying.attempts() + 1, worker, turn);
			}
			case COMPLETE -> retrying.completeUnhandled();
			case COMPLETED -> {
				// The thread that answered has completed it.
			}
		}
		finish(retrying);
		return true;
	}

	/**
	 * Deliver the head.
	 * @return whether to continue with the next record: it is completed, or others are to
	 * complete it
	 */
	private boolean attempt(ConsumerRecord<?, ?> record, int attempt, Worker worker, Turn turn) {
		long begin = turn.now();
		worker.beginRecord(record, attempt, begin);
		Throwable failure = null;
		NackException nack = null;
		CompletableFuture<?> outcome = null;
		boolean succeeded = true;
		try {
			outcome = deliver(record, attempt);
		}
		catch (NackException ex) {
			nack = ex;
		}
		catch (FailedAfterAcknowledgmentException ex) {
			worker.failureLog()
				.log(logger::warn, "failures after records were acknowledged",
						"The listener failed after it had acknowledged a record, which is completed", ex.getCause());
			succeeded = false;
		}
		catch (Throwable ex) {
			failure = ex;
		}
		turn.handlerReturned();
		if (failure instanceof HookFailedException breakdown) {
			throw breakdown;
		}
		if (outcome != null) {
			RetryingRecord retrying = retrying(record, worker);
			retrying.awaitHandler(outcome, begin, turn);
			return !retrying.answer().isAwaited() && handle(record, worker, turn);
		}
		if (nack != null) {
			retrying(record, worker).nacked(nack.sleepMillis(), turn);
			return false;
		}
		attempted(record, turn.now() - begin, failure == null, worker);
		if (failure != null) {
			RetryingRecord failed = retrying(record, worker);
			if (!failed.attemptFailed(failure, List.of(), turn)) {
				return false;
			}
			failed.completeUnhandled();
		}
		else if (succeeded) {
			this.delivery.outages().succeeded(begin, turn.now());
		}
		RetryingRecord retrying = this.retrying;
		if (retrying != null) {
			finish(retrying);
		}
		else {
			turn.handlerSucceeded();
		}
		return true;
	}

	/**
	 * Notify observers that an attempt has ended.
	 */
	void attempted(ConsumerRecord<?, ?> record, long nanos, boolean handled, Worker worker) {
		worker.attempted(record.topic(), nanos, handled);
	}

	private RetryingRecord retrying(ConsumerRecord<?, ?> record, Worker worker) {
		RetryingRecord retrying = this.retrying;
		if (retrying == null) {
			retrying = new RetryingRecord(record, this.assignment, worker, this.delivery);
			this.retrying = retrying;
		}
		return retrying;
	}

	private void finish(RetryingRecord retrying) {
		retrying.forget();
		this.retrying = null;
	}

	/**
	 * Drop what is left, but for a head that its answer has completed.
	 */
	private Progress drop(Worker worker) {
		RetryingRecord retrying = this.retrying;
		if (retrying != null) {
			finish(retrying);
			if (retrying.answer().isCompleted()) {
				worker.recordHandled();
				advance();
			}
		}
		ConsumerRecord<?, ?> record = head();
		while (record != null) {
			this.assignment.drop(record);
			advance();
			record = head();
		}
		worker.recordDropped();
		return Progress.DONE;
	}

	@Override
	public final boolean isReady(long now) {
		RetryingRecord retrying = this.retrying;
		return retrying == null || retrying.isReady(now)
				|| (this.assignment.isRevoked() && !retrying.answer().isAwaited());
	}

	@Override
	public final boolean isWithHandler() {
		RetryingRecord retrying = this.retrying;
		// A recoverer may be awaited, too.
		return retrying != null && retrying.answer().isAwaited() && !retrying.isRecovering();
	}

	@Override
	public final WorkerState waitingState() {
		RetryingRecord retrying = this.retrying;
		return (retrying != null) ? retrying.workerState() : WorkerState.RUNNING;
	}

	/**
	 * The records of one partition from one poll.
	 */
	private static final class PartitionWork extends RecordWork {

		private final List<? extends ConsumerRecord<?, ?>> records;

		private final RecordDelivery delivery;

		private int index;

		PartitionWork(List<? extends ConsumerRecord<?, ?>> records, AssignmentHandle assignment,
				RecordDelivery delivery) {
			super(assignment, delivery);
			this.records = records;
			this.delivery = delivery;
		}

		@Override
		@Nullable ConsumerRecord<?, ?> head() {
			return (this.index < this.records.size()) ? this.records.get(this.index) : null;
		}

		@Override
		void advance() {
			this.index++;
		}

		@Override
		@Nullable CompletableFuture<?> deliver(ConsumerRecord<?, ?> record, int attempt) throws Throwable {
			return this.delivery.deliver(record, attempt, assignment());
		}

	}

	/**
	 * A single record. There is one for each record in flight.
	 */
	private static final class SingleRecord extends RecordWork {

		private final RecordDelivery delivery;

		private @Nullable ConsumerRecord<?, ?> record;

		SingleRecord(ConsumerRecord<?, ?> record, AssignmentHandle assignment, RecordDelivery delivery) {
			super(assignment, delivery);
			this.delivery = delivery;
			this.record = record;
		}

		@Override
		@Nullable ConsumerRecord<?, ?> head() {
			return this.record;
		}

		@Override
		void advance() {
			this.record = null;
		}

		@Override
		@Nullable CompletableFuture<?> deliver(ConsumerRecord<?, ?> record, int attempt) throws Throwable {
			return this.delivery.deliver(record, attempt, assignment());
		}

	}

}
