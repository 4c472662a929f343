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

import java.util.concurrent.atomic.LongAdder;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.ConsumerObservers;

/**
 * What has become of the commits of all consumer threads of a container.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; nothing blocks. Consumer threads add.
 */
final class CommitOutcomes {

	private final LongAdder confirmed = new LongAdder();

	private final LongAdder failed = new LongAdder();

	private final ConsumerObservers observers;

	CommitOutcomes(ConsumerObservers observers) {
		this.observers = observers;
	}

	/**
	 * Add a commit.
	 * @param failure why it failed, or {@code null} if the broker has confirmed it
	 */
	void add(@Nullable Exception failure) {
		((failure != null) ? this.failed : this.confirmed).increment();
		this.observers.committed(failure);
	}

	/**
	 * Return how many the broker has confirmed.
	 */
	long confirmed() {
		return this.confirmed.sum();
	}

	/**
	 * Return how many have failed.
	 */
	long failed() {
		return this.failed.sum();
	}

}
