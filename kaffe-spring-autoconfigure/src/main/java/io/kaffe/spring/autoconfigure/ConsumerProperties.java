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

package io.kaffe.spring.autoconfigure;

import java.time.Duration;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import org.springframework.util.unit.DataSize;

import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.table.ConsumerProblem;

/**
 * Settings that a consumer has of its own or takes from the defaults; {@code null} where
 * nothing is set.
 */
public abstract class ConsumerProperties {

	/**
	 * Which worker handles which records: worker-per-topic-partition,
	 * worker-per-partition, worker-per-key, worker-per-record, or the name of a
	 * WorkerAllocationStrategy bean. The only bean of that type is the default of the
	 * only consumer, and of the consumer with its name.
	 */
	private @Nullable String workerAllocationStrategy;

	/**
	 * How many records of a consumer may be handled at once. Without it, as many as it
	 * has workers for partitions, else 16.
	 */
	private @Nullable Integer maxConcurrency;

	/**
	 * How long a rebalance or a stop waits for records that are being handled or to be
	 * acknowledged.
	 */
	private @Nullable Duration drainTimeout;

	/**
	 * How long the handling of a record may take before it is reported as stalled.
	 */
	private @Nullable Duration stallThreshold;

	/**
	 * How long the handling of a record may take before its thread is interrupted.
	 * Without it, it never is.
	 */
	private @Nullable Duration stallInterruptThreshold;

	/**
	 * Whether loggers are told which record is being handled: consumer, worker, topic,
	 * partition and offset in the MDC.
	 */
	private @Nullable Boolean mdc;

	private final Buffer buffer = new Buffer();

	private final Batch batch = new Batch();

	private final Commit commit = new Commit();

	private final Failure failure = new Failure();

	private final Supervision supervision = new Supervision();

	private final Health health = new Health();

	public @Nullable String getWorkerAllocationStrategy() {
		return this.workerAllocationStrategy;
	}

	public void setWorkerAllocationStrategy(@Nullable String workerAllocationStrategy) {
		this.workerAllocationStrategy = workerAllocationStrategy;
	}

	public @Nullable Integer getMaxConcurrency() {
		return this.maxConcurrency;
	}

	public void setMaxConcurrency(@Nullable Integer maxConcurrency) {
		this.maxConcurrency = maxConcurrency;
	}

	public @Nullable Duration getDrainTimeout() {
		return this.drainTimeout;
	}

	public void setDrainTimeout(@Nullable Duration drainTimeout) {
		this.drainTimeout = drainTimeout;
	}

	public Buffer getBuffer() {
		return this.buffer;
	}

	public Batch getBatch() {
		return this.batch;
	}

	public Commit getCommit() {
		return this.commit;
	}

	public @Nullable Duration getStallThreshold() {
		return this.stallThreshold;
	}

	public void setStallThreshold(@Nullable Duration stallThreshold) {
		this.stallThreshold = stallThreshold;
	}

	public @Nullable Duration getStallInterruptThreshold() {
		return this.stallInterruptThreshold;
	}

	public void setStallInterruptThreshold(@Nullable Duration stallInterruptThreshold) {
		this.stallInterruptThreshold = stallInterruptThreshold;
	}

	public @Nullable Boolean getMdc() {
		return this.mdc;
	}

	public void setMdc(@Nullable Boolean mdc) {
		this.mdc = mdc;
	}

	public Failure getFailure() {
		return this.failure;
	}

	public Supervision getSupervision() {
		return this.supervision;
	}

	public Health getHealth() {
		return this.health;
	}

	/**
	 * What may be polled and not final.
	 */
	public static class Buffer {

		/**
		 * Most records of a consumer that are polled and not final. Its partitions share
		 * it; one that has used up its share is paused.
		 */
		private @Nullable Integer maxRecords;

		/**
		 * Most bytes of serialized keys and values of a consumer that are polled and not
		 * final. Shared like the records.
		 */
		private @Nullable DataSize maxBytes;

		public @Nullable DataSize getMaxBytes() {
			return this.maxBytes;
		}

		public void setMaxBytes(@Nullable DataSize maxBytes) {
			this.maxBytes = maxBytes;
		}

		public @Nullable Integer getMaxRecords() {
			return this.maxRecords;
		}

		public void setMaxRecords(@Nullable Integer maxRecords) {
			this.maxRecords = maxRecords;
		}

	}

	/**
	 * Batches, for listeners and handlers that take them.
	 */
	public static class Batch {

		/**
		 * Most records of a batch.
		 */
		private @Nullable Integer maxSize;

		/**
		 * How long a worker waits at most for a batch to get this large, from when it has
		 * the first record; 0: not at all.
		 */
		private @Nullable Duration maxWait;

		public @Nullable Integer getMaxSize() {
			return this.maxSize;
		}

		public void setMaxSize(@Nullable Integer maxSize) {
			this.maxSize = maxSize;
		}

		public @Nullable Duration getMaxWait() {
			return this.maxWait;
		}

		public void setMaxWait(@Nullable Duration maxWait) {
			this.maxWait = maxWait;
		}

	}

	/**
	 * Committing.
	 */
	public static class Commit {

		/**
		 * How often completed offsets are committed.
		 */
		private @Nullable Duration interval;

		/**
		 * Whether commits report in their metadata what is complete above the committed
		 * offset, and what they report is not handled again after a restart.
		 */
		private @Nullable Boolean completedOffsets;

		public @Nullable Boolean getCompletedOffsets() {
			return this.completedOffsets;
		}

		public void setCompletedOffsets(@Nullable Boolean completedOffsets) {
			this.completedOffsets = completedOffsets;
		}

		public @Nullable Duration getInterval() {
			return this.interval;
		}

		public void setInterval(@Nullable Duration interval) {
			this.interval = interval;
		}

	}

	/**
	 * What happens when a handler throws.
	 */
	public static class Failure {

		/**
		 * How often a record is handed to the handler before it is not tried again; 0:
		 * without limit.
		 */
		private @Nullable Integer maxAttempts;

		/**
		 * What happens to a record that is not tried again.
		 */
		private @Nullable FailureAction then;

		/**
		 * What happens instead after certain exceptions, by the full name of their type.
		 * The nearest type counts; causes are looked at, too.
		 */
		private @Nullable Map<String, FailureAction> thenFor;

		/**
		 * Exception types, by their full name, after which a record is not tried again.
		 * Causes are looked at, too. What Spring Kafka never tries again, such as records
		 * that cannot be deserialized or converted, needs no mention.
		 */
		private @Nullable List<String> notRetryable;

		/**
		 * Topic that dead letters are sent to; {topic} stands for the record's topic.
		 */
		private @Nullable String deadLetterTopic;

		/**
		 * How many records of a partition may be parked before no more of it is fetched.
		 */
		private @Nullable Integer maxParked;

		private final Backoff backoff = new Backoff();

		public @Nullable Integer getMaxAttempts() {
			return this.maxAttempts;
		}

		public void setMaxAttempts(@Nullable Integer maxAttempts) {
			this.maxAttempts = maxAttempts;
		}

		public @Nullable FailureAction getThen() {
			return this.then;
		}

		public void setThen(@Nullable FailureAction then) {
			this.then = then;
		}

		public @Nullable Map<String, FailureAction> getThenFor() {
			return this.thenFor;
		}

		public void setThenFor(@Nullable Map<String, FailureAction> thenFor) {
			this.thenFor = thenFor;
		}

		public @Nullable List<String> getNotRetryable() {
			return this.notRetryable;
		}

		public void setNotRetryable(@Nullable List<String> notRetryable) {
			this.notRetryable = notRetryable;
		}

		public @Nullable String getDeadLetterTopic() {
			return this.deadLetterTopic;
		}

		public void setDeadLetterTopic(@Nullable String deadLetterTopic) {
			this.deadLetterTopic = deadLetterTopic;
		}

		public @Nullable Integer getMaxParked() {
			return this.maxParked;
		}

		public void setMaxParked(@Nullable Integer maxParked) {
			this.maxParked = maxParked;
		}

		public Backoff getBackoff() {
			return this.backoff;
		}

	}

	/**
	 * What happens when a worker or a polling thread breaks down.
	 */
	public static class Supervision {

		/**
		 * How often a worker, or a polling thread, that breaks down outside the handler
		 * is started again within the window, before its consumer is stopped.
		 */
		private @Nullable Integer maxRestarts;

		/**
		 * How far back restarts count.
		 */
		private @Nullable Duration window;

		public @Nullable Integer getMaxRestarts() {
			return this.maxRestarts;
		}

		public void setMaxRestarts(@Nullable Integer maxRestarts) {
			this.maxRestarts = maxRestarts;
		}

		public @Nullable Duration getWindow() {
			return this.window;
		}

		public void setWindow(@Nullable Duration window) {
			this.window = window;
		}

	}

	/**
	 * How long to wait before a failed record is tried again.
	 */
	public static class Backoff {

		/**
		 * Wait before the second attempt.
		 */
		private @Nullable Duration initialInterval;

		/**
		 * By what each wait is longer than the one before.
		 */
		private @Nullable Double multiplier;

		/**
		 * Longest wait.
		 */
		private @Nullable Duration maxInterval;

		/**
		 * Share of each wait by which it may be longer or shorter at random, from 0 to 1.
		 */
		private @Nullable Double jitter;

		public @Nullable Duration getInitialInterval() {
			return this.initialInterval;
		}

		public void setInitialInterval(@Nullable Duration initialInterval) {
			this.initialInterval = initialInterval;
		}

		public @Nullable Double getMultiplier() {
			return this.multiplier;
		}

		public void setMultiplier(@Nullable Double multiplier) {
			this.multiplier = multiplier;
		}

		public @Nullable Duration getMaxInterval() {
			return this.maxInterval;
		}

		public void setMaxInterval(@Nullable Duration maxInterval) {
			this.maxInterval = maxInterval;
		}

		public @Nullable Double getJitter() {
			return this.jitter;
		}

		public void setJitter(@Nullable Double jitter) {
			this.jitter = jitter;
		}

	}

	/**
	 * How health takes problems.
	 */
	public static class Health {

		/**
		 * How health takes a record that is parked while others are handled: as a
		 * warning, or as down.
		 */
		private ConsumerProblem.@Nullable Severity parked;

		public ConsumerProblem.@Nullable Severity getParked() {
			return this.parked;
		}

		public void setParked(ConsumerProblem.@Nullable Severity parked) {
			this.parked = parked;
		}

	}

}
