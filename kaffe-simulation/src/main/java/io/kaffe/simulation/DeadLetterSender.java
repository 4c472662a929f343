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

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.delivery.RecordRecoverer;
import io.kaffe.spring.test.simulation.Simulation;

/**
 * Sends dead letters to nowhere, instead of publishing them to topics: that takes time,
 * and fails while dead letters are refused.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time.
 */
final class DeadLetterSender implements RecordRecoverer {

	private final World world;

	private final Journal journal;

	private final Simulation simulation;

	private final HandlerWork work;

	DeadLetterSender(World world, HandlerWork work) {
		this.world = world;
		this.journal = world.journal();
		this.simulation = world.simulation();
		this.work = work;
	}

	@Override
	public @Nullable CompletableFuture<?> recover(ConsumerRecord<?, ?> record, Exception failure) {
		Fact fact = this.journal.fact(record);
		if (this.world.handlerDisturbances().refusesDeadLetters()) {
			if (this.simulation.choose(2) == 0) {
				throw new IllegalStateException("The dead letter cannot be sent");
			}
			CompletableFuture<String> refused = new CompletableFuture<>();
			this.work.later(() -> refused.completeExceptionally(new IllegalStateException("not sent")));
			return refused;
		}
		CompletableFuture<String> sent = new CompletableFuture<>();
		this.work.later(() -> {
			this.journal.deadLettered(fact);
			sent.complete("sent");
		});
		return sent;
	}

}
