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

package io.kaffe.simulation;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.delivery.OnceStore;

/**
 * A transaction of the simulated database: what it has done so far, which all others see
 * when it is committed, or never.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time. It
 * is bound to the thread that calls the handler.
 */
final class DatabaseTransaction {

	private static final ThreadLocal<@Nullable DatabaseTransaction> PRESENT = new ThreadLocal<>();

	private final List<Fact> applied = new ArrayList<>();

	private final Set<OnceStore.Note> notes = new LinkedHashSet<>();

	private final List<Runnable> afterCommit = new ArrayList<>();

	private final ServiceInstance instance;

	DatabaseTransaction(ServiceInstance instance) {
		this.instance = instance;
	}

	/**
	 * Return the transaction of the calling thread.
	 * @return the transaction, or {@code null} if there is none
	 */
	static @Nullable DatabaseTransaction present() {
		return PRESENT.get();
	}

	/**
	 * Do something when the transaction of the calling thread is committed, or at once if
	 * there is none.
	 */
	static void afterCommit(Runnable action) {
		DatabaseTransaction present = present();
		if (present != null) {
			present.afterCommit.add(action);
		}
		else {
			action.run();
		}
	}

	/**
	 * Make a call with this transaction bound to the calling thread.
	 */
	void run(OnceStore.Call call) throws Throwable {
		PRESENT.set(this);
		try {
			call.run();
		}
		finally {
			PRESENT.remove();
		}
	}

	/**
	 * A handler has the effects of a record, such as a changed balance.
	 */
	void apply(Fact fact) {
		this.applied.add(fact);
	}

	List<Fact> applied() {
		return this.applied;
	}

	/**
	 * Return the notes that it has inserted.
	 * @return a live set
	 */
	Set<OnceStore.Note> notes() {
		return this.notes;
	}

	/**
	 * Do what waits for the commit, which is made.
	 */
	void committed() {
		this.afterCommit.forEach(Runnable::run);
	}

	ServiceInstance instance() {
		return this.instance;
	}

}
