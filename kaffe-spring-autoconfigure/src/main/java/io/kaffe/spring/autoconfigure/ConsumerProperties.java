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

import org.jspecify.annotations.Nullable;
import org.springframework.util.unit.DataSize;

/**
 * Settings that a consumer has of its own or takes from the defaults; {@code null} where
 * nothing is set.
 */
public abstract class ConsumerProperties {

	/**
	 * Which worker handles which records: worker-per-topic-partition,
	 * worker-per-partition, worker-per-key, worker-per-record, or the name of a
	 * WorkerAllocationStrategy bean. The only bean of that type is the default.
	 */
	private @Nullable String workerAllocationStrategy;

	/**
	 * How many records of a consumer may be handled at once. Without it, as many as it
	 * has workers for partitions, else 16.
	 */
	private @Nullable Integer maxConcurrency;

	/**
	 * How long a rebalance or a stop waits for records that are being handled.
	 */
	private @Nullable Duration drainTimeout;

	private final Buffer buffer = new Buffer();

	private final Commit commit = new Commit();

	private final Failure failure = new Failure();

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

	public Commit getCommit() {
		return this.commit;
	}

	public Failure getFailure() {
		return this.failure;
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
	 * Committing.
	 */
	public static class Commit {

		/**
		 * How often completed offsets are committed.
		 */
		private @Nullable Duration interval;

		/**
		 * Whether to tell what is complete above the committed offset in the commit's
		 * metadata, so that it is not handled again after a crash.
		 */
		private @Nullable Boolean completedOffsets;

		/**
		 * Largest metadata of a commit. The broker's own limit is its setting
		 * offset.metadata.max.bytes.
		 */
		private @Nullable DataSize maxMetadataSize;

		public @Nullable Boolean getCompletedOffsets() {
			return this.completedOffsets;
		}

		public void setCompletedOffsets(@Nullable Boolean completedOffsets) {
			this.completedOffsets = completedOffsets;
		}

		public @Nullable DataSize getMaxMetadataSize() {
			return this.maxMetadataSize;
		}

		public void setMaxMetadataSize(@Nullable DataSize maxMetadataSize) {
			this.maxMetadataSize = maxMetadataSize;
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

		private final Backoff backoff = new Backoff();

		public Backoff getBackoff() {
			return this.backoff;
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

}
