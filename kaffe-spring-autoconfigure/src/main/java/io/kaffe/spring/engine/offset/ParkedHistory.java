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

package io.kaffe.spring.engine.offset;

import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongPredicate;

import org.jspecify.annotations.Nullable;

/**
 * What is known about the polled records of an assignment that are parked, or were by an
 * earlier owner: the commits report it to the next one. There are as many as may be
 * polled and not completed, at most.
 * <p>
 * A record stays here when its worker drops it, since its assignment ends: the last
 * commit comes after that.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; nothing blocks. The consumer thread puts
 * what an earlier owner reported before the record is dispatched; from then on the
 * record's worker puts and removes it. The consumer thread removes what is completed.
 */
public final class ParkedHistory {

	private final ConcurrentNavigableMap<Long, ParkedRecord> records = new ConcurrentSkipListMap<>();

	private final AtomicLong changes = new AtomicLong();

	/**
	 * Create a history without records.
	 */
	public ParkedHistory() {
	}

	/**
	 * Return what is known about a record.
	 * @param offset its offset
	 * @return how it was parked last, or {@code null} if it was not
	 */
	public @Nullable ParkedRecord at(long offset) {
		return this.records.get(offset);
	}

	/**
	 * Note that a record is parked, or was by an earlier owner, in place of what was
	 * known about it.
	 * @param record the record
	 */
	public void put(ParkedRecord record) {
		this.records.put(record.offset(), record);
		this.changes.incrementAndGet();
	}

	/**
	 * Forget that a record was parked: an operator has it handled anew.
	 * @param offset its offset
	 */
	public void remove(long offset) {
		if (this.records.remove(offset) != null) {
			this.changes.incrementAndGet();
		}
	}

	/**
	 * Return how often something was put or removed, other than by completing it.
	 * @return a number that only grows
	 */
	public long changes() {
		return this.changes.get();
	}

	/**
	 * Return what is not completed, and forget the rest. Consumer thread.
	 * @param completed which offsets are completed
	 * @return the records that are parked, or were and are not completed since
	 */
	public ParkedRecords unfinished(LongPredicate completed) {
		this.records.keySet().removeIf(completed::test);
		return ParkedRecords.of(this.records.values());
	}

}
