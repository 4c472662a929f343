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

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import org.jspecify.annotations.Nullable;

/**
 * The workers of one consumer, by name. All threads of the consumer share them: the same
 * name is the same worker, whoever asks.
 * <p>
 * <b>Threading.</b> Safe for concurrent use. Allocating, releasing and retiring a worker
 * of one name are atomic with each other (one entry of a concurrent map), so that nobody
 * gets a worker that is being retired. A worker that still runs when its last partition
 * goes stays in the table and is retired when it falls idle: a partition that comes back
 * meanwhile gets the same worker, and its records wait for what still runs.
 */
public final class ConsumerWorkers {

	private final Map<String, Worker> workers = new ConcurrentHashMap<>();

	private final WorkerAllocationStrategy strategy;

	private final WorkerSupervisor supervisor;

	ConsumerWorkers(WorkerAllocationStrategy strategy, WorkerSupervisor supervisor) {
		this.strategy = strategy;
		this.supervisor = supervisor;
	}

	/**
	 * Allocate the worker of a partition that was assigned, and start it if need be.
	 * @param assigned the assignment
	 * @return the worker
	 */
	public Worker allocate(AssignedPartition assigned) {
		String name = nameFor(assigned.partition().topic(), assigned.partition().partition());
		Worker allocated = this.workers.compute(name, (key, present) -> {
			Worker worker = (present != null) ? present : this.supervisor.start(key, () -> retireIfUnused(key));
			worker.serve(assigned);
			return worker;
		});
		return allocated;
	}

	/**
	 * Release the worker of an assignment that ended, and retire it if no other partition
	 * needs it.
	 * @param worker the worker
	 * @param assigned the assignment
	 */
	public void release(Worker worker, AssignedPartition assigned) {
		worker.release(assigned);
		retireIfUnused(worker.name());
	}

	/**
	 * Return all workers.
	 * @return a snapshot, in no order
	 */
	public Collection<Worker> all() {
		return List.copyOf(this.workers.values());
	}

	@Nullable Worker workerFor(String topic, int partition) {
		return this.workers.get(nameFor(topic, partition));
	}

	private String nameFor(String topic, int partition) {
		return this.strategy.workerName(topic, partition);
	}

	private void retireIfUnused(String name) {
		this.workers.computeIfPresent(name, (key, worker) -> worker.isUnused() ? null : worker);
	}

}
