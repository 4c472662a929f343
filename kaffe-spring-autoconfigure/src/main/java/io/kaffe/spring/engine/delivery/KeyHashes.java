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
import java.nio.charset.StandardCharsets;
import java.util.UUID;

import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.offset.KeyHash;

/**
 * Hashes of records' keys that are the same in every process, for types of keys that have
 * one: those of Kafka's own deserializers, but for floating-point numbers.
 * <p>
 * The hash is the one by which Kafka's producer chooses partitions (murmur2), of a
 * number's eight bytes in network order and of a text's UTF-8.
 */
public final class KeyHashes {

	private static final byte TEXT = 0;

	private static final byte BYTES = 1;

	private static final byte INTEGER = 2;

	private static final byte ID = 3;

	private KeyHashes() {
	}

	/**
	 * Return the hash of a key. Calls no code of the application. The types are part of
	 * what is committed: a number is never given to another one.
	 * @param key the key; {@code null} has no hash
	 * @return the hash, or {@code null} if keys of its type have none
	 */
	public static @Nullable KeyHash of(@Nullable Object key) {
		if (key instanceof String text) {
			return hash(TEXT, text.getBytes(StandardCharsets.UTF_8));
		}
		if (key instanceof byte[] bytes) {
			return hash(BYTES, bytes);
		}
		if (key instanceof Bytes bytes) {
			return hash(BYTES, bytes.get());
		}
		if (key instanceof ByteBuffer buffer) {
			return hash(BYTES, Utils.toArray(buffer.duplicate()));
		}
		if (key instanceof Long || key instanceof Integer || key instanceof Short) {
			return hash(INTEGER, ByteBuffer.allocate(Long.BYTES).putLong(((Number) key).longValue()).array());
		}
		if (key instanceof UUID id) {
			return hash(ID,
					ByteBuffer.allocate(2 * Long.BYTES)
						.putLong(id.getMostSignificantBits())
						.putLong(id.getLeastSignificantBits())
						.array());
		}
		return null;
	}

	private static KeyHash hash(byte type, byte[] bytes) {
		return new KeyHash(type, Utils.murmur2(bytes));
	}

}
