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
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.offset.ParkedHistory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The assignment of a partition without a broker, which records what becomes of its
 * records.
 * <p>
 * <b>Threading.</b> For one thread.
 */
final class RecordedAssignment implements AssignmentHandle {

	final List<Long> completed = new ArrayList<>();

	final List<Long> dropped = new ArrayList<>();

	private final HeldRecords held = new HeldRecords(100, () -> {
	}, () -> {
	}, new ParkedHistory());

	/** What is left to the next record. */
	final List<Long> leftToNext = new ArrayList<>();

	private final String topic;

	PollingConsumer polledBy = new PollingConsumer("orders-0", "client-0", null, null, new MockConsumer<>("earliest"));

	/** How many are handling records of it or hold it. */
	int running;

	boolean revoked;

	/** Whether it is revoked in the moment in which it is entered. */
	boolean revokedOnEntry;

	/** Whether it is revoked as soon as it was entered. */
	boolean revokedAfterEntry;

	/** Whether the drain has ended. */
	boolean fenced;

	@Nullable FailurePolicy ownFailurePolicy;

	OnceStore.@Nullable Partition noted;

	RecordedAssignment() {
		this("orders");
	}

	RecordedAssignment(String topic) {
		this.topic = topic;
	}

	List<ConsumerRecord<Object, Object>> records(long... offsets) {
		return LongStream.of(offsets)
			.mapToObj((offset) -> new ConsumerRecord<Object, Object>(this.topic, 0, offset, null, "value"))
			.toList();
	}

	int parked() {
		return this.held.parked();
	}

	@Override
	public OnceStore.@Nullable Partition noted() {
		return this.noted;
	}

	@Override
	public boolean enter() {
		this.revoked |= this.revokedOnEntry;
		boolean entered = !this.revoked;
		if (entered) {
			this.running++;
		}
		this.revoked |= this.revokedAfterEntry;
		return entered;
	}

	@Override
	public void exit() {
		this.running--;
	}

	@Override
	public void hold() {
		this.running++;
	}

	@Override
	public boolean isRevoked() {
		return this.revoked;
	}

	@Override
	public boolean isOver(ConsumerRecord<?, ?> record) {
		return this.fenced || this.completed.contains(record.offset());
	}

	@Override
	public void complete(ConsumerRecord<?, ?> record) {
		assertThat(this.running).as("a drain waits for what is about to be completed").isPositive();
		assertThat(this.completed).as("each record is completed once").doesNotContain(record.offset());
		this.completed.add(record.offset());
	}

	@Override
	public void leaveToNext(ConsumerRecord<?, ?> record) {
		assertThat(this.running).as("a drain waits for what is about to be left").isPositive();
		this.leftToNext.add(record.offset());
	}

	@Override
	public void drop(ConsumerRecord<?, ?> record) {
		this.dropped.add(record.offset());
	}

	@Override
	public HeldRecords held() {
		return this.held;
	}

	@Override
	public PollingConsumer polledBy() {
		return this.polledBy;
	}

	@Override
	public @Nullable FailurePolicy ownFailurePolicy() {
		return this.ownFailurePolicy;
	}

}
