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

import java.time.Duration;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;

/**
 * Tests that good strategies keep the contract, and that of each broken one the test for
 * what is broken fails, and no other.
 */
class WorkerAllocationStrategyContractTests {

	private static final int TESTS = 5;

	private static final WorkerAllocationStrategy GOOD = (topic, partition) -> "worker_" + topic;

	private static WorkerAllocationStrategy strategy = GOOD;

	private static @Nullable Collection<TopicPartition> partitions;

	private static @Nullable Duration patience;

	@BeforeEach
	void forgetWhatOthersSet() {
		partitions = null;
		patience = null;
	}

	@ParameterizedTest
	@EnumSource(names = { "WORKER_PER_TOPIC_PARTITION", "WORKER_PER_PARTITION" })
	void standardStrategiesPass(StandardWorkerAllocationStrategy standard) {
		run(standard).passes();
	}

	@Test
	void strategyForCertainTopicsPassesWithPartitionsOfThese() {
		WorkerAllocationStrategy certain = (topic, partition) -> switch (topic) {
			case "payments" -> "money";
			case "parcels" -> "goods_" + partition;
			default -> throw new IllegalArgumentException("Unknown topic " + topic);
		};
		run(certain).failsOnly("namesTheWorkerOfEveryPartition", "\"orders\", 0", "Unknown topic orders",
				"override partitions()");
		partitions = List.of(new TopicPartition("payments", 3), new TopicPartition("parcels", 4));
		run(certain).passes();
	}

	@Test
	void strategyForEachRecordIsFound() {
		run(new Delegating() {

			@Override
			public boolean isPerRecord() {
				return true;
			}

		}).failsOnly("decidesForEachPartition", "isPerRecord() gave [true, true",
				"RecordWorkerAllocationStrategyContract");
	}

	@Test
	void strategyThatChangesItsMindIsFound() {
		AtomicInteger asked = new AtomicInteger();
		run(new Delegating() {

			@Override
			public boolean isPerRecord() {
				return asked.incrementAndGet() == 3;
			}

		}).failsOnly("decidesForEachPartition", "[false, false, true, false");
	}

	@Test
	void failureInIsPerRecordIsFound() {
		run(new Delegating() {

			@Override
			public boolean isPerRecord() {
				throw new IllegalStateException("not yet");
			}

		}).failsOnly("decidesForEachPartition", "IllegalStateException: not yet");
	}

	@Test
	void failureForFirstPartitionIsFound() {
		run((topic, partition) -> "worker_" + 10 / partition).failsOnly("namesTheWorkerOfEveryPartition",
				"workerName(\"orders\", 0) threw java.lang.ArithmeticException", "Name a worker for every partition");
	}

	@Test
	void failureForLargePartitionIsFound() {
		String[] names = { "a", "b", "c", "d", "e", "f", "g", "h" };
		run((topic, partition) -> names[partition]).failsOnly("namesTheWorkerOfEveryPartition",
				"workerName(\"orders\", 9999) threw java.lang.ArrayIndexOutOfBoundsException", "added later");
	}

	@Test
	@SuppressWarnings("NullAway")
	void missingNameIsFound() {
		run((topic, partition) -> (partition == 1) ? null : "worker").failsOnly("workerNamesAreNotBlank",
				"workerName(\"orders\", 1) returned null", "at least one character");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", " \t" })
	void blankNameIsFound(String blank) {
		run((topic, partition) -> topic.equals("refunds") ? blank : "worker").failsOnly("workerNamesAreNotBlank",
				"workerName(\"refunds\", 0) returned '" + blank + "'");
	}

	@Test
	void namesThatAreCountedAreFound() {
		AtomicInteger next = new AtomicInteger();
		run((topic, partition) -> "worker_" + next.incrementAndGet()).failsOnly("workerNamesAreTheSameEveryTime",
				"workerName(\"accounts.v1_changed-EU\", 9999) gave 'worker_", "when asked again",
				"depend on nothing but the topic");
	}

	@Test
	void topicsComparedByIdentityAreFound() {
		Map<String, Integer> numbers = new IdentityHashMap<>();
		run((topic, partition) -> {
			synchronized (numbers) {
				return "worker_" + numbers.computeIfAbsent(topic, (key) -> numbers.size());
			}
		}).failsOnly("workerNamesAreTheSameEveryTime", "\"accounts.v1_changed-EU\", 9999");
	}

	@Test
	void namesOfTheCallingThreadAreFound() {
		run((topic, partition) -> topic + "_" + Thread.currentThread().getName()).failsOnly(
				"workerNamesAreTheSameOnSeveralThreads",
				"workerName(\"orders\", 0) gave 'orders_main' to a single thread", "orders_strategy-contract-",
				"safe for concurrent use");
	}

	@Test
	void namesThatPassThroughFieldsAreFound() {
		run(new WorkerAllocationStrategy() {

			private volatile String name = "";

			@Override
			public String workerName(String topic, int partition) {
				this.name = "worker_" + topic + "_" + partition;
				LockSupport.parkNanos(1_000_000);
				return this.name;
			}

		}).failsOnly("workerNamesAreTheSameOnSeveralThreads", "to a single thread", "keep nothing in fields");
	}

	@Test
	void failureOnOtherThreadsIsFound() {
		Thread caller = Thread.currentThread();
		run((topic, partition) -> {
			if (Thread.currentThread() != caller) {
				throw new IllegalStateException("no context");
			}
			return "worker";
		}).failsOnly("workerNamesAreTheSameOnSeveralThreads", "to a single thread", "no context");
	}

	@Test
	void strategyThatHangsIsFound() {
		Thread caller = Thread.currentThread();
		CountDownLatch never = new CountDownLatch(1);
		patience = Duration.ofMillis(300);
		run((topic, partition) -> {
			if (Thread.currentThread() != caller) {
				awaitUninterruptibly(never);
			}
			return "worker";
		}).failsOnly("workerNamesAreTheSameOnSeveralThreads", "4 threads at once", "within 300 ms");
		never.countDown();
	}

	@Test
	void nothingToAskIsFound() {
		partitions = List.of();
		run(GOOD).failsEverywhere(TESTS, "partitions() returned none");
	}

	private static void awaitUninterruptibly(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static ContractRun run(WorkerAllocationStrategy broken) {
		strategy = broken;
		return new ContractRun(UnderTest.class, TESTS);
	}

	/**
	 * The contract for the strategy at hand.
	 */
	static final class UnderTest extends WorkerAllocationStrategyContract {

		@Override
		protected WorkerAllocationStrategy strategy() {
			return strategy;
		}

		@Override
		protected Collection<TopicPartition> partitions() {
			Collection<TopicPartition> own = partitions;
			return (own != null) ? own : super.partitions();
		}

		@Override
		Duration patience() {
			Duration own = patience;
			return (own != null) ? own : super.patience();
		}

	}

	/**
	 * A good strategy, to be spoilt.
	 */
	abstract static class Delegating implements WorkerAllocationStrategy {

		@Override
		public String workerName(String topic, int partition) {
			return GOOD.workerName(topic, partition);
		}

	}

}
