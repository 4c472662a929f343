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

package io.kaffe.spring.benchmark.contender;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;

import org.jspecify.annotations.Nullable;

/**
 * Looks whether records that are to be handled in sequence are: with ascending offsets,
 * one at a time.
 * <p>
 * <b>Threading.</b> One atomic word for each sequence, a cache line apart: the offset
 * last started, and whether it is being handled.
 */
final class OrderWatch {

	private static final int APART = 16;

	private final Order order;

	private final AtomicLongArray last;

	private final AtomicLong violations = new AtomicLong();

	private final AtomicReference<@Nullable String> example = new AtomicReference<>();

	OrderWatch(Order order, int sequences) {
		this.order = order;
		this.last = new AtomicLongArray(sequences * APART);
	}

	/**
	 * Note that handling of a record starts.
	 */
	void started(int key, int partition, long offset) {
		if (this.order == Order.NONE) {
			return;
		}
		int sequence = sequence(key, partition);
		long before = this.last.getAndSet(sequence * APART, (offset + 1) << 1 | 1);
		if ((before & 1) != 0 || (before >> 1) > offset) {
			this.violations.incrementAndGet();
			this.example.compareAndSet(null,
					"%d@%d of %s %d came %s %d".formatted(partition, offset, this.order.name().toLowerCase(), sequence,
							((before & 1) != 0) ? "during" : "after", (before >> 1) - 1));
		}
	}

	/**
	 * Note that handling of a record ended.
	 */
	void ended(int key, int partition, long offset) {
		if (this.order != Order.NONE) {
			this.last.set(sequence(key, partition) * APART, (offset + 1) << 1);
		}
	}

	private int sequence(int key, int partition) {
		return (this.order == Order.KEY) ? key : partition;
	}

	/**
	 * Return how many records were not handled in sequence.
	 */
	long violations() {
		return this.violations.get();
	}

	/**
	 * Return the first of them, or {@code null}.
	 */
	@Nullable String example() {
		return this.example.get();
	}

}
