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

package io.kaffe.spring.fault;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/**
 * An account for each key in a database, to which handlers book the number of each
 * record. In the end, each balance has to be exactly the sum of the numbers of its
 * records, whatever happened: effects are counted, not deliveries.
 * <p>
 * <b>Threading.</b> Used by the thread of a test; {@link #book} by workers.
 */
final class Accounts implements Oracle {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	/** The key of records that have none. */
	private static final String NONE = "none";

	private final List<TopicPartition> partitions;

	private final String servers;

	private final JdbcTemplate jdbc;

	private Accounts(List<TopicPartition> partitions, String servers, JdbcTemplate jdbc) {
		this.partitions = partitions;
		this.servers = servers;
		this.jdbc = jdbc;
	}

	/**
	 * Open accounts without a balance.
	 * @param partitions whose records are booked
	 * @param servers where these are
	 * @param url the database, without tables
	 */
	static Accounts open(List<TopicPartition> partitions, String servers, String url) {
		JdbcTemplate jdbc = new JdbcTemplate(new DriverManagerDataSource(url));
		jdbc.execute("CREATE TABLE account (id VARCHAR(40) PRIMARY KEY, balance BIGINT NOT NULL, "
				+ "bookings BIGINT NOT NULL)");
		List<Object[]> ids = new ArrayList<>();
		ids.add(new Object[] { NONE });
		NumberedProducer.keys(partitions).forEach((key) -> ids.add(new Object[] { key }));
		jdbc.batchUpdate("INSERT INTO account VALUES (?, 0, 0)", ids);
		return new Accounts(partitions, servers, jdbc);
	}

	/**
	 * Have commits of bookings take a while, so that a cut hits some of them, in a
	 * database that can do that: PostgreSQL.
	 */
	static void delayCommits(String url) {
		JdbcTemplate jdbc = new JdbcTemplate(new DriverManagerDataSource(url));
		jdbc.execute("CREATE FUNCTION delay() RETURNS trigger LANGUAGE plpgsql AS "
				+ "'BEGIN PERFORM pg_sleep(0.03); RETURN NULL; END'");
		jdbc.execute("CREATE CONSTRAINT TRIGGER delay AFTER UPDATE ON account DEFERRABLE INITIALLY DEFERRED "
				+ "FOR EACH ROW EXECUTE FUNCTION delay()");
	}

	/**
	 * Book a record.
	 */
	static void book(ConsumerRecord<String, String> record, JdbcTemplate jdbc) {
		int booked = jdbc.update("UPDATE account SET balance = balance + ?, bookings = bookings + 1 WHERE id = ?",
				amount(record), id(record));
		if (booked != 1) {
			throw new IllegalStateException("There is no account " + id(record));
		}
	}

	private static String id(ConsumerRecord<?, ?> record) {
		Object key = record.key();
		return (key != null) ? key.toString() : NONE;
	}

	private static long amount(ConsumerRecord<?, String> record) {
		return 1 + Long.parseLong(record.value());
	}

	/**
	 * Compare the balances with the records.
	 */
	@Override
	public List<String> violations(History history) {
		return violations(expected());
	}

	/**
	 * Compare the balances with others.
	 */
	List<String> violations(Map<String, Account> expected) {
		List<String> violations = new ArrayList<>();
		this.jdbc.query("SELECT id, balance, bookings FROM account", (row) -> {
			Account actual = new Account(row.getLong(2), row.getLong(3));
			Account right = expected.getOrDefault(row.getString(1), Account.EMPTY);
			if (!actual.equals(right)) {
				violations.add("account " + row.getString(1) + " has " + actual + " instead of " + right);
			}
		});
		return violations;
	}

	private Map<String, Account> expected() {
		Map<String, Object> configuration = Map.of("bootstrap.servers", this.servers, "isolation.level",
				"read_committed", "enable.auto.commit", false, "max.poll.records", 10_000);
		Map<String, Account> expected = new TreeMap<>();
		try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(configuration, new StringDeserializer(),
				new StringDeserializer())) {
			consumer.assign(this.partitions);
			consumer.seekToBeginning(this.partitions);
			Map<TopicPartition, Long> ends = consumer.endOffsets(this.partitions, PATIENCE);
			long deadline = System.nanoTime() + PATIENCE.toNanos();
			while (ends.entrySet().stream().anyMatch((end) -> consumer.position(end.getKey()) < end.getValue())) {
				for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(500))) {
					expected.merge(id(record), new Account(amount(record), 1), Account::plus);
				}
				if (System.nanoTime() - deadline > 0) {
					throw new IllegalStateException("Could not read " + this.partitions + " to their ends " + ends);
				}
			}
		}
		return expected;
	}

	/**
	 * What is booked to an account.
	 *
	 * @param balance the sum of the amounts
	 * @param bookings how many
	 */
	record Account(long balance, long bookings) {

		private static final Account EMPTY = new Account(0, 0);

		Account plus(Account other) {
			return new Account(this.balance + other.balance, this.bookings + other.bookings);
		}

		@Override
		public String toString() {
			return this.balance + " in " + this.bookings + " bookings";
		}

	}

}
