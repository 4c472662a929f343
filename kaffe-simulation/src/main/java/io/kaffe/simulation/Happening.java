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

package io.kaffe.simulation;

/**
 * Something that happens in a history. Its numbers are taken modulo what there is to
 * choose from when it happens, so that a history that is shortened stays one.
 *
 * @param millis when, since the beginning
 * @param kind what happens
 * @param which to which instance, partition or key
 * @param howMuch how much, how long or how often
 */
record Happening(int millis, Kind kind, int which, int howMuch) {

	/**
	 * Return whether it disturbs, rather than giving the service something to do.
	 */
	boolean disturbs() {
		return this.kind.disturbs();
	}

	/**
	 * Return how long it lasts, if it does.
	 */
	long spanNanos() {
		return (10 + this.howMuch % 600) * 1_000_000L;
	}

	@Override
	public String toString() {
		return "%5d ms %s(%d, %d)".formatted(this.millis, this.kind, this.which, this.howMuch);
	}

	/**
	 * What can happen.
	 */
	enum Kind {

		/** Records are produced at once. */
		PRODUCE,

		/** Records are produced one after the other, one a poll. */
		TRICKLE,

		/** Compaction removes records. */
		COMPACT,

		/** A transaction is committed. */
		TRANSACTION,

		/** A transaction is aborted. */
		ABORTED_TRANSACTION,

		/** Retention deletes the first records of a partition. */
		RETENTION,

		/** An unclean election loses the last records of a partition. */
		TRUNCATION,

		/** A leader is elected without loss. */
		ELECTION,

		/** A topic gets one more partition. */
		MORE_PARTITIONS,

		/** A topic is deleted, and perhaps created again. */
		DELETED_TOPIC,

		/** One more instance starts. */
		START,

		/** An instance stops gracefully. */
		STOP,

		/** An instance is killed. */
		KILL,

		/** An instance stands still for a while. */
		FREEZE,

		/** The container of an instance is stopped and started again. */
		RESTART_CONTAINER,

		/** The container of an instance is started again with other concurrency. */
		CONCURRENCY,

		/**
		 * Another version of the settings is rolled out: an instance is replaced by one
		 * that has them, and so has each that starts from now on.
		 */
		OTHER_SETTINGS,

		/** A handler has the container of its instance stopped and started again. */
		RESTART_BY_HANDLER,

		/** A consumer thread ends with an error. */
		FATAL_ERROR,

		/** A consumer is not authorized, once or a few times. */
		UNAUTHORIZED,

		/** The group rebalances. */
		REBALANCE,

		/** The coordinator forgets a member. */
		EXPIRE,

		/** The coordinator fences a member. */
		FENCE,

		/** Commits fail. */
		FAIL_COMMITS,

		/** Commits are stored, but their answers are lost. */
		LOSE_ANSWERS,

		/** Commits, or their answers, come late, perhaps after later ones. */
		DELAY_COMMITS,

		/** Fetches fail. */
		FAIL_FETCHES,

		/** Fetches are slow. */
		SLOW_FETCHES,

		/** The coordinator does not answer. */
		NO_COORDINATOR,

		/** No broker answers. */
		NO_BROKERS,

		/** Handlers fail for records of a key, until the end. */
		FAILING_KEY,

		/** Handlers do not fail for that key any more. */
		MENDED_KEY,

		/** Handlers fail for all records for a while. */
		OUTAGE,

		/** A handler hangs at the next record. */
		HANG,

		/** Handlers take long for a while. */
		SLOW_HANDLERS,

		/** Dead letters cannot be sent for a while. */
		NO_DEAD_LETTERS,

		/** The executor rejects tasks for a while. */
		REJECTED_TASKS,

		/** The time of day jumps. */
		CLOCK_JUMP,

		/** An operator retries a failing record. */
		RETRY,

		/** An operator skips a failing record. */
		SKIP,

		/** An operator sends a failing record to the dead-letter topic. */
		DEAD_LETTER,

		/** An operator replays dead letters, and cancels that, perhaps. */
		REPLAY,

		/** An operator abandons the dead letters of a key. */
		ABANDON,

		/** An operator seeks. */
		SEEK,

		/** An operator pauses and resumes a partition. */
		PAUSE_PARTITION,

		/** An operator pauses and resumes the consumer. */
		PAUSE,

		/** The application pauses and resumes the container. */
		CONTAINER_PAUSE,

		/** The application has the container pause and resume a partition. */
		CONTAINER_PAUSE_PARTITION,

		/** An operator changes how many workers may run at once. */
		MAX_CONCURRENCY,

		/** The listener seeks. */
		LISTENER_SEEKS,

		/** The database does not answer for a while, or refuses connections. */
		DATABASE_AWAY,

		/** The database is slow for a while. */
		SLOW_DATABASE,

		/** Some statements or commits fail. */
		FAIL_STATEMENTS,

		/** Some commits of the database are made, but their answers are lost. */
		LOSE_COMMITS,

		/** The next instance that commits in the database is killed at that moment. */
		KILL_AT_COMMIT,

		/** The next instance that commits in the database stands still at that moment. */
		FREEZE_AT_COMMIT,

		/** So much time passes that notes of handled records are deleted. */
		TIME_PASSES;

		boolean disturbs() {
			return this != PRODUCE && this != TRICKLE;
		}

		/**
		 * Return whether it happens only where there is a database.
		 */
		boolean isOfDatabase() {
			return compareTo(DATABASE_AWAY) >= 0;
		}

	}

}
