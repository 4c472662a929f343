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

import java.util.Arrays;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The timestamps of the first records of the last polls of a partition. There is a bound:
 * when it is reached, every other one is forgotten, and of what comes only every other
 * one is kept, and so on, until few are left.
 * <p>
 * <b>Threading.</b> Belongs to the consumer thread.
 */
final class PollTimestamps {

	private static final int CAPACITY = 512;

	private static final int FEW = 4;

	private long[] offsets = new long[4];

	private long[] timestamps = new long[4];

	private int size;

	/** Of how many polls one is kept. */
	private int stride = 1;

	private int passedOver;

	/**
	 * Add a poll.
	 * @param offset the first offset of the poll, above those of all others
	 * @param timestamp its timestamp in milliseconds, or
	 * {@link ConsumerRecord#NO_TIMESTAMP}
	 */
	void add(long offset, long timestamp) {
		this.passedOver++;
		if (this.passedOver < this.stride && this.size > 0) {
			return;
		}
		this.passedOver = 0;
		if (this.size == this.offsets.length) {
			if (this.size == CAPACITY) {
				thinOut();
			}
			else {
				this.offsets = Arrays.copyOf(this.offsets, this.size * 2);
				this.timestamps = Arrays.copyOf(this.timestamps, this.size * 2);
			}
		}
		this.offsets[this.size] = offset;
		this.timestamps[this.size] = timestamp;
		this.size++;
	}

	/**
	 * Keep the first and every other one after it, so that what is returned is too old
	 * rather than unknown.
	 */
	private void thinOut() {
		int kept = 0;
		for (int i = 0; i < this.size; i += 2) {
			this.offsets[kept] = this.offsets[i];
			this.timestamps[kept] = this.timestamps[i];
			kept++;
		}
		this.size = kept;
		this.stride *= 2;
	}

	/**
	 * Return the timestamp of the poll that an offset is of, and forget the polls before.
	 * @param offset the offset
	 * @return the timestamp of the last poll that is known to have begun at or below the
	 * offset; {@link ConsumerRecord#NO_TIMESTAMP} if there is none or it has none
	 */
	long at(long offset) {
		int index = Arrays.binarySearch(this.offsets, 0, this.size, offset);
		int poll = (index >= 0) ? index : -index - 2;
		if (poll < 0) {
			return ConsumerRecord.NO_TIMESTAMP;
		}
		if (poll > 0) {
			this.size -= poll;
			System.arraycopy(this.offsets, poll, this.offsets, 0, this.size);
			System.arraycopy(this.timestamps, poll, this.timestamps, 0, this.size);
			this.stride = (this.size < FEW) ? 1 : this.stride;
		}
		return this.timestamps[0];
	}

}
