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

import java.time.Instant;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.offset.ParkedRecord;

/**
 * Whether a record that fails is parked, and whether an earlier owner of its partition
 * has parked it: that one has made all attempts, so one more decides, unless an operator
 * has it retried.
 * <p>
 * <b>Threading.</b> Owned by the worker of the record. Any thread may call
 * {@link #since()}, {@link #owners()} and {@link #attempts}, whose answers may be of
 * different moments.
 */
final class Parking {

	private final long offset;

	private final HeldRecords held;

	/** How it was parked before it failed now. */
	private volatile @Nullable ParkedRecord before;

	/** How it is parked. */
	private volatile @Nullable ParkedRecord now;

	/**
	 * Create it for a record that fails.
	 * @param offset its offset
	 * @param held where its assignment counts the records that are parked
	 */
	Parking(long offset, HeldRecords held) {
		this.offset = offset;
		this.held = held;
		this.before = held.parkedHistory().at(offset);
	}

	/**
	 * Return how an earlier owner has parked it, or {@code null} if none has, or an
	 * operator had it retried since.
	 */
	@Nullable ParkedRecord before() {
		return this.before;
	}

	/**
	 * Return when it was parked first, or {@code null} if it was not.
	 */
	@Nullable Instant since() {
		ParkedRecord before = this.before;
		ParkedRecord parked = (before != null) ? before : this.now;
		return (parked != null) ? parked.since() : null;
	}

	/**
	 * Return how many owners have failed to handle it, this one included.
	 */
	int owners() {
		ParkedRecord before = this.before;
		return (before != null) ? ParkedRecord.sum(before.owners(), 1) : 1;
	}

	/**
	 * Return how many attempts there were, of earlier owners and this one.
	 * @param own the attempts of this one
	 */
	int attempts(int own) {
		ParkedRecord before = this.before;
		return (before != null) ? ParkedRecord.sum(before.attempts(), own) : own;
	}

	/**
	 * Park it.
	 * @param at the time
	 * @param attempts the attempts of this owner
	 * @param failure what the last one failed with
	 */
	void park(Instant at, int attempts, Throwable failure) {
		ParkedRecord parked = ParkedRecord.of(this.before, this.offset, at, attempts, failure);
		this.now = parked;
		this.held.parkedHistory().put(parked);
		this.held.park();
	}

	/**
	 * Note that it is not parked any more, if it was. What is known about it stays, to be
	 * reported to the next owner, unless it is completed.
	 */
	void unpark() {
		if (this.now != null) {
			this.now = null;
			this.held.unpark();
		}
	}

	/**
	 * Forget how it was parked, since an operator has it handled anew.
	 */
	void forget() {
		this.before = null;
		this.held.forgetParked(this.offset);
	}

}
