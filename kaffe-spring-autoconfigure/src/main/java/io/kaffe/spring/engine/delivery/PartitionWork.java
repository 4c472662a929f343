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
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * The records of one partition from one poll, handled one after the other by the worker
 * of the partition.
 */
final class PartitionWork extends RecordWork {

	private final List<? extends ConsumerRecord<?, ?>> records;

	private final RecordDelivery delivery;

	private int index;

	PartitionWork(List<? extends ConsumerRecord<?, ?>> records, AssignmentHandle source, RecordDelivery delivery) {
		super(source, delivery);
		this.records = records;
		this.delivery = delivery;
	}

	@Override
	@Nullable ConsumerRecord<?, ?> head() {
		return (this.index < this.records.size()) ? this.records.get(this.index) : null;
	}

	@Override
	void advance() {
		this.index++;
	}

	@Override
	@Nullable CompletableFuture<?> deliver(ConsumerRecord<?, ?> record, int attempt) throws Throwable {
		return this.delivery.deliver(record, attempt, source());
	}

}
