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

import java.time.Duration;
import java.util.Collection;
import java.util.List;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.ConsumerState;

/**
 * A consumer as its workers know it: what they need to run, how to describe it, and how
 * to stop it when they cannot go on.
 * <p>
 * May be called by any thread; no method blocks.
 */
public interface WorkerOwner {

	/**
	 * Return what threads need that run the consumer's workers.
	 * @return always the same
	 */
	ThreadScope threadScope();

	/**
	 * Return when a record counts as stalled.
	 * @return the limits
	 */
	StallLimits stallLimits();

	/**
	 * Return how many records may be queued behind one that does not get on.
	 * @return the number, 1 or more
	 */
	int maxBlockedRecords();

	/**
	 * Return the records that are being handled while no worker runs.
	 * @return a live collection, from which those that are over may be removed
	 */
	Collection<? extends DetachedRecord> detachedRecords();

	/**
	 * Return how often a worker that breaks down is restarted.
	 * @return the limit
	 */
	RestartHistory.Limit restartLimit();

	/**
	 * Stop the consumer in an orderly way, since it cannot go on. What is unfinished is
	 * delivered again when it is started again. Does nothing if it is being stopped
	 * already.
	 * @param reason why, as a sentence
	 * @param failure what went wrong, or {@code null} if no exception did
	 */
	void stopBecause(String reason, @Nullable Throwable failure);

	/**
	 * Describe the consumer as it is now.
	 * @param showValues whether with keys, values and messages of exceptions, which are
	 * asked for their texts then
	 * @return the snapshot
	 */
	ConsumerSnapshot snapshot(boolean showValues);

	/**
	 * Return what the consumer is doing now.
	 * @return its state
	 */
	ConsumerState state();

	/**
	 * Return what is wrong with the consumer now.
	 * @return the problems, the worst first; empty if it is well
	 */
	List<ConsumerProblem> problems();

	/**
	 * What threads need while they run the workers of a consumer, such as thread-local
	 * values. Called on each of these threads: must be safe for concurrent use, and must
	 * not block or throw.
	 */
	interface ThreadScope {

		/**
		 * Prepare the calling thread for workers.
		 */
		void enter();

		/**
		 * Undo {@link #enter()}.
		 */
		void leave();

	}

	/**
	 * How long the handling of a record may take before it counts as stalled.
	 *
	 * @param threshold after this it is reported
	 * @param interruptThreshold after this the handling thread is interrupted;
	 * {@code null}: never
	 */
	record StallLimits(Duration threshold, @Nullable Duration interruptThreshold) {
	}

}
