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
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link AsyncOutcome}, with what an adapter does as callbacks of the relay.
 */
class AsyncOutcomeTests {

	private final AsyncOutcome outcome = new AsyncOutcome(Observation.NOOP);

	private final CompletableFuture<String> answer = new CompletableFuture<>();

	@Test
	void handlerThatIsNotAsynchronousHasAnswered() {
		assertThat(this.outcome.whenReturned()).isNull();
	}

	@Test
	void nackIsRefused() {
		assertThatIllegalStateException().isThrownBy(() -> this.outcome.nack(Duration.ofSeconds(1)))
			.withMessageStartingWith("nack() is not supported with out-of-order commits");
	}

	@Test
	void answerIsRelayedToTheAdapterAndItsAcknowledgmentCompletesTheRecord() {
		List<@Nullable Object> replies = new ArrayList<>();
		CompletableFuture<?> returned = returned(false, (reply, failure) -> {
			replies.add(reply);
			this.outcome.acknowledge();
		});
		assertThat(returned).isNotDone();
		this.answer.complete("shipped");
		assertThat(replies).containsExactly("shipped");
		assertThat(returned).isCompletedWithValue(null);
	}

	@Test
	void replyThatIsNotSentIsAFailure() {
		CompletableFuture<?> returned = returned(true, (reply, failure) -> {
		});
		this.answer.complete("shipped");
		assertThat(failureOf(returned)).hasMessage("The reply of the handler could not be sent");
	}

	@Test
	void failureThatTheAdapterReportsIsTheOutcomeThoughItAcknowledgesToo() {
		Throwable reported = new IllegalArgumentException("no address");
		CompletableFuture<?> returned = returned(true, (reply, failure) -> {
			this.outcome.failed(reported);
			this.outcome.acknowledge();
		});
		this.answer.completeExceptionally(new IllegalStateException("no stock"));
		assertThat(failureOf(returned)).isSameAs(reported);
	}

	@Test
	void failureThatTheAdapterDoesNotReportIsTheOutcomeUnlessAnErrorHandlerHasDealtWithIt() {
		IllegalStateException thrown = new IllegalStateException("no stock");
		CompletableFuture<?> returned = returned(false, (reply, failure) -> this.outcome.acknowledge());
		this.answer.completeExceptionally(thrown);
		assertThat(failureOf(returned)).isSameAs(thrown);
	}

	@Test
	void failureThatAnErrorHandlerHasDealtWithCompletesTheRecord() {
		List<@Nullable Throwable> failures = new ArrayList<>();
		IllegalStateException thrown = new IllegalStateException("no stock");
		CompletableFuture<?> returned = returned(true, (reply, failure) -> failures.add(failure));
		this.answer.completeExceptionally(thrown);
		assertThat(failures).containsExactly(thrown);
		assertThat(returned).isCompletedWithValue(null);
	}

	@Test
	void failureThatCannotBeDescribedIsNotRelayed() {
		List<@Nullable Throwable> failures = new ArrayList<>();
		Indescribable thrown = new Indescribable();
		CompletableFuture<?> returned = returned(true, (reply, failure) -> failures.add(failure));
		this.answer.completeExceptionally(thrown);
		assertThat(failures).isEmpty();
		assertThat(failureOf(returned)).isSameAs(thrown);
	}

	@Test
	void adapterIsCalledWithinTheOutcomeAndTheObservation() {
		ObservationRegistry registry = ObservationRegistry.create();
		registry.observationConfig().observationHandler((context) -> true);
		Observation observation = Observation.start("delivery", registry);
		AsyncOutcome outcome = new AsyncOutcome(observation);
		List<@Nullable Object> seen = new ArrayList<>();
		outcome.answeredBy(this.answer, false).whenComplete((reply, failure) -> {
			seen.add(AsyncOutcome.current());
			seen.add(registry.getCurrentObservation());
		});
		outcome.whenReturned();
		this.answer.complete("shipped");
		assertThat(seen).containsExactly(outcome, observation);
		assertThat(AsyncOutcome.current()).isNull();
	}

	@Test
	void outcomeWithinAnotherOneGivesWayToItAgain() {
		AsyncOutcome inner = new AsyncOutcome(Observation.NOOP);
		List<@Nullable AsyncOutcome> seen = new ArrayList<>();
		this.outcome.within(() -> {
			seen.add(AsyncOutcome.current());
			inner.within(() -> seen.add(AsyncOutcome.current()));
			seen.add(AsyncOutcome.current());
		});
		seen.add(AsyncOutcome.current());
		assertThat(seen).containsExactly(this.outcome, inner, this.outcome, null);
	}

	private CompletableFuture<?> returned(boolean hasErrorHandler, Adapter adapter) {
		this.outcome.answeredBy(this.answer, hasErrorHandler).whenComplete(adapter::answered);
		return Objects.requireNonNull(this.outcome.whenReturned());
	}

	private static @Nullable Throwable failureOf(CompletableFuture<?> returned) {
		assertThat(returned).isDone();
		return returned.handle((result, failure) -> failure).join();
	}

	/**
	 * What the adapter does when the relay is completed.
	 */
	private interface Adapter {

		void answered(@Nullable Object reply, @Nullable Throwable failure);

	}

	/**
	 * Has no text.
	 */
	private static final class Indescribable extends RuntimeException {

		private static final long serialVersionUID = 1L;

		@Override
		public String toString() {
			throw new IllegalStateException("no text, on purpose");
		}

		@Override
		public String getMessage() {
			throw new IllegalStateException("no message, on purpose");
		}

	}

}
