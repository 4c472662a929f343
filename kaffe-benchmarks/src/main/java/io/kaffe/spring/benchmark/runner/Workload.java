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

package io.kaffe.spring.benchmark.runner;

import io.kaffe.spring.benchmark.contender.Work;
import io.kaffe.spring.engine.listener.KeyDistribution;

/**
 * Records, and what is to be done with them.
 *
 * @param name the name under which its results are shown
 * @param kind what is measured
 * @param load which records there are
 * @param concurrency how many records to handle at once, where that is for a contender to
 * decide
 * @param work what a handler does with each
 * @param ideal what arithmetic allows, in the kind's unit; 0 if there is no such limit
 */
record Workload(String name, Kind kind, Load load, int concurrency, Work work, double ideal) {

	private static final int STARTS = 5;

	/**
	 * Return how long a handler takes for a record, on average.
	 */
	double handlerSeconds() {
		double slowShare = (this.work.slowEvery() > 0) ? 1.0 / this.work.slowEvery() : 0;
		double waitMillis = (1 - slowShare) * this.work.waitMillis() + slowShare * this.work.slowMillis();
		return waitMillis / 1_000 + ((this.work.spins() > 0) ? Workloads.CPU_MICROS / 1e6 : 0);
	}

	/**
	 * Return how many rounds each contender has. Starting takes short and varies much.
	 * @param options what was asked for
	 */
	int rounds(Options options) {
		return options.rounds() * ((this.kind == Kind.STARTUP && !options.quick()) ? STARTS : 1);
	}

	/**
	 * Records of a topic.
	 *
	 * @param records how many are to be measured
	 * @param keys how often each key comes
	 * @param keyCount how many keys there are
	 * @param valueBytes the size of a value
	 */
	record Load(long records, KeyDistribution keys, int keyCount, int valueBytes) {

	}

	/**
	 * What is measured.
	 */
	enum Kind {

		/** Handled records. */
		THROUGHPUT("records/s"),

		/** Handled records with one that is sent for each, in Kafka transactions. */
		TRANSACTIONS("records/s"),

		/** Handled records that have updated a row of a database. */
		ONCE("records/s"),

		/** Handled records while one hangs. */
		STALL("records/s"),

		/** Handled records while those of some keys fail. */
		BLOCKED_KEYS("records/s"),

		/** The start of the sample. */
		STARTUP("ms"),

		/** The heap. */
		MEMORY("bytes/record");

		private final String unit;

		Kind(String unit) {
			this.unit = unit;
		}

		String unit() {
			return this.unit;
		}

	}

}
