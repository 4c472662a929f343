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

import java.util.List;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.consumer.ConsumerRecord;

import io.kaffe.spring.engine.offset.ParkedHistory;

/**
 * The records of an assignment that wait for a decision or an acknowledgment: left open
 * by listeners that have returned and are to acknowledge them, kept by handlers of
 * batches to be completed with a later record, or parked for an operator. There are as
 * many as the buffer holds, at most. What is known about those that are parked, or were
 * by an earlier owner, stays until they are completed.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; nothing blocks. Workers add; a thread that
 * acknowledges, decides about or takes out a record first removes it here and then
 * completes it. So a record counts as {@linkplain #detached() detached} no longer than it
 * is in the buffer, and an assignment that workers still have records of never looks as
 * if they had none. A drain learns of a record that is between the two steps from
 * {@link AssignmentHandle#hold()}.
 */
public final class HeldRecords {

	private final NavigableMap<Long, ConsumerRecord<?, ?>> kept = new ConcurrentSkipListMap<>();

	/** What of that may be acknowledged with a later record, by offset. */
	private final ConcurrentNavigableMap<Long, LeftOpen> leftToLater = new ConcurrentSkipListMap<>();

	private final AtomicInteger leftOpen = new AtomicInteger();

	private final AtomicInteger parked = new AtomicInteger();

	private final int maxParked;

	private final Runnable belowMaxParked;

	private final Runnable historyChanged;

	private final ParkedHistory parkedHistory;

	/**
	 * Create a registry without records.
	 * @param maxParked how many records may be parked before no more are polled
	 * @param belowMaxParked called by any thread when one record less than that is
	 * parked; must not block
	 * @param historyChanged called when there is something about parked records to commit
	 * @param parkedHistory what is known about those that are parked, or were
	 */
	public HeldRecords(int maxParked, Runnable belowMaxParked, Runnable historyChanged, ParkedHistory parkedHistory) {
		this.maxParked = maxParked;
		this.belowMaxParked = belowMaxParked;
		this.historyChanged = historyChanged;
		this.parkedHistory = parkedHistory;
	}

	/**
	 * Return what is known about records that are parked, or were by an earlier owner.
	 * @return always the same
	 */
	ParkedHistory parkedHistory() {
		return this.parkedHistory;
	}

	/**
	 * Leave a record open whose listener has returned. A revocation waits until it is
	 * {@linkplain #acknowledge() acknowledged}. Called between
	 * {@link AssignmentHandle#enter()} and {@link AssignmentHandle#exit()}.
	 */
	void leaveOpen() {
		this.leftOpen.incrementAndGet();
	}

	/**
	 * Note that a record was acknowledged that was left open. It has to be completed
	 * then, between {@link AssignmentHandle#hold()} and {@link AssignmentHandle#exit()}.
	 */
	void acknowledge() {
		this.leftOpen.decrementAndGet();
	}

	/**
	 * Have a record that was left open acknowledged with a later one, if not before.
	 * @param offset its offset
	 * @param leftOpen the record, which may be acknowledged meanwhile
	 */
	void leaveToLater(long offset, LeftOpen leftOpen) {
		this.leftToLater.put(offset, leftOpen);
	}

	/**
	 * Acknowledge what was left to an acknowledgment that is about to be made, between
	 * {@link AssignmentHandle#hold()} and {@link AssignmentHandle#exit()}. Records that
	 * workers have are not here, so they are left alone.
	 * @param offset the offset of the record that is acknowledged
	 * @return how many records below the offset that completes
	 */
	int acknowledgeBelow(long offset) {
		int completed = 0;
		ConcurrentNavigableMap<Long, LeftOpen> left = this.leftToLater.headMap(offset, false);
		for (var next = left.pollFirstEntry(); next != null; next = left.pollFirstEntry()) {
			if (next.getValue().acknowledged()) {
				completed++;
			}
		}
		return completed;
	}

	/**
	 * Return whether listeners have left records open. Once nothing of the revoked
	 * assignment is being handled any more, they will leave no others.
	 * @return a moment's view
	 */
	public boolean isLeftOpen() {
		return this.leftOpen.get() > 0;
	}

	/**
	 * Keep a record open until a later one is completed.
	 */
	void keep(ConsumerRecord<?, ?> record) {
		this.kept.put(record.offset(), record);
	}

	/**
	 * Keep a record open no longer, since it is about to be completed.
	 * @return {@code false} if it is not kept, or if another completes it
	 */
	boolean release(ConsumerRecord<?, ?> record) {
		return this.kept.remove(record.offset(), record);
	}

	/**
	 * Return what is kept open up to an offset. Records that other workers have are not
	 * here, so they are left alone.
	 */
	List<ConsumerRecord<?, ?>> keptUpTo(long offset) {
		return List.copyOf(this.kept.headMap(offset, true).values());
	}

	/**
	 * Return how many records no worker has any more: left open by listeners or kept for
	 * a later one. Takes as long as there are many kept.
	 * @return a moment's view
	 */
	public int detached() {
		return this.leftOpen.get() + this.kept.size();
	}

	/**
	 * Note that a record has failed and waits for an operator, at the head of its worker.
	 */
	void park() {
		this.parked.incrementAndGet();
		this.historyChanged.run();
	}

	/**
	 * Forget how a record was parked.
	 */
	void forgetParked(long offset) {
		this.parkedHistory.remove(offset);
		this.historyChanged.run();
	}

	/**
	 * Note that a record is not parked any more.
	 */
	void unpark() {
		if (this.parked.getAndDecrement() == this.maxParked) {
			this.belowMaxParked.run();
		}
	}

	/**
	 * Return how many records are parked.
	 * @return a moment's view
	 */
	public int parked() {
		return this.parked.get();
	}

	/**
	 * Return whether as many records are parked as may be, so that no more are to be
	 * polled.
	 * @return a moment's view
	 */
	public boolean isMaxParked() {
		return this.parked.get() >= this.maxParked;
	}

	/**
	 * A record that was left open.
	 */
	interface LeftOpen {

		/**
		 * Complete it, if it is not acknowledged already. Called between
		 * {@link AssignmentHandle#hold()} and {@link AssignmentHandle#exit()}.
		 * @return whether its listener had returned and left it open
		 */
		boolean acknowledged();

	}

}
