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

import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.FailingRecordFilter;

/**
 * Which failing records are meant, as callers write it; each argument is {@code null} if
 * it is absent.
 *
 * @param topic a topic
 * @param partition the number of a partition
 * @param exception the name of an exception's class, with or without its package
 * @param key the text of a key
 * @param since when the first attempt failed, or later
 * @param before when the first attempt had not failed yet
 * @param state the name of a state, or {@code any}
 */
record FilterArguments(@Nullable String topic, @Nullable Integer partition, @Nullable String exception,
		@Nullable String key, @Nullable String since, @Nullable String before, @Nullable String state) {

	/**
	 * Return whether all arguments are absent.
	 */
	boolean isEmpty() {
		return Stream.of(this.topic, this.partition, this.exception, this.key, this.since, this.before, this.state)
			.allMatch(Objects::isNull);
	}

	/**
	 * Return the filter.
	 * @param states the states that match if none is named
	 * @throws IllegalArgumentException if an argument is not valid
	 */
	FailingRecordFilter filter(Set<FailingRecord.State> states) {
		return new FailingRecordFilter(this.topic, this.partition, this.exception, this.key, time("since", this.since),
				time("before", this.before), states(states));
	}

	private static @Nullable Instant time(String name, @Nullable String text) {
		try {
			return (text != null) ? Instant.parse(text) : null;
		}
		catch (DateTimeException ex) {
			throw new IllegalArgumentException(
					"Invalid '" + name + "': expected a time such as '2026-01-31T08:00:00Z', not '" + text + "'", ex);
		}
	}

	private Set<FailingRecord.State> states(Set<FailingRecord.State> otherwise) {
		Set<FailingRecord.State> all = EnumSet.allOf(FailingRecord.State.class);
		if (this.state == null) {
			return otherwise;
		}
		if (this.state.equals("any")) {
			return all;
		}
		return Set.of(all.stream()
			.filter((each) -> name(each).equals(this.state))
			.findFirst()
			.orElseThrow(() -> new IllegalArgumentException("Unknown state '" + this.state + "'; the states are "
					+ Arrays.toString(all.stream().map(FilterArguments::name).toArray()) + ", or 'any'")));
	}

	private static String name(FailingRecord.State state) {
		return state.name().toLowerCase(Locale.ROOT);
	}

}
