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

import java.util.concurrent.atomic.AtomicLong;

import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.stereotype.Service;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Books orders and refunds. Nothing here locks: workers ensure that no two records of a
 * customer are handled at the same time, which is checked.
 * <p>
 * <b>Threading.</b> Called by all workers; the counter is atomic.
 */
@Service
class Bookkeeping {

	private final AccountRepository accounts;

	private final TransactionTemplate transaction;

	private final AtomicLong orderViolations = new AtomicLong();

	private final Bank bank;

	private final Trouble trouble;

	Bookkeeping(AccountRepository accounts, TransactionTemplate transaction, Bank bank, Trouble trouble) {
		this.accounts = accounts;
		this.transaction = transaction;
		this.bank = bank;
		this.trouble = trouble;
	}

	@KafkaListener(id = "orders", idIsGroup = false, topics = { SampleProperties.ORDERS, SampleProperties.REFUNDS })
	void book(AccountEvent event, @Header(KafkaHeaders.RECEIVED_TOPIC) String topic) {
		this.trouble.befall(event);
		this.bank.ask(event);
		this.transaction.executeWithoutResult((status) -> {
			long last = this.accounts.lastBooked(topic, event);
			if (event.number() <= last) {
				this.accounts.addRepeated(topic, event);
				return;
			}
			if (event.number() != last + 1) {
				this.orderViolations.incrementAndGet();
			}
			Account account = this.accounts.find(event.customer())
				.orElseGet(() -> new Account(event.customer(), 0, 0, 0, 0));
			if (!this.accounts.save(account, booked(account, event, topic))) {
				this.orderViolations.incrementAndGet();
				throw new IllegalStateException("Concurrent change of the account of " + event.customer());
			}
			this.accounts.setLastBooked(topic, event);
		});
	}

	private static Account booked(Account account, AccountEvent event, String topic) {
		boolean order = topic.equals(SampleProperties.ORDERS);
		return new Account(account.customer(),
				account.balanceInCents() + (order ? event.amountInCents() : -event.amountInCents()),
				account.orders() + (order ? 1 : 0), account.refunds() + (order ? 0 : 1), account.version() + 1);
	}

	/**
	 * Return how many records were delivered out of order or while another one of the
	 * same customer was being booked.
	 */
	long orderViolations() {
		return this.orderViolations.get();
	}

}
