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
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.delivery.Acknowledging;
import io.kaffe.spring.engine.delivery.BatchDelivery;
import io.kaffe.spring.engine.delivery.DeliverySettings;
import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.delivery.FailurePolicy;
import io.kaffe.spring.engine.delivery.LogContext;
import io.kaffe.spring.engine.delivery.RecordDelivery;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.RestartHistory;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.WorkerOwner;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.table.ConsumerProblem;

/**
 * The engine between a consumer that polls from a ring and a listener that does next to
 * nothing, with the settings that are the defaults of a service.
 * <p>
 * <b>Threading.</b> Belongs to the thread that made it, which is the consumer thread.
 */
final class Engine {

	private static final String NAME = "orders";

	private static final long PATIENCE_NANOS = Duration.ofSeconds(10).toNanos();

	/** Of a poll, which the engine has to end. */
	private static final long POLL_NANOS = Duration.ofSeconds(1).toNanos();

	/** While the engine has no reason to wake anybody up. */
	private static final long PAUSE_NANOS = Duration.ofMillis(1).toNanos();

	private final Ticker ticker = Ticker.system();

	private final ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler();

	private final PausingConsumer consumer = new PausingConsumer();

	private final PollRing ring;

	private final WorkerContainer adopted;

	private final ConsumerSession session;

	/** Up to where all partitions are known to be complete. */
	private long completed;

	Engine(StandardWorkerAllocationStrategy strategy, Supplier<String> keys, int maxConcurrency, WorkerThreads threads,
			Duration commitInterval) {
		this.ring = new PollRing(keys);
		this.scheduler.initialize();
		ContainerProperties properties = new ContainerProperties(ReplayedRecord.TOPIC);
		properties.setGroupId(NAME);
		KafkaMessageListenerContainer<Object, Object> container = new KafkaMessageListenerContainer<>(
				new DefaultKafkaConsumerFactory<>(Map.of()), properties);
		ConsumerSettings settings = new ConsumerSettings(strategy.configurationName(), strategy, maxConcurrency, 10_000,
				64L << 20, true, commitInterval, Duration.ofSeconds(20), new BatchDelivery.Limits(500, Duration.ZERO),
				new FailurePolicy(0, new FixedBackOff(), null, Set.of(), FailureAction.PARK, Map.of(), null, null, 100),
				new WorkerOwner.StallLimits(Duration.ofMinutes(5), null),
				new RestartHistory.Limit(10, Duration.ofMinutes(5)), ConsumerProblem.Severity.WARNING, false);
		RecordDelivery delivery = new RecordDelivery((record) -> ((ReplayedRecord) record).handle(),
				ListenerType.SIMPLE, null, Acknowledging.NONE, false, new DeliverySettings(NAME, false,
						settings.failurePolicy(), null, new LogContext(NAME, false), this.ticker));
		WorkerRuntime runtime = new WorkerRuntime(threads.executor(), this.scheduler, this.ticker,
				SimpleAsyncTaskExecutor::new);
		this.adopted = new WorkerContainer(NAME, new ContainerFacts(container), settings, null, delivery, null, runtime,
				new DefaultWorkerManager(runtime), KafkaClients.OF_BROKERS);
		this.session = this.adopted.session(this.consumer);
		this.session.assigned(PollRing.PARTITIONS);
		this.session.positioned(PollRing.PARTITIONS);
	}

	/**
	 * Do once what the container does again and again: tick, poll, dispatch. Waits while
	 * partitions are paused, for they have no room then.
	 */
	void poll() {
		this.session.tick();
		if (!this.consumer.paused().isEmpty()) {
			tickUntil(() -> this.consumer.paused().isEmpty(), POLL_NANOS);
		}
		if (this.ring.neededComplete() > this.completed) {
			// A thread was halted in the midst of a record while the others went on.
			tickUntil(this::isNeededComplete, PAUSE_NANOS);
		}
		this.session.dispatch(this.ring.next());
	}

	/**
	 * Wait until nothing is in flight, and make sure that everything that was polled was
	 * handled once and is complete.
	 */
	void settle() {
		tickUntil(this::isIdle, PAUSE_NANOS);
		this.ring.check();
		for (PartitionAssignment assignment : this.session.assignments()) {
			long completed = completed(assignment);
			if (completed != this.ring.nextOffset()) {
				throw new IllegalStateException(
						assignment + " is complete up to " + completed + " of " + this.ring.nextOffset());
			}
		}
	}

	/**
	 * Stop, and make sure that everything is committed.
	 */
	void stop() {
		this.adopted.stopping(this.consumer, () -> {
		});
		Map<TopicPartition, OffsetAndMetadata> committed = this.consumer.committed(Set.copyOf(PollRing.PARTITIONS));
		for (TopicPartition partition : PollRing.PARTITIONS) {
			OffsetAndMetadata commit = committed.get(partition);
			if (commit == null || commit.offset() != this.ring.nextOffset()) {
				throw new IllegalStateException(
						partition + " is committed at " + commit + " instead of " + this.ring.nextOffset());
			}
		}
		this.scheduler.destroy();
	}

	private boolean isNeededComplete() {
		this.completed = this.session.assignments().stream().mapToLong(Engine::completed).min().orElseThrow();
		return this.completed >= this.ring.neededComplete();
	}

	private static long completed(PartitionAssignment assignment) {
		Long completed = assignment.snapshot(false).offsets().completed();
		return (completed != null) ? completed : 0;
	}

	private boolean isIdle() {
		Collection<PartitionAssignment> assignments = this.session.assignments();
		return assignments.stream().allMatch((assignment) -> assignment.buffer().records() == 0);
	}

	private void tickUntil(BooleanSupplier condition, long sleepNanos) {
		long giveUpAt = this.ticker.nanoTime() + PATIENCE_NANOS;
		while (!condition.getAsBoolean()) {
			if (this.ticker.nanoTime() - giveUpAt > 0) {
				throw new IllegalStateException(
						"Workers do not finish what they have: " + this.adopted.snapshot(false));
			}
			this.consumer.awaitWakeup(sleepNanos);
			this.session.tick();
		}
	}

}
