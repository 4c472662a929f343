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

import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * What the command line says.
 *
 * @param quick whether a first impression is enough
 * @param rounds how many rounds each contender has
 * @param contenders parts of the names of those that are to run; none for all
 * @param database the JDBC URL of a PostgreSQL to use, {@code null} to start one
 * @param workloads names of workloads; none for all
 */
record Options(boolean quick, boolean profile, int rounds, List<String> contenders, @Nullable String database,
		List<String> workloads) {

	static final String USAGE = """
			Usage: run.sh [--quick] [--profile] [--rounds=n] [--contender=name]... [--database=url] [workload]...
				--quick           a first impression in less than three minutes, the build aside: fewer records, fewer contenders
				--profile         leave a recording of Java Flight Recorder and a flame graph of each round in target/profiles
				--rounds=n        how many rounds each contender has, at least 3 (the default)
				--contender=name  a contender to run, or how its name begins if that ends in *; can be repeated
				--database=url    the JDBC URL of a PostgreSQL for the workload once, with user and password; without it, one is
				                  started that is found on the machine. A schema is created in it, and dropped in the end
				workload          %s
			""";

	private static final int LEAST_ROUNDS = 3;

	/**
	 * Read a command line.
	 * @throws IllegalArgumentException if it makes no sense
	 */
	static Options of(String... args) {
		boolean quick = false;
		boolean profile = false;
		int rounds = LEAST_ROUNDS;
		List<String> contenders = new ArrayList<>();
		String database = null;
		List<String> workloads = new ArrayList<>();
		for (String arg : args) {
			if (arg.equals("--quick")) {
				quick = true;
			}
			else if (arg.equals("--profile")) {
				profile = true;
			}
			else if (arg.startsWith("--rounds=")) {
				rounds = Integer.parseInt(arg.substring("--rounds=".length()));
			}
			else if (arg.startsWith("--contender=")) {
				contenders.add(arg.substring("--contender=".length()));
			}
			else if (arg.startsWith("--database=")) {
				database = arg.substring("--database=".length());
			}
			else if (arg.startsWith("-")) {
				throw new IllegalArgumentException("There is no option " + arg);
			}
			else {
				workloads.add(arg);
			}
		}
		if (rounds < LEAST_ROUNDS) {
			throw new IllegalArgumentException("At least " + LEAST_ROUNDS + " rounds are needed to tell a median");
		}
		return new Options(quick, profile, rounds, List.copyOf(contenders), database, List.copyOf(workloads));
	}

	/**
	 * Return whether a contender was asked for.
	 */
	boolean wants(String contender) {
		return this.contenders.isEmpty() || this.contenders.stream()
			.anyMatch((name) -> name.endsWith("*") ? contender.startsWith(name.substring(0, name.length() - 1))
					: contender.equals(name));
	}

}
