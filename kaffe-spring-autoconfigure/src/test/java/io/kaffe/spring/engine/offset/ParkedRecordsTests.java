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

package io.kaffe.spring.engine.offset;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.kaffe.spring.engine.offset.CommitMetadata.UnreadableMetadataException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link ParkedRecords}, {@link ParkedHistory}, and what {@link CommitMetadata}
 * stores of them.
 */
class ParkedRecordsTests {

	private static final int LIMIT = 4096;

	private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

	private static final String EXCEPTION = IllegalStateException.class.getName();

	@Test
	void parkedRecordsAreReadAsTheyWereWritten() throws Exception {
		ParkedRecords parked = ParkedRecords
			.of(List.of(new ParkedRecord(1_000_000, NOON.minusSeconds(90_000), 31, 3, "com.acme.BookingException"),
					new ParkedRecord(100, NOON, 10, 1, EXCEPTION),
					new ParkedRecord(101, NOON.plusSeconds(5), Integer.MAX_VALUE, Integer.MAX_VALUE, EXCEPTION)));
		for (CompletedOffsets completed : List.of(CompletedOffsets.NONE, offsets(102, 105, 1_000_001, 1_000_002))) {
			CommitMetadata metadata = CommitMetadata.of(100, completed, parked, 7, LIMIT);
			assertThat(metadata.parked()).isEqualTo(parked);
			assertThat(metadata.completed()).isEqualTo(completed);
			assertThat(metadata.text()).startsWith("kaffe:A2").hasSizeLessThan(160);
			assertThat(CommitMetadata.read(metadata.text(), 100)).isEqualTo(metadata);
		}
	}

	@Test
	void oldestVersionIsWrittenThatCanSayIt() {
		CompletedOffsets completed = offsets(102, 202);
		assertThat(CommitMetadata.of(100, completed, ParkedRecords.NONE, 0, LIMIT).text())
			.isEqualTo(CraftedMetadata.runs(100, 2, 100));
		assertThat(CommitMetadata.of(100, completed, parked(99, 102), 0, LIMIT).text())
			.as("below the committed offset, or completed")
			.isEqualTo(CraftedMetadata.runs(100, 2, 100));
		assertThat(CommitMetadata.of(100, CompletedOffsets.NONE, parked(99), 0, LIMIT)).isEqualTo(CommitMetadata.NONE);
	}

	@Test
	void formIsWhatIsDescribed() {
		ParkedRecords parked = ParkedRecords.of(List.of(new ParkedRecord(100, Instant.ofEpochSecond(50), 10, 1, "Ab"),
				new ParkedRecord(205, Instant.ofEpochSecond(40), 21, 2, "Ab")));
		assertThat(CommitMetadata.of(100, offsets(101, 201), parked, 0, LIMIT).text())
			.isEqualTo(CraftedMetadata.sections(100)
				.section(0, 1, 100)
				.section(2, 40, 1, 2, 'A', 'b', 0, 10, 10, 1, 0, 104, 0, 21, 2, 0)
				.text(0));
	}

	@Test
	void recordIsFoundByItsOffset() {
		ParkedRecords parked = parked(5, 7, 20, 21);
		assertThat(LongStream.range(0, 30).filter((offset) -> parked.at(offset) != null)).containsExactly(5L, 7L, 20L,
				21L);
		assertThat(parked.at(20)).isEqualTo(record(20));
		assertThat(parked.end()).isEqualTo(22);
		assertThat(ParkedRecords.NONE.end()).isZero();
		assertThat(ParkedRecords.NONE.at(5)).isNull();
		assertThat(parked.only((offset) -> offset > 7)).isEqualTo(parked(20, 21))
			.hasToString(parked(20, 21).toString());
		assertThat(parked(5, 20).and(parked(7, 21))).isEqualTo(parked).hasSameHashCodeAs(parked);
	}

	@Test
	void historyIsAddedUpAndNeverOverflows() {
		ParkedRecord first = ParkedRecord.of(null, 5, NOON.plusMillis(1500), 10, new IllegalStateException());
		assertThat(first).isEqualTo(new ParkedRecord(5, NOON.plusSeconds(1), 10, 1, EXCEPTION));
		ParkedRecord second = ParkedRecord.of(first, 5, NOON.plusSeconds(60), 1, new IllegalArgumentException());
		assertThat(second)
			.isEqualTo(new ParkedRecord(5, NOON.plusSeconds(1), 11, 2, IllegalArgumentException.class.getName()));
		ParkedRecord most = new ParkedRecord(5, NOON, Integer.MAX_VALUE, Integer.MAX_VALUE, EXCEPTION);
		assertThat(ParkedRecord.of(most, 5, NOON, 1, new IllegalStateException())).isEqualTo(most);
		assertThatIllegalArgumentException().isThrownBy(() -> new ParkedRecord(-1, NOON, 1, 1, EXCEPTION));
		assertThatIllegalArgumentException().isThrownBy(() -> new ParkedRecord(5, NOON, 0, 1, EXCEPTION));
		assertThatIllegalArgumentException().isThrownBy(() -> new ParkedRecord(5, NOON, 1, 0, EXCEPTION));
	}

	@Test
	void timesAndNamesAreMadeToFit() throws Exception {
		ParkedRecord record = new ParkedRecord(5, Instant.MIN, 1, 1,
				"com.acme." + "Long".repeat(30) + "\n\u00fcException ");
		assertThat(record.since()).isEqualTo(Instant.EPOCH);
		assertThat(record.exception()).hasSize(80).endsWith("LongLong??Exception?");
		assertThat(new ParkedRecord(5, Instant.MAX, 1, 1, "").since()).isEqualTo("3058-10-26T03:46:07Z");
		CommitMetadata metadata = CommitMetadata.of(5, CompletedOffsets.NONE,
				ParkedRecords.of(List.of(record, new ParkedRecord(6, Instant.MAX, 1, 1, ""))), 0, LIMIT);
		assertThat(CommitMetadata.read(metadata.text(), 5)).isEqualTo(metadata);
	}

	@Test
	void completedOffsetsGetThreeQuartersOfTheRoomAndTheFirstParkedRecordsTheRest() throws Exception {
		CompletedOffsets.Builder runs = new CompletedOffsets.Builder();
		for (int run = 0; run < 5_000; run++) {
			runs.add(10_000 + run * 100L, 10_000 + run * 100L + 1);
		}
		CompletedOffsets completed = runs.build();
		ParkedRecords parked = parked(LongStream.range(0, 1_000).map((number) -> number * 5).toArray());
		long alone = CommitMetadata.of(0, completed, LIMIT).completed().count();
		CommitMetadata both = CommitMetadata.of(0, completed, parked, 0, LIMIT);
		assertThat(both.text()).hasSizeBetween(LIMIT - 8, LIMIT);
		assertThat(both.completed().count()).isBetween(alone * 74 / 100, alone * 76 / 100);
		int reported = both.parked().all().size();
		assertThat(reported).isBetween(100, 250);
		assertThat(both.parked().all()).as("the first").isEqualTo(parked.all().subList(0, reported));
		assertThat(CommitMetadata.read(both.text(), 0)).isEqualTo(both);
		CommitMetadata fewParked = CommitMetadata.of(0, completed, parked(0, 5), 0, LIMIT);
		assertThat(fewParked.parked()).isEqualTo(parked(0, 5));
		assertThat(fewParked.completed().count()).as("what parked records leave").isGreaterThan(alone * 95 / 100);
		CommitMetadata fewCompleted = CommitMetadata.of(0, offsets(10_000, 10_001), parked, 0, LIMIT);
		assertThat(fewCompleted.completed()).isEqualTo(offsets(10_000, 10_001));
		assertThat(fewCompleted.parked().all()).as("what completed offsets leave").hasSizeGreaterThan(3 * reported);
		assertThat(fewCompleted.text()).hasSizeBetween(LIMIT - 8, LIMIT);
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 2, 3, 4 })
	void neverTellsMoreThanIsParkedAndNeverExceedsTheLimit(int seed) throws Exception {
		Random random = new Random(seed);
		for (int round = 0; round < 300; round++) {
			long committed = random.nextInt(1_000_000);
			CompletedOffsets.Builder completed = new CompletedOffsets.Builder();
			List<ParkedRecord> all = new ArrayList<>();
			long at = committed;
			for (int count = random.nextInt(60); count > 0; count--) {
				all.add(new ParkedRecord(at, NOON.minusSeconds(random.nextInt(1_000_000)), 1 + random.nextInt(300),
						1 + random.nextInt(3), "com.acme.Exception" + random.nextInt(4)));
				long to = at + 2 + random.nextInt(20);
				completed.add(at + 1, to);
				at = to + random.nextInt(200);
			}
			ParkedRecords parked = ParkedRecords.of(all);
			int limit = random.nextInt(600);
			CommitMetadata metadata = CommitMetadata.of(committed, completed.build(), parked, random.nextInt(9), limit);
			assertThat(metadata.text().length()).isLessThanOrEqualTo(limit);
			CommitMetadata read = CommitMetadata.read(metadata.text(), committed);
			assertThat(read).isEqualTo(metadata);
			assertThat(parked.all().subList(0, read.parked().all().size())).isEqualTo(read.parked().all());
			if (read.text().length() < limit - 64) {
				assertThat(read.parked()).as("there was room for all").isEqualTo(parked);
				assertThat(read.completed()).as("there was room for all").isEqualTo(completed.build());
			}
		}
	}

	@Test
	void sectionsOfTypesThatAreNotKnownAreSkipped() throws Exception {
		int[] parked = { 40, 1, 2, 'A', 'b', 0, 10, 10, 1, 0 };
		CommitMetadata expected = CommitMetadata.of(100, offsets(101, 103),
				ParkedRecords.of(List.of(new ParkedRecord(100, Instant.ofEpochSecond(40), 10, 1, "Ab"))), 0, LIMIT);
		int[] atOnce = { 40, 1, 2, 'A', 'b', 0, 0, 10, 1, 0 };
		CommitMetadata read = CommitMetadata.read(CraftedMetadata.sections(100)
			.section(0, 1, 2)
			.section(2, atOnce)
			.section(3, 9, 9, 9)
			.section(200, parked)
			.text(0), 100);
		assertThat(read.completed()).isEqualTo(expected.completed());
		assertThat(read.parked()).isEqualTo(expected.parked());
		CommitMetadata completedAlone = CommitMetadata
			.read(CraftedMetadata.sections(100).section(1, 3).section(17).text(0), 100);
		assertThat(completedAlone.completed()).isEqualTo(offsets(101, 103));
		CommitMetadata nothing = CommitMetadata.read(CraftedMetadata.sections(100).section(255, 1).text(0), 100);
		assertThat(nothing.isEmpty()).isTrue();
		assertThat(completedAlone.isEmpty()).isFalse();
	}

	/**
	 * All have a checksum that is right: every member that may commit can compute it.
	 */
	@ParameterizedTest
	@MethodSource
	void craftedSectionIsDroppedAsAWhole(String what, CraftedMetadata metadata) {
		assertUnreadable(metadata.text(0), 100, "it is damaged");
	}

	static Stream<Arguments> craftedSectionIsDroppedAsAWhole() {
		return Stream.of(Arguments.arguments("no section", sections()),
				Arguments.arguments("what version 2 says", sections().section(0, 1, 2)),
				Arguments.arguments("two forms", sections().section(0, 1, 2).section(1, 3).section(3)),
				Arguments.arguments("an empty form", sections().section(0).section(3)),
				Arguments.arguments("sections not ascending", sections().section(4).section(3)),
				Arguments.arguments("a section twice", sections().section(3).section(3)),
				Arguments.arguments("a section that is cut off", sections().bytes(3, 5, 1, 2)),
				Arguments.arguments("a length longer than it has to be", sections().bytes(3, 0x81, 0, 1)),
				Arguments.arguments("none parked", parkedSection(40, 0)),
				Arguments.arguments("nothing at all", sections().section(2)),
				Arguments.arguments("nothing, and another section", sections().section(2, 0, 0).section(3)),
				Arguments.arguments("no attempt", parkedSection(40, 1, 1, 'A', 0, 0, 0, 1, 0)),
				Arguments.arguments("no owner", parkedSection(40, 1, 1, 'A', 0, 0, 1, 0, 0)),
				Arguments.arguments("no such name", parkedSection(40, 1, 1, 'A', 0, 0, 1, 1, 1)),
				Arguments.arguments("a name of no use", parkedSection(40, 2, 1, 'A', 1, 'B', 0, 0, 1, 1, 0)),
				Arguments.arguments("names in another order",
						parkedSection(40, 2, 1, 'A', 1, 'B', 0, 0, 1, 1, 1, 0, 0, 1, 1, 0)),
				Arguments.arguments("a name twice", parkedSection(40, 2, 1, 'A', 1, 'A', 0, 0, 1, 1, 0, 0, 0, 1, 1, 1)),
				Arguments.arguments("a name with a line break", parkedSection(40, 1, 1, 10, 0, 0, 1, 1, 0)),
				Arguments.arguments("a name with other characters", parkedSection(40, 1, 1, 0xc3, 0, 0, 1, 1, 0)),
				Arguments.arguments("another first time", parkedSection(40, 1, 1, 'A', 0, 1, 1, 1, 0)),
				Arguments.arguments("a cut record", parkedSection(40, 1, 1, 'A', 0, 0, 1)),
				Arguments.arguments("more attempts than can be counted",
						parkedSection(40, 1, 1, 'A', 0, 0, 0x80, 0x80, 0x80, 0x80, 0x08, 1, 0)),
				Arguments.arguments("a time out of range",
						parkedSection(0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 1, 1, 'A', 0, 0, 1, 1, 0)),
				Arguments.arguments("an offset out of range",
						parkedSection(40, 1, 1, 'A', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 1, 1, 0)),
				Arguments.arguments("parked and completed",
						sections().section(0, 1, 2).section(2, 40, 1, 1, 'A', 2, 0, 1, 1, 0)));
	}

	private static CraftedMetadata parkedSection(int... section) {
		return sections().section(2, section);
	}

	private static CraftedMetadata sections() {
		return CraftedMetadata.sections(100);
	}

	@Test
	void metadataForAnotherOffsetTellsNothing() {
		assertUnreadable(CommitMetadata.of(100, CompletedOffsets.NONE, parked(100), 0, LIMIT).text(), 99,
				"it was written for offset 100, but 99 is committed");
	}

	@Test
	void anyDamageIsNoticed() {
		String text = CommitMetadata.of(100, offsets(101, 105), parked(100, 107), 0, LIMIT).text();
		for (int index = "kaffe:".length(); index < text.length(); index++) {
			String damaged = text.substring(0, index) + ((text.charAt(index) != 'x') ? 'x' : 'y')
					+ text.substring(index + 1);
			assertThatExceptionOfType(UnreadableMetadataException.class)
				.isThrownBy(() -> CommitMetadata.read(damaged, 100));
		}
	}

	@Test
	void parkedRecordBeyondTheEndOfTheLogIsNoticed() throws Exception {
		CommitMetadata metadata = CommitMetadata.of(100, offsets(101, 105), parked(100, 107), 0, LIMIT);
		metadata.checkBelow(108);
		assertThatExceptionOfType(UnreadableMetadataException.class).isThrownBy(() -> metadata.checkBelow(107))
			.withMessage("it reports offsets up to 107, but the log ends at 107");
	}

	@Test
	void historyForgetsWhatIsCompletedOrRetried() {
		ParkedHistory history = new ParkedHistory();
		history.put(record(7));
		history.put(record(5));
		history.put(record(9));
		assertThat(history.changes()).isEqualTo(3);
		assertThat(history.at(5)).isEqualTo(record(5));
		assertThat(history.unfinished((offset) -> offset == 7)).isEqualTo(parked(5, 9));
		assertThat(history.at(7)).isNull();
		assertThat(history.changes()).as("it is the completion that changes something").isEqualTo(3);
		history.remove(5);
		assertThat(history.changes()).isEqualTo(4);
		history.remove(5);
		assertThat(history.changes()).as("nothing to report").isEqualTo(4);
		assertThat(history.unfinished((offset) -> false)).isEqualTo(parked(9));
	}

	private static ParkedRecords parked(long... offsets) {
		return ParkedRecords.of(LongStream.of(offsets).mapToObj(ParkedRecordsTests::record).toList());
	}

	private static ParkedRecord record(long offset) {
		return new ParkedRecord(offset, NOON.plusSeconds(offset), 10, 1, EXCEPTION);
	}

	private static CompletedOffsets offsets(long... bounds) {
		CompletedOffsets.Builder completed = new CompletedOffsets.Builder();
		for (int index = 0; index < bounds.length; index += 2) {
			completed.add(bounds[index], bounds[index + 1]);
		}
		return completed.build();
	}

	private static void assertUnreadable(String text, long committed, String reason) {
		assertThatExceptionOfType(UnreadableMetadataException.class)
			.isThrownBy(() -> CommitMetadata.read(text, committed))
			.withMessage(reason);
	}

}
