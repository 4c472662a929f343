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

package io.kaffe.spring.engine.delivery;

import java.io.Serial;

/**
 * Thrown when a listener has returned from a record that is to be delivered again: it has
 * called {@code Acknowledgment.nack}. That is not a failure.
 */
final class NackException extends RuntimeException {

	@Serial
	private static final long serialVersionUID = 1L;

	private final long sleepMillis;

	NackException(long sleepMillis) {
		super(null, null, false, false);
		this.sleepMillis = sleepMillis;
	}

	/**
	 * Return how long to wait before that, in milliseconds.
	 */
	long sleepMillis() {
		return this.sleepMillis;
	}

}
