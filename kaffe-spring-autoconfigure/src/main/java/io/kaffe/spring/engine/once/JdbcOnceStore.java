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

package io.kaffe.spring.engine.once;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

import javax.sql.DataSource;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.RowCallbackHandler;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionStatus;
import org.springframework.transaction.jta.JtaTransactionManager;
import org.springframework.transaction.support.TransactionCallback;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

import io.kaffe.spring.engine.delivery.OnceStore;
import io.kaffe.spring.engine.delivery.PostponedCommitException;
import io.kaffe.spring.engine.offset.CompletedOffsets;

/**
 * Notes records in a table of the application's database, in the transactions of the
 * application's transaction manager.
 * <p>
 * The table has nothing but its primary key: group, topic, topic id, partition and
 * offset. A row says that the record is handled. The floor of a partition is a row as
 * well, whose partition number is negative ({@code -1 - number}). A note is inserted by
 * one statement that selects most of it from the row of the floor, if that is not higher.
 * It is inserted after the handler has returned: until then, it keeps nobody waiting who
 * has the partition now.
 * <p>
 * <b>Threading.</b> Immutable. Transactions are bound to the calling thread.
 */
public final class JdbcOnceStore implements OnceStore {

	/** Rows of one statement, which have six parameters each. */
	private static final int MAX_ROWS = 100;

	private static final int MAX_PARTITIONS = 100;

	/**
	 * Rows of one answer of the database, where its driver does not return all at once.
	 */
	private static final int FETCHED_ROWS = 1000;

	/** Offsets of which one statement deletes the notes. */
	private static final int DELETED_OFFSETS = 1000;

	private static final Comparator<Note> ORDER = Comparator.comparing((Note note) -> note.partition().topic())
		.thenComparingInt((note) -> note.partition().number())
		.thenComparingLong(Note::offset);

	private static final String IS_PARTITION = "topic = ? AND topic_id = ? AND partition_number = ?";

	private static final String COLUMNS = "consumer_group, topic, topic_id, partition_number, record_offset";

	private static final String WHERE_PARTITION = " WHERE consumer_group = ? AND " + IS_PARTITION;

	private final DataSource dataSource;

	private final PlatformTransactionManager transactionManager;

	private final JdbcTemplate jdbc;

	private final TransactionTemplate transactions;

	private final String table;

	/** How the statements begin that insert rows. */
	private final String insert;

	/** Selects a note from its floor. */
	private final String note;

	private final String insertOfOne;

	/**
	 * Create a store.
	 * @param dataSource has the table
	 * @param transactionManager the transaction manager of this data source
	 * @param table the name of the table
	 */
	public JdbcOnceStore(DataSource dataSource, PlatformTransactionManager transactionManager, String table) {
		this.dataSource = dataSource;
		this.transactionManager = transactionManager;
		this.jdbc = new JdbcTemplate(dataSource);
		this.jdbc.setFetchSize(FETCHED_ROWS);
		this.transactions = new TransactionTemplate(transactionManager);
		this.table = table;
		this.insert = "INSERT INTO " + table + " (" + COLUMNS + ") ";
		this.note = "SELECT consumer_group, topic, topic_id, -1 - partition_number, ? FROM " + table + WHERE_PARTITION
				+ " AND record_offset <= ?";
		this.insertOfOne = this.insert + this.note;
	}

	/**
	 * Return whether the transactions are those of the data source.
	 * @return {@code false} if a note would not be part of the transaction of its handler
	 */
	public boolean sharesTransactions() {
		DataSource dataSource = this.dataSource;
		while (dataSource instanceof TransactionAwareDataSourceProxy proxy && proxy.getTargetDataSource() != null) {
			dataSource = proxy.getTargetDataSource();
		}
		DataSource ofTransactions = dataSource;
		return this.transactionManager instanceof JtaTransactionManager || Boolean.TRUE.equals(
				this.transactions.execute((status) -> TransactionSynchronizationManager.hasResource(ofTransactions)));
	}

	/**
	 * Use the table as it will be used, without an effect.
	 * @throws org.springframework.dao.DataAccessException if the table, or a right to it,
	 * is missing
	 */
	public void verify() {
		Partition probe = new Partition("kaffe", "kaffe", Uuid.ZERO_UUID, 0);
		this.transactions.executeWithoutResult((status) -> {
			status.setRollbackOnly();
			noted(Map.of(probe, 0L));
			insert(List.of(new Note(probe, 1)));
			raiseFloor(probe, 0, 2);
			deleteBelow(probe, 2);
		});
	}

	@Override
	public boolean deliver(Call delivery, Supplier<List<Note>> notes) throws Throwable {
		Delivering delivering = new Delivering(delivery, notes);
		boolean accepted = false;
		try {
			accepted = Boolean.TRUE.equals(this.transactions.execute(delivering));
		}
		catch (RuntimeException | Error ex) {
			if (delivering.failure == null) {
				throw ex;
			}
			// It could not be rolled back, as if the connection is broken.
			if (ex != delivering.failure) {
				delivering.failure.addSuppressed(ex);
			}
		}
		if (delivering.failure != null) {
			if (!delivering.withoutFloor.isEmpty()) {
				// Adds them.
				noted(delivering.withoutFloor);
			}
			throw delivering.failure;
		}
		return accepted;
	}

	/**
	 * Insert notes.
	 * @return whether all were inserted. If not, one is there already, or its floor is
	 * higher or missing, and the transaction has to be rolled back
	 */
	private boolean insert(List<Note> notes) {
		List<Note> sorted = (notes.size() > 1) ? notes.stream().sorted(ORDER).toList() : notes;
		for (int from = 0; from < sorted.size(); from += MAX_ROWS) {
			List<Note> rows = sorted.subList(from, Math.min(from + MAX_ROWS, sorted.size()));
			if (this.jdbc.update(insertOf(rows.size()), parameters(rows)) < rows.size()) {
				return false;
			}
		}
		return true;
	}

	/**
	 * Return a statement that every supported database knows: of other ways to insert
	 * several rows, or a row on a condition, none is common to all. That several begin
	 * with no rows of the table gives the parameters their types.
	 */
	private String insertOf(int rows) {
		return (rows == 1) ? this.insertOfOne : this.insert + "SELECT " + COLUMNS + " FROM " + this.table
				+ " WHERE 1 = 0 UNION ALL " + String.join(" UNION ALL ", Collections.nCopies(rows, this.note));
	}

	private static Object[] parameters(List<Note> notes) {
		List<Object> parameters = new ArrayList<>(6 * notes.size());
		for (Note note : notes) {
			parameters.add(note.offset());
			Collections.addAll(parameters, key(note.partition(), floorOf(note.partition()), note.offset()));
		}
		return parameters.toArray();
	}

	private static Object[] key(Partition partition, int number, long offset) {
		return new Object[] { partition.group(), partition.topic(), partition.topicId().toString(), number, offset };
	}

	private static int floorOf(Partition partition) {
		return -1 - partition.number();
	}

	@Override
	public Map<Partition, Noted> noted(Map<Partition, Long> from) {
		Map<Partition, Noted> noted = new HashMap<>();
		Map<String, List<Partition>> groups = new HashMap<>();
		from.keySet()
			.forEach((partition) -> groups.computeIfAbsent(partition.group(), (key) -> new ArrayList<>())
				.add(partition));
		groups.forEach((group, partitions) -> {
			for (int first = 0; first < partitions.size(); first += MAX_PARTITIONS) {
				List<Partition> asked = partitions.subList(first, Math.min(first + MAX_PARTITIONS, partitions.size()));
				Rows rows = inTransaction(() -> rows(group, asked, from));
				asked.forEach((partition) -> noted.put(partition,
						new Noted(rows.offsets(partition), floor(partition, rows))));
			}
		});
		return noted;
	}

	private Rows rows(String group, Collection<Partition> partitions, Map<Partition, Long> from) {
		List<Object> parameters = new ArrayList<>();
		parameters.add(group);
		List<String> conditions = new ArrayList<>();
		for (Partition partition : partitions) {
			conditions.add("(" + IS_PARTITION + " AND record_offset >= ?) OR (" + IS_PARTITION + ")");
			String topicId = partition.topicId().toString();
			Collections.addAll(parameters, partition.topic(), topicId, partition.number(), from.get(partition));
			Collections.addAll(parameters, partition.topic(), topicId, floorOf(partition));
		}
		Rows rows = new Rows(new HashMap<>(), new HashMap<>());
		this.jdbc.query("SELECT topic, topic_id, partition_number, record_offset FROM " + this.table
				+ " WHERE consumer_group = ? AND (" + String.join(" OR ", conditions) + ") ORDER BY record_offset",
				(RowCallbackHandler) (row) -> rows.add(group, row.getString(1), Uuid.fromString(row.getString(2)),
						row.getInt(3), row.getLong(4)),
				parameters.toArray());
		return rows;
	}

	/**
	 * Return the floor of a partition, which it gets if it has none.
	 */
	private long floor(Partition partition, Rows rows) {
		Long floor = rows.floors().get(partition);
		if (floor != null) {
			return floor;
		}
		try {
			inTransaction(() -> addFloor(partition, 0));
		}
		catch (DuplicateKeyException ex) {
			// Another has added it at the same time.
		}
		return 0;
	}

	private int addFloor(Partition partition, long floor) {
		return this.jdbc.update(this.insert + "VALUES (?, ?, ?, ?, ?)", key(partition, floorOf(partition), floor));
	}

	@Override
	public void forget(Partition partition, long from) {
		inTransaction(() -> {
			if (deleteFrom(partition, floorOf(partition), from) > 0) {
				addFloor(partition, from);
			}
			return deleteFrom(partition, partition.number(), from);
		});
	}

	private int deleteFrom(Partition partition, int number, long from) {
		return this.jdbc.update("DELETE FROM " + this.table + WHERE_PARTITION + " AND record_offset >= ?",
				key(partition, number, from));
	}

	@Override
	public boolean raiseFloor(Partition partition, long from, long to) {
		return inTransaction(() -> replaceFloor(partition, from, to));
	}

	private boolean replaceFloor(Partition partition, long from, long to) {
		List<Object> parameters = new ArrayList<>();
		parameters.add(to);
		Collections.addAll(parameters, key(partition, floorOf(partition), from));
		return this.jdbc.update(
				"UPDATE " + this.table + " SET record_offset = ?" + WHERE_PARTITION + " AND record_offset = ?",
				parameters.toArray()) > 0;
	}

	@Override
	public void deleteBelow(Partition partition, long floor) {
		Object[] below = key(partition, partition.number(), floor);
		Long first = first(below);
		while (first != null) {
			long from = first;
			// Keeps the floor as it is until the end of the transaction.
			boolean deleted = inTransaction(() -> replaceFloor(partition, floor, floor)
					&& delete(partition, from, Math.min(from + DELETED_OFFSETS, floor)));
			first = deleted ? first(below) : null;
		}
	}

	private boolean delete(Partition partition, long from, long to) {
		List<Object> parameters = new ArrayList<>();
		Collections.addAll(parameters, key(partition, partition.number(), from));
		parameters.add(to);
		return this.jdbc.update(
				"DELETE FROM " + this.table + WHERE_PARTITION + " AND record_offset >= ? AND record_offset < ?",
				parameters.toArray()) > 0;
	}

	private @Nullable Long first(Object[] below) {
		return this.transactions.execute((status) -> this.jdbc.queryForObject(
				"SELECT MIN(record_offset) FROM " + this.table + WHERE_PARTITION + " AND record_offset < ?", Long.class,
				below));
	}

	/**
	 * Connections may be configured not to commit by themselves.
	 */
	private <T> T inTransaction(Supplier<T> statements) {
		return Objects.requireNonNull(this.transactions.execute((status) -> statements.get()));
	}

	@Override
	public String toString() {
		return "table " + this.table;
	}

	/**
	 * A delivery in a transaction, in which it is noted.
	 */
	private final class Delivering implements TransactionCallback<Boolean> {

		private final Call delivery;

		private final Supplier<List<Note>> notes;

		/** What was thrown before the end of the transaction. */
		private @Nullable Throwable failure;

		/** Any offset by the partitions that have no floor. */
		private Map<Partition, Long> withoutFloor = Map.of();

		Delivering(Call delivery, Supplier<List<Note>> notes) {
			this.delivery = delivery;
			this.notes = notes;
		}

		@Override
		public Boolean doInTransaction(TransactionStatus status) {
			boolean accepted = false;
			try {
				this.delivery.run();
				accepted = insert();
			}
			catch (Throwable ex) {
				this.failure = ex;
			}
			if (!accepted) {
				status.setRollbackOnly();
			}
			return accepted;
		}

		private boolean insert() {
			List<Note> notes = this.notes.get();
			try {
				boolean inserted = JdbcOnceStore.this.insert(notes);
				if (!inserted) {
					checkBelowFloor(notes);
				}
				return inserted;
			}
			catch (DuplicateKeyException ex) {
				return false;
			}
		}

		/**
		 * Make sure that a note is below the floor of its partition.
		 * @throws PostponedCommitException if none is: a floor was deleted, or is being
		 * moved
		 */
		private void checkBelowFloor(List<Note> notes) {
			Map<Partition, Long> partitions = new HashMap<>();
			notes.forEach((note) -> partitions.put(note.partition(), Long.MAX_VALUE));
			Map<Partition, Long> floors = rows(notes.get(0).partition().group(), partitions.keySet(), partitions)
				.floors();
			if (notes.stream().noneMatch((note) -> floors.getOrDefault(note.partition(), 0L) > note.offset())) {
				partitions.keySet().removeAll(floors.keySet());
				this.withoutFloor = partitions;
				throw new PostponedCommitException("Records cannot be noted in " + JdbcOnceStore.this + ": "
						+ (partitions.isEmpty() ? "a floor is being moved" : "rows of it were deleted by others"),
						null);
			}
		}

	}

	/**
	 * Rows that were read, in the order of their offsets.
	 *
	 * @param notes what is noted of each partition
	 * @param floors the floor of each partition that has one
	 */
	private record Rows(Map<Partition, CompletedOffsets.Builder> notes, Map<Partition, Long> floors) {

		void add(String group, String topic, Uuid topicId, int number, long offset) {
			if (number < 0) {
				this.floors.put(new Partition(group, topic, topicId, -1 - number), offset);
			}
			else {
				this.notes
					.computeIfAbsent(new Partition(group, topic, topicId, number),
							(partition) -> new CompletedOffsets.Builder())
					.add(offset, offset + 1);
			}
		}

		CompletedOffsets offsets(Partition partition) {
			return this.notes.getOrDefault(partition, new CompletedOffsets.Builder()).build();
		}

	}

}
