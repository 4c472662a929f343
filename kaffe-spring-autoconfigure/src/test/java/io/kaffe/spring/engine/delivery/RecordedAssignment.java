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
import java.util.Objects;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * A partition without a broker, which writes down what becomes of its records.
 * <p>
 * <b>Threading.</b> For one thread.
 */
final class RecordedAssignment implements AssignmentHandle {

	final List<Long> completed = new ArrayList<>();

	final List<Long> dropped = new ArrayList<>();

	final List<String> stops = new ArrayList<>();

	int parked;

	int running;

	boolean revoked;

	boolean fenced;

	private @Nullable RecordDelivery delivery;

	void delivery(RecordDelivery delivery) {
		this.delivery = delivery;
	}

	@Override
	public boolean enter() {
		if (!this.revoked) {
			this.running++;
		}
		return !this.revoked;
	}

	@Override
	public void exit() {
		this.running--;
	}

	@Override
	public void stay() {
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
		this.completed.add(record.offset());
	}

	@Override
	public void parked() {
		this.parked++;
	}

	@Override
	public void unparked() {
		this.parked--;
	}

	@Override
	public void stopConsumer(String reason, Throwable failure) {
		this.stops.add(reason);
	}

	@Override
	public void leftOpen() {
		throw new UnsupportedOperationException();
	}

	@Override
	public void acknowledged(ConsumerRecord<?, ?> record) {
		throw new UnsupportedOperationException();
	}

	@Override
	public HeldRecords kept() {
		throw new UnsupportedOperationException();
	}

	@Override
	public void drop(ConsumerRecord<?, ?> record) {
		this.dropped.add(record.offset());
	}

	@Override
	public RecordDelivery delivery() {
		return Objects.requireNonNull(this.delivery);
	}

	@Override
	public int slot() {
		return 0;
	}

}
