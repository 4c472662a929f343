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

/**
 * A record that was given to a worker by itself.
 */
final class SingleRecord extends RecordWork {

	private final RecordDelivery delivery;

	private @Nullable ConsumerRecord<?, ?> record;

	SingleRecord(ConsumerRecord<?, ?> record, AssignmentHandle source, RecordDelivery delivery) {
		super(source, delivery);
		this.delivery = delivery;
		this.record = record;
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
	@Nullable CompletableFuture<?> deliver(ConsumerRecord<?, ?> record, int attempt) throws Throwable {
		return this.delivery.deliver(record, attempt, source());
	}

}
