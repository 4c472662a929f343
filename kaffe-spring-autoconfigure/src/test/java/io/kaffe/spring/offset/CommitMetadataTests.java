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

package io.kaffe.spring.offset;

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Random;
import java.util.zip.CRC32;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.kaffe.spring.offset.CommitMetadata.UnreadableMetadataException;

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
		assertThat(more.told()).isEqualTo(new CompletedOffsets.Builder().add(11, 15).build());
		assertThat(CommitMetadata.read(more.text(), 10)).isEqualTo(more.told());
	}

	@Test
	void tellsRunsAsTheyAre() throws Exception {
		CompletedOffsets completed = offsets(101, 105, 1_000, 500_000, 500_001, 500_002);
		CommitMetadata metadata = CommitMetadata.of(100, completed, LIMIT);
		assertThat(metadata.told()).isEqualTo(completed);
		assertThat(metadata.text()).startsWith("kaffe:").hasSizeLessThan(50);
		assertThat(CommitMetadata.read(metadata.text(), 100)).isEqualTo(completed);
	}

	@Test
	void nothingIsTheEmptyText() throws Exception {
		assertThat(CommitMetadata.of(5, CompletedOffsets.NONE, LIMIT).text()).isEmpty();
		assertThat(CommitMetadata.read("", 5).isEmpty()).isTrue();
		assertThat(CommitMetadata.read(null, 5).isEmpty()).isTrue();
	}

	@Test
	void manyShortRunsAreTheSmallerBitmap() throws Exception {
		CompletedOffsets.Builder every = new CompletedOffsets.Builder();
		for (int offset = 1; offset < 20_000; offset += 2) {
			every.add(offset, offset + 1);
		}
		CommitMetadata metadata = CommitMetadata.of(0, every.build(), LIMIT);
		assertThat(metadata.told()).isEqualTo(every.build());
		assertThat(metadata.text()).hasSizeLessThan(20_000 / 8 * 4 / 3 + 30);
		assertThat(CommitMetadata.read(metadata.text(), 0)).isEqualTo(every.build());
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
		assertThat(metadata.told().contains(1_500_000)).as("the long run").isTrue();
		assertThat(metadata.told().contains(10)).as("some of the others").isTrue();
		assertThat(metadata.told().count()).isBetween(1_000_050L, 1_000_100L);
		assertThat(CommitMetadata.read(metadata.text(), 0)).isEqualTo(metadata.told());
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
			CompletedOffsets read = CommitMetadata.read(metadata.text(), committed);
			assertThat(read).isEqualTo(metadata.told());
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
	void newerVersionTellsNothing() {
		ByteBuffer bytes = ByteBuffer.allocate(7).put((byte) 2).put((byte) 0).put((byte) 100);
		CRC32 checksum = new CRC32();
		checksum.update(bytes.array(), 0, 3);
		bytes.putInt((int) checksum.getValue());
		assertUnreadable("kaffe:" + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array()), 100,
				"it is of version 2, which is newer than 1");
	}

	@Test
	void anyDamageIsNoticed() {
		String text = CommitMetadata.of(100, offsets(101, 105, 200, 300), LIMIT).text();
		for (int index = "kaffe:".length(); index < text.length(); index++) {
			for (char other : new char[] { 'A', 'x', '_', '!' }) {
				String damaged = text.substring(0, index) + other + text.substring(index + 1);
				if (!sameBytes(damaged, text)) {
					assertThatExceptionOfType(UnreadableMetadataException.class)
						.isThrownBy(() -> CommitMetadata.read(damaged, 100));
				}
			}
			String cut = text.substring(0, index);
			assertThatExceptionOfType(UnreadableMetadataException.class)
				.isThrownBy(() -> CommitMetadata.read(cut, 100));
		}
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

	/**
	 * Some bits of the last character say nothing.
	 */
	private static boolean sameBytes(String one, String other) {
		try {
			Base64.Decoder decoder = Base64.getUrlDecoder();
			return ByteBuffer.wrap(decoder.decode(one.substring(6)))
				.equals(ByteBuffer.wrap(decoder.decode(other.substring(6))));
		}
		catch (IllegalArgumentException ex) {
			return false;
		}
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
