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

package io.kaffe.spring.engine.listener;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.IntStream;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;

import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.support.TestTopics;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.PartitionSnapshot;

/**
 * A service under test: a Spring Boot application on the test run's broker, with topics
 * and a group of its own.
 */
final class ListenerApplication implements AutoCloseable {

	private static final String SERVERS = System.getProperty("spring.kafka.bootstrap-servers");

	static {
		// A busy machine is no reason to fail.
		Awaitility.setDefaultTimeout(Duration.ofSeconds(30));
	}

	private static final int SEND_ATTEMPTS = 5;

	private final String id = UUID.randomUUID().toString().substring(0, 8);

	private final Map<String, Object> properties = new LinkedHashMap<>();

	private final List<ConfigurableApplicationContext> contexts = new ArrayList<>();

	private final List<Class<?>> configurations = new ArrayList<>(List.of(TestConfiguration.class));

	private ListenerApplication(Class<?> configuration, Class<?>... more) {
		this.configurations.add(configuration);
		this.configurations.addAll(List.of(more));
		this.properties.put("test.id", this.id);
		this.properties.put("spring.kafka.consumer.group-id", group());
		this.properties.put("spring.kafka.consumer.auto-offset-reset", "earliest");
		this.properties.put("spring.main.banner-mode", "off");
		this.properties.put("spring.jmx.enabled", "false");
		this.properties.put("server.port", 0);
		this.properties.put("spring.autoconfigure.exclude",
				"org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration");
	}

	static ListenerApplication of(Class<?> configuration, Class<?>... more) {
		return new ListenerApplication(configuration, more);
	}

	ListenerApplication with(String property, Object value) {
		this.properties.put(property, value);
		return this;
	}

	ListenerApplication without(String property) {
		this.properties.remove(property);
		return this;
	}

	/**
	 * Create a topic of this test.
	 */
	ListenerApplication topic(String name, int partitions) {
		TestTopics.create(SERVERS, topic(name), partitions);
		return this;
	}

	/**
	 * Return the real name of a topic of this test: listeners know it as
	 * {@code name-${test.id}}.
	 */
	String topic(String name) {
		return name + "-" + this.id;
	}

	String group() {
		return "group-" + this.id;
	}

	ConfigurableApplicationContext start(String... more) {
		return start(WebApplicationType.NONE, more);
	}

	ConfigurableApplicationContext start(WebApplicationType type, String... more) {
		SpringApplicationBuilder builder = new SpringApplicationBuilder(this.configurations.toArray(Class<?>[]::new))
			.web(type)
			.registerShutdownHook(false);
		List<String> arguments = new ArrayList<>();
		this.properties.forEach((name, value) -> arguments.add("--" + name + "=" + value));
		Collections.addAll(arguments, more);
		ConfigurableApplicationContext context = builder.run(arguments.toArray(String[]::new));
		this.contexts.add(context);
		return context;
	}

	/**
	 * Send records with ascending numbers as values.
	 */
	void send(String topic, int partition, int from, int to) {
		send(IntStream.range(from, to)
			.mapToObj((number) -> new ProducerRecord<>(topic(topic), partition, "key", Integer.toString(number)))
			.toList());
	}

	/**
	 * Send records with ascending numbers as values in a transaction, whose marker
	 * follows them.
	 */
	void sendInTransaction(String topic, int partition, int from, int to) {
		Map<String, Object> config = Map.of("bootstrap.servers", SERVERS, "transactional.id", topic(topic));
		try (KafkaProducer<String, String> producer = new KafkaProducer<>(config, new StringSerializer(),
				new StringSerializer())) {
			producer.initTransactions();
			producer.beginTransaction();
			IntStream.range(from, to)
				.forEach((number) -> producer
					.send(new ProducerRecord<>(topic(topic), partition, "key", Integer.toString(number))));
			producer.commitTransaction();
		}
	}

	/**
	 * Send records with the same value and keys of one's choice.
	 */
	void sendWithKeys(String topic, int partition, List<? extends @Nullable String> keys) {
		List<ProducerRecord<String, String>> records = new ArrayList<>();
		keys.forEach((key) -> records.add(new ProducerRecord<>(topic(topic), partition, key, "value")));
		send(records);
	}

	/**
	 * Send records of one partition. Sometimes a new producer sends nothing to a
	 * partition until its records expire: then another one sends them.
	 */
	static void send(List<ProducerRecord<String, String>> records) {
		List<ProducerRecord<String, String>> left = records;
		for (int attempt = 0; attempt < SEND_ATTEMPTS && !left.isEmpty(); attempt++) {
			left = trySending(left);
		}
		if (!left.isEmpty()) {
			throw new IllegalStateException("Could not send " + left.size() + " records");
		}
	}

	/**
	 * Send records and return those that were not sent.
	 */
	private static List<ProducerRecord<String, String>> trySending(List<ProducerRecord<String, String>> records) {
		// With more in flight, the second batch of a new topic may overtake the first
		// one,
		// which the broker then never takes.
		Map<String, Object> config = Map.of("bootstrap.servers", SERVERS, "linger.ms", 5, "request.timeout.ms", 5000,
				"delivery.timeout.ms", 10_000, "max.in.flight.requests.per.connection", 1);
		List<ProducerRecord<String, String>> failed = Collections.synchronizedList(new ArrayList<>());
		try (KafkaProducer<String, String> producer = new KafkaProducer<>(config, new StringSerializer(),
				new StringSerializer())) {
			for (ProducerRecord<String, String> record : records) {
				producer.send(record, (metadata, failure) -> {
					if (failure != null) {
						failed.add(record);
					}
				});
			}
		}
		return List.copyOf(failed);
	}

	@Nullable Long committed(String topic, int partition) {
		TopicPartition topicPartition = new TopicPartition(topic(topic), partition);
		try (Admin admin = admin()) {
			OffsetAndMetadata committed = admin.listConsumerGroupOffsets(group())
				.partitionsToOffsetAndMetadata()
				.get()
				.get(topicPartition);
			return (committed != null) ? (Long) committed.offset() : null;
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	GroupState groupState() {
		try (Admin admin = admin()) {
			return Objects.requireNonNull(admin.describeConsumerGroups(List.of(group())).all().get().get(group()))
				.groupState();
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	static ConsumerSnapshot table(ConfigurableApplicationContext context, String consumer) {
		ConsumerSnapshot table = context.getBean(DefaultWorkerManager.class).table(consumer);
		if (table == null) {
			throw new AssertionError("No consumer " + consumer);
		}
		return table;
	}

	PartitionSnapshot partition(ConfigurableApplicationContext context, String consumer, String topic, int partition) {
		return table(context, consumer).partitions()
			.stream()
			.filter((candidate) -> candidate.topic().equals(topic(topic)) && candidate.partition() == partition)
			.findFirst()
			.orElseThrow(() -> new AssertionError("Not assigned: " + topic + "-" + partition));
	}

	static void awaitAssigned(ConfigurableApplicationContext context, String consumer, int partitions) {
		Awaitility.await("partitions are assigned").atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
			int assigned = table(context, consumer).partitions().size();
			if (assigned != partitions) {
				throw new AssertionError("Assigned " + assigned + " of " + partitions);
			}
		});
	}

	/**
	 * Waits until each of several consumer threads polls partitions, so that none is
	 * still to join the group and cause a rebalance.
	 */
	static void awaitPolling(ConfigurableApplicationContext context, String consumer, int threads) {
		Awaitility.await("all consumer threads poll").atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
			Map<String, Collection<TopicPartition>> assignments = container(context, consumer)
				.getAssignmentsByClientId();
			if (assignments == null
					|| assignments.values().stream().filter((own) -> !own.isEmpty()).count() != threads) {
				throw new AssertionError("Assigned: " + assignments);
			}
		});
	}

	static AbstractMessageListenerContainer<?, ?> container(ConfigurableApplicationContext context, String id) {
		return (AbstractMessageListenerContainer<?, ?>) Objects
			.requireNonNull(context.getBean(KafkaListenerEndpointRegistry.class).getListenerContainer(id));
	}

	static String coordinates(ConsumerRecord<?, ?> record) {
		return record.topic() + "-" + record.partition() + "@" + record.offset();
	}

	Admin admin() {
		return Admin.create(Map.of("bootstrap.servers", SERVERS));
	}

	@Override
	public void close() {
		this.contexts.forEach(ConfigurableApplicationContext::close);
	}

	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class TestConfiguration {

	}

}
