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
import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when the offsets of an attempt cannot be committed now, so that its transaction
 * is aborted and the attempt is made again. That is no failure of the records.
 */
public final class PostponedCommitException extends RuntimeException {

	@Serial
	private static final long serialVersionUID = 1L;

	/** Until the attempt is made again. */
	private static final Duration PAUSE = Duration.ofMillis(100);

	/**
	 * Create an exception.
	 * @param message why the offsets cannot be committed now
	 * @param cause what Kafka says about it, or {@code null}
	 */
	public PostponedCommitException(String message, @Nullable Throwable cause) {
		super(message, cause, false, false);
	}

	/**
	 * Return how long to wait until the attempt is made again.
	 */
	Duration pause() {
		return PAUSE;
	}

}
