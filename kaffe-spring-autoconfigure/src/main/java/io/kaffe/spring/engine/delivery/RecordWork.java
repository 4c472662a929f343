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

import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.Turn;
import io.kaffe.spring.engine.worker.Work;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.table.WorkerState;

/**
 * Work on records of one partition, one after the other. A record that fails keeps its
 * place until it has an outcome, and holds no thread while nothing is done about it. When
 * the partition is revoked, the record being handled is finished and the rest is dropped:
 * whoever gets the partition next reads it again.
 * <p>
 * <b>Threading.</b> Owned by the worker: its fields are touched only while it runs this
 * work, and handed on with it. {@link #isReady} may look while another thread runs: what
 * it sees then may be old, and a worker that is woken in vain waits again.
 */
abstract class RecordWork extends Work {

	private final AssignmentHandle source;

	private final Delivery delivery;

	/** Only while the head fails or is awaited, since most never do. */
	private @Nullable RetryingRecord unfinished;

	RecordWork(AssignmentHandle source, Delivery delivery) {
		this.source = source;
		this.delivery = delivery;
	}

	AssignmentHandle source() {
		return this.source;
	}

	/**
	 * Return the record that is next, or {@code null} if nothing is left.
	 */
	abstract @Nullable ConsumerRecord<?, ?> head();

	/**
	 * Go on to the record after the head.
	 */
	abstract void advance();

	/**
	 * Do what has to be done with a record and make it final, or leave that to whoever
	 * has it now. Failures are thrown.
	 * @return the outcome if it comes later: then the record is to be made final with it
	 */
	abstract @Nullable CompletableFuture<?> deliver(ConsumerRecord<?, ?> record, int attempt) throws Throwable;

	@Override
	public final Progress proceed(Worker worker, Turn turn) {
		RetryingRecord unfinished = this.unfinished;
		if (unfinished != null && unfinished.isAwaited()) {
			return Progress.WAITING;
		}
		if (!this.source.enter()) {
			if (unfinished != null && unfinished.isFinal()) {
				finish(unfinished);
				worker.recordHandled();
				advance();
			}
			return drop(worker);
		}
		try {
			return handle(worker, turn);
		}
		finally {
			this.source.exit();
		}
	}

	private Progress handle(Worker worker, Turn turn) {
		ConsumerRecord<?, ?> record = head();
		if (record == null) {
			return Progress.DONE;
		}
		LogContext logContext = this.delivery.logContext();
		logContext.enter(worker, record);
		try {
			return handle(record, logContext, worker, turn);
		}
		finally {
			logContext.leave();
		}
	}

	private Progress handle(ConsumerRecord<?, ?> first, LogContext logContext, Worker worker, Turn turn) {
		ConsumerRecord<?, ?> record = first;
		while (record != null) {
			if (this.source.isRevoked()) {
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
	 * @return whether it is final
	 */
	private boolean handle(ConsumerRecord<?, ?> record, Worker worker, Turn turn) {
		RetryingRecord unfinished = this.unfinished;
		if (unfinished == null) {
			return attempt(record, 1, worker, turn);
		}
		switch (unfinished.next(turn)) {
			case WAIT -> {
				return false;
			}
			case ATTEMPT -> {
				return attempt(record, unfinished.attempts() + 1, worker, turn);
			}
			case COMPLETE -> this.source.complete(record);
			case FINAL -> {
				// Whoever answered that has made it final.
			}
		}
		finish(unfinished);
		return true;
	}

	/**
	 * Hand the head to whoever handles it.
	 * @return whether it is final, or the business of somebody else now
	 */
	private boolean attempt(ConsumerRecord<?, ?> record, int attempt, Worker worker, Turn turn) {
		long begin = turn.now();
		worker.beginRecord(record, attempt, begin);
		Throwable failure = null;
		CompletableFuture<?> outcome = null;
		try {
			outcome = deliver(record, attempt);
		}
		catch (Throwable ex) {
			failure = ex;
		}
		turn.handlerReturned();
		if (failure instanceof HookFailedException breakdown) {
			throw breakdown;
		}
		if (outcome != null) {
			RetryingRecord unfinished = unfinished(record, worker);
			unfinished.awaitHandler(outcome, begin, turn);
			return !unfinished.isAwaited() && handle(record, worker, turn);
		}
		attempted(record, turn.now() - begin, failure == null, worker);
		if (failure != null) {
			if (!unfinished(record, worker).attemptFailed(failure, turn)) {
				return false;
			}
			this.source.complete(record);
		}
		RetryingRecord unfinished = this.unfinished;
		if (unfinished != null) {
			finish(unfinished);
		}
		else {
			turn.handlerSucceeded();
		}
		return true;
	}

	/**
	 * Tell observers that an attempt has ended.
	 */
	void attempted(ConsumerRecord<?, ?> record, long nanos, boolean handled, Worker worker) {
		worker.attempted(record.topic(), nanos, handled);
	}

	private RetryingRecord unfinished(ConsumerRecord<?, ?> record, Worker worker) {
		RetryingRecord unfinished = this.unfinished;
		if (unfinished == null) {
			unfinished = new RetryingRecord(record, this.source, worker, this.delivery);
			this.unfinished = unfinished;
		}
		return unfinished;
	}

	private void finish(RetryingRecord unfinished) {
		unfinished.leave();
		this.unfinished = null;
	}

	private Progress drop(Worker worker) {
		RetryingRecord unfinished = this.unfinished;
		if (unfinished != null) {
			finish(unfinished);
		}
		ConsumerRecord<?, ?> record = head();
		while (record != null) {
			this.source.drop(record);
			advance();
			record = head();
		}
		worker.recordDropped();
		return Progress.DONE;
	}

	@Override
	public final boolean isReady(long now) {
		RetryingRecord unfinished = this.unfinished;
		return unfinished == null || unfinished.isReady(now) || (this.source.isRevoked() && !unfinished.isAwaited());
	}

	@Override
	public final boolean isWithHandler() {
		RetryingRecord unfinished = this.unfinished;
		return unfinished != null && unfinished.isWithHandler();
	}

	@Override
	public final WorkerState waitingState() {
		RetryingRecord unfinished = this.unfinished;
		return (unfinished != null) ? unfinished.workerState() : WorkerState.RUNNING;
	}

}
