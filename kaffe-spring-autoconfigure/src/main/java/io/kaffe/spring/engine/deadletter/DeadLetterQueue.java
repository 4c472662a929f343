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

package io.kaffe.spring.engine.deadletter;

import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.WorkerRuntime;

/**
 * Dead letters of one topic that are not sent yet. Each is sent when the call that sends
 * the one before it has returned, without waiting for its acknowledgment. There are as
 * many as records are in flight, at most.
 * <p>
 * <b>Threading.</b> Any thread adds; the one that adds to an empty queue has the executor
 * send until it is empty again. {@code waiting} is counted up after a letter was added
 * and down after it was sent or failed, so one thread sends at a time, and it leaves no
 * letter behind.
 */
final class DeadLetterQueue {

	private final Queue<Letter> letters = new ConcurrentLinkedQueue<>();

	private final AtomicInteger waiting = new AtomicInteger();

	private final DeadLetterPublisher publisher;

	private final Executor executor;

	DeadLetterQueue(DeadLetterPublisher publisher, Executor executor) {
		this.publisher = publisher;
		this.executor = executor;
	}

	/**
	 * Add a dead letter to be sent. Does not block.
	 * @return completed when it is acknowledged; to be cancelled if it must not be sent
	 * any more
	 */
	CompletableFuture<?> add(ConsumerRecord<?, ?> record, Exception failure) {
		Letter letter = new Letter(record, failure, new CompletableFuture<>());
		this.letters.add(letter);
		if (this.waiting.getAndIncrement() == 0) {
			try {
				this.executor.execute(this::send);
			}
			catch (Throwable ex) {
				failAll(ex);
			}
		}
		return letter.outcome();
	}

	private void send() {
		int turn = this.waiting.get();
		while (turn > 0) {
			send(turn);
			turn = this.waiting.addAndGet(-turn);
		}
	}

	/**
	 * Send some letters. Once a send has waited in vain, those behind it would too, one
	 * after the other: they fail at once, to be retried later.
	 */
	private void send(int count) {
		Throwable vain = null;
		for (int i = 0; i < count; i++) {
			Letter letter = this.letters.remove();
			if (vain != null) {
				letter.outcome().completeExceptionally(vain);
			}
			else if (!letter.outcome().isDone()) {
				vain = send(letter);
			}
		}
	}

	private @Nullable Throwable send(Letter letter) {
		try {
			this.publisher.publish(letter.record(), letter.failure()).handle((result, ex) -> letter.end(ex));
			return null;
		}
		catch (Throwable ex) {
			letter.end(ex);
			return isTimeout(ex) ? ex : null;
		}
	}

	private static boolean isTimeout(Throwable failure) {
		return failure instanceof TimeoutException || WorkerRuntime.causeOf(failure) instanceof TimeoutException;
	}

	private void failAll(Throwable reason) {
		int turn = this.waiting.get();
		while (turn > 0) {
			for (int i = 0; i < turn; i++) {
				this.letters.remove().outcome().completeExceptionally(reason);
			}
			turn = this.waiting.addAndGet(-turn);
		}
	}

	/**
	 * Cancel what is not sent: the executor may never send it.
	 */
	void cancelAll() {
		this.letters.forEach((letter) -> letter.outcome()
			.completeExceptionally(new CancellationException(
					"Abandoned before it was sent to its dead-letter topic, since the application stops")));
	}

	/**
	 * A record on its way to its dead-letter topic.
	 */
	private record Letter(ConsumerRecord<?, ?> record, Exception failure, CompletableFuture<Object> outcome) {

		boolean end(@Nullable Throwable sendFailure) {
			return (sendFailure != null) ? this.outcome.completeExceptionally(sendFailure)
					: this.outcome.complete(this.record);
		}

	}

}
