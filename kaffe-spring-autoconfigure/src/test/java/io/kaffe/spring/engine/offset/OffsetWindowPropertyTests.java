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

import java.util.List;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.LongRange;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Property-based tests for {@link OffsetWindow}: whatever is done to it in whatever
 * order, by one thread, it answers as a set of open offsets would.
 */
class OffsetWindowPropertyTests {

	@Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
	void agreesWithANaiveModel(@ForAll @LongRange(max = 10_000) long first, @ForAll("steps") List<Step> steps) {
		check(TestedWindow.real(first), new ModelWindow(first), steps);
	}

	@Example
	void noticesEveryMistakeThatOneThreadCanSee() {
		for (BrokenWindow broken : List.of(BrokenWindow.BASE_NOT_COMPARED, BrokenWindow.NEXT_NOT_COMPARED,
				BrokenWindow.OPEN_SEGMENTS_DROPPED, BrokenWindow.WATERMARK_TOO_FAR)) {
			assertThat(steps().sampleStream().limit(1000)).as(broken.name())
				.anyMatch((steps) -> disagrees(broken, steps));
		}
	}

	private static boolean disagrees(BrokenWindow broken, List<Step> steps) {
		try {
			check(broken.create(0), new ModelWindow(0), steps);
			return false;
		}
		catch (AssertionError ex) {
			return true;
		}
	}

	private static void check(TestedWindow window, ModelWindow model, List<Step> steps) {
		for (Step step : steps) {
			step.check(window, model);
			assertThat(window.next()).as("next after %s", step).isEqualTo(model.next());
			assertThat(window.watermark()).as("watermark after %s", step).isEqualTo(model.watermark());
			assertThat(window.completedAhead()).as("completed ahead after %s", step).isEqualTo(model.completedAhead());
		}
	}

	/**
	 * Return an offset of the window, or some way outside of it.
	 * @param position from 0, somewhat below the watermark, to 1000, somewhat above the
	 * last offset
	 */
	private static long offset(ModelWindow model, int position) {
		long from = model.watermark() - 20;
		long to = model.next() + 20;
		return from + (to - from) * position / 1000;
	}

	@Provide
	Arbitrary<List<Step>> steps() {
		Arbitrary<Integer> segmentEdges = Combinators
			.combine(Arbitraries.integers().between(1, 6), Arbitraries.integers().between(-1, 1))
			.as((segments, offset) -> segments * 4096 + offset);
		Arbitrary<Integer> gaps = Arbitraries.frequencyOf(Tuple.of(8, Arbitraries.just(0)),
				Tuple.of(2, Arbitraries.integers().between(0, 200)), Tuple.of(1, segmentEdges));
		Arbitrary<Integer> counts = Arbitraries.frequencyOf(Tuple.of(8, Arbitraries.integers().between(1, 300)),
				Tuple.of(1, segmentEdges));
		Arbitrary<Integer> positions = Arbitraries.integers().between(0, 1000);
		Arbitrary<Step> appends = Combinators.combine(gaps, counts).as(Append::new);
		Arbitrary<Step> completions = Combinators.combine(positions, counts).as(Complete::new);
		return Arbitraries
			.frequencyOf(Tuple.of(4, appends), Tuple.of(1, gaps.map(Skip::new)), Tuple.of(8, completions),
					Tuple.of(2, positions.map(Ask::new)), Tuple.of(2, Arbitraries.just(new Advance())))
			.list()
			.ofMaxSize(60);
	}

	/**
	 * Something that is done to a window and to its model.
	 */
	private interface Step {

		void check(TestedWindow window, ModelWindow model);

	}

	/**
	 * Append open offsets.
	 *
	 * @param gap how many offsets to leave out before them
	 * @param count how many
	 */
	private record Append(int gap, int count) implements Step {

		@Override
		public void check(TestedWindow window, ModelWindow model) {
			long first = model.next() + this.gap;
			window.append(first, first + this.count - 1);
			model.append(first, first + this.count - 1);
		}

	}

	/**
	 * Leave offsets out.
	 *
	 * @param count how many
	 */
	private record Skip(int count) implements Step {

		@Override
		public void check(TestedWindow window, ModelWindow model) {
			long next = model.next() + this.count;
			window.skipTo(next);
			model.skipTo(next);
		}

	}

	/**
	 * Complete consecutive offsets, whether they are open or not.
	 *
	 * @param position where to begin
	 * @param count how many
	 */
	private record Complete(int position, int count) implements Step {

		@Override
		public void check(TestedWindow window, ModelWindow model) {
			long first = offset(model, this.position);
			for (long offset = first; offset < first + this.count; offset++) {
				boolean completed = window.complete(offset);
				if (completed != model.complete(offset)) {
					assertThat(completed).as("complete(%s)", offset).isEqualTo(!completed);
				}
			}
		}

	}

	/**
	 * Ask whether an offset is complete.
	 *
	 * @param position where it is
	 */
	private record Ask(int position) implements Step {

		@Override
		public void check(TestedWindow window, ModelWindow model) {
			long offset = offset(model, this.position);
			assertThat(window.isComplete(offset)).as("isComplete(%s)", offset).isEqualTo(model.isComplete(offset));
		}

	}

	/**
	 * Move the watermark.
	 */
	private record Advance() implements Step {

		@Override
		public void check(TestedWindow window, ModelWindow model) {
			assertThat(window.advance()).as("advance()").isEqualTo(model.advance());
		}

	}

}
