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

package io.kaffe.spring.test.simulation.kafka;

/**
 * How an assignment of partitions ended: its revocation, or its loss.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
public final class AssignmentEnd {

	private final boolean lost;

	private final long beganAt;

	private long endedAt = -1;

	AssignmentEnd(boolean lost, long beganAt) {
		this.lost = lost;
		this.beganAt = beganAt;
	}

	void ended(long now) {
		this.endedAt = now;
	}

	/**
	 * Return when the rebalance listener was called.
	 * @return simulated nanoseconds
	 */
	public long beganAt() {
		return this.beganAt;
	}

	/**
	 * Return whether the rebalance listener has not returned yet.
	 * @return whether it is being called
	 */
	public boolean isInProgress() {
		return this.endedAt < 0;
	}

	/**
	 * Return whether the rebalance listener returned from a revocation before a time-out,
	 * so that it has found nothing left to be done.
	 * @param timeout nanoseconds
	 * @return {@code false} for partitions that were lost, too
	 */
	public boolean isWithoutOpenWork(long timeout) {
		return !this.lost && !isInProgress() && this.endedAt - this.beganAt < timeout;
	}

}
