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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.kafka.event.ConsumerFailedToStartEvent;
import org.springframework.kafka.event.ConsumerStartingEvent;
import org.springframework.kafka.event.ConsumerStoppedEvent;
import org.springframework.kafka.event.ConsumerStoppedEvent.Reason;
import org.springframework.kafka.event.ContainerStoppedEvent;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;

import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.RestartHistory;
import io.kaffe.spring.engine.worker.SafeLog;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.table.ConsumerSnapshot;

/**
 * Stops a container that must not continue, and restarts a container when one of its
 * polling threads has died: after a back-off, and not without limit.
 * <p>
 * <b>Threading.</b> Events are published by consumer threads and by whoever starts and
 * stops the container, the periodic check from the scheduler, reasons to stop from
 * workers. None of them may wait for the container, so it is stopped and started by
 * threads that live no longer than that takes.
 */
final class ContainerSupervision {

	private static final Log logger = LogFactory.getLog(ContainerSupervision.class);

	private static final Duration LOOK_PERIOD = Duration.ofSeconds(5);

	private static final Duration END_PERIOD = Duration.ofMillis(100);

	private final Map<Object, Thread> polling = new ConcurrentHashMap<>();

	private final Set<Object> failedToStart = ConcurrentHashMap.newKeySet();

	private final AtomicBoolean looking = new AtomicBoolean();

	private final AtomicBoolean stopping = new AtomicBoolean();

	private final AtomicBoolean restarting = new AtomicBoolean();

	private final String name;

	private final AbstractMessageListenerContainer<?, ?> container;

	private final ConsumerWorkers workers;

	private final Ticker ticker;

	private final RestartHistory deaths;

	private final Executor executor;

	private final @Nullable ApplicationEventPublisher context;

	private volatile ConsumerSnapshot.@Nullable Stop stopped;

	/** Whether it was stopped here, to stay down until it is started. */
	private volatile boolean meantToBeDown;

	ContainerSupervision(String name, AbstractMessageListenerContainer<?, ?> container, ConsumerWorkers workers,
			RestartHistory.Limit restartLimit, Ticker ticker, Executor executor) {
		this.name = name;
		this.container = container;
		this.workers = workers;
		this.ticker = ticker;
		this.deaths = new RestartHistory(restartLimit);
		this.context = container.getApplicationEventPublisher();
		this.executor = executor;
	}

	/**
	 * Return why the container was stopped, or {@code null} if it was not stopped here.
	 */
	ConsumerSnapshot.@Nullable Stop stopped() {
		return this.stopped;
	}

	/**
	 * Return the threads that have begun to poll and have not reported that they end. Any
	 * thread.
	 */
	Collection<Thread> polling() {
		return this.polling.values();
	}

	/**
	 * Return how many threads the container has requested in vain. Any thread.
	 */
	int failedToStart() {
		return this.failedToStart.size();
	}

	/**
	 * Stop the container, once. Does not wait.
	 */
	void stopBecause(String reason, @Nullable Throwable failure) {
		if (this.container.isRunning() && this.stopping.compareAndSet(false, true)) {
			this.meantToBeDown = true;
			ConsumerSnapshot.Stop stop = new ConsumerSnapshot.Stop(this.ticker.instant(), reason);
			this.stopped = stop;
			execute(() -> {
				end();
				this.stopping.set(false);
			});
			SafeLog.log(logger::error, "Consumer '" + this.name + "' is stopped. " + reason
					+ ". What is unfinished is delivered again when it is started again.", failure);
			this.workers.observers().stopped(stop);
		}
	}

	/**
	 * Record that the container is stopped on request: it is not restarted here.
	 */
	void stayDown() {
		this.meantToBeDown = true;
		this.stopped = null;
	}

	void onEvent(Object event) {
		if (event instanceof ConsumerStartingEvent starting) {
			// The last of its threads may begin when it has been stopped already.
			if (this.container.isRunning() && !this.stopping.get()) {
				this.meantToBeDown = false;
				this.stopped = null;
			}
			this.failedToStart.remove(starting.getSource());
			this.polling.put(starting.getSource(), Thread.currentThread());
			lookLater();
		}
		else if (event instanceof ConsumerStoppedEvent ended) {
			this.polling.remove(ended.getSource());
			if (isDeath(ended.getReason())) {
				died("ended with " + ended.getReason());
			}
		}
		else if (event instanceof ConsumerFailedToStartEvent failed) {
			this.failedToStart.add(failed.getSource());
		}
		else if (event instanceof ContainerStoppedEvent ended && ended.getSource() == this.container) {
			this.failedToStart.clear();
		}
	}

	/**
	 * Restart the container, since one of its consumers is out of its group for good,
	 * though its thread polls. Does not wait.
	 * @param failure what its poll threw
	 */
	void outOfGroup(Exception failure) {
		died("is out of its group: " + failure.getClass().getSimpleName());
	}

	private boolean isDeath(Reason reason) {
		return switch (reason) {
			case ERROR, FENCED, NO_OFFSET -> true;
			case AUTH -> !this.container.getContainerProperties().isRestartAfterAuthExceptions();
			default -> false;
		};
	}

	/**
	 * Check periodically for threads that have terminated unexpectedly.
	 */
	private void lookLater() {
		if (this.looking.compareAndSet(false, true)) {
			this.workers.after(LOOK_PERIOD, () -> {
				this.looking.set(false);
				if (this.polling.values().removeIf((thread) -> !thread.isAlive())) {
					died("terminated unexpectedly");
				}
				if (!this.polling.isEmpty()) {
					lookLater();
				}
			});
		}
	}

	private void died(String how) {
		if (this.restarting.compareAndSet(false, true)) {
			execute(() -> {
				if (isMeantToRun()) {
					restartLater(how);
				}
				else {
					this.restarting.set(false);
				}
			});
		}
	}

	/**
	 * Return whether the container has not been stopped on purpose. May wait for it.
	 */
	private boolean isMeantToRun() {
		return !this.meantToBeDown && (this.container.isRunning() || !this.container.isInExpectedState());
	}

	private void restartLater(String how) {
		this.workers.observers().restarted();
		Duration delay = this.deaths.brokeDown(this.ticker.nanoTime());
		String reason = "A polling thread " + how;
		if (delay.isZero()) {
			reason += ", too often: the consumer stays stopped until it is started again";
			this.deaths.forget();
			this.meantToBeDown = true;
		}
		else {
			reason += "; the consumer is restarted in " + delay.toMillis() + " ms";
		}
		ConsumerSnapshot.Stop stop = new ConsumerSnapshot.Stop(this.ticker.instant(), reason);
		this.stopped = stop;
		logger.error("Consumer '" + this.name + "' is not polling. " + reason);
		this.workers.observers().stopped(stop);
		end();
		if (delay.isZero()) {
			this.restarting.set(false);
		}
		else {
			this.workers.after(delay, () -> execute(this::restart));
		}
	}

	private void end() {
		try {
			this.container.stopAbnormally(() -> {
			});
		}
		catch (Throwable ex) {
			SafeLog.log(logger::error, "Consumer '" + this.name + "' could not be stopped", ex);
		}
	}

	/**
	 * Start the container again, when the last of its threads has ended, unless it was
	 * started or stopped meanwhile.
	 */
	private void restart() {
		if (this.container.isRunning() || !isMeantToRun() || !isContextOpen()) {
			this.restarting.set(false);
			return;
		}
		if (this.polling.values().stream().anyMatch(Thread::isAlive)) {
			this.workers.after(END_PERIOD, () -> execute(this::restart));
			return;
		}
		this.polling.clear();
		this.restarting.set(false);
		try {
			this.container.start();
		}
		catch (Throwable ex) {
			SafeLog.log(logger::error, "Consumer '" + this.name + "' could not be started again", ex);
			died("could not be started");
		}
	}

	/**
	 * Run a task that may wait for the container; later, if there is no thread for it.
	 */
	private void execute(Runnable task) {
		try {
			this.executor.execute(task);
		}
		catch (Throwable ex) {
			SafeLog.log(logger::error, "There is no thread to start or stop consumer '" + this.name + "' with", ex);
			this.workers.after(LOOK_PERIOD, () -> execute(task));
		}
	}

	/**
	 * Return whether the application is not being shut down: containers publish their
	 * events through its context.
	 */
	private boolean isContextOpen() {
		// A context that is being closed stays active until the last of its beans is
		// destroyed.
		return !(this.context instanceof ConfigurableApplicationContext configurable)
				|| (configurable.isActive() && !configurable.isClosed());
	}

}
