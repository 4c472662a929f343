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

import java.io.OutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

import io.kaffe.spring.benchmark.contender.Contender;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.offset;

/**
 * {@link Rounds} and what decides who takes part: {@link Options}, {@link Workloads},
 * {@link Field}, {@link Sizing}, {@link TimeLimit}.
 */
class RoundsTests {

	private static final PrintStream NOWHERE = new PrintStream(OutputStream.nullOutputStream());

	private static final int JDK = 25;

	private final List<Workload> all = Workloads.all(2, 1_000);

	@Test
	void contendersTakeTurnsInAlternatingOrder() throws Exception {
		Turns turns = new Turns();
		List<Row> rows = new Rounds(workload("io-16"), turns, 3, TimeLimit.NONE, NOWHERE).run(List.of("one", "two"));
		assertThat(turns.taken).containsExactly("one", "two", "two", "one", "one", "two");
		assertThat(rows).extracting(Row::contender).containsExactly("ideal", "one", "two");
		assertThat(rows.get(0).spread().median()).isEqualTo(3_200);
		assertThat(rows.get(2).rounds()).extracting(Round::value).containsExactly(2.0, 3.0, 6.0);
	}

	@Test
	void oneRoundThatFailsFailsTheRun() throws Exception {
		Turns turns = new Turns();
		turns.failing = 3;
		List<Row> rows = new Rounds(workload("noop"), turns, 3, TimeLimit.NONE, NOWHERE).run(List.of("one", "two"));
		assertThat(rows.get(1).failures()).containsExactly("lost a record");
		assertThat(Row.exitCode(rows)).isOne();
		assertThat(Row.exitCode(rows.subList(0, 1))).isZero();
	}

	@Test
	void whoeverDoesNotFitIntoTheTimeIsLeftOutAltogether() {
		TimeLimit limit = new TimeLimit(60, 1);
		assertThat(limit.allowsAnother(0, 100, 0, 3)).as("the first in any case").isTrue();
		assertThat(limit.allowsAnother(3, 15, 5, 3)).as("15 s, two more rounds of three, three of one").isTrue();
		assertThat(limit.allowsAnother(3, 16, 5, 3)).isFalse();
		assertThat(TimeLimit.NONE.allowsAnother(100, 1_000, 100, 3)).isTrue();
	}

	@Test
	void workloadsAreNamedAloneOrTogether() {
		assertThat(Workloads.named(this.all, List.of("noop", "io"))).extracting(Workload::name)
			.containsExactly("noop", "io-16", "io-100", "io-1000");
		assertThat(Workloads.named(this.all, List.of("io-100"))).extracting(Workload::name).containsExactly("io-100");
		assertThat(Workloads.named(this.all, List.of())).isEqualTo(this.all);
		assertThatIllegalArgumentException().isThrownBy(() -> Workloads.named(this.all, List.of("i")))
			.withMessageStartingWith("There is no workload 'i'");
	}

	@Test
	void fewerThanThreeRoundsAreRefused() {
		assertThatIllegalArgumentException().isThrownBy(() -> Options.of("--rounds=2"));
		assertThatIllegalArgumentException().isThrownBy(() -> Options.of("--fast"));
		assertThat(Options.of("--quick", "--profile", "noop", "--rounds=5", "--contender=bare*"))
			.isEqualTo(new Options(true, true, 5, List.of("bare*"), null, List.of("noop")));
		assertThat(Options.of("--database=jdbc:postgresql://db/x?user=me").database())
			.isEqualTo("jdbc:postgresql://db/x?user=me");
	}

	@Test
	void everybodyTakesPartInAFullRun() {
		assertThat(Field.of(workload("noop"), Options.of(), JDK)).hasSize(34)
			.contains("polling alone", "bare loop", "bare loop virtual", "spring record", "spring record per partition",
					"spring batch", "parallel-consumer key", "parallel-consumer unordered",
					"parallel-consumer partition", "kaffe worker-per-key", "kaffe worker-per-key virtual",
					"kaffe worker-per-key handler", "kaffe worker-per-key metered", "kaffe worker-per-key observed");
		assertThat(Field.of(workload("noop"), Options.of("--contender=spring*"), JDK)).hasSize(4);
	}

	@Test
	void variantsTakePartWhereTheyShowSomethingNewOrAreRequested() {
		assertThat(Field.of(workload("noop-1key"), Options.of(), JDK)).hasSize(12)
			.contains("polling alone", "kaffe worker-per-key")
			.noneMatch((name) -> name.matches(".* (virtual|handler|metered|observed|commit every second)"));
		assertThat(Field.of(workload("mixed"), Options.of(), JDK)).contains("kaffe worker-per-key virtual")
			.doesNotContain("kaffe worker-per-key observed", "kaffe worker-per-key handler", "polling alone");
		assertThat(Field.of(workload("noop-1key"), Options.of("--contender=kaffe worker-per-key*"), JDK))
			.containsExactly("kaffe worker-per-key", "kaffe worker-per-key virtual", "kaffe worker-per-key handler",
					"kaffe worker-per-key metered", "kaffe worker-per-key observed",
					"kaffe worker-per-key commit every second");
	}

	@Test
	void variantsThatAreNotLeftOutAreThoseOfWorkloadsThereAre() {
		assertThat(this.all.stream().filter((workload) -> workload.kind() != Workload.Kind.STARTUP))
			.filteredOn((workload) -> Field.of(workload, Options.of(), JDK)
				.stream()
				.anyMatch((name) -> name.endsWith("virtual")))
			.extracting(Workload::name)
			.containsExactly("noop", "io-16", "io-100", "io-1000", "mixed", "memory");
		assertThat(this.all.stream().filter((workload) -> workload.kind() != Workload.Kind.STARTUP))
			.filteredOn((workload) -> Field.of(workload, Options.of(), JDK)
				.stream()
				.anyMatch((name) -> name.matches(".* (metered|observed)")))
			.extracting(Workload::name)
			.containsExactly("noop", "io-100");
		assertThat(this.all.stream().filter((workload) -> workload.kind() != Workload.Kind.STARTUP))
			.filteredOn((workload) -> Field.of(workload, Options.of(), JDK).contains("polling alone"))
			.extracting(Workload::name)
			.containsExactly("noop", "noop-1key", "noop-10keys", "noop-zipf", "1kB");
	}

	@Test
	void whoSendsInTransactionsTakesPartThereAlone() {
		assertThat(Field.of(workload("transactions"), Options.of("--quick"), JDK)).containsExactly(
				"spring record per partition transactional", "parallel-consumer key transactional",
				"kaffe worker-per-key transactional", "kaffe worker-per-key transactional batch");
		assertThat(Field.of(workload("transactions"), Options.of("--contender=kaffe worker-per-key*"), JDK))
			.containsExactly("kaffe worker-per-key transactional", "kaffe worker-per-key transactional batch");
	}

	@Test
	void whoUpdatesADatabaseTakesPartThereAlone() {
		assertThat(Field.of(workload("once"), Options.of("--quick"), JDK)).containsExactly(
				"kaffe worker-per-key update", "kaffe worker-per-key update once", "kaffe worker-per-key update inbox",
				"kaffe worker-per-key update batch", "kaffe worker-per-key update once batch");
		assertThat(Field.of(workload("io-16"), Options.of("--contender=kaffe worker-per-key update*"), JDK)).isEmpty();
	}

	@Test
	void databaseThatIsNamedIsThere() {
		assertThat(Database.absent("jdbc:postgresql://db/x")).isEmpty();
	}

	@Test
	void withoutVirtualThreadsWhoNeedsThemIsLeftOut() {
		assertThat(Field.of(workload("noop"), Options.of(), 17)).hasSize(29)
			.noneMatch((name) -> name.endsWith("virtual"));
		assertThat(Field.absent(17)).contains("JDK 17");
		assertThat(Field.absent(JDK)).isEmpty();
	}

	@Test
	void quickRunsConsistOfContendersThatExist() {
		for (Workload workload : this.all) {
			if (workload.kind() != Workload.Kind.STARTUP) {
				assertThat(Field.of(workload, Options.of("--quick"), JDK)).isNotEmpty().allSatisfy(Contender::named);
			}
		}
	}

	@Test
	void slowContendersHaveFewerRecords() {
		Workload io = workload("io-16");
		assertThat(Sizing.FULL.of(io, Contender.named("kaffe worker-per-key")).measured()).isEqualTo(13_000);
		assertThat(Sizing.FULL.of(io, Contender.BARE_LOOP).measured()).isEqualTo(800);
		assertThat(Sizing.FULL.of(workload("noop"), Contender.BARE_LOOP)).as("warm long before the clock starts")
			.returns(12_000_000L, Sizing.Size::warmUp)
			.returns(3_000_000L, Sizing.Size::measured);
		assertThat(Sizing.FULL.of(workload("noop"), Contender.named("spring record observed")))
			.as("as warm with fewer records")
			.returns(1_200_000L, Sizing.Size::warmUp)
			.returns(1_000_000L, Sizing.Size::measured);
		assertThat(Sizing.FULL.of(workload("1kB"), Contender.BARE_LOOP).measured()).as("fewer bytes a second")
			.isEqualTo(400_000);
		assertThat(Sizing.FULL.of(workload("stall"), Contender.BARE_LOOP)).as("warm long before the hang in the middle")
			.returns(2_300_000L, Sizing.Size::warmUp)
			.returns(11_310_000L, Sizing.Size::total);
		assertThat(Sizing.FULL.of(workload("io-1000"), Contender.named("kaffe worker-per-key")).measured())
			.as("more than 50,000, which would be over in a quarter of a second")
			.isEqualTo(200_000);
	}

	@Test
	void transactionsAreMeasuredForTenSeconds() {
		Workload transactions = workload("transactions");
		assertThat(Sizing.FULL.of(transactions, Contender.named("parallel-consumer key transactional")))
			.returns(8_000L, Sizing.Size::warmUp)
			.returns(20_000L, Sizing.Size::measured);
		assertThat(Sizing.FULL.of(transactions, Contender.named("kaffe worker-per-key transactional")))
			.returns(2_000L, Sizing.Size::warmUp)
			.returns(5_000L, Sizing.Size::measured);
		assertThat(Sizing.FULL.of(workload("once"), Contender.named("kaffe worker-per-key update once")))
			.returns(8_000L, Sizing.Size::warmUp)
			.returns(20_000L, Sizing.Size::measured);
	}

	@Test
	void slowRecordsCountForWhatIsIdeal() {
		assertThat(workload("mixed").ideal()).isCloseTo(100 / 0.00995, offset(0.1));
	}

	private Workload workload(String name) {
		return Workloads.named(this.all, List.of(name)).get(0);
	}

	/**
	 * Notes whose turn it is.
	 */
	private static final class Turns implements Measurement {

		private final List<String> taken = new ArrayList<>();

		private int failing;

		@Override
		public void prepare(String contender) {
		}

		@Override
		public Round measure(String contender) {
			this.taken.add(contender);
			List<String> failures = (this.taken.size() == this.failing) ? List.of("lost a record") : List.of();
			return new Round(this.taken.size(), Map.of(), failures);
		}

	}

}
