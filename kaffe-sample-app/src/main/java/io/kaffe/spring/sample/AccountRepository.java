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

package io.kaffe.spring.sample;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/**
 * The accounts, in a database.
 */
@Repository
class AccountRepository {

	private final JdbcClient jdbc;

	AccountRepository(JdbcClient jdbc) {
		this.jdbc = jdbc;
	}

	Optional<Account> find(String customer) {
		return this.jdbc.sql("SELECT * FROM account WHERE customer = ?")
			.param(customer)
			.query(AccountRepository::account)
			.optional();
	}

	List<Account> largest(int count) {
		return this.jdbc.sql("SELECT * FROM account ORDER BY balance_in_cents DESC, customer LIMIT ?")
			.param(count)
			.query(AccountRepository::account)
			.list();
	}

	/**
	 * Add an account, or update it unless it was changed since it was read.
	 * @return whether it was added or updated
	 */
	boolean save(Account read, Account changed) {
		if (read.version() == 0) {
			return this.jdbc.sql(
					"INSERT INTO account (balance_in_cents, orders, refunds, version, customer) VALUES (?, ?, ?, ?, ?)")
				.params(columns(changed))
				.update() == 1;
		}
		return this.jdbc.sql(
				"UPDATE account SET balance_in_cents = ?, orders = ?, refunds = ?, version = ? WHERE customer = ? AND version = ?")
			.params(columns(changed))
			.param(read.version())
			.update() == 1;
	}

	long lastBooked(String topic, AccountEvent event) {
		return this.jdbc.sql("SELECT number FROM booked WHERE source = ? AND topic = ? AND customer = ?")
			.params(event.source(), topic, event.customer())
			.query(Long.class)
			.optional()
			.orElse(0L);
	}

	void setLastBooked(String topic, AccountEvent event) {
		int updated = this.jdbc.sql("UPDATE booked SET number = ? WHERE source = ? AND topic = ? AND customer = ?")
			.params(event.number(), event.source(), topic, event.customer())
			.update();
		if (updated == 0) {
			this.jdbc.sql("INSERT INTO booked (source, topic, customer, number) VALUES (?, ?, ?, ?)")
				.params(event.source(), topic, event.customer(), event.number())
				.update();
		}
	}

	/**
	 * Note that an event came again that had been booked.
	 */
	void addRepeated(String topic, AccountEvent event) {
		this.jdbc.sql("UPDATE booked SET repeated = repeated + 1 WHERE source = ? AND topic = ? AND customer = ?")
			.params(event.source(), topic, event.customer())
			.update();
	}

	/**
	 * Return how many events came again that had been booked, on all instances, killed
	 * ones included.
	 */
	long countRepeated() {
		return this.jdbc.sql("SELECT COALESCE(SUM(repeated), 0) FROM booked").query(Long.class).single();
	}

	long countBooked(String source) {
		return this.jdbc.sql("SELECT COALESCE(SUM(number), 0) FROM booked WHERE source = ?")
			.param(source)
			.query(Long.class)
			.single();
	}

	private static Account account(ResultSet row, int index) throws SQLException {
		return new Account(row.getString("customer"), row.getLong("balance_in_cents"), row.getInt("orders"),
				row.getInt("refunds"), row.getLong("version"));
	}

	private static List<Object> columns(Account account) {
		return List.of(account.balanceInCents(), account.orders(), account.refunds(), account.version(),
				account.customer());
	}

}
