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

import java.util.List;
import java.util.Map;
import java.util.Set;

import io.kaffe.spring.benchmark.contender.Contender;
import io.kaffe.spring.benchmark.contender.Contender.Variant;

/**
 * Who takes part in a workload.
 */
final class Field {

	static final String WITHOUT_STARTER = "sample without starter";

	static final String WITH_STARTER = "sample with starter";

	private static final int FIRST_WITH_VIRTUAL_THREADS = 21;

	private static final List<String> QUICK_NOOP = List.of("bare loop", "kaffe worker-per-topic-partition",
			"kaffe worker-per-key", "spring record", "parallel-consumer key", "kaffe worker-per-record",
			"bare loop virtual", "spring batch", "parallel-consumer unordered", "kaffe worker-per-key observed",
			"kaffe worker-per-partition");

	private static final List<String> QUICK_IO = List.of("kaffe worker-per-key", "parallel-consumer key",
			"kaffe worker-per-key virtual", "kaffe worker-per-record virtual", "bare loop virtual",
			"spring record per partition");

	private static final List<String> QUICK_IO_MANY = List.of("kaffe worker-per-key virtual", "kaffe worker-per-key",
			"parallel-consumer key", "kaffe worker-per-record virtual", "bare loop virtual");

	/** Who goes on when records of some keys fail for ever, or says so. */
	private static final List<String> BLOCKED_KEYS = List.of("parallel-consumer key", "kaffe worker-per-key");

	/** Where variants tell something new. */
	private static final Map<Variant, Set<String>> TELLING = Map.of(Variant.VIRTUAL,
			Set.of("noop", "io-16", "io-100", "io-1000", "mixed", "memory"), Variant.HANDLER, Set.of("noop"),
			Variant.METERED, Set.of("noop", "io-100"), Variant.OBSERVED, Set.of("noop", "io-100"),
			Variant.COMMIT_EVERY_SECOND, Set.of("noop"));

	/** Where polling may be the limit. */
	private static final Set<String> WITH_POLLING_ALONE = Set.of("noop", "noop-1key", "noop-10keys", "noop-zipf",
			"1kB");

	/** From how many at once virtual threads are what one would take. */
	private static final int MANY = 1_000;

	private Field() {
	}

	/**
	 * Return the names of those that take part.
	 * @param workload the workload
	 * @param options what was asked for
	 * @param javaVersion the feature version of the JDK that they run on
	 * @return their names, for a quick run the most telling first
	 */
	static List<String> of(Workload workload, Options options, int javaVersion) {
		if (workload.kind() == Workload.Kind.STARTUP) {
			return List.of(WITHOUT_STARTER, WITH_STARTER);
		}
		boolean transactions = workload.kind() == Workload.Kind.TRANSACTIONS;
		boolean once = workload.kind() == Workload.Kind.ONCE;
		List<String> names = Contender.all()
			.stream()
			.filter((contender) -> contender.variant().isTransactional() == transactions)
			.filter((contender) -> contender.variant().hasDatabase() == once)
			.map(Contender::name)
			.toList();
		if (options.contenders().isEmpty() && !transactions && !once) {
			if (workload.kind() == Workload.Kind.BLOCKED_KEYS) {
				names = BLOCKED_KEYS;
			}
			else if (options.quick()) {
				names = quick(workload);
			}
		}
		return names.stream()
			.filter(options::wants)
			.filter((name) -> runsOn(javaVersion, name))
			.filter((name) -> !options.contenders().isEmpty() || tellsSomethingNew(workload, Contender.named(name)))
			.toList();
	}

	private static List<String> quick(Workload workload) {
		if (!isWaiting(workload)) {
			return QUICK_NOOP;
		}
		return (workload.concurrency() < MANY) ? QUICK_IO : QUICK_IO_MANY;
	}

	/**
	 * Return how many contenders take part in a quick run in any case.
	 */
	static int quickLeast(Workload workload) {
		if (workload.kind() == Workload.Kind.BLOCKED_KEYS) {
			return 0;
		}
		return isWaiting(workload) ? 1 : 3;
	}

	/**
	 * Return what share of the time of a quick run a workload has, beside the others.
	 */
	static int quickWeight(Workload workload) {
		return isWaiting(workload) ? 2 : 5;
	}

	private static boolean isWaiting(Workload workload) {
		return workload.work().waitMillis() > 0;
	}

	private static boolean tellsSomethingNew(Workload workload, Contender contender) {
		if (contender.kind() == Contender.Kind.POLLING_ALONE) {
			return WITH_POLLING_ALONE.contains(workload.name());
		}
		Set<String> telling = TELLING.get(contender.variant());
		return telling == null || telling.contains(workload.name());
	}

	private static boolean runsOn(int javaVersion, String contender) {
		return javaVersion >= FIRST_WITH_VIRTUAL_THREADS || !Contender.named(contender).isVirtual();
	}

	/**
	 * Return a line about who cannot take part.
	 * @return the line, or an empty text if everybody can
	 */
	static String absent(int javaVersion) {
		return (javaVersion >= FIRST_WITH_VIRTUAL_THREADS) ? ""
				: "Left out: contenders on virtual threads, which JDK %d does not have (21 does)"
					.formatted(javaVersion);
	}

}
