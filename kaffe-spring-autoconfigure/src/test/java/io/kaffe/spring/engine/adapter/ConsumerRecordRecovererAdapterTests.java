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

import java.util.ArrayList;
import java.util.List;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.listener.ConsumerAwareRecordRecoverer;
import org.springframework.kafka.listener.ConsumerRecordRecoverer;
import org.springframework.kafka.listener.ListenerExecutionFailedException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link ConsumerRecordRecovererAdapter}.
 */
class ConsumerRecordRecovererAdapterTests {

	private final Consumer<?, ?> guarded = new MockConsumer<>("earliest");

	private final ConsumerRecord<String, String> record = new ConsumerRecord<>("orders", 0, 7, "key", "value");

	private final List<Object> reported = new ArrayList<>();

	@Test
	void recordIsCompletedWhenTheRecovererReturns() {
		assertThat(recover((record, failure) -> this.reported.add(record))).isNull();
		assertThat(this.reported).containsExactly(this.record);
	}

	@Test
	void consumerAwareRecovererGetsTheGuardedConsumer() {
		ConsumerAwareRecordRecoverer recoverer = (record, consumer, failure) -> this.reported.add(consumer);
		recover(recoverer);
		assertThat(this.reported).containsExactly(this.guarded);
	}

	@Test
	void failureNamesTheGroupAsThatOfAContainer() {
		IllegalArgumentException cause = new IllegalArgumentException("broken");
		recover((record, failure) -> this.reported.add(failure), cause);
		recover((record, failure) -> this.reported.add(failure),
				new ListenerExecutionFailedException("Listener method threw", cause));
		assertThat(this.reported).hasSize(2)
			.allSatisfy((failure) -> assertThat(failure).isInstanceOfSatisfying(ListenerExecutionFailedException.class,
					(listenerFailure) -> {
						assertThat(listenerFailure.getGroupId()).isEqualTo("the-group");
						assertThat(listenerFailure).hasCause(cause);
					}));
	}

	@Test
	void failureOfTheRecovererIsPassedOn() {
		assertThatIllegalStateException().isThrownBy(() -> recover((record, failure) -> {
			throw new IllegalStateException("not now");
		})).withMessage("not now");
	}

	private @Nullable Object recover(ConsumerRecordRecoverer recoverer) {
		return recover(recoverer, new IllegalArgumentException("broken"));
	}

	private @Nullable Object recover(ConsumerRecordRecoverer recoverer, Exception failure) {
		return new ConsumerRecordRecovererAdapter(recoverer, this.guarded, "the-group").recover(this.record, failure);
	}

}
