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
import java.util.Random;
import java.util.function.LongFunction;
import java.util.stream.Stream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import io.kaffe.spring.interleaving.ControlledThreads;
import io.kaffe.spring.interleaving.Schedules;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Fray's tests for {@link OffsetWindow}: whatever the owner and a completing thread do at
 * a time, every call answers as if the calls had been made one after the other.
 */
@ControlledThreads
class OffsetWindowFrayTests {

	private static final int RANDOM_RACES = 50;

	@ParameterizedTest
	@MethodSource
	void answersAsIfCalledByOneThread(OffsetWindowRace race) {
		Schedules.of(200).withOrdinaryAccesses().assertAllPass(race);
	}

	static Stream<OffsetWindowRace> answersAsIfCalledByOneThread() {
		Random random = new Random(1);
		return Stream.concat(OffsetWindowRace.known(TestedWindow::real).stream(),
				Stream.generate(() -> OffsetWindowRace.random(TestedWindow::real, random)).limit(RANDOM_RACES));
	}

	@ParameterizedTest
	@EnumSource(names = { "ORDINARY_OR", "GROWTH_COPIES_BITS", "SEGMENT_READ_FIRST" })
	void findsMistakesThatTakeTwoThreads(BrokenWindow mistake) {
		LongFunction<TestedWindow> windows = mistake::create;
		List<Schedules.Exploration> explorations = OffsetWindowRace.known(windows)
			.stream()
			.map((race) -> Schedules.of(200).withOrdinaryAccesses().explore(race))
			.filter((exploration) -> exploration.failure() != null)
			.toList();
		assertThat(explorations).isNotEmpty()
			.allSatisfy((exploration) -> assertThat(exploration.failure()).hasMessageStartingWith("No order explains"));
	}

}
