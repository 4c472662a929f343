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

package io.kaffe.spring.engine.worker;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.WorkerManager;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.ConsumerState;
import io.kaffe.spring.table.WorkerSnapshot;
import io.kaffe.spring.table.WorkerTable;

/**
 * Allocates the workers of all consumers and keeps the worker table.
 * <p>
 * Each consumer has {@linkplain ConsumerWorkers workers of its own}: when a partition is
 * assigned, its strategy names a worker, which is started unless it runs already; when no
 * partition needs a worker any more, it is retired. Strategies that decide for each
 * record have a worker for each key in flight.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; no method blocks.
 */
public final class DefaultWorkerManager implements WorkerManager {

	private final Map<String, Registration> consumers = new ConcurrentHashMap<>();

	private final WorkerRuntime runtime;

	private final List<ConsumerObserver> observers;

	/**
	 * Create a manager.
	 * @param runtime starts the workers and keeps them running
	 */
	public DefaultWorkerManager(WorkerRuntime runtime) {
		this(runtime, List.of());
	}

	/**
	 * Create a manager.
	 * @param runtime starts the workers and keeps them running
	 * @param observers are notified of what happens to the consumers
	 */
	public DefaultWorkerManager(WorkerRuntime runtime, List<ConsumerObserver> observers) {
		this.runtime = runtime;
		this.observers = List.copyOf(observers);
	}

	/**
	 * Register a consumer.
	 * @param name the consumer's name, unique in this service
	 * @param maxConcurrency how many of its workers may run at once;
	 * {@link Integer#MAX_VALUE}: all
	 * @param consumer the consumer
	 * @return its workers, none yet
	 * @throws IllegalStateException if a consumer of that name is registered
	 */
	public ConsumerWorkers register(String name, int maxConcurrency, WorkerOwner consumer) {
		ConsumerWorkers workers = new ConsumerWorkers(this.runtime, consumer, maxConcurrency,
				new ConsumerObservers(name, this.observers));
		if (this.consumers.putIfAbsent(name, new Registration(workers, consumer)) != null) {
			throw new IllegalStateException("A consumer named '" + name + "' is registered already");
		}
		return workers;
	}

	@Override
	public @Nullable WorkerSnapshot workerFor(String consumer, String topic, int partition) {
		Registration registration = this.consumers.get(consumer);
		Worker worker = (registration != null) ? registration.workers.workerFor(new TopicPartition(topic, partition))
				: null;
		return (registration != null && worker != null) ? describe(registration, worker.name(), false) : null;
	}

	/**
	 * Return the workers of a consumer.
	 * @param consumer the consumer's name
	 * @return its workers, or {@code null} if the consumer is unknown
	 */
	public @Nullable ConsumerWorkers workers(String consumer) {
		Registration registration = this.consumers.get(consumer);
		return (registration != null) ? registration.workers : null;
	}

	@Override
	public WorkerTable table() {
		return table(false);
	}

	/**
	 * Describe all consumers.
	 * @param showValues whether with keys, values and messages of exceptions
	 * @return a snapshot; empty if there are no consumers
	 */
	public WorkerTable table(boolean showValues) {
		Map<String, ConsumerSnapshot> table = new TreeMap<>();
		this.consumers.forEach((name, registration) -> table.put(name, registration.consumer.snapshot(showValues)));
		return new WorkerTable(table);
	}

	@Override
	public @Nullable ConsumerSnapshot table(String consumer) {
		return table(consumer, false);
	}

	/**
	 * Describe one consumer.
	 * @param consumer the consumer's name
	 * @param showValues whether with keys, values and messages of exceptions
	 * @return a snapshot, or {@code null} if the consumer is unknown
	 */
	public @Nullable ConsumerSnapshot table(String consumer, boolean showValues) {
		Registration registration = this.consumers.get(consumer);
		return (registration != null) ? registration.consumer.snapshot(showValues) : null;
	}

	/**
	 * Describe one worker, with the stack of its thread.
	 * @param consumer the consumer's name
	 * @param worker the worker's name
	 * @return a snapshot, or {@code null} if either is unknown
	 */
	public @Nullable WorkerSnapshot table(String consumer, String worker) {
		return table(consumer, worker, false);
	}

	/**
	 * Describe one worker, with the stack of its thread.
	 * @param consumer the consumer's name
	 * @param worker the worker's name
	 * @param showValues whether with keys, values and messages of exceptions
	 * @return a snapshot, or {@code null} if either is unknown
	 */
	public @Nullable WorkerSnapshot table(String consumer, String worker, boolean showValues) {
		Registration registration = this.consumers.get(consumer);
		WorkerSnapshot snapshot = (registration != null) ? describe(registration, worker, showValues) : null;
		return (registration != null && snapshot != null) ? snapshot.withStack(registration.workers.stackOf(worker))
				: null;
	}

	private static @Nullable WorkerSnapshot describe(Registration registration, String worker, boolean showValues) {
		for (WorkerSnapshot listed : registration.consumer.snapshot(showValues).workers()) {
			if (listed.name().equals(worker)) {
				return listed;
			}
		}
		for (Worker present : registration.workers.all()) {
			if (present.name().equals(worker)) {
				return present.snapshot(present.queued(), showValues);
			}
		}
		return null;
	}

	/**
	 * Return what is wrong with the consumers now.
	 * @return the consumer's name to its problems, the worst first; empty for those that
	 * are well; a snapshot
	 */
	public Map<String, List<ConsumerProblem>> problems() {
		Map<String, List<ConsumerProblem>> problems = new TreeMap<>();
		this.consumers.forEach((name, registration) -> problems.put(name, registration.consumer.problems()));
		return problems;
	}

	/**
	 * Return what a consumer is doing now.
	 * @param consumer the consumer's name
	 * @return its state, or {@code null} if the consumer is unknown
	 */
	public @Nullable ConsumerState state(String consumer) {
		Registration registration = this.consumers.get(consumer);
		return (registration != null) ? registration.consumer.state() : null;
	}

	/**
	 * Return what is wrong with a consumer now.
	 * @param consumer the consumer's name
	 * @return its problems, the worst first; empty if it is well or unknown
	 */
	public List<ConsumerProblem> problems(String consumer) {
		Registration registration = this.consumers.get(consumer);
		return (registration != null) ? registration.consumer.problems() : List.of();
	}

	private record Registration(ConsumerWorkers workers, WorkerOwner consumer) {
	}

}
