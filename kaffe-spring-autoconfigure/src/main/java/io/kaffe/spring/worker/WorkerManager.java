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

package io.kaffe.spring.worker;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

import org.jspecify.annotations.Nullable;

/**
 * Allocates the workers of all consumers and keeps the worker table.
 * <p>
 * Each consumer has {@linkplain ConsumerWorkers workers of its own}: when a partition is
 * assigned, its strategy names a worker, which is started unless it runs already; when no
 * partition needs a worker any more, it is retired.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; no method blocks.
 */
public final class WorkerManager {

	private final Map<String, Registration> consumers = new ConcurrentHashMap<>();

	private final WorkerSupervisor supervisor;

	/**
	 * Create a manager.
	 * @param supervisor starts the workers and keeps them running
	 */
	public WorkerManager(WorkerSupervisor supervisor) {
		this.supervisor = supervisor;
	}

	/**
	 * Register a consumer.
	 * @param name the consumer's name, unique in this service
	 * @param strategy names its workers
	 * @param view describes the consumer for the table
	 * @return its workers, none yet
	 * @throws IllegalStateException if a consumer of that name is registered
	 */
	public ConsumerWorkers register(String name, WorkerAllocationStrategy strategy, ConsumerView view) {
		ConsumerWorkers workers = new ConsumerWorkers(strategy, this.supervisor);
		if (this.consumers.putIfAbsent(name, new Registration(workers, view)) != null) {
			throw new IllegalStateException("A consumer named '" + name + "' is registered already");
		}
		return workers;
	}

	/**
	 * Return the worker of a partition.
	 * @param consumer the consumer's name
	 * @param topic the topic
	 * @param partition the partition's number
	 * @return the worker, the same for everyone who asks while the partition is assigned;
	 * {@code null} if the consumer is unknown, or none of its partitions has that worker
	 */
	public @Nullable Worker workerFor(String consumer, String topic, int partition) {
		Registration registration = this.consumers.get(consumer);
		return (registration != null) ? registration.workers.workerFor(topic, partition) : null;
	}

	/**
	 * Describe all consumers.
	 * @return a snapshot; empty if there are no consumers
	 */
	public WorkerTable table() {
		Map<String, ConsumerSnapshot> table = new TreeMap<>();
		this.consumers.forEach((name, registration) -> table.put(name, registration.view.snapshot()));
		return new WorkerTable(table);
	}

	/**
	 * Describe one consumer.
	 * @param consumer the consumer's name
	 * @return a snapshot, or {@code null} if the consumer is unknown
	 */
	public @Nullable ConsumerSnapshot table(String consumer) {
		Registration registration = this.consumers.get(consumer);
		return (registration != null) ? registration.view.snapshot() : null;
	}

	/**
	 * Describes a consumer for the table. May be called by any thread and must not block.
	 */
	@FunctionalInterface
	public interface ConsumerView {

		/**
		 * Describe the consumer as it is now.
		 * @return the snapshot
		 */
		ConsumerSnapshot snapshot();

	}

	private record Registration(ConsumerWorkers workers, ConsumerView view) {
	}

}
