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

package io.kaffe.spring.benchmark.runner;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/**
 * The topics of a run, and what groups committed on them.
 * <p>
 * <b>Threading.</b> Used by one thread, which waits for the broker's answers.
 */
final class Topics implements AutoCloseable {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private final Map<List<Object>, Topic> filled = new HashMap<>();

	private final Set<String> created = new HashSet<>();

	private final Map<String, Object> client;

	private final Admin admin;

	private int count;

	Topics(Broker broker) {
		this.client = Map.of("bootstrap.servers", broker.bootstrapServers());
		this.admin = Admin.create(this.client);
	}

	/**
	 * Return a topic with a number of records, the same one for the same load and number.
	 * It was read once, so that the first contender does not find a broker that has not
	 * compiled yet how records are fetched.
	 */
	Topic filled(Workload.Load load, long records) throws InterruptedException, ExecutionException {
		List<Object> key = List.of(load.keys(), load.keyCount(), load.valueBytes(), records);
		Topic topic = this.filled.get(key);
		if (topic == null) {
			String name = create();
			fill(name, load, 0, records);
			topic = new Topic(name, ends(name));
			read(topic, (record) -> {
			});
			this.filled.put(key, topic);
		}
		return topic;
	}

	/**
	 * Create a topic without records.
	 * @return its name
	 */
	String create() throws InterruptedException, ExecutionException {
		String name = "topic-" + this.count++;
		create(name);
		return name;
	}

	/**
	 * Create a topic without records, unless it is there.
	 */
	void create(String name) throws InterruptedException, ExecutionException {
		if (this.created.add(name)) {
			this.admin.createTopics(List.of(new NewTopic(name, Workloads.PARTITIONS, (short) 1))).all().get();
		}
	}

	/**
	 * Add records to a topic.
	 * @param name the topic
	 * @param load what they are like
	 * @param from how many of them to leave out
	 * @param to where to stop
	 */
	void fill(String name, Workload.Load load, long from, long to) throws ExecutionException {
		Map<String, Object> properties = new HashMap<>(this.client);
		properties.put("linger.ms", 20);
		properties.put("batch.size", 64 * 1024);
		// With more, the first batches to a new topic may be refused in an order it never
		// recovers from.
		properties.put("max.in.flight.requests.per.connection", 1);
		byte[] value = new byte[load.valueBytes()];
		Supplier<String> keys = load.keys().keys(load.keyCount());
		AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
		try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(properties, new StringSerializer(),
				new ByteArraySerializer())) {
			for (long record = 0; record < to; record++) {
				String key = keys.get();
				if (record < from) {
					continue;
				}
				producer.send(new ProducerRecord<>(name, key, value), (metadata, exception) -> {
					if (exception != null) {
						failure.set(exception);
					}
				});
			}
		}
		Exception thrown = failure.get();
		if (thrown != null) {
			throw new ExecutionException("Topic " + name + " could not be filled", thrown);
		}
	}

	/**
	 * Read all records of a topic.
	 * @param topic the topic
	 * @param action what to do with each record
	 */
	void read(Topic topic, Consumer<ConsumerRecord<String, byte[]>> action) {
		List<TopicPartition> partitions = IntStream.range(0, topic.ends().size())
			.mapToObj((partition) -> new TopicPartition(topic.name(), partition))
			.toList();
		try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(this.client, new StringDeserializer(),
				new ByteArrayDeserializer())) {
			consumer.assign(partitions);
			consumer.seekToBeginning(partitions);
			long left = topic.records();
			while (left > 0) {
				ConsumerRecords<String, byte[]> records = consumer.poll(PATIENCE);
				if (records.isEmpty()) {
					throw new IllegalStateException("Topic " + topic.name() + " could not be read");
				}
				records.forEach(action);
				left -= records.count();
			}
		}
	}

	private List<Long> ends(String name) throws InterruptedException, ExecutionException {
		List<Long> ends = new ArrayList<>();
		for (int partition = 0; partition < Workloads.PARTITIONS; partition++) {
			TopicPartition asked = new TopicPartition(name, partition);
			ends.add(this.admin.listOffsets(Map.of(asked, OffsetSpec.latest())).partitionResult(asked).get().offset());
		}
		return ends;
	}

	/**
	 * Return what a group has committed, offset and metadata by partition; the offset is
	 * 0 where it has committed nothing.
	 */
	List<OffsetAndMetadata> committed(String group, String topic) throws InterruptedException, ExecutionException {
		Map<TopicPartition, OffsetAndMetadata> committed = this.admin.listConsumerGroupOffsets(group)
			.partitionsToOffsetAndMetadata()
			.get();
		List<OffsetAndMetadata> offsets = new ArrayList<>();
		for (int partition = 0; partition < Workloads.PARTITIONS; partition++) {
			OffsetAndMetadata offset = committed.get(new TopicPartition(topic, partition));
			offsets.add((offset != null) ? offset : new OffsetAndMetadata(0));
		}
		return offsets;
	}

	/**
	 * Delete all topics.
	 */
	void clear() throws InterruptedException, ExecutionException {
		this.admin.deleteTopics(this.filled.values().stream().map(Topic::name).toList()).all().get();
		this.filled.clear();
	}

	@Override
	public void close() {
		this.admin.close();
	}

}
