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

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

/**
 * The offsets of one partition assignment from its watermark to the last one dispatched,
 * one bit each.
 * <p>
 * The watermark is the smallest offset that is not complete: everything below it is
 * complete and may be committed. Offsets are appended in ascending order and completed in
 * any order. An offset that is skipped while appending (a compacted record, a transaction
 * marker) belongs to no record and is complete at once.
 * <p>
 * Bits live in segments of 4,096 offsets (512 bytes), in ascending order. There is a
 * segment only where an offset is open, or was when the segments were last checked: a
 * gap, and what has been completed throughout, costs nothing, however long it is. So time
 * per offset is constant but for a search among the segments where there are gaps, the
 * watermark moves by whole words, and memory is in proportion to the open offsets.
 * <p>
 * <b>Threading.</b> {@link #append}, {@link #skipTo} and {@link #advance} belong to one
 * owner, the consumer thread. {@link #complete} may be called by any thread for an offset
 * whose append happened before (dispatching the record ensures that), and everything else
 * by any thread for a view that may be a moment old. The owner publishes segments before
 * {@code next} passes them, and drops them only when all of their offsets below
 * {@code next} are complete: so for an offset below a {@code next} that was read first, a
 * missing segment means that it is complete. Growing replaces the array but shares its
 * segments, so a completion that still holds the old one sets the same bit. A completion
 * that comes twice, or for an offset that belongs to no record, finds its bit set or no
 * segment with its base, and changes nothing. No locks, no waiting.
 */
public final class OffsetWindow {

	private static final int SEGMENT_SHIFT = 12;

	private static final int SEGMENT_OFFSETS = 1 << SEGMENT_SHIFT;

	private static final int INITIAL_CAPACITY = 4;

	private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

	private static final VarHandle SEGMENTS = MethodHandles.arrayElementVarHandle(Segment[].class);

	private volatile View view = new View(new @Nullable Segment[INITIAL_CAPACITY], 0, 0);

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
	 * @param offset the offset of a record that is dispatched, at least {@link #next()}
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
				add(segment);
			}
		}
		this.next = last + 1;
	}

	/**
	 * Treat every offset from {@link #next()} up to the given one as complete: there are
	 * no records between them. Owner only.
	 * @param offset the next offset that can hold a record, at least {@link #next()}
	 * @throws IllegalArgumentException if the offset is below {@link #next()}
	 */
	public void skipTo(long offset) {
		long from = this.next;
		if (offset < from) {
			throw new IllegalArgumentException("Offset " + offset + " is below " + from + ", the next to append");
		}
		Segment last = segment(baseOf(from));
		if (last != null) {
			last.fill(from, Math.min(offset, last.end()));
		}
		if (this.watermark == from) {
			moveWatermark(offset);
		}
		this.next = offset;
	}

	/**
	 * Complete an offset that was appended. Any thread.
	 * @param offset the offset of a record that is completed
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
		long reached = firstOpen(from, this.next);
		if (reached != from) {
			moveWatermark(reached);
		}
		return reached;
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
	 * @return what {@link #advance()} would have returned a moment ago
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
		// Read first: then a missing segment means that it is complete.
		long end = this.next;
		if (offset >= end) {
			return false;
		}
		Segment segment = segment(baseOf(offset));
		return segment == null || segment.firstOpen(offset) > offset;
	}

	/**
	 * Count the complete offsets that wait above the watermark for a smaller one. Any
	 * thread; takes time in proportion to the number of segments.
	 * @return the number of complete offsets from the watermark to {@link #next()}
	 */
	public long completedAhead() {
		long end = this.next;
		long from = this.watermark;
		return Math.max(0, end - from - open(from, end));
	}

	/**
	 * Count the open offsets of a range. Any thread; takes time in proportion to the
	 * number of segments.
	 * @param from the first offset of the range
	 * @param to the offset after its last one
	 * @return the number of offsets in it that were appended and are not complete
	 */
	public long open(long from, long to) {
		long end = Math.min(to, this.next);
		View view = this.view;
		long count = 0;
		for (int index = view.indexFrom(baseOf(from)); index < view.to; index++) {
			Segment segment = view.get(index);
			if (segment != null && segment.base < end) {
				count += segment.countOpen(Math.max(from, segment.base), Math.min(end, segment.end()));
			}
		}
		return count;
	}

	/**
	 * Return the complete offsets above a watermark: those that wait for a smaller one.
	 * What was completed at the watermark since it was read is not among them, since it
	 * moves the watermark. Any thread. Takes time in proportion to the number of runs and
	 * of segments.
	 * @param watermark what {@link #advance()} has returned
	 * @param maxRuns most runs to return, the first ones
	 * @return a builder with the runs, each of which begins above the watermark, to which
	 * what is above {@link #next()} may be added
	 */
	public CompletedOffsets.Builder completedAbove(long watermark, int maxRuns) {
		long end = this.next;
		return completed(firstOpen(watermark, end), end, maxRuns);
	}

	/**
	 * Return the complete offsets of a range. Any thread. Takes time in proportion to the
	 * number of runs and of segments.
	 * @param from the first offset of the range, not below the watermark
	 * @param to the offset after its last one, at most {@link #next()}
	 * @param maxRuns most runs to return, the first ones
	 * @return a builder with the runs
	 */
	public CompletedOffsets.Builder completed(long from, long to, int maxRuns) {
		CompletedOffsets.Builder completed = new CompletedOffsets.Builder();
		long at = firstComplete(from, to);
		while (at < to && completed.runs() < maxRuns) {
			long end = firstOpen(at, to);
			completed.add(at, end);
			at = firstComplete(end, to);
		}
		return completed;
	}

	/**
	 * Return how many segments there are. Any thread.
	 */
	int segments() {
		View view = this.view;
		return view.to - view.from;
	}

	private long firstOpen(long from, long end) {
		View view = this.view;
		for (int index = view.indexFrom(baseOf(from)); index < view.to; index++) {
			Segment segment = view.get(index);
			if (segment != null) {
				if (segment.base >= end) {
					break;
				}
				long found = segment.firstOpen(Math.max(from, segment.base));
				if (found < segment.end()) {
					return Math.min(found, end);
				}
			}
		}
		return end;
	}

	private long firstComplete(long from, long end) {
		long at = from;
		while (at < end) {
			Segment segment = segment(baseOf(at));
			long found = (segment != null) ? segment.firstComplete(at) : at;
			if (segment == null || found < segment.end()) {
				return Math.min(found, end);
			}
			at = found;
		}
		return end;
	}

	private static long baseOf(long offset) {
		return offset & -SEGMENT_OFFSETS;
	}

	private @Nullable Segment segment(long base) {
		View view = this.view;
		int index = view.indexFrom(base);
		Segment segment = (index < view.to) ? view.get(index) : null;
		return (segment != null && segment.base == base) ? segment : null;
	}

	/**
	 * Add a segment behind the others.
	 */
	private void add(Segment segment) {
		View view = this.view;
		if (view.to == view.segments.length) {
			view = view.withRoom();
		}
		SEGMENTS.setRelease(view.segments, view.to, segment);
		this.view = new View(view.segments, view.from, view.to + 1);
	}

	private void moveWatermark(long to) {
		this.watermark = to;
		View view = this.view;
		int from = view.from;
		while (from < view.to && Objects.requireNonNull(view.get(from)).end() <= to) {
			from++;
		}
		if (from > view.from) {
			this.view = new View(view.segments, from, view.to);
			// A thread that still has the old view finds nothing there, which means the
			// same.
			for (int index = view.from; index < from; index++) {
				SEGMENTS.setRelease(view.segments, index, null);
			}
		}
	}

	/**
	 * The segments at a moment: a part of an array, to which the owner adds behind that
	 * part, and from which it takes what is before it.
	 */
	private static final class View {

		private final @Nullable Segment[] segments;

		private final int from;

		private final int to;

		/**
		 * Create a view.
		 * @param segments the array
		 * @param from the first index
		 * @param to the index after the last one
		 */
		View(@Nullable Segment[] segments, int from, int to) {
			this.segments = segments;
			this.from = from;
			this.to = to;
		}

		@Nullable Segment get(int index) {
			return (Segment) SEGMENTS.getAcquire(this.segments, index);
		}

		/**
		 * Return where the first segment is that has a base or a greater one. Bases go up
		 * by the length of a segment at least, so that it is no further from the first
		 * one than it would be without gaps: where it is, if there are none.
		 */
		int indexFrom(long base) {
			Segment first = (this.from < this.to) ? get(this.from) : null;
			if (first != null && base <= first.base) {
				return this.from;
			}
			int low = this.from;
			int high = this.to;
			if (first != null && base - first.base <= (long) (high - low) << SEGMENT_SHIFT) {
				high = low + (int) ((base - first.base) >>> SEGMENT_SHIFT);
				Segment guess = (high < this.to) ? get(high) : null;
				if (guess != null && guess.base == base) {
					return high;
				}
			}
			while (low < high) {
				int middle = (low + high) >>> 1;
				Segment segment = get(middle);
				// What was dropped is below all others.
				if (segment == null || segment.base < base) {
					low = middle + 1;
				}
				else {
					high = middle;
				}
			}
			return low;
		}

		/**
		 * Return a view of the segments that are not complete, in an array that has room
		 * for as many again.
		 */
		View withRoom() {
			@Nullable Segment[] open = new @Nullable Segment[this.to - this.from];
			int count = 0;
			for (int index = this.from; index < this.to; index++) {
				Segment segment = get(index);
				if (segment != null && segment.firstOpen(segment.base) < segment.end()) {
					open[count++] = segment;
				}
			}
			return new View(Arrays.copyOf(open, Math.max(INITIAL_CAPACITY, 2 * count)), 0, count);
		}

	}

	/**
	 * The bits of 4,096 offsets.
	 */
	private static final class Segment {

		private static final int WORDS_PER_SEGMENT = SEGMENT_OFFSETS / Long.SIZE;

		private final long base;

		private final long[] words = new long[WORDS_PER_SEGMENT];

		/** Remembered, since bits are never taken back. */
		private volatile boolean completeThroughout;

		private Segment(long base) {
			this.base = base;
		}

		private long end() {
			return this.base + SEGMENT_OFFSETS;
		}

		private boolean complete(long offset) {
			long bit = 1L << offset;
			long before = (long) WORDS.getAndBitwiseOrRelease(this.words, wordOf(offset), bit);
			return (before & bit) == 0;
		}

		private void fill(long from, long to) {
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

		private long countOpen(long from, long to) {
			if (this.completeThroughout) {
				return 0;
			}
			long count = 0;
			for (long at = from; at < to;) {
				long end = Math.min(to, (at & -Long.SIZE) + Long.SIZE);
				count += Long.bitCount(~(long) WORDS.getAcquire(this.words, wordOf(at)) & mask(at, end));
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
