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

package io.kaffe.spring.engine.listener;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.util.StringUtils;

import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.Turn;
import io.kaffe.spring.engine.worker.Work;
import io.kaffe.spring.engine.worker.Worker;

/**
 * Asks a strategy of the user's for the name of a partition's worker. Meanwhile the
 * partition is paused. A strategy that throws breaks the worker that asks it, which is
 * started again as any other is.
 * <p>
 * <b>Threading.</b> Run by a worker of its own; the consumer thread looks at
 * {@link #name()}.
 */
final class WorkerNaming extends Work {

	private final WorkerAllocationStrategy strategy;

	private final PartitionAssignment assignment;

	private final Runnable whenNamed;

	private volatile @Nullable String name;

	WorkerNaming(WorkerAllocationStrategy strategy, PartitionAssignment assignment, Runnable whenNamed) {
		this.strategy = strategy;
		this.assignment = assignment;
		this.whenNamed = whenNamed;
	}

	/**
	 * Return the name, or {@code null} as long as there is none.
	 */
	@Nullable String name() {
		return this.name;
	}

	@Override
	public Progress proceed(Worker worker, Turn turn) {
		if (!this.assignment.isRevoked()) {
			try {
				this.name = ask();
			}
			catch (Throwable ex) {
				throw new IllegalStateException("The worker allocation strategy cannot name the worker of "
						+ this.assignment + ", which is paused until it can", ex);
			}
			this.whenNamed.run();
		}
		return Progress.DONE;
	}

	private String ask() {
		TopicPartition partition = this.assignment.partition();
		String answer = this.strategy.workerName(partition.topic(), partition.partition());
		if (!StringUtils.hasText(answer)) {
			throw new IllegalStateException("The strategy " + this.strategy + " named the worker of " + partition + " '"
					+ answer + "'; a name with at least one character is needed");
		}
		return answer;
	}

	@Override
	public boolean isReady(long now) {
		return true;
	}

}
