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

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.LongAdder;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * What every contender does with a record: the work, and notes for the checks.
 * <p>
 * <b>Threading.</b> Any number of threads may handle records; one thread reads how far
 * they are.
 */
public final class RecordHandling {

	private final Journal journal;

	private final OrderWatch order;

	private final Work work;

	private final LongAdder handled = new LongAdder();

	private volatile @Nullable CountDownLatch gate;

	private volatile @Nullable Stall stall;

	private volatile @Nullable BlockedKeys blockedKeys;

	RecordHandling(Journal journal, OrderWatch order, Work work) {
		this.journal = journal;
		this.order = order;
		this.work = work;
	}

	/**
	 * Handle a record, for as long as the work takes.
	 * @param record the record, with a key of {@link Keys}
	 */
	public void handle(ConsumerRecord<String, byte[]> record) {
		int key = Keys.number(record.key());
		int partition = record.partition();
		long offset = record.offset();
		BlockedKeys blocked = this.blockedKeys;
		if (blocked != null) {
			blocked.pass(key);
		}
		this.order.started(key, partition, offset);
		CountDownLatch closed = this.gate;
		if (closed != null) {
			Latches.await(closed);
		}
		Stall hanging = this.stall;
		if (hanging != null) {
			hanging.pass(partition, offset);
		}
		this.work.perform(offset);
		this.order.ended(key, partition, offset);
		tickOff(partition, offset);
	}

	/**
	 * Take a record for handled.
	 */
	void tickOff(int partition, long offset) {
		this.journal.handled(partition, offset);
		this.handled.increment();
	}

	/**
	 * Return how many records were handled.
	 */
	long handled() {
		return this.handled.sum();
	}

	OrderWatch order() {
		return this.order;
	}

	void closeGate() {
		this.gate = new CountDownLatch(1);
	}

	void openGate() {
		CountDownLatch closed = this.gate;
		this.gate = null;
		if (closed != null) {
			closed.countDown();
		}
	}

	void stallAt(Stall stall) {
		this.stall = stall;
	}

	void block(BlockedKeys keys) {
		this.blockedKeys = keys;
	}

}
