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
import java.util.function.Consumer;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataAccessResourceFailureException;

import io.kaffe.spring.engine.delivery.OnceStore.Note;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The simulated database does what databases do.
 */
class DatabaseTests {

	private final TestHistory history = new TestHistory((service) -> true);

	private final Database database = this.history.database;

	@AfterEach
	void endThreads() {
		this.history.close();
	}

	@Test
	void noteIsThereOnce() {
		happens((note) -> {
			DatabaseTransaction first = begin();
			assertThat(insert(first, note)).isTrue();
			this.database.commit(first);
			assertThat(insert(begin(), note)).isFalse();
			assertThat(this.database.noted(note.partition(), 0)).containsExactly(0L);
		});
	}

	@Test
	void noteIsNotInsertedBelowTheFloor() {
		happens((note) -> {
			this.database.addFloor(note.partition());
			assertThat(this.database.raiseFloor(note.partition(), 1, 2)).as("it is 0").isFalse();
			this.history.journal.partition(TestHistory.PARTITION).committed(1);
			assertThat(this.database.raiseFloor(note.partition(), 0, 1)).isTrue();
			assertThat(insert(begin(), note)).isFalse();
			this.database.forget(note.partition(), 0);
			assertThat(insert(begin(), note)).isTrue();
		});
	}

	@Test
	void insertionWaitsForTheTransactionThatHasTheNote() {
		happens((note) -> {
			DatabaseTransaction first = begin();
			assertThat(insert(first, note)).isTrue();
			Supplier<@Nullable Boolean> insertion = this.database.insertion(begin(), List.of(note));
			assertThat(insertion.get()).isNull();
			this.database.commit(first);
			assertThat(insertion.get()).isFalse();
		});
	}

	@Test
	void insertionSucceedsWhenTheOtherTransactionIsRolledBack() {
		happens((note) -> {
			DatabaseTransaction first = begin();
			assertThat(insert(first, note)).isTrue();
			Supplier<@Nullable Boolean> insertion = this.database.insertion(begin(), List.of(note));
			assertThat(insertion.get()).isNull();
			this.database.rollBackAll(first.instance());
			assertThat(insertion.get()).isTrue();
			assertThatExceptionOfType(DataAccessResourceFailureException.class)
				.isThrownBy(() -> this.database.commit(first));
		});
	}

	private void happens(Consumer<Note> test) {
		assertThatCode(() -> this.history.withRecords(1, (facts) -> test.accept(this.history.note(facts.get(0)))))
			.doesNotThrowAnyException();
	}

	private @Nullable Boolean insert(DatabaseTransaction transaction, Note note) {
		return this.database.insertion(transaction, List.of(note)).get();
	}

	private DatabaseTransaction begin() {
		DatabaseTransaction transaction = new DatabaseTransaction(this.history.instance());
		this.database.begin(transaction);
		return transaction;
	}

}
