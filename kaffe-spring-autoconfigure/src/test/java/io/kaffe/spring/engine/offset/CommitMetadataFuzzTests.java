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
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.SplittableRandom;

import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.offset.CommitMetadata.UnreadableMetadataException;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Reads metadata that is random, or was written and then changed, with a checksum that is
 * right or is not. {@code -Dfuzz.cases} says how many, {@code -Dfuzz.seed} which.
 */
class CommitMetadataFuzzTests {

	private static final int CASES = Integer.getInteger("fuzz.cases", 100_000);

	private static final long SEED = Long.getLong("fuzz.seed", 1);

	private static final String PREFIX = "kaffe:";

	private static final int[] SPECIAL_BYTES = { 0, 1, 2, 0x7f, 0x80, 0x81, 0xfe, 0xff };

	private static final long[] SPECIAL_NUMBERS = { 0, 1, 127, 128, Integer.MAX_VALUE, 1L << 60, Long.MAX_VALUE - 8,
			Long.MAX_VALUE - 1, Long.MAX_VALUE };

	private final SplittableRandom random = new SplittableRandom(SEED);

	private long believed;

	private long believedParked;

	private long believedBlocked;

	@Test
	void nothingIsBelievedThatIsNotBetweenTheCommittedOffsetAndTheEnd() {
		for (int number = 0; number < CASES; number++) {
			long committed = committed();
			long end = end(committed);
			String text = text(committed);
			try {
				readAndCheck(text, committed, end);
			}
			catch (UnreadableMetadataException ex) {
				// As it is to be.
			}
			catch (Throwable ex) {
				throw new AssertionError(
						"Case " + number + ", seed " + SEED + ": '" + text + "' at " + committed + ", end " + end, ex);
			}
		}
		System.out.println(CASES + " texts were read, of which " + this.believed + " were believed");
		assertThat(this.believed).as("mutations are not too wild").isGreaterThan(CASES / 100);
		assertThat(this.believedParked).as("nor are those of parked records").isGreaterThan(CASES / 100);
		assertThat(this.believedBlocked).as("nor are those of blocked keys").isGreaterThan(CASES / 100);
	}

	private void readAndCheck(String text, long committed, long end) throws UnreadableMetadataException {
		CommitMetadata metadata = CommitMetadata.read(text, committed);
		metadata.checkBelow(end);
		CompletedOffsets stored = metadata.completed();
		long at = committed;
		for (int run = 0; run < stored.runs(); run++) {
			check(stored.from(run) > at, "a run is above what comes before");
			check(stored.to(run) > stored.from(run), "a run is not empty");
			at = stored.to(run);
		}
		check(stored.isEmpty() || at <= end, "nothing is beyond the end");
		at = committed;
		for (ParkedRecord parked : metadata.parked().all()) {
			check(parked.offset() >= at, "a parked record is at or above the committed offset, and what comes before");
			check(parked.offset() < end, "it is not beyond the end");
			check(!stored.contains(parked.offset()) || !metadata.blocked().isEmpty(), "it is not completed");
			check(parked.attempts() > 0 && parked.owners() > 0, "it has a history");
			check(parked.exception().chars().allMatch((each) -> each > ' ' && each <= '~'), "its name is visible");
			at = parked.offset() + 1;
			this.believedParked++;
		}
		at = committed;
		for (BlockedKeys.BlockedKey key : metadata.blocked().all()) {
			check(key.from() >= at, "a key is blocked at or above the committed offset, and what comes before");
			check(!stored.isEmpty(), "it is an exception of something");
			at = key.from();
			this.believedBlocked++;
		}
		check(metadata.text().equals(text), "text is as it was");
		check(metadata.leaderEpoch() >= CommitMetadata.UNKNOWN_EPOCH, "leader epoch exists");
		this.believed++;
	}

	private static void check(boolean expected, String what) {
		if (!expected) {
			throw new AssertionError("Not true: " + what);
		}
	}

	private String text(long committed) {
		return switch (this.random.nextInt(9)) {
			case 8 -> sections(committed);
			case 0 -> PREFIX + characters();
			case 1 -> PREFIX + encode(bytes());
			case 2 -> CraftedMetadata.text(bytes());
			case 3 -> CraftedMetadata.text(header(committed, bytes()));
			case 4 -> numbers(committed);
			case 5 -> written(committed).text();
			case 6 -> mutateText(written(committed).text());
			default -> mutateBytes(written(committed).text());
		};
	}

	/**
	 * Write something, and look that it is read as it was written.
	 */
	private CommitMetadata written(long committed) {
		CompletedOffsets.Builder completed = new CompletedOffsets.Builder();
		List<ParkedRecord> parked = new ArrayList<>();
		// Near the largest number, there is room for few.
		long at = Math.min(committed, Long.MAX_VALUE - 100_000);
		for (int runs = this.random.nextInt(20); runs > 0; runs--) {
			long from = at + 1 + this.random.nextInt((this.random.nextInt(4) == 0) ? 2000 : 4);
			at = from + 1 + this.random.nextInt((this.random.nextInt(4) == 0) ? 2000 : 4);
			completed.add(from, at);
			if (this.random.nextInt(4) == 0) {
				parked.add(new ParkedRecord(at, Instant.ofEpochSecond(this.random.nextInt(1000)),
						1 + this.random.nextInt(200), 1 + this.random.nextInt(3), "E" + this.random.nextInt(3)));
			}
		}
		long base = Math.min(committed, Long.MAX_VALUE - 100_000);
		List<BlockedKeys.BlockedKey> blocked = new ArrayList<>();
		for (int keys = Math.max(0, this.random.nextInt(-4, 4)); keys > 0; keys--) {
			blocked.add(new BlockedKeys.BlockedKey(new KeyHash((byte) this.random.nextInt(4), this.random.nextInt()),
					base + this.random.nextInt(2000)));
		}
		CommitMetadata metadata = CommitMetadata.of(base, completed.build(), ParkedRecords.of(parked),
				BlockedKeys.of(blocked), this.random.nextInt(-1, 5), this.random.nextInt(30, 300));
		try {
			check(CommitMetadata.read(metadata.text(), base).equals(metadata), "is read as it was written");
		}
		catch (UnreadableMetadataException ex) {
			throw new AssertionError("Cannot read what was written: " + metadata, ex);
		}
		return metadata;
	}

	private String numbers(long committed) {
		CraftedMetadata metadata = CraftedMetadata.of((byte) this.random.nextInt(3), committed);
		for (int count = this.random.nextInt(6); count > 0; count--) {
			metadata.numbers(this.random.nextBoolean() ? this.random.nextInt(50) : any(SPECIAL_NUMBERS));
		}
		return metadata.text(this.random.nextInt(-2, 3));
	}

	/**
	 * Write sections whose lengths are right, of types that are known and that are not.
	 */
	private String sections(long committed) {
		CraftedMetadata metadata = CraftedMetadata.ofVersion(this.random.nextInt(3, 5)).numbers(committed);
		for (int type = 0; type < 5; type++) {
			if (this.random.nextInt(3) == 0) {
				int[] section = this.random.ints(this.random.nextInt(16), 0, (type == 2) ? 3 : 256).toArray();
				metadata.section(type, section);
			}
		}
		return metadata.text(this.random.nextInt(-1, 3));
	}

	private String mutateText(String text) {
		StringBuilder mutated = new StringBuilder(text);
		for (int changes = 1 + this.random.nextInt(3); changes > 0 && !mutated.isEmpty(); changes--) {
			int at = this.random.nextInt(mutated.length());
			switch (this.random.nextInt(4)) {
				case 0 -> mutated.deleteCharAt(at);
				case 1 -> mutated.insert(at, character());
				case 2 -> mutated.setLength(at);
				default -> mutated.setCharAt(at, character());
			}
		}
		return mutated.toString();
	}

	/**
	 * Change the bytes, and make the checksum right again.
	 */
	private String mutateBytes(String text) {
		if (text.isEmpty()) {
			return text;
		}
		byte[] bytes = Base64.getUrlDecoder().decode(text.substring(PREFIX.length()));
		bytes = Arrays.copyOf(bytes, bytes.length - Integer.BYTES);
		for (int changes = 1 + this.random.nextInt(3); changes > 0 && bytes.length > 0; changes--) {
			int at = this.random.nextInt(bytes.length);
			bytes = mutated(bytes, at);
		}
		return CraftedMetadata.text(bytes);
	}

	private byte[] mutated(byte[] bytes, int at) {
		return switch (this.random.nextInt(5)) {
			case 0 ->
				replaced(bytes, at, at + 1, new byte[] { (byte) (bytes[at] ^ (1 << this.random.nextInt(Byte.SIZE))) });
			case 1 -> replaced(bytes, at, at + 1,
					new byte[] { (byte) SPECIAL_BYTES[this.random.nextInt(SPECIAL_BYTES.length)] });
			case 2 -> replaced(bytes, at, at + 1, new byte[0]);
			case 3 -> replaced(bytes, at, at, bytes());
			default -> replaced(bytes, at, bytes.length, Arrays.copyOf(bytes, this.random.nextInt(at + 1)));
		};
	}

	private static byte[] replaced(byte[] bytes, int from, int to, byte[] by) {
		byte[] replaced = new byte[from + by.length + bytes.length - to];
		System.arraycopy(bytes, 0, replaced, 0, from);
		System.arraycopy(by, 0, replaced, from, by.length);
		System.arraycopy(bytes, to, replaced, from + by.length, bytes.length - to);
		return replaced;
	}

	private byte[] header(long committed, byte[] rest) {
		byte[] header = Base64.getUrlDecoder()
			.decode(CraftedMetadata.of((byte) this.random.nextInt(3), committed).text(0).substring(PREFIX.length()));
		return replaced(header, header.length - 2 * Integer.BYTES, header.length, rest);
	}

	private byte[] bytes() {
		byte[] bytes = new byte[this.random.nextInt(24)];
		this.random.nextBytes(bytes);
		return bytes;
	}

	private String characters() {
		StringBuilder text = new StringBuilder();
		for (int length = this.random.nextInt(40); length > 0; length--) {
			text.append(character());
		}
		return text.toString();
	}

	private char character() {
		return (char) this.random.nextInt((this.random.nextInt(10) == 0) ? Character.MAX_VALUE : 128);
	}

	private static String encode(byte[] bytes) {
		return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
	}

	private long committed() {
		return (this.random.nextInt(4) == 0) ? any(SPECIAL_NUMBERS) : this.random.nextInt(1_000_000);
	}

	private long end(long committed) {
		return this.random.nextBoolean() ? any(SPECIAL_NUMBERS) : committed + this.random.nextInt(100);
	}

	private long any(long[] numbers) {
		return numbers[this.random.nextInt(numbers.length)];
	}

}
