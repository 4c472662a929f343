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

import java.util.NavigableSet;
import java.util.TreeSet;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The records of an assignment that are recovered or skipped, and left to the next one
 * that is completed: they take no room in the buffer, and are complete as soon as one
 * with a higher offset is.
 * <p>
 * <b>Threading.</b> Safe for concurrent use: a record leaves the buffer once, whether it
 * is completed or left first, so that both are done under the monitor of this. Nothing
 * under it blocks or calls code of the application.
 */
final class LeftToNext {

	private static final int MOST = 1000;

	private final NavigableSet<Long> left = new TreeSet<>();

	private final PartitionProgress progress;

	private final PartitionBuffer buffer;

	private long highestCompleted = -1;

	LeftToNext(PartitionProgress progress, PartitionBuffer buffer) {
		this.progress = progress;
		this.buffer = buffer;
	}

	/**
	 * Complete a record, and what is left below it.
	 * @return whether this freed space that the consumer thread may be waiting for
	 */
	synchronized boolean complete(ConsumerRecord<?, ?> record) {
		long offset = record.offset();
		if (!this.progress.complete(offset)) {
			return false;
		}
		// One that was left may be acknowledged all the same.
		boolean frees = !this.left.remove(offset) && this.buffer.remove(record);
		this.highestCompleted = Math.max(this.highestCompleted, offset);
		NavigableSet<Long> below = this.left.headSet(offset, false);
		below.forEach(this.progress::complete);
		below.clear();
		return frees;
	}

	/**
	 * Leave a record to the next one, unless that is completed already. Of too many, the
	 * first one is completed: they are bounded though nothing else is.
	 * @return whether this freed space that the consumer thread may be waiting for
	 */
	synchronized boolean leave(ConsumerRecord<?, ?> record) {
		long offset = record.offset();
		if (this.progress.isComplete(offset)) {
			return false;
		}
		boolean frees = this.buffer.remove(record);
		this.left.add(offset);
		Long first = this.left.first();
		if (first < this.highestCompleted || this.left.size() > MOST) {
			this.left.remove(first);
			this.progress.complete(first);
		}
		return frees;
	}

}
