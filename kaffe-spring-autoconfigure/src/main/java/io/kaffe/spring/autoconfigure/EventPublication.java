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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.SmartLifecycle;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;

import io.kaffe.spring.engine.worker.ConsumerObserver;
import io.kaffe.spring.engine.worker.SafeLog;
import io.kaffe.spring.engine.worker.StalledRecord;
import io.kaffe.spring.event.ConsumerEscalatedEvent;
import io.kaffe.spring.event.PartitionsDrainedEvent;
import io.kaffe.spring.event.RecordParkedEvent;
import io.kaffe.spring.event.WorkerStalledEvent;
import io.kaffe.spring.table.ConsumerSnapshot;

/**
 * Publishes what happens to consumers as events of the application, in the order in which
 * it is told. Listeners are called by a thread of its own, so that one that hangs or
 * throws holds up or harms nothing but later events: of those it keeps so many, and the
 * rest are dropped.
 * <p>
 * Ends after the containers when the context is closed, and waits a moment then for what
 * is still to be published.
 * <p>
 * <b>Threading.</b> Any thread tells, and does not wait; a single daemon thread
 * publishes, which is there only when there is something to publish.
 */
final class EventPublication implements ConsumerObserver, SmartLifecycle, DisposableBean {

	private static final Log logger = LogFactory.getLog(EventPublication.class);

	private static final int MAX_WAITING = 1000;

	private static final Duration IDLE = Duration.ofSeconds(10);

	private final AtomicLong dropped = new AtomicLong();

	private final ApplicationEventPublisher publisher;

	private final Duration patience;

	private final ThreadPoolExecutor executor;

	private volatile boolean running;

	/**
	 * Create a publication.
	 * @param publisher the application's
	 * @param patience how long to wait, when the context is closed, for events that are
	 * still to be published
	 */
	EventPublication(ApplicationEventPublisher publisher, Duration patience) {
		this.publisher = publisher;
		this.patience = patience;
		CustomizableThreadFactory threads = new CustomizableThreadFactory("kaffe-events-");
		threads.setDaemon(true);
		this.executor = new ThreadPoolExecutor(1, 1, IDLE.toMillis(), TimeUnit.MILLISECONDS,
				new LinkedBlockingQueue<>(MAX_WAITING), threads);
		this.executor.allowCoreThreadTimeOut(true);
	}

	@Override
	public void stalled(String consumer, StalledRecord stalled) {
		ConsumerRecord<?, ?> record = stalled.record();
		publish(new WorkerStalledEvent(consumer, stalled.worker(), record.topic(), record.partition(), record.offset(),
				stalled.duration()));
	}

	@Override
	public void parked(String consumer, ConsumerRecord<?, ?> record, Throwable failure) {
		publish(new RecordParkedEvent(consumer, record.topic(), record.partition(), record.offset(), failure));
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
				logger.warn("Dropping events, since " + MAX_WAITING + " wait for listeners that do not end. "
						+ "The first one is " + event.getClass().getSimpleName());
			}
		}
	}

	private void publishNow(Object event) {
		try {
			this.publisher.publishEvent(event);
		}
		catch (Throwable ex) {
			SafeLog.log(logger::warn, "A listener of " + event.getClass().getSimpleName() + " failed", ex);
		}
	}

	/**
	 * Return how many events were not published because too many waited.
	 */
	long dropped() {
		return this.dropped.get();
	}

	@Override
	public void start() {
		this.running = true;
	}

	/**
	 * Wait a moment until what was told is published.
	 */
	@Override
	public void stop() {
		this.running = false;
		CountDownLatch published = new CountDownLatch(1);
		try {
			this.executor.execute(published::countDown);
			if (!published.await(this.patience.toMillis(), TimeUnit.MILLISECONDS)) {
				warnOfUnpublished();
			}
		}
		catch (RejectedExecutionException ex) {
			warnOfUnpublished();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static void warnOfUnpublished() {
		logger.warn("Events may not be published before the context is closed, since a listener does not end");
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	/**
	 * Return the phase of what stops last: containers tell while they stop.
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
