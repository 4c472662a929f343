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

package io.kaffe.spring.benchmark.runner;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.kaffe.spring.benchmark.contender.Contender.Variant;
import io.kaffe.spring.benchmark.contender.Keys;

/**
 * The tables of contenders with a database, in a schema of their own: an account for each
 * key, an inbox, and what the starter creates there. They are created anew for each
 * round, and compared with the topic when it has ended.
 * <p>
 * <b>Threading.</b> Used by one thread, while no contender runs.
 */
final class Accounts implements AutoCloseable {

	private static final String SCHEMA = "kaffe_benchmarks";

	/** For each partition up to its floor, and one by one from there on. */
	private static final String NOTED = """
			SELECT (SELECT COALESCE(SUM(record_offset), 0) FROM kaffe_handled WHERE partition_number < 0)
				+ (SELECT COUNT(*) FROM kaffe_handled note JOIN kaffe_handled floor
					ON floor.partition_number = -1 - note.partition_number
					WHERE note.partition_number >= 0 AND note.record_offset >= floor.record_offset)""";

	private final String database;

	/**
	 * Create what has no tables yet.
	 * @param database the JDBC URL of a PostgreSQL
	 */
	Accounts(String database) {
		this.database = database;
	}

	/**
	 * Return the JDBC URL for those who use the tables.
	 */
	String url() {
		return this.database + (this.database.contains("?") ? "&" : "?") + "currentSchema=" + SCHEMA;
	}

	/**
	 * Create the tables, without anything from before.
	 */
	void create() throws SQLException {
		close();
		execute(this.database, "CREATE SCHEMA " + SCHEMA);
		execute(url(), "CREATE TABLE account (id INTEGER PRIMARY KEY, balance BIGINT NOT NULL)");
		execute(url(), "INSERT INTO account SELECT id, 0 FROM generate_series(0, %d) id".formatted(Keys.MOST - 1));
		execute(url(), "CREATE TABLE inbox (topic VARCHAR(249), partition_number INTEGER, record_offset BIGINT, "
				+ "PRIMARY KEY (topic, partition_number, record_offset))");
	}

	/**
	 * Return what the database does not have as it should.
	 * @param variant what the contender has used
	 * @param sums the sum of the records of each key
	 * @param records how many records there are
	 */
	List<String> failures(Variant variant, Map<Integer, Long> sums, long records) throws SQLException {
		List<String> failures = new ArrayList<>(differences(sums, balances()));
		if (variant.isOnce()) {
			long noted = number(NOTED);
			if (noted != records) {
				failures.add("noted %,d of %,d records".formatted(noted, records));
			}
		}
		if (variant == Variant.UPDATE_INBOX) {
			long received = number("SELECT COUNT(*) FROM inbox");
			if (received != records) {
				failures.add("%,d of %,d records in the inbox".formatted(received, records));
			}
		}
		return failures;
	}

	private static List<String> differences(Map<Integer, Long> sums, Map<Integer, Long> balances) {
		List<String> examples = new ArrayList<>();
		balances.forEach((account, balance) -> {
			long sum = sums.getOrDefault(account, 0L);
			if (balance != sum) {
				examples.add("account %d has %,d, its records are %,d".formatted(account, balance, sum));
			}
		});
		return examples.isEmpty() ? List.of()
				: List.of("%d wrong balances, the first: %s".formatted(examples.size(), examples.get(0)));
	}

	private Map<Integer, Long> balances() throws SQLException {
		Map<Integer, Long> balances = new TreeMap<>();
		try (Connection connection = DriverManager.getConnection(url());
				Statement statement = connection.createStatement();
				ResultSet rows = statement.executeQuery("SELECT id, balance FROM account")) {
			while (rows.next()) {
				balances.put(rows.getInt(1), rows.getLong(2));
			}
		}
		return balances;
	}

	private long number(String query) throws SQLException {
		try (Connection connection = DriverManager.getConnection(url());
				Statement statement = connection.createStatement();
				ResultSet rows = statement.executeQuery(query)) {
			rows.next();
			return rows.getLong(1);
		}
	}

	private static void execute(String url, String sql) throws SQLException {
		try (Connection connection = DriverManager.getConnection(url);
				Statement statement = connection.createStatement()) {
			statement.execute(sql);
		}
	}

	/**
	 * Drop the tables.
	 */
	@Override
	public void close() throws SQLException {
		execute(this.database, "DROP SCHEMA IF EXISTS " + SCHEMA + " CASCADE");
	}

}
