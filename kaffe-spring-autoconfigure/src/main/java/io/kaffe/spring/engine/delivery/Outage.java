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

import java.time.Duration;
import java.time.Instant;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.ConsumerObservers;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.table.ConsumerSnapshot;

/**
 * One outage: workers that want to try a record queue up here. From time to time, one of
 * them is let through to probe whether the outage is over. When a probe has succeeded,
 * they are let through one after the other, and each success lets one more of them try at
 * the same time, until nobody waits any more.
 * <p>
 * Records that have not failed yet are first in the queue: they may be handled where a
 * record that has failed before fails for itself.
 * <p>
 * <b>Threading.</b> Safe for concurrent use, without locks. Workers queue up and return
 * their permits, and the scheduler grants those of probes. Whoever adds a ticket or a
 * permit then looks for the other, so that none waits for one that is there. A phase
 * change that races with a permit lets at most one more attempt through.
 */
final class Outage {

	private static final Log logger = LogFactory.getLog(Outage.class);

	private static final Duration FIRST_PROBE = Duration.ofSeconds(1);

	/** After this time without an answer, another worker probes, too. */
	private static final Duration PROBE_PATIENCE = Duration.ofMinutes(1);

	/** When so many attempts at a time succeed, all others may be made. */
	private static final int ENOUGH = 256;

	private final Deque<Ticket> waiting = new ConcurrentLinkedDeque<>();

	private final AtomicInteger permits = new AtomicInteger();

	/** How many attempts may be made at a time while it ends. */
	private final AtomicInteger atATime = new AtomicInteger();

	private final AtomicInteger probes = new AtomicInteger();

	/** How many probes have failed since one has succeeded. */
	private final AtomicInteger failedProbes = new AtomicInteger();

	private final AtomicReference<Phase> phase;

	private final Cause cause;

	private final Instant since;

	private final Duration probeInterval;

	private final ConsumerObservers observers;

	private final BiConsumer<Duration, Runnable> scheduler;

	private final Actions actions;

	private final Ticker ticker;

	private volatile @Nullable Instant nextProbeAt;

	private volatile boolean over;

	private Outage(Phase phase, Cause cause, Duration probeInterval, ConsumerObservers observers,
			BiConsumer<Duration, Runnable> scheduler, Actions actions, Ticker ticker) {
		this.phase = new AtomicReference<>(phase);
		this.cause = cause;
		this.since = ticker.instant();
		this.probeInterval = probeInterval;
		this.observers = observers;
		this.scheduler = scheduler;
		this.actions = actions;
		this.ticker = ticker;
	}

	/**
	 * Return an outage that was detected.
	 * @param failureRate how many attempts failed, in percent
	 * @param failure what one of them failed with
	 * @param worker one of the consumer's workers
	 */
	static Outage detected(float failureRate, Throwable failure, Worker worker, Duration probeInterval, Actions actions,
			Ticker ticker) {
		Throwable root = WorkerRuntime.rootCauseOf(failure);
		return new Outage(Phase.HOLDING, new Cause(failureRate, ((root != null) ? root : failure).getClass()),
				probeInterval, worker.observers(), worker::after, actions, ticker);
	}

	/**
	 * Return an outage that an operator has requested, which has no probes.
	 */
	static Outage requested(ConsumerObservers observers, Actions actions, Ticker ticker) {
		return new Outage(Phase.REQUESTED, new Cause(null, null), Duration.ZERO, observers, (delay, task) -> {
		}, actions, ticker);
	}

	/**
	 * Announce that it has begun, and schedule the first probe.
	 */
	void begin() {
		logger.warn("Consumer '" + this.observers.consumer() + "': " + message());
		this.observers.outageBegan(snapshot());
		awaitProbe();
	}

	/**
	 * Queue up.
	 * @param fresh whether the worker's record has not failed yet
	 * @return the place in the queue
	 */
	Ticket enter(Worker worker, boolean fresh) {
		Ticket ticket = new Ticket(worker, this);
		if (fresh) {
			this.waiting.addFirst(ticket);
		}
		else {
			this.waiting.addLast(ticket);
		}
		letThrough();
		return ticket;
	}

	private void letThrough() {
		while (!this.waiting.isEmpty() && (this.over || takePermit())) {
			Ticket ticket = this.waiting.pollFirst();
			if (ticket == null || !ticket.letThrough()) {
				this.permits.incrementAndGet();
			}
		}
	}

	private boolean takePermit() {
		return this.phase.get().letsThrough && this.permits.getAndUpdate((permits) -> Math.max(0, permits - 1)) > 0;
	}

	private void returnPermit() {
		if (this.phase.get().letsThrough) {
			this.permits.incrementAndGet();
			letThrough();
			endIfNobodyWaits();
		}
	}

	/**
	 * End if it is over, or if there is nothing to probe with: what failed was dropped,
	 * or operators have decided about it.
	 */
	void endIfNobodyWaits() {
		Phase phase = this.phase.get();
		boolean nobodyWaits = this.waiting.isEmpty();
		if ((phase == Phase.RESUMING && (nobodyWaits || this.atATime.get() >= ENOUGH)) || (phase == Phase.PROBING
				&& nobodyWaits && this.permits.get() > 0 && !this.actions.fails().getAsBoolean())) {
			end();
		}
	}

	private void awaitProbe() {
		if (this.phase.get() != Phase.HOLDING) {
			return;
		}
		Duration delay = FIRST_PROBE.multipliedBy(1L << Math.min(this.failedProbes.getAndIncrement(), 16));
		delay = (delay.compareTo(this.probeInterval) < 0) ? delay : this.probeInterval;
		this.nextProbeAt = this.ticker.instant().plus(delay);
		this.scheduler.accept(delay, this::probe);
	}

	private void probe() {
		if (this.actions.probe().test(this) && this.phase.compareAndSet(Phase.HOLDING, Phase.PROBING)) {
			this.nextProbeAt = null;
			this.permits.set(0);
			letOneMoreThrough(this.probes.incrementAndGet());
		}
	}

	private void letOneMoreThrough(int probe) {
		if (this.phase.get() == Phase.PROBING && this.probes.get() == probe) {
			this.permits.incrementAndGet();
			letThrough();
			endIfNobodyWaits();
			this.scheduler.accept(PROBE_PATIENCE, () -> letOneMoreThrough(probe));
		}
	}

	/**
	 * Note that an attempt has failed which decides that the outage lasts.
	 */
	void failed() {
		if (this.phase.compareAndSet(Phase.PROBING, Phase.HOLDING)
				|| this.phase.compareAndSet(Phase.RESUMING, Phase.HOLDING)) {
			awaitProbe();
		}
	}

	/**
	 * Note that an attempt has succeeded and the outage seems to be over.
	 */
	void succeeded() {
		if (this.phase.compareAndSet(Phase.PROBING, Phase.RESUMING)) {
			this.failedProbes.set(0);
			this.atATime.set(1);
		}
		if (this.phase.get() == Phase.RESUMING) {
			this.atATime.incrementAndGet();
			returnPermit();
		}
	}

	/**
	 * Have attempts made again.
	 */
	void resume() {
		this.phase.set(Phase.RESUMING);
		this.atATime.set(1);
		this.permits.set(0);
		returnPermit();
	}

	private void end() {
		this.actions.over().accept(this);
		if (this.phase.getAndSet(Phase.OVER) == Phase.OVER) {
			return;
		}
		this.over = true;
		letThrough();
		logger.info("Consumer '" + this.observers.consumer() + "': outage is over after "
				+ Duration.between(this.since, this.ticker.instant()).toSeconds() + " s and " + this.probes.get()
				+ " probes");
		this.observers.outageEnded(snapshot());
	}

	/**
	 * Describe it as it is now.
	 */
	ConsumerSnapshot.Outage snapshot() {
		Class<?> exception = this.cause.exception();
		return new ConsumerSnapshot.Outage(this.since, this.phase.get().text, this.cause.failureRate(),
				(exception != null) ? exception.getName() : null, this.probes.get(), this.nextProbeAt,
				this.waiting.size(), message());
	}

	private String message() {
		Float failureRate = this.cause.failureRate();
		Class<?> exception = this.cause.exception();
		String cause = (failureRate != null && exception != null)
				? Math.round(failureRate) + " % of attempts fail with " + exception.getSimpleName()
				: "requested by an operator";
		return "outage since " + this.since + ": " + cause + "; " + this.phase.get().text;
	}

	/**
	 * A place in the queue.
	 * <p>
	 * <b>Threading.</b> Belongs to a worker; whoever has a permit lets it through.
	 */
	static final class Ticket {

		private final AtomicReference<Place> place = new AtomicReference<>(Place.WAITING);

		private final Outage outage;

		/**
		 * {@code null} when it is of no use any more, since the ticket may stay queued.
		 */
		private volatile @Nullable Worker worker;

		private Ticket(Worker worker, Outage outage) {
			this.worker = worker;
			this.outage = outage;
		}

		private boolean letThrough() {
			Worker worker = this.worker;
			if (worker == null || !this.place.compareAndSet(Place.WAITING, Place.THROUGH)) {
				return false;
			}
			worker.wake();
			return true;
		}

		/**
		 * Return whether the worker may try its record. Any thread.
		 */
		boolean isThrough() {
			return this.place.get() == Place.THROUGH;
		}

		/**
		 * Return the ticket: the attempt is over, or is not made.
		 */
		void end() {
			this.worker = null;
			if (this.place.getAndSet(Place.ENDED) == Place.THROUGH) {
				this.outage.returnPermit();
			}
		}

	}

	/**
	 * What an outage has done by others.
	 *
	 * @param probe has the next attempt decide; returns whether one may be made
	 * @param fails returns whether records fail, of which none may be waiting now
	 * @param over called when it is over
	 */
	record Actions(Predicate<Outage> probe, BooleanSupplier fails, Consumer<Outage> over) {
	}

	/**
	 * What an outage was detected by.
	 *
	 * @param failureRate how many attempts failed, in percent
	 * @param exception the class of the root cause of one of their failures
	 */
	private record Cause(@Nullable Float failureRate, @Nullable Class<?> exception) {
	}

	private enum Place {

		WAITING, THROUGH, ENDED

	}

	private enum Phase {

		/** An operator ends it. */
		REQUESTED("holding", false),

		/** The next probe is scheduled. */
		HOLDING("probing", false),

		/** The answer of a probe is awaited. */
		PROBING("probing", true),

		/** A probe has succeeded. */
		RESUMING("resuming", true),

		OVER("over", true);

		private final String text;

		private final boolean letsThrough;

		Phase(String text, boolean letsThrough) {
			this.text = text;
			this.letsThrough = letsThrough;
		}

	}

}
