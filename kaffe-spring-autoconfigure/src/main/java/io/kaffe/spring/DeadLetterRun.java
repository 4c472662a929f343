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

package io.kaffe.spring;

import java.time.Instant;

import org.jspecify.annotations.Nullable;

/**
 * How far a replay of dead letters, or their abandonment, has come: a snapshot.
 *
 * @param operation what is done
 * @param filter which dead letters it is about
 * @param state whether it is in progress, and how it ended
 * @param startedAt when it began
 * @param endedAt when it ended; {@code null} while it is in progress
 * @param progress what was done so far
 * @param message why it ended early; {@code null} if it did not
 */
public record DeadLetterRun(Operation operation, DeadLetterFilter filter, State state, Instant startedAt,
		@Nullable Instant endedAt, Progress progress, @Nullable String message) {

	/**
	 * What is done with dead letters.
	 */
	public enum Operation {

		/** They are handled once more. */
		REPLAY,

		/** They are not offered any more. */
		ABANDON

	}

	/**
	 * Whether something is in progress, and how it ended.
	 */
	public enum State {

		/** It is in progress. */
		RUNNING,

		/** All dead letters that matched were processed. */
		DONE,

		/** It was canceled, or the consumer was stopped. */
		CANCELED,

		/** It could not be continued. */
		FAILED

	}

	/**
	 * What was done with how many dead letters.
	 *
	 * @param replayed were handled, or skipped by an operator
	 * @param failed have failed again, and are dead letters again
	 * @param abandoned are not offered any more
	 * @param inFlight are with their workers now
	 * @param returned were left as they are, since their partition was revoked, one
	 * before them of the same partition was left, or the replay was canceled
	 * @param elsewhere were left to other instances
	 * @param foreign match, but are no dead letters of the consumer
	 */
	public record Progress(long replayed, long failed, long abandoned, long inFlight, long returned, long elsewhere,
			long foreign) {
	}

}
