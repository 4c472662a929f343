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

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import io.kaffe.spring.benchmark.contender.Work;
import io.kaffe.spring.benchmark.runner.Workload.Kind;
import io.kaffe.spring.benchmark.runner.Workload.Load;
import io.kaffe.spring.engine.listener.KeyDistribution;

/**
 * The workloads there are.
 */
final class Workloads {

	/** About what a handler of {@code cpu} computes. */
	static final double CPU_MICROS = 50;

	/** How many partitions every topic has. */
	static final int PARTITIONS = 4;

	/** The setting of contenders where the workload does not depend on it. */
	private static final int CONCURRENCY = 16;

	private static final Load NOOP = new Load(1_000_000, KeyDistribution.UNIFORM, 1_000, 100);

	private static final Load IO = new Load(50_000, KeyDistribution.UNIFORM, 1_000, 100);

	private Workloads() {
	}

	/**
	 * Return all workloads.
	 * @param processors how many processors there are
	 * @param spins how many steps take {@value #CPU_MICROS} microseconds
	 */
	static List<Workload> all(int processors, long spins) {
		return List.of(throughput("noop", NOOP, CONCURRENCY, Work.NONE, 0),
				throughput("noop-1key", new Load(1_000_000, KeyDistribution.UNIFORM, 1, 100), CONCURRENCY, Work.NONE,
						0),
				throughput("noop-10keys", new Load(1_000_000, KeyDistribution.UNIFORM, 10, 100), CONCURRENCY, Work.NONE,
						0),
				throughput(
						"noop-zipf", new Load(1_000_000, KeyDistribution.ZIPF, 1_000, 100), CONCURRENCY, Work.NONE, 0),
				io(16), io(100), io(1_000), mixed(),
				throughput("cpu", new Load(200_000, KeyDistribution.UNIFORM, 1_000, 100), CONCURRENCY,
						new Work(0, 0, 0, spins), processors * 1e6 / CPU_MICROS),
				new Workload("transactions", Kind.TRANSACTIONS, IO, CONCURRENCY, new Work(5, 0, 0, 0), 0),
				new Workload("once", Kind.ONCE, IO, CONCURRENCY, Work.NONE, 0),
				new Workload("stall", Kind.STALL, NOOP, CONCURRENCY, Work.NONE, 0),
				new Workload("blocked-keys", Kind.BLOCKED_KEYS,
						new Load(20_000_000, KeyDistribution.UNIFORM, 1_000, 100), CONCURRENCY, Work.NONE, 0),
				throughput("1kB", new Load(300_000, KeyDistribution.UNIFORM, 1_000, 1_000), CONCURRENCY, Work.NONE, 0),
				new Workload("startup", Kind.STARTUP, NOOP, CONCURRENCY, Work.NONE, 0), new Workload("memory",
						Kind.MEMORY, new Load(9_000, KeyDistribution.UNIFORM, 1_000, 100), CONCURRENCY, Work.NONE, 0));
	}

	private static Workload throughput(String name, Load load, int concurrency, Work work, double ideal) {
		return new Workload(name, Kind.THROUGHPUT, load, concurrency, work, ideal);
	}

	private static Workload io(int concurrency) {
		Work work = new Work(5, 0, 0, 0);
		return throughput("io-" + concurrency, IO, concurrency, work, concurrency * 1_000.0 / work.waitMillis());
	}

	private static Workload mixed() {
		Work work = new Work(5, 100, 500, 0);
		Workload workload = throughput("mixed", IO, 100, work, 0);
		return throughput("mixed", IO, 100, work, 100 / workload.handlerSeconds());
	}

	/**
	 * Return those that are named, each by its name or by what comes before the hyphen
	 * ({@code io} for {@code io-16} and the others).
	 * @param all what there is
	 * @param names the names; none for all
	 * @throws IllegalArgumentException if a name names nothing
	 */
	static List<Workload> named(List<Workload> all, List<String> names) {
		if (names.isEmpty()) {
			return all;
		}
		Set<Workload> found = new LinkedHashSet<>();
		for (String name : names) {
			List<Workload> matching = all.stream().filter((workload) -> workload.name().equals(name)).toList();
			if (matching.isEmpty()) {
				matching = all.stream().filter((workload) -> workload.name().startsWith(name + "-")).toList();
			}
			if (matching.isEmpty()) {
				throw new IllegalArgumentException("There is no workload '" + name + "', only "
						+ String.join(", ", all.stream().map(Workload::name).toList()));
			}
			found.addAll(matching);
		}
		return List.copyOf(found);
	}

}
