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

package io.kaffe.spring.benchmark.contender;

import java.util.concurrent.TimeUnit;

/**
 * What a handler does with a record, the same for all contenders.
 *
 * @param waitMillis how long it waits, as for an answer of another service
 * @param slowEvery of how many records one waits longer; 0 for none
 * @param slowMillis how long that one waits
 * @param spins how many steps it computes
 */
public record Work(long waitMillis, int slowEvery, long slowMillis, long spins) {

	/** No work at all. */
	public static final Work NONE = new Work(0, 0, 0, 0);

	/**
	 * Do the work for a record, on the calling thread.
	 * @param offset the offset of the record, which decides whether it is a slow one
	 */
	public void perform(long offset) {
		long millis = isSlow(offset) ? this.slowMillis : this.waitMillis;
		if (millis > 0) {
			try {
				TimeUnit.MILLISECONDS.sleep(millis);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				throw new IllegalStateException("Interrupted in a handler", ex);
			}
		}
		if (this.spins > 0 && spin(this.spins, offset) == 0) {
			throw new IllegalStateException("xorshift never comes to zero");
		}
	}

	private boolean isSlow(long offset) {
		return this.slowEvery > 0 && offset % this.slowEvery == this.slowEvery / 2;
	}

	/**
	 * Compute for some time, which nothing can be optimised away of.
	 * @param steps how many steps
	 * @param seed where to start
	 * @return a number other than zero
	 */
	public static long spin(long steps, long seed) {
		long value = seed | 1;
		for (long step = 0; step < steps; step++) {
			value ^= value << 13;
			value ^= value >>> 7;
			value ^= value << 17;
		}
		return value;
	}

}
