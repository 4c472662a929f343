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

package io.kaffe.spring.engine.listener;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.springframework.kafka.listener.BatchInterceptor;

/**
 * Gives the session of a consumer its tick: the container calls
 * {@link #setupThreadState(Consumer)} on the consumer thread before every poll, also
 * while nothing arrives or everything is paused.
 */
final class TickInterceptor implements BatchInterceptor<Object, Object> {

	private final WorkerContainer adopted;

	TickInterceptor(WorkerContainer adopted) {
		this.adopted = adopted;
	}

	@Override
	public void setupThreadState(Consumer<?, ?> consumer) {
		this.adopted.context()
			.internalErrors()
			.contain("renew the subscription", () -> this.adopted.subscription().renew(consumer));
		this.adopted.session(consumer).tick();
	}

	@Override
	public ConsumerRecords<Object, Object> intercept(ConsumerRecords<Object, Object> records,
			Consumer<Object, Object> consumer) {
		return records;
	}

}
