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

import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.Worker;

/**
 * A record whose worker could not be found, because the strategy or the key failed: a
 * failure of the record like any other, with a worker for this record alone. What comes
 * after it is not held up and may overtake it.
 */
final class UnallocatedRecord extends RecordWork {

	private final RecordAllocator allocator;

	private final int slot;

	private @Nullable ConsumerRecord<?, ?> record;

	UnallocatedRecord(ConsumerRecord<?, ?> record, AssignmentHandle source, int slot, Delivery delivery,
			RecordAllocator allocator) {
		super(source, delivery);
		this.record = record;
		this.slot = slot;
		this.allocator = allocator;
	}

	@Override
	@Nullable ConsumerRecord<?, ?> head() {
		return this.record;
	}

	@Override
	void advance() {
		this.record = null;
	}

	@Override
	@Nullable CompletableFuture<?> deliver(ConsumerRecord<?, ?> record, int attempt) {
		this.allocator.allocate(record, source(), this.slot);
		return null;
	}

	@Override
	void attempted(ConsumerRecord<?, ?> record, long nanos, boolean handled, Worker worker) {
		// What has found its worker is not handled yet.
		if (!handled) {
			super.attempted(record, nanos, false, worker);
		}
	}

}
