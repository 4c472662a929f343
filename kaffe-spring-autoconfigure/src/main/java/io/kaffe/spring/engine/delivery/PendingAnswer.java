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
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.DetachedRecord;
import io.kaffe.spring.engine.worker.Turn;
import io.kaffe.spring.engine.worker.Worker;

/**
 * The answer of a handler or a recoverer that has returned a future: no thread waits for
 * it, a drain does. What has a success as its answer is completed with it, whatever has
 * become of its worker.
 * <p>
 * <b>Threading.</b> The worker asks and takes the answer; one other thread, or the same
 * one, brings it and wakes the worker, which looks for it once more after it has begun to
 * wait. While a handler has not answered, it counts as one of those in flight
 * ({@link Worker#handlerAwaited()}), until the answer or the end of its assignment,
 * whichever is first. All of that is undone before the worker can see the answer, since
 * it may ask the handler once more then. The worker first adds it to the detached records
 * and then looks whether the assignment has ended; the consumer thread first ends
 * assignments and then looks through the detached records: one of them sees the other.
 */
final class PendingAnswer implements DetachedRecord {

	/** Whether it counts as one of the handlers in flight. */
	private final AtomicBoolean counted = new AtomicBoolean();

	private final Awaited awaited;

	private final Worker worker;

	private final Set<DetachedRecord> detachedRecords;

	private volatile long askedAt;

	private volatile boolean asked;

	private volatile boolean answered;

	/** What the answer is; written before {@code answered}. */
	private @Nullable Throwable answer;

	/**
	 * Create an answer that was not asked for yet.
	 * @param awaited what is with the handler or the recoverer
	 * @param worker the worker that waits
	 * @param detachedRecords where handlers are found that have not answered
	 */
	PendingAnswer(Awaited awaited, Worker worker, Set<DetachedRecord> detachedRecords) {
		this.awaited = awaited;
		this.worker = worker;
		this.detachedRecords = detachedRecords;
	}

	/**
	 * Wait for the answer of a handler.
	 */
	void awaitHandler(CompletableFuture<?> future, Turn turn) {
		this.askedAt = turn.now();
		begin();
		if (!future.isDone()) {
			this.counted.set(true);
			this.worker.handlerAwaited();
			this.detachedRecords.add(this);
		}
		listenTo(future);
		partitionsRevoked();
	}

	/**
	 * Wait for an answer without a thread. A drain waits for it, too.
	 */
	void await(CompletableFuture<?> future) {
		begin();
		listenTo(future);
	}

	private void begin() {
		this.answered = false;
		this.asked = true;
		this.awaited.hold();
	}

	private void listenTo(CompletableFuture<?> future) {
		boolean waits = false;
		try {
			// Not whenComplete: its stage would ask the failure, which is the user's, for
			// its text.
			future.handle((result, failure) -> {
				answer(failure);
				return null;
			});
			waits = true;
		}
		finally {
			if (!waits) {
				stopCounting();
				this.asked = false;
				this.awaited.exit();
			}
		}
	}

	/**
	 * Note the answer. Whatever it is, it must arrive, or the worker would wait for ever.
	 */
	private void answer(@Nullable Throwable thrown) {
		Throwable failure = ListenerFailure.unwrapped(thrown);
		try {
			this.awaited.answered(failure);
		}
		catch (Throwable ex) {
			failure = ex;
		}
		this.answer = failure;
		stopCounting();
		// From now on the worker may ask once more.
		this.answered = true;
		try {
			this.awaited.exit();
		}
		finally {
			this.worker.wake();
		}
	}

	@Override
	public void partitionsRevoked() {
		if (this.awaited.isOver()) {
			returnPermit();
		}
	}

	private void stopCounting() {
		this.detachedRecords.remove(this);
		returnPermit();
	}

	private void returnPermit() {
		if (this.counted.compareAndSet(true, false)) {
			this.worker.handlerAnswered();
		}
	}

	/**
	 * Return whether a handler or a recoverer was asked, and its answer, if there is one,
	 * was not taken.
	 */
	boolean isAsked() {
		return this.asked;
	}

	/**
	 * Return whether there is an answer, for the worker to take if it has not done so.
	 */
	boolean isAnswered() {
		return this.answered;
	}

	/**
	 * Return whether a handler or a recoverer has not answered. Nothing else may be done
	 * about what it has meanwhile.
	 */
	boolean isAwaited() {
		return this.asked && !this.answered;
	}

	/**
	 * Return whether the last answer was a success, so that what it is about is
	 * completed.
	 */
	boolean isCompleted() {
		return this.answered && this.answer == null;
	}

	/**
	 * Take the answer, when there is one.
	 * @return the failure, or {@code null} if it was a success
	 */
	@Nullable Throwable take() {
		Throwable failure = this.answer;
		this.asked = false;
		return failure;
	}

	@Override
	public ConsumerRecord<?, ?> record() {
		return this.awaited.record();
	}

	@Override
	public List<? extends ConsumerRecord<?, ?>> unfinished() {
		return this.awaited.unfinished();
	}

	@Override
	public String workerName() {
		return this.worker.name();
	}

	@Override
	public long since() {
		return this.askedAt;
	}

	@Override
	public boolean isOver() {
		return !isAwaited();
	}

	/**
	 * What is with a handler or a recoverer: a record or a batch. May be called by any
	 * thread; no method blocks.
	 */
	interface Awaited {

		/**
		 * Return the record, or the first one of a batch.
		 */
		ConsumerRecord<?, ?> record();

		/**
		 * Return all records that still matter.
		 */
		List<? extends ConsumerRecord<?, ?>> unfinished();

		/**
		 * Ask revocations to wait until {@link #exit()}.
		 */
		void hold();

		/**
		 * Let revocations go on.
		 */
		void exit();

		/**
		 * Return whether it does not matter any more.
		 */
		boolean isOver();

		/**
		 * Complete what the answer completes. Called between {@link #hold()} and
		 * {@link #exit()} by the thread that answers.
		 * @param failure the failure, or {@code null} if the answer is a success
		 */
		void answered(@Nullable Throwable failure);

	}

}
