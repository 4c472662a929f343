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

import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.offset.CompletedOffsets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

/**
 * The oracle of dead letters bites.
 */
class DeadLetterOracleTests {

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
		this.history.assertViolated("is dead-lettered as another offset", 1, (facts) -> {
			this.history.publish(facts.get(0), 7);
			this.history.commit(1, CompletedOffsets.NONE);
		});
	}

	@Test
	void dismissedLetterIsStoredAsHandled() {
		this.history.assertViolated("is stored as handled, and is not", 1, (facts) -> {
			this.history.publish(facts.get(0), 0);
			this.history.store(1);
		});
	}

	@Test
	void replayedLetterIsStored() {
		assertThatCode(() -> this.history.withRecords(2, (facts) -> {
			this.history.publish(facts.get(0), 0);
			this.history.publish(facts.get(1), 1);
			this.history.deadLetters.read();
			this.history.deadLetters.replayed(facts.get(0), true, List.of());
			this.history.journal.done(facts.get(0), "handled");
			this.history.deadLetters.replayed(facts.get(1), true, List.of());
			this.history.journal.done(facts.get(1), "handled");
			this.history.store(2);
			assertThat(this.history.deadLetters.offered()).isEmpty();
		})).doesNotThrowAnyException();
	}

	@Test
	void letterThatIsHandledAndNotStoredIsOffered() {
		assertThatCode(() -> this.history.withRecords(1, (facts) -> {
			this.history.publish(facts.get(0), 0);
			this.history.deadLetters.read();
			this.history.journal.done(facts.get(0), "handled");
			assertThat(this.history.deadLetters.offered()).hasSize(1);
		})).doesNotThrowAnyException();
	}

	@Test
	void recordThatIsNoDeadLetterIsReplayed() {
		this.history.assertViolated("is replayed, and is no dead letter", 1,
				(facts) -> this.history.deadLetters.replayed(facts.get(0), true, List.of()));
	}

	@Test
	void lettersOfAKeyAreReplayedOutOfOrder() {
		this.history.assertViolated("is replayed before the dead letter orders-dlt-0@0", 2, (facts) -> {
			this.history.publish(facts.get(0), 0);
			this.history.publish(facts.get(1), 1);
			this.history.deadLetters.read();
			this.history.deadLetters.replayed(facts.get(1), true, List.of());
		});
	}

	@Test
	void abandonedLettersAreStored() {
		assertThatCode(() -> this.history.withRecords(1, (facts) -> {
			this.history.publish(facts.get(0), 0);
			this.history.deadLetters.abandons("key");
			this.history.store(1);
			this.history.deadLetters.abandoned("key");
			this.history.store(1);
		})).doesNotThrowAnyException();
	}

	@Test
	void skippedLetterOfADeletedRecordIsStored() {
		assertThatCode(() -> this.history.withRecords(1, (facts) -> {
			this.history.publish(facts.get(0), 0);
			this.history.delete(1);
			this.history.journal.skipped(TestHistory.PARTITION, 0);
			this.history.store(1);
		})).doesNotThrowAnyException();
	}

}
