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

package io.kaffe.spring.table;

import java.time.Instant;
import java.util.Locale;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import org.jspecify.annotations.Nullable;

/**
 * One decision about all failing records of a consumer that match, as far as it was
 * carried out at one moment.
 *
 * @param decision {@code retry}, {@code skip} or {@code dead-letter}
 * @param filter which records, in words
 * @param maxPerSecond about how many of them is decided in a second at most
 * @param state whether it goes on
 * @param since when it began
 * @param until when the last of its records was decided about, or it was canceled;
 * {@code null} if it is running
 * @param counts what became of its records
 */
public record BulkDecisionSnapshot(String decision, String filter, int maxPerSecond, State state, Instant since,
		@Nullable Instant until, @JsonUnwrapped Counts counts) {

	/**
	 * What became of the records of a decision. Those that matched are the sum of all
	 * others.
	 *
	 * @param matched how many matched when it began
	 * @param left about how many is not decided
	 * @param inProgress how many are decided about, and neither completed nor failed
	 * again
	 * @param completed how many were completed after it: handled, skipped or
	 * dead-lettered
	 * @param failed how many were retried and failed again
	 * @param revoked how many were not completed when their partition was revoked or lost
	 * @param superseded how many were left as they were, since another decision about
	 * them was pending, or they had been retried or completed before it was their turn,
	 * and those decided about again before this decision had an effect
	 */
	public record Counts(int matched, int left, int inProgress, int completed, int failed, int revoked,
			int superseded) {
	}

	/**
	 * Whether a decision goes on.
	 */
	public enum State {

		/** About some records is not decided yet. */
		RUNNING,

		/** About all records is decided; some may still be in progress. */
		DONE,

		/** It was canceled, or the service is shut down. */
		CANCELED;

		@Override
		public String toString() {
			return name().toLowerCase(Locale.ROOT);
		}

	}

}
