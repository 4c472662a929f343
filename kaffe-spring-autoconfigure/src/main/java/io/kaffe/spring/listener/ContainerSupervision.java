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

package io.kaffe.spring.listener;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.kafka.event.ConsumerStartedEvent;
import org.springframework.kafka.event.ConsumerStartingEvent;
import org.springframework.kafka.event.ConsumerStoppedEvent;
import org.springframework.kafka.event.ConsumerStoppedEvent.Reason;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;

import io.kaffe.spring.worker.ConsumerSnapshot;
import io.kaffe.spring.worker.ConsumerWorkers;
import io.kaffe.spring.worker.RestartHistory;
import io.kaffe.spring.worker.RestartLimit;
import io.kaffe.spring.worker.Ticker;

/**
 * Stops a container that must not go on, and starts a container again when a thread that
 * polls for it has died: after a back-off, and not without end.
 * <p>
 * <b>Threading.</b> Events come from consumer threads and from whoever starts and stops
 * the container, the periodic look from the scheduler, reasons to stop from workers. None
 * of them may wait for the container, so it is stopped and started by threads that live
 * no longer than that takes.
 */
final class ContainerSupervision {

	private static final Log logger = LogFactory.getLog(ContainerSupervision.class);

	private static final Duration LOOK_PERIOD = Duration.ofSeconds(5);

	private static final Duration END_PERIOD = Duration.ofMillis(100);

	private final Map<Object, Thread> polling = new ConcurrentHashMap<>();

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

	ContainerSupervision(String name, AbstractMessageListenerContainer<?, ?> container, ConsumerWorkers workers,
			RestartLimit restartLimit, Ticker ticker) {
		this.name = name;
		this.container = container;
		this.workers = workers;
		this.ticker = ticker;
		this.deaths = new RestartHistory(restartLimit);
		this.context = container.getApplicationEventPublisher();
		this.executor = new SimpleAsyncTaskExecutor(name + "-supervision-");
	}

	/**
	 * Return why the container was stopped, or {@code null} if it was not stopped here.
	 */
	ConsumerSnapshot.@Nullable Stop stopped() {
		return this.stopped;
	}

	/**
	 * Stop the container, once. Does not wait.
	 */
	void stopBecause(String reason, @Nullable Throwable failure) {
		if (this.container.isRunning() && this.stopping.compareAndSet(false, true)) {
			this.stopped = new ConsumerSnapshot.Stop(this.ticker.instant(), reason);
			logger.error("Consumer '" + this.name + "' is stopped. " + reason
					+ ". What is unfinished is delivered again when it is started again.", failure);
			this.executor.execute(() -> {
				try {
					end();
				}
				finally {
					this.stopping.set(false);
				}
			});
		}
	}

	void onEvent(Object event) {
		if (event instanceof ConsumerStartingEvent && !this.stopping.get()) {
			this.stopped = null;
		}
		else if (event instanceof ConsumerStartedEvent started) {
			this.polling.put(started.getSource(), Thread.currentThread());
			lookLater();
		}
		else if (event instanceof ConsumerStoppedEvent ended) {
			this.polling.remove(ended.getSource());
			if (isDeath(ended.getReason())) {
				died("with " + ended.getReason());
			}
		}
	}

	private boolean isDeath(Reason reason) {
		return switch (reason) {
			case ERROR, FENCED, NO_OFFSET -> true;
			case AUTH -> !this.container.getContainerProperties().isRestartAfterAuthExceptions();
			default -> false;
		};
	}

	/**
	 * Look now and then for threads that are gone without a word.
	 */
	private void lookLater() {
		if (this.looking.compareAndSet(false, true)) {
			this.workers.after(LOOK_PERIOD, () -> {
				this.looking.set(false);
				if (this.polling.values().removeIf((thread) -> !thread.isAlive())) {
					died("without saying why");
				}
				if (!this.polling.isEmpty()) {
					lookLater();
				}
			});
		}
	}

	private void died(String how) {
		if (!this.restarting.compareAndSet(false, true)) {
			return;
		}
		Duration delay = this.deaths.brokeDown(this.ticker.nanoTime());
		String reason = "A thread that polls for it has ended " + how;
		if (delay.isZero()) {
			reason += ", too often: it stays down until it is started again";
			this.deaths.forget();
		}
		else {
			reason += "; it is started again in " + delay.toMillis() + " ms";
		}
		this.stopped = new ConsumerSnapshot.Stop(this.ticker.instant(), reason);
		logger.error("Consumer '" + this.name + "' does not work. " + reason);
		if (delay.isZero()) {
			this.restarting.set(false);
			this.executor.execute(this::end);
		}
		else {
			this.workers.after(delay, () -> this.executor.execute(this::restart));
		}
	}

	private void end() {
		this.container.stopAbnormally(() -> {
		});
	}

	/**
	 * Start the container again, when the last of its threads has ended.
	 */
	private void restart() {
		if (this.container.isRunning()) {
			end();
		}
		if (this.polling.values().stream().anyMatch(Thread::isAlive)) {
			this.workers.after(END_PERIOD, () -> this.executor.execute(this::restart));
			return;
		}
		this.polling.clear();
		this.restarting.set(false);
		if (isContextActive()) {
			try {
				this.container.start();
			}
			catch (RuntimeException ex) {
				logger.error("Consumer '" + this.name + "' could not be started again", ex);
				died("and could not be started again");
			}
		}
	}

	/**
	 * Return whether the application is not being shut down: containers publish their
	 * events through its context.
	 */
	private boolean isContextActive() {
		// A context that is being closed stays active until the last of its beans is
		// gone.
		return !(this.context instanceof ConfigurableApplicationContext configurable)
				|| (configurable.isActive() && !configurable.isClosed());
	}

}
