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

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.LongFunction;

import org.jspecify.annotations.Nullable;

/**
 * A race of the owner of a window with a thread that completes offsets. Whatever they do
 * at a time, every call has to answer as if the calls had been made one after the other,
 * in an order in which those that did not overlap are as they were, on a
 * {@link ModelWindow}.
 * <p>
 * Windows begin shortly before the end of a segment, with three open offsets.
 */
final class OffsetWindowRace implements Runnable {

	private static final int FIRST = 4094;

	private static final int GAP = 4 * 4096;

	/** On both sides of the end of a segment, and beyond a wide gap. */
	private static final long[] OFFSETS = { FIRST, FIRST + 1, FIRST + 2, FIRST + GAP, FIRST + 1 + GAP };

	private final LongFunction<TestedWindow> windows;

	private final List<Call> before;

	private final List<Call> completing;

	private final List<Call> owning;

	private final List<Call> after;

	private OffsetWindowRace(LongFunction<TestedWindow> windows, List<Call> before, List<Call> completing,
			List<Call> owning, List<Call> after) {
		this.windows = windows;
		this.before = before;
		this.completing = completing;
		this.owning = owning;
		this.after = after;
	}

	/**
	 * Return the races that are known to matter.
	 */
	static List<OffsetWindowRace> known(LongFunction<TestedWindow> windows) {
		return List.of(
				// Two bits of the same word, and the watermark behind them.
				new OffsetWindowRace(windows, List.of(), List.of(complete(FIRST)), List.of(complete(FIRST + 1)),
						List.of(isComplete(FIRST), isComplete(FIRST + 1), advance())),
				// The next segment is added behind a gap.
				new OffsetWindowRace(windows, List.of(), List.of(complete(FIRST), complete(FIRST + 1)),
						List.of(skip(GAP), append(1)), List.of(complete(FIRST), complete(FIRST + 1), advance())),
				// A segment is let go.
				new OffsetWindowRace(windows, List.of(complete(FIRST), complete(FIRST + 1)),
						List.of(isComplete(FIRST), complete(FIRST + 1)), List.of(advance(), append(1)),
						List.of(isComplete(FIRST), advance())),
				// The same bit twice.
				new OffsetWindowRace(windows, List.of(), List.of(complete(FIRST)),
						List.of(complete(FIRST), complete(FIRST + 1)), List.of(advance())),
				// The array of segments is replaced.
				new OffsetWindowRace(windows, List.of(skip(GAP), append(1), skip(GAP), append(1)),
						List.of(complete(FIRST), complete(FIRST + 3 + GAP)), List.of(skip(GAP), append(1)),
						List.of(complete(FIRST), complete(FIRST + 3 + GAP), advance())),
				// An offset is asked for while the first segment for it is added.
				new OffsetWindowRace(windows, List.of(), List.of(isComplete(FIRST + 3 + GAP)),
						List.of(skip(GAP), append(1)), List.of(isComplete(FIRST + 3 + GAP))),
				// Another segment takes the place of the one that was dropped.
				new OffsetWindowRace(windows,
						List.of(complete(FIRST), complete(FIRST + 1), complete(FIRST + 2), advance(), skip(GAP - 3)),
						List.of(complete(FIRST)), List.of(append(2), advance()),
						List.of(complete(FIRST + GAP), advance())),
				// Before it is appended.
				new OffsetWindowRace(windows, List.of(), List.of(complete(FIRST + 3), complete(FIRST + 3)),
						List.of(append(1), append(1)), List.of(complete(FIRST + 3), isComplete(FIRST + 3))),
				// In a gap while it is left out, above an open offset and above none.
				new OffsetWindowRace(windows, List.of(), List.of(complete(FIRST + 3), isComplete(FIRST + 3)),
						List.of(skip(GAP), append(1)), List.of(advance())),
				new OffsetWindowRace(windows,
						List.of(complete(FIRST), complete(FIRST + 1), complete(FIRST + 2), advance()),
						List.of(complete(FIRST + 3), isComplete(FIRST + 3)), List.of(skip(GAP), append(1)),
						List.of(advance())));
	}

	/**
	 * Return a race of random calls.
	 */
	static OffsetWindowRace random(LongFunction<TestedWindow> windows, Random random) {
		return new OffsetWindowRace(windows, List.of(any(random)), List.of(completing(random), completing(random)),
				List.of(any(random), any(random)), List.of(any(random), any(random), advance()));
	}

	private static Call any(Random random) {
		return switch (random.nextInt(5)) {
			case 0 -> append(1 + random.nextInt(2));
			case 1 -> skip(random.nextBoolean() ? 1 : GAP);
			case 2 -> advance();
			default -> completing(random);
		};
	}

	private static Call completing(Random random) {
		long offset = OFFSETS[random.nextInt(OFFSETS.length)];
		return random.nextBoolean() ? complete(offset) : isComplete(offset);
	}

	private static Call append(int count) {
		return new Call("append " + count, (window) -> {
			window.append(window.next(), window.next() + count - 1);
			return null;
		});
	}

	private static Call skip(int count) {
		return new Call("skip " + count, (window) -> {
			window.skipTo(window.next() + count);
			return null;
		});
	}

	private static Call complete(long offset) {
		return new Call("complete " + offset, (window) -> window.complete(offset));
	}

	private static Call isComplete(long offset) {
		return new Call("isComplete " + offset, (window) -> window.isComplete(offset));
	}

	private static Call advance() {
		return new Call("advance", TestedWindow::advance);
	}

	@Override
	public void run() {
		TestedWindow window = created(this.windows);
		AtomicInteger clock = new AtomicInteger();
		List<Answer> begun = made(this.before, window, clock);
		List<Answer> completed = new ArrayList<>();
		Thread thread = new Thread(() -> completed.addAll(made(this.completing, window, clock)));
		thread.start();
		List<Answer> owned = made(this.owning, window, clock);
		join(thread);
		List<Answer> ended = made(this.after, window, clock);
		if (!isExplained(begun, completed, owned, List.of(), ended)) {
			throw new AssertionError(
					"No order explains " + begun + ", then " + completed + " beside " + owned + ", then " + ended);
		}
	}

	private static TestedWindow created(LongFunction<TestedWindow> windows) {
		TestedWindow window = windows.apply(FIRST);
		window.append(FIRST, FIRST + 2);
		return window;
	}

	private static List<Answer> made(List<Call> calls, TestedWindow window, AtomicInteger clock) {
		List<Answer> answers = new ArrayList<>();
		for (Call call : calls) {
			int begin = clock.getAndIncrement();
			Object answer = call.function().apply(window);
			answers.add(new Answer(call, answer, begin, clock.getAndIncrement()));
		}
		return answers;
	}

	private static void join(Thread thread) {
		try {
			thread.join();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Return whether the calls of two threads can be merged so that the model answers as
	 * the window did.
	 * @param merged what was merged before them
	 */
	private static boolean isExplained(List<Answer> before, List<Answer> some, List<Answer> others, List<Answer> merged,
			List<Answer> after) {
		if (some.isEmpty() && others.isEmpty()) {
			TestedWindow model = created(ModelWindow::new);
			return List.of(before, merged, after)
				.stream()
				.flatMap(List::stream)
				.allMatch((answer) -> answer.isGivenBy(model));
		}
		return isExplainedFrom(before, some, others, merged, after)
				|| isExplainedFrom(before, others, some, merged, after);
	}

	private static boolean isExplainedFrom(List<Answer> before, List<Answer> some, List<Answer> others,
			List<Answer> merged, List<Answer> after) {
		if (some.isEmpty() || (!others.isEmpty() && others.get(0).end() < some.get(0).begin())) {
			return false;
		}
		List<Answer> more = new ArrayList<>(merged);
		more.add(some.get(0));
		return isExplained(before, some.subList(1, some.size()), others, more, after);
	}

	@Override
	public String toString() {
		return this.before + ", then " + this.completing + " beside " + this.owning + ", then " + this.after;
	}

	/**
	 * A call of a method of a window.
	 *
	 * @param name what to show
	 * @param function makes it, and returns its answer
	 */
	private record Call(String name, Function<TestedWindow, @Nullable Object> function) {

		@Override
		public String toString() {
			return this.name;
		}

	}

	/**
	 * A call that was made.
	 *
	 * @param call the call
	 * @param answer what it returned
	 * @param begin when it began
	 * @param end when it ended
	 */
	private record Answer(Call call, @Nullable Object answer, int begin, int end) {

		boolean isGivenBy(TestedWindow model) {
			Object expected = this.call.function().apply(model);
			return (expected != null) ? expected.equals(this.answer) : this.answer == null;
		}

		@Override
		public String toString() {
			return this.call + ((this.answer != null) ? ": " + this.answer : "");
		}

	}

}
