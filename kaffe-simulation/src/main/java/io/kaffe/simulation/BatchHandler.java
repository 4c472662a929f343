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

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.support.Acknowledgment;

/**
 * Handles batches for the listener of one instance.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time.
 */
final class BatchHandler {

	private final Journal journal;

	private final DeliveryOracle deliveries;

	private final ServiceInstance instance;

	private final ListenerHooks hooks;

	private final HandlerWork work;

	private final Acknowledgments acknowledgments;

	BatchHandler(World world, ServiceInstance instance, ListenerHooks hooks, HandlerWork work,
			Acknowledgments acknowledgments) {
		this.journal = world.journal();
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
		// A copy: the handler begins with all of them at once, at no point in between.
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
		try {
			for (int index = 0; index < facts.size(); index++) {
				try {
					this.work.work(facts.get(index));
				}
				catch (IllegalStateException ex) {
					facts.subList(0, index).forEach((fact) -> this.journal.done(fact, "handled"));
					completeRemoved(facts.get(index), removed);
					throw new BatchListenerFailedException("refused", ex, index);
				}
			}
			List<Fact> completed = new ArrayList<>(facts);
			completed.addAll(removed);
			if (acknowledgment == null) {
				completed.forEach((fact) -> this.journal.done(fact, "handled"));
			}
			else if (removed.isEmpty() && this.acknowledgments.areRejected()) {
				this.journal.failedTogether(this.instance.service(), facts);
				this.acknowledgments.reject(acknowledgment);
			}
			else {
				this.acknowledgments.acknowledge(completed, acknowledgment);
			}
		}
		finally {
			this.deliveries.ends(this.instance, facts);
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

}
