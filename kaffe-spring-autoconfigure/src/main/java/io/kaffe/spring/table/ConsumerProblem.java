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
import java.util.Comparator;
import java.util.Locale;

import org.jspecify.annotations.Nullable;

/**
 * A problem of a consumer.
 *
 * @param kind what kind of problem it is
 * @param severity how bad it is
 * @param since since when, or {@code null} if only the message says so
 * @param message a sentence that begins with the kind and has coordinates of records, but
 * nothing of their contents
 */
public record ConsumerProblem(Kind kind, Severity severity, @Nullable Instant since, String message) {

	/** The worst first. */
	public static final Comparator<ConsumerProblem> ORDER = Comparator.comparing(ConsumerProblem::severity);

	/**
	 * Create a problem as severe as its kind is by default.
	 * @param kind what kind of problem it is
	 * @param since since when, or {@code null} if that is not known apart from the
	 * message
	 * @param message a sentence that begins with the kind
	 */
	public ConsumerProblem(Kind kind, @Nullable Instant since, String message) {
		this(kind, kind.severity, since, message);
	}

	/**
	 * Return whether the consumer is down because of it.
	 * @return {@code true} if nothing is handled
	 */
	public boolean meansDown() {
		return this.severity == Severity.DOWN;
	}

	@Override
	public String toString() {
		return this.message;
	}

	private static String text(Enum<?> constant) {
		return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

	/**
	 * How bad a problem is, the worst first.
	 */
	public enum Severity {

		/**
		 * Nothing is handled until it ends.
		 */
		DOWN,

		/**
		 * An operator should look at it; other records are handled.
		 */
		WARNING;

		@Override
		public String toString() {
			return text(this);
		}

	}

	/**
	 * What kind of problem it is.
	 */
	public enum Kind {

		/**
		 * The consumer was stopped because it could not go on.
		 */
		STOPPED(Severity.DOWN),

		/**
		 * A polling thread has ended or was never started; a warning while others poll.
		 */
		POLL_THREAD_GONE(Severity.DOWN),

		/**
		 * A polling thread has not polled for long; down when none has for as long as the
		 * group allows.
		 */
		POLL_THREAD_LATE(Severity.WARNING),

		/**
		 * Brokers do not respond; a warning if only those of some partitions do not.
		 */
		NO_ANSWER(Severity.DOWN),

		/**
		 * No commit is confirmed.
		 */
		COMMITS_FAILING(Severity.DOWN),

		/**
		 * It cannot be read from the database which records are handled already, so that
		 * partitions stay paused.
		 */
		DATABASE(Severity.DOWN),

		/**
		 * Most attempts of many workers fail, so that none is made but probes.
		 */
		OUTAGE(Severity.DOWN),

		/**
		 * Every partition is blocked by a record.
		 */
		BLOCKED(Severity.DOWN),

		/**
		 * Partitions stay paused by back-pressure while the lag grows.
		 */
		HELD_BACK(Severity.WARNING),

		/**
		 * The log's retention is about to delete a record that is not finished.
		 */
		RETENTION(Severity.WARNING),

		/**
		 * An exception of Kaffe's own was contained.
		 */
		INTERNAL_ERROR(Severity.WARNING),

		/**
		 * A record has been with its handler for too long.
		 */
		STALLED(Severity.WARNING),

		/**
		 * A record is kept until an operator decides about it.
		 */
		PARKED(Severity.WARNING),

		/**
		 * A record has been failing for long.
		 */
		RETRYING(Severity.WARNING),

		/**
		 * A record has been failing for long and is being recovered.
		 */
		RECOVERING(Severity.WARNING),

		/**
		 * A record has been failing for long and is left as it is, since its consumer is
		 * being stopped.
		 */
		STOPPING(Severity.WARNING);

		private final Severity severity;

		Kind(Severity severity) {
			this.severity = severity;
		}

		@Override
		public String toString() {
			return text(this);
		}

	}

}
