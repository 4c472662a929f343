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

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.offset.CompletedOffsets;

/**
 * Notes of handled records in memory, for tests. Transactions have no effect of their
 * own: what handlers do is theirs.
 * <p>
 * <b>Threading.</b> For one thread.
 */
public final class NotesInMemory implements OnceStore {

	/** What is noted of each partition. */
	public final Map<Partition, TreeSet<Long>> notes = new HashMap<>();

	/** The floor of each partition. */
	public final Map<Partition, Long> floors = new HashMap<>();

	/** What every call fails with, or {@code null} if none does. */
	public @Nullable RuntimeException failure;

	/** Run when a transaction is committed; if it throws, that is not answered. */
	public Runnable committed = () -> {
	};

	/** What happens while the transaction of a delivery begins. */
	public Runnable beginning = () -> {
	};

	/** How many transactions were rolled back. */
	public int rolledBack;

	@Override
	public boolean deliver(Call delivery, Supplier<List<Note>> notes) throws Throwable {
		failIfRequested();
		this.beginning.run();
		List<Note> added;
		try {
			delivery.run();
			added = notes.get();
		}
		catch (Throwable ex) {
			this.rolledBack++;
			throw ex;
		}
		for (Note note : added) {
			if (note.offset() < this.floors.getOrDefault(note.partition(), 0L)
					|| offsets(note.partition()).contains(note.offset())) {
				this.rolledBack++;
				return false;
			}
		}
		added.forEach((note) -> offsets(note.partition()).add(note.offset()));
		this.committed.run();
		return true;
	}

	@Override
	public Map<Partition, Noted> noted(Map<Partition, Long> from) {
		failIfRequested();
		Map<Partition, Noted> noted = new TreeMap<>((one, other) -> one.toString().compareTo(other.toString()));
		from.forEach((partition, offset) -> {
			CompletedOffsets.Builder offsets = new CompletedOffsets.Builder();
			offsets(partition).tailSet(offset).forEach((each) -> offsets.add(each, each + 1));
			noted.put(partition, new Noted(offsets.build(), this.floors.computeIfAbsent(partition, (key) -> 0L)));
		});
		return noted;
	}

	@Override
	public void forget(Partition partition, long from) {
		failIfRequested();
		offsets(partition).tailSet(from).clear();
		this.floors.computeIfPresent(partition, (key, floor) -> Math.min(floor, from));
	}

	@Override
	public boolean raiseFloor(Partition partition, long from, long to) {
		failIfRequested();
		boolean raised = this.floors.replace(partition, from, to);
		this.committed.run();
		return raised;
	}

	@Override
	public void deleteBelow(Partition partition, long floor) {
		failIfRequested();
		if (this.floors.getOrDefault(partition, -1L) == floor) {
			offsets(partition).headSet(floor).clear();
		}
	}

	private void failIfRequested() {
		if (this.failure != null) {
			throw this.failure;
		}
	}

	/**
	 * Return what is noted of a partition.
	 * @param partition the partition
	 * @return a live set
	 */
	public TreeSet<Long> offsets(Partition partition) {
		return this.notes.computeIfAbsent(partition, (key) -> new TreeSet<>());
	}

}
