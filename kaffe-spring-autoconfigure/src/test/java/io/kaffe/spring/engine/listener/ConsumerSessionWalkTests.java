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

package io.kaffe.spring.engine.listener;

import java.time.Duration;
import java.util.stream.LongStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Random walks over a {@link ConsumerSession}: some that are always the same, and as many
 * more as there is time for. {@code -Dwalk.seconds=600} goes on for ten minutes,
 * {@code -Dwalk.seed=4711} walks one again.
 */
class ConsumerSessionWalkTests {

	private static final int STEPS = 400;

	private static final int WALKS = 100;

	@Test
	void nothingIsLostOrEarlyWhateverHappens() {
		LongStream.range(0, WALKS).forEach(ConsumerSessionWalkTests::walk);
	}

	@Test
	@EnabledIfSystemProperty(named = "walk.seconds", matches = "\\d+",
			disabledReason = "takes as long as is requested: -Dwalk.seconds")
	void nothingIsLostOrEarlyForALongTime() {
		long end = System.nanoTime() + Duration.ofSeconds(Long.getLong("walk.seconds")).toNanos();
		for (long seed = System.nanoTime(); System.nanoTime() - end < 0; seed++) {
			walk(seed);
		}
	}

	@Test
	@EnabledIfSystemProperty(named = "walk.seed", matches = "-?\\d+",
			disabledReason = "walks the requested seed only: -Dwalk.seed")
	void nothingIsLostOrEarlyOnceMore() {
		walk(Long.getLong("walk.seed"));
	}

	private static void walk(long seed) {
		try {
			new SessionWalk(seed).walk(STEPS);
		}
		catch (Throwable ex) {
			throw new AssertionError("Walk again with -Dwalk.seed=" + seed + ": " + ex.getMessage(), ex);
		}
	}

}
