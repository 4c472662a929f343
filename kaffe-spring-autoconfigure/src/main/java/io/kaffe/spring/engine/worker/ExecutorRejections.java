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

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * What follows when the task executor rejects threads that are to run a consumer's
 * workers: a warning, and, if nothing at all runs for long, the end of the consumer.
 * <p>
 * <b>Threading.</b> Any thread may call {@link #warn} and {@link #laneRuns}; of two that
 * come at once, both may warn. {@link #standsStill} is called by one thread at a time.
 */
final class ExecutorRejections {

	private static final Log logger = LogFactory.getLog(ExecutorRejections.class);

	private static final long WARNING_INTERVAL_NANOS = Duration.ofMinutes(1).toNanos();

	private final String name;

	private final Ticker ticker;

	private final WorkerOwner consumer;

	private final RestartHistory rejections;

	private volatile long warnedAt;

	private volatile long standsStillUntil;

	private volatile boolean stoodStill;

	/**
	 * Create a history without rejections.
	 * @param name the consumer's name
	 * @param ticker the time
	 * @param consumer the consumer
	 */
	ExecutorRejections(String name, Ticker ticker, WorkerOwner consumer) {
		this.name = name;
		this.ticker = ticker;
		this.consumer = consumer;
		this.rejections = new RestartHistory(consumer.restartLimit());
		this.standsStillUntil = ticker.nanoTime();
		this.warnedAt = this.standsStillUntil - WARNING_INTERVAL_NANOS;
	}

	/**
	 * Note that nothing is handled because the executor rejects everything, which may not
	 * last. Forgotten as soon as a lane runs: an executor that is full for a moment is no
	 * reason to stop.
	 */
	void standsStill() {
		long now = this.ticker.nanoTime();
		if (now - this.standsStillUntil < 0) {
			return;
		}
		Duration delay = this.rejections.brokeDown(now);
		this.stoodStill = true;
		this.standsStillUntil = now + delay.toNanos();
		if (delay.isZero()) {
			this.rejections.forget();
			this.consumer
				.stopBecause("The task executor rejected all workers repeatedly, so that none of them ran. Give "
						+ "it threads for as many workers as are to run at once.", null);
		}
	}

	/**
	 * Note that a lane runs.
	 */
	void laneRuns() {
		if (this.stoodStill) {
			this.stoodStill = false;
			this.rejections.forget();
		}
	}

	/**
	 * Warn that a lane was rejected, at most once a minute.
	 * @param failure what the executor threw; {@code null} if it ran the lane in the
	 * thread that submitted it
	 */
	void warn(@Nullable Throwable failure) {
		long now = this.ticker.nanoTime();
		if (now - this.warnedAt >= WARNING_INTERVAL_NANOS) {
			this.warnedAt = now;
			SafeLog.log(logger::warn,
					"Consumer '" + this.name + "': the task executor rejected workers"
							+ ((failure != null) ? "" : ", or ran them in the thread that submitted them")
							+ "; retrying soon. Give it as many threads as workers are to run at once",
					failure);
		}
	}

}
