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

package io.kaffe.spring.engine.worker;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/**
 * Hashes of keys that are the same in every virtual machine, so that they can be stored:
 * of keys of those types whose content is known. Different keys may have the same hash.
 * <p>
 * The hash is the one by which Kafka's producer chooses partitions (murmur2), of a
 * number's bytes in network order and of a text's UTF-8.
 */
public final class KeyHash {

	private KeyHash() {
	}

	/**
	 * Return the hash of a key. Calls no code of the application.
	 * @param key the key; {@code null} has no hash
	 * @return the hash, or {@code null} if keys of its type have none
	 */
	public static @Nullable Integer of(@Nullable Object key) {
		byte[] bytes = bytes(key);
		return (bytes != null) ? (Integer) Utils.murmur2(bytes) : null;
	}

	private static byte @Nullable [] bytes(@Nullable Object key) {
		if (key instanceof String text) {
			return text.getBytes(StandardCharsets.UTF_8);
		}
		if (key instanceof byte[] bytes) {
			return bytes;
		}
		if (key instanceof Bytes bytes) {
			return bytes.get();
		}
		if (key instanceof ByteBuffer buffer) {
			return Utils.toArray(buffer.duplicate());
		}
		if (key instanceof Long || key instanceof Integer || key instanceof Short || key instanceof Byte) {
			return ByteBuffer.allocate(Long.BYTES).putLong(((Number) key).longValue()).array();
		}
		if (key instanceof UUID id) {
			return ByteBuffer.allocate(2 * Long.BYTES)
				.putLong(id.getMostSignificantBits())
				.putLong(id.getLeastSignificantBits())
				.array();
		}
		return null;
	}

}
