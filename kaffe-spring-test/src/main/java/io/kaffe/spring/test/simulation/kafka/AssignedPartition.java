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

package io.kaffe.spring.test.simulation.kafka;

import org.apache.kafka.clients.consumer.internals.AutoOffsetResetStrategy;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * What a consumer knows of a partition that is assigned to it: its position, how far that
 * is known, and whether it is fetched.
 */
final class AssignedPartition {

	private final TopicPartition partition;

	private Phase phase = Phase.INITIALIZING;

	private long offset = -1;

	private int offsetEpoch = -1;

	private int leaderEpoch = -1;

	private boolean paused;

	private boolean pendingRevocation;

	private boolean awaitingCallback;

	private boolean requested;

	private @Nullable AutoOffsetResetStrategy reset;

	private long version;

	private long endOffset = -1;

	AssignedPartition(TopicPartition partition) {
		this.partition = partition;
	}

	TopicPartition partition() {
		return this.partition;
	}

	Phase phase() {
		return this.phase;
	}

	/**
	 * Return the position.
	 * @return the offset of the next record, or -1 if it is not known yet
	 */
	long offset() {
		return this.offset;
	}

	int offsetEpoch() {
		return this.offsetEpoch;
	}

	int leaderEpoch() {
		return this.leaderEpoch;
	}

	/**
	 * Return what changes whenever the position is set, so that answers to what was asked
	 * before are recognized.
	 */
	long version() {
		return this.version;
	}

	@Nullable AutoOffsetResetStrategy reset() {
		return this.reset;
	}

	boolean isPaused() {
		return this.paused;
	}

	void setPaused(boolean paused) {
		this.paused = paused;
	}

	boolean isFetching() {
		return this.phase == Phase.FETCHING;
	}

	/**
	 * Return whether records of it may be fetched and returned now.
	 */
	boolean isFetchable() {
		return isFetching() && !this.paused && !this.pendingRevocation && !this.awaitingCallback;
	}

	/**
	 * Return whether something has to be asked for before it can be fetched.
	 */
	boolean needsRequest() {
		return !isFetching() && !this.requested && !(this.pendingRevocation && this.phase == Phase.INITIALIZING);
	}

	void requestSent() {
		this.requested = true;
	}

	/**
	 * The request failed, and may be repeated.
	 */
	void requestFailed() {
		this.requested = false;
	}

	void setPendingRevocation(boolean pending) {
		this.pendingRevocation = pending;
	}

	void setAwaitingCallback(boolean awaiting) {
		this.awaitingCallback = awaiting;
	}

	/**
	 * Set a position that needs no check.
	 */
	void seek(long offset, int offsetEpoch, int leaderEpoch) {
		moved(Phase.FETCHING);
		this.offset = offset;
		this.offsetEpoch = offsetEpoch;
		this.leaderEpoch = leaderEpoch;
	}

	/**
	 * Set a position that is checked against the leader epochs of the log (KIP-320), if
	 * it has one.
	 */
	void seekUnvalidated(long offset, int offsetEpoch, int leaderEpoch) {
		seek(offset, offsetEpoch, leaderEpoch);
		if (offsetEpoch >= 0) {
			this.phase = Phase.AWAIT_VALIDATION;
		}
	}

	/**
	 * Records were returned, up to this offset.
	 */
	void advance(long offset, int offsetEpoch) {
		this.offset = offset;
		if (offsetEpoch >= 0) {
			this.offsetEpoch = offsetEpoch;
		}
	}

	void awaitReset(AutoOffsetResetStrategy strategy) {
		moved(Phase.AWAIT_RESET);
		this.reset = strategy;
	}

	/**
	 * There is a new leader.
	 */
	void leaderChanged(int epoch) {
		if (epoch != this.leaderEpoch) {
			this.leaderEpoch = epoch;
			if (isFetching() && this.offsetEpoch >= 0) {
				this.phase = Phase.AWAIT_VALIDATION;
				this.requested = false;
			}
		}
	}

	void validated() {
		this.phase = Phase.FETCHING;
		this.requested = false;
	}

	long endOffset() {
		return this.endOffset;
	}

	void setEndOffset(long endOffset) {
		this.endOffset = endOffset;
	}

	private void moved(Phase phase) {
		this.phase = phase;
		this.requested = false;
		this.reset = null;
		this.version++;
	}

	/**
	 * How far the position of a partition is known.
	 */
	enum Phase {

		/**
		 * The committed offset is asked for.
		 */
		INITIALIZING,

		/**
		 * The offset of the beginning, the end or a time is asked for.
		 */
		AWAIT_RESET,

		/**
		 * It is asked whether the log was truncated.
		 */
		AWAIT_VALIDATION,

		/**
		 * The position is known.
		 */
		FETCHING

	}

}
