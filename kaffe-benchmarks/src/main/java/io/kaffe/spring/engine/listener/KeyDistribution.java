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

import java.util.Arrays;
import java.util.Random;
import java.util.function.Supplier;

/**
 * How often each of a number of keys comes.
 */
public enum KeyDistribution {

	/**
	 * All keys come equally often.
	 */
	UNIFORM {

		@Override
		double weight(int rank) {
			return 1;
		}

	},

	/**
	 * The n-th key comes an n-th as often as the first one.
	 */
	ZIPF {

		@Override
		double weight(int rank) {
			return 1.0 / rank;
		}

	};

	abstract double weight(int rank);

	/**
	 * Return keys at random, each a new string, as deserializers make them.
	 * @param count how many different ones there are
	 * @return the keys, the same ones every time
	 */
	public Supplier<String> keys(int count) {
		double[] upTo = new double[count];
		double sum = 0;
		for (int rank = 1; rank <= count; rank++) {
			sum += weight(rank);
			upTo[rank - 1] = sum;
		}
		double total = sum;
		Random random = new Random(42);
		return () -> {
			int found = Arrays.binarySearch(upTo, random.nextDouble() * total);
			return "key-" + (1_000_000 + ((found >= 0) ? found : -found - 1));
		};
	}

}
