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

package io.kaffe.spring.test;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What disturbs the listeners while they handle records, each at the delivery with a
 * number.
 *
 * @param disturbances the disturbances
 */
record Disorder(List<Disturbance> disturbances) {

	private static final int MOST = 5;

	static final Disorder NONE = new Disorder(List.of());

	/**
	 * Choose disturbances.
	 * @param seed decides
	 * @param deliveries how many deliveries there are without any
	 */
	static Disorder of(long seed, int deliveries) {
		SplittableRandom random = new SplittableRandom(seed);
		int count = 1 + random.nextInt(MOST);
		return new Disorder(
				Stream.generate(() -> Disturbance.of(random, Math.max(1, deliveries))).limit(count).toList());
	}

	Disorder without(int index) {
		return new Disorder(IntStream.range(0, this.disturbances.size())
			.filter((each) -> each != index)
			.mapToObj(this.disturbances::get)
			.toList());
	}

	/**
	 * A disturbance.
	 *
	 * @param kind what happens
	 * @param delivery at which delivery, counted from 1
	 * @param amount how many commits, or how many seconds
	 */
	record Disturbance(Kind kind, int delivery, int amount) {

		private static final int MOST_SECONDS = 10;

		static Disturbance of(SplittableRandom random, int deliveries) {
			Kind[] kinds = Kind.values();
			return new Disturbance(kinds[random.nextInt(kinds.length)], 1 + random.nextInt(deliveries),
					1 + random.nextInt(MOST_SECONDS));
		}

		@Override
		public String toString() {
			return switch (this.kind) {
				case CRASH_BEFORE -> "crash before delivery " + this.delivery;
				case CRASH_AFTER -> "crash after delivery " + this.delivery + ", before its commit";
				case REBALANCE -> "rebalance during delivery " + this.delivery;
				case COMMITS_FAIL -> "the next commits fail from delivery " + this.delivery + " on: " + this.amount;
				case SLOW_HANDLER -> "delivery " + this.delivery + " takes " + this.amount + " s";
				case BROKERS_UNAVAILABLE ->
					"no broker answers for " + this.amount + " s from delivery " + this.delivery + " on";
			};
		}

		/**
		 * What can happen.
		 */
		enum Kind {

			CRASH_BEFORE, CRASH_AFTER, REBALANCE, COMMITS_FAIL, SLOW_HANDLER, BROKERS_UNAVAILABLE

		}

	}

}
