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

import java.lang.reflect.Method;
import java.util.List;

import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

/**
 * Lincheck's tests for {@link OffsetWindow}: whatever one owner and many completing
 * threads do to it at a time, every call answers as if the calls had been made one after
 * the other on a set of open offsets. Late and repeated completions are among them, and
 * appends for which segments are checked.
 */
@Tag("lincheck")
class OffsetWindowLinearizabilityTests {

	private static final int FIRST = OffsetWindowOperations.FIRST;

	private static final int GAP = OffsetWindowOperations.GAP;

	@Test
	void isLinearizableInRacesThatAreKnownToMatter() {
		assertThatNoException().isThrownBy(() -> races().check(OffsetWindowOperations.Real.class));
	}

	@Test
	void isLinearizableInRandomScenarios() {
		assertThatNoException().isThrownBy(() -> options().iterations(15)
			.threads(2)
			.actorsBefore(1)
			.actorsPerThread(2)
			.actorsAfter(2)
			.invocationsPerIteration(100)
			.check(OffsetWindowOperations.Real.class));
	}

	@ParameterizedTest
	@ValueSource(classes = { OffsetWindowOperations.OrdinaryOr.class, OffsetWindowOperations.GrowthCopiesBits.class,
			OffsetWindowOperations.SegmentReadFirst.class })
	void noticesMistakesThatTakeTwoThreads(Class<?> broken) {
		assertThatExceptionOfType(LincheckAssertionError.class)
			.isThrownBy(() -> races().minimizeFailedScenario(false).check(broken))
			.withMessageContaining("Invalid execution results");
	}

	private static ModelCheckingOptions options() {
		// A loop over the 64 words of a segment is not one that waits for another thread.
		// Where Lincheck takes it for one, it explores a single interleaving, and passes.
		return new ModelCheckingOptions().loopIterationsBeforeThreadSwitch(100)
			.loopBound(200)
			.sequentialSpecification(OffsetWindowOperations.Model.class);
	}

	private static ModelCheckingOptions races() {
		ModelCheckingOptions options = options().iterations(0).invocationsPerIteration(200);
		// Two bits of the same word, and the watermark behind them.
		race(options, List.of(), List.of(complete(FIRST)), List.of(complete(FIRST + 1)),
				List.of(isComplete(FIRST), isComplete(FIRST + 1), advance()));
		// The next segment is added behind a gap.
		race(options, List.of(), List.of(complete(FIRST), complete(FIRST + 1)), List.of(skip(GAP), append(1)),
				List.of(complete(FIRST), complete(FIRST + 1), advance()));
		// A segment is let go.
		race(options, List.of(complete(FIRST), complete(FIRST + 1)), List.of(isComplete(FIRST), complete(FIRST + 1)),
				List.of(advance(), append(1)), List.of(isComplete(FIRST), advance()));
		// The same bit twice.
		race(options, List.of(), List.of(complete(FIRST)), List.of(complete(FIRST), complete(FIRST + 1)),
				List.of(advance()));
		// The array of segments is replaced.
		race(options, List.of(skip(GAP), append(1), skip(GAP), append(1)),
				List.of(complete(FIRST), complete(FIRST + 3 + GAP)), List.of(skip(GAP), append(1)),
				List.of(complete(FIRST), complete(FIRST + 3 + GAP), advance()));
		// An offset is asked for while the first segment for it is added.
		race(options, List.of(), List.of(isComplete(FIRST + 3 + GAP)), List.of(skip(GAP), append(1)),
				List.of(isComplete(FIRST + 3 + GAP)));
		// Another segment takes the place of the one that was dropped.
		race(options, List.of(complete(FIRST), complete(FIRST + 1), complete(FIRST + 2), advance(), skip(GAP - 3)),
				List.of(complete(FIRST)), List.of(append(2), advance()), List.of(complete(FIRST + GAP), advance()));
		// Before it is appended.
		race(options, List.of(), List.of(complete(FIRST + 3), complete(FIRST + 3)), List.of(append(1), append(1)),
				List.of(complete(FIRST + 3), isComplete(FIRST + 3)));
		// In a gap while it is left out, above an open offset and above none.
		race(options, List.of(), List.of(complete(FIRST + 3), isComplete(FIRST + 3)), List.of(skip(GAP), append(1)),
				List.of(advance()));
		race(options, List.of(complete(FIRST), complete(FIRST + 1), complete(FIRST + 2), advance()),
				List.of(complete(FIRST + 3), isComplete(FIRST + 3)), List.of(skip(GAP), append(1)), List.of(advance()));
		return options;
	}

	private static void race(ModelCheckingOptions options, List<Actor> before, List<Actor> completing,
			List<Actor> other, List<Actor> after) {
		options.addCustomScenario(new ExecutionScenario(before, List.of(completing, other), after, null));
	}

	private static Actor append(int count) {
		return actor("append", count);
	}

	private static Actor skip(int count) {
		return actor("skip", count);
	}

	private static Actor complete(int offset) {
		return actor("complete", offset);
	}

	private static Actor isComplete(int offset) {
		return actor("isComplete", offset);
	}

	private static Actor advance() {
		return new Actor(method("advance"), List.of());
	}

	private static Actor actor(String operation, int argument) {
		return new Actor(method(operation, int.class), List.of(argument));
	}

	private static Method method(String operation, Class<?>... parameters) {
		try {
			return OffsetWindowOperations.class.getMethod(operation, parameters);
		}
		catch (NoSuchMethodException ex) {
			throw new IllegalArgumentException(ex);
		}
	}

}
