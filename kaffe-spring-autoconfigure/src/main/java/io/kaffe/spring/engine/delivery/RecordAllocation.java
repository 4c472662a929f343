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

package io.kaffe.spring.engine.delivery;

import java.util.ArrayList;
import java.util.List;

import org.apache.kafka.clients.consumer.ConsumerRecord;

import io.kaffe.spring.engine.worker.Turn;
import io.kaffe.spring.engine.worker.Work;
import io.kaffe.spring.engine.worker.Worker;

/**
 * The records of one partition from one poll, given to workers one by one. All polls of a
 * consumer go through one worker, so that records are given out in the order in which
 * they were polled, across partitions and topics. Records that are delivered in batches
 * and are ordered with no others are given out in groups as large as a batch.
 * <p>
 * <b>Threading.</b> Owned by the worker.
 */
public final class RecordAllocation extends Work {

	private static final int READ_CLOCK_MASK = 0b11111;

	private final List<? extends ConsumerRecord<?, ?>> records;

	private final AssignmentHandle source;

	private final int slot;

	private final RecordAllocator allocator;

	private final int groupSize;

	/** Records that are ordered with no others and not given out yet. */
	private List<ConsumerRecord<?, ?>> unordered = new ArrayList<>(0);

	private int index;

	/**
	 * Create an allocation.
	 * @param records the records in offset order, not to be changed any more
	 * @param source where they came from
	 * @param slot where the workers of the partition's records stand while they are ready
	 * @param allocator finds the worker of each
	 */
	public RecordAllocation(List<? extends ConsumerRecord<?, ?>> records, AssignmentHandle source, int slot,
			RecordAllocator allocator) {
		this.records = records;
		this.source = source;
		this.slot = slot;
		this.allocator = allocator;
		this.groupSize = allocator.groupSize();
	}

	@Override
	public Progress proceed(Worker worker, Turn turn) {
		while (this.index < this.records.size()) {
			if (this.source.isRevoked()) {
				this.unordered.forEach(this.source::drop);
				this.records.subList(this.index, this.records.size()).forEach(this.source::drop);
				return Progress.DONE;
			}
			allocate(this.records.get(this.index));
			this.index++;
			if ((this.index & READ_CLOCK_MASK) == 0) {
				turn.readClock();
				if (turn.isOver() && this.index < this.records.size()) {
					return Progress.TURN_OVER;
				}
			}
		}
		allocateGroup();
		return Progress.DONE;
	}

	private void allocate(ConsumerRecord<?, ?> record) {
		if (this.allocator.allocateInAnyCase(record, this.source, this.slot, this.groupSize > 1)) {
			this.unordered.add(record);
			if (this.unordered.size() == this.groupSize) {
				allocateGroup();
			}
		}
	}

	private void allocateGroup() {
		if (!this.unordered.isEmpty()) {
			this.allocator.allocateUnordered(this.unordered, this.source, this.slot);
			this.unordered = new ArrayList<>(0);
		}
	}

	@Override
	public boolean isReady(long now) {
		return true;
	}

}
