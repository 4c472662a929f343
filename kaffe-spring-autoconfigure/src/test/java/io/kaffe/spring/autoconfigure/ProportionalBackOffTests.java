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

package io.kaffe.spring.autoconfigure;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.springframework.util.backoff.BackOffExecution;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ProportionalBackOff}.
 */
class ProportionalBackOffTests {

	@Test
	void waitsAreThoseOfSpringWithoutJitter() {
		assertThat(waits(0, 0.9)).containsExactly(2L, 4L, 8L, 16L, 32L, 64L, 100L, 100L);
	}

	@Test
	void shareOfTheFirstWaitThatIsLessThanAMillisecondIsOneOfTheOthersAllTheSame() {
		assertThat(waits(0.1, 0)).containsExactly(2L, 4L, 7L, 14L, 29L, 58L, 90L, 90L);
		assertThat(waits(0.1, 1)).containsExactly(2L, 4L, 9L, 18L, 35L, 70L, 100L, 100L);
	}

	@Test
	void waitsStayBetweenTheFirstAndTheLongest() {
		assertThat(waits(1, 0)).containsOnly(2L);
		assertThat(waits(1, 1)).containsExactly(4L, 8L, 16L, 32L, 64L, 100L, 100L, 100L);
	}

	private static List<Long> waits(double share, double random) {
		BackOffExecution execution = new ProportionalBackOff(Duration.ofMillis(2), 2, Duration.ofMillis(100), share,
				() -> random)
			.start();
		return Stream.generate(execution::nextBackOff).limit(8).toList();
	}

}
