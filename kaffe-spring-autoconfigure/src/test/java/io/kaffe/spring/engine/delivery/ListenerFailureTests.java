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

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.kafka.support.KafkaUtils;
import org.springframework.kafka.support.serializer.DeserializationException;
import org.springframework.kafka.support.serializer.SerializationUtils;

import io.kaffe.spring.support.HostileException;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ListenerFailure} and {@link DeliveryHeaders}: failures that may be of
 * any class.
 */
class ListenerFailureTests {

	@Test
	void failureIsDescribableIfItsCausesAndWhatItSuppressesAre() {
		assertThat(ListenerFailure.isDescribable(new IllegalStateException("broken"))).isTrue();
		assertThat(ListenerFailure.isDescribable(new IllegalStateException(new IllegalArgumentException("broken"))))
			.isTrue();
		assertThat(ListenerFailure.isDescribable(new HostileException())).isFalse();
		assertThat(ListenerFailure.isDescribable(new IllegalStateException("broken", new HostileException())))
			.isFalse();
		IllegalStateException suppressing = new IllegalStateException("broken");
		suppressing.addSuppressed(new IllegalArgumentException("harmless"));
		assertThat(ListenerFailure.isDescribable(suppressing)).isTrue();
		suppressing.addSuppressed(new HostileException());
		assertThat(ListenerFailure.isDescribable(suppressing)).isFalse();
		IllegalStateException endless = new IllegalStateException("broken");
		endless.addSuppressed(new Endless());
		assertThat(ListenerFailure.isDescribable(endless)).isFalse();
	}

	@Test
	void failureNamesTheGroupAndKeepsItsMessageAndItsCause() {
		IllegalStateException cause = new IllegalStateException("broken");
		assertThat(ListenerFailure.of(cause, "shop")).hasMessageContaining("Listener failed")
			.hasCauseReference(cause)
			.extracting(ListenerExecutionFailedException::getGroupId)
			.isEqualTo("shop");
		ListenerExecutionFailedException failure = new ListenerExecutionFailedException("No stock", cause);
		assertThat(ListenerFailure.of(failure, "shop")).hasMessageContaining("No stock")
			.hasCauseReference(cause)
			.extracting(ListenerExecutionFailedException::getGroupId)
			.isEqualTo("shop");
		assertThat(ListenerFailure.of(failure, null)).isSameAs(failure);
	}

	@Test
	void failureWhoseCausesNeverEndIsNotDescribable() {
		assertThat(ListenerFailure.isDescribable(new Endless())).isFalse();
		assertThat(ListenerFailure.batchFailure(new Endless())).isNull();
	}

	@Test
	void failureOfABatchIsFoundAmongTheCauses() {
		BatchListenerFailedException failure = new BatchListenerFailedException("broken", 1);
		assertThat(ListenerFailure.batchFailure(failure)).isSameAs(failure);
		assertThat(ListenerFailure.batchFailure(new IllegalStateException(new IllegalStateException(failure))))
			.isSameAs(failure);
		assertThat(ListenerFailure.batchFailure(new IllegalStateException("broken"))).isNull();
	}

	@Test
	void keyOrValueThatCannotBeDeserializedIsFoundInTheHeaders() {
		assertThat(DeliveryHeaders.deserializationFailure(failed(false, null, null))).isNotNull()
			.extracting(DeserializationException::isKey)
			.isEqualTo(false);
		assertThat(DeliveryHeaders.deserializationFailure(failed(true, null, "value"))).isNotNull()
			.extracting(DeserializationException::isKey)
			.isEqualTo(true);
		assertThat(DeliveryHeaders.deserializationFailure(failed(true, "key", null))).as("it has a key").isNull();
		assertThat(DeliveryHeaders.deserializationFailure(failed(false, null, "value"))).as("it has a value").isNull();
		assertThat(DeliveryHeaders.deserializationFailure(new ConsumerRecord<>("orders", 0, 7, null, null))).isNull();
	}

	@Test
	void headerThatCameWithTheRecordIsNotTrusted() {
		ConsumerRecord<Object, Object> record = new ConsumerRecord<>("orders", 0, 7, null, null);
		record.headers().add(KafkaUtils.VALUE_DESERIALIZER_EXCEPTION_HEADER, new byte[] { 1, 2, 3 });
		assertThat(DeliveryHeaders.deserializationFailure(record)).isNull();
	}

	@Test
	void whatTheDeserializationFailedWithIsReadFromTheHeader() {
		assertThat(DeliveryHeaders.deserializationFailure(failed(false, null, null))).isNotNull()
			.hasRootCauseInstanceOf(IllegalArgumentException.class)
			.extracting(DeserializationException::getData)
			.isEqualTo(new byte[] { 1 });
	}

	@Test
	void recordWhoseHeaderCannotBeReadBackHasFailedAllTheSame() {
		assertThat(DeliveryHeaders.deserializationFailure(unreadable(KafkaUtils.VALUE_DESERIALIZER_EXCEPTION_HEADER)))
			.isNotNull()
			.hasMessageContaining("cannot be read")
			.extracting(DeserializationException::isKey)
			.isEqualTo(false);
		assertThat(DeliveryHeaders.deserializationFailure(unreadable(KafkaUtils.KEY_DESERIALIZER_EXCEPTION_HEADER)))
			.isNotNull()
			.extracting(DeserializationException::isKey)
			.isEqualTo(true);
	}

	private static ConsumerRecord<?, ?> unreadable(String name) {
		ConsumerRecord<Object, Object> record = new ConsumerRecord<>("orders", 0, 7, null, null);
		record.headers().add(new Header() {

			@Override
			public String key() {
				return name;
			}

			@Override
			public byte[] value() {
				return new byte[] { 1, 2, 3 };
			}

		});
		return record;
	}

	private static ConsumerRecord<?, ?> failed(boolean isKey, @Nullable Object key, @Nullable Object value) {
		ConsumerRecord<Object, Object> record = new ConsumerRecord<>("orders", 0, 7, key, value);
		SerializationUtils.deserializationException(record.headers(), new byte[] { 1 }, new IllegalArgumentException(),
				isKey);
		return record;
	}

	/**
	 * Has another cause each time.
	 */
	private static final class Endless extends RuntimeException {

		private static final long serialVersionUID = 1L;

		@Override
		public synchronized Throwable getCause() {
			return new Endless();
		}

	}

}
