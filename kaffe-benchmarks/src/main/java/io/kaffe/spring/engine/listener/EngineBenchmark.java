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
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;

/**
 * What the engine costs a record from the poll to the commit, without a broker: polls of
 * 500 records of four partitions are dispatched, handled by a listener that does next to
 * nothing, completed and committed. Measured is the time from one record to the next,
 * while the consumer thread and {@code lanes} threads of workers have something to do;
 * the consumer thread waits while its partitions are paused because 10,000 records are in
 * flight.
 * <p>
 * Records are made beforehand and used again with other offsets. After each iteration all
 * records must have been handled as often as they were polled, and after the last one all
 * must be committed.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(PollRing.POLL)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = { "-Xms1g", "-Xmx1g" })
public class EngineBenchmark {

	/**
	 * Workers of partitions.
	 * @param engine the engine
	 */
	@Benchmark
	public void partitionWorkers(PartitionWorkers engine) {
		engine.poll();
	}

	/**
	 * Workers of keys.
	 * @param engine the engine
	 */
	@Benchmark
	public void keyWorkers(KeyWorkers engine) {
		engine.poll();
	}

	/**
	 * Workers of single records.
	 * @param engine the engine
	 */
	@Benchmark
	public void recordWorkers(RecordWorkers engine) {
		engine.poll();
	}

	/**
	 * An engine that runs.
	 */
	@State(Scope.Thread)
	public abstract static class RunningEngine {

		/**
		 * How many threads run workers at once.
		 */
		@Param("1")
		int lanes = 1;

		/**
		 * What they are.
		 */
		@Param("PLATFORM")
		WorkerThreads threads = WorkerThreads.PLATFORM;

		/**
		 * The commit interval in milliseconds.
		 */
		@Param("100")
		int commitMillis = 100;

		private @Nullable Engine engine;

		/**
		 * Start.
		 */
		@Setup(Level.Trial)
		public void start() {
			this.engine = new Engine(strategy(), keys(), this.lanes, this.threads,
					Duration.ofMillis(this.commitMillis));
		}

		/**
		 * Let what is in flight be finished, and check that it is.
		 */
		@TearDown(Level.Iteration)
		public void settle() {
			engine().settle();
		}

		/**
		 * Stop, and check what is committed.
		 */
		@TearDown(Level.Trial)
		public void stop() {
			engine().stop();
		}

		void poll() {
			engine().poll();
		}

		private Engine engine() {
			return Objects.requireNonNull(this.engine);
		}

		abstract StandardWorkerAllocationStrategy strategy();

		Supplier<String> keys() {
			return KeyDistribution.UNIFORM.keys(10_000);
		}

	}

	/**
	 * An engine whose workers serve partitions.
	 */
	public static class PartitionWorkers extends RunningEngine {

		/**
		 * Which partitions share a worker. Here, with one topic, none do.
		 */
		@Param({ "WORKER_PER_TOPIC_PARTITION", "WORKER_PER_PARTITION" })
		StandardWorkerAllocationStrategy strategy = StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION;

		@Override
		StandardWorkerAllocationStrategy strategy() {
			return this.strategy;
		}

	}

	/**
	 * An engine whose workers serve keys.
	 */
	public static class KeyWorkers extends RunningEngine {

		/**
		 * The number of keys.
		 */
		@Param({ "1", "100", "10000", "1000000" })
		int keys = 1;

		/**
		 * How often each of them comes.
		 */
		@Param({ "UNIFORM", "ZIPF" })
		KeyDistribution distribution = KeyDistribution.UNIFORM;

		@Override
		StandardWorkerAllocationStrategy strategy() {
			return StandardWorkerAllocationStrategy.WORKER_PER_KEY;
		}

		@Override
		Supplier<String> keys() {
			return this.distribution.keys(this.keys);
		}

	}

	/**
	 * An engine with a worker for each record.
	 */
	public static class RecordWorkers extends RunningEngine {

		@Override
		StandardWorkerAllocationStrategy strategy() {
			return StandardWorkerAllocationStrategy.WORKER_PER_RECORD;
		}

	}

}
