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

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.errors.RecordDeserializationException.DeserializationExceptionOrigin;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;
import org.springframework.core.log.LogAccessor;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.support.KafkaUtils;
import org.springframework.kafka.support.serializer.SerializationUtils;

import io.kaffe.spring.DeadLetter;
import io.kaffe.spring.engine.deadletter.Letter;
import io.kaffe.spring.engine.worker.WorkerRuntime;

/**
 * Makes records of what could not be deserialized, and of dead letters, as an
 * {@code ErrorHandlingDeserializer} leaves them: the part that failed is {@code null},
 * and a header has its bytes and the failure; the other part is deserialized, so that a
 * record stays with the others of its key.
 * <p>
 * <b>Threading.</b> Used by one thread at a time, that of a consumer or one that reads
 * dead letters.
 */
final class UnreadableRecordReader implements AutoCloseable {

	private static final LogAccessor logger = new LogAccessor(LogFactory.getLog(UnreadableRecordReader.class));

	private final Deserializers deserializers;

	private @Nullable Deserializer<?> keyDeserializer;

	private @Nullable Deserializer<?> valueDeserializer;

	UnreadableRecordReader(Deserializers deserializers) {
		this.deserializers = deserializers;
	}

	/**
	 * Make a record. Does not throw what deserializers throw, unless the virtual machine
	 * is out of resources.
	 */
	ConsumerRecord<?, ?> read(RecordDeserializationException unreadable) {
		String topic = unreadable.topicPartition().topic();
		Headers headers = new RecordHeaders(unreadable.headers());
		ByteBuffer keyBytes = unreadable.keyBuffer();
		ByteBuffer valueBytes = unreadable.valueBuffer();
		Object key = null;
		Object value = null;
		if (unreadable.origin() == DeserializationExceptionOrigin.KEY) {
			addFailure(headers, keyBytes, causeOf(unreadable), true);
			value = deserialize(topic, headers, valueBytes, false);
		}
		else {
			key = deserialize(topic, headers, keyBytes, true);
			addFailure(headers, valueBytes, causeOf(unreadable), false);
		}
		return new ConsumerRecord<>(topic, unreadable.topicPartition().partition(), unreadable.offset(),
				unreadable.timestamp(), unreadable.timestampType(), size(keyBytes), size(valueBytes), key, value,
				headers, Optional.empty());
	}

	/**
	 * Make the record of a dead letter that was polled once. Throws nothing, as above.
	 * @param letter the dead letter
	 * @param original where it was before
	 */
	ConsumerRecord<?, ?> read(Letter letter, DeadLetter.Original original) {
		String topic = original.partition().topic();
		Headers headers = letter.headersForReplay();
		ByteBuffer keyBytes = Utils.wrapNullable(letter.record().key());
		ByteBuffer valueBytes = Utils.wrapNullable(letter.record().value());
		Object key = deserialize(topic, headers, keyBytes, true);
		Object value = deserialize(topic, headers, valueBytes, false);
		return new ConsumerRecord<>(topic, original.partition().partition(), original.offset(),
				original.timestamp().toEpochMilli(), letter.timestampType(), size(keyBytes), size(valueBytes), key,
				value, headers, Optional.empty());
	}

	private @Nullable Object deserialize(String topic, Headers headers, @Nullable ByteBuffer bytes, boolean key) {
		if (bytes == null) {
			return null;
		}
		try {
			return deserializer(key).deserialize(topic, headers, bytes.duplicate());
		}
		catch (StackOverflowError ex) {
			addFailure(headers, bytes, ex, key);
		}
		catch (VirtualMachineError ex) {
			throw ex;
		}
		catch (Throwable ex) {
			addFailure(headers, bytes, ex, key);
		}
		return null;
	}

	private Deserializer<?> deserializer(boolean key) {
		Deserializer<?> deserializer = key ? this.keyDeserializer : this.valueDeserializer;
		if (deserializer == null) {
			deserializer = this.deserializers.get(key);
			if (key) {
				this.keyDeserializer = deserializer;
			}
			else {
				this.valueDeserializer = deserializer;
			}
		}
		return deserializer;
	}

	private static Throwable causeOf(RecordDeserializationException unreadable) {
		Throwable cause = WorkerRuntime.causeOf(unreadable);
		return (cause != null) ? cause : unreadable;
	}

	/**
	 * Add the header. Whoever finds one that cannot be read takes the part for absent, so
	 * a failure that cannot be serialized and read back is replaced with its description.
	 */
	private static void addFailure(Headers headers, ByteBuffer bytes, Throwable failure, boolean key) {
		String name = key ? KafkaUtils.KEY_DESERIALIZER_EXCEPTION_HEADER
				: KafkaUtils.VALUE_DESERIALIZER_EXCEPTION_HEADER;
		byte[] data = Utils.toArray(bytes.duplicate());
		headers.remove(name);
		if (!storeFailure(headers, name, data, asException(failure), key)) {
			headers.remove(name);
			SerializationUtils.deserializationException(headers, data, new IllegalStateException(describe(failure)),
					key);
		}
	}

	private static boolean storeFailure(Headers headers, String name, byte[] data, Exception failure, boolean key) {
		try {
			SerializationUtils.deserializationException(headers, data, failure, key);
			Header header = headers.lastHeader(name);
			return header != null && SerializationUtils.byteArrayToDeserializationException(logger, header) != null;
		}
		catch (Throwable ex) {
			if (WorkerRuntime.isFatal(ex)) {
				throw ex;
			}
			logger.debug(() -> "Cannot be described in a header: " + failure.getClass().getName());
			return false;
		}
	}

	private static Exception asException(Throwable failure) {
		return (failure instanceof Exception exception) ? exception
				: new IllegalStateException("A deserializer failed with an error", failure);
	}

	private static String describe(Throwable failure) {
		try {
			return failure.toString();
		}
		catch (Throwable ex) {
			return failure.getClass().getName();
		}
	}

	private static int size(@Nullable ByteBuffer bytes) {
		return (bytes != null) ? bytes.remaining() : ConsumerRecord.NULL_SIZE;
	}

	@Override
	public void close() {
		Utils.closeQuietly(this.keyDeserializer, "key deserializer");
		Utils.closeQuietly(this.valueDeserializer, "value deserializer");
	}

	/**
	 * Deserializers like those that a container's consumers have: from its consumer
	 * factory if that makes or has them, else of the configured classes.
	 * <p>
	 * <b>Threading.</b> Immutable.
	 */
	static final class Deserializers {

		private final ContainerFacts facts;

		Deserializers(ContainerFacts facts) {
			this.facts = facts;
		}

		/**
		 * Return a deserializer. It may be one that a consumer has, too, and is to be
		 * closed with the consumer.
		 * @param key whether it is for keys, rather than for values
		 * @throws RuntimeException if it cannot be made
		 */
		Deserializer<?> get(boolean key) {
			ConsumerFactory<?, ?> factory = this.facts.consumerFactory();
			Deserializer<?> ready = ready(factory, key);
			return (ready != null) ? ready : ofConfiguredClass(key);
		}

		private static @Nullable Deserializer<?> ready(ConsumerFactory<?, ?> factory, boolean key) {
			return key ? factory.getKeyDeserializer() : factory.getValueDeserializer();
		}

		private Deserializer<?> ofConfiguredClass(boolean key) {
			Map<String, Object> configuration = new HashMap<>(this.facts.consumerConfiguration());
			if (this.facts.groupId() != null) {
				configuration.put(ConsumerConfig.GROUP_ID_CONFIG, this.facts.groupId());
			}
			String property = key ? ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG
					: ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG;
			Object type = Objects.requireNonNull(configuration.get(property), property);
			Deserializer<?> deserializer = instantiate(type);
			deserializer.configure(configuration, key);
			return deserializer;
		}

		private static Deserializer<?> instantiate(Object type) {
			if (type instanceof Class<?> known) {
				return (Deserializer<?>) Utils.newInstance(known);
			}
			try {
				return Utils.newInstance(type.toString(), Deserializer.class);
			}
			catch (ClassNotFoundException ex) {
				throw new IllegalStateException("No deserializer of type " + type, ex);
			}
		}

	}

}
