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

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.offset.KeyHash;
import io.kaffe.spring.engine.worker.Worker;

/**
 * The assignment of a partition without a broker, whose records may be evicted. The test
 * reads them again.
 * <p>
 * <b>Threading.</b> For one thread.
 */
public final class EvictingAssignment implements KeyEviction.Owner {

	private static final int NEAR = 10_000;

	final RecordedAssignment records = new RecordedAssignment();

	/** Forgotten, since they were evicted. */
	final Set<Long> evictedOffsets = new TreeSet<>();

	/** Evicted, and not in the log any more. */
	final List<Long> missing = new ArrayList<>();

	/** Keys whose records are to be read. */
	final List<EvictedKey> requested = new ArrayList<>();

	int ended;

	final EvictedKeys keys = new EvictedKeys();

	final KeyEviction eviction;

	private final TopicPartition partition;

	EvictingAssignment() {
		this.partition = new TopicPartition("orders", 0);
		this.eviction = new KeyEviction(this.partition, this.records, this.keys, this, this.requested::add, NEAR);
	}

	/**
	 * Create an assignment.
	 * @param partition the partition
	 * @param reader reads what is evicted
	 */
	public EvictingAssignment(TopicPartition partition, KeyEviction.Reader reader) {
		this.partition = partition;
		this.eviction = new KeyEviction(partition, this.records, this.keys, this, reader, NEAR);
	}

	/**
	 * Evict records of a key that has a hash.
	 * @param name the key
	 * @param offsets the offsets of the records, ascending
	 * @return the key
	 */
	public EvictedKey evict(String name, long... offsets) {
		return evict(this.eviction, this.partition, name, new KeyHash((byte) 0, name.hashCode()), offsets);
	}

	/**
	 * Evict records of a key.
	 * @param eviction that of the assignment
	 * @param partition the partition
	 * @param name the key
	 * @param hash its hash, or {@code null}
	 * @param offsets the offsets of the records, ascending
	 * @return the key
	 */
	public static EvictedKey evict(KeyEviction eviction, TopicPartition partition, String name, @Nullable KeyHash hash,
			long... offsets) {
		EvictedKey key = eviction.key(name, hash, record(partition, offsets[0]));
		eviction.add(key, record(partition, offsets[0]));
		for (int index = 1; index < offsets.length; index++) {
			eviction.evict(name, record(partition, offsets[index]));
		}
		return key;
	}

	/**
	 * Complete a record that was read.
	 * @param eviction that of its assignment
	 * @param record the record
	 * @param key its key
	 */
	public static void complete(KeyEviction eviction, ConsumerRecord<?, ?> record, EvictedKey key) {
		eviction.complete(record, key);
	}

	/**
	 * Drop a record that was read.
	 * @param record the record
	 * @param key its key
	 */
	public static void drop(ConsumerRecord<?, ?> record, EvictedKey key) {
		key.drop(record.offset());
	}

	/**
	 * Take what was read of a key, and request more.
	 * @param eviction that of its assignment
	 * @param key the key
	 * @param worker the key's worker
	 * @return the records
	 */
	public static List<ConsumerRecord<?, ?>> take(KeyEviction eviction, EvictedKey key, Worker worker) {
		List<ConsumerRecord<?, ?>> taken = key.take(worker);
		if (key.request()) {
			eviction.read(key);
		}
		return taken;
	}

	/**
	 * Return what evicts records.
	 * @return always the same
	 */
	public KeyEviction eviction() {
		return this.eviction;
	}

	/**
	 * Revoke the partition.
	 */
	public void revoke() {
		this.records.revoked = true;
	}

	private static ConsumerRecord<Object, Object> record(TopicPartition partition, long offset) {
		return new ConsumerRecord<>(partition.topic(), partition.partition(), offset, "key", "value");
	}

	@Override
	public void evicted(ConsumerRecord<?, ?> record, EvictedKey key) {
		this.evictedOffsets.add(record.offset());
	}

	@Override
	public boolean mayComplete(ConsumerRecord<?, ?> record, EvictedKey key) {
		return !this.records.fenced;
	}

	@Override
	public void completed(ConsumerRecord<?, ?> record, EvictedKey key) {
		this.records.complete(record);
	}

	@Override
	public void missing(long offset) {
		this.missing.add(offset);
	}

	@Override
	public void evictionEnded() {
		this.ended++;
	}

}
