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
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * When something broke down recently: how long to wait before it is restarted, and
 * whether that was too often.
 * <p>
 * <b>Threading.</b> Guarded by its own monitor, under which nothing else is called.
 */
public final class RestartHistory {

	private static final Duration FIRST_DELAY = Duration.ofSeconds(1);

	private static final Duration LONGEST_DELAY = Duration.ofSeconds(30);

	private final Deque<Long> times = new ArrayDeque<>();

	private final Limit limit;

	private int total;

	/**
	 * Create a history without restarts.
	 * @param limit how many are too many
	 */
	public RestartHistory(Limit limit) {
		this.limit = limit;
	}

	/**
	 * Note that something broke down.
	 * @param now the reading of {@link Ticker#nanoTime()}
	 * @return how long to wait before it is restarted: twice as long as for the one
	 * before, from 1 s up to 30 s, or zero if it was too often and has to stay down
	 */
	public synchronized Duration brokeDown(long now) {
		this.total++;
		while (!this.times.isEmpty() && now - this.times.peek() > this.limit.window().toNanos()) {
			this.times.remove();
		}
		if (this.times.size() >= this.limit.maxRestarts()) {
			return Duration.ZERO;
		}
		Duration delay = FIRST_DELAY;
		for (int before = 0; before < this.times.size() && delay.compareTo(LONGEST_DELAY) < 0; before++) {
			delay = delay.multipliedBy(2);
		}
		this.times.add(now);
		return (delay.compareTo(LONGEST_DELAY) < 0) ? delay : LONGEST_DELAY;
	}

	/**
	 * Forget what happened, since it is started anew.
	 */
	public synchronized void forget() {
		this.times.clear();
	}

	/**
	 * Return how often it broke down.
	 * @return the number, ever since
	 */
	public synchronized int total() {
		return this.total;
	}

	/**
	 * How often something that breaks down is restarted before it stays down.
	 *
	 * @param maxRestarts most restarts within the window; 0: none
	 * @param window how far back restarts count
	 */
	public record Limit(int maxRestarts, Duration window) {
	}

}
