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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;

import io.kaffe.spring.test.simulation.Simulation;

/**
 * What is called around a listener: a filter and an interceptor, which discard, skip and
 * throw.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time.
 */
final class ListenerHooks {

	/** What was in the batch of a thread before hooks removed some of it. */
	private final ThreadLocal<@Nullable List<Fact>> batch = new ThreadLocal<>();

	private final World world;

	private final Journal journal;

	private final DeliveryOracle deliveries;

	private final Simulation simulation;

	private final ServiceInstance instance;

	private final ListenerSetup setup;

	private final InterceptorCalls calls;

	ListenerHooks(World world, ServiceInstance instance) {
		this.world = world;
		this.journal = world.journal();
		this.deliveries = world.deliveries();
		this.simulation = world.simulation();
		this.instance = instance;
		this.setup = world.scenario().service().setup();
		this.calls = new InterceptorCalls((what) -> world.violations().add(what + " on " + instance));
	}

	/**
	 * Install the interceptor, if there is one.
	 */
	void installIn(ConcurrentMessageListenerContainer<Object, Object> container, boolean batch) {
		if (!this.setup.intercepts()) {
			return;
		}
		if (batch) {
			container.setBatchInterceptor(new Batches());
		}
		else {
			container.setRecordInterceptor(new Records());
		}
	}

	/**
	 * Return a filter of records.
	 */
	RecordFilterStrategy<Object, Object> recordFilter() {
		return (record) -> {
			Fact fact = this.journal.fact(record);
			if (filterFails(record)) {
				this.journal.failed(this.instance.service(), fact);
				throw new IllegalStateException("The filter fails");
			}
			boolean filtered = this.setup.isFiltered(fact.number());
			if (filtered) {
				this.journal.done(fact, "filtered");
			}
			return filtered;
		};
	}

	/**
	 * Return a filter of batches.
	 */
	RecordFilterStrategy<Object, Object> batchFilter() {
		return new BatchFilter();
	}

	private boolean filterFails(ConsumerRecord<?, ?> record) {
		this.deliveries.checkBegin(this.instance, record, "filtered");
		return throwsNow(30);
	}

	private boolean throwsNow(int oneIn) {
		return !this.world.isCalm() && this.simulation.choose(oneIn) == 0;
	}

	/**
	 * A handler begins with a record, or with a batch.
	 */
	void handlerBegins() {
		if (this.setup.intercepts()) {
			this.calls.handlerBegins();
		}
	}

	/**
	 * Return what was removed from the batch that the calling thread handles.
	 * @param left what is left of it
	 */
	List<Fact> removed(List<Fact> left) {
		List<Fact> all = this.batch.get();
		this.batch.remove();
		if (all == null) {
			return List.of();
		}
		List<Fact> removed = new ArrayList<>(all);
		removed.removeAll(left);
		return removed;
	}

	/**
	 * Return how many deliveries are not over for the interceptor.
	 */
	int open() {
		return this.calls.open();
	}

	private List<Fact> facts(Iterable<ConsumerRecord<Object, Object>> records) {
		List<Fact> facts = new ArrayList<>();
		records.forEach((record) -> facts.add(this.journal.fact(record)));
		return facts;
	}

	private void maybeThrow(String what) {
		if (throwsNow(40)) {
			this.simulation.record(() -> "the interceptor fails: " + what);
			throw new IllegalStateException(what);
		}
	}

	/**
	 * Interrupts the delivery of a record.
	 */
	private void maybeBreak(String what) {
		try {
			maybeThrow(what);
		}
		catch (IllegalStateException ex) {
			this.calls.broken();
			throw ex;
		}
	}

	/**
	 * Filters batches.
	 */
	private final class BatchFilter implements RecordFilterStrategy<Object, Object> {

		@Override
		public boolean filter(ConsumerRecord<Object, Object> record) {
			return ListenerHooks.this.setup.isFiltered(ListenerHooks.this.journal.fact(record).number());
		}

		@Override
		public List<ConsumerRecord<Object, Object>> filterBatch(List<ConsumerRecord<Object, Object>> records) {
			List<Fact> facts = facts(records);
			if (!ListenerHooks.this.setup.intercepts()) {
				ListenerHooks.this.batch.set(facts);
			}
			if (records.stream().filter(ListenerHooks.this::filterFails).count() > 0) {
				ListenerHooks.this.journal.failedTogether(ListenerHooks.this.instance.service(),
						Objects.requireNonNull(ListenerHooks.this.batch.get()));
				throw new IllegalStateException("The filter fails");
			}
			List<ConsumerRecord<Object, Object>> left = RecordFilterStrategy.super.filterBatch(records);
			if (left.isEmpty() && !ListenerHooks.this.instance.service().shape().isAcknowledged()) {
				// Then the listener is not called.
				removed(List.of()).forEach((fact) -> ListenerHooks.this.journal.done(fact, "filtered"));
			}
			return left;
		}

	}

	/**
	 * Intercepts records.
	 */
	private final class Records implements RecordInterceptor<Object, Object> {

		@Override
		public void setupThreadState(Consumer<?, ?> consumer) {
			ListenerHooks.this.calls.setUp();
			maybeBreak("set-up");
		}

		@Override
		public @Nullable ConsumerRecord<Object, Object> intercept(ConsumerRecord<Object, Object> record,
				Consumer<Object, Object> consumer) {
			ListenerHooks.this.calls.intercepted();
			Fact fact = ListenerHooks.this.journal.fact(record);
			ListenerHooks.this.deliveries.checkBegin(ListenerHooks.this.instance, record, "intercepted");
			maybeBreak("intercept");
			if (ListenerHooks.this.setup.isSkipped(fact.number())) {
				ListenerHooks.this.journal.done(fact, "skipped by the interceptor");
				return null;
			}
			return record;
		}

		@Override
		public void success(ConsumerRecord<Object, Object> record, Consumer<Object, Object> consumer) {
			ListenerHooks.this.calls.succeeded();
			maybeThrow("success");
		}

		@Override
		public void failure(ConsumerRecord<Object, Object> record, Exception exception,
				Consumer<Object, Object> consumer) {
			ListenerHooks.this.calls.failed();
			maybeThrow("failure");
		}

		@Override
		public void afterRecord(ConsumerRecord<Object, Object> record, Consumer<Object, Object> consumer) {
			ListenerHooks.this.calls.after();
			maybeThrow("after");
		}

		@Override
		public void clearThreadState(Consumer<?, ?> consumer) {
			ListenerHooks.this.calls.cleared(false);
			maybeThrow("clear");
		}

	}

	/**
	 * Intercepts batches.
	 */
	private final class Batches implements BatchInterceptor<Object, Object> {

		@Override
		public void setupThreadState(Consumer<?, ?> consumer) {
			ListenerHooks.this.calls.setUp();
			maybeBreak("set-up");
		}

		@Override
		public @Nullable ConsumerRecords<Object, Object> intercept(ConsumerRecords<Object, Object> records,
				Consumer<Object, Object> consumer) {
			ListenerHooks.this.calls.intercepted();
			List<Fact> facts = facts(records);
			records.forEach((record) -> ListenerHooks.this.deliveries.checkBegin(ListenerHooks.this.instance, record,
					"intercepted"));
			maybeBreak("intercept");
			ListenerHooks.this.batch.set(facts);
			if (facts.stream().allMatch((fact) -> ListenerHooks.this.setup.isSkipped(fact.number()))) {
				ListenerHooks.this.calls.broken();
				removed(List.of())
					.forEach((fact) -> ListenerHooks.this.journal.done(fact, "skipped by the interceptor"));
				return null;
			}
			return facts.stream().anyMatch((fact) -> ListenerHooks.this.setup.isSkipped(fact.number()))
					? withoutSkipped(records) : records;
		}

		private ConsumerRecords<Object, Object> withoutSkipped(ConsumerRecords<Object, Object> records) {
			Map<TopicPartition, List<ConsumerRecord<Object, Object>>> left = new LinkedHashMap<>();
			for (TopicPartition partition : records.partitions()) {
				List<ConsumerRecord<Object, Object>> kept = records.records(partition)
					.stream()
					.filter((record) -> !ListenerHooks.this.setup
						.isSkipped(ListenerHooks.this.journal.fact(record).number()))
					.toList();
				if (!kept.isEmpty()) {
					left.put(partition, kept);
				}
			}
			return new ConsumerRecords<>(left, Map.of());
		}

		@Override
		public void success(ConsumerRecords<Object, Object> records, Consumer<Object, Object> consumer) {
			ListenerHooks.this.calls.succeeded();
			maybeThrow("success");
		}

		@Override
		public void failure(ConsumerRecords<Object, Object> records, Exception exception,
				Consumer<Object, Object> consumer) {
			ListenerHooks.this.calls.failed();
			maybeThrow("failure");
		}

		@Override
		public void clearThreadState(Consumer<?, ?> consumer) {
			ListenerHooks.this.calls.cleared(true);
			maybeThrow("clear");
		}

	}

}
