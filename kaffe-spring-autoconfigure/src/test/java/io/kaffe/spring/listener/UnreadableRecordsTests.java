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

package io.kaffe.spring.listener;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.listener.MessageListenerContainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for what {@link UnreadableRecords} leaves to others.
 */
class UnreadableRecordsTests {

	private final MessageListenerContainer container = new KafkaMessageListenerContainer<>(
			new DefaultKafkaConsumerFactory<>(Map.of()), new ContainerProperties("orders"));

	private final Consumer<?, ?> consumer = new MockConsumer<>("earliest");

	@Test
	void otherFailuresOfAPollGoToTheUsersHandler() {
		List<Exception> told = new ArrayList<>();
		UnreadableRecords unreadable = unreadable(new CommonErrorHandler() {

			@Override
			public void handleOtherException(Exception thrownException, Consumer<?, ?> consumer,
					MessageListenerContainer container, boolean batchListener) {
				told.add(thrownException);
			}

		});
		KafkaException failure = new KafkaException("corrupt");
		unreadable.handleOtherException(failure, this.consumer, this.container, true);
		assertThat(told).containsExactly(failure);
	}

	@Test
	void otherFailuresOfAPollAreThrownAsTheContainersOwnHandlerDoes() {
		KafkaException failure = new KafkaException("corrupt");
		assertThatIllegalStateException()
			.isThrownBy(() -> unreadable(null).handleOtherException(failure, this.consumer, this.container, true))
			.withCause(failure);
	}

	@Test
	@SuppressWarnings("deprecation")
	void failureThatDoesNotTellItsRecordIsOneOfTheOthers() {
		Exception failure = new RecordDeserializationException(new TopicPartition("orders", 0), 7, "no",
				new IllegalStateException());
		assertThatIllegalStateException()
			.isThrownBy(() -> unreadable(null).handleOtherException(failure, this.consumer, this.container, true))
			.withCause(failure);
	}

	private static UnreadableRecords unreadable(@Nullable CommonErrorHandler handler) {
		return new UnreadableRecords((consumer) -> null, handler, () -> {
			throw new AssertionError("Nothing to read");
		});
	}

}
