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

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

import org.jspecify.annotations.Nullable;

/**
 * The offsets of one partition assignment from its watermark to the last one handed over,
 * one bit each.
 * <p>
 * The watermark is the smallest offset that is not complete: everything below it is final
 * and may be committed. Offsets are appended in ascending order and completed in any
 * order. An offset that is skipped while appending (a compacted record, a transaction
 * marker) belongs to no record and is complete at once.
 * <p>
 * Bits live in segments of 4,096 offsets (512 bytes), kept in a ring that grows with the
 * distance between watermark and last offset and whose passed segments are let go. Work
 * per offset is constant, and the watermark moves by whole words.
 * <p>
 * <b>Threading.</b> {@link #append}, {@link #skipTo} and {@link #advance} belong to one
 * owner, the consumer thread. {@link #complete} may be called by any thread for an offset
 * whose append happened before (handing the record over sees to that), and everything
 * else by any thread for a view that may be a moment old. Growing replaces the ring but
 * shares its segments, so a completion that still holds the old ring sets the same bit: a
 * segment of an open offset cannot be let go, because the watermark cannot pass that
 * offset, and the watermark moves before they are, so that who misses a segment finds it
 * there. A completion that comes twice, or for an offset that belongs to no record, finds
 * its bit set or no segment with its base, and changes nothing. No locks, no waiting.
 */
public final class OffsetWindow {

	private static final int SEGMENT_SHIFT = 12;

	private static final int SEGMENT_OFFSETS = 1 << SEGMENT_SHIFT;

	private static final int INITIAL_RING = 4;

	private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

	private static final VarHandle SEGMENTS = MethodHandles.arrayElementVarHandle(Segment[].class);

	private volatile @Nullable Segment[] ring = new @Nullable Segment[INITIAL_RING];

	private volatile long watermark;

	private volatile long next;

	/**
	 * Create a window that holds no offset yet.
	 * @param firstOffset the smallest offset that may be appended, 0 or more
	 * @throws IllegalArgumentException if the offset is negative
	 */
	public OffsetWindow(long firstOffset) {
		if (firstOffset < 0) {
			throw new IllegalArgumentException("Offset must not be negative: " + firstOffset);
		}
		this.watermark = firstOffset;
		this.next = firstOffset;
	}

	/**
	 * Append one open offset. Offsets between the last one and this one are complete.
	 * Owner only.
	 * @param offset the offset of a record that is handed over, at least {@link #next()}
	 * @throws IllegalArgumentException if the offset is below {@link #next()}
	 */
	public void append(long offset) {
		append(offset, offset);
	}

	/**
	 * Append consecutive open offsets. Offsets between the last one and the first of them
	 * are complete. Owner only.
	 * @param first the first offset, at least {@link #next()}
	 * @param last the last offset, inclusive
	 * @throws IllegalArgumentException if the first offset is below {@link #next()}
	 */
	public void append(long first, long last) {
		skipTo(first);
		for (long base = baseOf(first); base <= last; base += SEGMENT_OFFSETS) {
			if (segment(base) == null) {
				Segment segment = new Segment(base);
				segment.fill(base, first);
				put(base, segment);
			}
		}
		this.next = last + 1;
	}

	/**
	 * Take every offset from {@link #next()} up to the given one for complete: there are
	 * no records between them. Owner only.
	 * @param offset the next offset that can hold a record, at least {@link #next()}
	 * @throws IllegalArgumentException if the offset is below {@link #next()}
	 */
	public void skipTo(long offset) {
		long from = this.next;
		if (offset < from) {
			throw new IllegalArgumentException("Offset " + offset + " is below " + from + ", the next to append");
		}
		if (this.watermark == from) {
			Segment segment = segment(baseOf(from));
			if (segment != null) {
				segment.fill(from, Math.min(offset, segment.base + SEGMENT_OFFSETS));
			}
			moveWatermark(from, offset);
			this.next = offset;
			return;
		}
		while (from < offset) {
			long base = baseOf(from);
			long end = Math.min(offset, base + SEGMENT_OFFSETS);
			Segment segment = segment(base);
			if (segment == null) {
				segment = (end - from == SEGMENT_OFFSETS) ? Segment.gap(base) : new Segment(base);
				put(base, segment);
			}
			segment.fill(from, end);
			from = end;
		}
		this.next = offset;
	}

	/**
	 * Complete an offset that was appended. Any thread.
	 * @param offset the offset of a record whose outcome is final
	 * @return whether this call completed it: {@code false} if it was complete already or
	 * is not in the window
	 */
	public boolean complete(long offset) {
		Segment segment = segment(baseOf(offset));
		return segment != null && offset < this.next && segment.complete(offset);
	}

	/**
	 * Move the watermark over all that is complete. Owner only.
	 * @return the watermark: the smallest offset that is not complete
	 */
	public long advance() {
		long from = this.watermark;
		long end = this.next;
		long at = from;
		while (at < end) {
			Segment segment = segment(baseOf(at));
			long reached = (segment != null) ? segment.firstOpen(at) : at;
			if (reached == at) {
				break;
			}
			at = Math.min(reached, end);
		}
		if (at != from) {
			moveWatermark(from, at);
		}
		return at;
	}

	/**
	 * Return the watermark as of the last {@link #advance()}. Any thread.
	 * @return the offset below which everything is complete, next-to-read as Kafka counts
	 */
	public long watermark() {
		return this.watermark;
	}

	/**
	 * Look for the smallest offset that is not complete, without moving the watermark.
	 * Any thread.
	 * @return what {@link #advance()} would answer, a moment ago
	 */
	public long firstOpen() {
		long end = this.next;
		return firstOpen(this.watermark, end);
	}

	/**
	 * Return the offset after the last one appended or skipped. Any thread.
	 * @return the smallest offset that can still be appended
	 */
	public long next() {
		return this.next;
	}

	/**
	 * Return whether an offset is complete. Any thread.
	 * @param offset the offset
	 * @return {@code true} below the watermark, {@code false} from {@link #next()} on
	 */
	public boolean isComplete(long offset) {
		if (offset < this.watermark) {
			return true;
		}
		Segment segment = segment(baseOf(offset));
		if (segment == null) {
			return offset < this.watermark;
		}
		return offset < this.next && segment.firstOpen(offset) > offset;
	}

	/**
	 * Count the complete offsets that wait above the watermark for a smaller one. Any
	 * thread; takes time in proportion to the length of the window, a word at a time.
	 * @return the number of complete offsets from the watermark to {@link #next()}
	 */
	public long completedAhead() {
		long count = 0;
		long end = this.next;
		for (long at = this.watermark; at < end; at = baseOf(at) + SEGMENT_OFFSETS) {
			Segment segment = segment(baseOf(at));
			if (segment != null) {
				count += segment.count(at, Math.min(end, segment.base + SEGMENT_OFFSETS));
			}
		}
		return count;
	}

	/**
	 * Return the complete offsets that wait above the watermark for a smaller one. Owner
	 * only, after {@link #advance()}. Takes time in proportion to the number of runs,
	 * plus a step for each segment that is complete throughout.
	 * @param maxRuns most runs to return, the first ones
	 * @return a builder with the runs, to which what is above {@link #next()} may be
	 * added
	 */
	public CompletedOffsets.Builder completedAboveWatermark(int maxRuns) {
		CompletedOffsets.Builder completed = new CompletedOffsets.Builder();
		long end = this.next;
		long from = firstComplete(this.watermark, end);
		while (from < end && completed.runs() < maxRuns) {
			long to = firstOpen(from, end);
			completed.add(from, to);
			from = firstComplete(to, end);
		}
		return completed;
	}

	private long firstOpen(long from, long end) {
		long at = from;
		while (at < end) {
			Segment segment = segment(baseOf(at));
			long found = (segment != null) ? segment.firstOpen(at) : at;
			if (found < baseOf(at) + SEGMENT_OFFSETS) {
				return Math.min(found, end);
			}
			at = found;
		}
		return end;
	}

	private long firstComplete(long from, long end) {
		long at = from;
		while (at < end) {
			Segment segment = segment(baseOf(at));
			long segmentEnd = baseOf(at) + SEGMENT_OFFSETS;
			long found = (segment != null) ? segment.firstComplete(at) : segmentEnd;
			if (found < segmentEnd) {
				return Math.min(found, end);
			}
			at = segmentEnd;
		}
		return end;
	}

	private static long baseOf(long offset) {
		return offset & -SEGMENT_OFFSETS;
	}

	private static int slot(long base, int length) {
		return (int) (base >>> SEGMENT_SHIFT) & (length - 1);
	}

	private @Nullable Segment segment(long base) {
		@Nullable Segment[] segments = this.ring;
		Segment segment = (Segment) SEGMENTS.getAcquire(segments, slot(base, segments.length));
		return (segment != null && segment.base == base) ? segment : null;
	}

	private void put(long base, Segment segment) {
		long first = baseOf(this.watermark);
		@Nullable Segment[] segments = this.ring;
		long needed = ((base - first) >>> SEGMENT_SHIFT) + 1;
		if (needed > segments.length) {
			segments = grow(segments, needed);
		}
		SEGMENTS.setRelease(segments, slot(base, segments.length), segment);
		this.ring = segments;
	}

	private static @Nullable Segment[] grow(@Nullable Segment[] segments, long needed) {
		int length = Math.toIntExact(Long.highestOneBit(needed - 1) << 1);
		@Nullable Segment[] grown = new @Nullable Segment[length];
		for (Segment segment : segments) {
			if (segment != null) {
				grown[slot(segment.base, length)] = segment;
			}
		}
		return grown;
	}

	private void moveWatermark(long from, long to) {
		this.watermark = to;
		long base = baseOf(from);
		@Nullable Segment[] segments = this.ring;
		long end = Math.min(baseOf(to), base + ((long) segments.length << SEGMENT_SHIFT));
		while (base < end) {
			SEGMENTS.setRelease(segments, slot(base, segments.length), null);
			base += SEGMENT_OFFSETS;
		}
	}

	/**
	 * The bits of 4,096 offsets; without words when all are complete, so that a wide gap
	 * costs next to nothing.
	 */
	private static final class Segment {

		private static final int WORDS_PER_SEGMENT = SEGMENT_OFFSETS / Long.SIZE;

		private static final long[] ALL_COMPLETE = new long[0];

		private final long base;

		private final long[] words;

		/** Remembered, since bits are never taken back. */
		private volatile boolean completeThroughout;

		private Segment(long base) {
			this(base, new long[WORDS_PER_SEGMENT]);
		}

		private Segment(long base, long[] words) {
			this.base = base;
			this.words = words;
			this.completeThroughout = words == ALL_COMPLETE;
		}

		private static Segment gap(long base) {
			return new Segment(base, ALL_COMPLETE);
		}

		private boolean complete(long offset) {
			if (this.words == ALL_COMPLETE) {
				return false;
			}
			long bit = 1L << offset;
			long before = (long) WORDS.getAndBitwiseOrRelease(this.words, wordOf(offset), bit);
			return (before & bit) == 0;
		}

		private void fill(long from, long to) {
			if (this.words == ALL_COMPLETE) {
				return;
			}
			for (long at = from; at < to;) {
				long end = Math.min(to, (at & -Long.SIZE) + Long.SIZE);
				WORDS.getAndBitwiseOrRelease(this.words, wordOf(at), mask(at, end));
				at = end;
			}
		}

		/**
		 * Return the first open offset, or the end of the segment.
		 */
		private long firstOpen(long from) {
			long end = this.base + SEGMENT_OFFSETS;
			if (this.completeThroughout) {
				return end;
			}
			long at = from;
			while (at < end) {
				long open = ~(long) WORDS.getAcquire(this.words, wordOf(at)) & (-1L << at);
				long wordStart = at & -Long.SIZE;
				if (open != 0) {
					return wordStart + Long.numberOfTrailingZeros(open);
				}
				at = wordStart + Long.SIZE;
			}
			if (from == this.base) {
				this.completeThroughout = true;
			}
			return end;
		}

		/**
		 * Return the first complete offset, or the end of the segment.
		 */
		private long firstComplete(long from) {
			if (this.completeThroughout) {
				return from;
			}
			long at = from;
			long end = this.base + SEGMENT_OFFSETS;
			while (at < end) {
				long complete = (long) WORDS.getAcquire(this.words, wordOf(at)) & (-1L << at);
				long wordStart = at & -Long.SIZE;
				if (complete != 0) {
					return wordStart + Long.numberOfTrailingZeros(complete);
				}
				at = wordStart + Long.SIZE;
			}
			return end;
		}

		private long count(long from, long to) {
			if (this.completeThroughout) {
				return to - from;
			}
			long count = 0;
			for (long at = from; at < to;) {
				long end = Math.min(to, (at & -Long.SIZE) + Long.SIZE);
				count += Long.bitCount((long) WORDS.getAcquire(this.words, wordOf(at)) & mask(at, end));
				at = end;
			}
			return count;
		}

		private static int wordOf(long offset) {
			return (int) (offset >>> 6) & (WORDS_PER_SEGMENT - 1);
		}

		private static long mask(long from, long to) {
			long width = to - from;
			return ((width == Long.SIZE) ? -1L : (1L << width) - 1) << from;
		}

	}

}
