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

import io.micrometer.observation.Observation;
import org.jspecify.annotations.Nullable;

/**
 * The outcome of a record whose handler answers later: what Spring Kafka's adapter of the
 * handler reports, by acknowledging the record, by its callback for failures, or by
 * neither.
 * <p>
 * The adapter does not wait for the handler's future but for a relay, which is completed
 * here: when that returns, the adapter has reported the outcome, on the same thread. So a
 * failure is distinguished from a success although the adapter acknowledges both.
 * <p>
 * <b>Threading.</b> The worker that calls the handler, then the one thread that completes
 * the handler's future, which sees what the worker wrote.
 */
public final class AsyncOutcome implements WorkerAcknowledgment {

	private static final ThreadLocal<AsyncOutcome> CURRENT = new ThreadLocal<>();

	private final CompletableFuture<@Nullable Object> outcome = new CompletableFuture<>();

	private final CompletableFuture<@Nullable Object> relay = new CompletableFuture<>();

	private final Observation observation;

	private @Nullable CompletableFuture<?> answer;

	private boolean hasErrorHandler;

	private @Nullable Throwable failure;

	private boolean acknowledged;

	/**
	 * Create an outcome.
	 * @param observation what the adapter sends replies within
	 */
	AsyncOutcome(Observation observation) {
		this.observation = observation;
	}

	/**
	 * Return the outcome of the record that the adapter on this thread is called for.
	 * @return the outcome, or {@code null} if no worker calls the adapter
	 */
	public static @Nullable AsyncOutcome current() {
		return CURRENT.get();
	}

	/**
	 * Call the adapter, or have it called.
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
	 * @param hasErrorHandler whether the adapter asks an error handler about failures
	 * @return what the adapter is to wait for instead
	 */
	public CompletableFuture<?> answeredBy(CompletableFuture<?> answer, boolean hasErrorHandler) {
		this.answer = answer;
		this.hasErrorHandler = hasErrorHandler;
		return this.relay;
	}

	/**
	 * Note that the adapter has reported a failure, which is the last it does.
	 * @param failure what the handler or the adapter threw
	 */
	public void failed(Throwable failure) {
		this.failure = failure;
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
				within(() -> this.observation.scoped(() -> relay(result, thrown)));
				settle(thrown);
			}
			catch (Throwable ex) {
				// Otherwise the record would never have an outcome.
				this.outcome.completeExceptionally(ex);
			}
			return null;
		});
		return this.outcome;
	}

	private void relay(@Nullable Object result, @Nullable Throwable thrown) {
		if (thrown == null) {
			this.relay.complete(result);
		}
		else if (ListenerFailure.isDescribable(thrown)) {
			this.relay.completeExceptionally(thrown);
		}
		else {
			// It would break the stages that depend on the relay.
			this.failure = thrown;
		}
	}

	private void settle(@Nullable Throwable thrown) {
		if (this.failure != null) {
			this.outcome.completeExceptionally(this.failure);
		}
		else if (thrown != null && !this.hasErrorHandler) {
			// The adapter could not report it: it describes its bean then, which may
			// throw.
			this.outcome.completeExceptionally(thrown);
		}
		else if (this.acknowledged || thrown != null) {
			// If something was thrown, the listener's own error handler has dealt with
			// it.
			this.outcome.complete(null);
		}
		else {
			this.outcome.completeExceptionally(new IllegalStateException("The reply of the handler could not be sent"));
		}
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

}
