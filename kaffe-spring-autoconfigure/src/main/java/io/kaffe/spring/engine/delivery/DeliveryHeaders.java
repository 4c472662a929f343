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

import java.nio.ByteBuffer;

import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;
import org.springframework.core.log.LogAccessor;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.support.KafkaUtils;
import org.springframework.kafka.support.serializer.DeserializationException;
import org.springframework.kafka.support.serializer.SerializationUtils;

import io.kaffe.spring.engine.worker.WorkerRuntime;

/**
 * The headers in which Spring Kafka reports about the delivery of a record.
 */
final class DeliveryHeaders {

	private static final LogAccessor logger = new LogAccessor(LogFactory.getLog(DeliveryHeaders.class));

	private DeliveryHeaders() {
	}

	/**
	 * Add the header with the number of the attempt, as Spring Kafka's containers do.
	 */
	static void addAttemptHeader(ConsumerRecord<?, ?> record, int attempt) {
		record.headers().remove(KafkaHeaders.DELIVERY_ATTEMPT);
		record.headers().add(KafkaHeaders.DELIVERY_ATTEMPT, ByteBuffer.allocate(Integer.BYTES).putInt(attempt).array());
	}

	/**
	 * Return what the deserialization of a record failed with, if a deserializer has
	 * added that as a header.
	 */
	static @Nullable DeserializationException deserializationFailure(ConsumerRecord<?, ?> record) {
		DeserializationException failure = null;
		if (record.value() == null) {
			failure = failure(record, KafkaUtils.VALUE_DESERIALIZER_EXCEPTION_HEADER);
		}
		if (failure == null && record.key() == null) {
			failure = failure(record, KafkaUtils.KEY_DESERIALIZER_EXCEPTION_HEADER);
		}
		return failure;
	}

	private static @Nullable DeserializationException failure(ConsumerRecord<?, ?> record, String header) {
		Header present = record.headers().lastHeader(header);
		if (present == null || present.getClass() == RecordHeader.class) {
			// One that came with the record is not trusted.
			return null;
		}
		DeserializationException failure = readBack(record, header);
		return (failure != null) ? failure
				: new DeserializationException("What the deserialization failed with cannot be read", new byte[0],
						header.equals(KafkaUtils.KEY_DESERIALIZER_EXCEPTION_HEADER),
						new IllegalStateException("The header " + header + " cannot be read back"));
	}

	/**
	 * Read a header, which holds an object of a class that may be the user's.
	 */
	private static @Nullable DeserializationException readBack(ConsumerRecord<?, ?> record, String header) {
		try {
			return SerializationUtils.getExceptionFromHeader(record, header, logger);
		}
		catch (Throwable ex) {
			if (WorkerRuntime.isFatal(ex)) {
				throw ex;
			}
			return null;
		}
	}

}
