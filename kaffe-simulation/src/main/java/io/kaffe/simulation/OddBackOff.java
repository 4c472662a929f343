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

package io.kaffe.simulation;

import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.BackOffExecution;

/**
 * A back-off that throws sometimes, or returns intervals that are negative: one of them
 * ends the attempts.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time.
 */
final class OddBackOff implements BackOff {

	private final World world;

	private final long millis;

	OddBackOff(World world, long millis) {
		this.world = world;
		this.millis = millis;
	}

	@Override
	public BackOffExecution start() {
		if (isOdd()) {
			throw new IllegalStateException("The back-off does not start");
		}
		return this::interval;
	}

	private long interval() {
		if (!isOdd()) {
			return this.millis;
		}
		return switch (this.world.simulation().choose(3)) {
			case 0 -> throw new IllegalStateException("The back-off fails");
			case 1 -> BackOffExecution.STOP;
			default -> -this.millis - 1;
		};
	}

	private boolean isOdd() {
		return !this.world.isCalm() && this.world.simulation().choose(10) == 0;
	}

}
