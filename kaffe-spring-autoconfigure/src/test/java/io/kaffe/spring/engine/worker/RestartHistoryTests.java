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

import java.time.Duration;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RestartHistory}.
 */
class RestartHistoryTests {

	private static final long SECOND = Duration.ofSeconds(1).toNanos();

	@Test
	void waitsDoubleUpToALimit() {
		RestartHistory history = new RestartHistory(new RestartHistory.Limit(8, Duration.ofMinutes(5)));
		assertThat(history.total()).isZero();
		int[] seconds = { 1, 2, 4, 8, 16, 30, 30, 30 };
		for (int expected : seconds) {
			assertThat(history.brokeDown(0)).hasSeconds(expected);
		}
		assertThat(history.total()).isEqualTo(8);
	}

	@Test
	void oneMoreThanMayBeInTheWindowIsTooMany() {
		RestartHistory history = new RestartHistory(new RestartHistory.Limit(2, Duration.ofSeconds(10)));
		assertThat(history.brokeDown(0)).isPositive();
		assertThat(history.brokeDown(10 * SECOND)).isPositive();
		assertThat(history.brokeDown(10 * SECOND)).as("the first one is still in the window").isZero();
		assertThat(history.total()).as("counted in any case").isEqualTo(3);
	}

	@Test
	void whatIsOlderThanTheWindowIsForgotten() {
		RestartHistory history = new RestartHistory(new RestartHistory.Limit(2, Duration.ofSeconds(10)));
		history.brokeDown(0);
		assertThat(history.brokeDown(5 * SECOND)).hasSeconds(2);
		assertThat(history.brokeDown(10 * SECOND + 1)).as("one is left in the window").hasSeconds(2);
		assertThat(history.brokeDown(60 * SECOND)).as("none is left").hasSeconds(1);
		assertThat(history.total()).isEqualTo(4);
	}

	@Test
	void clockThatStartsBelowZeroIsNoLessAClock() {
		RestartHistory history = new RestartHistory(new RestartHistory.Limit(1, Duration.ofSeconds(10)));
		assertThat(history.brokeDown(Long.MAX_VALUE - SECOND)).hasSeconds(1);
		assertThat(history.brokeDown(Long.MIN_VALUE + SECOND)).as("two seconds later, past the overflow").isZero();
		assertThat(history.brokeDown(Long.MIN_VALUE + 11 * SECOND)).hasSeconds(1);
	}

	@Test
	void limitOfZeroMeansNever() {
		assertThat(new RestartHistory(new RestartHistory.Limit(0, Duration.ofSeconds(10))).brokeDown(0)).isZero();
	}

	@Test
	void whatSomebodyStartsAnewHasAllItsRestartsBeforeIt() {
		RestartHistory history = new RestartHistory(new RestartHistory.Limit(1, Duration.ofSeconds(10)));
		history.brokeDown(0);
		assertThat(history.brokeDown(0)).isZero();
		history.forget();
		assertThat(history.brokeDown(0)).hasSeconds(1);
		assertThat(history.total()).isEqualTo(3);
	}

}
