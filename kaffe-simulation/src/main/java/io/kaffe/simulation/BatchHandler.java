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

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.support.Acknowledgment;

import io.kaffe.spring.test.simulation.Simulation;

/**
 * Handles batches for the listener of one instance.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time.
 */
final class BatchHandler {

	private final Journal journal;

	private final Simulation simulation;

	private final DeliveryOracle deliveries;

	private final ServiceInstance instance;

	private final ListenerHooks hooks;

	private final HandlerWork work;

	private final Acknowledgments acknowledgments;

	BatchHandler(World world, ServiceInstance instance, ListenerHooks hooks, HandlerWork work,
			Acknowledgments acknowledgments) {
		this.journal = world.journal();
		this.simulation = world.simulation();
		this.deliveries = world.deliveries();
		this.instance = instance;
		this.hooks = hooks;
		this.work = work;
		this.acknowledgments = acknowledgments;
	}

	/**
	 * Handle a batch.
	 * @param acknowledgment acknowledges it; {@code null} if the listener does not
	 */
	void handle(List<ConsumerRecord<Object, Object>> records, @Nullable Acknowledgment acknowledgment) {
		Batch batch = begin(records);
		try {
			work(batch);
			if (acknowledgment == null) {
				batch.all().forEach((fact) -> this.journal.done(fact, "handled"));
			}
			else if (batch.removed().isEmpty() && this.acknowledgments.areRejected()) {
				reject(batch, acknowledgment);
			}
			else {
				this.acknowledgments.acknowledge(batch.all(), acknowledgment);
			}
		}
		finally {
			this.deliveries.ends(this.instance, batch.facts());
		}
	}

	private void reject(Batch batch, Acknowledgment acknowledgment) {
		List<Fact> facts = batch.facts();
		int index = this.simulation.choose(facts.size() + 1);
		if (index == facts.size()) {
			this.journal.failedTogether(this.instance.service(), facts);
			this.acknowledgments.reject(acknowledgment);
		}
		else {
			this.acknowledgments.nack(facts, batch.deliveries(), index, acknowledgment);
		}
	}

	/**
	 * Handle a batch now or later, on whatever thread.
	 * @return completed when all is handled
	 */
	CompletableFuture<@Nullable Void> handleLater(List<ConsumerRecord<Object, Object>> records) {
		Batch batch = begin(records);
		CompletableFuture<@Nullable Void> future = new CompletableFuture<>();
		try {
			if (this.simulation.choose(3) == 0) {
				answer(batch, future);
			}
			else {
				this.work.later(() -> answer(batch, future));
			}
			return future;
		}
		finally {
			this.deliveries.ends(this.instance, batch.facts());
		}
	}

	private void answer(Batch batch, CompletableFuture<@Nullable Void> future) {
		try {
			work(batch);
			batch.all().forEach((fact) -> this.journal.done(fact, "handled"));
			future.complete(null);
		}
		catch (BatchListenerFailedException ex) {
			future.completeExceptionally(ex);
		}
	}

	/**
	 * Begin with all records of a batch at once, at no point in between.
	 */
	private Batch begin(List<ConsumerRecord<Object, Object>> records) {
		List<ConsumerRecord<Object, Object>> copy = List.copyOf(records);
		List<Fact> facts = copy.stream().map(this.journal::fact).toList();
		List<Fact> removed = this.hooks.removed(facts);
		// What is removed from a batch is acknowledged with it.
		removed.forEach((fact) -> fact.deliveries++);
		List<Fact> before = new ArrayList<>(removed);
		for (ConsumerRecord<Object, Object> record : copy) {
			this.hooks.handlerBegins();
			this.deliveries.begins(this.instance, record, record == copy.get(0), before);
			Payloads.handled(record.key());
			before.add(this.journal.fact(record));
		}
		return new Batch(facts, facts.stream().map((fact) -> fact.deliveries).toList(), removed);
	}

	private void work(Batch batch) {
		List<Fact> facts = batch.facts();
		for (int index = 0; index < facts.size(); index++) {
			try {
				this.work.work(facts.get(index));
			}
			catch (IllegalStateException ex) {
				facts.subList(0, index).forEach((fact) -> this.journal.done(fact, "handled"));
				completeRemoved(facts.get(index), batch.removed());
				throw new BatchListenerFailedException("refused", ex, index);
			}
		}
	}

	/**
	 * Complete what hooks have removed before a record that fails. In other partitions,
	 * or with keys that cannot be compared, it may have been behind that record in the
	 * batch.
	 */
	private void completeRemoved(Fact failed, List<Fact> removed) {
		boolean ordered = !this.instance.service().isKeyed() || this.instance.service().setup().keys().isOrdered();
		for (Fact fact : removed) {
			if (!ordered || !fact.partition().equals(failed.partition())) {
				fact.passedOver = true;
			}
			else if (fact.offset < failed.offset) {
				this.journal.done(fact, "removed from a batch");
			}
		}
	}

	/**
	 * A batch that is handled.
	 *
	 * @param facts what the listener was given
	 * @param deliveries which delivery of each record that is
	 * @param removed what hooks have removed before
	 */
	private record Batch(List<Fact> facts, List<Integer> deliveries, List<Fact> removed) {

		List<Fact> all() {
			List<Fact> all = new ArrayList<>(this.facts);
			all.addAll(this.removed);
			return all;
		}

	}

}
