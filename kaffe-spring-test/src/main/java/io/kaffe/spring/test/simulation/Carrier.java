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

package io.kaffe.spring.test.simulation;

import java.util.Objects;
import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;

/**
 * A thread of the virtual machine that runs simulated threads, one after another, each
 * while it is its turn.
 * <p>
 * <b>Threading.</b> Everything but the volatile fields is read and written only by
 * whoever's turn it is; the turn is passed through one of them.
 */
final class Carrier implements Runnable {

	private final Carriers carriers;

	private @Nullable Thread thread;

	private volatile boolean turn;

	/** What it runs, or is to run next. */
	@Nullable SimulatedThread running;

	@Nullable Simulation simulation;

	/** A carrier that ends as it passes the turn to this one. */
	private @Nullable Thread ending;

	private boolean stop;

	private volatile boolean interrupted;

	Carrier(Carriers carriers) {
		this.carriers = carriers;
	}

	/**
	 * Let the calling thread be this carrier's.
	 */
	void adopt(Thread calling) {
		this.thread = calling;
	}

	void start(Thread started) {
		this.thread = started;
		started.start();
	}

	Thread thread() {
		return Objects.requireNonNull(this.thread);
	}

	@Override
	public void run() {
		while (true) {
			awaitTurn();
			if (this.stop) {
				return;
			}
			// Runs one simulated thread after another until the turn has been passed.
			Simulation current = Objects.requireNonNull(this.simulation);
			if (!current.carry(this)) {
				return;
			}
		}
	}

	/**
	 * Pass the turn to this carrier.
	 * @param ending the calling thread if it ends with this call
	 */
	void pass(@Nullable Thread ending) {
		this.ending = ending;
		this.turn = true;
		LockSupport.unpark(this.thread);
	}

	/**
	 * Let the carrier end.
	 */
	void stop() {
		this.stop = true;
		pass(null);
	}

	/**
	 * Return whether its thread was interrupted. Asked by whoever's turn it is.
	 */
	boolean isInterrupted() {
		return thread().isInterrupted() || this.interrupted;
	}

	/**
	 * Wait for the turn. An interrupt that comes meanwhile is kept for the simulated
	 * thread.
	 */
	void awaitTurn() {
		while (!this.turn) {
			LockSupport.park(this.carriers);
			if (Thread.currentThread().isInterrupted()) {
				this.interrupted = true;
				Thread.interrupted();
			}
		}
		this.turn = false;
		Thread before = this.ending;
		if (before != null) {
			this.ending = null;
			joinUninterruptibly(before);
		}
		if (this.interrupted) {
			this.interrupted = false;
			Thread.currentThread().interrupt();
		}
	}

	private void joinUninterruptibly(Thread before) {
		while (before.isAlive()) {
			try {
				before.join();
			}
			catch (InterruptedException ex) {
				this.interrupted = true;
			}
		}
	}

}
