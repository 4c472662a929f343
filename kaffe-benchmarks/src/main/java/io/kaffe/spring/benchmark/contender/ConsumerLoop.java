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

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/**
 * A loop around a {@code KafkaConsumer}, which commits once a second and in the end.
 * <p>
 * <b>Threading.</b> The loop has a thread of its own, which owns everything; another one
 * closes it.
 */
abstract class ConsumerLoop implements Consumption {

	private static final Duration POLL_TIMEOUT = Duration.ofMillis(100);

	private static final long COMMIT_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

	private final RoundSettings settings;

	private final Thread thread = new Thread(this::run, "loop");

	private volatile boolean closed;

	ConsumerLoop(RoundSettings settings) {
		this.settings = settings;
	}

	final void start() {
		this.thread.start();
	}

	private void run() {
		try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(ClientProperties.of(this.settings))) {
			consumer.subscribe(List.of(this.settings.topic()));
			long committed = System.nanoTime();
			while (!this.closed) {
				ConsumerRecords<String, byte[]> records = consumer.poll(POLL_TIMEOUT);
				for (ConsumerRecord<String, byte[]> record : records) {
					handle(record);
				}
				if (System.nanoTime() - committed > COMMIT_INTERVAL_NANOS) {
					finish();
					consumer.commitAsync();
					committed = System.nanoTime();
				}
			}
			finish();
			consumer.commitSync();
		}
	}

	/**
	 * Handle a record, or dispatch it.
	 */
	abstract void handle(ConsumerRecord<String, byte[]> record);

	/**
	 * Wait until all that was handed over is handled.
	 */
	abstract void finish();

	@Override
	public void close() throws InterruptedException {
		this.closed = true;
		this.thread.join();
	}

}
