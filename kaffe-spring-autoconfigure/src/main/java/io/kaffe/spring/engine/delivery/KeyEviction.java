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

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.offset.KeyHash;
import io.kaffe.spring.engine.offset.OffsetWindow;

/**
 * Evicts records of one partition assignment from memory, by their keys, because the
 * workers of these do not get on.
 * <p>
 * <b>Threading.</b> Keys are added by the worker that allocates workers, and records
 * evicted there, in the order of their offsets. The worker of a key ends its eviction.
 */
public final class KeyEviction {

	/** Most keys of a partition: as many as metadata has room for. */
	private static final int MOST = 100;

	private final Map<Object, EvictedKey> byName = new ConcurrentHashMap<>();

	/** Records that are not evicted, while any are. */
	private volatile OffsetWindow excluded = new OffsetWindow(0);

	/** Belongs to the worker that allocates workers. */
	private boolean used;

	private final TopicPartition partition;

	private final AssignmentHandle assignment;

	private final EvictedKeys keys;

	private final Owner owner;

	private final Reader reader;

	private final int near;

	/**
	 * Create it without keys.
	 * @param partition the partition
	 * @param assignment its assignment
	 * @param keys where keys are added whose records are evicted
	 * @param owner is notified
	 * @param reader reads evicted records
	 * @param near how many offsets before the end of what was evicted of a key no more of
	 * it is
	 */
	public KeyEviction(TopicPartition partition, AssignmentHandle assignment, EvictedKeys keys, Owner owner,
			Reader reader, int near) {
		this.partition = partition;
		this.assignment = assignment;
		this.keys = keys;
		this.owner = owner;
		this.reader = reader;
		this.near = near;
	}

	AssignmentHandle assignment() {
		return this.assignment;
	}

	/**
	 * Evict a record, if it is of a key whose records are evicted.
	 * @param name what stands for the key
	 * @param record the record
	 * @return whether it is evicted
	 */
	boolean evict(Object name, ConsumerRecord<?, ?> record) {
		EvictedKey key = this.byName.isEmpty() ? null : this.byName.get(name);
		return key != null && evict(key, record);
	}

	private boolean evict(EvictedKey key, ConsumerRecord<?, ?> record) {
		long offset = record.offset();
		if (!key.evict(offset, this.assignment.held().parkedHistory().at(offset) != null)) {
			return false;
		}
		this.used = true;
		this.owner.evicted(record, key);
		return true;
	}

	/**
	 * Return whether no record was evicted yet.
	 */
	boolean isUnused() {
		return !this.used;
	}

	/**
	 * Return whether another key may be added.
	 */
	boolean hasRoom() {
		return this.keys.size() < MOST;
	}

	/**
	 * Return a key whose records may be evicted from one on.
	 * @param name what stands for the key
	 * @param hash the hash of the key, or {@code null} if it has none
	 * @param record the first record to be evicted
	 * @return the key, to be {@linkplain #add added} when its work is in its worker's
	 * queue
	 */
	EvictedKey key(Object name, @Nullable KeyHash hash, ConsumerRecord<?, ?> record) {
		return new EvictedKey(this.assignment, this.partition, name, hash, record.offset(), this::isExcluded,
				this.owner::missing, this.near);
	}

	/**
	 * Evict a record, and all of its key from there on, unless the worker has come to it
	 * already.
	 * @return whether it is evicted
	 */
	boolean add(EvictedKey key, ConsumerRecord<?, ?> record) {
		this.keys.add(key);
		this.byName.put(key.name(), key);
		boolean evicted = evict(key, record);
		if (!evicted) {
			this.byName.remove(key.name(), key);
		}
		return evicted;
	}

	/**
	 * Stop evicting records of a key, all of which were taken by its worker.
	 */
	void end(EvictedKey key) {
		this.byName.remove(key.name(), key);
		this.owner.evictionEnded();
	}

	/**
	 * Note that no worker could be found for a record, so that it has one of its own and
	 * is not evicted.
	 */
	void exclude(ConsumerRecord<?, ?> record) {
		if (this.byName.isEmpty()) {
			this.excluded = new OffsetWindow(record.offset());
		}
		else {
			this.excluded.append(record.offset());
		}
	}

	boolean isExcluded(long offset) {
		OffsetWindow excluded = this.excluded;
		return offset < excluded.next() && !excluded.isComplete(offset);
	}

	/**
	 * Have more records of a key read.
	 */
	void read(EvictedKey key) {
		this.reader.read(key);
	}

	/**
	 * Complete a record that was read again.
	 */
	void complete(ConsumerRecord<?, ?> record, EvictedKey key) {
		if (!this.owner.mayComplete(record, key)) {
			key.drop(record.offset());
		}
		else if (key.finish(record.offset())) {
			this.owner.completed(record, key);
		}
	}

	/**
	 * Counts what is evicted and completed.
	 */
	public interface Owner {

		/**
		 * Forget a record that is evicted.
		 * @param record the record
		 * @param key its key
		 */
		void evicted(ConsumerRecord<?, ?> record, EvictedKey key);

		/**
		 * Return whether a record may still be completed, and report it if it may not
		 * because the assignment has ended.
		 * @param record a record that was read again
		 * @param key its key
		 * @return {@code false} if it may not
		 */
		boolean mayComplete(ConsumerRecord<?, ?> record, EvictedKey key);

		/**
		 * Note that a record is completed that was read again.
		 * @param record the record
		 * @param key its key
		 */
		void completed(ConsumerRecord<?, ?> record, EvictedKey key);

		/**
		 * Note that the log does not hold a record any more that was evicted and is open
		 * in the partition.
		 * @param offset its offset
		 */
		void missing(long offset);

		/**
		 * Note that there may be something new to commit, since no more records of a key
		 * are evicted.
		 */
		void evictionEnded();

	}

	/**
	 * Reads evicted records.
	 */
	public interface Reader {

		/**
		 * Read records of a key, as many as it has room for, and then
		 * {@linkplain EvictedKey#answer() answer}. Any thread; does not block.
		 * @param key the key
		 */
		void read(EvictedKey key);

	}

}
