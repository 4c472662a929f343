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
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/**
 * Sends numbered records to partitions chosen at random, at a rate, and knows which were
 * acknowledged.
 * <p>
 * <b>Threading.</b> Sends on a thread of its own between {@link #start} and
 * {@link #stop}; both are called by the thread of a test.
 */
final class NumberedProducer implements AutoCloseable {

	private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

	private static final int KEYS_PER_PARTITION = 10;

	private final Map<TopicPartition, Queue<Long>> acknowledged = new ConcurrentHashMap<>();

	private final AtomicLong number = new AtomicLong();

	private final AtomicLong failed = new AtomicLong();

	private final KafkaProducer<String, String> producer;

	private final Random random;

	private volatile boolean running;

	private @Nullable Thread thread;

	NumberedProducer(String servers, long seed) {
		this.producer = new KafkaProducer<>(
				Map.of("bootstrap.servers", servers, "acks", "all", "enable.idempotence", true, "linger.ms", 5,
						"delivery.timeout.ms", 180_000, "max.block.ms", 180_000),
				new StringSerializer(), new StringSerializer());
		this.random = new Random(seed);
	}

	/**
	 * Begin to send.
	 * @param partitions where to
	 * @param perSecond how many records a second
	 */
	void start(List<TopicPartition> partitions, int perSecond) {
		this.running = true;
		Thread sender = new Thread(() -> send(partitions, perSecond), "numbered-producer");
		sender.setDaemon(true);
		sender.start();
		this.thread = sender;
	}

	/**
	 * Stop sending and wait until all that was sent has been answered.
	 */
	void stop() {
		this.running = false;
		Thread sender = this.thread;
		this.thread = null;
		if (sender != null) {
			try {
				sender.join();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				throw new IllegalStateException(ex);
			}
			this.producer.flush();
		}
	}

	/**
	 * Send some records at once and wait until they have been answered.
	 */
	void send(TopicPartition partition, int records) {
		for (int index = 0; index < records; index++) {
			send(partition);
		}
		this.producer.flush();
	}

	private void send(List<TopicPartition> partitions, int perSecond) {
		long begin = System.nanoTime();
		long sent = 0;
		while (this.running) {
			long due = (System.nanoTime() - begin) / 1000 * perSecond / 1_000_000;
			for (; sent < due && this.running; sent++) {
				send(partitions.get(this.random.nextInt(partitions.size())));
			}
			LockSupport.parkNanos(PAUSE_NANOS);
		}
	}

	private void send(TopicPartition partition) {
		String key = partition.partition() + "-" + this.random.nextInt(KEYS_PER_PARTITION);
		String value = Long.toString(this.number.getAndIncrement());
		this.producer.send(new ProducerRecord<>(partition.topic(), partition.partition(), key, value), this::answered);
	}

	private void answered(@Nullable RecordMetadata record, @Nullable Exception failure) {
		if (failure != null || record == null) {
			this.failed.incrementAndGet();
			return;
		}
		this.acknowledged
			.computeIfAbsent(new TopicPartition(record.topic(), record.partition()),
					(key) -> new ConcurrentLinkedQueue<>())
			.add(record.offset());
	}

	/**
	 * Return the offsets of all acknowledged records by partition.
	 */
	Map<TopicPartition, Queue<Long>> acknowledged() {
		return this.acknowledged;
	}

	/**
	 * Return how many records failed to be sent; some of them may be in the log.
	 */
	long failed() {
		return this.failed.get();
	}

	@Override
	public void close() {
		stop();
		this.producer.close();
	}

}
