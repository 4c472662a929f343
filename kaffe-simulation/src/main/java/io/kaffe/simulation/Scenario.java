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

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

import io.kaffe.simulation.Happening.Kind;

import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;

/**
 * What a history is about: how the service is configured, and what happens to it. Drawn
 * from a seed.
 *
 * @param seed what it was drawn from; it also decides the schedule
 * @param service how the service is configured
 * @param other the next version of its settings
 * @param once whether records are handled once, in a database
 * @param instances with how many instances it begins
 * @param partitions how many partitions each of the two topics has at first
 * @param slowness how often time passes although threads could run, in thousandths
 * @param happenings what happens, by time
 */
record Scenario(long seed, Service service, Service other, boolean once, int instances, int partitions, int slowness,
		List<Happening> happenings) {

	/** How long things happen, in milliseconds. */
	private static final int SPAN = 700;

	/** What is likely to happen. */
	private static final List<Kind> DISTURBANCES = disturbances();

	/** What lets no record be handled twice. */
	private static final List<Kind> GRACEFUL = List.of(Kind.COMPACT, Kind.TRANSACTION, Kind.ABORTED_TRANSACTION,
			Kind.ELECTION, Kind.ELECTION, Kind.MORE_PARTITIONS, Kind.START, Kind.START, Kind.STOP, Kind.STOP,
			Kind.RESTART_CONTAINER, Kind.CONCURRENCY, Kind.OTHER_SETTINGS, Kind.OTHER_SETTINGS, Kind.REBALANCE,
			Kind.REBALANCE, Kind.SLOW_FETCHES, Kind.SLOW_HANDLERS, Kind.FAILING_KEY, Kind.MENDED_KEY, Kind.OUTAGE,
			Kind.RETRY, Kind.SKIP, Kind.DEAD_LETTER, Kind.REPLAY, Kind.ABANDON, Kind.PAUSE_PARTITION, Kind.PAUSE,
			Kind.CONTAINER_PAUSE, Kind.CONTAINER_PAUSE_PARTITION, Kind.RESTART_BY_HANDLER, Kind.MAX_CONCURRENCY,
			Kind.CLOCK_JUMP);

	/** What happens to topics, handlers and records, but not to instances and members. */
	private static final List<Kind> STEADY = List.of(Kind.RETENTION, Kind.RETENTION, Kind.RETENTION, Kind.COMPACT,
			Kind.TRANSACTION, Kind.ABORTED_TRANSACTION, Kind.ELECTION, Kind.SLOW_FETCHES, Kind.FAIL_FETCHES,
			Kind.SLOW_HANDLERS, Kind.FAILING_KEY, Kind.FAILING_KEY, Kind.MENDED_KEY, Kind.OUTAGE, Kind.RETRY, Kind.SKIP,
			Kind.DEAD_LETTER, Kind.PAUSE_PARTITION, Kind.PAUSE, Kind.CONTAINER_PAUSE, Kind.CONTAINER_PAUSE_PARTITION,
			Kind.MAX_CONCURRENCY, Kind.CLOCK_JUMP);

	/** What happens to databases, and to those who commit in them. */
	private static final List<Kind> OF_DATABASE = Stream.concat(Stream.of(Kind.values()).filter(Kind::isOfDatabase),
			Stream.of(Kind.LOSE_COMMITS, Kind.KILL_AT_COMMIT, Kind.FREEZE_AT_COMMIT, Kind.TIME_PASSES, Kind.TIME_PASSES,
					Kind.KILL, Kind.FREEZE, Kind.REBALANCE, Kind.START, Kind.SEEK, Kind.LISTENER_SEEKS))
		.toList();

	/** How many histories have a database, of a hundred. */
	private static final int MANY_ONCE = 25;

	/** Lets the choices about the database differ from all others. */
	private static final long DATABASE = 0x6F6E_6365L << 32;

	/** How many histories are steady, of a hundred that can be. */
	private static final int MANY_STEADY = 40;

	private static List<Kind> disturbances() {
		List<Kind> kinds = new ArrayList<>(List.of(Kind.values()));
		kinds.removeIf((kind) -> !kind.disturbs() || kind.isOfDatabase());
		// The more so, the closer to what services meet each day.
		kinds.addAll(List.of(Kind.START, Kind.STOP, Kind.KILL, Kind.FREEZE, Kind.REBALANCE, Kind.REBALANCE,
				Kind.REBALANCE, Kind.REBALANCE, Kind.FAIL_COMMITS, Kind.FAILING_KEY, Kind.FAILING_KEY,
				Kind.SLOW_HANDLERS, Kind.OUTAGE, Kind.OUTAGE, Kind.OUTAGE, Kind.RETRY, Kind.SKIP, Kind.REPLAY));
		return kinds;
	}

	/**
	 * Draw a scenario.
	 * @param seed what decides
	 */
	static Scenario of(long seed) {
		Chance chance = new Chance(seed);
		Service service = Service.of(chance);
		Service other = service.next(chance);
		List<Happening> happenings = new ArrayList<>();
		int left = chance.between(50, 55);
		boolean trickle = chance.percent(50);
		while (left > 0) {
			int count = Math.min(left, chance.between(1, trickle ? 12 : 40));
			left -= count;
			happenings.add(new Happening(chance.below(SPAN * 2 / 3),
					chance.percent(trickle ? 80 : 20) ? Kind.TRICKLE : Kind.PRODUCE, chance.below(1000), count));
		}
		boolean graceful = service.isGraceful() && other.isGraceful() && chance.percent(70);
		boolean steady = service.canBeSteady() && chance.percent(MANY_STEADY);
		List<Kind> kinds = steady ? STEADY : graceful ? GRACEFUL : DISTURBANCES;
		for (int count = chance.between(3, 8); count > 0; count--) {
			happenings
				.add(new Happening(chance.below(SPAN), chance.one(kinds), chance.below(1000), chance.below(1000)));
		}
		if (service.setup().publishesDeadLetters()) {
			happenings.add(new Happening(chance.below(SPAN / 2), chance.one(Kind.FAILING_KEY, Kind.OUTAGE),
					chance.below(1000), chance.below(1000)));
			happenings
				.add(new Happening(SPAN / 2 + chance.below(SPAN), Kind.REPLAY, chance.below(1000), chance.below(1000)));
		}
		happenings.sort(Comparator.comparingInt(Happening::millis));
		Scenario scenario = new Scenario(seed, service, other, false, steady ? 1 : chance.one(1, 2, 2, 3),
				chance.between(1, 3), chance.one(0, 1, 20, 100), List.copyOf(happenings));
		// Drawn apart, so that nothing else depends on it.
		Chance ofDatabase = new Chance(seed ^ DATABASE);
		return ofDatabase.percent(MANY_ONCE) ? scenario.once(ofDatabase, !steady && !graceful) : scenario;
	}

	/**
	 * Return a scenario in which records are handled once.
	 * @param disturbed whether the database is disturbed, too
	 */
	private Scenario once(Chance chance, boolean disturbed) {
		List<Happening> happenings = new ArrayList<>(this.happenings);
		for (int count = disturbed ? chance.between(2, 5) : 0; count > 0; count--) {
			happenings.add(
					new Happening(chance.below(SPAN), chance.one(OF_DATABASE), chance.below(1000), chance.below(1000)));
		}
		happenings.sort(Comparator.comparingInt(Happening::millis));
		return new Scenario(this.seed, this.service.synchronous(), this.other.synchronous(), true, this.instances,
				this.partitions, this.slowness, List.copyOf(happenings));
	}

	/**
	 * Return whether no record may be handled twice. A static member that is replaced by
	 * one with another id does not leave its group, whose next rebalance takes until its
	 * session expires: cooperative members that stop meanwhile lose their partitions.
	 */
	boolean isGraceful() {
		return this.service.isGraceful() && this.other.isGraceful()
				&& this.happenings.stream()
					.allMatch((happening) -> !happening.disturbs()
							|| (GRACEFUL.contains(happening.kind()) && !outlastsDrains(happening.kind())));
	}

	/**
	 * Return whether there is one instance whose partitions stay assigned to it, and it
	 * learns where their logs begin.
	 */
	boolean isSteady() {
		return this.instances == 1 && this.service.canBeSteady()
				&& this.happenings.stream()
					.allMatch((happening) -> !happening.disturbs() || STEADY.contains(happening.kind())
							|| happening.kind() == Kind.REPLAY);
	}

	/**
	 * A static member that stops does not leave: rebalances of the classic protocol wait
	 * for it until its session expires, and meanwhile members cannot commit what they
	 * drain.
	 */
	private boolean outlastsDrains(Kind kind) {
		return this.service.staticMembers() && this.service.protocol() != Protocol.CONSUMER
				&& (kind == Kind.STOP || kind == Kind.OTHER_SETTINGS);
	}

	Scenario with(List<Happening> less) {
		return new Scenario(this.seed, this.service, this.other, this.once, this.instances, this.partitions,
				this.slowness, List.copyOf(less));
	}

	/**
	 * How the service is configured.
	 *
	 * @param protocol how the group assigns partitions
	 * @param staticMembers whether instances are static members
	 * @param readCommitted whether only committed records are read
	 * @param concurrency how many consumer threads an instance has
	 * @param strategy decides which records share a worker
	 * @param shape what the listener takes
	 * @param then what happens when a record is not retried
	 * @param maxAttempts most attempts, 0 without limit
	 * @param backOffMillis how long to wait before a retry
	 * @param drainMillis how long a drain waits
	 * @param commitMillis how often offsets are committed
	 * @param maxBuffered most records that are buffered
	 * @param maxConcurrency most workers that run at once; 0: all
	 * @param completedOffsets whether commits report completed offsets
	 * @param poolSize how many threads the executor has
	 * @param maxPollRecords most records of a poll
	 * @param setup what the application has beside its listener
	 * @param detectsOutages whether outages are detected
	 * @param lagMillis how often it is asked where logs begin and end; 0: never
	 */
	record Service(Protocol protocol, boolean staticMembers, boolean readCommitted, int concurrency,
			StandardWorkerAllocationStrategy strategy, Shape shape, FailureAction then, int maxAttempts,
			int backOffMillis, int drainMillis, int commitMillis, int maxBuffered, int maxConcurrency,
			boolean completedOffsets, int poolSize, int maxPollRecords, ListenerSetup setup, boolean detectsOutages,
			int lagMillis) {

		/**
		 * Return whether rebalances and stops repeat nothing.
		 */
		boolean isGraceful() {
			return this.completedOffsets && this.drainMillis >= 2000;
		}

		/**
		 * Return whether an instance has one member that stays in its group if nothing is
		 * done to it, and that asks where logs begin.
		 */
		boolean canBeSteady() {
			return this.lagMillis > 0 && this.concurrency == 1 && !this.staticMembers
					&& !this.setup.controlsContainer();
		}

		/**
		 * Return whether records with the same key share a worker.
		 */
		boolean isKeyed() {
			return this.strategy == StandardWorkerAllocationStrategy.WORKER_PER_KEY;
		}

		/**
		 * Return whether the listener acknowledges records out of order: then it does not
		 * nack them.
		 */
		boolean acknowledgesOutOfOrder() {
			return this.shape == Shape.ACKNOWLEDGED_RECORD && !this.setup.oddAnswers();
		}

		/**
		 * Return whether an acknowledgment counts for earlier records of the partition,
		 * too.
		 */
		boolean acknowledgesInOrder() {
			return this.shape == Shape.ACKNOWLEDGED_RECORD && this.setup.oddAnswers() && !this.strategy.isPerRecord();
		}

		/**
		 * Return settings with a listener that completes records when it returns.
		 */
		Service synchronous() {
			return new Service(this.protocol, this.staticMembers, this.readCommitted, this.concurrency, this.strategy,
					this.shape.isBatch() ? Shape.BATCH : Shape.RECORD, this.then, this.maxAttempts, this.backOffMillis,
					this.drainMillis, this.commitMillis, this.maxBuffered, this.maxConcurrency, this.completedOffsets,
					this.poolSize, this.maxPollRecords, this.setup, this.detectsOutages, this.lagMillis);
		}

		static Service of(Chance chance) {
			FailureAction then = chance.one(FailureAction.PARK, FailureAction.PARK, FailureAction.DEAD_LETTER,
					FailureAction.SKIP);
			return new Service(chance.one(Protocol.values()), chance.percent(15), chance.percent(50),
					chance.one(1, 1, 2), chance.one(StandardWorkerAllocationStrategy.values()),
					chance.one(Shape.values()), then,
					(then == FailureAction.DEAD_LETTER) ? chance.one(0, 1, 1, 3) : chance.one(0, 1, 3),
					chance.one(1, 10, 100), chance.one(0, 200, 2000, 2000), chance.one(100, 400, 1000),
					chance.one(4, 20, 1000), chance.one(0, 0, 1, 2), chance.percent(85), chance.one(1, 4, 16),
					chance.one(1, 10, 500), ListenerSetup.of(chance, then), chance.percent(60),
					chance.one(0, 0, 0, 100, 400));
		}

		/**
		 * Draw the settings of the next version, which may differ in all but what its
		 * group has in common, and the isolation level.
		 */
		Service next(Chance chance) {
			Service next = of(chance);
			boolean same = chance.percent(50);
			boolean graceful = isGraceful() && chance.percent(75);
			return new Service(this.protocol, this.staticMembers, this.readCommitted, next.concurrency, next.strategy,
					same ? this.shape : next.shape, next.then, next.maxAttempts, next.backOffMillis,
					graceful ? this.drainMillis : next.drainMillis, next.commitMillis, next.maxBuffered,
					next.maxConcurrency, graceful || next.completedOffsets, next.poolSize, next.maxPollRecords,
					this.setup, next.detectsOutages, this.lagMillis);
		}

	}

	/**
	 * How the group assigns partitions.
	 */
	enum Protocol {

		/** All partitions are revoked in each rebalance. */
		EAGER,

		/** Only those that move are revoked (KIP-429). */
		COOPERATIVE,

		/** The coordinator assigns (KIP-848). */
		CONSUMER

	}

	/**
	 * What the listener takes.
	 */
	enum Shape {

		/** One record at a time. */
		RECORD,

		/** One record at a time, which it acknowledges, maybe later. */
		ACKNOWLEDGED_RECORD,

		/** One record at a time, for which it returns a future. */
		FUTURE,

		/** Batches. */
		BATCH,

		/** Batches, which it acknowledges, maybe later. */
		ACKNOWLEDGED_BATCH,

		/** Batches, for which it returns a future. */
		FUTURE_BATCH;

		boolean isBatch() {
			return this == BATCH || this == ACKNOWLEDGED_BATCH || this == FUTURE_BATCH;
		}

		boolean isAcknowledged() {
			return this == ACKNOWLEDGED_RECORD || this == ACKNOWLEDGED_BATCH;
		}

	}

}
