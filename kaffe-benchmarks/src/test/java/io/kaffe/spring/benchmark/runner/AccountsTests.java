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
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.benchmark.contender.Contender.Variant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * {@link Accounts} must bite; on a {@link Database}, where there is one.
 */
class AccountsTests {

	private static final Map<Integer, Long> SUMS = Map.of(0, 7L, 999, 11L);

	private static Workspace workspace;

	private static Database database;

	private static Accounts accounts;

	@BeforeAll
	static void start() throws Exception {
		String absent = Database.absent(null);
		assumeTrue(absent.isEmpty(), absent);
		workspace = new Workspace(null);
		database = Database.start(workspace, null);
		accounts = new Accounts(database.url());
	}

	@AfterAll
	static void stop() throws Exception {
		if (workspace != null) {
			try (Workspace toClose = workspace; Database started = database; Accounts created = accounts) {
				assertThat(started.settings()).contains("fsync on, synchronous_commit on");
			}
		}
	}

	@BeforeEach
	void createTables() throws Exception {
		accounts.create();
		execute("UPDATE account SET balance = balance + 7 WHERE id = 0");
		execute("UPDATE account SET balance = balance + 11 WHERE id = 999");
	}

	@Test
	void balancesThatAreSumsPass() throws Exception {
		assertThat(accounts.failures(Variant.UPDATE, SUMS, 3)).isEmpty();
	}

	@Test
	void balanceThatIsNoSumFails() throws Exception {
		execute("UPDATE account SET balance = balance + 11 WHERE id = 999");
		assertThat(accounts.failures(Variant.UPDATE, SUMS, 3))
			.containsExactly("1 wrong balances, the first: account 999 has 22, its records are 11");
	}

	@Test
	void balanceWithoutRecordsFails() throws Exception {
		execute("UPDATE account SET balance = 1 WHERE id = 5");
		assertThat(accounts.failures(Variant.UPDATE, SUMS, 3))
			.containsExactly("1 wrong balances, the first: account 5 has 1, its records are 0");
	}

	@Test
	void recordThatIsNotInTheInboxFails() throws Exception {
		execute("INSERT INTO inbox VALUES ('topic', 0, 0), ('topic', 0, 1)");
		assertThat(accounts.failures(Variant.UPDATE_INBOX, SUMS, 2)).isEmpty();
		assertThat(accounts.failures(Variant.UPDATE_INBOX, SUMS, 3)).containsExactly("2 of 3 records in the inbox");
	}

	@Test
	void recordThatIsNotNotedFails() throws Exception {
		execute("CREATE TABLE kaffe_handled (partition_number INTEGER, record_offset BIGINT)");
		execute("INSERT INTO kaffe_handled VALUES (-1, 4), (0, 3), (0, 4), (0, 5), (-2, 0), (1, 0)");
		assertThat(accounts.failures(Variant.UPDATE_ONCE, SUMS, 7)).as("six and one").isEmpty();
		assertThat(accounts.failures(Variant.UPDATE_ONCE_BATCH, SUMS, 8)).containsExactly("noted 7 of 8 records");
	}

	private static void execute(String sql) throws SQLException {
		try (Connection connection = DriverManager.getConnection(accounts.url());
				Statement statement = connection.createStatement()) {
			statement.execute(sql);
		}
	}

}
