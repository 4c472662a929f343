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
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.BeanUtils;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.util.ReflectionUtils;

import io.kaffe.spring.engine.worker.ConsumerObserver;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.TestWorkerOwner;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.Evicted;
import io.kaffe.spring.table.Lag;
import io.kaffe.spring.table.PartitionSnapshot;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KaffeMetrics}.
 */
class KaffeMetricsTests {

	private final MockClock clock = new MockClock();

	private final SimpleMeterRegistry registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, this.clock);

	private final Queue<Runnable> tasks = new ArrayDeque<>();

	private final AtomicInteger snapshots = new AtomicInteger();

	private final KaffeMetrics metrics = new KaffeMetrics(this.registry, this::manager, this.tasks::add);

	private final DefaultWorkerManager manager = new DefaultWorkerManager(new WorkerRuntime(Runnable::run,
			new ThreadPoolTaskScheduler(), Ticker.system(), SimpleAsyncTaskExecutor::new), List.of(this.metrics));

	private final ConsumerObserver.HandlerTimer timer = this.metrics.handlerTimer("orders");

	private ConsumerSnapshot table = SnapshotFixtures.orders();

	KaffeMetricsTests() {
		this.manager.register("orders", 4, new TestWorkerOwner((showValues) -> {
			this.snapshots.incrementAndGet();
			return this.table;
		}));
	}

	private DefaultWorkerManager manager() {
		return this.manager;
	}

	@Test
	void metersOfAConsumerAreThereFromTheBeginning() {
		assertThat(meters()).containsExactlyInAnyOrder("kaffe.buffer.bytes", "kaffe.commits result=failure",
				"kaffe.commits result=success", "kaffe.consumer.problems severity=down",
				"kaffe.consumer.problems severity=warning", "kaffe.consumer.state state=draining",
				"kaffe.consumer.state state=paused", "kaffe.consumer.state state=rebalancing",
				"kaffe.consumer.state state=running", "kaffe.consumer.state state=starting",
				"kaffe.consumer.state state=stopped", "kaffe.consumer.up", "kaffe.drain outcome=completed",
				"kaffe.drain outcome=timed-out", "kaffe.internal.errors", "kaffe.keys.evicted",
				"kaffe.late.completions", "kaffe.max.concurrency", "kaffe.outage",
				"kaffe.partitions.paused reason=back-pressure", "kaffe.partitions.paused reason=once",
				"kaffe.partitions.paused reason=operator", "kaffe.partitions.paused reason=parked",
				"kaffe.partitions.paused reason=seek", "kaffe.partitions.paused reason=worker-allocation",
				"kaffe.rebalances kind=assigned", "kaffe.rebalances kind=lost", "kaffe.rebalances kind=revoked",
				"kaffe.records.already.handled", "kaffe.records.buffered", "kaffe.records.dead.lettered",
				"kaffe.records.evicted", "kaffe.records.failing", "kaffe.records.in.flight", "kaffe.records.lost",
				"kaffe.records.parked", "kaffe.records.retries", "kaffe.records.skipped", "kaffe.records.stalled",
				"kaffe.restarts", "kaffe.workers state=backing-off", "kaffe.workers state=draining",
				"kaffe.workers state=idle", "kaffe.workers state=parked", "kaffe.workers state=running",
				"kaffe.workers state=stalled", "kaffe.workers state=stopped");
		assertThat(this.registry.getMeters()).allSatisfy((meter) -> {
			assertThat(meter.getId().getTag("consumer")).isEqualTo("orders");
			assertThat(meter.getId().getDescription()).isNotBlank();
		});
	}

	@Test
	void gaugesAndCountersShowTheTable() {
		assertThat(gauge("kaffe.records.buffered")).isEqualTo(12);
		assertThat(gauge("kaffe.buffer.bytes")).isEqualTo(3456);
		assertThat(gauge("kaffe.records.in.flight")).isEqualTo(1);
		assertThat(gauge("kaffe.records.failing")).isEqualTo(1);
		assertThat(gauge("kaffe.records.evicted")).isEqualTo(300);
		assertThat(gauge("kaffe.keys.evicted")).isEqualTo(2);
		assertThat(gauge("kaffe.consumer.up")).as("it has a warning").isEqualTo(1);
		assertThat(gauge("kaffe.consumer.problems", "severity", "warning")).isEqualTo(1);
		assertThat(gauge("kaffe.consumer.problems", "severity", "down")).isZero();
		assertThat(gauge("kaffe.partitions.paused", "reason", "back-pressure")).isEqualTo(1);
		assertThat(gauge("kaffe.partitions.paused", "reason", "operator")).isZero();
		assertThat(gauge("kaffe.max.concurrency")).as("there is no limit").isNaN();
		assertThat(gauge("kaffe.consumer.state", "state", "running")).isEqualTo(1);
		assertThat(gauge("kaffe.consumer.state", "state", "paused")).isZero();
		assertThat(counter("kaffe.records.retries")).isEqualTo(1);
		assertThat(counter("kaffe.records.skipped")).isEqualTo(3);
		assertThat(counter("kaffe.records.dead.lettered")).isEqualTo(4);
		assertThat(counter("kaffe.late.completions")).isEqualTo(5);
		assertThat(counter("kaffe.records.lost")).isEqualTo(8);
		assertThat(counter("kaffe.records.already.handled")).isEqualTo(9);
	}

	@Test
	void consumerIsNotUpWhenSomethingIsDown() {
		this.table = with(List.of("orders"), 3, List.of(),
				List.of(new ConsumerProblem(ConsumerProblem.Kind.NO_ANSWER, null, "no answer: none")));
		assertThat(gauge("kaffe.consumer.up")).isZero();
		assertThat(gauge("kaffe.consumer.problems", "severity", "down")).isEqualTo(1);
		assertThat(gauge("kaffe.max.concurrency")).isEqualTo(3);
	}

	@Test
	void attemptsAreTimedByTopicAndOutcome() {
		this.timer.attempted("orders", 1_000_000, true);
		this.timer.attempted("orders", 3_000_000, true);
		this.timer.attempted("orders", 5_000_000, false);
		this.timer.attempted("payments", 7_000_000, true);
		assertThat(timer("orders", "handled").count()).isEqualTo(2);
		assertThat(timer("orders", "handled").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(4);
		assertThat(timer("orders", "failed").count()).isEqualTo(1);
		assertThat(timer("payments", "handled").max(TimeUnit.MILLISECONDS)).isEqualTo(7);
		assertThat(timer("payments", "failed").count()).isZero();
	}

	@Test
	void commitsRebalancesDrainsAndRestartsAreCounted() {
		this.metrics.committed("orders", null);
		this.metrics.committed("orders", null);
		this.metrics.committed("orders", new TimeoutException());
		this.metrics.restarted("orders");
		this.metrics.internalError("orders");
		this.metrics.rebalanced("orders", rebalance("assigned", null));
		this.metrics.rebalanced("orders", rebalance("revoked", 30L));
		this.metrics.rebalanced("orders", rebalance("revoked", 50L, "orders-0@77"));
		this.metrics.rebalanced("orders", rebalance("lost", null));
		assertThat(counter("kaffe.commits", "result", "success")).isEqualTo(2);
		assertThat(counter("kaffe.commits", "result", "failure")).isEqualTo(1);
		assertThat(counter("kaffe.restarts")).isEqualTo(1);
		assertThat(counter("kaffe.internal.errors")).isEqualTo(1);
		assertThat(counter("kaffe.rebalances", "kind", "assigned")).isEqualTo(1);
		assertThat(counter("kaffe.rebalances", "kind", "revoked")).isEqualTo(2);
		assertThat(counter("kaffe.rebalances", "kind", "lost")).isEqualTo(1);
		assertThat(drain("completed").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(30);
		assertThat(drain("timed-out").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(50);
	}

	@Test
	void metersOfAPartitionComeWithItAndShowIt() {
		assign();
		assertThat(meters()).contains("kaffe.partition.lag partition=0 topic=orders",
				"kaffe.partition.lag.time partition=0 topic=orders",
				"kaffe.partition.completed.ahead partition=0 topic=orders",
				"kaffe.partition.oldest.age partition=0 topic=orders",
				"kaffe.partition.evicted partition=0 topic=orders", "kaffe.partition.parked partition=0 topic=orders");
		assertThat(this.registry.get("kaffe.partition.lag.time").gauge().getId().getBaseUnit()).isEqualTo("seconds");
		assertThat(gauge("kaffe.partition.lag")).isEqualTo(43);
		assertThat(gauge("kaffe.partition.completed.ahead")).isEqualTo(3);
		assertThat(gauge("kaffe.partition.lag.time")).isEqualTo(8);
		assertThat(gauge("kaffe.partition.evicted")).isEqualTo(300);
	}

	@Test
	void ageOfTheOldestIsThatOfNow() {
		this.clock.add(SnapshotFixtures.NOON.toEpochMilli() - this.clock.wallTime() + 2500, TimeUnit.MILLISECONDS);
		assign();
		assertThat(age()).isEqualTo(2.5);
		this.clock.add(500, TimeUnit.MILLISECONDS);
		assertThat(age()).as("though the snapshot is the same").isEqualTo(3);
	}

	@Test
	void metersOfAPartitionGoWithIt() {
		assign();
		this.table = with(List.of("orders", "payments"));
		this.metrics.rebalanced("orders", rebalance("revoked", 0L));
		assertThat(meters()).as("consumer threads only count").anyMatch((name) -> name.contains("partition="));
		runTasks();
		assertThat(meters()).noneMatch((name) -> name.contains("partition="));
		assertThat(gauge("kaffe.records.buffered")).as("the consumer's own stay").isEqualTo(12);
	}

	@Test
	void partitionThatWentWithoutAWordIsNoticedWhenAGaugeIsRead() {
		assign();
		this.table = with(List.of("orders", "payments"));
		this.clock.add(1, TimeUnit.SECONDS);
		assertThat(gauge("kaffe.partition.lag")).isNaN();
		runTasks();
		assertThat(meters()).noneMatch((name) -> name.contains("partition="));
	}

	@Test
	void timersGoWithTheirTopicButNotWithItsPartitions() {
		assign();
		this.timer.attempted("orders", 1, true);
		this.table = with(List.of("orders", "payments"));
		this.metrics.rebalanced("orders", rebalance("revoked", 0L));
		runTasks();
		assertThat(meters()).contains("kaffe.records outcome=handled topic=orders");
		this.table = with(List.of("payments"));
		this.metrics.rebalanced("orders", rebalance("assigned", null));
		runTasks();
		assertThat(meters()).noneMatch((name) -> name.contains("topic=orders"));
	}

	@Test
	void snapshotIsTakenAtMostOnceASecond() {
		gauge("kaffe.records.buffered");
		int before = this.snapshots.get();
		gauge("kaffe.records.buffered");
		gauge("kaffe.records.in.flight");
		counter("kaffe.records.retries");
		assertThat(this.snapshots).hasValue(before);
		this.clock.add(1, TimeUnit.SECONDS);
		gauge("kaffe.records.buffered");
		gauge("kaffe.records.in.flight");
		assertThat(this.snapshots).hasValue(before + 1);
	}

	@Test
	void whatIsUnknownIsNotANumber() {
		this.table = with(List.of("orders"), null,
				List.of(new PartitionSnapshot("orders", 0, null, 1,
						new PartitionSnapshot.Offsets(null, null, 0, 0, null, null), new Lag(null, null), 0,
						Evicted.NONE, null, null, null)),
				List.of());
		assign();
		assertThat(gauge("kaffe.partition.lag")).isNaN();
		assertThat(gauge("kaffe.partition.lag.time")).isNaN();
		assertThat(age()).as("nothing is unfinished").isZero();
	}

	@ParameterizedTest
	@ValueSource(classes = { RejectedExecutionException.class, OutOfMemoryError.class })
	void threadsThatCannotBeHadAreAskedForAgain(Class<? extends Throwable> refusal) {
		AtomicInteger refused = new AtomicInteger();
		KaffeMetrics patient = new KaffeMetrics(this.registry, this::manager, (task) -> {
			if (refused.getAndIncrement() == 0) {
				ReflectionUtils.rethrowRuntimeException(BeanUtils.instantiateClass(refusal));
			}
			task.run();
		});
		patient.rebalanced("orders", rebalance("assigned", null));
		assertThat(refused).hasValue(1);
		assertThat(meters()).noneMatch((name) -> name.contains("partition="));
		patient.rebalanced("orders", rebalance("assigned", null));
		assertThat(meters()).anyMatch((name) -> name.contains("partition="));
	}

	@Test
	void allMetersAreRemovedInTheEnd() {
		assign();
		this.timer.attempted("orders", 1, true);
		this.metrics.close();
		this.timer.attempted("orders", 1, true);
		this.metrics.committed("orders", null);
		this.metrics.rebalanced("orders", rebalance("revoked", 0L));
		runTasks();
		assertThat(this.registry.getMeters()).isEmpty();
	}

	private void assign() {
		this.metrics.rebalanced("orders", rebalance("assigned", null));
		runTasks();
	}

	private void runTasks() {
		for (Runnable task = this.tasks.poll(); task != null; task = this.tasks.poll()) {
			task.run();
		}
	}

	/**
	 * Return a consumer of some topics without partitions.
	 */
	private ConsumerSnapshot with(List<String> topics) {
		return with(topics, null, List.of(), List.of());
	}

	private ConsumerSnapshot with(List<String> topics, @Nullable Integer maxConcurrency,
			List<PartitionSnapshot> partitions, List<ConsumerProblem> problems) {
		return new ConsumerSnapshot(
				new ConsumerSnapshot.Settings("shop", topics, "worker-per-partition", maxConcurrency, List.of()),
				new ConsumerSnapshot.Status(this.table.status().state(), false, null, null, null, problems),
				new ConsumerSnapshot.Load(this.table.load().buffered(), 0, new Lag(null, null), Evicted.NONE), 0,
				List.of(), partitions, this.table.counters(), new ConsumerSnapshot.Failures(
						new ConsumerSnapshot.FailingPage(0, List.of()), List.of(), null, List.of()),
				List.of());
	}

	private static ConsumerSnapshot.Rebalance rebalance(String kind, @Nullable Long drainMillis, String... givenUp) {
		return new ConsumerSnapshot.Rebalance(Instant.EPOCH, kind, List.of("orders-0"), drainMillis, List.of(givenUp));
	}

	private List<String> meters() {
		return this.registry.getMeters().stream().map((meter) -> name(meter.getId())).toList();
	}

	private static String name(Meter.Id id) {
		StringBuilder name = new StringBuilder(id.getName());
		id.getTags()
			.stream()
			.filter((tag) -> !tag.getKey().equals("consumer"))
			.forEach((tag) -> name.append(' ').append(tag.getKey()).append('=').append(tag.getValue()));
		return name.toString();
	}

	private double gauge(String name, String... tags) {
		return this.registry.get(name).tags(tags).gauge().value();
	}

	private double age() {
		return gauge("kaffe.partition.oldest.age");
	}

	private double counter(String name, String... tags) {
		Meter meter = this.registry.get(name).tags(tags).meter();
		return meter.measure().iterator().next().getValue();
	}

	private Timer timer(String topic, String outcome) {
		return this.registry.get("kaffe.records").tags("topic", topic, "outcome", outcome).timer();
	}

	private Timer drain(String outcome) {
		return this.registry.get("kaffe.drain").tag("outcome", outcome).timer();
	}

}
