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

package io.kaffe.spring.engine.worker;

import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.table.WorkerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for how {@link ConsumerWorkers} count the records that they have finished.
 */
class ConsumerWorkersTests {

	private static final int RECORDS = 20_000;

	private final ManualExecution execution = new ManualExecution();

	private final ConsumerWorkers workers = new ConsumerWorkers(this.execution.runtime(), new TestWorkerOwner(),
			Integer.MAX_VALUE, new ConsumerObservers("orders", List.of()));

	@Test
	void recordsOfKeysCountAfterTheirWorkersHaveRetired() {
		for (int offset = 0; offset < 5; offset++) {
			this.workers.submit("key-" + offset % 2, record(offset), 0, new OneRecord());
		}
		assertThat(this.workers.handled()).isZero();
		this.execution.runAll();
		assertThat(this.workers.all()).isEmpty();
		assertThat(this.workers.handled()).isEqualTo(5);
		this.workers.submit("key-0", record(5), 0, new OneRecord());
		this.execution.runAll();
		assertThat(this.workers.handled()).isEqualTo(6);
	}

	@Test
	void recordsOfPartitionsCountOnceWhenTheirWorkerIsReleasedIdle() {
		AssignedPartition assigned = new AssignedPartition(new TopicPartition("orders", 0), 1);
		Worker worker = this.workers.allocate("worker_0", assigned);
		worker.submit(new OneRecord());
		this.execution.runAll();
		assertThat(this.workers.handled()).isEqualTo(1);
		this.workers.release(worker, assigned);
		this.workers.release(worker, assigned);
		assertThat(this.workers.all()).isEmpty();
		assertThat(this.workers.handled()).isEqualTo(1);
	}

	@Test
	void recordsOfPartitionsCountOnceWhenTheirWorkerIsReleasedBusy() {
		AssignedPartition assigned = new AssignedPartition(new TopicPartition("orders", 0), 1);
		Worker worker = this.workers.allocate("worker_0", assigned);
		worker.submit(new OneRecord());
		this.workers.release(worker, assigned);
		assertThat(this.workers.all()).containsExactly(worker);
		this.execution.runAll();
		assertThat(this.workers.all()).isEmpty();
		assertThat(this.workers.handled()).isEqualTo(1);
	}

	@Test
	void workerOfAPartitionIsFoundByItUntilItIsReleased() {
		AssignedPartition assigned = new AssignedPartition(new TopicPartition("orders", 0), 1);
		Worker worker = this.workers.allocate("worker_0", assigned);
		Worker other = this.workers.allocate("worker_1", new AssignedPartition(new TopicPartition("orders", 1), 1));
		assertThat(this.workers.workerFor(new TopicPartition("orders", 0))).isSameAs(worker);
		assertThat(this.workers.workerFor(new TopicPartition("orders", 1))).isSameAs(other);
		assertThat(this.workers.workerFor(new TopicPartition("orders", 2))).isNull();
		this.workers.release(worker, assigned);
		assertThat(this.workers.workerFor(new TopicPartition("orders", 0))).isNull();
	}

	@Test
	void eachWorkerCountsInItsState() {
		Worker worker = this.workers.allocate("worker_0", new AssignedPartition(new TopicPartition("orders", 0), 1));
		this.workers.allocate("worker_1", new AssignedPartition(new TopicPartition("orders", 1), 1));
		worker.submit(new OneRecord());
		assertThat(this.workers.states()).containsOnlyKeys(WorkerState.values())
			.containsEntry(WorkerState.RUNNING, 1)
			.containsEntry(WorkerState.IDLE, 1)
			.containsEntry(WorkerState.STALLED, 0);
	}

	@Test
	void numberNeverDecreasesAndNeverExceedsWhatWasSubmitted() {
		ExecutorService threads = Executors.newFixedThreadPool(2);
		try {
			ConsumerWorkers workers = new ConsumerWorkers(
					new WorkerRuntime(threads, this.execution, Ticker.system(), (prefix) -> threads),
					new TestWorkerOwner(), 2, new ConsumerObservers("orders", List.of()));
			long before = 0;
			for (int offset = 0; offset < RECORDS; offset++) {
				workers.submit("key-" + offset % 50, record(offset), 0, new OneRecord());
				long now = workers.handled();
				assertThat(now).isBetween(before, offset + 1L);
				before = now;
			}
			await("all are handled").untilAsserted(() -> assertThat(workers.handled()).isEqualTo(RECORDS));
			assertThat(workers.all()).isEmpty();
		}
		finally {
			threads.shutdownNow();
		}
	}

	private static ConsumerRecord<?, ?> record(int offset) {
		return new ConsumerRecord<>("orders", 0, offset, "key", "value");
	}

	/**
	 * A record that is handled at once.
	 */
	private static final class OneRecord extends Work {

		@Override
		public Progress proceed(Worker worker, Turn turn) {
			worker.recordHandled();
			return Progress.DONE;
		}

		@Override
		public boolean isReady(long now) {
			return false;
		}

	}

}
