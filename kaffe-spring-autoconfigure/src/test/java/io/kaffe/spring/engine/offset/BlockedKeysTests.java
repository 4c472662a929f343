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
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.kaffe.spring.engine.offset.BlockedKeys.BlockedKey;
import io.kaffe.spring.engine.offset.CommitMetadata.UnreadableMetadataException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link BlockedKeys}, and what {@link CommitMetadata} stores of them.
 */
class BlockedKeysTests {

	private static final int LIMIT = 4096;

	private static final CompletedOffsets COMPLETED = offsets(101, 301);

	@Test
	void keyIsBlockedFromItsOffsetOn() {
		BlockedKeys blocked = blocked(key(7, 50), key(-3, 20), key(7, 90));
		assertThat(blocked.all()).containsExactly(key(-3, 20), key(7, 50));
		assertThat(blocked.first()).isEqualTo(20);
		assertThat(blocked.isBlocked(hash(7), 49)).isFalse();
		assertThat(blocked.isBlocked(hash(7), 50)).isTrue();
		assertThat(blocked.isBlocked(hash(7), 1000)).isTrue();
		assertThat(blocked.isBlocked(hash(8), 1000)).isFalse();
		assertThat(blocked.isBlocked(null, 19)).isFalse();
		assertThat(blocked.isBlocked(null, 20)).as("it may be any key").isTrue();
		assertThat(blocked.isBlocked(new KeyHash((byte) 1, 8), 19)).isFalse();
		assertThat(blocked.isBlocked(new KeyHash((byte) 1, 8), 20)).as("it may be one of another type").isTrue();
		assertThat(blocked).isEqualTo(blocked(key(7, 50), key(-3, 20)))
			.hasSameHashCodeAs(blocked(key(7, 50), key(-3, 20)))
			.isNotEqualTo(blocked(key(7, 50)));
	}

	@Test
	void noneAreBlockedNowhere() {
		assertThat(BlockedKeys.of(List.of())).isSameAs(BlockedKeys.NONE);
		assertThat(BlockedKeys.NONE.first()).isEqualTo(Long.MAX_VALUE);
		assertThat(BlockedKeys.NONE.isEmpty()).isTrue();
		assertThat(BlockedKeys.NONE.certain(COMPLETED)).isEqualTo(COMPLETED);
		BlockedKeys blocked = blocked(key(7, 50));
		assertThat(blocked.and(BlockedKeys.NONE, 10)).isSameAs(blocked);
	}

	@Test
	void othersAreBlockedFromAnOffsetOnAtLeast() {
		BlockedKeys blocked = blocked(key(7, 50));
		BlockedKeys others = blocked(key(7, 20), key(8, 20), key(9, 99));
		assertThat(blocked.and(others, 60).all()).containsExactly(key(7, 50), key(8, 60), key(9, 99));
		assertThat(BlockedKeys.NONE.and(others, 30)).isEqualTo(blocked(key(7, 30), key(8, 30), key(9, 99)));
	}

	@Test
	void onlyWhatIsBelowTheFirstBlockedRecordIsCertain() {
		assertThat(blocked(key(7, 150), key(8, 120)).certain(COMPLETED)).isEqualTo(offsets(101, 120));
	}

	@Test
	void blockedKeysAreReadAsTheyWereWritten() throws Exception {
		BlockedKeys blocked = blocked(key(Integer.MIN_VALUE, 100), key(-1, 100), key(7, 5_000_000_000L));
		CompletedOffsets completed = offsets(101, 105, 200, 6_000_000_000L);
		ParkedRecords parked = ParkedRecords.of(List.of(new ParkedRecord(100, Instant.EPOCH, 10, 1, "Ab"),
				new ParkedRecord(300, Instant.EPOCH, 1, 1, "Ab")));
		CommitMetadata metadata = CommitMetadata.of(100, completed, parked, blocked, 7, LIMIT);
		assertThat(metadata.completed()).isEqualTo(completed);
		assertThat(metadata.blocked()).isEqualTo(blocked);
		assertThat(metadata.parked()).as("one is among the completed offsets").isEqualTo(parked);
		assertThat(metadata.leaderEpoch()).isEqualTo(7);
		assertThat(CommitMetadata.read(metadata.text(), 100)).isEqualTo(metadata);
	}

	@Test
	void formIsWhatIsDescribed() {
		BlockedKeys blocked = blocked(key(7, 100), key(-1, 102));
		assertThat(CommitMetadata.of(100, offsets(101, 201), ParkedRecords.NONE, blocked, 0, LIMIT).text())
			.isEqualTo(CraftedMetadata.ofVersion(4)
				.numbers(100)
				.section(0, 1, 100)
				.section(3, 0, 0, 0, 0, 0, 7, 2, 0, 0xff, 0xff, 0xff, 0xff)
				.text(0));
	}

	@Test
	void olderVersionIsWrittenIfNothingThatIsCompletedIsBlocked() {
		CompletedOffsets completed = offsets(102, 202);
		BlockedKeys above = blocked(key(7, 202));
		assertThat(CommitMetadata.of(100, completed, ParkedRecords.NONE, above, 0, LIMIT).text())
			.isEqualTo(CraftedMetadata.runs(100, 2, 100));
		assertThat(CommitMetadata.of(100, CompletedOffsets.NONE, ParkedRecords.NONE, above, 0, LIMIT))
			.isEqualTo(CommitMetadata.NONE);
		assertThat(CommitMetadata.of(100, completed, ParkedRecords.NONE, blocked(key(7, 201)), 0, LIMIT).text())
			.startsWith("kaffe:B");
	}

	@Test
	void sizeDependsOnHowManyKeysAreBlocked() {
		CompletedOffsets completed = offsets(1, 20_000_000);
		assertThat(CommitMetadata.of(0, completed, ParkedRecords.NONE, random(4, 20_000_000), 0, LIMIT).text())
			.hasSizeLessThan(100);
		CommitMetadata hundred = CommitMetadata.of(0, completed, ParkedRecords.NONE, random(100, 20_000_000), 0, LIMIT);
		assertThat(hundred.text()).hasSizeLessThan(1400);
		assertThat(hundred.blocked().all()).hasSize(100);
	}

	@ParameterizedTest
	@ValueSource(ints = { 100, 300, 600, 1000 })
	void ofKeysThatDoNotFitNothingIsReportedAsCompleted(int limit) throws Exception {
		BlockedKeys blocked = random(200, 20_000_000);
		CommitMetadata metadata = CommitMetadata.of(0, offsets(1, 20_000_000), ParkedRecords.NONE, blocked, 0, limit);
		assertThat(metadata.text()).hasSizeLessThanOrEqualTo(limit);
		int stored = metadata.blocked().all().size();
		assertThat(stored).isBetween(1, 199);
		assertThat(metadata.blocked().all()).isEqualTo(blocked.all().subList(0, stored));
		assertThat(metadata.completed()).isEqualTo(offsets(1, blocked.all().get(stored).from()));
		assertThat(CommitMetadata.read(metadata.text(), 0)).isEqualTo(metadata);
	}

	@Test
	void withoutRoomForAnyKeyOnlyWhatIsCertainIsReported() {
		CommitMetadata metadata = CommitMetadata.of(100, COMPLETED, ParkedRecords.NONE, blocked(key(7, 150)), 0, 40);
		assertThat(metadata.blocked()).isEqualTo(BlockedKeys.NONE);
		assertThat(metadata.completed()).isEqualTo(offsets(101, 150));
	}

	@Test
	void sectionsOfALaterVersionAreSkippedAndKept() throws Exception {
		String text = CraftedMetadata.ofVersion(4)
			.numbers(100)
			.section(0, 1, 100)
			.section(3, 50, 0, 0, 0, 0, 7)
			.section(9, 1, 2, 3)
			.text(0);
		CommitMetadata metadata = CommitMetadata.read(text, 100);
		assertThat(metadata.text()).isEqualTo(text);
		assertThat(metadata.blocked()).isEqualTo(blocked(key(7, 150)));
		assertThat(metadata.completed()).isEqualTo(offsets(101, 201));
	}

	@Test
	void sectionOfBlockedKeysIsUnknownToVersion3() throws Exception {
		CommitMetadata metadata = CommitMetadata
			.read(CraftedMetadata.sections(100).section(0, 1, 100).section(3, 50, 0, 0, 0, 0, 7).text(0), 100);
		assertThat(metadata.blocked()).isEqualTo(BlockedKeys.NONE);
		assertThat(metadata.completed()).isEqualTo(offsets(101, 201));
	}

	/**
	 * All have a checksum that is right: every member that may commit can compute it.
	 */
	@ParameterizedTest
	@MethodSource
	void craftedFormIsDroppedAsAWhole(String what, CraftedMetadata crafted) {
		assertThatExceptionOfType(UnreadableMetadataException.class)
			.isThrownBy(() -> CommitMetadata.read(crafted.text(0), 100))
			.withMessage("it is damaged");
	}

	static Stream<Arguments> craftedFormIsDroppedAsAWhole() {
		return Stream.of(Arguments.arguments("no keys", keys()), Arguments.arguments("a type alone", keys(50, 0)),
				Arguments.arguments("no such type", keys(50, 0x80, 0, 0, 0, 7)),
				Arguments.arguments("half a hash", keys(50, 0, 0, 0)), Arguments.arguments("an offset alone", keys(50)),
				Arguments.arguments("a hash twice", keys(50, 0, 0, 0, 0, 7, 1, 0, 0, 0, 0, 7)),
				Arguments.arguments("hashes that descend", keys(50, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 6)),
				Arguments.arguments("a number longer than it has to be", keys(0x80, 0, 0, 0, 0, 0, 7)),
				Arguments.arguments("beyond all numbers",
						keys(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0, 7)),
				Arguments.arguments("nothing that is completed",
						CraftedMetadata.ofVersion(4).numbers(100).section(3, 50, 0, 0, 0, 0, 7)),
				Arguments.arguments("no section of keys", CraftedMetadata.ofVersion(4).numbers(100).section(0, 1, 100)),
				Arguments.arguments("nothing", CraftedMetadata.ofVersion(4).numbers(100)),
				Arguments.arguments("two sections", keys(50, 0, 0, 0, 0, 7).section(3, 50, 0, 0, 0, 0, 7)),
				Arguments.arguments("sections that descend",
						CraftedMetadata.ofVersion(4).numbers(100).section(3, 50, 0, 0, 0, 0, 7).section(0, 1, 100)));
	}

	private static CraftedMetadata keys(int... section) {
		return CraftedMetadata.ofVersion(4).numbers(100).section(0, 1, 100).section(3, section);
	}

	@Test
	void anyDamageIsNoticed() {
		String text = CommitMetadata.of(100, COMPLETED, ParkedRecords.NONE, blocked(key(7, 150), key(8, 151)), 0, LIMIT)
			.text();
		for (int index = "kaffe:".length(); index < text.length(); index++) {
			for (char other : new char[] { 'A', 'x', '_' }) {
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
	}

	private static KeyHash hash(int value) {
		return new KeyHash((byte) 0, value);
	}

	private static BlockedKey key(int hash, long from) {
		return new BlockedKey(hash(hash), from);
	}

	private static BlockedKeys random(int count, int range) {
		Random random = new Random(count);
		List<BlockedKey> keys = new ArrayList<>();
		for (int key = 0; key < count; key++) {
			keys.add(key(random.nextInt(), random.nextInt(range)));
		}
		return blocked(keys.toArray(BlockedKey[]::new));
	}

	private static BlockedKeys blocked(BlockedKey... keys) {
		return BlockedKeys.of(List.of(keys));
	}

	private static CompletedOffsets offsets(long... bounds) {
		CompletedOffsets.Builder completed = new CompletedOffsets.Builder();
		for (int index = 0; index < bounds.length; index += 2) {
			completed.add(bounds[index], bounds[index + 1]);
		}
		return completed.build();
	}

}
