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

package io.kaffe.spring.engine.worker;

import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SafeLog} and for what {@link WorkerRuntime} says about failures.
 */
class FailuresOfAnyKindTests {

	@Test
	void failureThatCannotBePrintedIsNamed() {
		List<String> lines = new ArrayList<>();
		SafeLog.log((message, failure) -> {
			if (failure != null) {
				throw new StackOverflowError();
			}
			lines.add(message.toString());
		}, "Could not commit", new IllegalStateException("refused"));
		assertThat(lines).containsExactly("Could not commit: java.lang.IllegalStateException, which cannot be printed");
	}

	@Test
	void loggerThatCannotPrintAnythingAtFirstIsAskedAgain() {
		List<String> lines = new ArrayList<>();
		int[] calls = { 0 };
		SafeLog.log((message, failure) -> {
			if (calls[0]++ == 0) {
				throw new StackOverflowError();
			}
			lines.add(message.toString());
		}, "Could not commit", null);
		assertThat(lines).containsExactly("Could not commit: nothing, which cannot be printed");
	}

	@Test
	void errorOfTheVirtualMachineIsFatalHoweverItIsWrapped() {
		assertThat(WorkerRuntime.isFatal(new OutOfMemoryError())).isTrue();
		assertThat(WorkerRuntime.isFatal(new IllegalStateException(new OutOfMemoryError()))).isTrue();
		assertThat(WorkerRuntime.isFatal(new StackOverflowError())).isFalse();
		assertThat(WorkerRuntime.isFatal(new IllegalStateException("refused"))).isFalse();
	}

	@Test
	void causesInACircleAreFollowedForAWhile() {
		Exception one = new IllegalStateException("one");
		one.initCause(new IllegalStateException("other", one));
		assertThat(WorkerRuntime.isFatal(one)).isFalse();
		assertThat(WorkerRuntime.rootCauseOf(one)).isIn(one, one.getCause());
	}

}
