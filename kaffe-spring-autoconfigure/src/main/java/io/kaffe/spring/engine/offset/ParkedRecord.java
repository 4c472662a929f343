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

package io.kaffe.spring.engine.offset;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

import org.jspecify.annotations.Nullable;

/**
 * A record that is parked, or was by an earlier owner of its partition, and is not
 * completed.
 *
 * @param offset its offset
 * @param since when it was parked first, in whole seconds
 * @param attempts how often its handler was called with it, by all owners; at least 1
 * @param owners how many owners of the partition have parked it, one after the other; at
 * least 1
 * @param exception the name of the class of what its last attempt failed with: visible
 * ASCII characters, at most {@value #MAX_NAME}
 */
public record ParkedRecord(long offset, Instant since, int attempts, int owners, String exception) {

	/** Of a longer name, the end says more than the package. */
	static final int MAX_NAME = 80;

	/** In the year 3058: no time is later, so that it takes few bytes. */
	static final long MAX_SECONDS = (1L << 35) - 1;

	/**
	 * Create a parked record. Times and names are made to fit: what is not an ASCII
	 * character becomes a question mark.
	 */
	public ParkedRecord {
		if (offset < 0 || attempts < 1 || owners < 1) {
			throw new IllegalArgumentException(
					"Not a parked record: offset " + offset + ", attempts " + attempts + ", owners " + owners);
		}
		since = Instant.ofEpochSecond(Math.max(0, Math.min(MAX_SECONDS, since.getEpochSecond())));
		exception = visible(exception);
	}

	/**
	 * Describe a record that is parked now.
	 * @param before how it was parked before, or {@code null} if it was not
	 * @param offset its offset
	 * @param now the time
	 * @param attempts how often its handler was called with it by this owner
	 * @param failure what the last attempt failed with
	 * @return the description, with its history
	 */
	public static ParkedRecord of(@Nullable ParkedRecord before, long offset, Instant now, int attempts,
			Throwable failure) {
		String exception = failure.getClass().getName();
		return (before != null)
				? new ParkedRecord(offset, before.since, sum(before.attempts, attempts), sum(before.owners, 1),
						exception)
				: new ParkedRecord(offset, now.truncatedTo(ChronoUnit.SECONDS), attempts, 1, exception);
	}

	/**
	 * Add numbers of which the first may come from anywhere.
	 * @param before a number of earlier owners
	 * @param more the number of this one
	 * @return the sum, or the largest number if it is larger
	 */
	public static int sum(int before, int more) {
		return (int) Math.min(Integer.MAX_VALUE, (long) before + more);
	}

	private static String visible(String name) {
		StringBuilder visible = new StringBuilder(name.substring(Math.max(0, name.length() - MAX_NAME)));
		for (int index = 0; index < visible.length(); index++) {
			if (visible.charAt(index) <= ' ' || visible.charAt(index) > '~') {
				visible.setCharAt(index, '?');
			}
		}
		return visible.toString();
	}

}
