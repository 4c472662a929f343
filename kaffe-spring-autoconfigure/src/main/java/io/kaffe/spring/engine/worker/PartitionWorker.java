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

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

import org.apache.kafka.common.TopicPartition;

/**
 * A worker that serves partitions. It is named by a strategy, and there while one of its
 * partitions is assigned; it retires when none is and it is idle.
 * <p>
 * <b>Threading.</b> As {@link Worker}. {@code partitions} is changed within the map's
 * entry of this worker, and read by any thread.
 */
final class PartitionWorker extends Worker {

	private final String name;

	private final Consumer<PartitionWorker> retirement;

	private volatile Set<AssignedPartition> partitions = Set.of();

	/**
	 * Create a worker that serves no partition yet.
	 * @param name its name
	 * @param context what the workers of its consumer share
	 * @param retirement retires this worker, unless it is needed again. Called by the
	 * thread that ran it, when it has become idle and serves no partition
	 */
	PartitionWorker(String name, Context context, Consumer<PartitionWorker> retirement) {
		super(context, 0);
		this.name = name;
		this.retirement = retirement;
	}

	@Override
	public String name() {
		return this.name;
	}

	@Override
	List<String> served() {
		return this.partitions.stream().map((assigned) -> assigned.partition().toString()).sorted().toList();
	}

	@Override
	boolean isNeeded() {
		return !this.partitions.isEmpty();
	}

	/**
	 * Add a partition. Called within the map's entry of this worker.
	 */
	void serve(AssignedPartition partition) {
		Set<AssignedPartition> more = new HashSet<>(this.partitions);
		more.add(partition);
		this.partitions = Set.copyOf(more);
	}

	/**
	 * Remove a partition. Called within the map's entry of this worker.
	 */
	void release(AssignedPartition partition) {
		Set<AssignedPartition> less = new HashSet<>(this.partitions);
		less.remove(partition);
		this.partitions = Set.copyOf(less);
	}

	boolean serves(TopicPartition partition) {
		for (AssignedPartition assigned : this.partitions) {
			if (assigned.partition().equals(partition)) {
				return true;
			}
		}
		return false;
	}

	boolean isUnused() {
		return this.partitions.isEmpty() && isIdle();
	}

	@Override
	boolean goIdle(Turn turn) {
		if (becomeIdle(turn) && this.partitions.isEmpty()) {
			this.retirement.accept(this);
		}
		return true;
	}

}
