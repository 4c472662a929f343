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

import java.util.Base64;
import java.util.Random;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.kaffe.spring.engine.offset.CommitMetadata.UnreadableMetadataException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link CommitMetadata} and {@link CompletedOffsets}.
 */
class CommitMetadataTests {

	private static final int LIMIT = 4096;

	@Test
	void whatIsNotAboveTheCommittedOffsetIsNotReported() throws Exception {
		CommitMetadata metadata = CommitMetadata.of(10, new CompletedOffsets.Builder().add(10, 11).build(), 4096);
		assertThat(metadata).isEqualTo(CommitMetadata.NONE);
		CommitMetadata more = CommitMetadata.of(10, new CompletedOffsets.Builder().add(3, 5).add(9, 15).build(), 4096);
		assertThat(more.completed()).isEqualTo(new CompletedOffsets.Builder().add(11, 15).build());
		assertThat(CommitMetadata.read(more.text(), 10)).isEqualTo(more);
	}

	@Test
	void tellsRunsAsTheyAre() throws Exception {
		CompletedOffsets completed = offsets(101, 105, 1_000, 500_000, 500_001, 500_002);
		CommitMetadata metadata = CommitMetadata.of(100, completed, LIMIT);
		assertThat(metadata.completed()).isEqualTo(completed);
		assertThat(metadata.text()).startsWith("kaffe:").hasSizeLessThan(50);
		assertThat(CommitMetadata.read(metadata.text(), 100)).isEqualTo(metadata);
	}

	@Test
	void shorterOfRunsAndBitmapIsWritten() {
		CompletedOffsets.Builder everyOther = new CompletedOffsets.Builder();
		for (long offset = 101; offset < 201; offset += 2) {
			everyOther.add(offset, offset + 1);
		}
		assertThat(CommitMetadata.of(100, everyOther.build(), LIMIT).text()).hasSizeLessThan(60);
		assertThat(CommitMetadata.of(100, offsets(101, 2101), LIMIT).text()).hasSizeLessThan(60);
	}

	@Test
	void completedOffsetsAreEqualIfTheirRunsAre() {
		assertThat(offsets(1, 3, 5, 6)).isEqualTo(offsets(1, 3, 5, 6))
			.hasSameHashCodeAs(offsets(1, 3, 5, 6))
			.isNotEqualTo(offsets(1, 3, 5, 7))
			.isNotEqualTo(offsets(1, 3));
	}

	@Test
	void nothingIsTheEmptyText() throws Exception {
		assertThat(CommitMetadata.of(5, CompletedOffsets.NONE, LIMIT).text()).isEmpty();
		assertThat(CommitMetadata.read("", 5)).isEqualTo(CommitMetadata.NONE);
		assertThat(CommitMetadata.read(null, 5)).isEqualTo(CommitMetadata.NONE);
	}

	@Test
	void manyShortRunsAreTheSmallerBitmap() throws Exception {
		CompletedOffsets.Builder every = new CompletedOffsets.Builder();
		for (int offset = 1; offset < 20_000; offset += 2) {
			every.add(offset, offset + 1);
		}
		CommitMetadata metadata = CommitMetadata.of(0, every.build(), LIMIT);
		assertThat(metadata.completed()).isEqualTo(every.build());
		assertThat(metadata.text()).hasSizeLessThan(20_000 / 8 * 4 / 3 + 30);
		assertThat(CommitMetadata.read(metadata.text(), 0).completed()).isEqualTo(every.build());
	}

	@Test
	void whatSavesMostIsToldWhenNotAllFits() throws Exception {
		CompletedOffsets.Builder completed = new CompletedOffsets.Builder();
		for (int run = 0; run < 1_000; run++) {
			completed.add(10 + run * 100L, 10 + run * 100L + 1);
		}
		completed.add(1_000_000, 2_000_000);
		CommitMetadata metadata = CommitMetadata.of(0, completed.build(), 200);
		assertThat(metadata.text()).hasSizeLessThanOrEqualTo(200);
		assertThat(metadata.completed().contains(1_500_000)).as("the long run").isTrue();
		assertThat(metadata.completed().contains(10)).as("some of the others").isTrue();
		assertThat(metadata.completed().count()).isBetween(1_000_050L, 1_000_100L);
		assertThat(CommitMetadata.read(metadata.text(), 0)).isEqualTo(metadata);
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 5 })
	void whatFitsExactlyIsStored(int lengths) {
		CompletedOffsets.Builder runs = new CompletedOffsets.Builder();
		for (int run = 1; run <= 100; run++) {
			runs.add(run * 1000L, run * 1000L + 1 + run % lengths);
		}
		CompletedOffsets completed = runs.build();
		int whole = CommitMetadata.of(0, completed, LIMIT).text().length();
		for (int limit = 30; limit <= whole; limit++) {
			CommitMetadata stored = CommitMetadata.of(0, completed, limit);
			assertThat(CommitMetadata.of(0, completed, stored.text().length())).isEqualTo(stored);
		}
		assertThat(CommitMetadata.of(0, completed, whole).completed()).isEqualTo(completed);
	}

	@Test
	void bitmapIsFilledToItsLastBit() {
		CompletedOffsets.Builder everyOther = new CompletedOffsets.Builder();
		for (long offset = 102; offset < 20_000; offset += 2) {
			everyOther.add(offset, offset + 1);
		}
		int othersThanBits = 2 + 1 + Integer.BYTES + Integer.BYTES;
		for (int limit = 40; limit < 80; limit++) {
			int bits = ((limit - "kaffe:".length()) * 3 / 4 - othersThanBits) * Byte.SIZE;
			assertThat(CommitMetadata.of(100, everyOther.build(), limit).completed().end()).isEqualTo(101 + bits);
		}
	}

	@Test
	void numberBelow128IsAByte() {
		assertThat(CommitMetadata.of(100, offsets(101, 228), ParkedRecords.NONE, 0, LIMIT).text())
			.isEqualTo(CraftedMetadata.of(CraftedMetadata.RUNS, 100).bytes(1, 127).text(0));
		assertThat(CommitMetadata.of(100, offsets(101, 229), ParkedRecords.NONE, 0, LIMIT).text())
			.isEqualTo(CraftedMetadata.of(CraftedMetadata.RUNS, 100).bytes(1, 0x80, 1).text(0));
	}

	@ParameterizedTest
	@ValueSource(ints = { 0, 1, 10, 20, 31, 40 })
	void limitThatHoldsNothingIsKept(int limit) {
		CommitMetadata metadata = CommitMetadata.of(Long.MAX_VALUE / 2,
				offsets(Long.MAX_VALUE / 2 + 10, Long.MAX_VALUE / 2 + 20), limit);
		assertThat(metadata.text()).hasSizeLessThanOrEqualTo(limit);
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 2, 3, 4, 5, 6, 7, 8 })
	void neverTellsMoreThanIsCompleteAndNeverExceedsTheLimit(int seed) throws Exception {
		Random random = new Random(seed);
		for (int round = 0; round < 300; round++) {
			long committed = random.nextInt(1_000_000);
			CompletedOffsets completed = random(random, committed);
			int limit = 40 + random.nextInt(2_000);
			CommitMetadata metadata = CommitMetadata.of(committed, completed, limit);
			assertThat(metadata.text()).hasSizeLessThanOrEqualTo(limit);
			CompletedOffsets read = CommitMetadata.read(metadata.text(), committed).completed();
			assertThat(read).isEqualTo(metadata.completed());
			for (int run = 0; run < read.runs(); run++) {
				assertThat(completed.contains(read.from(run))).isTrue();
				assertThat(completed.contains(read.to(run) - 1)).isTrue();
			}
			assertThat(read.count()).isLessThanOrEqualTo(completed.count());
			if (metadata.text().length() < limit - 20) {
				assertThat(read).as("there was room for all").isEqualTo(completed);
			}
		}
	}

	@Test
	void foreignTextTellsNothing() {
		assertUnreadable("some text of a tool", 5, "it is not Kaffe's");
	}

	@Test
	void textForAnotherOffsetTellsNothing() {
		String text = CommitMetadata.of(100, offsets(101, 105), LIMIT).text();
		assertUnreadable(text, 99, "it was written for offset 100, but 99 is committed");
		assertUnreadable(text, 0, "it was written for offset 100, but 0 is committed");
	}

	@Test
	void otherVersionTellsNothing() {
		assertUnreadable(CraftedMetadata.ofVersion(5).bytes(CraftedMetadata.RUNS, 100).text(0), 100,
				"it is of version 5, not 2 to 4");
		assertUnreadable(CraftedMetadata.ofVersion(1).bytes(CraftedMetadata.RUNS, 100).text(0), 100,
				"it is of version 1, not 2 to 4");
	}

	@Test
	void leaderEpochIsReadAsItWasWritten() throws Exception {
		for (int epoch : new int[] { CommitMetadata.UNKNOWN_EPOCH, 0, 7, Integer.MAX_VALUE }) {
			CommitMetadata metadata = CommitMetadata.of(100, offsets(101, 105), ParkedRecords.NONE, epoch, LIMIT);
			assertThat(metadata.leaderEpoch()).isEqualTo(epoch);
			assertThat(CommitMetadata.read(metadata.text(), 100)).isEqualTo(metadata);
		}
	}

	@Test
	void anyDamageIsNoticed() {
		String text = CommitMetadata.of(100, offsets(101, 105, 200, 300), LIMIT).text();
		for (int index = "kaffe:".length(); index < text.length(); index++) {
			for (char other : new char[] { 'A', 'x', '_', '!', '\u00e4', '\u4e00' }) {
				String damaged = text.substring(0, index) + other + text.substring(index + 1);
				if (!damaged.equals(text)) {
					assertThatExceptionOfType(UnreadableMetadataException.class)
						.isThrownBy(() -> CommitMetadata.read(damaged, 100));
				}
			}
			String cut = text.substring(0, index);
			assertThatExceptionOfType(UnreadableMetadataException.class)
				.isThrownBy(() -> CommitMetadata.read(cut, 100));
		}
		assertUnreadable(text + "=", 100, "it is damaged");
	}

	/**
	 * All have a checksum that is right: every member that may commit can compute it.
	 */
	@ParameterizedTest
	@MethodSource
	void craftedFormIsDroppedAsAWhole(String what, String text) {
		assertUnreadable(text, 100, "it is damaged");
	}

	static Stream<Arguments> craftedFormIsDroppedAsAWhole() {
		return Stream.of(Arguments.arguments("nothing", CraftedMetadata.runs(100)),
				Arguments.arguments("a gap alone", CraftedMetadata.runs(100, 1)),
				Arguments.arguments("the committed offset", CraftedMetadata.runs(100, 0, 5)),
				Arguments.arguments("an empty run", CraftedMetadata.runs(100, 1, 0, 1, 5)),
				Arguments.arguments("runs that touch", CraftedMetadata.runs(100, 1, 5, 0, 5)),
				Arguments.arguments("beyond all numbers", CraftedMetadata.runs(100, 1, Long.MAX_VALUE)),
				Arguments.arguments("around to below", CraftedMetadata.runs(100, 1, 5, Long.MAX_VALUE, 200)),
				Arguments.arguments("a number without an end", of(CraftedMetadata.RUNS, 1, 0xff, 0xff)),
				Arguments.arguments("a number of 64 bits",
						of(CraftedMetadata.RUNS, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01)),
				Arguments.arguments("a number longer than it has to be", of(CraftedMetadata.RUNS, 0x81, 0x00, 0x01)),
				Arguments.arguments("an empty bitmap", of(CraftedMetadata.BITMAP)),
				Arguments.arguments("a bitmap of zeros", of(CraftedMetadata.BITMAP, 0, 0)),
				Arguments.arguments("a padded bitmap", of(CraftedMetadata.BITMAP, 1, 0)),
				Arguments.arguments("another kind", of((byte) 2, 1, 1)),
				Arguments.arguments("a leader epoch below unknown",
						CraftedMetadata.of(CraftedMetadata.RUNS, 100).bytes(1, 1).text(-2)));
	}

	private static String of(byte kind, int... bytes) {
		return CraftedMetadata.of(kind, 100).bytes(bytes).text(0);
	}

	@Test
	void offsetsNearTheLargestNumberDoNotWrapAround() {
		long last = Long.MAX_VALUE;
		assertUnreadable(CraftedMetadata.of(CraftedMetadata.BITMAP, last).bytes(1).text(0), last, "it is damaged");
		assertUnreadable(CraftedMetadata.of(CraftedMetadata.RUNS, last).bytes(1, 1).text(0), last, "it is damaged");
		assertUnreadable(CraftedMetadata.of(CraftedMetadata.BITMAP, last - 4).bytes(0x80).text(0), last - 4,
				"it is damaged");
	}

	@Test
	void negativeCommittedOffsetTellsNothing() {
		assertUnreadable(CommitMetadata.of(0, offsets(1, 2), LIMIT).text(), -1,
				"it was written for offset 0, but -1 is committed");
	}

	@Test
	void textThatIsTooLongIsNotDecoded() {
		assertUnreadable("kaffe:" + "!".repeat(CommitMetadata.MAX_LENGTH - "kaffe:".length()), 100, "it is damaged");
		assertUnreadable("kaffe:" + "!".repeat(CommitMetadata.MAX_LENGTH), 100,
				"it is longer than " + CommitMetadata.MAX_LENGTH + " characters");
	}

	@Test
	void offsetsBeyondTheEndOfTheLogAreNoticed() throws Exception {
		CommitMetadata metadata = CommitMetadata.read(CraftedMetadata.runs(100, 1, 1L << 60), 100);
		assertThat(metadata.completed()).isEqualTo(offsets(101, 101 + (1L << 60)));
		metadata.checkBelow(101 + (1L << 60));
		assertThatExceptionOfType(UnreadableMetadataException.class)
			.isThrownBy(() -> metadata.checkBelow(100 + (1L << 60)))
			.withMessage("it reports offsets up to 1152921504606847076, but the log ends at 1152921504606847076");
		CommitMetadata.NONE.checkBelow(0);
	}

	@Test
	void randomTextIsNeverTrusted() {
		Random random = new Random(7);
		for (int round = 0; round < 2_000; round++) {
			byte[] bytes = new byte[random.nextInt(60)];
			random.nextBytes(bytes);
			String text = "kaffe:" + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
			assertThatExceptionOfType(UnreadableMetadataException.class).isThrownBy(() -> CommitMetadata.read(text, 5));
		}
	}

	@Test
	void windowTellsWhatIsCompleteAboveItsWatermark() {
		OffsetWindow window = new OffsetWindow(10);
		window.append(10, 20_000);
		for (long offset = 11; offset <= 15_000; offset++) {
			if (offset != 100 && offset != 9_000) {
				window.complete(offset);
			}
		}
		assertThat(window.advance()).isEqualTo(10);
		CompletedOffsets expected = offsets(11, 100, 101, 9_000, 9_001, 15_001);
		assertThat(window.completedAbove(window.watermark(), 100).build()).isEqualTo(expected);
		assertThat(window.completedAbove(window.watermark(), 100).build()).as("remembered segments")
			.isEqualTo(expected);
		assertThat(window.completedAbove(window.watermark(), 2).build()).isEqualTo(offsets(11, 100, 101, 9_000));
		CompletedOffsets before = offsets(5, 50, 19_000, 20_010, 30_000, 30_001);
		assertThat(
				window.completedAbove(window.watermark(), 100).addFrom(before, window.next(), Long.MAX_VALUE).build())
			.isEqualTo(offsets(11, 100, 101, 9_000, 9_001, 15_001, 20_001, 20_010, 30_000, 30_001));
	}

	@Test
	void offsetsKnowWhatTheyContain() {
		CompletedOffsets completed = offsets(5, 8, 10, 11);
		assertThat(completed.contains(4)).isFalse();
		assertThat(completed.contains(5)).isTrue();
		assertThat(completed.contains(7)).isTrue();
		assertThat(completed.contains(8)).isFalse();
		assertThat(completed.contains(9)).isFalse();
		assertThat(completed.contains(10)).isTrue();
		assertThat(completed.contains(11)).isFalse();
		assertThat(completed.count()).isEqualTo(4);
		assertThat(completed.end()).isEqualTo(11);
		assertThat(completed).hasToString("[5..7, 10..10]");
	}

	private static void assertUnreadable(String text, long committed, String reason) {
		assertThatExceptionOfType(UnreadableMetadataException.class)
			.isThrownBy(() -> CommitMetadata.read(text, committed))
			.withMessage(reason);
	}

	private static CompletedOffsets random(Random random, long committed) {
		CompletedOffsets.Builder completed = new CompletedOffsets.Builder();
		long at = committed + 1 + random.nextInt(10);
		int runs = random.nextInt(400);
		for (int run = 0; run < runs; run++) {
			long to = at + 1 + random.nextInt((random.nextInt(10) == 0) ? 10_000 : 3);
			completed.add(at, to);
			at = to + 1 + random.nextInt((random.nextInt(10) == 0) ? 5_000 : 3);
		}
		return completed.build();
	}

	private static CompletedOffsets offsets(long... bounds) {
		CompletedOffsets.Builder completed = new CompletedOffsets.Builder();
		for (int index = 0; index < bounds.length; index += 2) {
			completed.add(bounds[index], bounds[index + 1]);
		}
		return completed.build();
	}

}
