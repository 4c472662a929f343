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

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.stereotype.Component;

/**
 * What goes wrong in services, on demand: so that one can look at it, and at what the
 * workers do about it.
 * <p>
 * <b>Threading.</b> Asked for by any thread, one at a time; befalls all workers, which
 * take no lock: the fields are atomic or volatile.
 */
@Component
class Trouble {

	private static final byte[] POISON = "no JSON at all".getBytes(StandardCharsets.UTF_8);

	private final KafkaTemplate<String, byte[]> template;

	private final AtomicBoolean stallNext = new AtomicBoolean();

	private volatile CountDownLatch stalled = new CountDownLatch(0);

	private volatile @Nullable String failingCustomer;

	private volatile boolean failNext;

	Trouble(ProducerFactory<String, byte[]> producerFactory) {
		this.template = new KafkaTemplate<>(producerFactory,
				Map.of(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class));
	}

	/**
	 * Have the next handler that is called not return until {@link #end()}.
	 */
	synchronized void stall() {
		if (this.stalled.getCount() == 0) {
			this.stalled = new CountDownLatch(1);
		}
		this.stallNext.set(true);
	}

	/**
	 * Refuse the payments of the customer whose event is handled next, until
	 * {@link #end()}.
	 */
	void failCustomer() {
		this.failNext = true;
	}

	/**
	 * Send an order that cannot be read.
	 */
	void poison() {
		this.template.send(SampleProperties.ORDERS, "customer-0", POISON);
	}

	/**
	 * Let the stalled handler return and all customers pay.
	 */
	@EventListener(ContextClosedEvent.class)
	synchronized void end() {
		this.stallNext.set(false);
		this.failNext = false;
		this.failingCustomer = null;
		this.stalled.countDown();
	}

	/**
	 * Befall whoever handles an event.
	 * @throws PaymentRefusedException if the customer is one who fails
	 */
	void befall(AccountEvent event) {
		if (this.stallNext.get() && this.stallNext.compareAndSet(true, false)) {
			awaitEnd(event);
		}
		if (this.failNext) {
			this.failNext = false;
			this.failingCustomer = event.customer();
		}
		if (event.customer().equals(this.failingCustomer)) {
			throw new PaymentRefusedException(event.customer());
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

}
