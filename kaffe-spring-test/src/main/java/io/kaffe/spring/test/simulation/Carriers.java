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
import java.util.IdentityHashMap;
import java.util.Map;
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

	private final Map<Thread, Carrier> carriers = new IdentityHashMap<>();

	private final boolean virtual;

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
		this.virtual = virtual;
	}

	Carrier take() {
		Carrier present = this.idle.poll();
		if (present != null) {
			return present;
		}
		Carrier carrier = new Carrier(this);
		carrier.start(thread(carrier));
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

	private Thread thread(Carrier carrier) {
		if (this.virtual) {
			try {
				Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
				Class<?> type = Class.forName("java.lang.Thread$Builder");
				return (Thread) type.getMethod("unstarted", Runnable.class).invoke(builder, carrier);
			}
			catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException
					| ClassNotFoundException ex) {
				throw new IllegalStateException("This virtual machine has no virtual threads", ex);
			}
		}
		Thread thread = new Thread(carrier, "simulated-" + NUMBERS.incrementAndGet());
		thread.setDaemon(true);
		return thread;
	}

	/**
	 * End all idle threads.
	 */
	public void close() {
		this.idle.forEach(Carrier::stop);
		this.idle.clear();
	}

}
