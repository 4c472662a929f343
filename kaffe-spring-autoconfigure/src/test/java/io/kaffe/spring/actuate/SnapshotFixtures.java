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

package io.kaffe.spring.actuate;

import java.time.Instant;
import java.util.List;

import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

import io.kaffe.spring.engine.listener.WorkerContainers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.TestWorkerOwner;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.table.BulkDecisionSnapshot;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.ConsumerState;
import io.kaffe.spring.table.Evicted;
import io.kaffe.spring.table.Lag;
import io.kaffe.spring.table.PartitionSnapshot;
import io.kaffe.spring.table.WorkerSnapshot;
import io.kaffe.spring.table.WorkerState;

/**
 * Consumers for tests, in the states that are shown differently.
 */
final class SnapshotFixtures {

	static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

	private SnapshotFixtures() {
	}

	/**
	 * Create a manager without consumers.
	 */
	static DefaultWorkerManager manager() {
		return new DefaultWorkerManager(new WorkerRuntime(Runnable::run, new ThreadPoolTaskScheduler(), Ticker.system(),
				SimpleAsyncTaskExecutor::new));
	}

	/**
	 * Register a consumer with two workers that have something to do, and one that is
	 * about to start.
	 */
	static void register(DefaultWorkerManager manager) {
		manager.register("refunds", Integer.MAX_VALUE, new TestWorkerOwner((showValues) -> refunds()));
		manager.register("orders", Integer.MAX_VALUE, new TestWorkerOwner(SnapshotFixtures::orders));
	}

	static ConsumerSnapshot orders() {
		return orders(false);
	}

	static ConsumerSnapshot orders(boolean showValues) {
		return new ConsumerSnapshot(
				new ConsumerSnapshot.Settings("shop", List.of("orders", "payments"), "worker-per-partition", null,
						List.of("commitRetries")),
				new ConsumerSnapshot.Status(ConsumerState.RUNNING, false, null, null, null,
						List.of(new ConsumerProblem(ConsumerProblem.Kind.RETRYING, NOON,
								"retrying: orders-0@77, java.lang.IllegalStateException since 2026-01-01T12:00:00Z"))),
				new ConsumerSnapshot.Load(new ConsumerSnapshot.Buffered(12, 3456), 1, new Lag(43L, 8L),
						new Evicted(2, 300)),
				2, List.of(backingOff(showValues), running()), List.of(partition()),
				new ConsumerSnapshot.Counters(1026, 2, 1, 3, 4, 5, 6, 7, 8, 9),
				new ConsumerSnapshot.Failures(new ConsumerSnapshot.FailingPage(1, List.of(failing(showValues))),
						List.of(new ConsumerSnapshot.ParkedBy("java.io.IOException", 1)), decision(),
						List.of(new ConsumerSnapshot.Failure(NOON, "orders-0@77", 2, "java.lang.IllegalStateException",
								"retry", showValues ? "no stock" : null, "java.io.IOException",
								showValues ? "no reply" : null))),
				List.of(new ConsumerSnapshot.Rebalance(NOON, "revoked", List.of("orders-2"), 30L,
						List.of("orders-2@5")),
						new ConsumerSnapshot.Rebalance(NOON, "assigned", List.of("orders-0", "orders-2"), null,
								List.of())));
	}

	static ConsumerSnapshot refunds() {
		return new ConsumerSnapshot(
				new ConsumerSnapshot.Settings(null, List.of("refunds"), "worker-per-topic-partition", 4, List.of()),
				new ConsumerSnapshot.Status(ConsumerState.STARTING, true, null, NOON, null, List.of()),
				new ConsumerSnapshot.Load(new ConsumerSnapshot.Buffered(0, 0), 0, new Lag(null, null), Evicted.NONE), 0,
				List.of(), List.of(), new ConsumerSnapshot.Counters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
				new ConsumerSnapshot.Failures(new ConsumerSnapshot.FailingPage(0, List.of()), List.of(), null,
						List.of()),
				List.of());
	}

	private static BulkDecisionSnapshot decision() {
		return new BulkDecisionSnapshot("retry", "parked records", 100, BulkDecisionSnapshot.State.RUNNING, NOON, null,
				new BulkDecisionSnapshot.Counts(300, 200, 10, 70, 15, 4, 1));
	}

	private static ConsumerSnapshot.Failing failing(boolean showValues) {
		return new ConsumerSnapshot.Failing("orders-0", 77, "retrying", 2, NOON, NOON.plusSeconds(2),
				"java.lang.IllegalStateException", showValues ? "customer" : null, showValues ? "a book" : null,
				showValues ? "no stock" : null, "java.io.IOException", showValues ? "no reply" : null, 8, null, null,
				1);
	}

	static WorkerSnapshot backingOff() {
		return backingOff(false);
	}

	private static WorkerSnapshot backingOff(boolean showValues) {
		return new WorkerSnapshot("worker_0", WorkerState.BACKING_OFF, List.of("orders-0", "payments-0"), 3,
				new WorkerSnapshot.Counters(1021, 2, 1),
				List.of(new WorkerSnapshot.CurrentRecord("orders-0", 77, 2, NOON, showValues ? "customer" : null)),
				new WorkerSnapshot.LastFailure(NOON, "orders-0@77", "java.lang.IllegalStateException"), null);
	}

	private static WorkerSnapshot running() {
		return new WorkerSnapshot("worker_1", WorkerState.RUNNING, List.of("orders-1"), 0,
				new WorkerSnapshot.Counters(5, 0, 0), List.of(), null, null);
	}

	private static PartitionSnapshot partition() {
		return new PartitionSnapshot("orders", 0, "worker_0", 1,
				new PartitionSnapshot.Offsets(77L, 70L, 3, 2, 90L, 120L), new Lag(43L, 8L), 0, new Evicted(2, 300),
				new PartitionSnapshot.OldestUnfinished(77, NOON), "back-pressure",
				new PartitionSnapshot.DeletionExpected(77, NOON.plusSeconds(3600)));
	}

	/**
	 * Return an endpoint that has no operations.
	 */
	static KaffeWorkersEndpoint endpoint(DefaultWorkerManager manager, Show showValues) {
		return new KaffeWorkersEndpoint(manager, new WorkerContainers(), (event) -> {
		}, Access.READ_ONLY, showValues);
	}

}
