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

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.stream.LongStream;
import java.util.zip.CRC32;

import org.jspecify.annotations.Nullable;

/**
 * The form in which a commit's metadata stores what is complete above the committed
 * offset.
 * <p>
 * The text is {@code kaffe:} and, in Base64 (RFC 4648, URL alphabet, no padding), a
 * version, the kind of form, the committed offset as it was when this was written, the
 * form itself, the leader epoch, and a CRC-32 of all that. A form is the smaller of
 * <ul>
 * <li>runs: how many offsets are open, how many are complete, how many are open, …, from
 * the committed offset on, as variable-length numbers of 7 bits a byte;</li>
 * <li>a bitmap, from the offset after the committed one on, lowest bit first.</li>
 * </ul>
 * What does not fit is left out, the part that covers least first: offsets that are not
 * stored are merely handled again.
 * <p>
 * Every member that may commit for the group can write any metadata, so what is read is
 * trusted only if it is, to the letter, what would have been written for what it stores:
 * anything else is dropped as a whole. The time and memory that reading takes are bounded
 * by the length of the text, whatever it stores.
 *
 * @param text the metadata; empty if it stores nothing
 * @param completed what it stores
 * @param leaderEpoch the highest leader epoch of the records up to the end of what it
 * stores, or {@link #UNKNOWN_EPOCH}
 */
public record CommitMetadata(String text, CompletedOffsets completed, int leaderEpoch) {

	/**
	 * Most characters that are read, and that make sense to be written.
	 */
	public static final int MAX_LENGTH = 1 << 20;

	/**
	 * The leader epoch of records that have none; less than any other.
	 */
	public static final int UNKNOWN_EPOCH = -1;

	/**
	 * Metadata that stores nothing.
	 */
	public static final CommitMetadata NONE = new CommitMetadata("", CompletedOffsets.NONE, UNKNOWN_EPOCH);

	private static final String PREFIX = "kaffe:";

	/** Version 1 had no leader epoch. */
	private static final byte VERSION = 2;

	private static final byte RUNS = 0;

	private static final byte BITMAP = 1;

	private static final int EPOCH_BYTES = Integer.BYTES;

	private static final int CHECKSUM_BYTES = Integer.BYTES;

	/**
	 * Write what is complete above a committed offset, of records without a leader epoch.
	 * @param committed the committed offset: everything below is complete, it is not
	 * @param completed what is complete above; what is not above is left out
	 * @param maxLength most characters of the text, each of which is one byte
	 * @return the metadata with what fits
	 */
	public static CommitMetadata of(long committed, CompletedOffsets completed, int maxLength) {
		return of(committed, completed, UNKNOWN_EPOCH, maxLength);
	}

	/**
	 * Write what is complete above a committed offset.
	 * @param committed the committed offset: everything below is complete, it is not
	 * @param completed what is complete above; what is not above is left out
	 * @param leaderEpoch the highest leader epoch of the records that were polled, or
	 * {@link #UNKNOWN_EPOCH}
	 * @param maxLength most characters of the text, each of which is one byte
	 * @return the metadata with what fits
	 */
	public static CommitMetadata of(long committed, CompletedOffsets completed, int leaderEpoch, int maxLength) {
		int maxBytes = Math.max(0, (maxLength - PREFIX.length()) * 3 / 4) - EPOCH_BYTES - CHECKSUM_BYTES;
		CompletedOffsets above = new CompletedOffsets.Builder().addFrom(completed, committed + 1, Long.MAX_VALUE)
			.build();
		if (above.isEmpty() || maxBytes <= 0) {
			return NONE;
		}
		CompletedOffsets inRuns = largestThatFit(committed, above, maxBytes);
		CompletedOffsets inBitmap = bitmapThatFits(committed, above, maxBytes);
		byte[] runs = runs(committed, inRuns);
		long difference = inRuns.count() - inBitmap.count();
		boolean asRuns = difference > 0 || (difference == 0 && runs.length <= bitmapLength(committed, inBitmap));
		CompletedOffsets stored = asRuns ? inRuns : inBitmap;
		return stored.isEmpty() ? NONE : new CommitMetadata(
				text(asRuns ? runs : bitmap(committed, inBitmap), leaderEpoch), stored, leaderEpoch);
	}

	/**
	 * Read metadata.
	 * @param text what was committed; {@code null} or empty stores nothing
	 * @param committed the offset that was committed with it
	 * @return what it stores, all of it above the committed offset
	 * @throws UnreadableMetadataException if it is not exactly of this form, too long, of
	 * another version, or written for another committed offset
	 */
	public static CommitMetadata read(@Nullable String text, long committed) throws UnreadableMetadataException {
		if (text == null || text.isEmpty()) {
			return NONE;
		}
		if (!text.startsWith(PREFIX)) {
			throw new UnreadableMetadataException("it is not Kaffe's");
		}
		if (text.length() > MAX_LENGTH) {
			throw new UnreadableMetadataException("it is longer than " + MAX_LENGTH + " characters");
		}
		try {
			byte[] bytes = Base64.getUrlDecoder().decode(text.substring(PREFIX.length()));
			CommitMetadata metadata = read(ByteBuffer.wrap(bytes), committed);
			if (metadata.text().equals(text)) {
				return metadata;
			}
		}
		catch (IllegalArgumentException | ArithmeticException | BufferUnderflowException ex) {
			// Nothing like it is ever written.
		}
		throw damaged();
	}

	private static CommitMetadata read(ByteBuffer bytes, long committed) throws UnreadableMetadataException {
		byte version = bytes.get();
		if (version != VERSION) {
			throw new UnreadableMetadataException("it is of version " + version + ", not " + VERSION);
		}
		int checksumAt = bytes.limit() - CHECKSUM_BYTES;
		int epochAt = checksumAt - EPOCH_BYTES;
		if (epochAt <= 0 || bytes.getInt(checksumAt) != checksum(bytes.array(), checksumAt)) {
			throw damaged();
		}
		byte kind = bytes.get();
		int leaderEpoch = bytes.getInt(epochAt);
		bytes.limit(epochAt);
		long writtenFor = readNumber(bytes);
		if (writtenFor != committed) {
			throw new UnreadableMetadataException(
					"it was written for offset " + writtenFor + ", but " + committed + " is committed");
		}
		CompletedOffsets stored = switch (kind) {
			case RUNS -> readRuns(bytes, committed);
			case BITMAP -> readBitmap(bytes, committed);
			default -> throw damaged();
		};
		if (stored.isEmpty() || leaderEpoch < UNKNOWN_EPOCH) {
			throw damaged();
		}
		byte[] written = (kind == RUNS) ? runs(committed, stored) : bitmap(committed, stored);
		return new CommitMetadata(text(written, leaderEpoch), stored, leaderEpoch);
	}

	private static CompletedOffsets readRuns(ByteBuffer bytes, long committed) {
		CompletedOffsets.Builder completed = new CompletedOffsets.Builder();
		long at = committed;
		while (bytes.hasRemaining()) {
			long from = Math.addExact(at, readNumber(bytes));
			if (from == at) {
				throw new IllegalArgumentException("Not above what comes before: " + from);
			}
			at = Math.addExact(from, readNumber(bytes));
			completed.add(from, at);
		}
		return completed.build();
	}

	private static CompletedOffsets readBitmap(ByteBuffer bytes, long committed) {
		CompletedOffsets.Builder completed = new CompletedOffsets.Builder();
		for (long at = Math.addExact(committed, 1); bytes.hasRemaining(); at = Math.addExact(at, Byte.SIZE)) {
			int bits = bytes.get();
			for (int bit = 0; bit < Byte.SIZE; bit++) {
				if ((bits & (1 << bit)) != 0) {
					completed.add(at + bit, Math.addExact(at, bit + 1));
				}
			}
		}
		return completed.build();
	}

	/**
	 * Check that nothing is reported that the log does not hold.
	 * @param end the end of the log: the offset after the last record that a consumer can
	 * have polled
	 * @throws UnreadableMetadataException if an offset is reported that is not below it
	 */
	public void checkBelow(long end) throws UnreadableMetadataException {
		if (!this.completed.isEmpty() && this.completed.end() > end) {
			throw new UnreadableMetadataException(
					"it reports offsets up to " + (this.completed.end() - 1) + ", but the log ends at " + end);
		}
	}

	private static UnreadableMetadataException damaged() {
		return new UnreadableMetadataException("it is damaged");
	}

	/**
	 * Leave out the shortest runs until the rest fits.
	 */
	private static CompletedOffsets largestThatFit(long committed, CompletedOffsets completed, int maxBytes) {
		if (runs(committed, completed).length <= maxBytes) {
			return completed;
		}
		long[] lengths = LongStream.range(0, completed.runs())
			.map((run) -> completed.to((int) run) - completed.from((int) run))
			.sorted()
			.distinct()
			.toArray();
		int tooShort = 0;
		int longEnough = lengths.length;
		while (longEnough - tooShort > 1) {
			int middle = (tooShort + longEnough) >>> 1;
			if (runs(committed, atLeast(completed, lengths[middle], Integer.MAX_VALUE)).length <= maxBytes) {
				longEnough = middle;
			}
			else {
				tooShort = middle;
			}
		}
		// Of the runs that are one step too short, the first ones may still fit.
		int few = 0;
		int many = completed.runs();
		while (many - few > 1) {
			int middle = (few + many) >>> 1;
			if (runs(committed, atLeast(completed, lengths[tooShort], middle)).length <= maxBytes) {
				few = middle;
			}
			else {
				many = middle;
			}
		}
		return atLeast(completed, lengths[tooShort], few);
	}

	/**
	 * Keep the runs that are longer than a length, and so many of just that length.
	 */
	private static CompletedOffsets atLeast(CompletedOffsets completed, long length, int ofThatLength) {
		CompletedOffsets.Builder kept = new CompletedOffsets.Builder();
		int left = ofThatLength;
		for (int run = 0; run < completed.runs(); run++) {
			long runLength = completed.to(run) - completed.from(run);
			if (runLength > length || (runLength == length && left-- > 0)) {
				kept.add(completed.from(run), completed.to(run));
			}
		}
		return kept.build();
	}

	/**
	 * Leave out what is beyond the largest bitmap.
	 */
	private static CompletedOffsets bitmapThatFits(long committed, CompletedOffsets completed, int maxBytes) {
		int header = header(BITMAP, committed).size();
		long end = committed + 1 + Math.max(0, (long) (maxBytes - header)) * Byte.SIZE;
		CompletedOffsets.Builder kept = new CompletedOffsets.Builder();
		for (int run = 0; run < completed.runs() && completed.from(run) < end; run++) {
			kept.add(completed.from(run), Math.min(completed.to(run), end));
		}
		return kept.build();
	}

	private static byte[] runs(long committed, CompletedOffsets completed) {
		ByteArrayOutputStream bytes = header(RUNS, committed);
		long at = committed;
		for (int run = 0; run < completed.runs(); run++) {
			writeNumber(bytes, completed.from(run) - at);
			writeNumber(bytes, completed.to(run) - completed.from(run));
			at = completed.to(run);
		}
		return bytes.toByteArray();
	}

	private static int bitmapLength(long committed, CompletedOffsets completed) {
		return header(BITMAP, committed).size() + bitmapBytes(committed, completed);
	}

	private static int bitmapBytes(long committed, CompletedOffsets completed) {
		return completed.isEmpty() ? 0
				: Math.toIntExact((completed.end() - (committed + 1) + Byte.SIZE - 1) / Byte.SIZE);
	}

	private static byte[] bitmap(long committed, CompletedOffsets completed) {
		ByteArrayOutputStream bytes = header(BITMAP, committed);
		if (!completed.isEmpty()) {
			long first = committed + 1;
			byte[] bits = new byte[bitmapBytes(committed, completed)];
			for (int run = 0; run < completed.runs(); run++) {
				for (long offset = completed.from(run) - first; offset < completed.to(run) - first; offset++) {
					bits[(int) (offset / Byte.SIZE)] |= (byte) (1 << (offset % Byte.SIZE));
				}
			}
			bytes.writeBytes(bits);
		}
		return bytes.toByteArray();
	}

	private static ByteArrayOutputStream header(byte kind, long committed) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		bytes.write(VERSION);
		bytes.write(kind);
		writeNumber(bytes, committed);
		return bytes;
	}

	private static String text(byte[] bytes, int leaderEpoch) {
		ByteBuffer whole = ByteBuffer.allocate(bytes.length + EPOCH_BYTES + CHECKSUM_BYTES);
		whole.put(bytes).putInt(leaderEpoch).putInt(checksum(whole.array(), bytes.length + EPOCH_BYTES));
		return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(whole.array());
	}

	private static int checksum(byte[] bytes, int length) {
		CRC32 checksum = new CRC32();
		checksum.update(bytes, 0, length);
		return (int) checksum.getValue();
	}

	private static void writeNumber(ByteArrayOutputStream bytes, long number) {
		long left = number;
		while (left > 0x7f) {
			bytes.write((int) (left & 0x7f) | 0x80);
			left >>>= 7;
		}
		bytes.write((int) left);
	}

	private static long readNumber(ByteBuffer bytes) {
		long number = 0;
		for (int shift = 0; shift < Long.SIZE - 1; shift += 7) {
			byte next = bytes.get();
			number |= (next & 0x7fL) << shift;
			if (next >= 0) {
				return number;
			}
		}
		throw new IllegalArgumentException("Number is too long");
	}

	/**
	 * Thrown when metadata cannot be trusted.
	 */
	public static final class UnreadableMetadataException extends Exception {

		private static final long serialVersionUID = 1L;

		UnreadableMetadataException(String reason) {
			super(reason);
		}

	}

}
