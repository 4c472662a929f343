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
import java.nio.ByteBuffer;
import java.util.stream.LongStream;

/**
 * The form in which a commit's metadata stores completed offsets: runs or a bitmap.
 *
 * @param kind {@link #RUNS} or {@link #BITMAP}
 * @param stored the offsets that are stored, all above the committed one
 * @param bytes the form
 */
record CompletedForm(byte kind, CompletedOffsets stored, byte[] bytes) {

	static final byte RUNS = 0;

	static final byte BITMAP = 1;

	/**
	 * Return the form that stores most.
	 * @param above completed offsets above the committed one
	 * @param maxBytes most bytes; what does not fit is left out
	 */
	static CompletedForm of(long committed, CompletedOffsets above, int maxBytes) {
		if (above.isEmpty() || maxBytes <= 0) {
			return new CompletedForm(RUNS, CompletedOffsets.NONE, new byte[0]);
		}
		CompletedOffsets inRuns = largestThatFit(committed, above, maxBytes);
		CompletedOffsets inBitmap = bitmapThatFits(committed, above, maxBytes);
		byte[] runs = runs(committed, inRuns);
		long difference = inRuns.count() - inBitmap.count();
		boolean asRuns = difference > 0 || (difference == 0 && runs.length <= bitmapBytes(committed, inBitmap));
		return asRuns ? new CompletedForm(RUNS, inRuns, runs)
				: new CompletedForm(BITMAP, inBitmap, bitmap(committed, inBitmap));
	}

	/**
	 * Read a form; whether it is what would have been written for that has to be checked.
	 * @throws IllegalArgumentException if it cannot be understood
	 * @throws ArithmeticException if an offset is out of range
	 * @throws java.nio.BufferUnderflowException if something is missing
	 */
	static CompletedForm read(byte kind, ByteBuffer bytes, long committed) {
		CompletedOffsets stored = switch (kind) {
			case RUNS -> readRuns(bytes, committed);
			case BITMAP -> readBitmap(bytes, committed);
			default -> throw new IllegalArgumentException("No such form: " + kind);
		};
		if (stored.isEmpty()) {
			throw new IllegalArgumentException("It stores nothing");
		}
		return new CompletedForm(kind, stored, (kind == RUNS) ? runs(committed, stored) : bitmap(committed, stored));
	}

	private static CompletedOffsets readRuns(ByteBuffer bytes, long committed) {
		CompletedOffsets.Builder completed = new CompletedOffsets.Builder();
		long at = committed;
		while (bytes.hasRemaining()) {
			long from = Math.addExact(at, Numbers.read(bytes));
			if (from == at) {
				throw new IllegalArgumentException("Not above what comes before: " + from);
			}
			at = Math.addExact(from, Numbers.read(bytes));
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
		long end = committed + 1 + Math.max(0, (long) maxBytes) * Byte.SIZE;
		CompletedOffsets.Builder kept = new CompletedOffsets.Builder();
		for (int run = 0; run < completed.runs() && completed.from(run) < end; run++) {
			kept.add(completed.from(run), Math.min(completed.to(run), end));
		}
		return kept.build();
	}

	private static byte[] runs(long committed, CompletedOffsets completed) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		long at = committed;
		for (int run = 0; run < completed.runs(); run++) {
			Numbers.write(bytes, completed.from(run) - at);
			Numbers.write(bytes, completed.to(run) - completed.from(run));
			at = completed.to(run);
		}
		return bytes.toByteArray();
	}

	private static int bitmapBytes(long committed, CompletedOffsets completed) {
		return completed.isEmpty() ? 0
				: Math.toIntExact((completed.end() - (committed + 1) + Byte.SIZE - 1) / Byte.SIZE);
	}

	private static byte[] bitmap(long committed, CompletedOffsets completed) {
		long first = committed + 1;
		byte[] bits = new byte[bitmapBytes(committed, completed)];
		for (int run = 0; run < completed.runs(); run++) {
			for (long offset = completed.from(run) - first; offset < completed.to(run) - first; offset++) {
				bits[(int) (offset / Byte.SIZE)] |= (byte) (1 << (offset % Byte.SIZE));
			}
		}
		return bits;
	}

}
