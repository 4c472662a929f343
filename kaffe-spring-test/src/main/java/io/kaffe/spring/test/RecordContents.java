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

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * What was in a record at one moment, to find out whether it was changed since.
 */
final class RecordContents {

	private final ConsumerRecord<?, ?> record;

	private final ConsumerRecord<?, ?> twin;

	private final @Nullable Object key;

	private final @Nullable Object value;

	private final List<Object> headers;

	/**
	 * Note what is in a record.
	 * @param record the record
	 * @param twin one that was equal when it was made; it shows changes of keys and
	 * values that have an {@code equals} but cannot be copied
	 */
	RecordContents(ConsumerRecord<?, ?> record, ConsumerRecord<?, ?> twin) {
		this.record = record;
		this.twin = twin;
		this.key = contents(record.key(), twin.key());
		this.value = contents(record.value(), twin.value());
		this.headers = headers(record);
	}

	/**
	 * Return what is different now.
	 * @return a few words, or {@code null} if nothing is
	 */
	@Nullable String change() {
		if (!this.headers.equals(headers(this.record))) {
			return "headers";
		}
		if (!Objects.deepEquals(this.key, contents(this.record.key(), this.twin.key()))) {
			return "key";
		}
		if (!Objects.deepEquals(this.value, contents(this.record.value(), this.twin.value()))) {
			return "value";
		}
		return null;
	}

	private static @Nullable Object contents(@Nullable Object current, @Nullable Object twin) {
		if (current instanceof ByteBuffer buffer) {
			return List.of("position " + buffer.position(), "limit " + buffer.limit(),
					SampleRecords.copyOf(buffer).clear());
		}
		if (current != null && current.getClass().isArray()) {
			return SampleRecords.copyOf(current);
		}
		return WorkerKeys.differ(current, twin);
	}

	private static List<Object> headers(ConsumerRecord<?, ?> record) {
		List<Object> headers = new ArrayList<>();
		for (Header header : record.headers()) {
			headers.add(header.key());
			byte[] value = header.value();
			headers.add((value != null) ? ByteBuffer.wrap(value.clone()) : "null");
		}
		return headers;
	}

}
