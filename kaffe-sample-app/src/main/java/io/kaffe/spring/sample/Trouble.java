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

import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.stereotype.Component;

/**
 * Simulates failures on demand, to show how workers deal with them.
 * <p>
 * <b>Threading.</b> Switched by any thread, one at a time; affects all workers, which
 * take a lock only for the first event of a failing customer: the fields are atomic or
 * volatile.
 */
@Component
class Trouble {

	private static final byte[] POISON = "no JSON at all".getBytes(StandardCharsets.UTF_8);

	private final KafkaTemplate<String, byte[]> template;

	private final AtomicBoolean stallNext = new AtomicBoolean();

	private volatile CountDownLatch stalled = new CountDownLatch(0);

	private volatile @Nullable String failingCustomer;

	private volatile boolean failNext;

	private volatile boolean databaseAway;

	Trouble(ProducerFactory<String, byte[]> producerFactory) {
		this.template = new KafkaTemplate<>(producerFactory,
				Map.of(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class));
	}

	/**
	 * Stall the next handler that is called until {@link #end()}.
	 */
	synchronized void stall() {
		if (this.stalled.getCount() == 0) {
			this.stalled = new CountDownLatch(1);
		}
		this.stallNext.set(true);
	}

	/**
	 * Let the stalled handler return.
	 */
	synchronized void endStall() {
		this.stallNext.set(false);
		this.stalled.countDown();
	}

	/**
	 * Refuse the payments of the customer whose event is handled next, until
	 * {@link #end()}.
	 */
	synchronized void failCustomer() {
		this.failNext = (this.failingCustomer == null);
	}

	/**
	 * Accept the payments of all customers.
	 */
	synchronized void endFailures() {
		this.failNext = false;
		this.failingCustomer = null;
	}

	/**
	 * Fail all events as if the database was away, until {@link #end()}.
	 */
	void takeDatabaseAway() {
		this.databaseAway = true;
	}

	/**
	 * Let the database be there again.
	 */
	void endDatabaseAway() {
		this.databaseAway = false;
	}

	/**
	 * Return the failures that are switched on.
	 */
	synchronized State state() {
		return new State(this.stalled.getCount() > 0, this.failNext || this.failingCustomer != null, this.databaseAway);
	}

	/**
	 * Send an order that cannot be deserialized.
	 */
	void poison() {
		this.template.send(SampleProperties.ORDERS, "customer-0", POISON);
	}

	/**
	 * Let the stalled handler return, accept all payments, and let the database be there.
	 */
	@EventListener(ContextClosedEvent.class)
	synchronized void end() {
		endStall();
		endFailures();
		endDatabaseAway();
	}

	/**
	 * Apply the failures to an event that is being handled.
	 * @throws PaymentRefusedException if the payments of the customer are refused
	 * @throws DataAccessResourceFailureException if the database is away
	 */
	void befall(AccountEvent event) {
		if (this.databaseAway) {
			throw new DataAccessResourceFailureException("The database is away", new ConnectException("Refused"));
		}
		if (this.stallNext.get() && this.stallNext.compareAndSet(true, false)) {
			awaitEnd(event);
		}
		if (this.failNext) {
			chooseFailing(event.customer());
		}
		if (event.customer().equals(this.failingCustomer)) {
			throw new PaymentRefusedException(event.customer());
		}
	}

	private synchronized void chooseFailing(String customer) {
		if (this.failNext) {
			this.failNext = false;
			this.failingCustomer = customer;
		}
	}

	private void awaitEnd(AccountEvent event) {
		try {
			this.stalled.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted while stalled at " + event, ex);
		}
	}

	/**
	 * The failures that are switched on.
	 *
	 * @param stall whether the next handler stalls, or one is stalled
	 * @param customer whether the payments of a customer are refused, or those of the
	 * next customer will be
	 * @param database whether the database is away
	 */
	record State(boolean stall, boolean customer, boolean database) {
	}

}
