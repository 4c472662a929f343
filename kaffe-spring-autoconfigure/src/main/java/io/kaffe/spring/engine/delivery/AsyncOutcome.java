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
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;

import io.micrometer.observation.Observation;
import org.jspecify.annotations.Nullable;

/**
 * The outcome of a record, or of a batch, whose handler answers later.
 * <p>
 * Spring Kafka's adapter of the handler does not wait for the handler's future but for a
 * relay, which is completed here: when that returns, the adapter has sent the reply and
 * acknowledged, on the same thread, or could not send it. It does not see a failure,
 * since it would acknowledge that, too, and only log it: the listener's own error handler
 * is asked here, and what that returns is relayed.
 * <p>
 * <b>Threading.</b> The worker that calls the handler, then the one thread that completes
 * the handler's future, which sees what the worker wrote.
 */
public final class AsyncOutcome implements WorkerAcknowledgment {

	private static final ThreadLocal<AsyncOutcome> CURRENT = new ThreadLocal<>();

	private final CompletableFuture<@Nullable Object> outcome = new CompletableFuture<>();

	private final CompletableFuture<@Nullable Object> relay = new CompletableFuture<>();

	private final Observation observation;

	private final @Nullable BatchAttempt batch;

	private @Nullable CompletableFuture<?> answer;

	private @Nullable Function<Throwable, @Nullable Object> errorHandler;

	private boolean acknowledged;

	/**
	 * Create an outcome.
	 * @param observation what the adapter sends replies within
	 * @param batch the batch that it is the outcome of, or {@code null} if it is that of
	 * a record
	 */
	AsyncOutcome(Observation observation, @Nullable BatchAttempt batch) {
		this.observation = observation;
		this.batch = batch;
	}

	/**
	 * Return the outcome of what the adapter on this thread is called for.
	 * @return the outcome, or {@code null} if no worker calls the adapter
	 */
	public static @Nullable AsyncOutcome current() {
		return CURRENT.get();
	}

	/**
	 * Call the adapter.
	 */
	void within(Runnable call) {
		AsyncOutcome before = CURRENT.get();
		CURRENT.set(this);
		try {
			call.run();
		}
		finally {
			if (before != null) {
				CURRENT.set(before);
			}
			else {
				CURRENT.remove();
			}
		}
	}

	/**
	 * Take what the handler returned.
	 * @param answer the future that it returned
	 * @param errorHandler asked about a failure of the future: returns what the handler
	 * is to have answered instead, or throws what it failed with; {@code null} if the
	 * listener has none
	 * @return what the adapter is to wait for instead
	 */
	public CompletableFuture<?> answeredBy(CompletableFuture<?> answer,
			@Nullable Function<Throwable, @Nullable Object> errorHandler) {
		this.answer = answer;
		this.errorHandler = errorHandler;
		return this.relay;
	}

	/**
	 * Return the outcome, when the adapter has returned.
	 * @return {@code null} if the handler has answered: it was not called, or is not
	 * asynchronous
	 */
	@Nullable CompletableFuture<?> whenReturned() {
		CompletableFuture<?> answer = this.answer;
		if (answer == null) {
			return null;
		}
		answer.handle((result, thrown) -> {
			try {
				settle(result, ListenerFailure.unwrapped(thrown));
			}
			catch (Throwable ex) {
				// Otherwise there would never be an outcome.
				this.outcome.completeExceptionally(ex);
			}
			return null;
		});
		return this.outcome;
	}

	private void settle(@Nullable Object result, @Nullable Throwable failure) {
		Function<Throwable, @Nullable Object> errorHandler = this.errorHandler;
		if (failure != null && errorHandler == null) {
			this.outcome.completeExceptionally(failure);
			return;
		}
		this.observation.scoped(() -> this.relay
			.complete((failure != null && errorHandler != null) ? errorHandler.apply(failure) : result));
		if (this.acknowledged) {
			this.outcome.complete(null);
		}
		else {
			this.outcome.completeExceptionally(new IllegalStateException("The reply of the handler could not be sent"));
		}
	}

	/**
	 * Do something with an outcome before others see it.
	 * @param outcome the outcome
	 * @param action gets the failure, or {@code null}; what it throws is the outcome
	 * @return the outcome after that
	 */
	static CompletableFuture<?> then(CompletableFuture<?> outcome, Consumer<@Nullable Throwable> action) {
		CompletableFuture<@Nullable Object> next = new CompletableFuture<>();
		// A dependent stage that fails like the one before asks the failure for its text,
		// and never completes if that throws.
		outcome.handle((result, failure) -> {
			Throwable ended = failure;
			try {
				action.accept(failure);
			}
			catch (Throwable ex) {
				ended = ex;
			}
			return (ended != null) ? next.completeExceptionally(ended) : next.complete(result);
		});
		return next;
	}

	@Override
	public void acknowledge() {
		this.acknowledged = true;
	}

	@Override
	public void nack(Duration sleep) {
		throw new IllegalStateException("nack() is not supported with out-of-order commits: complete the future "
				+ "exceptionally, and the record is retried after its back-off");
	}

	/**
	 * Complete the first records of the batch, though its handler has not answered.
	 */
	@Override
	public void acknowledge(int index) {
		if (this.batch == null) {
			WorkerAcknowledgment.super.acknowledge(index);
		}
		else {
			this.batch.acknowledge(index);
		}
	}

	@Override
	public void nack(int index, Duration sleep) {
		if (this.batch == null) {
			WorkerAcknowledgment.super.nack(index, sleep);
		}
		else {
			throw new IllegalStateException("nack() is not supported with asynchronous listeners: complete the future "
					+ "with a BatchListenerFailedException to have the records from an index on retried");
		}
	}

}
