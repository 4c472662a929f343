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

package io.kaffe.spring.benchmark.runner;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.kaffe.spring.benchmark.contender.Contender;
import io.kaffe.spring.benchmark.contender.Journal;
import io.kaffe.spring.benchmark.contender.RoundResult;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * {@link RoundChecks} must bite.
 */
class RoundChecksTests {

	private static final List<Long> ENDS = List.of(3L, 2L);

	private static final RoundResult FINE = new RoundResult(Map.of(RoundResult.ORDER_VIOLATIONS, 0.0), "");

	private static final Contender KEY = Contender.named("kaffe worker-per-key");

	@TempDir
	private Path directory;

	@Test
	void whatWasHandledAndCommittedPasses() throws Exception {
		try (Journal journal = journal()) {
			handleAll(journal);
			assertThat(new RoundChecks(KEY, FINE, journal, ENDS).failures()).isEmpty();
		}
	}

	@Test
	void lostRecordFails() throws Exception {
		try (Journal journal = journal()) {
			journal.handled(0, 0);
			journal.handled(0, 2);
			journal.handled(1, 0);
			assertThat(new RoundChecks(KEY, FINE, journal, ENDS).failures())
				.containsExactly("lost 2 records, the first is 0@1");
		}
	}

	@Test
	void whatIsNotCommittedFails() throws Exception {
		try (Journal journal = journal()) {
			handleAll(journal);
			assertThat(new RoundChecks(KEY, FINE, journal, List.of(3L, 1L)).failures())
				.containsExactly("committed [3, 1] of [3, 2]");
		}
	}

	@Test
	void brokenOrderFailsWhoPromisesOrder() throws Exception {
		RoundResult result = new RoundResult(Map.of(RoundResult.ORDER_VIOLATIONS, 7.0), "");
		try (Journal journal = journal()) {
			handleAll(journal);
			assertThat(new RoundChecks(KEY, result, journal, ENDS).failures())
				.containsExactly("7 records out of sequence");
			Contender unordered = Contender.named("kaffe worker-per-record");
			assertThat(new RoundChecks(unordered, result, journal, ENDS).failures()).isEmpty();
		}
	}

	@Test
	void complaintOfTheContenderFails() throws Exception {
		try (Journal journal = journal()) {
			handleAll(journal);
			assertThat(new RoundChecks(KEY, new RoundResult(Map.of(), "too slow"), journal, ENDS).failures())
				.containsExactly("too slow");
		}
	}

	@Test
	void repeatedRecordsAreCountedAndPass() throws Exception {
		try (Journal journal = journal()) {
			handleAll(journal);
			journal.handled(1, 1);
			RoundChecks checks = new RoundChecks(KEY, FINE, journal, ENDS);
			assertThat(checks.repeated()).isOne();
			assertThat(checks.failures()).isEmpty();
		}
	}

	@Test
	void whatWasHandledBeforeAndAfterAKillIsReplayed() throws Exception {
		try (Journal before = journal(); Journal after = Journal.create(this.directory.resolve("after"), ENDS)) {
			before.handled(0, 0);
			before.handled(0, 1);
			after.handled(0, 1);
			after.handled(0, 2);
			assertThat(ContenderRounds.addTo(before, after)).isOne();
			assertThat(new RoundChecks(KEY, FINE, after, ENDS).failures())
				.containsExactly("lost 2 records, the first is 1@0");
		}
	}

	private Journal journal() throws Exception {
		return Journal.create(this.directory.resolve("journal"), ENDS);
	}

	private static void handleAll(Journal journal) {
		for (int partition = 0; partition < ENDS.size(); partition++) {
			for (long offset = 0; offset < ENDS.get(partition); offset++) {
				journal.handled(partition, offset);
			}
		}
	}

}
