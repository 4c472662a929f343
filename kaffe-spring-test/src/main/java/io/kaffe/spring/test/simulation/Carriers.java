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

import java.lang.reflect.InvocationTargetException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;

/**
 * Keeps idle carriers from one simulation to the next. They are virtual threads where the
 * virtual machine has them: passing the turn costs less then.
 * <p>
 * <b>Threading.</b> Used by one simulation at a time, by whoever's turn it is.
 */
public final class Carriers {

	private static final AtomicInteger NUMBERS = new AtomicInteger();

	private final Deque<Carrier> idle = new ArrayDeque<>();

	private final Map<Thread, Carrier> carriers = new HashMap<>();

	private final ThreadFactory threads;

	/**
	 * Create a pool of virtual threads, if there are such.
	 */
	public Carriers() {
		this(Runtime.version().feature() >= 24);
	}

	/**
	 * Create a pool.
	 * @param virtual whether its threads are to be virtual
	 */
	public Carriers(boolean virtual) {
		this.threads = virtual ? virtualThreads() : Carriers::platformThread;
	}

	Carrier take() {
		Carrier present = this.idle.poll();
		if (present != null) {
			return present;
		}
		Carrier carrier = new Carrier(this);
		carrier.start(this.threads.newThread(carrier));
		enter(carrier);
		return carrier;
	}

	void enter(Carrier carrier) {
		this.carriers.put(carrier.thread(), carrier);
	}

	void leave(Carrier carrier) {
		this.carriers.remove(carrier.thread());
	}

	@Nullable Carrier carrierOf(@Nullable Thread thread) {
		return this.carriers.get(thread);
	}

	void giveBack(Carrier carrier) {
		this.idle.push(carrier);
	}

	/**
	 * Run a program that runs simulations, on a thread as those of the pool. The turn is
	 * passed to and from it as cheaply as among them then.
	 * @param program the program
	 * @throws InterruptedException if the calling thread is interrupted while it waits
	 * for the end of the program
	 */
	public void run(Runnable program) throws InterruptedException {
		FutureTask<@Nullable Void> task = new FutureTask<>(program, null);
		this.threads.newThread(task).start();
		try {
			task.get();
		}
		catch (ExecutionException ex) {
			throw new IllegalStateException(ex.getCause());
		}
	}

	private static Thread platformThread(Runnable carrier) {
		Thread thread = new Thread(carrier, "simulated-" + NUMBERS.incrementAndGet());
		thread.setDaemon(true);
		return thread;
	}

	private static ThreadFactory virtualThreads() {
		try {
			Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
			return (ThreadFactory) Class.forName("java.lang.Thread$Builder").getMethod("factory").invoke(builder);
		}
		catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException | ClassNotFoundException ex) {
			throw new IllegalStateException("This virtual machine has no virtual threads", ex);
		}
	}

	/**
	 * End all idle threads.
	 */
	public void close() {
		this.idle.forEach(Carrier::stop);
		this.idle.clear();
	}

}
