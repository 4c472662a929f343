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

import java.util.function.Consumer;

/**
 * The calls of an interceptor: each delivery sets up the state of its thread, is
 * intercepted, succeeds or fails once, is over once, and clears the state of its thread,
 * all on that thread.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time.
 */
final class InterceptorCalls {

	private final ThreadLocal<State> state = ThreadLocal.withInitial(() -> State.NONE);

	private final Consumer<String> violations;

	private int open;

	/**
	 * Create the calls.
	 * @param violations takes what is wrong
	 */
	InterceptorCalls(Consumer<String> violations) {
		this.violations = violations;
	}

	void setUp() {
		this.open++;
		move("setupThreadState", State.SET_UP, State.NONE);
	}

	void intercepted() {
		move("intercept", State.INTERCEPTED, State.SET_UP);
	}

	/**
	 * The interceptor throws, or skips a batch: then nothing succeeds or fails.
	 */
	void broken() {
		this.state.set(State.OVER);
	}

	void succeeded() {
		move("success", State.OVER, State.INTERCEPTED);
	}

	/**
	 * A delivery fails, maybe before it was intercepted, since the record could not be
	 * deserialized.
	 */
	void failed() {
		move("failure", State.OVER, State.INTERCEPTED, State.SET_UP);
	}

	void after() {
		move("afterRecord", State.AFTER, State.OVER);
	}

	void cleared(boolean batch) {
		this.open--;
		move("clearThreadState", State.NONE, batch ? State.OVER : State.AFTER);
	}

	/**
	 * A handler begins, which has to be within the calls.
	 */
	void handlerBegins() {
		if (this.state.get() != State.INTERCEPTED) {
			this.violations.accept("A handler begins when its interceptor is " + this.state.get());
		}
	}

	/**
	 * Return how many deliveries have not cleared the state of their thread.
	 */
	int open() {
		return this.open;
	}

	private void move(String call, State to, State... from) {
		State before = this.state.get();
		this.state.set(to);
		for (State allowed : from) {
			if (before == allowed) {
				return;
			}
		}
		this.violations.accept("The interceptor's " + call + " is called when it is " + before);
	}

	/**
	 * What was called last.
	 */
	private enum State {

		NONE, SET_UP, INTERCEPTED, OVER, AFTER

	}

}
