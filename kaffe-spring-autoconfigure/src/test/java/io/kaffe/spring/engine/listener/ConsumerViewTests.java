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

import java.util.Optional;

import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ConsumerView}.
 */
class ConsumerViewTests {

	private static final ConsumerGroupMetadata MEMBER = new ConsumerGroupMetadata("shop", 4, "member-1",
			Optional.empty());

	private ConsumerGroupMetadata membership = MEMBER;

	private final MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest") {

		@Override
		public synchronized ConsumerGroupMetadata groupMetadata() {
			return ConsumerViewTests.this.membership;
		}

	};

	private final ConsumerView view = new ConsumerView(new Assignments(), true);

	@Test
	void membershipIsThatOfTheLastPoll() {
		this.view.polled(this.consumer);
		this.membership = new ConsumerGroupMetadata("shop", 5, "member-1", Optional.empty());
		this.view.polled(this.consumer);
		assertThat(this.view.groupMetadata()).isEqualTo(this.membership);
	}

	@Test
	void membershipThatWasLeftIsNotReplacedByNone() {
		this.view.polled(this.consumer);
		this.membership = new ConsumerGroupMetadata("shop");
		this.view.polled(this.consumer);
		assertThat(this.view.groupMetadata()).isEqualTo(MEMBER);
	}

	@Test
	void consumerWithManuallyAssignedPartitionsIsNoMember() {
		this.membership = new ConsumerGroupMetadata("shop");
		this.view.polled(this.consumer);
		assertThat(this.view.groupMetadata()).isEqualTo(this.membership);
	}

}
