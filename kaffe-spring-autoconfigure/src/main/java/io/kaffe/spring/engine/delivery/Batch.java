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

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.BatchListenerFailedException;

import io.kaffe.spring.engine.delivery.BatchAttempt.BatchedRecord;
import io.kaffe.spring.engine.worker.Turn;
import io.kaffe.spring.engine.worker.Work.Progress;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.table.WorkerState;

/**
 * The batch that a worker handles: gathers what is queued, delivers it, and keeps what is
 * not completed until it is, before it gathers the next one.
 * <p>
 * A listener that throws a {@link BatchListenerFailedException} has handled the records
 * before the one that it names: they are completed, and the rest is retried, which counts
 * as an attempt of its first record. If the attempts of that record are exhausted, it
 * alone is recovered, parked or skipped. After any other exception the whole batch is
 * retried, and then recovered, parked or skipped record by record. A record that cannot
 * be deserialized, or that an earlier owner of its partition has parked, ends the batch
 * before it and is treated alone.
 * <p>
 * Where records are handled once, or in Kafka transactions, a failure undoes what the
 * whole batch did. If the listener has named the record that failed, those before it are
 * delivered again as a batch of their own, and the next one begins with it.
 * <p>
 * A listener that calls {@code nack} has handled the records before the index that it
 * names; the rest is delivered again after a while, which is no attempt.
 * <p>
 * If the handler answers later, the thread that answers completes what was handled; the
 * worker then goes on as after a listener that has returned or thrown.
 * <p>
 * A {@link BatchWork} and its batch know each other, intentionally: the work at the head
 * of the queue is what the worker runs, and the batch removes the works behind it from
 * the queue.
 * <p>
 * <b>Threading.</b> Owned by the worker. {@link #isReady}, {@link #isWithHandler},
 * {@link #waitingState} and {@link #handedOver} may look while another thread runs: what
 * it sees then may be old, and a worker that is woken in vain waits again.
 */
final class Batch {

	private static final Log logger = LogFactory.getLog(Batch.class);

	private final BatchGathering gathering;

	/** What is not completed; nothing is added while the first one fails. */
	private final List<BatchedRecord> records = new ArrayList<>();

	private final BatchDelivery delivery;

	/** The assignments of the records, in their order; replaced, not changed. */
	private List<AssignmentHandle> assignments = List.of();

	/** Only from when the handler returns a future until its answer is taken. */
	private @Nullable AwaitedBatch awaited;

	/** Only while the first record fails. */
	private @Nullable RetryingRecord retrying;

	/** Only after a {@code nack}, until the records are to be delivered again. */
	private @Nullable RetrySchedule sleep;

	/**
	 * Whether the attempts of all others are exhausted, too, when those of the first are.
	 */
	private boolean exhausted;

	private boolean addsAttemptHeader;

	/**
	 * Create a batch.
	 * @param first what it begins with
	 * @param delivery calls the listener
	 * @param alone whether nothing can come behind that
	 */
	Batch(BatchWork first, BatchDelivery delivery, boolean alone) {
		this.gathering = new BatchGathering(first, (worker) -> worker.takeQueued(BatchWork.class), delivery, alone);
		this.delivery = delivery;
	}

	/**
	 * Deliver batches until nothing is queued, one has to wait, or the turn is over.
	 */
	Progress proceed(Worker worker, Turn turn) {
		while (true) {
			if (isAwaited()) {
				return Progress.WAITING;
			}
			FailedAttempt failed = takeAnswer(worker, turn);
			dropRevoked(worker);
			if (isAsleep(turn)) {
				return Progress.WAITING;
			}
			if (failed == null && this.retrying == null) {
				gather(worker, turn);
				if (this.records.isEmpty()) {
					this.gathering.cancelTimer();
					return Progress.DONE;
				}
				if (this.gathering.isToGrow(this.records, worker, turn)) {
					return Progress.GATHERING;
				}
			}
			if (!enterAndHandle(failed, worker, turn)) {
				return Progress.WAITING;
			}
			if (turn.isOver() && !(this.records.isEmpty() && this.gathering.isEmpty())) {
				return Progress.TURN_OVER;
			}
		}
	}

	/**
	 * Return whether a handler or a recoverer has not answered.
	 */
	private boolean isAwaited() {
		return isWithHandler() || (this.retrying != null && this.retrying.answer().isAwaited());
	}

	/**
	 * Take the answer of the handler, if there is one.
	 * @return what is to be decided about, or {@code null} if nothing is
	 */
	private @Nullable FailedAttempt takeAnswer(Worker worker, Turn turn) {
		AwaitedBatch awaited = this.awaited;
		if (awaited == null) {
			return null;
		}
		this.awaited = null;
		BatchAttempt attempt = awaited.attempt();
		Throwable failure = awaited.answer().take();
		if (failure != null) {
			return failed(attempt, failure, awaited.nanosToAnswer(), worker, turn);
		}
		handled(attempt, awaited.nanosToAnswer(), worker, turn);
		return null;
	}

	/**
	 * Return whether the records are not to be delivered again yet. If they are not, the
	 * worker is woken when they are.
	 */
	private boolean isAsleep(Turn turn) {
		RetrySchedule sleep = this.sleep;
		if (sleep == null) {
			return false;
		}
		if (!this.records.isEmpty() && !sleep.isDue(turn)) {
			return true;
		}
		sleep.cancelTimer();
		this.sleep = null;
		return false;
	}

	private void gather(Worker worker, Turn turn) {
		if (this.records.isEmpty()) {
			this.addsAttemptHeader = false;
		}
		if (this.gathering.addTo(this.records, worker, turn)) {
			assignmentsChanged();
		}
	}

	/**
	 * Handle the batch unless its partitions were revoked.
	 * @param failed what the handler has just answered, or {@code null}
	 * @return whether to continue
	 */
	private boolean enterAndHandle(@Nullable FailedAttempt failed, Worker worker, Turn turn) {
		List<AssignmentHandle> entered = new ArrayList<>(this.assignments);
		entered.removeIf((assignment) -> !assignment.enter());
		try {
			if (entered.size() < this.assignments.size()) {
				dropRevoked(worker);
			}
			return this.records.isEmpty() || handle(failed, worker, turn);
		}
		finally {
			entered.forEach(AssignmentHandle::exit);
		}
	}

	private boolean handle(@Nullable FailedAttempt failed, Worker worker, Turn turn) {
		LogContext logContext = this.delivery.logContext();
		BatchedRecord first = this.records.get(0);
		logContext.enter(worker, first.record());
		logContext.at(first.record());
		String threadName = first.assignment().polledBy().enterThread();
		try {
			if (failed != null && failed.first() == first) {
				return decide(failed, worker, turn);
			}
			return (this.retrying != null || this.delivery.outages().isOutage())
					? continueWith(retrying(first, worker), worker, turn) : attempt(1, worker, turn);
		}
		finally {
			PollingConsumer.leaveThread(threadName);
			logContext.leave();
		}
	}

	/**
	 * Do what is due about the first record, which failed.
	 */
	private boolean continueWith(RetryingRecord retrying, Worker worker, Turn turn) {
		return switch (retrying.next(turn)) {
			case WAIT -> false;
			case ATTEMPT -> attempt(retrying.attempts() + 1, worker, turn);
			case COMPLETE -> {
				retrying.completeUnhandled();
				yield firstCompleted(retrying, worker, turn);
			}
			case COMPLETED -> firstCompleted(retrying, worker, turn);
		};
	}

	private boolean attempt(int number, Worker worker, Turn turn) {
		this.exhausted = false;
		if (this.delivery.groupsPartitions() && this.assignments.size() > 1) {
			this.records.sort(Comparator.comparingInt((record) -> this.assignments.indexOf(record.assignment())));
		}
		long begin = turn.now();
		worker.beginRecord(this.records.get(0).record(), number, begin);
		BatchAttempt attempt = new BatchAttempt(this.records, this.delivery, begin);
		CompletableFuture<?> outcome = null;
		Throwable failure = DeliveryHeaders.deserializationFailure(this.records.get(0).record());
		if (failure == null) {
			this.addsAttemptHeader |= number > 1;
			try {
				outcome = this.delivery.deliver(attempt, number, this.addsAttemptHeader);
			}
			catch (Throwable ex) {
				failure = ex;
			}
			turn.handlerReturned();
		}
		this.gathering.end(turn.now());
		if (failure instanceof HookFailedException breakdown) {
			throw breakdown;
		}
		if (outcome != null) {
			AwaitedBatch awaited = new AwaitedBatch(attempt, this.delivery, worker);
			awaited.await(outcome, turn);
			this.awaited = awaited;
			return !awaited.answer().isAwaited();
		}
		if (failure != null) {
			FailedAttempt failed = failed(attempt, failure, turn.now() - begin, worker, turn);
			return failed == null || decide(failed, worker, turn);
		}
		if (attempt.sleepMillis() >= 0) {
			nacked(attempt, turn.now() - begin, worker, turn);
		}
		else {
			handled(attempt, turn.now() - begin, worker, turn);
		}
		return true;
	}

	private void handled(BatchAttempt attempt, long nanos, Worker worker, Turn turn) {
		this.delivery.outages().succeeded(turn.now() - nanos, turn.now());
		attempt.report(this.records.size(), this.records.size(), nanos, worker);
		worker.recordsHandled(this.records.size());
		forgetRetrying();
		this.records.clear();
		this.assignments = List.of();
	}

	/**
	 * Keep what is not completed, to deliver it again after a while.
	 */
	private void nacked(BatchAttempt attempt, long nanos, Worker worker, Turn turn) {
		int size = this.records.size();
		if (retain(attempt, worker, turn)) {
			RetrySchedule sleep = new RetrySchedule(worker, turn.now());
			sleep.dueIn(attempt.sleepMillis(), turn);
			this.sleep = sleep;
		}
		int handled = size - this.records.size();
		attempt.report(handled, handled, nanos, worker);
	}

	/**
	 * Keep what is not completed.
	 * @return what is to be decided about, or {@code null} if all is completed
	 */
	private @Nullable FailedAttempt failed(BatchAttempt attempt, Throwable thrown, long nanos, Worker worker,
			Turn turn) {
		int position = attempt.positionOfFailure(thrown);
		if (this.delivery.once() == null && this.delivery.transactions() == null) {
			attempt.completeUpTo(position - 1);
		}
		else if (position > 0) {
			// Nothing is committed: those before are delivered again, without the rest.
			this.gathering.putBack(this.records.subList(position, this.records.size()));
			this.records.subList(position, this.records.size()).clear();
			assignmentsChanged();
			return null;
		}
		boolean whole = position < 0 || attempt.isCompleted(position);
		int handled = whole ? 0 : position;
		attempt.report(handled, Math.min(handled + 1, this.records.size()), nanos, worker);
		if (!retain(attempt, worker, turn)) {
			worker.failureLog()
				.log(logger::warn, "failures after batches were acknowledged",
						"The listener failed after it had acknowledged its whole batch, which is completed", thrown);
			return null;
		}
		return new FailedAttempt(this.records.get(0), thrown, whole);
	}

	/**
	 * Decide about the first record of what a failed attempt has left.
	 * @return whether to continue
	 */
	private boolean decide(FailedAttempt failed, Worker worker, Turn turn) {
		RetryingRecord retrying = retrying(failed.first(), worker);
		boolean isCompleted = retrying.attemptFailed(ListenerFailure.reasonOf(failed.thrown()),
				failed.whole() ? this.records.stream().map(BatchedRecord::record).toList() : List.of(), turn);
		this.exhausted = failed.whole() && (isCompleted || retrying.isRecovering());
		if (!isCompleted) {
			return false;
		}
		retrying.completeUnhandled();
		return firstCompleted(retrying, worker, turn);
	}

	private RetryingRecord retrying(BatchedRecord first, Worker worker) {
		RetryingRecord retrying = this.retrying;
		if (retrying == null) {
			retrying = new RetryingRecord(first.record(), first.assignment(), worker, this.delivery);
			this.retrying = retrying;
		}
		return retrying;
	}

	/**
	 * Keep what is not completed.
	 * @return whether anything is left
	 */
	private boolean retain(BatchAttempt attempt, Worker worker, Turn turn) {
		BatchedRecord before = this.records.get(0);
		int size = this.records.size();
		int position = 0;
		for (Iterator<BatchedRecord> each = this.records.iterator(); each.hasNext(); position++) {
			each.next();
			if (attempt.isCompleted(position)) {
				each.remove();
			}
		}
		assignmentsChanged();
		if (size > this.records.size()) {
			worker.recordsHandled(size - this.records.size());
		}
		if (this.records.isEmpty()) {
			forgetRetrying();
			return false;
		}
		BatchedRecord first = this.records.get(0);
		if (first != before) {
			forgetRetrying();
			worker.beginRecord(first.record(), 1, turn.now());
		}
		return true;
	}

	/**
	 * Continue with the record after the first one, when the first one is completed: its
	 * attempts, too, may be exhausted.
	 * @return whether to continue with what is left
	 */
	private boolean firstCompleted(RetryingRecord outcome, Worker worker, Turn turn) {
		forgetRetrying();
		this.records.remove(0);
		worker.recordHandled();
		while (this.exhausted && !this.records.isEmpty() && !this.records.get(0).assignment().isRevoked()) {
			BatchedRecord first = this.records.get(0);
			worker.beginRecord(first.record(), outcome.attempts(), turn.now());
			RetryingRecord next = new RetryingRecord(first.record(), first.assignment(), worker, this.delivery);
			this.retrying = next;
			if (!next.exhausted(Objects.requireNonNull(outcome.failure()), outcome.attempts(), turn)) {
				return false;
			}
			next.completeUnhandled();
			forgetRetrying();
			this.records.remove(0);
			worker.recordHandled();
		}
		this.exhausted = false;
		assignmentsChanged();
		return true;
	}

	/**
	 * Drop the records of partitions that were revoked: their next owners read them
	 * again.
	 */
	private void dropRevoked(Worker worker) {
		boolean dropped = false;
		for (AssignmentHandle assignment : this.assignments) {
			if (assignment.isRevoked()) {
				drop(assignment, worker);
				dropped = true;
			}
		}
		if (dropped) {
			assignmentsChanged();
		}
	}

	private void drop(AssignmentHandle assignment, Worker worker) {
		if (!this.records.isEmpty() && this.records.get(0).assignment() == assignment) {
			dropFirst(worker);
		}
		for (Iterator<BatchedRecord> each = this.records.iterator(); each.hasNext();) {
			BatchedRecord record = each.next();
			if (record.assignment() == assignment) {
				assignment.drop(record.record());
				each.remove();
			}
		}
	}

	/**
	 * Drop the first record, with which an attempt may have begun, even if it never came
	 * to the handler.
	 */
	private void dropFirst(Worker worker) {
		RetryingRecord retrying = this.retrying;
		forgetRetrying();
		this.exhausted = false;
		if (retrying != null && retrying.answer().isCompleted()) {
			this.records.remove(0);
			worker.recordHandled();
		}
		else {
			worker.recordDropped();
		}
	}

	private void assignmentsChanged() {
		this.assignments = this.records.stream().map(BatchedRecord::assignment).distinct().toList();
	}

	private void forgetRetrying() {
		if (this.retrying != null) {
			this.retrying.forget();
			this.retrying = null;
		}
	}

	boolean isReady(long now) {
		AwaitedBatch awaited = this.awaited;
		if (awaited != null) {
			return awaited.answer().isAnswered();
		}
		RetryingRecord retrying = this.retrying;
		if (retrying != null && retrying.answer().isAwaited()) {
			return false;
		}
		RetrySchedule sleep = this.sleep;
		boolean ready = (sleep != null) ? sleep.isReady(now)
				: (retrying != null) ? retrying.isReady(now) : this.gathering.isReady(now);
		return ready || this.assignments.stream().anyMatch(AssignmentHandle::isRevoked);
	}

	/**
	 * Return whether the handler has the records and has not answered. Any thread; a
	 * moment's view.
	 */
	boolean isWithHandler() {
		AwaitedBatch awaited = this.awaited;
		return awaited != null && awaited.answer().isAwaited();
	}

	/**
	 * Return how many records the handler, or a recoverer, has if it has any. Any thread;
	 * a moment's view.
	 */
	int handedOver() {
		RetryingRecord retrying = this.retrying;
		return (retrying != null && retrying.isRecovering()) ? 1 : Math.max(1, this.records.size());
	}

	WorkerState waitingState() {
		RetryingRecord retrying = this.retrying;
		if (this.sleep != null) {
			return WorkerState.BACKING_OFF;
		}
		return (retrying != null && this.awaited == null) ? retrying.workerState() : WorkerState.RUNNING;
	}

	/**
	 * An attempt that has failed.
	 *
	 * @param first the first record that is not completed
	 * @param thrown what it failed with
	 * @param whole whether the batch has failed, rather than its first record
	 */
	private record FailedAttempt(BatchedRecord first, Throwable thrown, boolean whole) {
	}

}
