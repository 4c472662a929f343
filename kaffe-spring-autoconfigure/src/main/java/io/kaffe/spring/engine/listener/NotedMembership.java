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

import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.delivery.PollingConsumer;

/**
 * The membership that the consumer thread has noted. If the broker refuses it, the
 * consumer thread, which may be waiting for records, notes the present one.
 *
 * @param view has it
 * @param wakeup wakes the consumer thread up
 */
record NotedMembership(ConsumerView view, ConsumerWakeup wakeup) implements PollingConsumer.Membership {

	/**
	 * Return a consumer as listeners are given it, with its membership, if its offsets
	 * are committed in transactions.
	 */
	static PollingConsumer of(PollingConsumer polledBy, ConsumerContext context, ConsumerView view,
			ConsumerWakeup wakeup) {
		PollingConsumer given = polledBy.givenAs(RejectingConsumer.of(context.toString(), view));
		return (context.passedOffsets() != null) ? given.transactional(new NotedMembership(view, wakeup)) : given;
	}

	@Override
	public @Nullable ConsumerGroupMetadata current() {
		return this.view.groupMetadata();
	}

	@Override
	public void refused() {
		this.wakeup.wakeUp();
	}

}
