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
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Function;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.support.HostileException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link AsyncOutcome}, with what an adapter does as callbacks of the relay.
 */
class AsyncOutcomeTests {

	private final AsyncOutcome outcome = new AsyncOutcome(Observation.NOOP, null);

	private final CompletableFuture<String> answer = new CompletableFuture<>();

	private final List<@Nullable Object> replies = new ArrayList<>();

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
	void answerIsRelayedToTheAdapterAndItsAcknowledgmentIsTheOutcome() {
		CompletableFuture<?> returned = returned(null, (reply) -> this.outcome.acknowledge());
		assertThat(returned).isNotDone();
		this.answer.complete("shipped");
		assertThat(this.replies).containsExactly("shipped");
		assertThat(returned).isCompletedWithValue(null);
	}

	@Test
	void replyThatIsNotSentIsAFailure() {
		CompletableFuture<?> returned = returned(null, (reply) -> {
		});
		this.answer.complete("shipped");
		assertThat(failureOf(returned)).hasMessage("The reply of the handler could not be sent");
	}

	@Test
	void failureIsTheOutcomeAndNotRelayedToTheAdapterWhichWouldAcknowledgeIt() {
		IllegalStateException thrown = new IllegalStateException("no stock");
		CompletableFuture<?> returned = returned(null, (reply) -> this.outcome.acknowledge());
		this.answer.completeExceptionally(new CompletionException(thrown));
		assertThat(this.replies).isEmpty();
		assertThat(failureOf(returned)).isSameAs(thrown);
	}

	@Test
	void whatAnErrorHandlerReturnsIsRelayedInsteadOfTheFailure() {
		IllegalStateException thrown = new IllegalStateException("no stock");
		CompletableFuture<?> returned = returned((failure) -> "instead of " + failure.getMessage(),
				(reply) -> this.outcome.acknowledge());
		this.answer.completeExceptionally(thrown);
		assertThat(this.replies).containsExactly("instead of no stock");
		assertThat(returned).isCompletedWithValue(null);
	}

	@Test
	void whatAnErrorHandlerThrowsIsTheOutcome() {
		IllegalArgumentException thrown = new IllegalArgumentException("no address");
		CompletableFuture<?> returned = returned((failure) -> {
			throw thrown;
		}, (reply) -> this.outcome.acknowledge());
		this.answer.completeExceptionally(new IllegalStateException("no stock"));
		assertThat(this.replies).isEmpty();
		assertThat(failureOf(returned)).isSameAs(thrown);
	}

	@Test
	void failureThatAnswersNothingIsTheOutcomeLikeAnyOther() {
		HostileException thrown = new HostileException();
		CompletableFuture<?> returned = returned(null, (reply) -> this.outcome.acknowledge());
		this.answer.completeExceptionally(thrown);
		assertThat(failureOf(returned)).isSameAs(thrown);
	}

	@Test
	void errorHandlerAndAdapterAreCalledWithinTheObservation() {
		ObservationRegistry registry = ObservationRegistry.create();
		registry.observationConfig().observationHandler((context) -> true);
		Observation observation = Observation.start("delivery", registry);
		AsyncOutcome outcome = new AsyncOutcome(observation, null);
		List<@Nullable Object> seen = new ArrayList<>();
		outcome.answeredBy(this.answer, (failure) -> seen.add(registry.getCurrentObservation()))
			.whenComplete((reply, failure) -> seen.add(registry.getCurrentObservation()));
		outcome.whenReturned();
		this.answer.completeExceptionally(new IllegalStateException("no stock"));
		assertThat(seen).containsExactly(observation, observation);
	}

	@Test
	void outcomeWithinAnotherOneGivesWayToItAgain() {
		AsyncOutcome inner = new AsyncOutcome(Observation.NOOP, null);
		List<@Nullable AsyncOutcome> seen = new ArrayList<>();
		this.outcome.within(() -> {
			seen.add(AsyncOutcome.current());
			inner.within(() -> seen.add(AsyncOutcome.current()));
			seen.add(AsyncOutcome.current());
		});
		seen.add(AsyncOutcome.current());
		assertThat(seen).containsExactly(this.outcome, inner, this.outcome, null);
	}

	@Test
	void recordIsNotAcknowledgedUpToAnIndex() {
		assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> this.outcome.acknowledge(0));
		assertThatExceptionOfType(UnsupportedOperationException.class)
			.isThrownBy(() -> this.outcome.nack(0, Duration.ZERO));
	}

	@Test
	void actionComesBeforeOthersSeeTheOutcome() {
		CompletableFuture<@Nullable Object> before = new CompletableFuture<>();
		List<@Nullable Throwable> seen = new ArrayList<>();
		CompletableFuture<?> after = AsyncOutcome.then(before, seen::add);
		before.complete(null);
		assertThat(seen).containsExactly((Throwable) null);
		assertThat(after).isCompletedWithValue(null);
	}

	@Test
	void whatAnActionThrowsIsTheOutcome() {
		IllegalStateException thrown = new IllegalStateException("broken");
		CompletableFuture<?> after = AsyncOutcome.then(CompletableFuture.completedFuture(null), (failure) -> {
			throw thrown;
		});
		assertThat(failureOf(after)).isSameAs(thrown);
	}

	private CompletableFuture<?> returned(@Nullable Function<Throwable, @Nullable Object> errorHandler,
			Consumer<@Nullable Object> adapter) {
		this.outcome.answeredBy(this.answer, errorHandler).thenAccept((reply) -> {
			this.replies.add(reply);
			adapter.accept(reply);
		});
		return Objects.requireNonNull(this.outcome.whenReturned());
	}

	private static @Nullable Throwable failureOf(CompletableFuture<?> returned) {
		assertThat(returned).isDone();
		return returned.handle((result, failure) -> failure).join();
	}

}
