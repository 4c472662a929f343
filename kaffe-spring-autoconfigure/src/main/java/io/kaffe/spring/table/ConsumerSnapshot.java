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
import java.util.List;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import org.jspecify.annotations.Nullable;

/**
 * A consumer, its workers and its partitions as they were at one moment.
 *
 * @param settings what it consumes, and how
 * @param status what it was doing, and its problems
 * @param load what it had to do
 * @param workerCount the number of its workers
 * @param workers its workers, sorted by name, numbers by value; where they are allocated
 * for each record, the busiest of them
 * @param partitions its partitions, sorted by topic and number
 * @param counters what became of its records
 * @param failures its records that have failed
 * @param rebalances the last 20 assignments, revocations and losses of partitions, newest
 * first
 */
public record ConsumerSnapshot(@JsonUnwrapped Settings settings, @JsonUnwrapped Status status, @JsonUnwrapped Load load,
		int workerCount, List<WorkerSnapshot> workers, List<PartitionSnapshot> partitions, Counters counters,
		@JsonUnwrapped Failures failures, List<Rebalance> rebalances) {

	/**
	 * Return the same with other failing records.
	 * @param page the failing records
	 * @return the consumer
	 */
	public ConsumerSnapshot withFailing(FailingPage page) {
		return new ConsumerSnapshot(this.settings, this.status, this.load, this.workerCount, this.workers,
				this.partitions, this.counters,
				new Failures(page, this.failures.parkedBy(), this.failures.bulkDecision(), this.failures.recent()),
				this.rebalances);
	}

	/**
	 * What a consumer consumes, and how.
	 *
	 * @param groupId the consumer group, or {@code null} if it has none
	 * @param topics the topics it consumes, sorted; for a topic pattern those that are
	 * assigned
	 * @param workerAllocationStrategy the name of its strategy
	 * @param maxConcurrency how many workers may run at once; {@code null}: all
	 * @param ignoredSettings the settings of its listener container that have no effect
	 * with workers, such as {@code commitRetries}, as far as they differ from their
	 * defaults
	 */
	public record Settings(@Nullable String groupId, List<String> topics, String workerAllocationStrategy,
			@Nullable Integer maxConcurrency, List<String> ignoredSettings) {
	}

	/**
	 * What a consumer was doing, and its problems.
	 *
	 * @param state what it was doing
	 * @param paused whether an operator paused it as a whole
	 * @param stopped why it was stopped, if that was because it could not go on, else
	 * {@code null}
	 * @param noAnswerSince since when no broker has responded; {@code null} if one does,
	 * or if none is asked
	 * @param outage the outage of what its handlers depend on; {@code null} if there is
	 * none
	 * @param problems its problems, the worst first, at most 20
	 */
	public record Status(ConsumerState state, boolean paused, @Nullable Stop stopped, @Nullable Instant noAnswerSince,
			@Nullable Outage outage, List<ConsumerProblem> problems) {
	}

	/**
	 * An outage of what the handlers of a consumer depend on, such as a database: most
	 * attempts fail, so that none counts and no more are made than probe whether it is
	 * over.
	 *
	 * @param since when it was detected or requested
	 * @param state {@code probing}; {@code resuming} when attempts succeed again, and
	 * more and more are made; {@code holding} if an operator has requested it, so that
	 * there are no probes; {@code over}
	 * @param failureRate how many attempts failed when it was detected, in percent;
	 * {@code null} if it was requested
	 * @param exception the name of the class of the root cause of such a failure;
	 * {@code null} if it was requested
	 * @param probes the number of attempts that were made to probe
	 * @param nextProbeAt when the next one is due; {@code null} unless it is awaited
	 * @param waiting the number of workers that wait for it to be over
	 * @param message the same as a sentence
	 */
	public record Outage(Instant since, String state, @Nullable Float failureRate, @Nullable String exception,
			int probes, @Nullable Instant nextProbeAt, int waiting, String message) {
	}

	/**
	 * What a consumer had to do.
	 *
	 * @param buffered what is polled and not completed
	 * @param inFlight how many records are being handled
	 * @param lag how far behind the ends of its partitions it is
	 * @param evicted the sums of what is evicted from memory of its partitions
	 */
	public record Load(Buffered buffered, int inFlight, @JsonUnwrapped Lag lag, @JsonUnwrapped Evicted evicted) {
	}

	/**
	 * The records of a consumer that have failed.
	 *
	 * @param page those that have failed for longest, at most 100
	 * @param parkedBy the exceptions by which most records are parked, at most 20, most
	 * records first
	 * @param bulkDecision the last decision about many of them, running or not;
	 * {@code null} if there was none
	 * @param recent the last 50 failed attempts, newest first
	 */
	public record Failures(@JsonUnwrapped FailingPage page, List<ParkedBy> parkedBy,
			@Nullable BulkDecisionSnapshot bulkDecision, @JsonProperty("failures") List<Failure> recent) {

		/**
		 * Return how many records have failed and are not completed.
		 * @return the number
		 */
		public int failingCount() {
			return this.page.failingCount();
		}

		/**
		 * Return those that have failed for longest.
		 * @return at most 100, in this order
		 */
		public List<Failing> failing() {
			return this.page.failing();
		}

	}

	/**
	 * A part of the records that have failed and are not completed.
	 *
	 * @param failingCount how many there are, or how many match if only some are meant
	 * @param failing a part of them, those that have failed for longest first
	 */
	public record FailingPage(int failingCount, List<Failing> failing) {
	}

	/**
	 * Records that are parked by the same exception.
	 *
	 * @param exception the name of the class of the root cause of the last exception, or
	 * of that itself if it has no cause
	 * @param records how many parked records have such an exception, also as one of
	 * several causes
	 */
	public record ParkedBy(String exception, int records) {
	}

	/**
	 * Why and when a consumer was stopped because it could not go on.
	 *
	 * @param at when it was stopped
	 * @param reason why, as a sentence
	 */
	public record Stop(Instant at, String reason) {
	}

	/**
	 * What is polled and not completed.
	 *
	 * @param records the number of records
	 * @param bytes the size of their serialized keys and values
	 */
	public record Buffered(long records, long bytes) {
	}

	/**
	 * What became of records since the consumer got workers. The numbers never decrease.
	 *
	 * @param handled the records that were finished, in whatever way
	 * @param failed the attempts that failed
	 * @param retries the attempts that were not the first ones of their records
	 * @param skipped the records that were skipped
	 * @param deadLettered the records that were sent to a dead-letter topic
	 * @param lateCompletions the records that were finished after their assignment had
	 * ended, which changed nothing
	 * @param commits the commits that the broker confirmed
	 * @param commitFailures the commits that failed
	 * @param lost the offsets that were deleted from the log before they were handled
	 * @param alreadyHandled the records that are handled once, and whose handler was
	 * rolled back since another instance had handled them
	 */
	public record Counters(long handled, long failed, long retries, long skipped, long deadLettered,
			long lateCompletions, long commits, long commitFailures, long lost, long alreadyHandled) {
	}

	/**
	 * A record that has failed and is not completed.
	 *
	 * @param partition the topic and partition, such as {@code orders-0}
	 * @param offset its offset
	 * @param state {@code retrying}, {@code recovering}, {@code parked} or
	 * {@code stopping}
	 * @param attempts how often the handler was called with it; if it was parked by
	 * earlier owners of its partition, by all of them
	 * @param since when the first of these attempts failed; if it was parked by earlier
	 * owners, when it was parked first
	 * @param nextAttemptAt when its next attempt is due; {@code null} unless it waits for
	 * one
	 * @param exception the name of the class of what was thrown last
	 * @param key its key, if values are shown, else {@code null}; if it could not be
	 * deserialized, how its bytes begin, escaped
	 * @param value its value, in the same way
	 * @param message the message of the exception, if values are shown, else {@code null}
	 * @param cause the name of the class of the exception's root cause; {@code null} if
	 * there is none
	 * @param causeMessage the message of that exception, if values are shown, else
	 * {@code null}
	 * @param keySize the size of the serialized key in bytes; {@code null} without a key
	 * @param valueSize the size of the serialized value in bytes; {@code null} without a
	 * value
	 * @param parkedSince when it was parked first, by this owner of its partition or an
	 * earlier one; {@code null} if it was not
	 * @param owners how many owners of its partition have failed to handle it; more than
	 * 1 if earlier ones have parked it
	 */
	public record Failing(String partition, long offset, String state, int attempts, Instant since,
			@Nullable Instant nextAttemptAt, String exception, @Nullable String key, @Nullable String value,
			@Nullable String message, @Nullable String cause, @Nullable String causeMessage, @Nullable Integer keySize,
			@Nullable Integer valueSize, @Nullable Instant parkedSince, int owners) {
	}

	/**
	 * Partitions that were assigned, revoked or lost.
	 *
	 * @param at when it was over
	 * @param kind {@code assigned}, {@code revoked}, also because the consumer stopped,
	 * or {@code lost}
	 * @param partitions the partitions, such as {@code orders-0}, sorted
	 * @param drainMillis how many milliseconds the drain took; {@code null} unless
	 * partitions were revoked
	 * @param givenUp the records that the drain timeout abandoned, such as
	 * {@code orders-0@77}, at most 100
	 */
	public record Rebalance(Instant at, String kind, List<String> partitions, @Nullable Long drainMillis,
			List<String> givenUp) {
	}

	/**
	 * An attempt that failed.
	 *
	 * @param at when it failed
	 * @param record its coordinates, such as {@code orders-0@70}
	 * @param attempt which attempt it was, from 1
	 * @param exception the name of the exception's class
	 * @param action what was done about the record then: {@code retry}, {@code park},
	 * {@code dead-letter}, {@code recover} (it was given to the application's recoverer),
	 * {@code skip} or {@code stop}
	 * @param message the message of the exception, if values are shown, else {@code null}
	 * @param cause the name of the class of the exception's root cause; {@code null} if
	 * there is none
	 * @param causeMessage the message of that exception, if values are shown, else
	 * {@code null}
	 */
	public record Failure(Instant at, String record, int attempt, String exception, String action,
			@Nullable String message, @Nullable String cause, @Nullable String causeMessage) {

		/**
		 * Return the same without user data.
		 * @return the failure without its messages
		 */
		public Failure withoutMessage() {
			return new Failure(this.at, this.record, this.attempt, this.exception, this.action, null, this.cause, null);
		}

	}

}
