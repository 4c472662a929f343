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

package io.kaffe.spring.actuate;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.DeadLetterFilter;
import io.kaffe.spring.actuate.OperationRefusedException.Reason;

/**
 * The arguments of an operation on dead letters.
 *
 * @param topic the dead-letter topic
 * @param partition the number of a partition of it
 * @param offset the offset of a single dead letter
 * @param exception the class of what the handler threw, or of its root cause
 * @param key the text of the key
 * @param since the earliest time at which it was dead-lettered, in the form of ISO 8601
 * @param until the time before which it was dead-lettered, in the same form
 * @param all whether all are meant
 * @param maxPerSecond the most to replay per second
 */
record DeadLetterArguments(@Nullable String topic, @Nullable Integer partition, @Nullable Long offset,
		@Nullable String exception, @Nullable String key, @Nullable String since, @Nullable String until,
		@Nullable Boolean all, @Nullable Integer maxPerSecond) {

	/**
	 * Return the arguments that are present, by name.
	 */
	Map<String, Object> present() {
		Map<String, Object> present = new LinkedHashMap<>();
		put(present, "topic", this.topic);
		put(present, "partition", this.partition);
		put(present, "offset", this.offset);
		put(present, "exception", this.exception);
		put(present, "key", this.key);
		put(present, "since", this.since);
		put(present, "until", this.until);
		put(present, "all", this.all);
		put(present, "maxPerSecond", this.maxPerSecond);
		return present;
	}

	private static void put(Map<String, Object> present, String name, @Nullable Object value) {
		if (value != null) {
			present.put(name, value);
		}
	}

	/**
	 * Return which dead letters are meant.
	 * @throws IllegalArgumentException if that is not valid
	 */
	DeadLetterFilter filter() {
		return new DeadLetterFilter(this.topic, this.partition, this.offset, this.exception, this.key,
				instant("since", this.since), instant("until", this.until));
	}

	/**
	 * Return which dead letters are meant, if that is said explicitly. A misspelt
	 * argument is dropped before it arrives, and must not mean everything.
	 * @throws OperationRefusedException if it is not
	 */
	DeadLetterFilter explicitFilter(String operation) {
		boolean some = this.offset != null || this.exception != null || this.key != null || this.since != null
				|| this.until != null;
		if (some == Boolean.TRUE.equals(this.all)) {
			throw new OperationRefusedException(Reason.BAD_REQUEST,
					"'" + operation
							+ "' needs an 'offset', 'exception', 'key', 'since' or 'until', or '\"all\": true' for "
							+ "all dead letters, of a 'topic' or of a 'partition' of it if that is given");
		}
		return filter();
	}

	private static @Nullable Instant instant(String name, @Nullable String text) {
		try {
			return (text != null) ? OffsetDateTime.parse(text).toInstant() : null;
		}
		catch (DateTimeParseException ex) {
			throw new IllegalArgumentException(
					"'" + name + "' is not a time such as 2026-01-31T08:00:00Z, but '" + text + "'", ex);
		}
	}

}
