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

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.JdbcTemplate;

import io.kaffe.spring.test.HandledRecord;
import io.kaffe.spring.test.KaffeTest;
import io.kaffe.spring.test.ManySeeds;
import io.kaffe.spring.test.SimulatedKafka;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Bookkeeping} in a simulated world, with the application's own
 * configuration and database.
 */
@KaffeTest(properties = { "sample.generate=false", "spring.datasource.generate-unique-name=true",
		"kaffe.consumers.orders.once=jdbc" })
class BookkeepingTests {

	@Autowired
	private AccountRepository accounts;

	@Autowired
	private Bookkeeping bookkeeping;

	@Autowired
	private JdbcTemplate jdbc;

	@Test
	void booksOrdersAndRefundsOfACustomerByOneWorker(SimulatedKafka kafka) {
		kafka.send(SampleProperties.ORDERS, "anna", new AccountEvent("test", "anna", 1, 500));
		kafka.send(SampleProperties.REFUNDS, "anna", new AccountEvent("test", "anna", 1, 200));
		kafka.awaitIdle();
		assertThat(this.accounts.find("anna")).hasValueSatisfying((account) -> {
			assertThat(account.balanceInCents()).isEqualTo(300);
			assertThat(account.orders()).isEqualTo(1);
			assertThat(account.refunds()).isEqualTo(1);
		});
		assertThat(kafka.handled()).extracting(HandledRecord::worker).hasSize(2).containsOnly(worker(kafka));
	}

	@ManySeeds(10)
	void booksEachEventOnceWhateverHappens(SimulatedKafka kafka) {
		this.jdbc.update("DELETE FROM account");
		this.jdbc.update("DELETE FROM booked");
		for (int number = 1; number <= 5; number++) {
			kafka.send(SampleProperties.ORDERS, "bert", new AccountEvent("test", "bert", number, 100));
		}
		kafka.awaitIdle();
		assertThat(this.accounts.find("bert"))
			.hasValueSatisfying((account) -> assertThat(account.balanceInCents()).isEqualTo(500));
		assertThat(this.bookkeeping.orderViolations()).isZero();
	}

	private static String worker(SimulatedKafka kafka) {
		return "worker_" + kafka.handled().get(0).record().partition();
	}

}
