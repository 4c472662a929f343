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

package io.kaffe.spring.benchmark.contender;

import java.util.List;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.util.Assert;

/**
 * What records do to the accounts in a database, of which each key has one.
 */
public final class Bookings {

	/** How many different amounts there are. */
	private static final int AMOUNTS = 100;

	private static final String UPDATE = "UPDATE account SET balance = balance + ? WHERE id = ?";

	private static final String INSERT = "INSERT INTO inbox (topic, partition_number, record_offset) VALUES (?, ?, ?) "
			+ "ON CONFLICT DO NOTHING";

	private final JdbcTemplate jdbc;

	Bookings(JdbcTemplate jdbc) {
		this.jdbc = jdbc;
	}

	/**
	 * Return what a record adds to its account: not the same for all, so that the sum
	 * tells which are missing.
	 * @param record the record
	 * @return the amount
	 */
	public static long amount(ConsumerRecord<?, ?> record) {
		return 1 + record.offset() % AMOUNTS;
	}

	/**
	 * Update the account of a record.
	 */
	void book(ConsumerRecord<String, byte[]> record) {
		assertTransaction();
		this.jdbc.update(UPDATE, amount(record), Keys.number(record.key()));
	}

	/**
	 * Update the accounts of some records, with one round trip to the database.
	 */
	void book(List<ConsumerRecord<String, byte[]>> records) {
		assertTransaction();
		this.jdbc.batchUpdate(UPDATE,
				records.stream().map((record) -> new Object[] { amount(record), Keys.number(record.key()) }).toList());
	}

	/**
	 * Insert a record into the inbox.
	 * @return {@code false} if it is there already
	 */
	boolean receive(ConsumerRecord<String, byte[]> record) {
		assertTransaction();
		return this.jdbc.update(INSERT, record.topic(), record.partition(), record.offset()) > 0;
	}

	/** Without one, each statement would be committed by itself. */
	private static void assertTransaction() {
		Assert.state(TransactionSynchronizationManager.isActualTransactionActive(), "There is no transaction");
	}

}
