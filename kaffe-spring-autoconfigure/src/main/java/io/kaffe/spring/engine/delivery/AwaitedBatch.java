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

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.Turn;
import io.kaffe.spring.engine.worker.Worker;

/**
 * A batch whose handler answers later.
 * <p>
 * <b>Threading.</b> Owned by the worker, but for the answer, which completes what was
 * handled on the thread that brings it, before the worker sees it.
 */
final class AwaitedBatch implements PendingAnswer.Awaited {

	private final BatchAttempt attempt;

	private final Ticker ticker;

	private final PendingAnswer answer;

	/** Written by the thread that answers, before the worker sees the answer. */
	private long answeredAt;

	AwaitedBatch(BatchAttempt attempt, Delivery delivery, Worker worker) {
		this.attempt = attempt;
		this.ticker = delivery.ticker();
		this.answer = new PendingAnswer(this, worker, delivery.detachedRecords());
	}

	/**
	 * Wait for the answer, without a thread.
	 */
	void await(CompletableFuture<?> outcome, Turn turn) {
		this.answer.awaitHandler(outcome, turn);
	}

	BatchAttempt attempt() {
		return this.attempt;
	}

	PendingAnswer answer() {
		return this.answer;
	}

	/**
	 * Return how many nanoseconds the handler took to answer, when it has.
	 */
	long nanosToAnswer() {
		return this.answeredAt - this.attempt.since();
	}

	@Override
	public ConsumerRecord<?, ?> record() {
		return this.attempt.record();
	}

	@Override
	public List<? extends ConsumerRecord<?, ?>> unfinished() {
		return this.attempt.unfinished();
	}

	@Override
	public void hold() {
		this.attempt.assignments().forEach(AssignmentHandle::hold);
	}

	@Override
	public void exit() {
		this.attempt.assignments().forEach(AssignmentHandle::exit);
	}

	@Override
	public boolean isOver() {
		return this.attempt.isOver();
	}

	/**
	 * Complete what the handler has handled.
	 */
	@Override
	public void answered(@Nullable Throwable failure) {
		this.answeredAt = this.ticker.nanoTime();
		if (failure != null) {
			this.attempt.completeUpTo(this.attempt.positionOfFailure(failure) - 1);
		}
		else {
			this.attempt.completeAll();
		}
	}

}
