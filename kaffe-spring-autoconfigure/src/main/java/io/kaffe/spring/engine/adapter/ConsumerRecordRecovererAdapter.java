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

package io.kaffe.spring.engine.adapter;

import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.ConsumerAwareRecordRecoverer;
import org.springframework.kafka.listener.ConsumerRecordRecoverer;

import io.kaffe.spring.engine.delivery.ListenerFailure;
import io.kaffe.spring.engine.delivery.RecordRecoverer;

/**
 * The user's own recoverer: a record is completed when it returns.
 * <p>
 * <b>Threading.</b> Immutable; calls the user's recoverer on workers, many at once.
 */
public final class ConsumerRecordRecovererAdapter implements RecordRecoverer {

	private final ConsumerRecordRecoverer recoverer;

	private final Consumer<?, ?> consumer;

	private final @Nullable String groupId;

	/**
	 * Create an adapter.
	 * @param recoverer the user's recoverer
	 * @param consumer passed to a {@link ConsumerAwareRecordRecoverer}; must be safe on
	 * any thread
	 * @param groupId the consumer group that failures name, or {@code null} if there is
	 * none
	 */
	public ConsumerRecordRecovererAdapter(ConsumerRecordRecoverer recoverer, Consumer<?, ?> consumer,
			@Nullable String groupId) {
		this.recoverer = recoverer;
		this.consumer = consumer;
		this.groupId = groupId;
	}

	@Override
	public @Nullable CompletableFuture<?> recover(ConsumerRecord<?, ?> record, Exception failure) {
		Exception reported = ListenerFailure.of(failure, this.groupId);
		if (this.recoverer instanceof ConsumerAwareRecordRecoverer consumerAware) {
			consumerAware.accept(record, this.consumer, reported);
		}
		else {
			this.recoverer.accept(record, reported);
		}
		return null;
	}

	@Override
	public String toString() {
		return this.recoverer.toString();
	}

}
