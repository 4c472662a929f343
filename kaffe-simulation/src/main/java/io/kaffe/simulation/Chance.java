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

package io.kaffe.simulation;

import java.util.List;
import java.util.SplittableRandom;

/**
 * The choices of a seed.
 * <p>
 * <b>Threading.</b> Used by one thread at a time.
 */
final class Chance {

	private final SplittableRandom random;

	Chance(long seed) {
		this.random = new SplittableRandom(seed);
	}

	/**
	 * Return whether something happens.
	 * @param percent how likely it is
	 */
	boolean percent(int percent) {
		return this.random.nextInt(100) < percent;
	}

	/**
	 * Return a number from 0 to below a bound.
	 */
	int below(int bound) {
		return this.random.nextInt(bound);
	}

	/**
	 * Return a number between two others, both included.
	 */
	int between(int least, int most) {
		return least + this.random.nextInt(most - least + 1);
	}

	<T> T one(List<T> of) {
		return of.get(this.random.nextInt(of.size()));
	}

	@SafeVarargs
	final <T> T one(T... of) {
		return of[this.random.nextInt(of.length)];
	}

}
