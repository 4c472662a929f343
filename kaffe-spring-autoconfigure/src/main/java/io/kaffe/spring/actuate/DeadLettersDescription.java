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
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.DeadLetter;
import io.kaffe.spring.DeadLetterFilter;
import io.kaffe.spring.DeadLetterPage;
import io.kaffe.spring.DeadLetterRun;

/**
 * Dead letters of a consumer, as the endpoint describes them.
 *
 * @param access what callers may do: {@code read-only} or {@code unrestricted}
 * @param letters the dead letters, sorted by topic, partition and offset
 * @param next where the next page begins; {@code null} if there is none
 * @param missingTopics dead-letter topics that do not exist
 * @param run the current or last replay or abandonment, or {@code null}
 */
public record DeadLettersDescription(String access, List<Letter> letters, @Nullable String next,
		SortedSet<String> missingTopics, @Nullable Run run) {

	/**
	 * Create a description.
	 */
	public DeadLettersDescription {
		letters = List.copyOf(letters);
		missingTopics = new TreeSet<>(missingTopics);
	}

	static DeadLettersDescription of(String access, DeadLetterPage page, @Nullable DeadLetterRun run,
			boolean showValues) {
		return new DeadLettersDescription(access,
				page.letters().stream().map((letter) -> Letter.of(letter, showValues)).toList(), page.next(),
				page.missingTopics(), Run.of(run, showValues));
	}

	private static String lowerCase(Enum<?> value) {
		return value.name().toLowerCase(Locale.ROOT);
	}

	/**
	 * A dead letter.
	 *
	 * @param topic the dead-letter topic
	 * @param partition the number of its partition
	 * @param offset its offset
	 * @param at when it was dead-lettered
	 * @param state {@code here} (this instance can replay it), {@code elsewhere} or
	 * {@code foreign}
	 * @param problem why it is foreign, or {@code null}
	 * @param original where it was before, or {@code null} if that is unknown
	 * @param replays how often it was replayed and failed again
	 * @param exception the class of what the handler threw, or {@code null}
	 * @param cause the class of its root cause, or {@code null}
	 * @param message their messages; {@code null} unless values are shown
	 * @param key its key; {@code null} unless values are shown
	 * @param value its value; {@code null} unless values are shown
	 */
	public record Letter(String topic, int partition, long offset, Instant at, String state, @Nullable String problem,
			@Nullable Original original, int replays, @Nullable String exception, @Nullable String cause,
			@Nullable String message, @Nullable String key, @Nullable String value) {

		static Letter of(DeadLetter letter, boolean showValues) {
			TopicPartition partition = letter.partition();
			DeadLetter.Original original = letter.original();
			DeadLetter.Failure failure = letter.failure();
			return new Letter(partition.topic(), partition.partition(), letter.offset(), letter.at(),
					lowerCase(letter.state()), letter.problem(),
					(original != null) ? new Original(original.partition().topic(), original.partition().partition(),
							original.offset(), original.timestamp()) : null,
					letter.replays(), (failure != null) ? failure.exception() : null,
					(failure != null) ? failure.cause() : null,
					(failure != null && showValues) ? failure.message() : null, showValues ? letter.key() : null,
					showValues ? letter.value() : null);
		}

	}

	/**
	 * A record before it was dead-lettered.
	 *
	 * @param topic its topic
	 * @param partition the number of its partition
	 * @param offset its offset
	 * @param timestamp its timestamp
	 */
	public record Original(String topic, int partition, long offset, Instant timestamp) {
	}

	/**
	 * A replay or an abandonment.
	 *
	 * @param operation {@code replay} or {@code abandon}
	 * @param filter which dead letters it is about; its key is {@code null} unless values
	 * are shown
	 * @param state {@code running}, {@code done}, {@code canceled} or {@code failed}
	 * @param startedAt when it began
	 * @param endedAt when it ended, or {@code null}
	 * @param progress what was done so far
	 * @param message why it ended early, or {@code null}
	 */
	public record Run(String operation, DeadLetterFilter filter, String state, Instant startedAt,
			@Nullable Instant endedAt, DeadLetterRun.Progress progress, @Nullable String message) {

		static @Nullable Run of(@Nullable DeadLetterRun run, boolean showValues) {
			if (run == null) {
				return null;
			}
			DeadLetterFilter filter = run.filter();
			return new Run(lowerCase(run.operation()),
					new DeadLetterFilter(filter.topic(), filter.partition(), filter.offset(), filter.exception(),
							showValues ? filter.key() : null, filter.since(), filter.until()),
					lowerCase(run.state()), run.startedAt(), run.endedAt(), run.progress(), run.message());
		}

	}

}
