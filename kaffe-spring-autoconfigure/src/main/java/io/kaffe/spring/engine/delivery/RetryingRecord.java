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

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.kafka.support.serializer.DeserializationException;
import org.springframework.util.backoff.BackOffExecution;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.engine.worker.DetachedRecord;
import io.kaffe.spring.engine.worker.DisplayText;
import io.kaffe.spring.engine.worker.SafeLog;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.Turn;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.WorkerState;

/**
 * A record that failed, or whose handler answers later, until it has an outcome: how
 * often it was tried, what is done about it next, and when.
 * <p>
 * It is RETRYING until its attempts are used up, then RECOVERING (sent to the dead-letter
 * topic, or given to the user's recoverer, until that succeeds), PARKED, or STOPPING.
 * Somebody may have it retried, skipped or dead-lettered at any time: that is noted, and
 * its worker does it.
 * <p>
 * <b>Threading.</b> Owned by the worker whose head it is. Others read what is volatile,
 * note an {@link Instruction}, or bring the answer of a handler or a recoverer, and wake
 * the worker; it looks at both once more after it has begun to wait. While a handler has
 * not answered, it counts as one of those at work ({@link Worker#handlerAwaited()}),
 * until the answer or the end of its assignment, whichever is first. The worker adds it
 * to the unattended records first and looks whether the assignment has ended then; who
 * ends assignments does that first and looks through the unattended records then: one of
 * them sees the other.
 */
final class RetryingRecord implements DetachedRecord {

	private static final Log logger = LogFactory.getLog(RetryingRecord.class);

	private final AtomicReference<@Nullable Instruction> instruction = new AtomicReference<>();

	/** Whether it counts as one of those that handlers are at. */
	private final AtomicBoolean counted = new AtomicBoolean();

	private final ConsumerRecord<?, ?> record;

	private final AssignmentHandle source;

	private final Worker worker;

	private final FailurePolicy policy;

	private final Instant since;

	private @Nullable BackOffExecution backOff;

	private @Nullable RecordRecoverer recoverer;

	private volatile FailingRecord.State state = FailingRecord.State.RETRYING;

	private volatile int attempts;

	private volatile @Nullable Throwable failure;

	private volatile long handedOverAt;

	private volatile long nextAt;

	/** Kept by the scheduler until it goes off, so canceled when it is of no use. */
	private @Nullable Future<?> timer;

	private volatile boolean timerIsSet;

	private volatile long timerAt;

	private volatile boolean awaitsAnswer;

	private volatile boolean answered;

	/** What the answer is; written before {@code answered}. */
	private @Nullable Throwable answer;

	RetryingRecord(ConsumerRecord<?, ?> record, AssignmentHandle source, Worker worker) {
		this.record = record;
		this.source = source;
		this.worker = worker;
		this.policy = source.delivery().failurePolicy();
		this.since = source.delivery().ticker().instant();
	}

	/**
	 * Note that an attempt failed, and decide what is next.
	 * @return whether the record is to be made final
	 * @throws HookFailedException if the back-off throws; it is tried again when the
	 * worker is restarted
	 */
	boolean attemptFailed(Throwable thrown, Turn turn) {
		Throwable failure = causeOf(thrown);
		this.failure = failure;
		this.attempts++;
		this.source.delivery().failingRecords().add(this);
		this.nextAt = turn.now();
		this.state = FailingRecord.State.RETRYING;
		this.worker.recordFailed(this.source.delivery().ticker().instant(), this.record, failure);
		if (WorkerRuntime.isFatal(failure)) {
			journalFailure(failure, "stop");
			stop("The handling of " + coordinates() + " failed with " + failure.getClass().getName());
			return false;
		}
		long delay = this.policy.isRetryable(failure, this.attempts) ? nextBackOff(failure, turn)
				: BackOffExecution.STOP;
		if (delay == BackOffExecution.STOP) {
			journalFailure(failure, lastResort(failure));
			return giveUp(failure, turn);
		}
		journalFailure(failure, "retry");
		this.nextAt = turn.now() + TimeUnit.MILLISECONDS.toNanos(delay);
		logAttempt(delay);
		setTimer(turn);
		return false;
	}

	private long nextBackOff(Throwable failure, Turn turn) {
		try {
			BackOffExecution execution = this.backOff;
			if (execution == null) {
				execution = this.policy.backOffFor(this.record, asException(failure)).start();
				this.backOff = execution;
			}
			return execution.nextBackOff();
		}
		catch (Throwable ex) {
			journalFailure(failure, "retry");
			throw new HookFailedException("The back-off failed after a failed attempt to handle " + coordinates(), ex);
		}
		finally {
			turn.handlerReturned();
		}
	}

	/**
	 * Give it up without an attempt, since it is part of a batch that was tried often
	 * enough.
	 * @return whether the record is to be made final
	 */
	boolean giveUp(Throwable thrown, int attempts, Turn turn) {
		Throwable failure = causeOf(thrown);
		this.failure = failure;
		this.attempts = attempts;
		this.source.delivery().failingRecords().add(this);
		return giveUp(failure, turn);
	}

	private void journalFailure(Throwable failure, String action) {
		Delivery delivery = this.source.delivery();
		delivery.failureJournal().failed(delivery.ticker().instant(), this.record, this.attempts, failure, action);
	}

	/**
	 * Return what is done when it is given up, as tables show it.
	 */
	private String lastResort(Throwable failure) {
		if (this.policy.recoverer() != null) {
			return "recover";
		}
		return switch (this.policy.actionFor(failure)) {
			case PARK -> "park";
			case SKIP -> "skip";
			case DEAD_LETTER -> (this.policy.deadLetters() != null) ? "dead-letter" : "park";
			case STOP -> "stop";
		};
	}

	private boolean giveUp(Throwable failure, Turn turn) {
		RecordRecoverer recoverer = this.policy.recoverer();
		FailureAction action = this.policy.actionFor(failure);
		if (recoverer != null) {
			return recoverWith(recoverer, turn);
		}
		switch (action) {
			case PARK -> park();
			case SKIP -> {
				this.worker.failureLog()
					.log(logger::warn, "skipped records", "Skipping " + coordinates() + " after " + attemptsText(),
							this.failure);
				this.source.delivery().failureJournal().skipped();
				return true;
			}
			case DEAD_LETTER -> {
				RecordRecoverer deadLetters = this.policy.deadLetters();
				if (deadLetters != null) {
					return recoverWith(deadLetters, turn);
				}
				park();
			}
			case STOP -> stop("The handling of " + coordinates() + " failed after " + attemptsText());
		}
		return false;
	}

	private void park() {
		this.state = FailingRecord.State.PARKED;
		this.source.parked();
		this.worker.failureLog()
			.log(logger::error, "parked records",
					"Parked " + coordinates() + " after " + attemptsText() + "; " + this.worker
							+ " is blocked until an operator retries, skips or dead-letters it, other workers are not",
					this.failure);
		this.worker.observers().parked(this.record, Objects.requireNonNull(this.failure));
	}

	private void stop(String reason) {
		this.state = FailingRecord.State.STOPPING;
		this.source.stopConsumer(reason, Objects.requireNonNull(this.failure));
	}

	private boolean recoverWith(RecordRecoverer recoverer, Turn turn) {
		this.recoverer = recoverer;
		this.backOff = null;
		this.state = FailingRecord.State.RECOVERING;
		return recover(recoverer, turn);
	}

	/**
	 * Have the record recovered.
	 * @return whether it is to be made final
	 */
	private boolean recover(RecordRecoverer recoverer, Turn turn) {
		this.worker.beginRecord(this.record, this.attempts, turn.now());
		CompletableFuture<?> future;
		try {
			future = recoverer.recover(this.record, asException(Objects.requireNonNull(this.failure)));
		}
		catch (Throwable ex) {
			turn.handlerReturned();
			recoveryFailed(ex, turn);
			return false;
		}
		turn.handlerReturned();
		if (future == null) {
			recovered();
			return true;
		}
		await(future);
		return false;
	}

	private void recovered() {
		if (this.state == FailingRecord.State.RECOVERING && this.recoverer == this.policy.deadLetters()) {
			this.source.delivery().failureJournal().deadLettered();
		}
	}

	/**
	 * Wait for the outcome of a handler that answers later.
	 * @param begin when it was called
	 */
	void awaitHandler(CompletableFuture<?> outcome, long begin, Turn turn) {
		outcome.handle((result, failure) -> {
			this.worker.attempted(this.record.topic(), this.source.delivery().ticker().nanoTime() - begin,
					failure == null);
			return null;
		});
		this.state = FailingRecord.State.RETRYING;
		this.handedOverAt = turn.now();
		this.nextAt = turn.now();
		if (!outcome.isDone()) {
			this.counted.set(true);
			this.worker.handlerAwaited();
		}
		await(outcome);
		if (isAwaited()) {
			this.source.delivery().unattended().add(this);
			if (!isAwaited()) {
				this.source.delivery().unattended().remove(this);
			}
			partitionsRevoked();
		}
	}

	/**
	 * Wait for an answer without a thread. A drain waits for it, too, and the record is
	 * final with it, whatever has become of the worker.
	 */
	private void await(CompletableFuture<?> future) {
		this.answered = false;
		this.awaitsAnswer = true;
		this.source.stay();
		boolean asked = false;
		try {
			// Not whenComplete: its stage would ask the failure, which is the user's, for
			// its text.
			future.handle((result, failure) -> {
				answer(failure);
				return null;
			});
			asked = true;
		}
		finally {
			if (!asked) {
				this.awaitsAnswer = false;
				countNoMore();
				this.source.exit();
			}
		}
	}

	/**
	 * Take the answer of a handler or a recoverer. Whatever it is, it must arrive, or the
	 * worker would wait for ever.
	 */
	private void answer(@Nullable Throwable thrown) {
		Throwable failure = unwrapped(thrown);
		try {
			if (failure == null) {
				recovered();
				this.source.complete(this.record);
			}
		}
		catch (Throwable ex) {
			failure = ex;
		}
		this.answer = failure;
		this.answered = true;
		this.source.delivery().unattended().remove(this);
		countNoMore();
		try {
			this.source.exit();
		}
		finally {
			this.worker.wake();
		}
	}

	@Override
	public void partitionsRevoked() {
		if (this.source.isOver(this.record)) {
			countNoMore();
		}
	}

	private void countNoMore() {
		if (this.counted.compareAndSet(true, false)) {
			this.worker.handlerAnswered();
		}
	}

	private static @Nullable Throwable unwrapped(@Nullable Throwable failure) {
		Throwable cause = (failure instanceof CompletionException) ? WorkerRuntime.causeOf(failure) : null;
		return (cause != null) ? cause : failure;
	}

	private void recoveryFailed(Throwable failure, Turn turn) {
		if (WorkerRuntime.isFatal(failure)) {
			stop("The recovery of " + coordinates() + " failed with " + failure.getClass().getName());
			return;
		}
		BackOffExecution execution = this.backOff;
		if (execution == null) {
			execution = this.policy.backOff().start();
			this.backOff = execution;
		}
		long delay = execution.nextBackOff();
		this.nextAt = turn.now() + TimeUnit.MILLISECONDS.toNanos(delay);
		this.worker.failureLog()
			.log(logger::warn, "failed recoveries", "Could not recover " + coordinates() + ", which failed after "
					+ attemptsText() + "; trying again in " + delay + " ms", failure);
		setTimer(turn);
	}

	/**
	 * Decide what to do now that the worker runs.
	 */
	Step next(Turn turn) {
		if (this.awaitsAnswer) {
			if (!this.answered) {
				return Step.WAIT;
			}
			Throwable failure = this.answer;
			this.awaitsAnswer = false;
			if (failure == null) {
				return Step.FINAL;
			}
			if (this.state != FailingRecord.State.RECOVERING) {
				return attemptFailed(failure, turn) ? Step.COMPLETE : Step.WAIT;
			}
			recoveryFailed(failure, turn);
		}
		Instruction instruction = this.instruction.getAndSet(null);
		if (instruction != null) {
			return follow(instruction, turn);
		}
		return switch (this.state) {
			case RETRYING -> isDue(turn) ? tryAgain() : Step.WAIT;
			case RECOVERING ->
				(isDue(turn) && this.recoverer != null && recover(this.recoverer, turn)) ? Step.COMPLETE : Step.WAIT;
			case PARKED, STOPPING -> Step.WAIT;
		};
	}

	private Step tryAgain() {
		this.source.delivery().failureJournal().retried();
		return Step.ATTEMPT;
	}

	private Step follow(Instruction instruction, Turn turn) {
		RecordRecoverer deadLetters = this.policy.deadLetters();
		if (instruction == Instruction.DEAD_LETTER && deadLetters == null) {
			return Step.WAIT;
		}
		logger.info("Somebody decided about " + coordinates() + ": " + instruction);
		unpark();
		cancelTimer();
		this.state = FailingRecord.State.RETRYING;
		this.nextAt = turn.now();
		this.backOff = null;
		return switch (instruction) {
			case RETRY -> {
				this.attempts = 0;
				yield tryAgain();
			}
			case SKIP -> {
				this.source.delivery().failureJournal().skipped();
				yield Step.COMPLETE;
			}
			case DEAD_LETTER -> (deadLetters != null && recoverWith(deadLetters, turn)) ? Step.COMPLETE : Step.WAIT;
		};
	}

	private boolean isDue(Turn turn) {
		if (this.nextAt - turn.now() <= 0) {
			return true;
		}
		setTimer(turn);
		return false;
	}

	/**
	 * Have the worker woken when something is due.
	 */
	private void setTimer(Turn turn) {
		long at = this.nextAt;
		if (this.timerIsSet && this.timerAt == at) {
			return;
		}
		cancelTimer();
		this.timerAt = at;
		this.timerIsSet = true;
		boolean set = false;
		try {
			this.timer = this.worker.after(Duration.ofNanos(Math.max(0, at - turn.now())), () -> timeIsUp(at));
			set = true;
		}
		finally {
			if (!set) {
				this.timerIsSet = false;
			}
		}
	}

	private void timeIsUp(long at) {
		if (this.timerAt == at) {
			this.timerIsSet = false;
		}
		this.worker.wake();
	}

	private void cancelTimer() {
		Future<?> timer = this.timer;
		if (timer != null) {
			this.timer = null;
			this.timerIsSet = false;
			timer.cancel(false);
		}
	}

	/**
	 * Return whether the worker has something to do about it. Any thread; what a thread
	 * sees that does not own it may be old.
	 */
	boolean isReady(long now) {
		if (this.awaitsAnswer) {
			return this.answered;
		}
		boolean waitsForTime = this.state == FailingRecord.State.RETRYING
				|| this.state == FailingRecord.State.RECOVERING;
		// A timer that went off too early, while the worker ran, has woken nobody.
		return this.instruction.get() != null || (waitsForTime && (!this.timerIsSet || this.nextAt - now <= 0));
	}

	/**
	 * Return whether a handler or a recoverer has it and has not answered. Nothing else
	 * may be done about it meanwhile.
	 */
	boolean isAwaited() {
		return this.awaitsAnswer && !this.answered;
	}

	/**
	 * Return whether it is a handler that has it and has not answered.
	 */
	boolean isWithHandler() {
		return isAwaited() && !isRecovering();
	}

	/**
	 * Return whether it was answered that it is final.
	 */
	boolean isFinal() {
		return this.answered && this.answer == null;
	}

	/**
	 * Return whether it is not tried again and is to be made final by a recoverer.
	 */
	boolean isRecovering() {
		return this.state == FailingRecord.State.RECOVERING;
	}

	/**
	 * Note what is to be done about it, unless something else is noted already. Any
	 * thread.
	 * @return what is noted now
	 */
	Instruction instruct(Instruction instruction) {
		Instruction before = this.instruction.compareAndExchange(null, instruction);
		this.worker.wake();
		return (before != null) ? before : instruction;
	}

	/**
	 * Note that it does not stay where it is.
	 */
	void leave() {
		cancelTimer();
		this.source.delivery().failingRecords().remove(this);
		unpark();
	}

	private void unpark() {
		if (this.state == FailingRecord.State.PARKED) {
			this.source.unparked();
		}
	}

	int attempts() {
		return this.attempts;
	}

	/**
	 * Return what the last attempt failed with, or {@code null} if none did.
	 */
	@Nullable Throwable failure() {
		return this.failure;
	}

	WorkerState workerState() {
		if (this.awaitsAnswer) {
			return WorkerState.RUNNING;
		}
		return (this.state == FailingRecord.State.PARKED) ? WorkerState.PARKED : WorkerState.BACKING_OFF;
	}

	boolean is(TopicPartition partition, long offset) {
		return this.record.offset() == offset && this.record.partition() == partition.partition()
				&& this.record.topic().equals(partition.topic());
	}

	@Override
	public ConsumerRecord<?, ?> record() {
		return this.record;
	}

	@Override
	public String workerName() {
		return this.worker.name();
	}

	@Override
	public long since() {
		return this.handedOverAt;
	}

	@Override
	public boolean isOver() {
		return !isAwaited();
	}

	/**
	 * Describe it as it is now, when it has failed. Any thread.
	 */
	FailingRecord snapshot() {
		return new FailingRecord(new TopicPartition(this.record.topic(), this.record.partition()), this.record.offset(),
				this.state, this.attempts, this.since, Objects.requireNonNull(this.failure));
	}

	Instant failingSince() {
		return this.since;
	}

	/**
	 * Describe it for tables, when it has failed. Any thread; a moment's view.
	 * @param showValues whether with the texts of key, value and exception
	 */
	ConsumerSnapshot.Failing describe(boolean showValues) {
		Throwable failure = Objects.requireNonNull(this.failure);
		Throwable cause = WorkerRuntime.rootCauseOf(failure);
		FailingRecord.State state = this.state;
		return new ConsumerSnapshot.Failing(this.record.topic() + "-" + this.record.partition(), this.record.offset(),
				state.name().toLowerCase(Locale.ROOT).replace('_', '-'), this.attempts, this.since,
				nextAttemptAt(state), failure.getClass().getName(), showValues ? shown(failure, true) : null,
				showValues ? shown(failure, false) : null, showValues ? DisplayText.messageOf(failure) : null,
				(cause != null) ? cause.getClass().getName() : null,
				(showValues && cause != null) ? DisplayText.messageOf(cause) : null,
				size(this.record.serializedKeySize()), size(this.record.serializedValueSize()));
	}

	/**
	 * Return the text of the key or the value, or of the bytes that it could not be made
	 * of.
	 */
	private @Nullable String shown(Throwable failure, boolean key) {
		Object part = key ? this.record.key() : this.record.value();
		return (part == null && failure instanceof DeserializationException unreadable && unreadable.isKey() == key
				&& unreadable.getData().length > 0) ? DisplayText.escaped(unreadable.getData()) : DisplayText.of(part);
	}

	private static @Nullable Integer size(int bytes) {
		return (bytes != ConsumerRecord.NULL_SIZE) ? bytes : null;
	}

	private @Nullable Instant nextAttemptAt(FailingRecord.State state) {
		Ticker ticker = this.source.delivery().ticker();
		long left = this.nextAt - ticker.nanoTime();
		boolean waitsForTime = state == FailingRecord.State.RETRYING || state == FailingRecord.State.RECOVERING;
		return (waitsForTime && !isAwaited() && left > 0) ? ticker.instant().plusNanos(left) : null;
	}

	private void logAttempt(long delay) {
		String message = "Attempt " + this.attempts + " to handle " + coordinates() + " failed; next attempt in "
				+ delay + " ms";
		if (this.attempts == 1) {
			this.worker.failureLog().log(logger::warn, "first attempts that failed", message, this.failure);
		}
		else {
			SafeLog.log(logger::debug, message, this.failure);
		}
	}

	private String attemptsText() {
		return (this.attempts == 1) ? "1 attempt" : this.attempts + " attempts";
	}

	private String coordinates() {
		return DisplayText.coordinatesOf(this.record);
	}

	private static Exception asException(Throwable failure) {
		return (failure instanceof Exception exception) ? exception
				: new ListenerExecutionFailedException("Listener failed with an error", failure);
	}

	private static Throwable causeOf(Throwable failure) {
		Throwable cause = WorkerRuntime.causeOf(failure);
		return (failure instanceof ListenerExecutionFailedException && cause != null) ? cause : failure;
	}

	/**
	 * What a worker does about a record that is its head.
	 */
	enum Step {

		/** Try to handle it. */
		ATTEMPT,

		/** Nothing, until the worker is woken. */
		WAIT,

		/** Make it final and go on to the next one. */
		COMPLETE,

		/** Go on to the next one, since it is final. */
		FINAL

	}

	/**
	 * What somebody wants to be done about a record.
	 */
	enum Instruction {

		RETRY, SKIP, DEAD_LETTER;

		@Override
		public String toString() {
			return name().toLowerCase(Locale.ROOT).replace('_', '-');
		}

	}

}
