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

package io.kaffe.spring.engine.offset;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

/**
 * Keys of a partition that are blocked, each from an offset on: of what is reported as
 * completed, their records are not from there on. Keys are stored as hashes: a key that
 * has the same hash as a blocked one counts as blocked, too.
 * <p>
 * In a commit's metadata, they are, ascending by offset and hash: how many offsets lie
 * between the one before, or the committed offset, and this one; the type of the hash in
 * one byte; and the hash in four.
 * <p>
 * Immutable.
 */
public final class BlockedKeys {

	/**
	 * No keys.
	 */
	public static final BlockedKeys NONE = new BlockedKeys(List.of());

	private final List<BlockedKey> ascending;

	/** From which offset on each hash is blocked. */
	private final Map<KeyHash, Long> byHash = new HashMap<>();

	private final BitSet types = new BitSet();

	private BlockedKeys(List<BlockedKey> ascending) {
		this.ascending = ascending;
		for (BlockedKey key : ascending) {
			this.byHash.put(key.hash(), key.from());
			this.types.set(key.hash().type());
		}
	}

	/**
	 * Return blocked keys.
	 * @param keys the keys in any order; of several with the same hash, the lowest offset
	 * counts
	 * @return the keys
	 */
	public static BlockedKeys of(Collection<BlockedKey> keys) {
		if (keys.isEmpty()) {
			return NONE;
		}
		Map<KeyHash, Long> lowest = new TreeMap<>();
		keys.forEach((key) -> lowest.merge(key.hash(), key.from(), Math::min));
		return new BlockedKeys(lowest.entrySet()
			.stream()
			.map((entry) -> new BlockedKey(entry.getKey(), entry.getValue()))
			.sorted()
			.toList());
	}

	/**
	 * Return whether there are none.
	 * @return {@code true} if there are none
	 */
	public boolean isEmpty() {
		return this.ascending.isEmpty();
	}

	/**
	 * Return all.
	 * @return the keys, ascending by offset and hash, no hash twice; unmodifiable
	 */
	public List<BlockedKey> all() {
		return this.ascending;
	}

	/**
	 * Return the lowest offset from which on a key is blocked.
	 * @return the offset; {@link Long#MAX_VALUE} if there are none
	 */
	public long first() {
		return isEmpty() ? Long.MAX_VALUE : this.ascending.get(0).from();
	}

	/**
	 * Return whether a record that has a key may be one of a blocked key. A key without a
	 * hash, or with one of another type than those of all blocked keys, may be the same
	 * as one of them, deserialized in another way.
	 * @param hash the hash of its key; {@code null} if that has none
	 * @param offset its offset
	 * @return {@code true} if what is reported as completed does not hold for it
	 */
	public boolean isBlocked(@Nullable KeyHash hash, long offset) {
		if (hash == null || !this.types.get(hash.type())) {
			return offset >= first();
		}
		Long from = this.byHash.get(hash);
		return from != null && offset >= from;
	}

	/**
	 * Return these keys and others, blocked from an offset on at least.
	 * @param others the others
	 * @param from the lowest offset of the others
	 * @return all of them
	 */
	public BlockedKeys and(BlockedKeys others, long from) {
		if (others.isEmpty()) {
			return this;
		}
		List<BlockedKey> all = new ArrayList<>(this.ascending);
		others.ascending.forEach((key) -> all.add(new BlockedKey(key.hash(), Math.max(key.from(), from))));
		return of(all);
	}

	/**
	 * Return what of completed offsets is certain without these keys.
	 * @param completed the offsets
	 * @return those below the first blocked record
	 */
	public CompletedOffsets certain(CompletedOffsets completed) {
		return isEmpty() ? completed : new CompletedOffsets.Builder().addFrom(completed, 0, first()).build();
	}

	/**
	 * Return as many of the first as fit.
	 */
	BlockedKeys firstThatFit(long committed, int maxBytes) {
		int count = this.ascending.size();
		while (count > 0 && bytes(committed, count).length > maxBytes) {
			count--;
		}
		return (count == this.ascending.size()) ? this
				: (count > 0) ? new BlockedKeys(this.ascending.subList(0, count)) : NONE;
	}

	byte[] bytes(long committed) {
		return bytes(committed, this.ascending.size());
	}

	private byte[] bytes(long committed, int count) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		long next = committed;
		for (BlockedKey key : this.ascending.subList(0, count)) {
			Numbers.write(bytes, key.from() - next);
			bytes.write(key.hash().type());
			bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(key.hash().value()).array());
			next = key.from();
		}
		return bytes.toByteArray();
	}

	/**
	 * Read what can be understood; whether it is what would have been written for that
	 * has to be checked.
	 * @throws IllegalArgumentException if it cannot be understood
	 * @throws ArithmeticException if an offset is out of range
	 * @throws java.nio.BufferUnderflowException if something is missing
	 */
	static BlockedKeys read(ByteBuffer bytes, long committed) {
		List<BlockedKey> keys = new ArrayList<>();
		long next = committed;
		while (bytes.hasRemaining()) {
			next = Math.addExact(next, Numbers.read(bytes));
			byte type = bytes.get();
			if (type < 0) {
				throw new IllegalArgumentException("There is no such type");
			}
			keys.add(new BlockedKey(new KeyHash(type, bytes.getInt()), next));
		}
		if (keys.isEmpty()) {
			throw new IllegalArgumentException("It stores nothing");
		}
		return of(keys);
	}

	@Override
	public boolean equals(Object other) {
		return other instanceof BlockedKeys keys && this.ascending.equals(keys.ascending);
	}

	@Override
	public int hashCode() {
		return this.ascending.hashCode();
	}

	@Override
	public String toString() {
		return this.ascending.toString();
	}

	/**
	 * A key that is blocked.
	 *
	 * @param hash what stands for it
	 * @param from the offset from which on records of the key are not completed, though
	 * they are reported as such
	 */
	public record BlockedKey(KeyHash hash, long from) implements Comparable<BlockedKey> {

		@Override
		public int compareTo(BlockedKey other) {
			int byOffset = Long.compare(this.from, other.from);
			return (byOffset != 0) ? byOffset : this.hash.compareTo(other.hash);
		}

	}

}
