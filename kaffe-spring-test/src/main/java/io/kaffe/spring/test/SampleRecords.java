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

package io.kaffe.spring.test;

import java.lang.reflect.Array;
import java.nio.ByteBuffer;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * Copies of records, whole ones and such with something missing.
 */
final class SampleRecords {

	static final String UNKNOWN_TOPIC = "a-topic-that-nobody-has-heard-of";

	private SampleRecords() {
	}

	/**
	 * Return a record that is equal and, as far as that can be done, shares no object
	 * that can be changed or compared by identity: strings, arrays, buffers and headers
	 * are copied, other keys and values are not.
	 */
	static ConsumerRecord<?, ?> copy(ConsumerRecord<?, ?> record) {
		return copy(record, record.topic(), record.key(), record.value(), copy(record.headers(), false));
	}

	static ConsumerRecord<?, ?> withoutKey(ConsumerRecord<?, ?> record) {
		return copy(record, record.topic(), null, record.value(), copy(record.headers(), false));
	}

	static ConsumerRecord<?, ?> withoutValue(ConsumerRecord<?, ?> record) {
		return copy(record, record.topic(), record.key(), null, copy(record.headers(), false));
	}

	static ConsumerRecord<?, ?> withoutHeaders(ConsumerRecord<?, ?> record) {
		return copy(record, record.topic(), record.key(), record.value(), new RecordHeaders());
	}

	static ConsumerRecord<?, ?> withoutValuesOfHeaders(ConsumerRecord<?, ?> record) {
		return copy(record, record.topic(), record.key(), record.value(), copy(record.headers(), true));
	}

	static ConsumerRecord<?, ?> withoutAnything(ConsumerRecord<?, ?> record) {
		return copy(record, record.topic(), null, null, new RecordHeaders());
	}

	static ConsumerRecord<?, ?> ofUnknownTopic(ConsumerRecord<?, ?> record) {
		return copy(record, UNKNOWN_TOPIC, record.key(), record.value(), copy(record.headers(), false));
	}

	/**
	 * Return where a record is, as messages show it.
	 */
	static String describe(ConsumerRecord<?, ?> record) {
		return record.topic() + "-" + record.partition() + "@" + record.offset();
	}

	private static ConsumerRecord<?, ?> copy(ConsumerRecord<?, ?> record, String topic, @Nullable Object key,
			@Nullable Object value, Headers headers) {
		return new ConsumerRecord<>(copyOf(topic), record.partition(), record.offset(), record.timestamp(),
				record.timestampType(), (key != null) ? record.serializedKeySize() : ConsumerRecord.NULL_SIZE,
				(value != null) ? record.serializedValueSize() : ConsumerRecord.NULL_SIZE,
				(key != null) ? copyOf(key) : null, (value != null) ? copyOf(value) : null, headers,
				record.leaderEpoch(), record.deliveryCount());
	}

	private static Headers copy(Headers headers, boolean empty) {
		Headers copy = new RecordHeaders();
		for (Header header : headers) {
			byte[] value = header.value();
			copy.add(copyOf(header.key()), (value != null && !empty) ? value.clone() : null);
		}
		return copy;
	}

	/**
	 * Return a copy of what is a string, an array or a buffer, and everything else as it
	 * is.
	 */
	@SuppressWarnings("unchecked")
	static <T> T copyOf(T original) {
		if (original instanceof String string) {
			return (T) new String(string.toCharArray());
		}
		if (original instanceof ByteBuffer buffer) {
			return (T) copyOf(buffer);
		}
		if (original.getClass().isArray()) {
			int length = Array.getLength(original);
			Object copy = Array.newInstance(original.getClass().getComponentType(), length);
			System.arraycopy(original, 0, copy, 0, length);
			return (T) copy;
		}
		return original;
	}

	private static ByteBuffer copyOf(ByteBuffer buffer) {
		ByteBuffer whole = buffer.duplicate().clear();
		ByteBuffer copy = ByteBuffer.allocate(buffer.capacity()).put(whole).order(buffer.order());
		return copy.position(buffer.position()).limit(buffer.limit());
	}

}
