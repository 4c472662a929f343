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

package io.kaffe.spring.test.simulation.kafka;

import java.nio.ByteBuffer;
import java.util.Optional;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.errors.RecordDeserializationException.DeserializationExceptionOrigin;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * Deserializes records.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
final class RecordReader<K, V> {

	private final Deserializer<K> keys;

	private final Deserializer<V> values;

	RecordReader(Deserializer<K> keys, Deserializer<V> values) {
		this.keys = keys;
		this.values = values;
	}

	ConsumerRecord<K, V> read(TopicPartition partition, LogEntry entry) {
		Headers original = entry.headers();
		Headers headers = (original != null) ? new RecordHeaders(original) : new RecordHeaders();
		K key = read(DeserializationExceptionOrigin.KEY, this.keys, partition, entry, headers, entry.key());
		V value = read(DeserializationExceptionOrigin.VALUE, this.values, partition, entry, headers, entry.value());
		return new ConsumerRecord<>(partition.topic(), partition.partition(), entry.offset(), entry.timestamp(),
				TimestampType.CREATE_TIME, size(entry.key()), size(entry.value()), key, value, headers,
				Optional.of(entry.leaderEpoch()));
	}

	@SuppressWarnings("NullAway")
	private <T> T read(DeserializationExceptionOrigin origin, Deserializer<T> deserializer, TopicPartition partition,
			LogEntry entry, Headers headers, byte @Nullable [] bytes) {
		try {
			return (bytes != null) ? deserializer.deserialize(partition.topic(), headers, ByteBuffer.wrap(bytes))
					: null;
		}
		catch (RuntimeException ex) {
			throw new RecordDeserializationException(origin, partition, entry.offset(), entry.timestamp(),
					TimestampType.CREATE_TIME, buffer(entry.key()), buffer(entry.value()), headers,
					"Error deserializing " + origin + " for partition " + partition + " at offset " + entry.offset()
							+ ". If needed, please seek past the record to continue consumption.",
					ex);
		}
	}

	@SuppressWarnings("NullAway")
	private static ByteBuffer buffer(byte @Nullable [] bytes) {
		return (bytes != null) ? ByteBuffer.wrap(bytes) : null;
	}

	private static int size(byte @Nullable [] bytes) {
		return (bytes != null) ? bytes.length : ConsumerRecord.NULL_SIZE;
	}

	void close() {
		this.keys.close();
		this.values.close();
	}

}
