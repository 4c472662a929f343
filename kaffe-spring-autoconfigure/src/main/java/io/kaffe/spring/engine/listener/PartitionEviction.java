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

package io.kaffe.spring.engine.listener;

import org.apache.kafka.clients.consumer.ConsumerRecord;

import io.kaffe.spring.engine.delivery.EvictedKey;
import io.kaffe.spring.engine.delivery.KeyEviction;

/**
 * Counts what is evicted of a partition assignment, and what of it is completed: an
 * evicted record whose key has a hash counts as complete among the offsets, others stay
 * open there.
 * <p>
 * <b>Threading.</b> Immutable; called by workers and whatever thread completes a record.
 */
final class PartitionEviction implements KeyEviction.Owner {

	private final PartitionAssignment assignment;

	private final CommitTimer commitTimer;

	private final LateCompletions lateCompletions;

	/**
	 * Create it.
	 * @param assignment the assignment
	 * @param commitTimer is to know of completions
	 * @param lateCompletions where completions are reported that come too late
	 */
	PartitionEviction(PartitionAssignment assignment, CommitTimer commitTimer, LateCompletions lateCompletions) {
		this.assignment = assignment;
		this.commitTimer = commitTimer;
		this.lateCompletions = lateCompletions;
	}

	@Override
	public void evicted(ConsumerRecord<?, ?> record, EvictedKey key) {
		if (key.isHashed()) {
			this.assignment.progress().complete(record.offset());
		}
		this.commitTimer.completed(this.assignment.buffer().remove(record));
	}

	@Override
	public boolean mayComplete(ConsumerRecord<?, ?> record, EvictedKey key) {
		if (!this.assignment.isOver(record)) {
			return true;
		}
		if (key.isOpen(record.offset())) {
			this.lateCompletions.add(record, this.assignment);
		}
		return false;
	}

	@Override
	public void completed(ConsumerRecord<?, ?> record, EvictedKey key) {
		if (!key.isHashed()) {
			this.assignment.progress().complete(record.offset());
		}
		completed();
	}

	@Override
	public void missing(long offset) {
		if (!this.assignment.isRevoked() && this.assignment.progress().complete(offset)) {
			completed();
		}
	}

	private void completed() {
		this.assignment.progress().evicted().completed();
		this.commitTimer.completed(false);
	}

	@Override
	public void evictionEnded() {
		this.commitTimer.arm();
	}

}
