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

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.junit.jupiter.api.Test;

/**
 * A test method of a {@link KaffeTest} that is run with many seeds. Each seed disturbs
 * the listeners in another way while they handle the records that the method sends:
 * instances crash before they have committed, partitions are rebalanced, commits fail,
 * brokers are unavailable and handlers are slow.
 * <p>
 * The method has to establish its own initial state, for instance empty tables, since it
 * is called again and again. After each run it is checked that each record was handled,
 * and in the order that its consumer keeps; what the method itself asserts is to hold
 * although records are redelivered. If a seed breaks it, disturbances are left out one by
 * one, and the test fails with the shortest list of them that still does, and with the
 * history of deliveries.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Test
public @interface ManySeeds {

	/**
	 * How many seeds to try.
	 * @return the number of seeds
	 */
	int value() default 100;

	/**
	 * The only seed to try, to repeat a failure.
	 * @return the seed; 0 for many seeds
	 */
	long seed() default 0;

}
