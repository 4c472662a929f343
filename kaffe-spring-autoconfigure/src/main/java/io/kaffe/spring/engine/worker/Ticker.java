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

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.LockSupport;

/**
 * The time of the engine: what it reads, and how its threads wait. Handed in, so that
 * tests and simulations decide when time passes: nothing else of the engine reads a clock
 * or makes a thread wait, which {@code ArchitectureTests} checks.
 * <p>
 * <b>Threading.</b> Safe for concurrent use. {@link #park} and {@link #pause} block the
 * calling thread, which is a consumer thread, the one that closes the application's
 * context, or a worker in a Kafka transaction; the other methods never block.
 */
public interface Ticker {

	/**
	 * Return a reading of a monotonic clock. Only differences mean anything.
	 * @return nanoseconds
	 */
	long nanoTime();

	/**
	 * Return the time of day, for people to read.
	 * @return the current instant
	 */
	Instant instant();

	/**
	 * Let the calling thread wait until another one {@linkplain #unpark unparks} it, it
	 * is interrupted, or the time is up. May return early, without a reason, like
	 * {@link LockSupport#parkNanos(Object, long)}: the caller checks what it waits for in
	 * a loop.
	 * @param blocker what the thread waits in, for thread dumps
	 * @param nanos how long to wait at most, in nanoseconds
	 */
	void park(Object blocker, long nanos);

	/**
	 * Let a thread return from its present wait in {@link #park}, or else from the next
	 * one.
	 * @param thread the thread
	 */
	void unpark(Thread thread);

	/**
	 * Let the calling thread wait for a while.
	 * @param duration how long to wait
	 * @throws InterruptedException if the thread is interrupted before or meanwhile
	 */
	void pause(Duration duration) throws InterruptedException;

	/**
	 * Return the ticker of the running machine.
	 * @return the system's clocks and waits
	 */
	static Ticker system() {
		return SystemTicker.INSTANCE;
	}

	/**
	 * The clocks and waits of the machine.
	 */
	final class SystemTicker implements Ticker {

		private static final SystemTicker INSTANCE = new SystemTicker();

		private SystemTicker() {
		}

		@Override
		public long nanoTime() {
			return System.nanoTime();
		}

		@Override
		public Instant instant() {
			return Instant.now();
		}

		@Override
		public void park(Object blocker, long nanos) {
			LockSupport.parkNanos(blocker, nanos);
		}

		@Override
		public void unpark(Thread thread) {
			LockSupport.unpark(thread);
		}

		@Override
		public void pause(Duration duration) throws InterruptedException {
			Thread.sleep(duration.toMillis());
		}

	}

}
