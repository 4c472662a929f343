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

package io.kaffe.spring.test.simulation;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Decides which simulated thread runs next, and how far.
 * <p>
 * A thread may be interrupted at every point at which it can see what others do.
 */
final class Schedule {

	/** How many points a history has, by and large. */
	private static final int POINTS = 15_000;

	/** How long the running thread stands still, at most, when it is interrupted. */
	private static final long LONGEST_PAUSE_NANOS = 100_000_000;

	/**
	 * After how many interruptions the next ones are half as likely: some sites are
	 * passed all the time.
	 */
	private static final int SITE_INTERRUPTIONS = 40;

	private final SplittableRandom random;

	private final Kind kind;

	/** At which points the priority of the thread that runs drops, in order. */
	private final long[] drops;

	private final int longestTurn;

	/** Times a site, its upper bits say whether the site is one of those chosen. */
	private final int siteFactor;

	/** One of so many sites is chosen, as a power of two; 0: no site. */
	private final int siteBits;

	/** Whether all sites of a class are chosen together. */
	private final boolean choosesClasses;

	private final int oneInPasses;

	private int siteInterruptions;

	private int dropped;

	private long points;

	private int lowest;

	/**
	 * Create a schedule.
	 * @param kind how it decides
	 * @param random makes its choices
	 */
	Schedule(Kind kind, SplittableRandom random) {
		this.random = random;
		this.kind = kind;
		this.drops = (kind == Kind.PRIORITIES) ? random.longs(1 + random.nextInt(12), 1, POINTS).sorted().toArray()
				: new long[0];
		this.longestTurn = 20 << random.nextInt(5);
		this.siteFactor = random.nextInt() | 1;
		this.choosesClasses = random.nextBoolean();
		int siteBits = this.choosesClasses ? 3 + random.nextInt(4) : 4 + random.nextInt(7);
		this.siteBits = (kind == Kind.SITES) ? siteBits : 0;
		this.oneInPasses = 2 << random.nextInt(3);
	}

	/**
	 * Return how many points the running thread passes before another one gets its turn.
	 */
	long nextTurn() {
		return switch (this.kind) {
			case COOPERATIVE, SITES -> Long.MAX_VALUE;
			case FEW_SWITCHES -> 1 + this.random.nextInt(POINTS / 4);
			case MANY_SWITCHES -> 1 + this.random.nextInt(this.longestTurn);
			case PRIORITIES -> nextDrop();
		};
	}

	/**
	 * Return whether the running thread is to be interrupted where it is.
	 * @param site where that is in the code
	 */
	boolean interruptsAt(int site) {
		if (this.siteBits == 0 || !isChosen(site)
				|| this.random.nextInt(this.oneInPasses << this.siteInterruptions / SITE_INTERRUPTIONS) > 0) {
			return false;
		}
		this.siteInterruptions++;
		return true;
	}

	private boolean isChosen(int site) {
		int place = this.choosesClasses ? site >>> Short.SIZE : site;
		return (place * this.siteFactor) >>> (Integer.SIZE - this.siteBits) == 0;
	}

	private long nextDrop() {
		if (this.dropped == this.drops.length) {
			return Long.MAX_VALUE;
		}
		long turn = Math.max(1, this.drops[this.dropped++] - this.points);
		this.points += turn;
		return turn;
	}

	/**
	 * Note that the running thread was interrupted.
	 */
	void interrupted(SimulatedThread running) {
		running.priority(--this.lowest);
	}

	/**
	 * Return how long a thread that was interrupted stands still, as if the machine had
	 * something else to do, while time passes for the others.
	 * @return nanoseconds, in most cases 0
	 */
	long pauseNanos() {
		boolean rarely = this.kind != Kind.COOPERATIVE && this.kind != Kind.MANY_SWITCHES;
		return (rarely && this.random.nextBoolean())
				? this.random.nextLong(LONGEST_PAUSE_NANOS >> 4 * this.random.nextInt(3)) : 0;
	}

	/**
	 * Return the priority of a new thread.
	 */
	int newPriority() {
		return this.random.nextInt(1_000_000);
	}

	/**
	 * Choose the thread that runs next.
	 * @param ready those that can, at least one
	 */
	SimulatedThread choose(List<SimulatedThread> ready) {
		if (ready.size() == 1) {
			return ready.get(0);
		}
		if (this.kind != Kind.PRIORITIES) {
			return ready.get(this.random.nextInt(ready.size()));
		}
		SimulatedThread highest = ready.get(0);
		for (int index = 1; index < ready.size(); index++) {
			if (ready.get(index).priority() > highest.priority()) {
				highest = ready.get(index);
			}
		}
		return highest;
	}

	@Override
	public String toString() {
		return this.kind + ((this.drops.length > 0) ? " " + Arrays.toString(this.drops) : "");
	}

	/**
	 * How a schedule decides.
	 */
	enum Kind {

		/** A thread runs until it waits or ends. */
		COOPERATIVE,

		/** A thread is interrupted a few times in a history. */
		FEW_SWITCHES,

		/** A thread is interrupted often. */
		MANY_SWITCHES,

		/**
		 * The thread of the highest priority runs; at a few points, the priority of the
		 * one that runs drops below all others (probabilistic concurrency testing,
		 * Burckhardt et al., ASPLOS 2010).
		 */
		PRIORITIES,

		/**
		 * A thread is interrupted often where it is at one of a few places in the code,
		 * or in one of a few classes, which were chosen before: what comes between two
		 * steps that are rarely taken is met, too.
		 */
		SITES;

		/** What a seed chooses from. */
		static final List<Kind> KINDS = List.of(COOPERATIVE, FEW_SWITCHES, PRIORITIES, MANY_SWITCHES, MANY_SWITCHES,
				SITES, SITES, SITES, SITES);

	}

}
