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

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;
import java.util.function.Supplier;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.offset.KeyHash;
import io.kaffe.spring.engine.offset.OffsetWindow;
import io.kaffe.spring.engine.worker.Worker;

/**
 * A key of one partition assignment whose records are not kept in memory, since its
 * worker does not get on: from an offset on they are read from Kafka again, when the
 * worker comes to them.
 * <p>
 * Records are handled in the order of their offsets, so what is unfinished of the key is
 * what was read and is not completed, and all from the position on, up to the last record
 * that was evicted. The end is fixed when the position is near to it: what is polled from
 * then on is queued behind.
 * <p>
 * <b>Threading.</b> Records are evicted by the worker that allocates workers, added by
 * the reader, taken by the worker of the key, and completed by any thread. The queue and
 * the end are guarded by the monitor of this, under which nothing blocks or calls code of
 * the application; the window is owned by the reader.
 */
public final class EvictedKey {

	private static final int MAX_RECORDS = 500;

	private static final int MAX_BYTES = 256 << 10;

	private final Deque<ConsumerRecord<?, ?>> read = new ArrayDeque<>();

	private final AssignmentHandle assignment;

	private final TopicPartition partition;

	private final Object name;

	private final @Nullable KeyHash hash;

	private final OffsetWindow window;

	/** What is evicted and not read, if the key has no hash. */
	private final @Nullable OffsetWindow offsets;

	private final LongPredicate excluded;

	private final LongConsumer missing;

	private final int near;

	/** Of what is evicted, the offsets of records that were parked before. */
	private final Set<Long> parkedBefore = ConcurrentHashMap.newKeySet();

	private final AtomicLong unfinished = new AtomicLong();

	/** How many records were taken by the worker and are not completed. */
	private final AtomicLong inHand = new AtomicLong();

	private int bytes;

	private long end;

	private boolean endFixed;

	private boolean requested;

	private volatile @Nullable Worker worker;

	/**
	 * Create a key of which nothing is evicted yet.
	 * @param assignment the assignment of its partition
	 * @param partition the partition
	 * @param name what stands for the key
	 * @param hash the hash of the key, or {@code null} if it has none
	 * @param from the offset of its first record that is going to be evicted
	 * @param excluded which offsets are not evicted, whatever their keys are
	 * @param missing is to complete an offset that is open in the partition, since the
	 * log does not hold its record any more
	 * @param near how many offsets before the end of what was evicted the end is fixed
	 */
	EvictedKey(AssignmentHandle assignment, TopicPartition partition, Object name, @Nullable KeyHash hash, long from,
			LongPredicate excluded, LongConsumer missing, int near) {
		this.assignment = assignment;
		this.partition = partition;
		this.name = name;
		this.hash = hash;
		this.window = new OffsetWindow(from);
		this.offsets = (hash != null) ? null : new OffsetWindow(from);
		this.excluded = excluded;
		this.missing = missing;
		this.near = near;
		this.end = from;
	}

	/**
	 * Return what stands for the key.
	 */
	Object name() {
		return this.name;
	}

	@Nullable KeyHash hash() {
		return this.hash;
	}

	/**
	 * Return whether its unfinished records are reported by its hash, rather than by
	 * their offsets.
	 * @return {@code true} if the key has a hash
	 */
	public boolean isHashed() {
		return this.hash != null;
	}

	/**
	 * Return the partition.
	 * @return always the same
	 */
	public TopicPartition partition() {
		return this.partition;
	}

	/**
	 * Return whether the assignment of its partition has ended. Any thread.
	 * @return {@code true} if its records are not to be handled any more
	 */
	public boolean isRevoked() {
		return this.assignment.isRevoked();
	}

	/**
	 * Evict a record, unless the end is fixed already.
	 * @param offset its offset
	 * @param wasParked whether it is known to have been parked before
	 * @return whether it is evicted: {@code false} if it is to be queued behind what is
	 * read
	 */
	synchronized boolean evict(long offset, boolean wasParked) {
		if (this.endFixed) {
			return false;
		}
		if (wasParked) {
			this.parkedBefore.add(offset);
		}
		this.end = offset + 1;
		if (this.offsets != null) {
			this.offsets.advance();
			this.offsets.append(offset);
		}
		this.unfinished.incrementAndGet();
		return true;
	}

	/**
	 * Return whether a record was evicted. A key that has no hash may be one that cannot
	 * be recognized, so that this is known by the offset.
	 * @param record a record at or above the position
	 * @param name returns what stands for its key, or {@code null} if it has none
	 * @return {@code true} if it is of this key
	 */
	public boolean isOf(ConsumerRecord<?, ?> record, Supplier<@Nullable Object> name) {
		OffsetWindow offsets = this.offsets;
		return (offsets != null) ? record.offset() < offsets.next() && !offsets.isComplete(record.offset())
				: !this.excluded.test(record.offset()) && this.name.equals(name.get());
	}

	/**
	 * Return the offset from which on its records are not completed. Any thread.
	 */
	long from() {
		return this.window.firstOpen();
	}

	/**
	 * Return whether an offset was read and is not completed, or is to be read and was
	 * parked before. Any thread.
	 * @param offset the offset
	 * @return {@code false} also if it is evicted, not read and not known to have been
	 * parked
	 */
	public boolean isOpen(long offset) {
		return (offset < this.window.next()) ? !this.window.isComplete(offset) : this.parkedBefore.contains(offset);
	}

	/**
	 * Note that an offset is completed. Any thread.
	 * @param offset the offset
	 * @return whether it was open
	 */
	public boolean finish(long offset) {
		boolean finished = this.window.complete(offset);
		if (finished) {
			this.unfinished.decrementAndGet();
			this.inHand.decrementAndGet();
		}
		return finished;
	}

	/**
	 * Return how many records were evicted and are not completed. Any thread.
	 * @return the number
	 */
	public long records() {
		return this.unfinished.get();
	}

	/**
	 * Return how many records were read again and taken by the worker, and are not
	 * completed. Any thread.
	 */
	long inHand() {
		return this.inHand.get();
	}

	/**
	 * Note that the worker does not have a record any more that it has not completed. Any
	 * thread.
	 * @param offset its offset
	 */
	void drop(long offset) {
		// An attempt that has failed may be acknowledged all the same.
		if (isOpen(offset)) {
			this.inHand.decrementAndGet();
		}
	}

	/**
	 * Return whether all that was evicted is completed, and nothing is evicted any more.
	 */
	boolean isFinished() {
		long end;
		synchronized (this) {
			if (!this.endFixed) {
				return false;
			}
			end = this.end;
		}
		return this.window.next() >= end && this.window.firstOpen() >= end;
	}

	/**
	 * Return from which offset on to read. Called by the reader.
	 * @return the offset
	 */
	public long position() {
		return this.window.next();
	}

	/**
	 * Return where to end reading. Any thread.
	 * @return the offset after the last record that was evicted
	 */
	public synchronized long end() {
		return this.end;
	}

	/**
	 * Return whether there is something to read and room for it. Called by the reader.
	 * @return {@code false} if the worker has to take what was read first, or all was
	 * read
	 */
	public synchronized boolean isToBeRead() {
		return position() < this.end && this.read.size() < MAX_RECORDS && this.bytes < MAX_BYTES;
	}

	/**
	 * Add a record that was read. Called by the reader, while {@link #isToBeRead}.
	 * @param record a record of the key at or above the position
	 */
	public void add(ConsumerRecord<?, ?> record) {
		int size = sizeOf(record);
		completeMissing(record.offset());
		// At once, since all is taken when the position is at the end and nothing is
		// here.
		synchronized (this) {
			this.window.append(record.offset());
			this.read.add(record);
			this.bytes += size;
		}
		if (this.offsets != null) {
			this.offsets.complete(record.offset());
		}
	}

	/**
	 * Note that there is no other record of the key below an offset. Called by the
	 * reader.
	 * @param offset the offset, up to the end
	 */
	public void passTo(long offset) {
		long to = Math.min(offset, end());
		if (to > position()) {
			completeMissing(to);
			this.window.skipTo(to);
		}
		this.window.advance();
	}

	/**
	 * Complete what was evicted and is not in the log any more, up to an offset: of keys
	 * that have a hash, only what is in the log counts.
	 */
	private void completeMissing(long to) {
		OffsetWindow offsets = this.offsets;
		for (long offset = position(); offsets != null && offset < to; offset++) {
			if (offsets.complete(offset)) {
				this.unfinished.decrementAndGet();
				this.missing.accept(offset);
			}
		}
	}

	/**
	 * Let the worker look what was read. Called by the reader, when it has read what
	 * there is room for.
	 */
	public void answer() {
		synchronized (this) {
			this.requested = false;
		}
		wake();
	}

	/**
	 * Let the worker look what was read, while there is room for more. Called by the
	 * reader.
	 */
	public void wake() {
		Worker worker = this.worker;
		if (worker != null) {
			worker.wake();
		}
	}

	/**
	 * Take what was read. Called by the worker, which is woken when there is more.
	 * @param worker the worker
	 * @return records in the order of their offsets; empty if nothing is read
	 */
	synchronized List<ConsumerRecord<?, ?>> take(Worker worker) {
		this.worker = worker;
		List<ConsumerRecord<?, ?>> taken = new ArrayList<>(this.read);
		this.read.clear();
		this.bytes = 0;
		this.inHand.addAndGet(taken.size());
		this.endFixed |= this.end - position() <= this.near;
		return taken;
	}

	/**
	 * Return whether the reader has to be requested to read more. Called by the worker
	 * after it has taken what was read.
	 * @return {@code false} if nothing is left, or it was requested and has not answered
	 */
	synchronized boolean request() {
		boolean request = !this.requested && position() < this.end;
		this.requested |= request;
		return request;
	}

	/**
	 * Return whether there is something to take, to request, or nothing to be expected.
	 * Any thread.
	 */
	synchronized boolean isAnswered() {
		return !this.read.isEmpty() || !this.requested || position() >= this.end || isRevoked();
	}

	/**
	 * Return whether everything was taken, and nothing is evicted any more. Called by the
	 * worker.
	 */
	synchronized boolean isTaken() {
		return this.endFixed && this.read.isEmpty() && position() >= this.end;
	}

	private static int sizeOf(ConsumerRecord<?, ?> record) {
		return Math.max(0, record.serializedKeySize()) + Math.max(0, record.serializedValueSize());
	}

	@Override
	public String toString() {
		return "a key of " + this.assignment;
	}

}
