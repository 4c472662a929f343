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

package io.kaffe.spring.worker;

/**
 * A worker's time on a thread: when it began, and whether others should have the thread
 * now.
 * <p>
 * The clock is read once for each record: the end of one is the beginning of the next.
 * <p>
 * <b>Threading.</b> Belongs to the thread that runs the worker.
 */
public final class Turn {

	private final Ticker ticker;

	private long now;

	private long end;

	/** Whether the worker that this thread runs is still in its hands. */
	private boolean held;

	Turn(Ticker ticker) {
		this.ticker = ticker;
	}

	void begin(long nanos) {
		this.end = this.now + nanos;
	}

	boolean isHeld() {
		return this.held;
	}

	void held(boolean held) {
		this.held = held;
	}

	/**
	 * Return when the clock was read last.
	 * @return the reading of {@link Ticker#nanoTime()}
	 */
	public long now() {
		return this.now;
	}

	/**
	 * Read the clock.
	 * @return the reading of {@link Ticker#nanoTime()}
	 */
	public long readClock() {
		this.now = this.ticker.nanoTime();
		return this.now;
	}

	/**
	 * Return whether the turn was over when the clock was read last.
	 * @return {@code true} if the worker should let others run
	 */
	public boolean isOver() {
		return this.now - this.end >= 0;
	}

}
