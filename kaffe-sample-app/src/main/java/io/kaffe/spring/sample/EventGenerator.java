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

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.stereotype.Component;

/**
 * Produces orders and refunds continuously: three orders for each refund, at a constant
 * rate.
 * <p>
 * <b>Threading.</b> A separate thread, from {@link #start()} to {@link #stop()};
 * {@code running} and the counters may be read by any thread.
 */
@Component
class EventGenerator implements SmartLifecycle {

	private static final Log logger = LogFactory.getLog(EventGenerator.class);

	private static final int DEFAULT_RATE = 200;

	private static final long PATIENCE_MILLIS = TimeUnit.SECONDS.toMillis(10);

	private final String source = UUID.randomUUID().toString().substring(0, 8);

	private final Map<String, Long> numbers = new HashMap<>();

	private final Random random = new Random();

	private final AtomicLong acknowledged = new AtomicLong();

	private final AtomicInteger hurried = new AtomicInteger();

	private final KafkaTemplate<String, AccountEvent> template;

	private final SampleProperties properties;

	private volatile boolean running;

	private volatile @Nullable Thread thread;

	EventGenerator(KafkaTemplate<String, AccountEvent> template, SampleProperties properties) {
		this.template = template;
		this.properties = properties;
	}

	@Override
	public void start() {
		this.running = true;
		if (this.properties.generate()) {
			Thread thread = new Thread(this::generate, "generator");
			thread.setDaemon(true);
			thread.start();
			this.thread = thread;
		}
	}

	@Override
	public void stop() {
		this.running = false;
		Thread thread = this.thread;
		if (thread != null) {
			LockSupport.unpark(thread);
			awaitEnd(thread);
		}
	}

	// The producer is closed after this: no send may be in flight then.
	private static void awaitEnd(Thread thread) {
		try {
			thread.join(PATIENCE_MILLIS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	String source() {
		return this.source;
	}

	/**
	 * Return how many records the broker has acknowledged.
	 */
	long acknowledged() {
		return this.acknowledged.get();
	}

	/**
	 * Send the next records as fast as possible.
	 * @param records the number of records
	 */
	void hurry(int records) {
		this.hurried.addAndGet(records);
	}

	private void generate() {
		long pause = pauseNanos();
		long next = System.nanoTime();
		for (long count = 0; this.running && !isEnough(count); count++) {
			send((count % 4 < 3) ? SampleProperties.ORDERS : SampleProperties.REFUNDS);
			if (this.hurried.get() > 0) {
				this.hurried.decrementAndGet();
				next = System.nanoTime();
			}
			else {
				next += pause;
				awaitTime(next);
			}
		}
		this.template.flush();
	}

	private void awaitTime(long nanoTime) {
		long left = nanoTime - System.nanoTime();
		while (this.running && left > 0) {
			LockSupport.parkNanos(left);
			left = nanoTime - System.nanoTime();
		}
	}

	private void send(String topic) {
		String customer = "customer-" + this.random.nextInt(this.properties.customers());
		long number = this.numbers.merge(topic + customer, 1L, Long::sum);
		AccountEvent event = new AccountEvent(this.source, customer, number, 100 + this.random.nextInt(10_000));
		this.template.send(topic, customer, event).whenComplete((result, failure) -> {
			if (failure == null) {
				this.acknowledged.incrementAndGet();
			}
			else if (this.running) {
				logger.warn("Could not send " + event, failure);
			}
		});
	}

	private boolean isEnough(long count) {
		Integer finishAfter = this.properties.finishAfter();
		return finishAfter != null && count >= finishAfter;
	}

	private long pauseNanos() {
		Integer rate = this.properties.rate();
		if (rate == null) {
			return (this.properties.finishAfter() != null) ? 0 : TimeUnit.SECONDS.toNanos(1) / DEFAULT_RATE;
		}
		return TimeUnit.SECONDS.toNanos(1) / rate;
	}

}
