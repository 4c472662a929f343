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

package io.kaffe.spring.engine.delivery;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

import com.sun.management.ThreadMXBean;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.TestWorkerOwner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the memory that is needed beside the records themselves, on a heap with
 * compressed references.
 */
class MemoryFootprintTests {

	private static final int RECORDS = 200_000;

	@Test
	void keyInFlightIsLight() {
		assertThat(bytesPerRecord((number) -> "key-" + number)).as("a worker, its entry, and its first record")
			.isBetween(100.0, 200.0 + 40 + 8);
	}

	@Test
	void queuedRecordIsLight() {
		assertThat(bytesPerRecord((number) -> "key"))
			.as("its work: a header, the queue's link and depth, its assignment and delivery, its record and failure")
			.isBetween(16.0, 40.0 + 8);
	}

	private static double bytesPerRecord(IntFunction<String> keyOf) {
		List<ConsumerRecord<String, String>> records = IntStream.range(0, RECORDS)
			.mapToObj((number) -> new ConsumerRecord<>("orders", 0, number, keyOf.apply(number), "value"))
			.toList();
		// Strings remember their hash codes, which takes no memory, and workers run
		// nothing.
		ManualExecution execution = new ManualExecution();
		ConsumerWorkers workers = new DefaultWorkerManager(execution.runtime()).register("orders", 1,
				new TestWorkerOwner());
		KeyAllocationWork.Allocator allocator = new KeyAllocationWork.Allocator(
				StandardWorkerAllocationStrategy.WORKER_PER_KEY, workers, WorkFactory.of(delivery()));
		AssignmentHandle assignment = new RecordedAssignment();
		long before = allocated();
		records.forEach((record) -> allocator.allocate(record, assignment, 0));
		long after = allocated();
		assertThat(workers.all()).isNotEmpty();
		assertThat(records).hasSize(RECORDS);
		return (double) (after - before) / RECORDS;
	}

	/**
	 * Return how much the calling thread has allocated: unlike the heap in use, nothing
	 * else in this JVM has a part in it.
	 */
	private static long allocated() {
		return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
	}

	private static RecordDelivery delivery() {
		return new RecordDelivery((record) -> {
		}, ListenerType.SIMPLE, null, Acknowledging.NONE, false,
				new DeliverySettings(
						null, false, new FailurePolicy(0, new FixedBackOff(), null, Set.of(), FailureAction.PARK,
								Map.of(), null, null, 100),
						null, new LogContext("orders", false), new ManualExecution()));
	}

}
