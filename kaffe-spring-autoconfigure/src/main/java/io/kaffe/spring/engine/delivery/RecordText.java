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
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.support.serializer.DeserializationException;

import io.kaffe.spring.engine.worker.DisplayText;

/**
 * Makes texts of the keys and values of records that failed.
 */
final class RecordText {

	private RecordText() {
	}

	/**
	 * Return the text of the key or the value, or of the bytes that could not be
	 * deserialized.
	 * @param key whether of the key
	 * @param failure what the last attempt failed with
	 * @return the text, or {@code null} if there is nothing
	 */
	static @Nullable String of(ConsumerRecord<?, ?> record, boolean key, Throwable failure) {
		Object part = key ? record.key() : record.value();
		return (part == null && failure instanceof DeserializationException unreadable && unreadable.isKey() == key
				&& unreadable.getData().length > 0) ? DisplayText.escaped(unreadable.getData()) : DisplayText.of(part);
	}

}
