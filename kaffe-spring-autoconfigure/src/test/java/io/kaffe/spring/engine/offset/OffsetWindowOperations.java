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

import java.util.Random;

import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ParameterGenerator;
import org.jetbrains.lincheck.datastructures.RandomProvider;

/**
 * What is done to a window that begins shortly before the end of a segment.
 */
@Param(name = "offset", gen = OffsetWindowOperations.Offsets.class)
public abstract class OffsetWindowOperations {

	static final int FIRST = 4094;

	static final int GAP = 4 * 4096;

	private final TestedWindow window;

	OffsetWindowOperations(TestedWindow window) {
		this.window = window;
		window.append(FIRST, FIRST + 2);
	}

	/**
	 * Append open offsets.
	 * @param count how many
	 */
	@Operation(nonParallelGroup = "owner")
	public void append(@Param(gen = IntGen.class, conf = "1:2") int count) {
		this.window.append(this.window.next(), this.window.next() + count - 1);
	}

	/**
	 * Leave offsets out.
	 * @param count how many
	 */
	@Operation(nonParallelGroup = "owner")
	public void skip(@Param(gen = Gaps.class) int count) {
		this.window.skipTo(this.window.next() + count);
	}

	/**
	 * Move the watermark.
	 * @return the watermark
	 */
	@Operation(nonParallelGroup = "owner")
	public long advance() {
		return this.window.advance();
	}

	/**
	 * Complete an offset, appended or not.
	 * @param offset the offset
	 * @return whether this call completed it
	 */
	@Operation
	public boolean complete(@Param(name = "offset") int offset) {
		return this.window.complete(offset);
	}

	/**
	 * Ask whether an offset is complete.
	 * @param offset the offset
	 * @return whether it is
	 */
	@Operation
	public boolean isComplete(@Param(name = "offset") int offset) {
		return this.window.isComplete(offset);
	}

	/**
	 * Operations on the window itself.
	 */
	public static class Real extends OffsetWindowOperations {

		public Real() {
			super(TestedWindow.real(FIRST));
		}

	}

	/**
	 * Operations on the model.
	 */
	public static class Model extends OffsetWindowOperations {

		public Model() {
			super(new ModelWindow(FIRST));
		}

	}

	/**
	 * Operations on {@link BrokenWindow#ORDINARY_OR}.
	 */
	public static class OrdinaryOr extends OffsetWindowOperations {

		public OrdinaryOr() {
			super(BrokenWindow.ORDINARY_OR.create(FIRST));
		}

	}

	/**
	 * Operations on {@link BrokenWindow#GROWTH_COPIES_BITS}.
	 */
	public static class GrowthCopiesBits extends OffsetWindowOperations {

		public GrowthCopiesBits() {
			super(BrokenWindow.GROWTH_COPIES_BITS.create(FIRST));
		}

	}

	/**
	 * Operations on {@link BrokenWindow#SEGMENT_READ_FIRST}.
	 */
	public static class SegmentReadFirst extends OffsetWindowOperations {

		public SegmentReadFirst() {
			super(BrokenWindow.SEGMENT_READ_FIRST.create(FIRST));
		}

	}

	/**
	 * Few offsets, so that threads meet: on both sides of the segment's end, and beyond a
	 * wide gap.
	 */
	public static class Offsets implements ParameterGenerator<Integer> {

		private static final int[] OFFSETS = { FIRST, FIRST + 1, FIRST + 2, FIRST + GAP, FIRST + 1 + GAP };

		private final Random random;

		public Offsets(RandomProvider random, String configuration) {
			this.random = random.createRandom();
		}

		@Override
		public Integer generate() {
			return OFFSETS[this.random.nextInt(OFFSETS.length)];
		}

	}

	/**
	 * One, or many.
	 */
	public static class Gaps implements ParameterGenerator<Integer> {

		private final Random random;

		public Gaps(RandomProvider random, String configuration) {
			this.random = random.createRandom();
		}

		@Override
		public Integer generate() {
			return this.random.nextBoolean() ? 1 : GAP;
		}

	}

}
