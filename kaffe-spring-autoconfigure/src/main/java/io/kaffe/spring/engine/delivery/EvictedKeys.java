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
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.offset.BlockedKeys;
import io.kaffe.spring.engine.offset.OffsetWindow;

/**
 * The keys of one partition assignment whose records are {@linkplain EvictedKey evicted}
 * from memory, because their workers do not get on.
 * <p>
 * <b>Threading.</b> Keys are added by the worker that allocates workers, and records
 * evicted there, in the order of their offsets. The worker of a key ends its eviction.
 * The consumer thread asks what is unfinished: after it has looked at the offsets of the
 * partition, in which evicted records count as complete. A key is added before the first
 * of its records is evicted, and removed after the last of them is completed; so whatever
 * the consumer thread sees as complete, either is, or is reported here.
 */
public final class EvictedKeys {

	/** Most keys of a partition: as many as metadata has room for. */
	private static final int MOST = 100;

	private final Map<Object, EvictedKey> byName = new ConcurrentHashMap<>();

	private final Set<EvictedKey> unfinished = ConcurrentHashMap.newKeySet();

	/** Records that are not evicted, while any are. */
	private volatile OffsetWindow excluded = new OffsetWindow(0);

	private final AtomicLong inHand = new AtomicLong();

	private final Owner owner;

	private final Reader reader;

	private final int allocation;

	/**
	 * Create it without keys.
	 * @param owner the assignment
	 * @param reader reads evicted records
	 * @param allocation the hash of what allocates workers
	 */
	public EvictedKeys(Owner owner, Reader reader, int allocation) {
		this.owner = owner;
		this.reader = reader;
		this.allocation = allocation;
	}

	AssignmentHandle assignment() {
		return this.owner;
	}

	TopicPartition partition() {
		return this.owner.partition();
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
		if (!key.evict(record.offset())) {
			return false;
		}
		this.owner.evicted(record, key);
		return true;
	}

	/**
	 * Return whether another key may be added.
	 */
	boolean hasRoom() {
		return this.unfinished.size() < MOST;
	}

	/**
	 * Return a key whose records may be evicted from one on.
	 * @param name what stands for the key
	 * @param hash the hash of the key, or {@code null} if it has none
	 * @param record the first record to be evicted
	 * @return the key, to be {@linkplain #add added} when its work is in its worker's
	 * queue
	 */
	EvictedKey key(Object name, @Nullable Integer hash, ConsumerRecord<?, ?> record) {
		return new EvictedKey(this, name, hash, record.offset());
	}

	/**
	 * Evict a record, and all of its key from there on, unless the worker has come to it
	 * already.
	 * @return whether it is evicted
	 */
	boolean add(EvictedKey key, ConsumerRecord<?, ?> record) {
		this.unfinished.add(key);
		this.byName.put(key.name(), key);
		return evict(key, record);
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

	void requestRead(EvictedKey key) {
		this.reader.read(key);
	}

	void read(int records) {
		this.inHand.addAndGet(records);
	}

	void complete(ConsumerRecord<?, ?> record, EvictedKey key) {
		if (this.owner.complete(record, key)) {
			this.inHand.decrementAndGet();
		}
	}

	/**
	 * Return whether an offset was evicted and read again, and is not completed. Any
	 * thread.
	 * @param offset the offset
	 * @return {@code true} if it is open, though it counts as complete in its partition
	 */
	public boolean isOpen(long offset) {
		for (EvictedKey key : this.unfinished) {
			if (key.isOpen(offset)) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Return how many records were read again and are not completed. Any thread.
	 * @return the number
	 */
	public long inHand() {
		return this.inHand.get();
	}

	/**
	 * Return how many records were evicted and are not completed. Any thread.
	 * @return the number
	 */
	public long records() {
		return this.unfinished.stream().mapToLong(EvictedKey::records).sum();
	}

	/**
	 * Return how many keys have unfinished records that were evicted. Any thread.
	 * @return the number
	 */
	public int size() {
		return this.unfinished.size();
	}

	/**
	 * Return the lowest offset of an unfinished record that was evicted. Any thread.
	 * @return the offset, or a lower one; {@link Long#MAX_VALUE} if there is none
	 */
	public long first() {
		long first = Long.MAX_VALUE;
		for (EvictedKey key : this.unfinished) {
			if (key.isHashed() && !key.isFinished()) {
				first = Math.min(first, key.from());
			}
		}
		return first;
	}

	/**
	 * Return which keys have unfinished records that count as complete. Consumer thread.
	 * @return the keys
	 */
	public BlockedKeys blocked() {
		if (this.unfinished.isEmpty()) {
			return BlockedKeys.NONE;
		}
		this.unfinished.removeIf(EvictedKey::isFinished);
		List<BlockedKeys.BlockedKey> blocked = new ArrayList<>();
		for (EvictedKey key : this.unfinished) {
			Integer hash = key.hash();
			if (hash != null) {
				blocked.add(new BlockedKeys.BlockedKey(hash, key.from()));
			}
		}
		return BlockedKeys.of(this.allocation, blocked);
	}

	/**
	 * The assignment of the partition.
	 */
	public interface Owner extends AssignmentHandle {

		/**
		 * Return the partition.
		 * @return always the same
		 */
		TopicPartition partition();

		/**
		 * Forget a record that is evicted.
		 * @param record the record
		 * @param key its key
		 */
		void evicted(ConsumerRecord<?, ?> record, EvictedKey key);

		/**
		 * Complete a record that was read again.
		 * @param record the record
		 * @param key its key
		 * @return whether this call completed it
		 */
		boolean complete(ConsumerRecord<?, ?> record, EvictedKey key);

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
