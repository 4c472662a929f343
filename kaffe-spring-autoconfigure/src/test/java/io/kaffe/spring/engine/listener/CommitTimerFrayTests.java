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

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.kaffe.spring.interleaving.ControlledThreads;
import io.kaffe.spring.interleaving.Schedules;
import io.kaffe.spring.interleaving.SourceMistake;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Fray's tests for {@link CommitTimer}: what is completed is looked at, or the consumer
 * thread is woken up.
 */
@ControlledThreads
class CommitTimerFrayTests {

	@Test
	void completionIsSeenOrWakes() {
		Schedules.of(500).assertAllPass(new WakeupRaces.CompletedWhileItLooks());
	}

	@Test
	void completionWakesWhenTheCommitIsAnswered() {
		Schedules.of(500).assertAllPass(new WakeupRaces.CompletedWhileACommitIsAnswered());
	}

	@ParameterizedTest
	@EnumSource
	void findsEveryMistake(Mistake mistake) throws Exception {
		Schedules.Exploration exploration = Schedules.of(10_000).explore(mistake.source.create(mistake.race));
		assertThat(exploration.failure()).as(exploration::toString)
			.isNotNull()
			.extracting((failure) -> failure.getClass().getSimpleName())
			.isEqualTo("DeadlockException");
	}

	/**
	 * Mistakes that the class could have.
	 */
	enum Mistake {

		/**
		 * A look leaves the alarm: the next completion takes it for one that will wake.
		 */
		ALARM_STAYS(WakeupRaces.CompletedWhileItLooks.class, "\t\tthis.alarm.set(null);\n", ""),

		/**
		 * The alarm that is set between the two finds the commit on its way, and the
		 * answer finds no alarm.
		 */
		ALARM_READ_BEFORE_THE_ANSWER_COUNTS(WakeupRaces.CompletedWhileACommitIsAnswered.class,
				"this.onItsWay = false;\n\t\tif (this.alarm.get() != null && isIntervalOver()) {",
				"boolean armed = this.alarm.get() != null;\n\t\tthis.onItsWay = false;\n\t\tif (armed && isIntervalOver()) {"),

		/**
		 * The other way round: the alarm looks whether a commit is on its way before it
		 * is there for the answer.
		 */
		ANSWER_READ_BEFORE_THE_ALARM_IS_SET(WakeupRaces.CompletedWhileACommitIsAnswered.class,
				"Alarm fresh = new Alarm();\n\t\t\tif (this.alarm.compareAndSet(null, fresh)) {",
				"Alarm fresh = new Alarm();\n\t\t\tboolean onItsWay = this.onItsWay;\n\t\t\tif (this.alarm.compareAndSet(null, fresh) && !onItsWay) {");

		private final Class<? extends Runnable> race;

		private final SourceMistake source;

		Mistake(Class<? extends Runnable> race, String correct, String broken) {
			this.race = race;
			this.source = new SourceMistake(CommitTimer.class, correct, broken);
		}

	}

}
