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

import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.consumer.MockConsumer;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link NotedMembership}.
 */
class NotedMembershipTests {

	private final AtomicInteger wakeups = new AtomicInteger();

	private final MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest") {

		@Override
		public synchronized void wakeup() {
			NotedMembershipTests.this.wakeups.incrementAndGet();
		}

	};

	@Test
	void consumerThatWaitsForRecordsIsWokenIfItsMembershipIsRefused() {
		ConsumerWakeup wakeup = new ConsumerWakeup(this.consumer, new ManualExecution());
		ConsumerView view = new ConsumerView(new Assignments(), true);
		NotedMembership membership = new NotedMembership(view, wakeup);
		view.polled(this.consumer);
		wakeup.polling();
		assertThat(membership.current()).isSameAs(view.groupMetadata()).isNotNull();
		assertThat(this.wakeups).hasValue(0);
		membership.refused();
		assertThat(this.wakeups).hasValue(1);
	}

}
