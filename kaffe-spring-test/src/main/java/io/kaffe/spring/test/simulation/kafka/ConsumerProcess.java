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

package io.kaffe.spring.test.simulation.kafka;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ConcurrentModificationException;
import java.util.Deque;
import java.util.function.BooleanSupplier;

import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.test.simulation.SimulatedTime;

/**
 * What a consumer needs of its process: the answers that reach it while it runs, its
 * calls by one thread at a time, and its waiting for something or for a wake-up.
 */
final class ConsumerProcess {

	/**
	 * How soon a process that was frozen gets what has arrived meanwhile.
	 */
	private static final long FROZEN_CHECK = 50_000_000;

	private static final Duration LONG = Duration.ofDays(36_500);

	private final SimulatedCluster cluster;

	private final SimulatedTime time;

	private final BooleanSupplier running;

	private final Deque<Runnable> arrived = new ArrayDeque<>();

	private Runnable network = () -> {
	};

	private BooleanSupplier ready = () -> false;

	private @Nullable Runnable onReady;

	private @Nullable Thread owner;

	private int depth;

	private boolean wakeup;

	private boolean wakeupsDisabled;

	private boolean polling;

	private boolean killed;

	private boolean closed;

	private boolean checking;

	private boolean changing;

	/** Whether what a poll waits for may hold now, and did not when it was asked last. */
	private boolean mayHold;

	ConsumerProcess(SimulatedCluster cluster, BooleanSupplier running) {
		this.cluster = cluster;
		this.time = cluster.time();
		this.running = running;
	}

	/**
	 * Set what sends requests while a thread waits, and whether a poll has something.
	 */
	void wire(Runnable network, BooleanSupplier ready) {
		this.network = network;
		this.ready = ready;
	}

	SimulatedCluster cluster() {
		return this.cluster;
	}

	long now() {
		return this.time.nanoTime();
	}

	boolean isRunning() {
		return !this.killed && this.running.getAsBoolean();
	}

	boolean isAlive() {
		return !this.killed && !this.closed;
	}

	boolean isClosed() {
		return this.closed;
	}

	void kill() {
		this.killed = true;
		this.onReady = null;
		this.arrived.clear();
	}

	void closed() {
		this.closed = true;
	}

	/**
	 * Let something arrive at the process: at once, or when it runs again.
	 */
	void deliver(Runnable arrival) {
		if (this.killed) {
			return;
		}
		if (!isRunning() || !this.arrived.isEmpty()) {
			this.arrived.add(arrival);
			checkLater();
			return;
		}
		arrival.run();
		changed();
	}

	/**
	 * Let the process do something later.
	 */
	void later(long nanos, Runnable action) {
		this.time.after(Math.max(nanos, 0), () -> deliver(action));
	}

	private void checkLater() {
		if (!this.checking) {
			this.checking = true;
			this.time.after(FROZEN_CHECK, () -> {
				this.checking = false;
				takeArrived();
				changed();
			});
		}
	}

	private void takeArrived() {
		if (this.arrived.isEmpty() || this.killed) {
			return;
		}
		if (!isRunning()) {
			checkLater();
			return;
		}
		Runnable arrival = this.arrived.poll();
		while (arrival != null) {
			arrival.run();
			arrival = this.arrived.poll();
		}
		changed();
	}

	/**
	 * Something has changed: a loop that waits goes on with it, as a poll under way
	 * would.
	 */
	void changed() {
		this.mayHold = true;
		if (this.onReady == null || this.changing || this.killed) {
			return;
		}
		if (!isRunning()) {
			checkLater();
			return;
		}
		this.changing = true;
		try {
			if (isReady()) {
				notifyReady();
				return;
			}
			this.network.run();
			if (isReady()) {
				notifyReady();
			}
		}
		finally {
			this.changing = false;
		}
	}

	private void notifyReady() {
		Runnable listener = this.onReady;
		this.onReady = null;
		if (listener != null) {
			listener.run();
		}
	}

	boolean isReady() {
		return !this.killed && (this.wakeup || this.ready.getAsBoolean());
	}

	void onReady(Runnable listener) {
		this.onReady = listener;
		this.cluster.time().after(0, this::changed);
	}

	void wakeup() {
		this.wakeup = true;
		if (this.onReady != null) {
			this.time.after(0, this::changed);
		}
	}

	/**
	 * No wake-up counts any more, since the consumer is being closed.
	 */
	void disableWakeups() {
		this.wakeupsDisabled = true;
	}

	/**
	 * Wait in a poll. The condition is asked again only when something has changed, since
	 * it takes a while and is asked for after each step of each thread.
	 */
	void awaitInPoll(BooleanSupplier condition, long deadline) {
		this.polling = true;
		this.mayHold = true;
		try {
			await(() -> {
				this.mayHold = this.mayHold && condition.getAsBoolean();
				return this.mayHold;
			}, deadline, true);
		}
		finally {
			this.polling = false;
		}
	}

	/**
	 * Return whether there is a poll under way, or the loop waits to be notified, as it
	 * would in a poll.
	 */
	boolean isPolling() {
		return this.polling || this.onReady != null;
	}

	/**
	 * Return until when to wait.
	 */
	long deadline(Duration timeout) {
		return (timeout.compareTo(LONG) < 0) ? now() + timeout.toNanos() : Long.MAX_VALUE;
	}

	void throwIfWokenUp() {
		if (this.wakeup && !this.wakeupsDisabled) {
			this.wakeup = false;
			throw new WakeupException();
		}
	}

	/**
	 * Enter a call of the consumer, which may be made from within another one, by the
	 * same thread.
	 */
	void enter() {
		throwIfKilled();
		if (this.closed) {
			throw new IllegalStateException("This consumer has already been closed.");
		}
		Thread current = Thread.currentThread();
		if (this.owner != null && this.owner != current) {
			throw new ConcurrentModificationException("KafkaConsumer is not safe for multi-threaded access. "
					+ "currentThread(name: " + current.getName() + ") otherThread(name: " + this.owner.getName() + ")");
		}
		this.owner = current;
		this.depth++;
		takeArrived();
	}

	private void throwIfKilled() {
		if (this.killed) {
			throw new KafkaException("The process of this consumer was killed");
		}
	}

	void exit() {
		if (--this.depth == 0) {
			this.owner = null;
		}
	}

	/**
	 * Let the calling thread wait in a call of the consumer, during which requests are
	 * sent and answers arrive.
	 * @return whether the condition holds
	 * @throws WakeupException if the consumer is woken up and that counts here
	 */
	boolean await(BooleanSupplier condition, long deadline, boolean wakeable) {
		while (true) {
			throwIfKilled();
			if (wakeable) {
				throwIfWokenUp();
			}
			if (condition.getAsBoolean()) {
				return true;
			}
			if (now() >= deadline) {
				return false;
			}
			this.time.await(
					() -> this.killed || condition.getAsBoolean() || (wakeable && this.wakeup && !this.wakeupsDisabled),
					deadline - now());
		}
	}

}
