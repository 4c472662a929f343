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
import java.util.Set;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.offset.CompletedOffsets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

/**
 * The oracle of effects bites.
 */
class EffectsOracleTests {

	private final TestHistory history = new TestHistory((service) -> true);

	@AfterEach
	void endThreads() {
		this.history.close();
	}

	@Test
	void effectsAreCommittedWithTheirNote() {
		assertThatCode(() -> this.history.withRecords(2, (facts) -> facts.forEach(this::apply)))
			.doesNotThrowAnyException();
	}

	@Test
	void effectsAreCommittedTwice() {
		this.history.assertViolated("The effects of orders-0@0 (key) are committed 2 times", 1, (facts) -> {
			apply(facts.get(0));
			apply(facts.get(0));
		});
	}

	@Test
	void effectsAreCommittedWithoutANote() {
		this.history.assertViolated("The effects of orders-0@1 (key) are committed without a note", 2,
				(facts) -> this.history.effects.committed(facts, Set.of(this.history.note(facts.get(0)))));
	}

	@Test
	void deadLettersThatAreReplayedAreNotNoted() {
		assertThatCode(() -> this.history.withRecords(1, (facts) -> {
			this.history.publish(facts.get(0), 0);
			this.history.deadLetters.read();
			this.history.effects.committed(facts, Set.of());
			this.history.effects.committed(facts, Set.of());
		})).doesNotThrowAnyException();
	}

	@Test
	void seekWantsEffectsOnceMore() {
		assertThatCode(() -> this.history.withRecords(2, (facts) -> {
			facts.forEach(this::apply);
			this.history.journal.sought(TestHistory.PARTITION, 0, 1, true);
			apply(facts.get(1));
		})).doesNotThrowAnyException();
	}

	@Test
	void seekDoesNotWantEffectsTwiceMore() {
		this.history.assertViolated("The effects of orders-0@1 (key) are committed 3 times", 2, (facts) -> {
			this.history.journal.sought(TestHistory.PARTITION, 0, 1, true);
			apply(facts.get(1));
			apply(facts.get(1));
			apply(facts.get(1));
		});
	}

	@Test
	void seekDoesNotWantWhatIsBeforeItsTarget() {
		this.history.assertViolated("The effects of orders-0@0 (key) are committed 2 times", 2, (facts) -> {
			this.history.journal.sought(TestHistory.PARTITION, 0, 1, true);
			apply(facts.get(0));
			apply(facts.get(0));
		});
	}

	@Test
	void whatIsSoughtHasToBeHandledAgain() {
		assertThatCode(() -> this.history.withRecords(4, (facts) -> {
			facts.subList(0, 3).forEach(this::apply);
			Runnable done = this.history.effects.seeks(TestHistory.PARTITION, 1);
			this.history.journal.sought(TestHistory.PARTITION, 0, 1, true);
			assertThat(this.history.effects.notHandledAgain()).as("not done").isEmpty();
			done.run();
			assertThat(this.history.effects.notHandledAgain()).containsExactly(facts.get(1), facts.get(2));
			apply(facts.get(1));
			facts.get(2).passedOver = true;
			assertThat(this.history.effects.notHandledAgain()).isEmpty();
		})).doesNotThrowAnyException();
	}

	@Test
	void floorIsWhereOffsetsAreCommitted() {
		assertThatCode(() -> this.history.withRecords(2, (facts) -> {
			facts.forEach((fact) -> this.history.journal.done(fact, "handled"));
			this.history.commit(2, CompletedOffsets.NONE);
			this.history.effects.raised(this.history.noted(), 2);
		})).doesNotThrowAnyException();
	}

	@Test
	void floorIsAboveWhatIsCommitted() {
		this.history.assertViolated("The floor of orders-0 is raised to 2, and 1 is committed", 2, (facts) -> {
			this.history.journal.done(facts.get(0), "handled");
			this.history.commit(1, CompletedOffsets.NONE);
			this.history.effects.raised(this.history.noted(), 2);
		});
	}

	@Test
	void notesAreLeftBelowTheCommittedOffset() {
		assertThatCode(() -> this.history.withRecords(2, (facts) -> {
			facts.forEach((fact) -> note(fact));
			assertThat(this.history.effects.littered(this.history.database)).isEmpty();
			facts.forEach((fact) -> this.history.journal.done(fact, "handled"));
			this.history.commit(1, CompletedOffsets.NONE);
			assertThat(this.history.effects.littered(this.history.database)).containsExactly(TestHistory.PARTITION);
			this.history.database.addFloor(this.history.noted());
			this.history.database.raiseFloor(this.history.noted(), 0, 1);
			this.history.database.deleteBelow(this.history.noted(), 1);
			assertThat(this.history.effects.littered(this.history.database)).isEmpty();
			assertThat(this.history.database.noted(this.history.noted(), 0)).containsExactly(1L);
		})).doesNotThrowAnyException();
	}

	@Test
	void recordIsCompletedWhenItsTransactionIsCommitted() {
		assertThatCode(() -> this.history.withRecords(2, (facts) -> {
			DatabaseTransaction rolledBack = handle(facts.get(0));
			DatabaseTransaction committed = handle(facts.get(1));
			assertThat(facts).noneMatch(Fact::isOver);
			this.history.database.rollBack(rolledBack);
			this.history.database.commit(committed);
			assertThat(facts).filteredOn(Fact::isOver).containsExactly(facts.get(1));
		})).doesNotThrowAnyException();
	}

	private void apply(Fact fact) {
		this.history.effects.committed(List.of(fact), Set.of(this.history.note(fact)));
	}

	private void note(Fact fact) {
		DatabaseTransaction transaction = new DatabaseTransaction(this.history.instance());
		this.history.database.begin(transaction);
		this.history.database.insertion(transaction, List.of(this.history.note(fact))).get();
		this.history.database.commit(transaction);
	}

	private DatabaseTransaction handle(Fact fact) {
		DatabaseTransaction transaction = new DatabaseTransaction(this.history.instance());
		this.history.database.begin(transaction);
		assertThatCode(() -> transaction.run(() -> this.history.journal.done(fact, "handled")))
			.doesNotThrowAnyException();
		return transaction;
	}

}
