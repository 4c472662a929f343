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

package io.kaffe.spring.engine.listener;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.clients.consumer.RetriableCommitFailedException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A consumer on simulated partitions, for one thread: positions, pauses and commits are
 * as a test wants them, and a test polls, unless partitions are assigned by hand.
 */
final class SimulatedConsumer extends MockConsumer<Object, Object> {

	private static final int MAX_POLLED = 10;

	private final Map<TopicPartition, Long> positions = new HashMap<>();

	private final Set<TopicPartition> assigned = new LinkedHashSet<>();

	private final Set<TopicPartition> pausedPartitions = new LinkedHashSet<>();

	private final Deque<Commit> unanswered = new ArrayDeque<>();

	private final Map<TopicPartition, Partition> partitions;

	private final Consumer<Map<TopicPartition, OffsetAndMetadata>> beforeCommit;

	/** The leader epochs of positions that were set with one. */
	private final Map<TopicPartition, Integer> leaderEpochs = new HashMap<>();

	private OptionalLong lag = OptionalLong.empty();

	private int wakeups;

	private boolean refusing;

	private boolean failingToSeek;

	private boolean failingWhenAskedForPaused;

	private boolean assignedByHand;

	/**
	 * Create a consumer without partitions.
	 * @param partitions the partitions of the cluster
	 * @param beforeCommit called with each commit that is sent
	 */
	SimulatedConsumer(Map<TopicPartition, Partition> partitions,
			Consumer<Map<TopicPartition, OffsetAndMetadata>> beforeCommit) {
		super("earliest");
		this.partitions = partitions;
		this.beforeCommit = beforeCommit;
	}

	/**
	 * Assign partitions, to be read from their committed offsets.
	 */
	void take(Collection<TopicPartition> added) {
		for (TopicPartition partition : added) {
			if (this.assigned.add(partition)) {
				OffsetAndMetadata committed = partition(partition).committed;
				this.positions.put(partition, (committed != null) ? committed.offset() : 0);
			}
		}
	}

	void letGo(Collection<TopicPartition> removed) {
		this.assigned.removeAll(removed);
		this.pausedPartitions.removeAll(removed);
		this.positions.keySet().removeAll(removed);
	}

	/**
	 * Return whether records can be polled of a partition.
	 */
	boolean isFetchable(TopicPartition partition) {
		return this.assigned.contains(partition) && !this.pausedPartitions.contains(partition)
				&& position(partition) < partition(partition).end;
	}

	/**
	 * Take records of a partition from its position on.
	 * @param most how many at most
	 */
	List<ConsumerRecord<Object, Object>> fetch(TopicPartition partition, int most) {
		Partition log = partition(partition);
		List<ConsumerRecord<Object, Object>> records = new ArrayList<>();
		long position = position(partition);
		for (ConsumerRecord<Object, Object> record : log.records.tailMap(position, true).values()) {
			if (records.size() == most) {
				break;
			}
			records.add(record);
			position = record.offset() + 1;
		}
		// What holds no record behind the last one is passed, too.
		Long following = log.records.ceilingKey(position);
		this.positions.put(partition, (following != null) ? position : log.end);
		return records;
	}

	/**
	 * Answer the commit that was sent first.
	 * @param applied whether the broker has taken it
	 * @param confirmed whether the client gets to know
	 */
	void answer(boolean applied, boolean confirmed) {
		Commit commit = this.unanswered.poll();
		if (commit == null) {
			return;
		}
		if (applied) {
			apply(commit.offsets());
		}
		commit.callback()
			.onComplete(commit.offsets(),
					(applied && confirmed) ? null : new RetriableCommitFailedException("not answered"));
	}

	/**
	 * Return the leader epoch of the position that was set last, if it was set with one.
	 */
	@Nullable Integer leaderEpoch(TopicPartition partition) {
		return this.leaderEpochs.get(partition);
	}

	/**
	 * Know how far the ends of all partitions are, as of the last fetch.
	 */
	void lag(long lag) {
		this.lag = OptionalLong.of(lag);
	}

	/**
	 * Return how often it was woken up, which interrupts nothing.
	 */
	int wakeups() {
		return this.wakeups;
	}

	/**
	 * Refuse synchronous commits, or accept them again.
	 */
	void refuse(boolean refusing) {
		this.refusing = refusing;
	}

	/**
	 * Throw at the next seek.
	 */
	void failToSeek() {
		this.failingToSeek = true;
	}

	/**
	 * Throw when asked which partitions are paused, or tell again.
	 */
	void failWhenAskedForPaused(boolean failing) {
		this.failingWhenAskedForPaused = failing;
	}

	private Partition partition(TopicPartition partition) {
		return Objects.requireNonNull(this.partitions.get(partition));
	}

	private void apply(Map<TopicPartition, OffsetAndMetadata> offsets) {
		offsets.forEach((partition, offset) -> partition(partition).committed = offset);
	}

	@Override
	public synchronized void commitAsync(Map<TopicPartition, OffsetAndMetadata> offsets,
			OffsetCommitCallback callback) {
		this.beforeCommit.accept(offsets);
		this.unanswered.add(new Commit(Map.copyOf(offsets), callback));
	}

	@Override
	public synchronized void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
		this.beforeCommit.accept(offsets);
		while (!this.unanswered.isEmpty()) {
			answer(true, true);
		}
		if (this.refusing) {
			throw new CommitFailedException();
		}
		apply(offsets);
	}

	@Override
	public synchronized Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> wanted, Duration timeout) {
		Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
		wanted.forEach((partition) -> {
			OffsetAndMetadata commit = partition(partition).committed;
			if (commit != null) {
				committed.put(partition, commit);
			}
		});
		return committed;
	}

	@Override
	public synchronized void seek(TopicPartition partition, OffsetAndMetadata offset) {
		seek(partition, offset.offset());
		offset.leaderEpoch().ifPresent((epoch) -> this.leaderEpochs.put(partition, epoch));
	}

	@Override
	public synchronized void seek(TopicPartition partition, long offset) {
		this.leaderEpochs.remove(partition);
		if (this.failingToSeek) {
			this.failingToSeek = false;
			throw new IllegalStateException("cannot seek");
		}
		if (!this.assigned.contains(partition)) {
			throw new IllegalStateException("No current assignment for partition " + partition);
		}
		this.positions.put(partition, offset);
	}

	@Override
	public synchronized long position(TopicPartition partition) {
		Long position = this.positions.get(partition);
		if (position == null) {
			throw new IllegalStateException(
					"You can only check the position for partitions assigned to this consumer.");
		}
		return position;
	}

	@Override
	public synchronized long position(TopicPartition partition, Duration timeout) {
		return position(partition);
	}

	@Override
	public synchronized Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> wanted,
			Duration timeout) {
		Map<TopicPartition, Long> beginnings = new HashMap<>();
		wanted.forEach((partition) -> beginnings.put(partition, 0L));
		return beginnings;
	}

	@Override
	public synchronized Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> wanted, Duration timeout) {
		Map<TopicPartition, Long> ends = new HashMap<>();
		wanted.forEach((partition) -> ends.put(partition, partition(partition).end));
		return ends;
	}

	@Override
	public synchronized OptionalLong currentLag(TopicPartition partition) {
		return this.lag;
	}

	@Override
	public synchronized void pause(Collection<TopicPartition> wanted) {
		if (!this.assigned.containsAll(wanted)) {
			throw new IllegalStateException("No current assignment for all of " + wanted);
		}
		this.pausedPartitions.addAll(wanted);
	}

	@Override
	public synchronized void resume(Collection<TopicPartition> wanted) {
		this.pausedPartitions.removeAll(wanted);
	}

	@Override
	public synchronized Set<TopicPartition> paused() {
		if (this.failingWhenAskedForPaused) {
			throw new IllegalStateException("cannot tell what is paused");
		}
		return Set.copyOf(this.pausedPartitions);
	}

	@Override
	public synchronized Set<TopicPartition> assignment() {
		return Set.copyOf(this.assigned);
	}

	@Override
	public synchronized void assign(Collection<TopicPartition> wanted) {
		letGo(Set.copyOf(this.assigned));
		take(wanted);
		this.assignedByHand = true;
	}

	/**
	 * Return a few records, if the partitions were assigned by hand.
	 */
	@Override
	public synchronized ConsumerRecords<Object, Object> poll(Duration timeout) {
		Map<TopicPartition, List<ConsumerRecord<Object, Object>>> polled = new HashMap<>();
		if (this.assignedByHand) {
			this.assigned.forEach((partition) -> polled.put(partition, fetch(partition, MAX_POLLED)));
		}
		return new ConsumerRecords<>(polled, Map.of());
	}

	@Override
	public synchronized void wakeup() {
		this.wakeups++;
	}

	/**
	 * A partition of the cluster.
	 */
	static final class Partition {

		private final TreeMap<Long, ConsumerRecord<Object, Object>> records = new TreeMap<>();

		private @Nullable OffsetAndMetadata committed;

		private long end;

		/**
		 * Append a record.
		 */
		void append(ConsumerRecord<Object, Object> record) {
			this.records.put(record.offset(), record);
			this.end = record.offset() + 1;
		}

		/**
		 * Append offsets without records, such as markers of transactions.
		 */
		void appendGap(int length) {
			this.end += length;
		}

		long end() {
			return this.end;
		}

		/**
		 * Return the key of the record at an offset that has one.
		 */
		Object key(long offset) {
			return Objects.requireNonNull(this.records.get(offset)).key();
		}

		NavigableSet<Long> offsets() {
			return new TreeSet<>(this.records.keySet());
		}

		@Nullable OffsetAndMetadata committed() {
			return this.committed;
		}

	}

	/**
	 * A commit that was sent.
	 */
	private record Commit(Map<TopicPartition, OffsetAndMetadata> offsets, OffsetCommitCallback callback) {
	}

}
