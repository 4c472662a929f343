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

package io.kaffe.spring.worker;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

/**
 * A key by which records are told apart: by content where the key is an array or a
 * buffer, and with a hash code that does not change, so that a key that does can be found
 * again.
 */
final class WorkerKey {

	/** Whose hash codes stay the same, so that they need nobody to stand for them. */
	private static final Set<Class<?>> UNCHANGING = Set.of(String.class, Integer.class, Long.class, UUID.class);

	private final Object key;

	private final int hash;

	private WorkerKey(Object key) {
		this.key = key;
		this.hash = key.getClass().isArray() ? Arrays.deepHashCode(new Object[] { key }) : key.hashCode();
	}

	/**
	 * Return what stands for a key in a map.
	 * @param key the key
	 * @return an object that is equal to those of equal keys
	 * @throws RuntimeException or Error if the key's own methods do
	 */
	static Object of(Object key) {
		if (UNCHANGING.contains(key.getClass())) {
			return key;
		}
		// Whoever reads the record's key moves its position.
		return new WorkerKey((key instanceof ByteBuffer buffer) ? buffer.duplicate() : key);
	}

	@Override
	public boolean equals(Object other) {
		return other instanceof WorkerKey that && (this == that || Objects.deepEquals(this.key, that.key));
	}

	@Override
	public int hashCode() {
		return this.hash;
	}

}
