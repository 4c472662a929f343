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

import java.util.function.BooleanSupplier;

import org.jspecify.annotations.Nullable;

/**
 * A thread of a simulation. It runs on a thread of the virtual machine, its carrier, but
 * only while it is its turn.
 */
public final class SimulatedThread {

	private final int id;

	private final String name;

	private final SimulatedProcess process;

	private final Runnable body;

	private final boolean dedicated;

	@Nullable Carrier carrier;

	/** What it waits for; {@code null} while it can run. */
	@Nullable BooleanSupplier condition;

	/** When its wait ends at the latest. */
	long deadline;

	/** How often it has waited. */
	long waits;

	boolean permit;

	boolean ended;

	int atomic;

	private int priority;

	SimulatedThread(int id, String name, SimulatedProcess process, Runnable body, boolean dedicated, int priority) {
		this.id = id;
		this.name = name;
		this.process = process;
		this.body = body;
		this.dedicated = dedicated;
		this.priority = priority;
	}

	void run() {
		this.body.run();
	}

	/**
	 * Return the process that it belongs to.
	 * @return its process
	 */
	public SimulatedProcess process() {
		return this.process;
	}

	/**
	 * Return whether it has ended.
	 * @return whether its body has returned or thrown
	 */
	public boolean isEnded() {
		return this.ended;
	}

	/**
	 * Return whether it has waited for something.
	 * @return whether it has run until it waited for the first time
	 */
	public boolean hasWaited() {
		return this.waits > 0;
	}

	/**
	 * Return whether its carrier ends with it.
	 */
	boolean isDedicated() {
		return this.dedicated;
	}

	int priority() {
		return this.priority;
	}

	void priority(int priority) {
		this.priority = priority;
	}

	@Override
	public String toString() {
		return this.process.name() + "/" + this.name + "#" + this.id;
	}

}
