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

package io.kaffe.simulation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessResourceFailureException;

import io.kaffe.spring.engine.delivery.OnceStore.Note;
import io.kaffe.spring.engine.delivery.OnceStore.Partition;
import io.kaffe.spring.test.simulation.Simulation;

/**
 * The database that all instances share: the notes of handled records with a unique key,
 * the floors of partitions, and the effects of handlers. A statement sees what was
 * committed when it began. Of two transactions that insert the same note, the second
 * waits for the first one.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 * What is done at once is atomic.
 */
final class Database {

	/** How often it is looked whether a statement that waits can go on. */
	static final long LOOK_NANOS = 5_000_000;

	/** How often a statement looks before a transaction has waited too long. */
	private static final int MOST_LOOKS = 400;

	private static final Comparator<Note> ORDER = Comparator.comparing((Note note) -> note.partition().topic())
		.thenComparingInt((note) -> note.partition().number())
		.thenComparingLong(Note::offset);

	private final Map<Partition, NavigableSet<Long>> notes = new LinkedHashMap<>();

	private final Map<Partition, Long> floors = new LinkedHashMap<>();

	/** What open transactions have inserted. */
	private final Map<Note, DatabaseTransaction> inserted = new HashMap<>();

	private final Set<DatabaseTransaction> open = new LinkedHashSet<>();

	private final Simulation simulation;

	private final EffectsOracle effects;

	private final DatabaseDisturbances disturbances;

	Database(Simulation simulation, EffectsOracle effects, DatabaseDisturbances disturbances) {
		this.simulation = simulation;
		this.effects = effects;
		this.disturbances = disturbances;
	}

	void begin(DatabaseTransaction transaction) {
		this.open.add(transaction);
	}

	/**
	 * Have the effects of a record.
	 */
	void apply(DatabaseTransaction transaction, Fact fact) {
		requireOpen(transaction);
		transaction.apply(fact);
	}

	/**
	 * Return a statement that inserts notes: {@code false} if one of them is there
	 * already, or below the floor; {@code null} if it waits.
	 */
	Supplier<@Nullable Boolean> insertion(DatabaseTransaction transaction, List<Note> rows) {
		return new Insertion(transaction, rows.stream().sorted(ORDER).toList());
	}

	/**
	 * Commit a transaction.
	 */
	void commit(DatabaseTransaction transaction) {
		requireOpen(transaction);
		end(transaction);
		transaction.notes().forEach((note) -> of(note.partition()).add(note.offset()));
		this.effects.committed(transaction.applied(), transaction.notes());
		transaction.committed();
	}

	/**
	 * Roll a transaction back, unless it has ended.
	 */
	void rollBack(DatabaseTransaction transaction) {
		if (this.open.contains(transaction)) {
			this.simulation.record(() -> "the database rolls back " + transaction.applied());
			end(transaction);
		}
	}

	/**
	 * Roll back the transactions of an instance, or of all.
	 * @param instance the instance; {@code null}: all
	 */
	void rollBackAll(@Nullable ServiceInstance instance) {
		List.copyOf(this.open)
			.stream()
			.filter((transaction) -> instance == null || transaction.instance() == instance)
			.forEach(this::rollBack);
	}

	private void end(DatabaseTransaction transaction) {
		this.open.remove(transaction);
		transaction.notes().forEach(this.inserted::remove);
	}

	private void requireOpen(DatabaseTransaction transaction) {
		if (!this.open.contains(transaction)) {
			throw new DataAccessResourceFailureException("The database has ended the transaction");
		}
	}

	private NavigableSet<Long> of(Partition partition) {
		return this.notes.computeIfAbsent(partition, (key) -> new TreeSet<>());
	}

	/**
	 * Return what is noted of a partition from an offset on.
	 */
	List<Long> noted(Partition partition, long from) {
		return new ArrayList<>(of(partition).tailSet(from, true));
	}

	/**
	 * Return the floor of a partition, or {@code null} if it has none.
	 */
	@Nullable Long floor(Partition partition) {
		return this.floors.get(partition);
	}

	/**
	 * Add the floor of a partition, unless another has added it.
	 */
	void addFloor(Partition partition) {
		this.floors.putIfAbsent(partition, 0L);
	}

	void forget(Partition partition, long from) {
		this.simulation.record(() -> "the database forgets " + partition + " from " + from + " on");
		this.floors.computeIfPresent(partition, (key, floor) -> Math.min(floor, from));
		of(partition).tailSet(from, true).clear();
	}

	boolean raiseFloor(Partition partition, long from, long to) {
		boolean raised = this.floors.replace(partition, from, to);
		if (raised) {
			this.simulation.record(() -> "the floor of " + partition + " is raised to " + to);
			this.effects.raised(partition, to);
		}
		return raised;
	}

	void deleteBelow(Partition partition, long floor) {
		Long present = this.floors.get(partition);
		if (present != null && present == floor) {
			of(partition).headSet(floor, false).clear();
		}
	}

	/**
	 * Inserts notes. It sees the floors of when it began.
	 */
	private final class Insertion implements Supplier<@Nullable Boolean> {

		private final DatabaseTransaction transaction;

		private final List<Note> rows;

		private @Nullable Map<Partition, Long> seen;

		private int next;

		private int looks;

		Insertion(DatabaseTransaction transaction, List<Note> rows) {
			this.transaction = transaction;
			this.rows = rows;
		}

		@Override
		public @Nullable Boolean get() {
			requireOpen(this.transaction);
			Map<Partition, Long> floors = this.seen;
			if (floors == null) {
				floors = new HashMap<>(Database.this.floors);
				this.seen = floors;
				if (Database.this.disturbances.isSlow()) {
					return null;
				}
			}
			for (; this.next < this.rows.size(); this.next++) {
				Note note = this.rows.get(this.next);
				if (note.offset() < floors.getOrDefault(note.partition(), 0L)
						|| of(note.partition()).contains(note.offset())) {
					return false;
				}
				DatabaseTransaction other = Database.this.inserted.get(note);
				if (other != null) {
					waitFor(other, note);
					return null;
				}
				Database.this.inserted.put(note, this.transaction);
				this.transaction.notes().add(note);
			}
			return true;
		}

		/**
		 * Wait for the end of another transaction. If that takes long, one of the two is
		 * ended.
		 */
		private void waitFor(DatabaseTransaction other, Note note) {
			if (this.looks++ == 0) {
				Database.this.simulation.record(() -> "the database waits for another note " + note);
			}
			if (this.looks > MOST_LOOKS) {
				if (Database.this.simulation.choose(2) == 0) {
					throw new DataAccessResourceFailureException("Waited too long for another transaction");
				}
				rollBack(other);
			}
		}

	}

}
