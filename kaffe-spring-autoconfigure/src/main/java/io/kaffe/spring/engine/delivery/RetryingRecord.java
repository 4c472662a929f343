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

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOffExecution;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.engine.delivery.OperatorDecision.Instruction;
import io.kaffe.spring.engine.worker.DisplayText;
import io.kaffe.spring.engine.worker.Turn;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.table.WorkerState;

/**
 * A record that failed, whose handler answers later, whose listener wants to have it
 * again, or that waits for the end of an {@link Outage}, until it has an outcome: how
 * often it was tried, and what is done about it next.
 * <p>
 * It is RETRYING until its attempts are exhausted, then RECOVERING (sent to the
 * dead-letter topic, or passed to the user's recoverer, until that succeeds), PARKED, or
 * STOPPING. An operator may have it retried, skipped or dead-lettered at any time: the
 * {@link OperatorDecision} is left here, and its worker follows it. Of a record that an
 * earlier owner of its partition has parked, one attempt exhausts those it has.
 * <p>
 * <b>Threading.</b> Owned by the worker whose head it is. Others read what is volatile,
 * or leave a decision and wake the worker, which looks for one once more after it has
 * begun to wait.
 */
final class RetryingRecord implements Failures.Failing {

	private final OperatorDecision.Slot decisions = new OperatorDecision.Slot();

	private final ConsumerRecord<?, ?> record;

	private final AssignmentHandle assignment;

	private final Worker worker;

	private final Delivery delivery;

	private final FailurePolicy policy;

	private final Instant since;

	private final RetrySchedule schedule;

	private final PendingAnswer answer;

	private final Parking parking;

	private final RecordAttempts attempts;

	/** How long to wait until it is recovered again. */
	private @Nullable BackOffExecution backOff;

	private @Nullable RecordRecoverer recoverer;

	/** Whether an operator, rather than the policy, has decided about it. */
	private volatile boolean instructed;

	private volatile FailingRecord.State state = FailingRecord.State.RETRYING;

	/** Whether the listener wants to have it again, though the attempt did not fail. */
	private boolean nacked;

	private volatile @Nullable Throwable failure;

	RetryingRecord(ConsumerRecord<?, ?> record, AssignmentHandle assignment, Worker worker, Delivery delivery) {
		this.record = record;
		this.assignment = assignment;
		this.worker = worker;
		this.delivery = delivery;
		this.policy = Objects.requireNonNullElse(assignment.ownFailurePolicy(), delivery.failurePolicy());
		this.parking = new Parking(record.offset(), assignment.held());
		this.since = Objects.requireNonNullElseGet(this.parking.since(), delivery.ticker()::instant);
		this.schedule = new RetrySchedule(worker, delivery.ticker().nanoTime());
		this.attempts = new RecordAttempts(record, this.policy, delivery.outages());
		this.answer = new PendingAnswer(new AwaitedRecord(), worker, delivery.detachedRecords());
	}

	/**
	 * Note that an attempt failed, and decide what is next.
	 * @param together the batch that failed as a whole, which begins with the record;
	 * empty if the record failed
	 * @return whether the record is to be completed
	 * @throws HookFailedException if the back-off throws; it is asked again when the
	 * worker is restarted
	 */
	boolean attemptFailed(Throwable thrown, List<? extends ConsumerRecord<?, ?>> together, Turn turn) {
		Throwable failure = ListenerFailure.causeOf(thrown);
		this.failure = failure;
		this.attempts.failed(failure, this.worker, turn);
		this.schedule.attemptOver();
		this.decisions.failed();
		this.delivery.failures().add(this);
		this.schedule.dueNow(turn);
		this.state = FailingRecord.State.RETRYING;
		this.worker.recordFailed(this.delivery.ticker().instant(), this.record, failure);
		if (!this.policy.retryListeners().isEmpty()) {
			RetryNotifications.attemptFailed(this.record, together, failure, this.attempts.count(), this.worker,
					this.delivery);
			turn.handlerReturned();
		}
		if (WorkerRuntime.isFatal(failure)) {
			addToJournal(failure, "stop");
			stop("The handling of " + DisplayText.coordinatesOf(this.record) + " failed with "
					+ failure.getClass().getName());
			return false;
		}
		long delay = delayAfter(failure, turn);
		if (delay == BackOffExecution.STOP) {
			addToJournal(failure, this.policy.whenExhausted(failure));
			return recoverOrPark(failure, turn);
		}
		addToJournal(failure, "retry");
		this.schedule.dueIn(delay, turn);
		if (this.attempts.lastCounts()) {
			RetryLog.attemptFailed(this.record, this.worker, this.attempts.count(), delay, this.failure);
		}
		this.schedule.setTimer(turn);
		return false;
	}

	private long delayAfter(Throwable failure, Turn turn) {
		try {
			return this.attempts.delayAfter(failure, this.parking.before() != null, turn);
		}
		catch (HookFailedException ex) {
			addToJournal(failure, "retry");
			throw ex;
		}
	}

	/**
	 * Note that the listener wants to have the record again. That is not a failure: the
	 * next delivery has the number of this one.
	 */
	void nacked(long sleepMillis, Turn turn) {
		this.nacked = true;
		this.schedule.attemptOver();
		this.schedule.dueIn(sleepMillis, turn);
		RetryLog.nacked(this.record, sleepMillis);
		this.schedule.setTimer(turn);
	}

	/**
	 * Decide what is next without an attempt, since the record is part of a batch whose
	 * attempts are exhausted.
	 * @return whether the record is to be completed
	 */
	boolean exhausted(Throwable thrown, int attempts, Turn turn) {
		Throwable failure = ListenerFailure.causeOf(thrown);
		this.failure = failure;
		this.attempts.count(attempts);
		this.delivery.failures().add(this);
		return recoverOrPark(failure, turn);
	}

	private void addToJournal(Throwable failure, String action) {
		this.delivery.failures()
			.failed(this.delivery.ticker().instant(), this.record, this.parking.attempts(this.attempts.count()),
					failure, action);
	}

	private boolean recoverOrPark(Throwable failure, Turn turn) {
		this.attempts.end();
		FailureAction action = this.policy.actionFor(failure);
		RecordRecoverer recoverer = this.policy.recovererFor(action);
		if (recoverer != null) {
			return recoverWith(recoverer, turn);
		}
		switch (action) {
			case SKIP -> {
				RetryLog.skipped(this.record, this.worker, this.attempts.count(), this.failure);
				return skip(turn);
			}
			case STOP -> stop("The handling of " + DisplayText.coordinatesOf(this.record) + " failed after "
					+ RetryLog.text(this.attempts.count()));
			case PARK, DEAD_LETTER -> {
				this.state = FailingRecord.State.PARKED;
				this.parking.park(this.delivery.ticker().instant(), this.attempts.count(), failure);
				RetryLog.parked(this.record, this.worker, this.attempts.count(), this.parking, failure);
				this.worker.observers().parked(snapshot());
			}
		}
		return false;
	}

	/**
	 * Skip the record: if there are transactions, in one that commits its offset.
	 * @return whether it is to be completed
	 */
	private boolean skip(Turn turn) {
		this.delivery.failures().skipped();
		return this.delivery.transactions() == null || recoverWith(RecordRecoverer.NOTHING, turn);
	}

	private void stop(String reason) {
		this.state = FailingRecord.State.STOPPING;
		this.worker.stopConsumer(reason, Objects.requireNonNull(this.failure));
	}

	private boolean recoverWith(RecordRecoverer recoverer, Turn turn) {
		this.recoverer = recoverer;
		this.backOff = null;
		this.state = FailingRecord.State.RECOVERING;
		return recover(recoverer, turn);
	}

	/**
	 * Have the record recovered.
	 * @return whether it is to be completed
	 */
	private boolean recover(RecordRecoverer recoverer, Turn turn) {
		this.worker.beginRecord(this.record, this.attempts.count(), turn.now());
		CompletableFuture<?> future;
		try {
			future = this.delivery.recover(recoverer, this.record, this.assignment,
					Objects.requireNonNull(this.failure));
		}
		catch (PostponedCommitException ex) {
			turn.handlerReturned();
			this.schedule.wakeIn(ex.pause().toMillis(), turn);
			return false;
		}
		catch (Throwable ex) {
			turn.handlerReturned();
			recoveryFailed(ex, turn);
			return false;
		}
		turn.handlerReturned();
		if (future == null) {
			recovered();
			turn.handlerReturned();
			return true;
		}
		this.answer.await(future);
		return false;
	}

	/**
	 * Count the record as recovered. Any thread.
	 */
	private void recovered() {
		if (this.recoverer == this.policy.deadLetters()) {
			this.delivery.failures().deadLettered();
		}
		if (this.recoverer != RecordRecoverer.NOTHING) {
			RetryNotifications.recovered(this.record, this.failure, this.worker, this.delivery);
		}
	}

	/**
	 * Complete the record, which is recovered or skipped rather than handled. Any thread.
	 */
	void completeUnhandled() {
		this.delivery.completeUnhandled(this.record, this.assignment, this.instructed || this.policy.ackAfterHandle());
	}

	private void recoveryFailed(Throwable failure, Turn turn) {
		if (WorkerRuntime.isFatal(failure)) {
			stop("The recovery of " + DisplayText.coordinatesOf(this.record) + " failed with "
					+ failure.getClass().getName());
			return;
		}
		BackOffExecution execution = Objects.requireNonNullElseGet(this.backOff, this.policy.backOff()::start);
		this.backOff = execution;
		long delay = execution.nextBackOff();
		this.schedule.dueIn(delay, turn);
		RetryLog.recoveryFailed(this.record, this.worker, this.attempts.count(), delay, failure);
		RetryNotifications.recoveryFailed(this.record, this.failure, failure, this.worker, this.delivery);
		turn.handlerReturned();
		this.schedule.setTimer(turn);
	}

	/**
	 * Wait for the outcome of a handler that answers later.
	 * @param begin when it was called
	 */
	void awaitHandler(CompletableFuture<?> outcome, long begin, Turn turn) {
		outcome.handle((result, failure) -> {
			this.worker.attempted(this.record.topic(), this.delivery.ticker().nanoTime() - begin, failure == null);
			return null;
		});
		this.state = FailingRecord.State.RETRYING;
		this.schedule.dueNow(turn);
		this.answer.awaitHandler(outcome, turn);
	}

	/**
	 * Decide what to do now that the worker runs.
	 */
	Step next(Turn turn) {
		if (this.answer.isAsked()) {
			if (!this.answer.isAnswered()) {
				return Step.WAIT;
			}
			Throwable failure = this.answer.take();
			if (failure == null) {
				return Step.COMPLETED;
			}
			if (this.state != FailingRecord.State.RECOVERING) {
				return attemptFailed(failure, List.of(), turn) ? Step.COMPLETE : Step.WAIT;
			}
			recoveryFailed(failure, turn);
		}
		OperatorDecision decision = this.decisions.take();
		if (decision != null) {
			return follow(decision, turn);
		}
		return switch (this.state) {
			case RETRYING -> this.schedule.isDue(turn) ? retry() : Step.WAIT;
			case RECOVERING -> (this.schedule.isDue(turn) && this.recoverer != null && recover(this.recoverer, turn))
					? Step.COMPLETE : Step.WAIT;
			case PARKED, STOPPING -> Step.WAIT;
		};
	}

	private Step retry() {
		if (!this.schedule.isAdmitted(this.delivery.outages(), this.failure == null)) {
			return Step.WAIT;
		}
		if (!this.nacked && this.failure != null) {
			this.delivery.failures().retried();
		}
		this.nacked = false;
		return Step.ATTEMPT;
	}

	private Step follow(OperatorDecision decision, Turn turn) {
		Instruction instruction = decision.instruction();
		RecordRecoverer deadLetters = this.policy.deadLetters();
		if (instruction == Instruction.DEAD_LETTER && deadLetters == null) {
			return Step.WAIT;
		}
		RetryLog.instructed(this.record, decision);
		this.parking.unpark();
		this.schedule.cancelTimer();
		this.state = FailingRecord.State.RETRYING;
		this.schedule.dueNow(turn);
		this.attempts.resetBackOff();
		this.nacked = false;
		this.instructed = instruction != Instruction.RETRY;
		return switch (instruction) {
			case RETRY -> {
				this.attempts.count(0);
				this.parking.forget();
				yield retry();
			}
			case SKIP -> skip(turn) ? Step.COMPLETE : Step.WAIT;
			case DEAD_LETTER -> (deadLetters != null && recoverWith(deadLetters, turn)) ? Step.COMPLETE : Step.WAIT;
		};
	}

	/**
	 * Forget the record, which does not stay where it is.
	 */
	void forget() {
		this.schedule.cancelTimer();
		this.schedule.attemptOver();
		this.attempts.end();
		this.delivery.failures().remove(this);
		this.decisions.close(this.assignment.isRevoked() && !this.answer.isCompleted());
		this.parking.unpark();
	}

	/**
	 * Return whether the worker has something to do about it. Any thread; what a thread
	 * sees that does not own it may be old.
	 */
	boolean isReady(long now) {
		if (this.answer.isAsked()) {
			return this.answer.isAnswered();
		}
		return this.decisions.isFilled() || (waitsForTime(this.state) && this.schedule.isReady(now));
	}

	private static boolean waitsForTime(FailingRecord.State state) {
		return state == FailingRecord.State.RETRYING || state == FailingRecord.State.RECOVERING;
	}

	/**
	 * Return the answer that is awaited, or was last.
	 */
	PendingAnswer answer() {
		return this.answer;
	}

	/**
	 * Return whether it is not retried but completed by a recoverer.
	 */
	boolean isRecovering() {
		return this.state == FailingRecord.State.RECOVERING;
	}

	int attempts() {
		return this.attempts.count();
	}

	/**
	 * Return what the last attempt failed with, or {@code null} if none did.
	 */
	@Nullable Throwable failure() {
		return this.failure;
	}

	WorkerState workerState() {
		if (this.answer.isAsked()) {
			return WorkerState.RUNNING;
		}
		return (this.state == FailingRecord.State.PARKED) ? WorkerState.PARKED : WorkerState.BACKING_OFF;
	}

	@Override
	public @Nullable OperatorDecision decide(OperatorDecision decision) {
		OperatorDecision present = this.decisions.leave(decision);
		this.worker.wake();
		return present;
	}

	@Override
	public ConsumerRecord<?, ?> record() {
		return this.record;
	}

	@Override
	public Instant since() {
		return this.since;
	}

	@Override
	public FailingRecord snapshot() {
		return new FailingRecord(new TopicPartition(this.record.topic(), this.record.partition()), this.record.offset(),
				this.state, this.parking.attempts(this.attempts.count()), this.since,
				Objects.requireNonNull(this.failure), this.parking.since(), this.parking.owners());
	}

	@Override
	public @Nullable Instant nextAttemptAt(FailingRecord.State state) {
		return (waitsForTime(state) && !this.answer.isAwaited()) ? this.schedule.nextAt(this.delivery.ticker()) : null;
	}

	/**
	 * What a worker does about a record that is its head.
	 */
	enum Step {

		/** Try to handle it. */
		ATTEMPT,

		/** Nothing, until the worker is woken. */
		WAIT,

		/** Complete it and continue with the next one. */
		COMPLETE,

		/** Continue with the next one, since it is completed. */
		COMPLETED

	}

	/**
	 * The record while it is with the handler or a recoverer.
	 */
	private final class AwaitedRecord implements PendingAnswer.Awaited {

		@Override
		public ConsumerRecord<?, ?> record() {
			return RetryingRecord.this.record;
		}

		@Override
		public List<? extends ConsumerRecord<?, ?>> unfinished() {
			return List.of(RetryingRecord.this.record);
		}

		@Override
		public void hold() {
			RetryingRecord.this.assignment.hold();
		}

		@Override
		public void exit() {
			RetryingRecord.this.assignment.exit();
		}

		@Override
		public boolean isOver() {
			return RetryingRecord.this.assignment.isOver(RetryingRecord.this.record);
		}

		@Override
		public void answered(@Nullable Throwable failure) {
			if (failure == null && isRecovering()) {
				recovered();
				completeUnhandled();
			}
			else if (failure == null) {
				RetryingRecord.this.delivery.outages()
					.succeeded(RetryingRecord.this.worker.recordSince(),
							RetryingRecord.this.delivery.ticker().nanoTime());
				RetryingRecord.this.assignment.complete(RetryingRecord.this.record);
			}
		}

	}

}
