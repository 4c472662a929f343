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

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.BooleanSupplier;

import org.jspecify.annotations.Nullable;

/**
 * A worker's time on a thread: when it began, and whether others should have the thread
 * now.
 * <p>
 * The clock is read once for each record: the end of one is the beginning of the next.
 * <p>
 * <b>Threading.</b> Belongs to the thread that runs the worker. {@link StallWatch} reads
 * which worker that is, and interrupts the thread: under the monitor, which the thread
 * takes at the end of a record that is being watched, so that the interrupt hits this
 * record or none. {@code watched} is set long before, and by then seen.
 */
public final class Turn {

	private static final VarHandle WORKER;
	static {
		try {
			WORKER = MethodHandles.lookup().findVarHandle(Turn.class, "worker", Worker.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final Ticker ticker;

	private volatile @Nullable Thread thread;

	private volatile @Nullable Worker worker;

	private volatile boolean watched;

	private long now;

	private long end;

	/** Whether no code of the application has run since the clock was read. */
	private boolean fresh;

	/** Whether this thread still holds the worker that it runs. */
	private boolean held;

	Turn(Ticker ticker) {
		this.ticker = ticker;
	}

	/**
	 * Start on the calling thread.
	 */
	void enter() {
		this.thread = Thread.currentThread();
	}

	/**
	 * Give the thread to a worker.
	 */
	void start(Worker worker, long nanos) {
		if (!this.fresh) {
			readClock();
		}
		this.fresh = false;
		WORKER.setRelease(this, worker);
		this.end = this.now + nanos;
	}

	/**
	 * Take the thread from the worker.
	 */
	void end() {
		WORKER.setRelease(this, (@Nullable Worker) null);
	}

	@Nullable Worker worker() {
		return this.worker;
	}

	@Nullable Thread thread() {
		return this.thread;
	}

	/**
	 * Announce that the thread may be interrupted while it handles this record.
	 */
	void watch() {
		this.watched = true;
	}

	/**
	 * Interrupt the thread, unless it has finished what it is to be interrupted in.
	 * @param condition whether it has not finished
	 * @return whether it was interrupted
	 */
	synchronized boolean interruptIf(BooleanSupplier condition) {
		Thread thread = this.thread;
		if (!this.watched || thread == null || !condition.getAsBoolean()) {
			return false;
		}
		thread.interrupt();
		return true;
	}

	/**
	 * Note that user code has returned: an interrupt that was meant for it must not hit
	 * what comes next. Reads the clock.
	 */
	public void handlerReturned() {
		if (this.watched) {
			synchronized (this) {
				this.watched = false;
			}
		}
		Thread.interrupted();
		this.fresh = false;
		readClock();
	}

	/**
	 * Note that the handler has succeeded and nothing else is called for its record, so
	 * that the next worker need not read the clock again. Without it, it does.
	 */
	public void handlerSucceeded() {
		this.fresh = true;
	}

	boolean isHeld() {
		return this.held;
	}

	void held(boolean held) {
		this.held = held;
	}

	/**
	 * Return when the clock was read last.
	 * @return the reading of {@link Ticker#nanoTime()}
	 */
	public long now() {
		return this.now;
	}

	/**
	 * Read the clock.
	 * @return the reading of {@link Ticker#nanoTime()}
	 */
	public long readClock() {
		this.now = this.ticker.nanoTime();
		return this.now;
	}

	/**
	 * Return whether the turn was over when the clock was read last.
	 * @return {@code true} if the worker should let others run
	 */
	public boolean isOver() {
		return this.now - this.end >= 0;
	}

}
