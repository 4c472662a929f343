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
import java.util.List;

import io.kaffe.simulation.Happening.Kind;

import io.kaffe.spring.DeadLetterFilter;
import io.kaffe.spring.DeadLetterOperations;
import io.kaffe.spring.test.simulation.Simulation;
import io.kaffe.spring.test.simulation.kafka.SimulatedCluster;

/**
 * The end of a history: all disturbances end, everything has to be completed and
 * committed, the instances stop, and nothing may be left.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class Calm {

	private static final long MILLI = 1_000_000;

	/** When even what was under way for long has arrived. */
	private static final long LAST_COMMITS = 250 * MILLI;

	/** How soon tables have to show what is. */
	private static final long TRUTH = 10_000 * MILLI;

	/** How soon notes are deleted: their floor is raised one interval before. */
	private static final long CLEANUP = 45_000 * MILLI;

	/**
	 * How often all dead letters are replayed, at most: some may fail once more, and a
	 * rebalance may interrupt a replay.
	 */
	private static final int MOST_REPLAYS = 4;

	private final World world;

	private final Scenario scenario;

	private final Simulation simulation;

	private final SimulatedCluster cluster;

	private final Journal journal;

	Calm(World world) {
		this.world = world;
		this.scenario = world.scenario();
		this.simulation = world.simulation();
		this.cluster = world.cluster();
		this.journal = world.journal();
	}

	/**
	 * End all disturbances, and see that everything comes to its end.
	 */
	void come() {
		this.simulation.record(() -> "* calm");
		this.world.becomeCalm();
		this.cluster.disturbances().clear();
		this.world.instances().forEach((instance) -> {
			instance.process().wake();
			instance.process().reject(false);
		});
		if (this.world.up().isEmpty()) {
			this.world.start();
		}
		if (this.scenario.service().staticMembers()) {
			// A static leader that restarts misses partitions that were added meanwhile
			// (KIP-814). What restarts has joined by then.
			this.simulation.elapse(LAST_COMMITS);
			this.cluster.disturbances().rebalance(World.GROUP);
		}
		boolean counts = this.scenario.happenings().stream().noneMatch((each) -> each.kind() == Kind.DELAY_COMMITS);
		if (counts) {
			// What waits to be woken has to be: no new work does it.
			requireRest();
			requireTruth();
		}
		else {
			this.simulation.elapse(LAST_COMMITS);
		}
		this.world.topics().produceToAll();
		requireRest();
		requireTruth();
		replayAll();
		requireReports();
		requireSmallTable();
		if (counts && !this.world.effects().notHandledAgain().isEmpty()) {
			throw new ViolationException("Not handled again after a seek: " + this.world.effects().notHandledAgain());
		}
		for (ServiceInstance instance : this.world.up()) {
			instance.beginStop();
			instance.stop();
		}
		List<String> left = awaitEnd();
		this.world.violations().check();
		if (!left.isEmpty()) {
			throw new ViolationException("Left after the end: " + left);
		}
	}

	/**
	 * Require that what retention has deleted unhandled is reported, soon.
	 */
	private void requireReports() {
		if (!this.simulation.await(() -> this.world.losses().unreported().isEmpty(), TRUTH)) {
			throw new ViolationException("Not reported as lost, although deleted before it was completed: "
					+ this.world.losses().unreported());
		}
	}

	/**
	 * Require that what is noted below committed offsets is deleted, soon.
	 */
	private void requireSmallTable() {
		if (!this.simulation.await(() -> this.world.effects().littered(this.world.database()).isEmpty(), CLEANUP)) {
			throw new ViolationException("Notes are left below the committed offsets of "
					+ this.world.effects().littered(this.world.database()));
		}
		this.world.violations().check();
	}

	/**
	 * Replay all dead letters: each has to be handled then, and none is replayed again.
	 */
	private void replayAll() {
		if (!this.scenario.service().setup().publishesDeadLetters()) {
			return;
		}
		DeadLetterOracle deadLetters = this.world.deadLetters();
		for (int time = 0; time < MOST_REPLAYS && !deadLetters.offered().isEmpty(); time++) {
			// A member that has just started may still be joining.
			this.simulation.await(() -> areAssigned(deadLetters.offered()), World.PATIENCE);
			this.world.up().forEach(this::replay);
		}
		if (!deadLetters.offered().isEmpty()) {
			throw new ViolationException("Still offered after replays of all: " + deadLetters.offered());
		}
		long replays = deadLetters.replays();
		this.world.up().forEach(this::replay);
		if (deadLetters.replays() > replays) {
			throw new ViolationException("Dead letters that were handled were replayed again");
		}
	}

	private boolean areAssigned(List<PublishedLetter> letters) {
		return letters.stream()
			.allMatch((letter) -> this.world.up()
				.stream()
				.anyMatch((instance) -> instance.consumers().isAssigned(letter.fact().partition())));
	}

	private void replay(ServiceInstance instance) {
		// It may just be restarted.
		if (!this.simulation.await(instance.engine().container()::isRunning, World.PATIENCE)) {
			throw new ViolationException("The container of " + instance + " is not started again");
		}
		instance.engine()
			.operations()
			.deadLetters(World.GROUP)
			.replay(DeadLetterFilter.ALL, DeadLetterOperations.MAX_RATE);
		if (!this.simulation.await(() -> !instance.isReplaying(), World.PATIENCE)) {
			throw new ViolationException("The replay of dead letters by " + instance + " does not end");
		}
		this.world.violations().check();
	}

	/**
	 * Wait until nothing is left.
	 * @return what is left all the same
	 */
	private List<String> awaitEnd() {
		long end = this.simulation.nanoTime() + World.PATIENCE;
		List<String> left;
		do {
			this.simulation.await(() -> leftAfterTheEnd().isEmpty(), end - this.simulation.nanoTime());
			// Other threads may have run since.
			left = leftAfterTheEnd();
		}
		while (!left.isEmpty() && this.simulation.nanoTime() < end);
		return left;
	}

	private void requireRest() {
		if (!awaitRest()) {
			this.world.violations().check();
			this.simulation.stacks().forEach((stack) -> this.simulation.record(() -> "at " + stack));
			throw new ViolationException("Not at rest after %d s: not completed %s; not committed %s; left %s"
				.formatted(World.PATIENCE / 1_000_000_000, this.journal.unfinished(), this.world.commits().behind(),
						left()));
		}
		this.world.violations().check();
	}

	/**
	 * Require that tables and health show a service at rest, soon.
	 */
	private void requireTruth() {
		long end = this.simulation.nanoTime() + TRUTH;
		List<String> wrong = wrong();
		while (!wrong.isEmpty() && this.simulation.nanoTime() < end) {
			// A record is parked again if members notice only now that their log was
			// truncated, and begin with it anew.
			this.world.up().forEach(this.world.operators()::settleParked);
			this.simulation.elapse(200 * MILLI);
			wrong = wrong();
		}
		if (!wrong.isEmpty()) {
			throw new ViolationException("Tables are wrong: " + wrong);
		}
	}

	private List<String> wrong() {
		return this.world.up().stream().flatMap((instance) -> TableCheck.wrong(this.world, instance).stream()).toList();
	}

	private boolean awaitRest() {
		long end = this.simulation.nanoTime() + World.PATIENCE;
		for (long pause = 5 * MILLI; this.simulation.nanoTime() < end; pause = Math.min(2 * pause, 160 * MILLI)) {
			if (!this.world.violations().isEmpty()) {
				return false;
			}
			this.world.up().forEach(this.world.operators()::settleParked);
			this.world.deadLetters().read();
			if (this.world.topics().areSettled() && this.world.commits().behind().isEmpty()
					&& this.journal.unfinished().isEmpty() && left().isEmpty()) {
				return true;
			}
			this.simulation.elapse(pause);
		}
		return false;
	}

	private List<String> left() {
		List<String> left = new ArrayList<>();
		this.world.up().forEach((instance) -> instance.leftovers().forEach((what) -> left.add(instance + ": " + what)));
		return left;
	}

	private List<String> leftAfterTheEnd() {
		List<String> left = new ArrayList<>();
		boolean freezes = this.scenario.happenings().stream().anyMatch((each) -> each.kind() == Happening.Kind.FREEZE);
		for (ServiceInstance instance : this.world.instances()) {
			if (!instance.process().isKilled()) {
				instance.leftovers().forEach((what) -> left.add(instance + ": " + what));
				if (instance.engine().assignments() > 0) {
					left.add(instance + ": partitions");
				}
				// A process that stands still waits for that.
				if (!freezes && instance.waitedForLostPartitions()) {
					left.add(instance + ": time for partitions that were lost");
				}
				if (this.scenario.isGraceful() && instance.engine().internalErrors() > 0) {
					left.add(instance + ": internal errors");
				}
			}
		}
		return left;
	}

}
