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

package io.kaffe.spring.benchmark.contender;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * {@link OrderWatch} must bite.
 */
class OrderWatchTests {

	@Test
	void recordsInSequencePass() {
		OrderWatch watch = new OrderWatch(Order.KEY, 2);
		handle(watch, 0, 0);
		handle(watch, 1, 1);
		handle(watch, 0, 5);
		assertThat(watch.violations()).isZero();
		assertThat(watch.example()).isNull();
	}

	@Test
	void laterRecordFirstIsAViolation() {
		OrderWatch watch = new OrderWatch(Order.KEY, 2);
		handle(watch, 0, 5);
		handle(watch, 0, 4);
		assertThat(watch.violations()).isOne();
		assertThat(watch.example()).isEqualTo("3@4 of key 0 came after 5");
	}

	@Test
	void twoAtATimeAreAViolation() {
		OrderWatch watch = new OrderWatch(Order.PARTITION, 4);
		watch.started(0, 3, 0);
		watch.started(1, 3, 1);
		assertThat(watch.violations()).isOne();
		assertThat(watch.example()).isEqualTo("3@1 of partition 3 came during 0");
	}

	@Test
	void whoPromisesNothingViolatesNothing() {
		OrderWatch watch = new OrderWatch(Order.NONE, 2);
		handle(watch, 0, 5);
		handle(watch, 0, 4);
		assertThat(watch.violations()).isZero();
	}

	private static void handle(OrderWatch watch, int key, long offset) {
		watch.started(key, 3, offset);
		watch.ended(key, 3, offset);
	}

}
