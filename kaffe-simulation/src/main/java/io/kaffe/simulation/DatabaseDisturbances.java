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

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.test.simulation.Simulation;

/**
 * What goes wrong with the database: it is away or slow for a while, statements and
 * commits fail, commits succeed and their answers are lost, and the instance that commits
 * is killed or stands still at that moment.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class DatabaseDisturbances {

	private static final long MILLI = 1_000_000;

	private static final long SECOND = 1000 * MILLI;

	private final Simulation simulation;

	private long awayUntil;

	/** Whether requests get no answer while it is away, rather than being refused. */
	private boolean silent;

	private long slowUntil;

	private int failures;

	private int lostAnswers;

	/** When the next commit is interrupted; {@code null}: not. */
	private @Nullable Moment struck;

	/** For how long its instance stands still then; 0: it is killed. */
	private long standsStill;

	DatabaseDisturbances(Simulation simulation) {
		this.simulation = simulation;
	}

	/**
	 * Disturb the database.
	 */
	void happen(Happening happening, Database database) {
		int which = happening.which();
		int howMuch = happening.howMuch();
		long until = this.simulation.nanoTime() + happening.spanNanos() * (1 + which % 4);
		switch (happening.kind()) {
			case DATABASE_AWAY -> {
				this.awayUntil = until;
				this.silent = howMuch % 2 == 0;
				if (which % 2 == 0) {
					database.rollBackAll(null);
				}
			}
			case SLOW_DATABASE -> {
				this.slowUntil = until;
			}
			case FAIL_STATEMENTS -> {
				this.failures = 1 + howMuch % 6;
			}
			case LOSE_COMMITS -> {
				this.lostAnswers = 1 + howMuch % 3;
			}
			case KILL_AT_COMMIT -> {
				this.struck = Moment.values()[which % Moment.values().length];
				this.standsStill = 0;
			}
			case FREEZE_AT_COMMIT -> {
				this.struck = Moment.values()[which % Moment.values().length];
				this.standsStill = (howMuch % 3 == 0) ? 25 * SECOND : (2 + howMuch % 3) * SECOND;
			}
			default -> throw new IllegalStateException(happening.kind().toString());
		}
	}

	/**
	 * Let the database do what it should from now on.
	 */
	void clear() {
		this.awayUntil = 0;
		this.slowUntil = 0;
		this.failures = 0;
		this.lostAnswers = 0;
		this.struck = null;
	}

	/**
	 * Return for how many nanoseconds it is going to be away.
	 */
	long outageLeft() {
		return Math.max(0, this.awayUntil - this.simulation.nanoTime());
	}

	boolean isSlow() {
		return this.simulation.nanoTime() < this.slowUntil;
	}

	/**
	 * Return how long a request or an answer is under way.
	 */
	long latency() {
		long latency = 100_000L + 100_000L * this.simulation.choose(4);
		return isSlow() ? latency + this.simulation.choose(100) * MILLI : latency;
	}

	/**
	 * Return how long it takes until a request that has no answer fails.
	 */
	long patience() {
		return this.silent ? SECOND / 2 : latency();
	}

	/**
	 * Return whether a request that arrives now fails.
	 */
	boolean fails() {
		return outageLeft() > 0 || (this.failures > 0 && this.failures-- > 0);
	}

	/**
	 * Return whether the answer to a commit is lost.
	 */
	boolean losesAnswer() {
		return this.lostAnswers > 0 && this.lostAnswers-- > 0;
	}

	/**
	 * An instance that commits has come to a moment, at which it may be killed, or stand
	 * still.
	 * @return whether that is about to happen
	 */
	boolean strikes(ServiceInstance instance, Moment moment) {
		if (this.struck != moment || !instance.isUp()) {
			return false;
		}
		this.struck = null;
		if (this.standsStill > 0) {
			long span = this.standsStill;
			this.simulation.after(0, () -> {
				this.simulation.record(() -> instance + " stands still at its commit: " + moment);
				instance.process().freeze();
				this.simulation.after(span, () -> instance.process().wake());
			});
		}
		else {
			this.simulation.after(0, instance::kill);
		}
		return true;
	}

	/**
	 * When a commit can be interrupted.
	 */
	enum Moment {

		/** The handler has returned. */
		HANDLED,

		/** The notes are inserted. */
		NOTED,

		/** The database has committed, and the instance does not know it. */
		COMMITTED,

		/** The instance knows it. */
		ANSWERED

	}

}
