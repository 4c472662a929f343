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

package io.kaffe.spring.autoconfigure;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.SmartLifecycle;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.engine.worker.ConsumerObserver;
import io.kaffe.spring.engine.worker.LostRecords;
import io.kaffe.spring.engine.worker.SafeLog;
import io.kaffe.spring.engine.worker.StalledRecord;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.event.ConsumerEscalatedEvent;
import io.kaffe.spring.event.OutageBeganEvent;
import io.kaffe.spring.event.OutageEndedEvent;
import io.kaffe.spring.event.PartitionsDrainedEvent;
import io.kaffe.spring.event.RecordParkedEvent;
import io.kaffe.spring.event.RecordsLostEvent;
import io.kaffe.spring.event.RetentionWarningEvent;
import io.kaffe.spring.event.WorkerStalledEvent;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.PartitionSnapshot;

/**
 * Publishes application events about consumers, in order. Event listeners are called by a
 * separate thread, so that one that hangs or throws holds up nothing but later events, of
 * which a limited number is queued and the rest are dropped.
 * <p>
 * Stops after the containers when the context is closed, and then waits briefly for
 * queued events.
 * <p>
 * <b>Threading.</b> Any thread queues events, without waiting; the single thread of the
 * executor publishes them. The thread that closes the context waits parked.
 */
final class EventPublication implements ConsumerObserver, SmartLifecycle, DisposableBean {

	private static final Log logger = LogFactory.getLog(EventPublication.class);

	/** How many events are queued at most. */
	static final int MAX_WAITING = 1000;

	private final AtomicLong dropped = new AtomicLong();

	private final ApplicationEventPublisher publisher;

	private final Duration patience;

	private final ExecutorService executor;

	private final Ticker ticker;

	private volatile boolean running;

	/**
	 * Create a publication.
	 * @param publisher the application's event publisher
	 * @param patience how long to wait for queued events when the context is closed
	 * @param executor publishes events, one at a time and in order; rejects those above
	 * {@link #MAX_WAITING}; shut down here
	 * @param ticker the time
	 */
	EventPublication(ApplicationEventPublisher publisher, Duration patience, ExecutorService executor, Ticker ticker) {
		this.publisher = publisher;
		this.patience = patience;
		this.executor = executor;
		this.ticker = ticker;
	}

	@Override
	public void stalled(String consumer, StalledRecord stalled) {
		ConsumerRecord<?, ?> record = stalled.record();
		publish(new WorkerStalledEvent(consumer, stalled.worker(), record.topic(), record.partition(), record.offset(),
				stalled.duration()));
	}

	@Override
	public void parked(String consumer, FailingRecord record) {
		publish(new RecordParkedEvent(consumer, record.partition().topic(), record.partition().partition(),
				record.offset(), record.failure(), Objects.requireNonNull(record.parkedSince()), record.owners()));
	}

	@Override
	public void outageBegan(String consumer, ConsumerSnapshot.Outage outage) {
		publish(new OutageBeganEvent(consumer, outage.since(), outage.failureRate(), outage.exception()));
	}

	@Override
	public void outageEnded(String consumer, ConsumerSnapshot.Outage outage) {
		publish(new OutageEndedEvent(consumer, outage.since(), outage.probes()));
	}

	@Override
	public void deletionExpected(String consumer, TopicPartition partition,
			PartitionSnapshot.DeletionExpected expected) {
		publish(new RetentionWarningEvent(consumer, partition.topic(), partition.partition(), expected.offset(),
				expected.at()));
	}

	@Override
	public void lost(String consumer, LostRecords lost) {
		publish(new RecordsLostEvent(consumer, lost.partition().topic(), lost.partition().partition(), lost.first(),
				lost.last(), lost.count()));
	}

	@Override
	public void rebalanced(String consumer, ConsumerSnapshot.Rebalance rebalance) {
		Long drainMillis = rebalance.drainMillis();
		if (drainMillis != null) {
			publish(new PartitionsDrainedEvent(consumer, rebalance.at(), rebalance.partitions(),
					Duration.ofMillis(drainMillis), rebalance.givenUp()));
		}
	}

	@Override
	public void stopped(String consumer, ConsumerSnapshot.Stop stop) {
		publish(new ConsumerEscalatedEvent(consumer, stop.reason(), stop.at()));
	}

	private void publish(Object event) {
		try {
			this.executor.execute(() -> publishNow(event));
		}
		catch (RejectedExecutionException ex) {
			if (this.dropped.getAndIncrement() == 0 && !this.executor.isShutdown()) {
				logger.warn(
						"Dropping events: " + MAX_WAITING + " are waiting for an event listener that does not return. "
								+ "The first dropped event is a " + event.getClass().getSimpleName());
			}
		}
	}

	private void publishNow(Object event) {
		try {
			this.publisher.publishEvent(event);
		}
		catch (Throwable ex) {
			SafeLog.log(logger::warn,
					"An event listener of " + event.getClass().getSimpleName() + " threw an exception", ex);
		}
	}

	/**
	 * Return how many events were dropped because too many were queued.
	 */
	long dropped() {
		return this.dropped.get();
	}

	@Override
	public void start() {
		this.running = true;
	}

	/**
	 * Wait briefly until queued events are published.
	 */
	@Override
	public void stop() {
		this.running = false;
		Thread stopping = Thread.currentThread();
		AtomicBoolean published = new AtomicBoolean();
		try {
			this.executor.execute(() -> {
				published.set(true);
				this.ticker.unpark(stopping);
			});
			await(published);
		}
		catch (RejectedExecutionException ex) {
			warnOfUnpublished();
		}
	}

	/**
	 * Wait until events are published, the patience is over, or the calling thread is
	 * interrupted, which it then still is.
	 */
	private void await(AtomicBoolean published) {
		long deadline = this.ticker.nanoTime() + this.patience.toNanos();
		long left = this.patience.toNanos();
		while (!published.get() && !Thread.currentThread().isInterrupted()) {
			if (left <= 0) {
				warnOfUnpublished();
				return;
			}
			this.ticker.park(this, left);
			left = deadline - this.ticker.nanoTime();
		}
	}

	private static void warnOfUnpublished() {
		logger.warn("Some events may be lost: an event listener did not return before the context closed");
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	/**
	 * Return the phase that stops last: containers publish events while they stop.
	 */
	@Override
	public int getPhase() {
		return Integer.MIN_VALUE;
	}

	@Override
	public void destroy() {
		this.executor.shutdownNow();
	}

}
