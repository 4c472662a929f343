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
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.ConsumerState;

/**
 * A consumer whose workers have no need of anything, and that cannot be stopped.
 */
public class TestWorkerOwner implements WorkerOwner, WorkerOwner.ThreadScope {

	private final Collection<DetachedRecord> detached = ConcurrentHashMap.newKeySet();

	private final Function<Boolean, ConsumerSnapshot> snapshots;

	/**
	 * Create a consumer that cannot be described.
	 */
	public TestWorkerOwner() {
		this((showValues) -> {
			throw new UnsupportedOperationException();
		});
	}

	/**
	 * Create a consumer.
	 * @param snapshots describe it, with values or without
	 */
	public TestWorkerOwner(Function<Boolean, ConsumerSnapshot> snapshots) {
		this.snapshots = snapshots;
	}

	@Override
	public WorkerOwner.ThreadScope threadScope() {
		return this;
	}

	@Override
	public StallLimits stallLimits() {
		return new StallLimits(Duration.ofHours(1), null);
	}

	@Override
	public int maxBlockedRecords() {
		return 16;
	}

	@Override
	public Collection<DetachedRecord> detachedRecords() {
		return this.detached;
	}

	@Override
	public RestartHistory.Limit restartLimit() {
		return new RestartHistory.Limit(10, Duration.ofMinutes(5));
	}

	@Override
	public void stopBecause(String reason, @Nullable Throwable failure) {
		throw new AssertionError(reason, failure);
	}

	@Override
	public ConsumerSnapshot snapshot(boolean showValues) {
		return this.snapshots.apply(showValues);
	}

	@Override
	public ConsumerState state() {
		return ConsumerState.RUNNING;
	}

	@Override
	public List<ConsumerProblem> problems() {
		return List.of();
	}

	@Override
	public void enter() {
		// Nothing to do.
	}

	@Override
	public void leave() {
		// Nothing to do.
	}

}
