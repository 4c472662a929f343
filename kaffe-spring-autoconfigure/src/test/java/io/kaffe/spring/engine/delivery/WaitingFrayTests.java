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

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.interleaving.ControlledThreads;
import io.kaffe.spring.interleaving.Schedules;
import io.kaffe.spring.interleaving.SourceMistake;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Fray's tests for {@link Batch}, {@link RetryingRecord} and {@link PendingAnswer}: a
 * worker that waits continues when it has something to do, and nothing is done twice.
 */
@ControlledThreads
class WaitingFrayTests {

	@ParameterizedTest
	@ValueSource(classes = { WaitingRaces.FilledWhileItBeginsToWait.class, WaitingRaces.BatchTimerFiresTooEarly.class,
			WaitingRaces.RevokedWhileItGrows.class, WaitingRaces.FilledTimedOutAndRevoked.class,
			WaitingRaces.DecidedWhileItIsParked.class, WaitingRaces.RevokedWhileItIsParked.class,
			WaitingRaces.BackOffTimerFiresTooEarly.class, WaitingRaces.SkippedTimedOutAndRevoked.class,
			WaitingRaces.AnsweredWhileTheAssignmentEnds.class, WaitingRaces.EndsWhileAHandlerIsAwaited.class,
			WaitingRaces.FailsWhileItIsAwaited.class })
	void continuesWhenThereIsSomethingToDo(Class<? extends Runnable> race) throws Exception {
		Schedules.of(300).assertAllPass(race.getDeclaredConstructor().newInstance());
	}

	@ParameterizedTest
	@EnumSource
	void findsEveryMistake(Mistake mistake) throws Exception {
		Schedules.Exploration exploration = Schedules.of(10_000).explore(mistake.source.create(mistake.race));
		assertThat(exploration.failure()).as(exploration::toString).hasMessageFindingMatch(mistake.effect);
	}

	/**
	 * Mistakes that these classes could have.
	 */
	enum Mistake {

		/**
		 * Work that comes between the last look at the queue and GATHERING is not seen
		 * until the timer fires.
		 */
		NO_SECOND_LOOK_AT_THE_QUEUE(WaitingRaces.FilledWhileItBeginsToWait.class, Worker.class,
				" || (state == GATHERING && hasNew());", ";", "Waits although it is full"),

		/**
		 * A timer that fires before its worker waits wakes nobody, and there is no other.
		 */
		BATCH_WAITS_WITHOUT_A_TIMER(WaitingRaces.BatchTimerFiresTooEarly.class, BatchGathering.class,
				"return !this.timerIsSet || this.gatherUntil - now <= 0;", "return this.gatherUntil - now <= 0;",
				"Waits for ever"),

		/**
		 * The worker finds that a timer is set, although it has fired.
		 */
		BATCH_WOKEN_BEFORE_THE_TIMER_IS_UNSET(WaitingRaces.BatchTimerFiresTooEarly.class, BatchGathering.class,
				"this.timerIsSet = false;\n\t\t\t\tworker.wake();", "worker.wake();\n\t\t\t\tthis.timerIsSet = false;",
				"Waits for ever"),

		/**
		 * A revocation between the last look at the assignments and GATHERING is not seen
		 * until the timer fires.
		 */
		BATCH_NOT_ASKED_ABOUT_REVOCATIONS(WaitingRaces.RevokedWhileItGrows.class, Batch.class,
				"return ready || this.assignments.stream().anyMatch(AssignmentHandle::isRevoked);", "return ready;",
				"Waits although it is revoked"),

		/**
		 * A decision between the last look for one and WAITING is not seen.
		 */
		RECORD_NOT_ASKED_ABOUT_DECISIONS(WaitingRaces.DecidedWhileItIsParked.class, RetryingRecord.class,
				"return this.decisions.isFilled() || (", "return (", "Decision is not followed"),

		/**
		 * The worker is woken before there is anything to be seen.
		 */
		WOKEN_BEFORE_THE_DECISION_IS_LEFT(WaitingRaces.DecidedWhileItIsParked.class, RetryingRecord.class,
				"OperatorDecision present = this.decisions.leave(decision);\n\t\tthis.worker.wake();",
				"this.worker.wake();\n\t\tOperatorDecision present = this.decisions.leave(decision);",
				"Decision is not followed"),

		/**
		 * A revocation between the last look at the assignment and WAITING is not seen.
		 */
		RECORD_NOT_ASKED_ABOUT_REVOCATIONS(WaitingRaces.RevokedWhileItIsParked.class, RecordWork.class,
				"\n\t\t\t\t|| (this.assignment.isRevoked() && !retrying.answer().isAwaited());", ";",
				"Kept although it is revoked"),

		/**
		 * A timer that fires before its worker waits wakes nobody, and there is no other.
		 */
		RECORD_WAITS_WITHOUT_A_TIMER(WaitingRaces.BackOffTimerFiresTooEarly.class, RetrySchedule.class,
				"ticket.isThrough() : !this.timerIsSet || this.nextAt - now <= 0;",
				"ticket.isThrough() : this.nextAt - now <= 0;", "Waits for ever"),

		/**
		 * The worker finds that a timer is set, although it has fired.
		 */
		RECORD_WOKEN_BEFORE_THE_TIMER_IS_UNSET(WaitingRaces.BackOffTimerFiresTooEarly.class, RetrySchedule.class,
				"if (this.timerAt == at) {\n\t\t\tthis.timerIsSet = false;\n\t\t}\n\t\tthis.worker.wake();",
				"this.worker.wake();\n\t\tif (this.timerAt == at) {\n\t\t\tthis.timerIsSet = false;\n\t\t}",
				"Waits for ever"),

		/**
		 * The worker is woken before there is an answer to be seen.
		 */
		WOKEN_BEFORE_THE_ANSWER_IS_SEEN(WaitingRaces.FailsWhileItIsAwaited.class, PendingAnswer.class, """
				this.answered = true;
						try {
							this.awaited.exit();
						}
						finally {
							this.worker.wake();
						}
				""", """
				try {
							this.awaited.exit();
						}
						finally {
							this.worker.wake();
						}
						this.answered = true;
				""", "Is not found while it is awaited"),

		/**
		 * An answer and the end of the assignment both return the permit.
		 */
		PERMIT_RETURNED_TWICE(WaitingRaces.AnsweredWhileTheAssignmentEnds.class, PendingAnswer.class,
				"if (this.counted.compareAndSet(true, false)) {",
				"if (this.counted.get()) {\n\t\t\tthis.counted.set(false);", "Wrong number of permits"),

		/**
		 * An assignment that ends before its handler is found among those that are
		 * awaited returns no permit.
		 */
		NO_LOOK_AT_THE_ASSIGNMENT_AFTER_ADDING(WaitingRaces.EndsWhileAHandlerIsAwaited.class, PendingAnswer.class,
				"listenTo(future);\n\t\tpartitionsRevoked();", "listenTo(future);", "Wrong number of permits"),

		/**
		 * The worker asks once more before the permit of the first answer is returned, so
		 * that the second one returns none.
		 */
		ANSWER_SEEN_BEFORE_ITS_PERMIT_IS_RETURNED(WaitingRaces.FailsWhileItIsAwaited.class, PendingAnswer.class, """
				stopCounting();
						// From now on the worker may ask once more.
						this.answered = true;
				""", """
				this.answered = true;
						stopCounting();
				""", "Wrong number of permits|Is not found while it is awaited");

		private final Class<? extends Runnable> race;

		private final SourceMistake source;

		private final String effect;

		Mistake(Class<? extends Runnable> race, Class<?> type, String correct, String broken, String effect) {
			this.race = race;
			this.source = new SourceMistake(type, correct, broken);
			this.effect = effect;
		}

	}

}
