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
import java.util.List;
import java.util.zip.CRC32;

import org.jspecify.annotations.Nullable;

/**
 * The form in which a commit's metadata stores what the next owner of a partition has to
 * know: what is complete above the committed offset, and which records are parked.
 * <p>
 * The text is {@code kaffe:} and, in Base64 (RFC 4648, URL alphabet, no padding), a
 * version, what that says, the leader epoch, and a CRC-32 of all that. Completed offsets
 * have one of two forms, the smaller one:
 * <ul>
 * <li>runs: how many offsets are open, how many are complete, how many are open, …, from
 * the committed offset on, as variable-length numbers of 7 bits a byte;</li>
 * <li>a bitmap, from the offset after the committed one on, lowest bit first.</li>
 * </ul>
 * Version 2 is the kind of form, the committed offset as it was when this was written,
 * and the form. Version 3 is the committed offset and sections, ascending by their types:
 * each has a type, a length and so many bytes. Types are the kinds of form, and then that
 * of {@link ParkedRecords}. Version 4 has a section of {@link BlockedKeys} besides, whose
 * records are not completed although their offsets are among the completed ones: who does
 * not know it must not read the rest. Sections of types that are not known come from a
 * later version and are skipped. The oldest version is written that can say it.
 * <p>
 * What does not fit is left out. Completed offsets that are not stored are handled again,
 * so they get three quarters of the room if they need them; those that cover least are
 * left out first. Parked records that are not stored get all their attempts again; those
 * with the highest offsets are left out first. Blocked keys get up to half of the room;
 * if some are left out, the completed offsets from the first one of these on are, too.
 * <p>
 * Every member that may commit for the group can write any metadata, so what is read is
 * trusted only if it is, to the letter, what would have been written for what it stores:
 * anything else is dropped as a whole. The time and memory that reading takes are bounded
 * by the length of the text, whatever it stores.
 *
 * @param text the metadata; empty if it stores nothing
 * @param completed the completed offsets that it stores
 * @param parked the parked records that it stores, at or above the committed offset
 * @param blocked the keys whose records are not completed, though their offsets are among
 * the completed ones
 * @param leaderEpoch the highest leader epoch of the records up to the end of what it
 * stores, or {@link #UNKNOWN_EPOCH}
 */
public record CommitMetadata(String text, CompletedOffsets completed, ParkedRecords parked, BlockedKeys blocked,
		int leaderEpoch) {

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
	public static final CommitMetadata NONE = new CommitMetadata("", CompletedOffsets.NONE, ParkedRecords.NONE,
			BlockedKeys.NONE, UNKNOWN_EPOCH);

	private static final String PREFIX = "kaffe:";

	/** Completed offsets alone. Version 1 had no leader epoch. */
	private static final byte COMPLETED_VERSION = 2;

	private static final byte SECTIONS_VERSION = 3;

	private static final byte BLOCKED_VERSION = 4;

	/** The type of its section, after those of completed offsets. */
	private static final byte PARKED = 2;

	private static final byte BLOCKED = 3;

	private static final int BLOCKED_SHARE = 2;

	private static final int PARKED_SHARE = 4;

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
		return of(committed, completed, ParkedRecords.NONE, UNKNOWN_EPOCH, maxLength);
	}

	/**
	 * Write what is complete above a committed offset, and what is parked.
	 * @param committed the committed offset: everything below is complete, it is not
	 * @param completed what is complete above; what is not above is left out
	 * @param parked what is parked, and not completed; what is below is left out
	 * @param leaderEpoch the highest leader epoch of the records that were polled, or
	 * {@link #UNKNOWN_EPOCH}
	 * @param maxLength most characters of the text, each of which is one byte
	 * @return the metadata with what fits
	 */
	public static CommitMetadata of(long committed, CompletedOffsets completed, ParkedRecords parked, int leaderEpoch,
			int maxLength) {
		return of(committed, completed, parked, BlockedKeys.NONE, leaderEpoch, maxLength);
	}

	/**
	 * Write what is complete above a committed offset, and what is parked or blocked.
	 * @param committed the committed offset: everything below is complete, it is not
	 * @param completed what is complete above; what is not above is left out
	 * @param parked what is parked, and not completed; what is below is left out
	 * @param blocked keys whose records are not completed, though their offsets are among
	 * the completed ones; none from below the committed offset
	 * @param leaderEpoch the highest leader epoch of the records that were polled, or
	 * {@link #UNKNOWN_EPOCH}
	 * @param maxLength most characters of the text, each of which is one byte
	 * @return the metadata with what fits
	 */
	public static CommitMetadata of(long committed, CompletedOffsets completed, ParkedRecords parked,
			BlockedKeys blocked, int leaderEpoch, int maxLength) {
		int maxBytes = Math.max(0, (maxLength - PREFIX.length()) * 3 / 4) - EPOCH_BYTES - CHECKSUM_BYTES
				- Numbers.length(committed);
		CompletedOffsets above = new CompletedOffsets.Builder().addFrom(completed, committed + 1, Long.MAX_VALUE)
			.build();
		boolean anyBlocked = !above.isEmpty() && blocked.first() < above.end();
		ParkedRecords open = parked
			.only((offset) -> offset >= committed && (anyBlocked || !completed.contains(offset)));
		CommitMetadata sections = (open.isEmpty() && !anyBlocked) ? NONE : sections(committed, above, open,
				anyBlocked ? blocked : BlockedKeys.NONE, leaderEpoch, maxBytes - Byte.BYTES);
		return (sections.parked().isEmpty() && sections.blocked().isEmpty())
				? completed(committed, blocked.certain(above), leaderEpoch, maxBytes - 2 * Byte.BYTES) : sections;
	}

	private static CommitMetadata completed(long committed, CompletedOffsets above, int leaderEpoch, int maxBytes) {
		CompletedForm form = CompletedForm.of(committed, above, maxBytes);
		return form.stored().isEmpty() ? NONE : completed(committed, form, leaderEpoch);
	}

	private static CommitMetadata completed(long committed, CompletedForm form, int leaderEpoch) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		bytes.write(COMPLETED_VERSION);
		bytes.write(form.kind());
		Numbers.write(bytes, committed);
		bytes.writeBytes(form.bytes());
		return new CommitMetadata(text(bytes.toByteArray(), leaderEpoch), form.stored(), ParkedRecords.NONE,
				BlockedKeys.NONE, leaderEpoch);
	}

	private static CommitMetadata sections(long committed, CompletedOffsets above, ParkedRecords parked,
			BlockedKeys blocked, int leaderEpoch, int maxBytes) {
		int frame = Byte.BYTES + Numbers.length(Math.max(0, maxBytes));
		BlockedKeys keys = blocked.firstThatFit(committed, maxBytes / BLOCKED_SHARE - frame);
		List<BlockedKeys.BlockedKey> leftOut = blocked.all().subList(keys.all().size(), blocked.all().size());
		CompletedOffsets certain = leftOut.isEmpty() ? above
				: new CompletedOffsets.Builder().addFrom(above, 0, leftOut.get(0).from()).build();
		ParkedRecords open = keys.isEmpty() ? parked.only((offset) -> !certain.contains(offset)) : parked;
		int left = maxBytes - (keys.isEmpty() ? 0 : frame + keys.bytes(committed).length);
		int forParked = open.isEmpty() ? 0 : Math.min(frame + open.bytes(committed).length, left / PARKED_SHARE);
		CompletedForm form = CompletedForm.of(committed, certain, left - forParked - frame);
		if (form.stored().isEmpty()) {
			// Then there is nothing that keys are an exception of.
			keys = BlockedKeys.NONE;
		}
		ByteArrayOutputStream bytes = sections(keys.isEmpty() ? SECTIONS_VERSION : BLOCKED_VERSION, committed);
		int before = bytes.size();
		if (!form.stored().isEmpty()) {
			section(bytes, form.kind(), form.bytes());
		}
		ParkedRecords stored = open.isEmpty() ? open
				: open.firstThatFit(committed, left - (bytes.size() - before) - frame);
		if (!stored.isEmpty()) {
			section(bytes, PARKED, stored.bytes(committed));
		}
		if (!keys.isEmpty()) {
			section(bytes, BLOCKED, keys.bytes(committed));
		}
		return new CommitMetadata(text(bytes.toByteArray(), leaderEpoch), form.stored(), stored, keys, leaderEpoch);
	}

	private static ByteArrayOutputStream sections(byte version, long committed) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		bytes.write(version);
		Numbers.write(bytes, committed);
		return bytes;
	}

	private static void section(ByteArrayOutputStream bytes, byte type, byte[] section) {
		bytes.write(type);
		Numbers.write(bytes, section.length);
		bytes.writeBytes(section);
	}

	/**
	 * Read metadata.
	 * @param text what was committed; {@code null} or empty stores nothing
	 * @param committed the offset that was committed with it
	 * @return what it stores: offsets above the committed one, and parked records at or
	 * above it
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
		if (version < COMPLETED_VERSION || version > BLOCKED_VERSION) {
			throw new UnreadableMetadataException(
					"it is of version " + version + ", not " + COMPLETED_VERSION + " to " + BLOCKED_VERSION);
		}
		int checksumAt = bytes.limit() - CHECKSUM_BYTES;
		int epochAt = checksumAt - EPOCH_BYTES;
		if (epochAt <= 0 || bytes.getInt(checksumAt) != checksum(bytes.array(), checksumAt)) {
			throw damaged();
		}
		int leaderEpoch = bytes.getInt(epochAt);
		bytes.limit(epochAt);
		byte kind = (version == COMPLETED_VERSION) ? bytes.get() : 0;
		long writtenFor = Numbers.read(bytes);
		if (writtenFor != committed) {
			throw new UnreadableMetadataException(
					"it was written for offset " + writtenFor + ", but " + committed + " is committed");
		}
		if (leaderEpoch < UNKNOWN_EPOCH) {
			throw damaged();
		}
		if (version != COMPLETED_VERSION) {
			return readSections(bytes, version, committed, leaderEpoch);
		}
		return completed(committed, CompletedForm.read(kind, bytes, committed), leaderEpoch);
	}

	/**
	 * Read sections of known types, which are written as they would be, and skip others,
	 * which are written as they are.
	 */
	private static CommitMetadata readSections(ByteBuffer bytes, byte version, long committed, int leaderEpoch)
			throws UnreadableMetadataException {
		CompletedOffsets completed = CompletedOffsets.NONE;
		ParkedRecords parked = ParkedRecords.NONE;
		BlockedKeys blocked = BlockedKeys.NONE;
		ByteArrayOutputStream written = sections(version, committed);
		int type = -1;
		while (bytes.hasRemaining()) {
			int before = type;
			type = Byte.toUnsignedInt(bytes.get());
			byte[] section = new byte[(int) Numbers.read(bytes, bytes.remaining())];
			bytes.get(section);
			if (type <= before || (type == CompletedForm.BITMAP && before == CompletedForm.RUNS)) {
				throw damaged();
			}
			if (type < PARKED) {
				CompletedForm form = CompletedForm.read((byte) type, ByteBuffer.wrap(section), committed);
				completed = form.stored();
				section = form.bytes();
			}
			else if (type == PARKED) {
				parked = ParkedRecords.read(ByteBuffer.wrap(section), committed);
				section = parked.bytes(committed);
			}
			else if (type == BLOCKED && version == BLOCKED_VERSION) {
				blocked = BlockedKeys.read(ByteBuffer.wrap(section), committed);
				section = blocked.bytes(committed);
			}
			section(written, (byte) type, section);
		}
		boolean older = (version == SECTIONS_VERSION) ? type < PARKED : blocked.isEmpty() || completed.isEmpty();
		if (older || (blocked.isEmpty() && parked.isAnyAmong(completed))) {
			// An older version would say the same, or a record is both.
			throw damaged();
		}
		return new CommitMetadata(text(written.toByteArray(), leaderEpoch), completed, parked, blocked, leaderEpoch);
	}

	/**
	 * Check that nothing is reported that the log does not hold.
	 * @param end the end of the log: the offset after the last record that a consumer can
	 * have polled
	 * @throws UnreadableMetadataException if an offset is reported that is not below it
	 */
	public void checkBelow(long end) throws UnreadableMetadataException {
		long reported = Math.max(this.completed.isEmpty() ? 0 : this.completed.end(), this.parked.end());
		if (reported > end) {
			throw new UnreadableMetadataException(
					"it reports offsets up to " + (reported - 1) + ", but the log ends at " + end);
		}
	}

	/**
	 * Return whether it stores nothing that is known.
	 * @return {@code true} if it does not
	 */
	public boolean isEmpty() {
		return this.completed.isEmpty() && this.parked.isEmpty();
	}

	private static UnreadableMetadataException damaged() {
		return new UnreadableMetadataException("it is damaged");
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
