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

import java.time.Instant;

/**
 * Source of time for the engine, handed in so that tests can move it.
 * <p>
 * Safe for concurrent use; no method blocks.
 */
public interface Ticker {

	/**
	 * Return a reading of a monotonic clock. Only differences mean anything.
	 * @return nanoseconds
	 */
	long nanoTime();

	/**
	 * Return the time of day, for people to read.
	 * @return the current instant
	 */
	Instant instant();

	/**
	 * Return the ticker of the running machine.
	 * @return the system's clocks
	 */
	static Ticker system() {
		return SystemTicker.INSTANCE;
	}

	/**
	 * The clocks of the machine.
	 */
	final class SystemTicker implements Ticker {

		private static final SystemTicker INSTANCE = new SystemTicker();

		private SystemTicker() {
		}

		@Override
		public long nanoTime() {
			return System.nanoTime();
		}

		@Override
		public Instant instant() {
			return Instant.now();
		}

	}

}
