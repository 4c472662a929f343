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

import java.util.List;
import java.util.Map;
import java.util.UUID;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

import io.kaffe.spring.fault.Accounts.Account;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Accounts}: that what is wrong is found.
 */
class AccountsTests {

	private final String url = "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1";

	private final JdbcTemplate jdbc = new JdbcTemplate(new DriverManagerDataSource(this.url));

	private final Accounts accounts = Accounts.open(List.of(new TopicPartition("orders", 1)), "nowhere", this.url);

	@Test
	void balancesThatAreTheSumsOfTheirRecordsAreRight() {
		book("1-3", "5");
		book("1-3", "8");
		book(null, "6");
		assertThat(this.accounts.violations(Map.of("1-3", new Account(15, 2), "none", new Account(7, 1)))).isEmpty();
	}

	@Test
	void recordThatIsBookedTwiceOrNotAtAllIsFound() {
		book("1-3", "5");
		book("1-3", "5");
		assertThat(this.accounts.violations(Map.of("1-3", new Account(6, 1), "1-4", new Account(9, 1))))
			.containsExactlyInAnyOrder("account 1-3 has 12 in 2 bookings instead of 6 in 1 bookings",
					"account 1-4 has 0 in 0 bookings instead of 9 in 1 bookings");
	}

	@SuppressWarnings("NullAway")
	private void book(@Nullable String key, String value) {
		Accounts.book(new ConsumerRecord<>("orders", 1, 0, key, value), this.jdbc);
	}

}
