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

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.offset.CompletedOffsets;

import static org.assertj.core.api.Assertions.assertThatCode;

/**
 * What the journal makes of dead letters.
 */
class JournalTests {

	private final TestHistory history = new TestHistory((service) -> service.setup().publishesDeadLetters());

	@AfterEach
	void endThreads() {
		this.history.close();
	}

	@Test
	void deadLetterCompletesItsRecord() {
		assertThatCode(() -> this.history.withRecords(1, (facts) -> {
			this.history.publish(facts.get(0), 0);
			this.history.commit(1, CompletedOffsets.NONE);
		})).doesNotThrowAnyException();
	}

	@Test
	void deadLetterIsPublishedTwice() {
		this.history.assertViolated("is dead-lettered for the 2. time", 1, (facts) -> {
			this.history.publish(facts.get(0), 0);
			this.history.publish(facts.get(0), 0);
			this.history.commit(1, CompletedOffsets.NONE);
		});
	}

	@Test
	void handledRecordIsDeadLettered() {
		this.history.assertViolated("is dead-lettered after it was handled", 1, (facts) -> {
			this.history.journal.done(facts.get(0), "handled");
			this.history.publish(facts.get(0), 0);
			this.history.commit(1, CompletedOffsets.NONE);
		});
	}

	@Test
	void deadLetterNamesAnotherRecord() {
		this.history.assertViolated("is dead-lettered as offset 7", 1, (facts) -> {
			this.history.publish(facts.get(0), 7);
			this.history.commit(1, CompletedOffsets.NONE);
		});
	}

}
