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
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongPredicate;

import org.jspecify.annotations.Nullable;

/**
 * Parked records of a partition: at most one for each offset, ascending.
 * <p>
 * In a commit's metadata, they are
 * <ul>
 * <li>when the first of them was parked, in seconds since 1970;</li>
 * <li>how many names of exceptions follow, and each with its length, in the order of
 * their first use;</li>
 * <li>for each record: how many offsets lie between the one before, or the committed
 * offset, and this one; how many seconds after the first it was parked; its attempts; its
 * owners; the position of its exception's name.</li>
 * </ul>
 * <p>
 * Immutable.
 */
public final class ParkedRecords {

	/**
	 * No records.
	 */
	public static final ParkedRecords NONE = new ParkedRecords(List.of());

	private final List<ParkedRecord> records;

	private ParkedRecords(List<ParkedRecord> ascending) {
		this.records = List.copyOf(ascending);
	}

	/**
	 * Return parked records.
	 * @param records the records in any order, of different offsets
	 * @return the same, ascending
	 */
	public static ParkedRecords of(Collection<ParkedRecord> records) {
		return records.isEmpty() ? NONE
				: new ParkedRecords(records.stream().sorted(Comparator.comparingLong(ParkedRecord::offset)).toList());
	}

	/**
	 * Return whether there are none.
	 * @return {@code true} if there are none
	 */
	public boolean isEmpty() {
		return this.records.isEmpty();
	}

	/**
	 * Return all.
	 * @return the records, ascending; unmodifiable
	 */
	public List<ParkedRecord> all() {
		return this.records;
	}

	/**
	 * Return the one with an offset.
	 * @param offset the offset
	 * @return the record, or {@code null} if there is none
	 */
	public @Nullable ParkedRecord at(long offset) {
		int low = 0;
		int high = this.records.size() - 1;
		while (low <= high) {
			int middle = (low + high) >>> 1;
			ParkedRecord record = this.records.get(middle);
			if (record.offset() == offset) {
				return record;
			}
			if (record.offset() < offset) {
				low = middle + 1;
			}
			else {
				high = middle - 1;
			}
		}
		return null;
	}

	/**
	 * Return the offset after the last one.
	 * @return the offset; 0 if there are none
	 */
	public long end() {
		return isEmpty() ? 0 : this.records.get(this.records.size() - 1).offset() + 1;
	}

	/**
	 * Return those of some offsets.
	 * @param offsets which offsets
	 * @return some of these
	 */
	public ParkedRecords only(LongPredicate offsets) {
		List<ParkedRecord> some = this.records.stream().filter((record) -> offsets.test(record.offset())).toList();
		return (some.size() == this.records.size()) ? this : of(some);
	}

	/**
	 * Return these and others.
	 * @param others records of other offsets
	 * @return all of them
	 */
	public ParkedRecords and(ParkedRecords others) {
		if (isEmpty() || others.isEmpty()) {
			return isEmpty() ? others : this;
		}
		List<ParkedRecord> all = new ArrayList<>(this.records);
		all.addAll(others.records);
		return of(all);
	}

	boolean isAnyAmong(CompletedOffsets completed) {
		return this.records.stream().anyMatch((record) -> completed.contains(record.offset()));
	}

	/**
	 * Return as many of the first as fit: they are what the next owner comes to first.
	 */
	ParkedRecords firstThatFit(long committed, int maxBytes) {
		if (bytes(committed).length <= maxBytes) {
			return this;
		}
		int few = 0;
		int many = this.records.size();
		while (many - few > 1) {
			int middle = (few + many) >>> 1;
			if (first(middle).bytes(committed).length <= maxBytes) {
				few = middle;
			}
			else {
				many = middle;
			}
		}
		return first(few);
	}

	private ParkedRecords first(int count) {
		return new ParkedRecords(this.records.subList(0, count));
	}

	byte[] bytes(long committed) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		long first = this.records.stream().mapToLong((record) -> record.since().getEpochSecond()).min().orElse(0);
		Numbers.write(bytes, first);
		Map<String, Integer> names = new LinkedHashMap<>();
		this.records.forEach((record) -> names.putIfAbsent(record.exception(), names.size()));
		Numbers.write(bytes, names.size());
		for (String name : names.keySet()) {
			Numbers.write(bytes, name.length());
			bytes.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
		}
		long next = committed;
		for (ParkedRecord record : this.records) {
			Numbers.write(bytes, record.offset() - next);
			Numbers.write(bytes, record.since().getEpochSecond() - first);
			Numbers.write(bytes, record.attempts());
			Numbers.write(bytes, record.owners());
			Numbers.write(bytes, names.getOrDefault(record.exception(), 0));
			next = record.offset() + 1;
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
	static ParkedRecords read(ByteBuffer bytes, long committed) {
		long first = Numbers.read(bytes, ParkedRecord.MAX_SECONDS);
		List<String> names = new ArrayList<>();
		for (long left = Numbers.read(bytes, bytes.remaining()); left > 0; left--) {
			byte[] name = new byte[(int) Numbers.read(bytes, ParkedRecord.MAX_NAME)];
			bytes.get(name);
			names.add(new String(name, StandardCharsets.US_ASCII));
		}
		List<ParkedRecord> records = new ArrayList<>();
		long next = committed;
		while (bytes.hasRemaining()) {
			long offset = Math.addExact(next, Numbers.read(bytes));
			Instant since = Instant.ofEpochSecond(first + Numbers.read(bytes, ParkedRecord.MAX_SECONDS));
			int attempts = (int) Numbers.read(bytes, Integer.MAX_VALUE);
			int owners = (int) Numbers.read(bytes, Integer.MAX_VALUE);
			int name = (int) Numbers.read(bytes, Integer.MAX_VALUE);
			if (name >= names.size()) {
				throw new IllegalArgumentException("No such name: " + name);
			}
			records.add(new ParkedRecord(offset, since, attempts, owners, names.get(name)));
			next = Math.addExact(offset, 1);
		}
		if (records.isEmpty()) {
			throw new IllegalArgumentException("It stores nothing");
		}
		return of(records);
	}

	@Override
	public boolean equals(Object other) {
		return other instanceof ParkedRecords parked && this.records.equals(parked.records);
	}

	@Override
	public int hashCode() {
		return this.records.hashCode();
	}

	@Override
	public String toString() {
		return this.records.toString();
	}

}
