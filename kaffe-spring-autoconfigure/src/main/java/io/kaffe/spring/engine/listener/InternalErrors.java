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

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.SafeLog;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.table.ConsumerProblem;

/**
 * The engine's own exceptions on consumer threads. Each is contained where it occurs, so
 * that it reaches neither the container's error handler nor other partitions; it is
 * logged, at most once a minute, counted, and reported by health for ten minutes. After
 * an error of the virtual machine, the consumer is stopped.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; nothing blocks.
 */
final class InternalErrors {

	private static final Log logger = LogFactory.getLog(InternalErrors.class);

	private static final long LOG_INTERVAL_NANOS = Duration.ofMinutes(1).toNanos();

	private static final long REPORTED_NANOS = Duration.ofMinutes(10).toNanos();

	private final AtomicLong count = new AtomicLong();

	private final AtomicLong notLogged = new AtomicLong();

	private final AtomicLong logAgainAt;

	private final String consumer;

	private final Ticker ticker;

	private final Runnable observer;

	private final Stopper stopper;

	private volatile @Nullable Last last;

	/**
	 * Create a count of zero.
	 * @param consumer the name of the consumer
	 * @param ticker the time
	 * @param observer called with each error
	 * @param stopper stops the consumer
	 */
	InternalErrors(String consumer, Ticker ticker, Runnable observer, Stopper stopper) {
		this.consumer = consumer;
		this.ticker = ticker;
		this.observer = observer;
		this.stopper = stopper;
		this.logAgainAt = new AtomicLong(ticker.nanoTime());
	}

	/**
	 * Run a part of the engine and contain what it throws.
	 * @param what what it does, as the rest of "Could not …"
	 * @param part the part
	 * @return whether it threw nothing
	 */
	boolean contain(String what, Runnable part) {
		try {
			part.run();
			return true;
		}
		catch (WakeupException | InterruptException ex) {
			// Not an error: the first was meant for a poll, and the second interrupts the
			// next one, too.
			logger.debug("Interrupted while about to " + what, ex);
		}
		catch (Throwable ex) {
			add(what, ex);
		}
		return false;
	}

	/**
	 * Record what was thrown.
	 * @param what what could not be done
	 * @param failure why
	 */
	void add(String what, Throwable failure) {
		this.count.incrementAndGet();
		this.observer.run();
		long now = this.ticker.nanoTime();
		this.last = new Last(this.ticker.instant(), now, what, failure.getClass().getName());
		String message = "Internal error of consumer '" + this.consumer + "': could not " + what;
		long logAgainAt = this.logAgainAt.get();
		if (now - logAgainAt >= 0 && this.logAgainAt.compareAndSet(logAgainAt, now + LOG_INTERVAL_NANOS)) {
			long notLogged = this.notLogged.getAndSet(0);
			SafeLog.log(logger::error, message + ((notLogged > 0) ? " (" + notLogged + " others were not logged)" : ""),
					failure);
		}
		else {
			this.notLogged.incrementAndGet();
			SafeLog.log(logger::debug, message, failure);
		}
		if (WorkerRuntime.isFatal(failure)) {
			this.stopper.stopBecause("Its consumer thread could not " + what, failure);
		}
	}

	/**
	 * Return how many there were.
	 */
	long count() {
		return this.count.get();
	}

	/**
	 * Return the last one, unless it is long ago, as health reports it.
	 * @return the problem, or {@code null}
	 */
	@Nullable ConsumerProblem problem() {
		Last last = this.last;
		if (last == null || this.ticker.nanoTime() - last.nanos() >= REPORTED_NANOS) {
			return null;
		}
		return new ConsumerProblem(ConsumerProblem.Kind.INTERNAL_ERROR, last.at(), "internal-error: could not "
				+ last.what() + ", " + last.type() + " at " + last.at() + "; " + count() + " internal errors so far");
	}

	/**
	 * Stops a consumer.
	 */
	@FunctionalInterface
	interface Stopper {

		/**
		 * Stop it without waiting.
		 * @param reason why, as a sentence without its full stop
		 * @param failure what was thrown
		 */
		void stopBecause(String reason, @Nullable Throwable failure);

	}

	/**
	 * The last one.
	 */
	private record Last(Instant at, long nanos, String what, String type) {
	}

}
