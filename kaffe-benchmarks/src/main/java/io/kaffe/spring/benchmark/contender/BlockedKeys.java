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

package io.kaffe.spring.benchmark.contender;

/**
 * Some keys whose records fail for ever, from a moment on.
 */
final class BlockedKeys {

	/** One of how many keys is blocked. */
	private static final int ONE_OF = 250;

	private volatile boolean begun;

	/**
	 * Fail, if the record is of one of the keys.
	 */
	void pass(int key) {
		if (this.begun && key % ONE_OF == 0) {
			throw new IllegalStateException("The key is blocked");
		}
	}

	/**
	 * Block the keys.
	 */
	void begin() {
		this.begun = true;
	}

	/**
	 * Return about how many of some records have other keys.
	 */
	static double others(double records) {
		return records * (ONE_OF - 1) / ONE_OF;
	}

}
