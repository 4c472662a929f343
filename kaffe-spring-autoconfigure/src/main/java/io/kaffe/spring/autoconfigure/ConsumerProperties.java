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
 * Properties that are set for one consumer or for all consumers; {@code null} if not set.
 */
public abstract class ConsumerProperties {

	/**
	 * Strategy that allocates records to workers: worker-per-topic-partition,
	 * worker-per-partition, worker-per-key, worker-per-record, or the name of a
	 * WorkerAllocationStrategy bean. A single bean of that type is the default of a
	 * single consumer, and of the consumer with the same name.
	 */
	private @Nullable String workerAllocationStrategy;

	/**
	 * Maximum number of records handled concurrently. Unlimited by default for
	 * per-partition strategies, otherwise 16.
	 */
	private @Nullable Integer maxConcurrency;

	/**
	 * How long a rebalance or shutdown waits for records that are in progress or not yet
	 * acknowledged.
	 */
	private @Nullable Duration drainTimeout;

	/**
	 * Time after which a record whose handler has not returned is reported as stalled.
	 */
	private @Nullable Duration stallThreshold;

	/**
	 * Time after which the thread of a handler that has not returned is interrupted.
	 * Never by default.
	 */
	private @Nullable Duration stallInterruptThreshold;

	/**
	 * Whether the MDC contains the consumer, worker, topic, partition and offset of the
	 * record being handled.
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
	 * Limits for records that are polled but not yet completed.
	 */
	public static class Buffer {

		/**
		 * Maximum number of polled but not yet completed records per consumer. Shared by
		 * all partitions, which are paused when they use up their share.
		 */
		private @Nullable Integer maxRecords;

		/**
		 * Maximum size of the serialized keys and values of polled but not yet completed
		 * records per consumer. Shared by all partitions.
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
	 * Batches, for batch listeners and handlers.
	 */
	public static class Batch {

		/**
		 * Maximum number of records in a batch. By default 500, or the consumer's
		 * max.poll.records if that is less.
		 */
		private @Nullable Integer maxSize;

		/**
		 * Maximum time that a worker waits for a batch to reach its maximum size, from
		 * its first record on; 0 does not wait.
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
	 * Offset commits.
	 */
	public static class Commit {

		/**
		 * Shortest interval between commits of completed offsets. There are none while
		 * nothing is completed.
		 */
		private @Nullable Duration interval;

		/**
		 * Whether commits store in their metadata which offsets above the committed
		 * offset are completed, so that these records are not redelivered after a
		 * restart.
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
	 * Handling of failed records.
	 */
	public static class Failure {

		/**
		 * Maximum number of delivery attempts of a record, including the first one; 0
		 * means unlimited.
		 */
		private @Nullable Integer maxAttempts;

		/**
		 * Action for a record whose attempts are exhausted.
		 */
		private @Nullable FailureAction then;

		/**
		 * Actions for specific exceptions, by the fully qualified name of the exception
		 * type. The closest type applies; causes are considered, too.
		 */
		private @Nullable Map<String, FailureAction> thenFor;

		/**
		 * Fully qualified names of exception types after which a record is not retried.
		 * Causes are considered, too. The exceptions that Spring Kafka never retries,
		 * such as deserialization and conversion failures, need not be listed.
		 */
		private @Nullable List<String> notRetryable;

		/**
		 * Topic that dead letters are sent to; {topic} is replaced by the record's topic.
		 */
		private @Nullable String deadLetterTopic;

		/**
		 * Maximum number of parked records of a partition; at the maximum, the partition
		 * is paused.
		 */
		private @Nullable Integer maxParked;

		/**
		 * How long before the log's retention deletes it an unfinished record needs
		 * attention; 0 disables the warning.
		 */
		private @Nullable Duration retentionWarning;

		private final Backoff backoff = new Backoff();

		private final Outage outage = new Outage();

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

		public @Nullable Duration getRetentionWarning() {
			return this.retentionWarning;
		}

		public void setRetentionWarning(@Nullable Duration retentionWarning) {
			this.retentionWarning = retentionWarning;
		}

		public Backoff getBackoff() {
			return this.backoff;
		}

		public Outage getOutage() {
			return this.outage;
		}

	}

	/**
	 * Outages of what handlers depend on.
	 */
	public static class Outage {

		/**
		 * Whether to detect outages of what handlers depend on: while most attempts of
		 * many workers fail, attempts do not count, and one record at a time is tried.
		 */
		private @Nullable Boolean enabled;

		/**
		 * Fraction of attempts that fail in an outage, above 0 and at most 1.
		 */
		private @Nullable Double failureRate;

		/**
		 * Minimum number of attempts within the window before an outage is detected.
		 */
		private @Nullable Integer minimumAttempts;

		/**
		 * Time window in which attempts are counted, in whole seconds.
		 */
		private @Nullable Duration window;

		/**
		 * Maximum interval between the attempts that probe whether an outage is over.
		 */
		private @Nullable Duration probeInterval;

		public @Nullable Boolean getEnabled() {
			return this.enabled;
		}

		public void setEnabled(@Nullable Boolean enabled) {
			this.enabled = enabled;
		}

		public @Nullable Double getFailureRate() {
			return this.failureRate;
		}

		public void setFailureRate(@Nullable Double failureRate) {
			this.failureRate = failureRate;
		}

		public @Nullable Integer getMinimumAttempts() {
			return this.minimumAttempts;
		}

		public void setMinimumAttempts(@Nullable Integer minimumAttempts) {
			this.minimumAttempts = minimumAttempts;
		}

		public @Nullable Duration getWindow() {
			return this.window;
		}

		public void setWindow(@Nullable Duration window) {
			this.window = window;
		}

		public @Nullable Duration getProbeInterval() {
			return this.probeInterval;
		}

		public void setProbeInterval(@Nullable Duration probeInterval) {
			this.probeInterval = probeInterval;
		}

	}

	/**
	 * Restarts of workers and consumer threads that fail outside the handler.
	 */
	public static class Supervision {

		/**
		 * Maximum number of restarts, within the window, of a worker or consumer thread
		 * that fails outside the handler, before its consumer is stopped.
		 */
		private @Nullable Integer maxRestarts;

		/**
		 * Time window in which restarts are counted.
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
	 * Back-off between the delivery attempts of a record.
	 */
	public static class Backoff {

		/**
		 * Interval before the second attempt.
		 */
		private @Nullable Duration initialInterval;

		/**
		 * Multiplier applied to the previous interval.
		 */
		private @Nullable Double multiplier;

		/**
		 * Maximum interval between attempts.
		 */
		private @Nullable Duration maxInterval;

		/**
		 * Random jitter as a fraction of the interval, from 0 to 1.
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
	 * Severity of problems in health.
	 */
	public static class Health {

		/**
		 * Severity of a parked record in health, while other records are handled: warning
		 * or down.
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
