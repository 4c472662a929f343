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

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.test.simulation.Simulation;

/**
 * Promises that a history has broken. The first one is what it fails with.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class Violations {

	private final Simulation simulation;

	private @Nullable ViolationException first;

	Violations(Simulation simulation) {
		this.simulation = simulation;
	}

	/**
	 * A promise is broken.
	 * @param what by what
	 */
	void add(String what) {
		this.simulation.record(() -> "VIOLATION: " + what);
		if (this.first == null) {
			this.first = new ViolationException(what);
		}
	}

	/**
	 * Throw the first violation, if there is one.
	 */
	void check() {
		if (this.first != null) {
			throw this.first;
		}
	}

	boolean isEmpty() {
		return this.first == null;
	}

}
