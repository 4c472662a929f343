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
import java.util.function.BooleanSupplier;

import org.apache.kafka.clients.consumer.Consumer;

import io.kaffe.spring.engine.worker.Ticker;

/**
 * Wakes up the consumer thread: out of a poll, out of its wait for buffer space, or out
 * of a drain.
 * <p>
 * <b>Threading.</b> Any thread calls {@link #wakeUp()}, {@link #freed()},
 * {@link #drained()} and {@link #thread()}; the rest belongs to the consumer thread, the
 * one that creates this. {@link Consumer#wakeup()}, the one method that any thread may
 * call, is called only while {@code polling} says that the next blocking call is a poll:
 * who wakes up sets {@code requested}, or {@code freed}, and then reads {@code polling};
 * the consumer thread sets {@code polling} and then reads both: so one of them sees the
 * other. A wake-up that still interrupts another call is used up there. A wait for buffer
 * space uses up what is freed, and keeps requests, which are of what the tick may have
 * passed already, for the next poll.
 */
final class ConsumerWakeup {

	/**
	 * How long to wait for buffer space before a poll fetches only partitions that have
	 * nothing: long enough for fast handlers, and not more than another record may be
	 * late.
	 */
	private static final Duration PATIENCE = Duration.ofMillis(50);

	private final Thread thread = Thread.currentThread();

	private final Consumer<?, ?> consumer;

	private final Ticker ticker;

	private volatile boolean polling;

	private volatile boolean requested;

	/** Whether workers have freed buffer space that may be waited for. */
	private volatile boolean freed;

	/** Whether the session runs, rather than being started, rebalanced or stopped. */
	private volatile boolean running;

	/**
	 * Create a wake-up. Called by the consumer thread.
	 * @param consumer the consumer
	 * @param ticker the time
	 */
	ConsumerWakeup(Consumer<?, ?> consumer, Ticker ticker) {
		this.consumer = consumer;
		this.ticker = ticker;
	}

	/**
	 * Return the thread that polls. Any thread.
	 */
	Thread thread() {
		return this.thread;
	}

	/**
	 * Record that the next blocking call is not a poll.
	 */
	void notPolling() {
		this.polling = false;
	}

	/**
	 * Forget what was requested: it is about to be done.
	 */
	void reset() {
		this.requested = false;
		this.freed = false;
	}

	/**
	 * Have the next poll return at once. Unlike {@link #wakeUp()}, does nothing else.
	 */
	void request() {
		this.requested = true;
	}

	/**
	 * Let other threads wake the consumer up from now on, and do so for those that
	 * requested it meanwhile.
	 */
	void polling() {
		this.polling = true;
		if (this.requested || this.freed) {
			this.consumer.wakeup();
		}
	}

	/**
	 * Record whether the session runs.
	 */
	void running(boolean running) {
		this.running = running;
	}

	/**
	 * Wake the consumer thread up. Any thread.
	 */
	void wakeUp() {
		this.requested = true;
		interrupt();
	}

	/**
	 * Wake the consumer thread up, since workers have freed buffer space that it may be
	 * waiting for. Any thread.
	 */
	void freed() {
		this.freed = true;
		interrupt();
	}

	private void interrupt() {
		this.ticker.unpark(this.thread);
		if (this.polling) {
			this.consumer.wakeup();
		}
	}

	/**
	 * Notice that no record of a revoked partition is being handled any more. Any thread.
	 */
	void drained() {
		if (this.running) {
			wakeUp();
		}
		else {
			this.ticker.unpark(this.thread);
		}
	}

	/**
	 * Wait until workers have freed buffer space, but not for long.
	 * @param enough checks whether they have freed it where it is needed; called each
	 * time that one has freed some
	 * @return the result of the last check
	 */
	boolean await(BooleanSupplier enough) {
		long deadline = this.ticker.nanoTime() + PATIENCE.toNanos();
		long left = PATIENCE.toNanos();
		while (left > 0 && !Thread.currentThread().isInterrupted()) {
			if (this.freed) {
				this.freed = false;
				if (enough.getAsBoolean()) {
					return true;
				}
			}
			else {
				this.ticker.park(this, left);
			}
			left = deadline - this.ticker.nanoTime();
		}
		this.freed = false;
		return enough.getAsBoolean();
	}

}
