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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;

import io.kaffe.spring.engine.offset.ParkedHistory;

/**
 * The assignment of a partition without a broker, for races: like
 * {@link RecordedAssignment}, but for many threads.
 */
final class RacedAssignment implements AssignmentHandle {

	private static final PollingConsumer POLLED_BY = new PollingConsumer("orders-0", "client-0", null, null,
			new MockConsumer<>("earliest"));

	private final List<Long> completed = new ArrayList<>();

	private final HeldRecords held = new HeldRecords(100, () -> {
	}, () -> {
	}, new ParkedHistory());

	/** What was completed after the end. */
	private final List<Long> late = new ArrayList<>();

	private final List<Long> dropped = new ArrayList<>();

	private final AtomicInteger running = new AtomicInteger();

	private volatile boolean revoked;

	private volatile boolean fenced;

	void revoke() {
		this.revoked = true;
	}

	void fence() {
		this.fenced = true;
	}

	synchronized List<Long> completed() {
		return List.copyOf(this.completed);
	}

	synchronized List<Long> dropped() {
		return List.copyOf(this.dropped);
	}

	/**
	 * Return what no worker has any more.
	 */
	synchronized List<Long> finished() {
		return Stream.of(this.completed, this.late, this.dropped).flatMap(List::stream).sorted().toList();
	}

	/**
	 * Return how many are handling records of it or hold it.
	 */
	int running() {
		return this.running.get();
	}

	@Override
	public boolean enter() {
		this.running.incrementAndGet();
		boolean entered = !this.revoked;
		if (!entered) {
			this.running.decrementAndGet();
		}
		return entered;
	}

	@Override
	public void exit() {
		this.running.decrementAndGet();
	}

	@Override
	public void hold() {
		this.running.incrementAndGet();
	}

	@Override
	public boolean isRevoked() {
		return this.revoked;
	}

	@Override
	public synchronized boolean isOver(ConsumerRecord<?, ?> record) {
		return this.fenced || this.completed.contains(record.offset());
	}

	@Override
	public synchronized void complete(ConsumerRecord<?, ?> record) {
		(this.fenced ? this.late : this.completed).add(record.offset());
	}

	@Override
	public void leaveToNext(ConsumerRecord<?, ?> record) {
		complete(record);
	}

	@Override
	public synchronized void drop(ConsumerRecord<?, ?> record) {
		this.dropped.add(record.offset());
	}

	@Override
	public HeldRecords held() {
		return this.held;
	}

	@Override
	public PollingConsumer polledBy() {
		return POLLED_BY;
	}

}
