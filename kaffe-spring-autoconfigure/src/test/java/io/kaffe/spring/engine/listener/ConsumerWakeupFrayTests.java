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
 * Fray's tests for {@link ConsumerWakeup}: no wake-up is lost between a request and the
 * poll or the wait that it is to end.
 */
@ControlledThreads
class ConsumerWakeupFrayTests {

	@Test
	void pollIsWokenUp() {
		Schedules.of(500).assertAllPass(new WakeupRaces.WokenWhileItBeginsToPoll());
	}

	@Test
	void waitForBufferSpaceEnds() {
		Schedules.of(500).assertAllPass(new WakeupRaces.FreedWhileItBeginsToWait());
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
		 * What is requested between the two is not seen by either thread.
		 */
		POLLING_SET_AFTER_THE_LOOK(WakeupRaces.WokenWhileItBeginsToPoll.class,
				"this.polling = true;\n\t\tif (this.requested || this.freed) {",
				"boolean requested = this.requested;\n\t\tthis.polling = true;\n\t\tif (requested) {"),

		/**
		 * The same, seen from the other thread.
		 */
		REQUESTED_SET_AFTER_THE_LOOK(WakeupRaces.WokenWhileItBeginsToPoll.class,
				"this.requested = true;\n\t\tinterrupt();",
				"boolean polling = this.polling;\n\t\tthis.requested = true;\n\t\tif (polling) {\n\t\t\tinterrupt();\n\t\t}"),

		/**
		 * The consumer thread finds nothing requested, and parks again.
		 */
		UNPARKED_TOO_EARLY(WakeupRaces.FreedWhileItBeginsToWait.class, "this.freed = true;\n\t\tinterrupt();",
				"interrupt();\n\t\tthis.freed = true;"),

		/**
		 * A request that comes after the check is forgotten with the one before.
		 */
		FORGOTTEN_AFTER_THE_CHECK(WakeupRaces.FreedWhileItBeginsToWait.class,
				"this.freed = false;\n\t\t\t\tif (enough.getAsBoolean()) {",
				"boolean found = enough.getAsBoolean();\n\t\t\t\tthis.freed = false;\n\t\t\t\tif (found) {");

		private final Class<? extends Runnable> race;

		private final SourceMistake source;

		Mistake(Class<? extends Runnable> race, String correct, String broken) {
			this.race = race;
			this.source = new SourceMistake(ConsumerWakeup.class, correct, broken);
		}

	}

}
