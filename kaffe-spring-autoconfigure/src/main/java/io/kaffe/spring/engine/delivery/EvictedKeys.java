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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

import io.kaffe.spring.engine.offset.BlockedKeys;
import io.kaffe.spring.engine.offset.KeyHash;
import io.kaffe.spring.table.Evicted;

/**
 * The keys of one partition assignment that have unfinished records which were
 * {@linkplain EvictedKey evicted} from memory. If a key has a hash, its evicted records
 * count as complete among the offsets of the partition, and are unfinished here.
 * <p>
 * <b>Threading.</b> Safe for concurrent use. The consumer thread asks what is unfinished
 * after it has looked at the offsets of the partition. A key is added before the first of
 * its records is evicted, and removed after the last of them is completed; so whatever
 * the consumer thread has seen as complete, either is, or is unfinished here.
 */
public final class EvictedKeys {

	private final Set<EvictedKey> unfinished = ConcurrentHashMap.newKeySet();

	private final AtomicLong completed = new AtomicLong();

	/**
	 * Add a key.
	 */
	void add(EvictedKey key) {
		this.unfinished.add(key);
	}

	/**
	 * Note that a record is completed that was read again, or is not in the log any more.
	 * Any thread, after it is: what is counted is reported.
	 */
	public void completed() {
		this.completed.incrementAndGet();
	}

	/**
	 * Return how many records were completed that had been evicted. Any thread.
	 * @return the number
	 */
	public long completions() {
		return this.completed.get();
	}

	/**
	 * Return whether an offset was evicted and read again, and is not completed; or is
	 * evicted and was parked before. Any thread.
	 * @param offset the offset
	 * @return {@code true} if it is open, though it may count as complete in its
	 * partition
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
	 * Return how many records were read again and taken by their workers, and are not
	 * completed. Any thread.
	 * @return the number
	 */
	public long inHand() {
		long inHand = 0;
		for (EvictedKey key : this.unfinished) {
			inHand += key.inHand();
		}
		return inHand;
	}

	/**
	 * Return how many records were evicted and are not completed. Any thread.
	 * @return the number
	 */
	public long records() {
		long records = 0;
		for (EvictedKey key : this.unfinished) {
			records += key.records();
		}
		return records;
	}

	/**
	 * Return how many keys have unfinished records that were evicted. Any thread.
	 * @return the number
	 */
	public int size() {
		return this.unfinished.size();
	}

	/**
	 * Describe what is evicted. Any thread; a moment's view.
	 * @return how many keys, and how many of their records no worker has
	 */
	public Evicted snapshot() {
		return new Evicted(size(), Math.max(0, records() - inHand()));
	}

	/**
	 * Return the lowest offset of an unfinished record that was evicted and counts as
	 * complete in its partition. Any thread.
	 * @return the offset, or a lower one; {@link Long#MAX_VALUE} if there is none
	 */
	public long first() {
		long first = Long.MAX_VALUE;
		this.unfinished.removeIf(EvictedKey::isFinished);
		for (EvictedKey key : this.unfinished) {
			if (key.isHashed()) {
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
		List<BlockedKeys.BlockedKey> blocked = new ArrayList<>();
		for (EvictedKey key : this.unfinished) {
			KeyHash hash = key.hash();
			if (hash != null) {
				blocked.add(new BlockedKeys.BlockedKey(hash, key.from()));
			}
		}
		return BlockedKeys.of(blocked);
	}

}
