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
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
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
 * A key is only ever in partitions of one number, the same in all topics. Each number has
 * some keys, one of which many records have; and some records have none.
 * <p>
 * <b>Threading.</b> Sends on a thread of its own between {@link #start} and
 * {@link #stop}; both are called by the thread of a test.
 */
final class NumberedProducer implements AutoCloseable {

	private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

	private static final int KEYS_PER_PARTITION = 10;

	private static final int HOT_PER_CENT = 25;

	private static final int WITHOUT_KEY_PER_CENT = 10;

	private final Map<TopicPartition, Map<Long, String>> acknowledged = new ConcurrentHashMap<>();

	private final AtomicLong number = new AtomicLong();

	private final AtomicLong failed = new AtomicLong();

	private final KafkaProducer<String, String> producer;

	private final Random random;

	private volatile boolean running;

	private @Nullable Thread thread;

	NumberedProducer(String servers, long seed) {
		this.producer = new KafkaProducer<>(
				Map.of("bootstrap.servers", servers, "acks", "all", "enable.idempotence", true, "linger.ms", 5,
						"request.timeout.ms", 10_000, "delivery.timeout.ms", 30_000, "max.block.ms", 60_000),
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
		boolean without = this.random.nextInt(100) < WITHOUT_KEY_PER_CENT;
		String key = key(partition, this.random);
		String value = Long.toString(this.number.getAndIncrement());
		this.producer.send(new ProducerRecord<>(partition.topic(), partition.partition(), without ? null : key, value),
				(record, failure) -> answered(record, without ? "" : key, failure));
	}

	/**
	 * Choose a key that records of a partition may have.
	 */
	static String key(TopicPartition partition, Random random) {
		boolean hot = random.nextInt(100) < HOT_PER_CENT;
		return partition.partition() + "-" + (hot ? 0 : random.nextInt(KEYS_PER_PARTITION));
	}

	/**
	 * Return all keys that records of some partitions may have.
	 */
	static Set<String> keys(List<TopicPartition> partitions) {
		Set<String> keys = new TreeSet<>();
		for (TopicPartition partition : partitions) {
			for (int number = 0; number < KEYS_PER_PARTITION; number++) {
				keys.add(partition.partition() + "-" + number);
			}
		}
		return keys;
	}

	private void answered(@Nullable RecordMetadata record, String key, @Nullable Exception failure) {
		if (failure != null || record == null) {
			this.failed.incrementAndGet();
			return;
		}
		this.acknowledged
			.computeIfAbsent(new TopicPartition(record.topic(), record.partition()),
					(partition) -> new ConcurrentSkipListMap<>())
			.put(record.offset(), key);
	}

	/**
	 * Return the acknowledged records of a partition.
	 * @return offset to key, which is empty if the record has none; ascending
	 */
	Map<Long, String> acknowledged(TopicPartition partition) {
		return this.acknowledged.getOrDefault(partition, Map.of());
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
