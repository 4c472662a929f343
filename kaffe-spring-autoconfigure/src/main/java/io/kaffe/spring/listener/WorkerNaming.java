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

package io.kaffe.spring.listener;

import java.time.Duration;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.util.StringUtils;

import io.kaffe.spring.worker.Turn;
import io.kaffe.spring.worker.Work;
import io.kaffe.spring.worker.Worker;
import io.kaffe.spring.worker.WorkerAllocationStrategy;

/**
 * Asks a strategy of the user's for the name of a partition's worker, until it answers.
 * Meanwhile the partition is paused.
 * <p>
 * <b>Threading.</b> Run by a worker of its own; the consumer thread looks at
 * {@link #name()}.
 */
final class WorkerNaming extends Work {

	private static final Log logger = LogFactory.getLog(WorkerNaming.class);

	private static final Duration RETRY_DELAY = Duration.ofSeconds(1);

	private final WorkerAllocationStrategy strategy;

	private final PartitionAssignment assignment;

	private final Runnable whenNamed;

	private boolean failed;

	private volatile long nextAt;

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
		if (this.assignment.isRevoked()) {
			return Progress.DONE;
		}
		if (this.failed && this.nextAt - turn.readClock() > 0) {
			worker.wakeAfter(Duration.ofNanos(this.nextAt - turn.now()));
			return Progress.WAITING;
		}
		try {
			this.name = ask();
		}
		catch (Throwable ex) {
			logger.error("The worker allocation strategy cannot name the worker of " + this.assignment
					+ ", which is paused until it can; asking again in " + RETRY_DELAY.toMillis() + " ms", ex);
			this.failed = true;
			this.nextAt = turn.readClock() + RETRY_DELAY.toNanos();
			worker.wakeAfter(RETRY_DELAY);
			return Progress.WAITING;
		}
		this.whenNamed.run();
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
		return this.assignment.isRevoked() || now - this.nextAt >= 0;
	}

}
