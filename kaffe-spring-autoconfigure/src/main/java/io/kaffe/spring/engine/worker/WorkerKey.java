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
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * A key by which records are distinguished: by content where the key is an array or a
 * buffer, and with a hash code that does not change, so that a key that does can be found
 * again.
 * <p>
 * Producers choose the keys of records, and may choose many with the same hash code. A
 * {@link java.util.concurrent.ConcurrentHashMap} finds such keys quickly if it can order
 * them, so these are comparable, as far as their contents are: arrays, buffers, lists,
 * and comparable Java records. Keys that are equal must be equal in this order, too; so
 * objects of classes that do not define their order have none.
 * <p>
 * <b>Threading.</b> Immutable as far as the key is.
 */
final class WorkerKey implements Comparable<WorkerKey> {

	/** Whose hash codes never change, so that they can be used as they are. */
	private static final Set<Class<?>> UNCHANGING = Set.of(String.class, Integer.class, Long.class, UUID.class);

	/** What can be ordered. What is not of one kind is not equal to what is. */
	private static final List<Kind<?>> KINDS = List.of(new Kind<>(byte[].class, Arrays::compare),
			new Kind<>(String.class, Comparator.naturalOrder()), new Kind<>(Integer.class, Comparator.naturalOrder()),
			new Kind<>(Long.class, Comparator.naturalOrder()), new Kind<>(UUID.class, Comparator.naturalOrder()),
			new Kind<>(Bytes.class, Comparator.naturalOrder()), new Kind<>(ByteBuffer.class, Comparator.naturalOrder()),
			new Kind<>(Double.class, Comparator.naturalOrder()),
			new Kind<>(List.class, (one, other) -> compareArrays(one.toArray(), other.toArray())),
			new Kind<>(Record.class, WorkerKey::compareRecords), new Kind<>(Object[].class, WorkerKey::compareArrays),
			new Kind<>(boolean[].class, Arrays::compare), new Kind<>(char[].class, Arrays::compare),
			new Kind<>(short[].class, Arrays::compare), new Kind<>(int[].class, Arrays::compare),
			new Kind<>(long[].class, Arrays::compare), new Kind<>(float[].class, Arrays::compare),
			new Kind<>(double[].class, Arrays::compare));

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
		// A reader of the record's key moves its position.
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

	@Override
	public int compareTo(WorkerKey other) {
		return compare(this.key, other.key);
	}

	private static int compare(@Nullable Object one, @Nullable Object other) {
		if (one == other) {
			return 0;
		}
		for (Kind<?> kind : KINDS) {
			boolean isOne = kind.type().isInstance(one);
			boolean isOther = kind.type().isInstance(other);
			if (isOne || isOther) {
				return (isOne && isOther) ? kind.compare(one, other) : Boolean.compare(isOther, isOne);
			}
		}
		return 0;
	}

	private static int compareArrays(@Nullable Object[] one, @Nullable Object[] other) {
		return Arrays.compare(one, other, WorkerKey::compare);
	}

	@SuppressWarnings("unchecked")
	private static int compareRecords(Record one, Record other) {
		if (one.getClass() != other.getClass()) {
			return one.getClass().getName().compareTo(other.getClass().getName());
		}
		return (one instanceof Comparable<?> comparable) ? ((Comparable<Object>) comparable).compareTo(other) : 0;
	}

	/**
	 * A type of keys that can be ordered.
	 *
	 * @param <T> the type
	 * @param type the type
	 * @param comparator orders keys of it
	 */
	private record Kind<T>(Class<T> type, Comparator<? super T> comparator) {

		int compare(@Nullable Object one, @Nullable Object other) {
			return this.comparator.compare(this.type.cast(one), this.type.cast(other));
		}

	}

}
