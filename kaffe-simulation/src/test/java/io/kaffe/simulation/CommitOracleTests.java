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

import java.time.Instant;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.offset.ParkedRecord;
import io.kaffe.spring.engine.offset.ParkedRecords;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

/**
 * What the oracle says of commits: it is fed with some that break a promise.
 */
class CommitOracleTests {

	private final TestHistory history = new TestHistory((service) -> true);

	@AfterEach
	void endThreads() {
		this.history.close();
	}

	@Test
	void commitOfWhatIsCompletedIsFine() {
		assertThatCode(() -> this.history.withRecords(3, (facts) -> {
			this.history.journal.done(facts.get(0), "handled");
			this.history.journal.done(facts.get(2), "handled");
			this.history.commit(1, new CompletedOffsets.Builder().add(2, 3).build());
			this.history.journal.done(facts.get(1), "handled");
			this.history.commit(3, CompletedOffsets.NONE);
		})).doesNotThrowAnyException();
	}

	@Test
	void commitIsEarly() {
		this.history.assertViolated("is not completed, and orders-0@2 is committed", 3, (facts) -> {
			this.history.journal.done(facts.get(0), "handled");
			this.history.commit(2, CompletedOffsets.NONE);
		});
	}

	@Test
	void reportIsEarly() {
		this.history.assertViolated("is not completed, but reported as such", 3,
				(facts) -> this.history.commit(0, new CompletedOffsets.Builder().add(1, 3).build()));
	}

	@Test
	void parkedRecordIsForgotten() {
		this.history.assertViolated("is parked, and not reported as such with orders-0@1", 3, (facts) -> {
			this.history.commit(0, CompletedOffsets.NONE, parked(1, 3, 1));
			this.history.journal.done(facts.get(0), "handled");
			this.history.commit(1, CompletedOffsets.NONE);
		});
	}

	@Test
	void nextOwnerMakesAllAttemptsAtAParkedRecord() {
		this.history.assertViolated("was parked, and then had 3 attempts by 1 owners", 3, (facts) -> {
			this.history.commit(0, CompletedOffsets.NONE, parked(1, 3, 1));
			this.history.commit(0, CompletedOffsets.NONE, parked(1, 6, 2));
		});
	}

	@Test
	void parkedRecordIsTriedOnceByEachOwnerUntilItIsHandledOrRetried() {
		assertThatCode(() -> this.history.withRecords(3, (facts) -> {
			this.history.commit(0, CompletedOffsets.NONE, parked(1, 3, 1));
			this.history.commit(0, CompletedOffsets.NONE, parked(1, 3, 1));
			this.history.commit(0, CompletedOffsets.NONE, parked(1, 5, 3));
			this.history.journal.retried(TestHistory.PARTITION, 1);
			this.history.commit(0, CompletedOffsets.NONE, parked(1, 3, 1));
			this.history.commit(0, CompletedOffsets.NONE, parked(2, 3, 1));
			this.history.journal.done(facts.get(2), "handled");
			this.history.commit(0, CompletedOffsets.NONE);
		})).doesNotThrowAnyException();
	}

	private static ParkedRecords parked(long offset, int attempts, int owners) {
		return ParkedRecords.of(List.of(new ParkedRecord(offset, Instant.EPOCH, attempts, owners, "Failure")));
	}

	@Test
	void commitIsBeyondTheEnd() {
		this.history.assertViolated("is committed beyond the end", 1, (facts) -> {
			this.history.journal.done(facts.get(0), "handled");
			this.history.commit(2, CompletedOffsets.NONE);
		});
	}

	@Test
	void reportIsBeyondTheEnd() {
		this.history.assertViolated("beyond the end", 2, (facts) -> {
			this.history.journal.done(facts.get(1), "handled");
			this.history.commit(0, new CompletedOffsets.Builder().add(1, 5).build());
		});
	}

	@Test
	void commitLeadsBack() {
		this.history.assertViolated("leads back from 2 to 1", 2, (facts) -> {
			facts.forEach((fact) -> this.history.journal.done(fact, "handled"));
			this.history.commit(2, CompletedOffsets.NONE);
			this.history.commit(1, CompletedOffsets.NONE);
		});
	}

	@Test
	void commitMayLeadBackAfterASeek() {
		assertThatCode(() -> this.history.withRecords(2, (facts) -> {
			facts.forEach((fact) -> this.history.journal.done(fact, "handled"));
			this.history.commit(2, CompletedOffsets.NONE);
			this.history.journal.sought(TestHistory.PARTITION, 0, 1, false);
			this.history.commit(1, CompletedOffsets.NONE);
		})).doesNotThrowAnyException();
	}

	@Test
	void topicBeginsAnewWhenItIsCreatedAgain() {
		assertThatCode(() -> this.history.withRecords(2, (facts) -> {
			facts.forEach((fact) -> this.history.journal.done(fact, "handled"));
			this.history.commit(2, CompletedOffsets.NONE);
			this.history.recreate(() -> this.history.partition().recreated(false));
			Fact fact = this.history.produce();
			this.history.journal.done(fact, "handled");
			this.history.commit(1, CompletedOffsets.NONE);
			assertThat(this.history.journal.unfinished()).isEmpty();
		})).doesNotThrowAnyException();
	}

	@Test
	void recordOfATopicThatWasCreatedAgainIsLeft() {
		this.history.assertViolated("is not completed, and orders-0@1 is committed", 2, (facts) -> {
			facts.forEach((fact) -> this.history.journal.done(fact, "handled"));
			this.history.commit(2, CompletedOffsets.NONE);
			this.history.recreate(() -> this.history.partition().recreated(false));
			Fact fact = this.history.produce();
			assertThat(this.history.journal.unfinished()).containsExactly(fact);
			this.history.commit(1, CompletedOffsets.NONE);
		});
	}

	@Test
	void commitOfADeletedTopicIsBeyondTheEndOfTheNewOne() {
		this.history.assertViolated("is committed beyond the end", 2, (facts) -> {
			facts.forEach((fact) -> this.history.journal.done(fact, "handled"));
			this.history.recreate(() -> this.history.partition().recreated(false));
			this.history.commit(2, CompletedOffsets.NONE);
		});
	}

	@Test
	void topicThatIsCreatedAgainWhileItIsAssignedMayBeTakenForTheOneBefore() {
		assertThatCode(() -> this.history.withRecords(2, (facts) -> {
			facts.forEach((fact) -> this.history.journal.done(fact, "handled"));
			this.history.recreate(() -> this.history.partition().recreatedWhileAssigned(2));
			this.history.commit(2, CompletedOffsets.NONE);
			this.history.produce();
			this.history.produce();
			Fact later = this.history.produce();
			assertThat(this.history.journal.unfinished()).containsExactly(later);
		})).doesNotThrowAnyException();
	}

	@Test
	void nothingHasToBeCommittedForRecordsThatMayBeTakenForOthers() {
		assertThatCode(() -> this.history.withRecords(2, (facts) -> {
			facts.forEach((fact) -> this.history.journal.done(fact, "handled"));
			this.history.recreate(() -> this.history.partition().recreatedWhileAssigned(2));
			this.history.produce();
			assertThat(this.history.commits.behind()).isEmpty();
			this.history.produce();
			this.history.produce();
			assertThat(this.history.commits.behind()).containsExactly(TestHistory.PARTITION);
		})).doesNotThrowAnyException();
	}

	@Test
	void recordIsLeft() {
		assertThatCode(() -> this.history.withRecords(2, (facts) -> {
			this.history.journal.done(facts.get(0), "handled");
			assertThat(this.history.journal.unfinished()).containsExactly(facts.get(1));
			assertThat(this.history.commits.behind()).containsExactly(TestHistory.PARTITION);
		})).doesNotThrowAnyException();
	}

}
