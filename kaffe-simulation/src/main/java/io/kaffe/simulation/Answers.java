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

package io.kaffe.simulation;

import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.test.simulation.Simulation;

/**
 * The futures by which handlers answer: completed at once or later and, where answers are
 * odd, also while the handler still runs, twice, or not before it is calm.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time.
 */
final class Answers {

	private static final long MILLI = 1_000_000;

	private final World world;

	private final Journal journal;

	private final Simulation simulation;

	private final Scenario.Service service;

	private final HandlerWork work;

	Answers(World world, Scenario.Service service, HandlerWork work) {
		this.world = world;
		this.journal = world.journal();
		this.simulation = world.simulation();
		this.service = service;
		this.work = work;
	}

	/**
	 * Handle a record.
	 * @return completed when it is handled; {@code null} if it is already
	 */
	@Nullable CompletableFuture<@Nullable Void> answer(Fact fact) {
		CompletableFuture<@Nullable Void> future = new CompletableFuture<>();
		if (this.world.scenario().service().setup().oddAnswers() && !this.world.isCalm()
				&& this.simulation.choose(4) == 0) {
			return oddly(fact, future);
		}
		if (this.simulation.choose(3) == 0) {
			complete(fact, future);
		}
		else {
			this.work.later(() -> complete(fact, future));
		}
		return future;
	}

	private @Nullable CompletableFuture<@Nullable Void> oddly(Fact fact, CompletableFuture<@Nullable Void> future) {
		switch (this.simulation.choose(7)) {
			case 0 -> {
				// Others complete it while the handler runs.
				this.work.later(() -> complete(fact, future));
				this.work.sleep(this.simulation.choose(80) * MILLI);
			}
			case 1 -> this.work.later(() -> {
				complete(fact, future);
				future.complete(null);
				future.completeExceptionally(new IllegalStateException("too late"));
			});
			case 2 -> this.work.later(() -> {
				fail(fact, future);
				future.completeExceptionally(new IllegalArgumentException("failed twice"));
				future.complete(null);
			});
			case 3 -> this.work.later(() -> {
				this.journal.failed(this.service, fact);
				future.cancel(false);
			});
			case 4 -> {
				// What has thrown is not asked for an answer.
				this.work.later(() -> future.complete(null));
				this.journal.failed(this.service, fact);
				throw new IllegalStateException("refused, though there is a future");
			}
			case 5 -> failWhenCalm(fact, future);
			default -> {
				this.work.work(fact);
				this.journal.done(fact, "handled");
				return null;
			}
		}
		return future;
	}

	private void complete(Fact fact, CompletableFuture<@Nullable Void> future) {
		try {
			this.work.work(fact);
			this.journal.done(fact, "handled");
			future.complete(null);
		}
		catch (IllegalStateException ex) {
			future.completeExceptionally(ex);
		}
	}

	private void fail(Fact fact, CompletableFuture<@Nullable Void> future) {
		this.journal.failed(this.service, fact);
		future.completeExceptionally(new IllegalStateException("refused"));
	}

	/**
	 * Do not answer before it is calm. Until then, the worker waits.
	 */
	private void failWhenCalm(Fact fact, CompletableFuture<@Nullable Void> future) {
		if (this.world.isCalm()) {
			fail(fact, future);
		}
		else {
			this.work.later(() -> failWhenCalm(fact, future));
		}
	}

}
