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

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.kaffe.spring.interleaving.ControlledThreads;
import io.kaffe.spring.interleaving.Schedules;
import io.kaffe.spring.interleaving.SourceMistake;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Fray's tests for {@link Worker} and {@link RunQueue}: in whatever order threads take
 * their steps, a worker has one runner at a time and no work is left behind.
 */
@ControlledThreads
class WorkerFrayTests {

	@ParameterizedTest
	@ValueSource(classes = { WorkerRaces.SubmittedWhileRunning.class, WorkerRaces.WokenWhileRunning.class,
			WorkerRaces.SubmittedTwice.class, WorkerRaces.SubmittedWhileRetiring.class,
			WorkerRaces.LimitLoweredWhileRunning.class, WorkerRaces.AddedWhileTheLaneEnds.class,
			WorkerRaces.AnsweredWhileTheLaneEnds.class, WorkerRaces.PermitReturnedWhileTheLaneEnds.class })
	void hasOneRunnerAndLeavesNothingBehind(Class<? extends Runnable> race) throws Exception {
		Schedules.of(500).assertAllPass(race.getConstructor().newInstance());
		Schedules.of(200).withOrdinaryAccesses().assertAllPass(race.getConstructor().newInstance());
	}

	@ParameterizedTest
	@EnumSource
	void findsEveryMistake(Mistake mistake) throws Exception {
		Schedules.Exploration exploration = Schedules.of(10_000).explore(mistake.source.create(mistake.race));
		assertThat(exploration.failure()).as(exploration::toString).hasMessageContaining(mistake.effect);
	}

	/**
	 * What is linked to the rest of the inbox by an ordinary field has to be linked
	 * before other threads see it.
	 */
	@Test
	void findsWorkThatIsQueuedBeforeItIsLinked() throws Exception {
		SourceMistake mistake = new SourceMistake(WorkerInbox.class,
				"if (INBOX.compareAndSet(this, newest, element)) {",
				"element.next = null; if (INBOX.compareAndSet(this, newest, element)) { element.next = newest;");
		Schedules.Exploration exploration = Schedules.of(10_000)
			.withOrdinaryAccesses()
			.explore(mistake.create(WorkerRaces.SubmittedWhileRunning.class));
		assertThat(exploration.failure()).as(exploration::toString).hasMessageContaining("Left behind after 1");
	}

	/**
	 * Mistakes that these classes could have, each a change of the source.
	 */
	enum Mistake {

		/**
		 * Work that comes between the last look at the queue and IDLE is left behind.
		 */
		NO_SECOND_LOOK_AT_THE_QUEUE(WorkerRaces.SubmittedWhileRunning.class, "this.state = IDLE;\n\t\tif (hasNew()) {",
				"this.state = IDLE; if (false) {", "Left behind after 1"),

		/**
		 * A wake-up that comes between the look at the work and WAITING is missed.
		 */
		NO_SECOND_LOOK_AT_WAITING_WORK(WorkerRaces.WokenWhileRunning.class,
				"ready = work.isReady(turn.readClock()) || (state == GATHERING && hasNew());", "ready = false;",
				"Left behind after 0"),

		/**
		 * Work that comes between the last look at the queue and its end is left behind.
		 */
		RETIRED_WITHOUT_ASKING(WorkerRaces.SubmittedWhileRetiring.class, WorkerInbox.class,
				"return INBOX.compareAndSet(this, expected, CLOSED);",
				"if (this.inbox != expected) { return false; } this.inbox = (E) CLOSED; return true;",
				"Left behind after 1"),

		/**
		 * Work that comes between the last look at what is ready and the end of the lane
		 * is left behind.
		 */
		NO_SECOND_LOOK_AT_THE_RUN_QUEUE(WorkerRaces.SubmittedWhileRunning.class, RunQueue.class,
				"while (RunQueue.this.ready.get() > 0 && enter());", "while (false);", "Left behind after 1"),

		/**
		 * Both lanes end, since there is one too many.
		 */
		EVERY_LANE_ENDS(WorkerRaces.LimitLoweredWhileRunning.class, RunQueue.class,
				"while (RunQueue.this.ready.get() > 0 && enter());", "while (false);", "Left behind after 1"),

		/**
		 * A permit comes back without an answer, and no thread looks what is ready.
		 */
		NO_LOOK_AT_THE_RUN_QUEUE_AFTER_A_PERMIT(WorkerRaces.PermitReturnedWhileTheLaneEnds.class, RunQueue.class,
				"void returnPermit() {\n\t\tthis.permits.decrementAndGet();\n\t\tstartLaneIfReady();",
				"void returnPermit() { this.permits.decrementAndGet();", "Left behind after 0"),

		/**
		 * What answers later does not count.
		 */
		NO_PERMIT_FOR_WHAT_IS_AWAITED(WorkerRaces.AnsweredWhileTheLaneEnds.class, RunQueue.class,
				"void takePermit() {\n\t\tthis.permits.incrementAndGet();", "void takePermit() {",
				"More at once than may"),

		/**
		 * The lane on which a handler has returned that answers later continues.
		 */
		LANE_GOES_ON_BEYOND_THE_LIMIT(WorkerRaces.AnsweredWhileTheLaneEnds.class, RunQueue.class,
				"if (RunQueue.this.permits.get() <= RunQueue.this.maxConcurrency && claim()) {", "if (claim()) {",
				"More at once than may"),

		/**
		 * Two threads schedule it at a time.
		 */
		SCHEDULED_TWICE(WorkerRaces.SubmittedTwice.class, "if (STATE.compareAndSet(this, expected, SCHEDULED)) {",
				"if (this.state == expected) { this.state = SCHEDULED;", "Two runners");

		private final Class<? extends Runnable> race;

		private final SourceMistake source;

		private final String effect;

		Mistake(Class<? extends Runnable> race, String correct, String broken, String effect) {
			this(race, Worker.class, correct, broken, effect);
		}

		Mistake(Class<? extends Runnable> race, Class<?> type, String correct, String broken, String effect) {
			this.race = race;
			this.source = new SourceMistake(type, correct, broken);
			this.effect = effect;
		}

	}

}
