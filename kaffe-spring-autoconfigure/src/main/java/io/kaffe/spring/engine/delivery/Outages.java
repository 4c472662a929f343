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

package io.kaffe.spring.engine.delivery;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.circuitbreaker.IllegalStateTransitionException;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.Turn;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.table.ConsumerSnapshot;

/**
 * Distinguishes an outage of what the handlers of a consumer depend on, such as a
 * database, from records that fail for themselves.
 * <p>
 * In an {@link Outage}, most attempts of many workers fail. Attempts are counted by a
 * circuit breaker, in a sliding window that begins with the first failure. It only
 * measures until the workers are many enough, and is closed while attempts resume. A
 * failure is evidence of an outage if it is retryable, and if since the first failure of
 * its record most other records have failed, too: a record that fails while others are
 * handled is to blame itself, however often it is retried.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; nothing blocks, but for the short lock of
 * the circuit breaker's window. Workers report attempts; those that succeed only while a
 * failure is in the window, since before that there is nothing to compare them with. Any
 * thread may begin or end an outage: whoever replaces the current one has done so.
 */
public final class Outages {

	/** So many workers that fail are no coincidence. */
	static final int MANY_WORKERS = 3;

	/** What the circuit breaker sees in place of exceptions of the application. */
	private static final Throwable FAILED = new IllegalStateException("Attempt failed");

	private final AtomicReference<@Nullable Outage> current = new AtomicReference<>();

	/** The failing records whose failures are evidence, of as many workers. */
	private final Set<Evidence> evidence = ConcurrentHashMap.newKeySet();

	private final LongAdder succeeded = new LongAdder();

	private final LongAdder failedRecords = new LongAdder();

	/** When the last of the attempts began that have succeeded. */
	private final AtomicLong lastSuccessBegan;

	private final OutageSettings settings;

	private final Ticker ticker;

	private final CircuitBreaker breaker;

	private final Outage.Actions actions = new Outage.Actions(this::probe, () -> !this.evidence.isEmpty(), this::over);

	/** Whether a failure is in the window. */
	private volatile boolean failing;

	private volatile long lastFailureAt;

	/**
	 * Create it for a consumer.
	 * @param settings what counts as an outage
	 * @param ticker the time
	 */
	Outages(OutageSettings settings, Ticker ticker) {
		this.settings = settings;
		this.ticker = ticker;
		this.lastSuccessBegan = new AtomicLong(ticker.nanoTime());
		this.breaker = CircuitBreaker.of("outage",
				CircuitBreakerConfig.custom()
					.slidingWindow(Math.toIntExact(settings.window().toSeconds()), settings.minimumAttempts(),
							SlidingWindowType.TIME_BASED)
					.failureRateThreshold((float) (100 * settings.failureRate()))
					.permittedNumberOfCallsInHalfOpenState(1)
					.clock(new TickerClock(ticker))
					.build());
		this.breaker.transitionToMetricsOnlyState();
	}

	/**
	 * Return whether workers have to be admitted before they try a record.
	 */
	boolean isOutage() {
		return this.current.get() != null;
	}

	/**
	 * Have a worker wait until it may try its record, if there is an outage.
	 * @param fresh whether the record has not failed yet
	 * @return its place in the queue, or {@code null} if there is no outage
	 */
	Outage.@Nullable Ticket enter(Worker worker, boolean fresh) {
		Outage outage = this.current.get();
		return (outage != null) ? outage.enter(worker, fresh) : null;
	}

	/**
	 * Note that an attempt has succeeded.
	 * @param begin when it began, in nanoseconds as the ticker has them
	 * @param now when it ended
	 */
	void succeeded(long begin, long now) {
		if (!this.failing) {
			return;
		}
		Outage outage = this.current.get();
		if (outage == null && now - this.lastFailureAt > this.settings.window().toNanos()) {
			this.failing = false;
			return;
		}
		this.lastSuccessBegan.accumulateAndGet(begin, Math::max);
		this.succeeded.increment();
		report(() -> this.breaker.onSuccess(0, TimeUnit.NANOSECONDS));
		if (outage != null && this.breaker.getState() == State.CLOSED) {
			outage.succeeded();
		}
	}

	/**
	 * Begin an outage that lasts until it is {@linkplain #end ended}, without probes.
	 * @param workers the consumer's workers
	 * @return whether there was none
	 */
	public boolean begin(ConsumerWorkers workers) {
		Outage outage = Outage.requested(workers.observers(), this.actions, this.ticker);
		if (!this.current.compareAndSet(null, outage)) {
			return false;
		}
		this.failing = true;
		this.breaker.transitionToForcedOpenState();
		outage.begin();
		return true;
	}

	/**
	 * End the current outage: attempts are made again, a few at first.
	 * @return whether there was one
	 */
	public boolean end() {
		Outage outage = this.current.get();
		if (outage == null) {
			return false;
		}
		this.breaker.transitionToClosedState();
		outage.resume();
		return true;
	}

	/**
	 * Describe the current outage.
	 * @return a moment's view, or {@code null} if there is none
	 */
	public ConsumerSnapshot.@Nullable Outage snapshot() {
		Outage outage = this.current.get();
		return (outage != null) ? outage.snapshot() : null;
	}

	/**
	 * Report an attempt to the circuit breaker. The state that it leads to may be none
	 * that follows on the present one, which another thread has changed meanwhile: then
	 * that one counts.
	 */
	private static void report(Runnable attempt) {
		try {
			attempt.run();
		}
		catch (IllegalStateTransitionException ex) {
			// The attempt is of a state that has ended.
		}
	}

	private void over(Outage outage) {
		if (this.current.compareAndSet(outage, null)) {
			this.breaker.transitionToMetricsOnlyState();
		}
	}

	/**
	 * Note a failure that is evidence, or any in an outage.
	 */
	private void attemptFailed(Throwable failure, Worker worker) {
		report(() -> this.breaker.onError(0, TimeUnit.NANOSECONDS, FAILED));
		Outage outage = this.current.get();
		if (outage == null) {
			CircuitBreaker.Metrics metrics = this.breaker.getMetrics();
			if (this.evidence.size() >= MANY_WORKERS
					&& isExceeded(metrics.getNumberOfBufferedCalls(), metrics.getNumberOfFailedCalls())) {
				detected(metrics.getFailureRate(), failure, worker);
			}
		}
		else if (this.breaker.getState() == State.OPEN) {
			outage.failed();
		}
	}

	/**
	 * Return whether more attempts fail than at the failure rate, by more than chance
	 * (three standard deviations): where half of all records are bad, half of the
	 * attempts fail, sometimes a few more.
	 */
	private boolean isExceeded(int attempts, int failed) {
		double rate = this.settings.failureRate();
		double expected = rate * attempts;
		return attempts >= this.settings.minimumAttempts()
				&& (failed == attempts || failed > expected + 3 * Math.sqrt(expected * (1 - rate)));
	}

	private void detected(float failureRate, Throwable failure, Worker worker) {
		Outage outage = Outage.detected(failureRate, failure, worker, this.settings.probeInterval(), this.actions,
				this.ticker);
		if (this.current.compareAndSet(null, outage)) {
			this.breaker.transitionToClosedState();
			this.breaker.transitionToOpenState();
			outage.begin();
		}
	}

	/**
	 * Have the circuit breaker decide by the next attempt.
	 * @return whether one may be made
	 */
	private boolean probe(Outage outage) {
		if (this.current.get() != outage || this.breaker.getState() != State.OPEN) {
			return false;
		}
		report(this.breaker::transitionToHalfOpenState);
		return true;
	}

	/**
	 * Return what is known about a record that begins to fail.
	 */
	Evidence evidence() {
		return new Evidence();
	}

	/**
	 * What the failures of one record say about an outage.
	 * <p>
	 * <b>Threading.</b> Belongs to the worker whose head the record is.
	 */
	final class Evidence {

		private boolean failedBefore;

		private long firstFailureAt;

		private long succeededBefore;

		private long failedRecordsBefore;

		/**
		 * Note that the record has failed with an exception after which it is retried.
		 * @return whether the attempt counts: not in an outage
		 */
		boolean failed(Throwable failure, Worker worker, Turn turn) {
			Outage outage = Outages.this.current.get();
			if (outage == null && !Outages.this.settings.enabled()) {
				return true;
			}
			noteFailure(turn.now());
			boolean fails = !isToBlame();
			if (fails) {
				Outages.this.evidence.add(this);
			}
			else {
				forget();
			}
			if (fails || outage != null) {
				attemptFailed(failure, worker);
			}
			return outage == null;
		}

		private void noteFailure(long now) {
			if (!this.failedBefore) {
				this.failedBefore = true;
				this.firstFailureAt = now;
				Outages.this.failedRecords.increment();
				this.failedRecordsBefore = Outages.this.failedRecords.sum();
				this.succeededBefore = Outages.this.succeeded.sum();
			}
			Outages.this.lastFailureAt = now;
			Outages.this.failing = true;
		}

		/**
		 * Return whether since it failed first, so many other records were handled that
		 * there is no outage: more than half of what is handled at the failure rate. It
		 * is not enough that those succeed that were in progress then, in the midst of
		 * which an outage begins.
		 */
		private boolean isToBlame() {
			long succeeded = Outages.this.succeeded.sum() - this.succeededBefore;
			long failed = Outages.this.failedRecords.sum() - this.failedRecordsBefore;
			return succeeded > 0 && Outages.this.lastSuccessBegan.get() - this.firstFailureAt >= 0
					&& failed < (1 + Outages.this.settings.failureRate()) / 2 * (succeeded + failed);
		}

		/**
		 * Return whether it is too early to say that the record fails for itself: so many
		 * others fail as well that an outage may be detected within the window.
		 */
		boolean isInconclusive(long now) {
			return Outages.this.evidence.contains(this) && Outages.this.evidence.size() >= MANY_WORKERS
					&& now - this.firstFailureAt < Outages.this.settings.window().toNanos();
		}

		/**
		 * Forget the record, or that it is evidence.
		 */
		void forget() {
			Outages.this.evidence.remove(this);
			Outage outage = Outages.this.current.get();
			if (outage != null) {
				outage.endIfNobodyWaits();
			}
		}

	}

	/**
	 * The time of the engine as a clock.
	 */
	private static final class TickerClock extends Clock {

		private final Ticker ticker;

		private final long start;

		TickerClock(Ticker ticker) {
			this.ticker = ticker;
			this.start = ticker.nanoTime();
		}

		@Override
		public Instant instant() {
			return Instant.EPOCH.plusNanos(this.ticker.nanoTime() - this.start);
		}

		@Override
		public ZoneId getZone() {
			return ZoneOffset.UTC;
		}

		@Override
		public Clock withZone(ZoneId zone) {
			return this;
		}

	}

}
