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

package io.kaffe.spring.engine.deadletter;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.LongSerializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.support.KafkaUtils;
import org.springframework.kafka.support.serializer.DeserializationException;
import org.springframework.kafka.support.serializer.JacksonJsonSerializer;
import org.springframework.kafka.support.serializer.SerializationUtils;

import io.kaffe.spring.support.TestTopics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link DeadLetters} on a broker: what arrives, and where.
 */
class DeadLettersIntegrationTests {

	private static final String SERVERS = System.getProperty("spring.kafka.bootstrap-servers");

	private static final byte[] POISON = { (byte) 0xCA, (byte) 0xFE, 0 };

	private final String topic = "orders-" + UUID.randomUUID().toString().substring(0, 8);

	private final ExecutorService executor = Executors.newCachedThreadPool();

	private final List<AutoCloseable> closeables = new ArrayList<>();

	@AfterEach
	void close() throws Exception {
		for (AutoCloseable closeable : this.closeables) {
			closeable.close();
		}
		this.executor.shutdownNow();
	}

	@Test
	void headersHoldOriginAndCause() {
		createDeadLetterTopic(3);
		Headers headers = new RecordHeaders().add("mine", new byte[] { 7 });
		recover(deadLetters(strings()), record(2, "key", "value", headers), new ListenerExecutionFailedException(
				"Listener method could not be invoked", new IllegalStateException("broken")));
		ConsumerRecord<byte[], byte[]> letter = deadLetter();
		assertThat(letter.partition()).isEqualTo(2);
		assertThat(text(letter.key())).isEqualTo("key");
		assertThat(text(letter.value())).isEqualTo("value");
		assertThat(header(letter, "mine")).containsExactly(7);
		assertThat(text(header(letter, KafkaHeaders.DLT_ORIGINAL_TOPIC))).isEqualTo(this.topic);
		assertThat(ByteBuffer.wrap(header(letter, KafkaHeaders.DLT_ORIGINAL_PARTITION)).getInt()).isEqualTo(2);
		assertThat(ByteBuffer.wrap(header(letter, KafkaHeaders.DLT_ORIGINAL_OFFSET)).getLong()).isEqualTo(42);
		assertThat(ByteBuffer.wrap(header(letter, KafkaHeaders.DLT_ORIGINAL_TIMESTAMP)).getLong()).isEqualTo(1234);
		assertThat(text(header(letter, KafkaHeaders.DLT_ORIGINAL_CONSUMER_GROUP))).isEqualTo("the-group");
		assertThat(text(header(letter, KafkaHeaders.DLT_EXCEPTION_FQCN)))
			.isEqualTo(ListenerExecutionFailedException.class.getName());
		assertThat(text(header(letter, KafkaHeaders.DLT_EXCEPTION_CAUSE_FQCN)))
			.isEqualTo(IllegalStateException.class.getName());
		assertThat(text(header(letter, KafkaHeaders.DLT_EXCEPTION_MESSAGE))).contains("broken");
		assertThat(text(header(letter, KafkaHeaders.DLT_EXCEPTION_STACKTRACE))).contains("IllegalStateException");
	}

	@Test
	void topicWithFewerPartitionsIsWrittenToByKey() {
		createDeadLetterTopic(2);
		DeadLetters deadLetters = deadLetters(strings());
		for (int partition = 0; partition < 6; partition++) {
			recover(deadLetters, record(partition, "the same key", "value", new RecordHeaders()));
		}
		List<ConsumerRecord<byte[], byte[]>> letters = deadLetters(6);
		assertThat(letters.stream().filter((letter) -> original(letter) < 2))
			.allMatch((letter) -> letter.partition() == original(letter));
		assertThat(letters.stream().filter((letter) -> original(letter) >= 2).map(ConsumerRecord::partition).distinct())
			.hasSize(1);
	}

	@Test
	void valueThatCouldNotBeReadKeepsItsBytesAndItsKeyItsType() {
		createDeadLetterTopic(1);
		recover(deadLetters(json()), record(0, 77L, null, unreadable(false, POISON)));
		ConsumerRecord<byte[], byte[]> letter = deadLetter();
		assertThat(letter.value()).isEqualTo(POISON);
		assertThat(ByteBuffer.wrap(letter.key()).getLong()).isEqualTo(77);
		assertThat(text(header(letter, KafkaHeaders.DLT_EXCEPTION_FQCN)))
			.isEqualTo(DeserializationException.class.getName());
		assertThat(letter.headers().lastHeader(KafkaUtils.VALUE_DESERIALIZER_EXCEPTION_HEADER)).isNull();
	}

	@Test
	void keyThatCouldNotBeReadKeepsItsBytesAndItsValueItsType() {
		createDeadLetterTopic(1);
		recover(deadLetters(json()), record(0, null, new Order("book", 3), unreadable(true, POISON)));
		ConsumerRecord<byte[], byte[]> letter = deadLetter();
		assertThat(letter.key()).isEqualTo(POISON);
		assertThat(text(letter.value())).isEqualTo("{\"item\":\"book\",\"quantity\":3}");
	}

	@Test
	void keyAndValueThatCouldNotBeReadKeepTheirBytes() {
		createDeadLetterTopic(1);
		Headers headers = unreadable(false, POISON);
		unreadable(true, new byte[] { 1 }).forEach(headers::add);
		recover(deadLetters(strings()), record(0, null, null, headers));
		ConsumerRecord<byte[], byte[]> letter = deadLetter();
		assertThat(letter.key()).containsExactly(1);
		assertThat(letter.value()).isEqualTo(POISON);
	}

	@Test
	void keyThatCouldNotBeReadMayHaveATombstone() {
		createDeadLetterTopic(1);
		recover(deadLetters(json()), record(0, null, null, unreadable(true, POISON)));
		ConsumerRecord<byte[], byte[]> letter = deadLetter();
		assertThat(letter.key()).isEqualTo(POISON);
		assertThat(letter.value()).isNull();
	}

	@Test
	void serializersThatAreInstancesDoNotGetInTheWayOfBytes() {
		createDeadLetterTopic(1);
		var factory = producers(new HashMap<>());
		factory.setKeySerializer(anyType(new LongSerializer()));
		factory.setValueSerializer(anyType(new StringSerializer()));
		recover(deadLetters(new KafkaTemplate<>(factory)), record(0, 77L, null, unreadable(false, POISON)));
		ConsumerRecord<byte[], byte[]> letter = deadLetter();
		assertThat(letter.value()).isEqualTo(POISON);
		assertThat(ByteBuffer.wrap(letter.key()).getLong()).isEqualTo(77);
	}

	@Test
	void valueOfTheTemplatesTypeIsSerialized() {
		createDeadLetterTopic(1);
		recover(deadLetters(json()), record(0, 77L, new Order("pen", 1), new RecordHeaders()));
		assertThat(text(deadLetter().value())).isEqualTo("{\"item\":\"pen\",\"quantity\":1}");
	}

	@Test
	void bytesThatAListenerAsksForAreNotEncodedOnceMore() {
		createDeadLetterTopic(1);
		recover(deadLetters(json()), record(0, 77L, "{}".getBytes(StandardCharsets.UTF_8), new RecordHeaders()));
		assertThat(text(deadLetter().value())).isEqualTo("{}");
	}

	@Test
	void tombstoneStaysOne() {
		createDeadLetterTopic(1);
		recover(deadLetters(json()), record(0, 77L, null, new RecordHeaders()));
		ConsumerRecord<byte[], byte[]> letter = deadLetter();
		assertThat(letter.value()).isNull();
		assertThat(ByteBuffer.wrap(letter.key()).getLong()).isEqualTo(77);
	}

	@Test
	void valueThatTheTemplateCannotSerializeIsAFailure() {
		createDeadLetterTopic(1);
		CompletableFuture<?> outcome = deadLetters(strings())
			.recover(record(0, "key", new Order("pen", 1), new RecordHeaders()), new IllegalStateException("broken"));
		await("it failed").until(outcome::isDone);
		assertThat(outcome).isCompletedExceptionally();
	}

	@Test
	void missingTopicIsAFailureUntilItIsThere() {
		KafkaTemplate<Object, Object> template = new KafkaTemplate<>(
				producers(Map.of(ProducerConfig.MAX_BLOCK_MS_CONFIG, 500)));
		DeadLetters deadLetters = deadLetters(template);
		CompletableFuture<?> outcome = deadLetters.recover(record(0, "key", "value", new RecordHeaders()),
				new IllegalStateException("broken"));
		assertThat(outcome).failsWithin(Duration.ofSeconds(30))
			.withThrowableThat()
			.havingCause()
			.isInstanceOf(TimeoutException.class)
			.withMessageContaining(this.topic + "-dlt");
		createDeadLetterTopic(1);
		recover(deadLetters, record(0, "key", "value", new RecordHeaders()));
		assertThat(text(deadLetter().value())).isEqualTo("value");
	}

	@Test
	void transactionalTemplateSendsInTransactions() {
		createDeadLetterTopic(1);
		DeadLetters deadLetters = deadLetters(transactional());
		recover(deadLetters, record(0, "key", "first", new RecordHeaders()));
		recover(deadLetters, record(5, "key", "second", new RecordHeaders()));
		assertThat(deadLetters(2)).extracting((letter) -> text(letter.value())).containsExactly("first", "second");
		assertThat(deadLetters(2)).extracting(ConsumerRecord::offset)
			.as("a transaction's marker is in between")
			.containsExactly(0L, 2L);
	}

	@Test
	void bytesAreSentBesideATransactionalTemplate() {
		createDeadLetterTopic(1);
		KafkaTemplate<Object, Object> template = transactional();
		DeadLetters deadLetters = deadLetters(template);
		recover(deadLetters, record(0, "key", "first", new RecordHeaders()));
		recover(deadLetters, record(0, "key", null, unreadable(false, POISON)));
		recover(deadLetters, record(0, "key", "third", new RecordHeaders()));
		assertThat(deadLetters(3)).extracting(ConsumerRecord::value)
			.containsExactly("first".getBytes(StandardCharsets.UTF_8), POISON,
					"third".getBytes(StandardCharsets.UTF_8));
	}

	@Test
	void outcomeIsOpenUntilTheBrokerHasAcknowledged() {
		createDeadLetterTopic(1);
		KafkaTemplate<Object, Object> template = new KafkaTemplate<>(
				producers(Map.of(ProducerConfig.LINGER_MS_CONFIG, 60_000)));
		CompletableFuture<?> outcome = deadLetters(template).recover(record(0, "key", "value", new RecordHeaders()),
				new IllegalStateException("broken"));
		await("the producer has it").until(() -> buffered(template) > 0);
		assertThat(outcome).isNotDone();
		template.flush();
		await("it is acknowledged").until(outcome::isDone);
		assertThat(outcome).isCompleted();
		assertThat(text(deadLetter().value())).isEqualTo("value");
	}

	private static double buffered(KafkaTemplate<Object, Object> template) {
		return metric(template, "buffer-total-bytes") - metric(template, "buffer-available-bytes");
	}

	private static double metric(KafkaTemplate<Object, Object> template, String name) {
		return template.metrics()
			.values()
			.stream()
			.filter((metric) -> metric.metricName().name().equals(name))
			.mapToDouble((metric) -> (double) metric.metricValue())
			.sum();
	}

	private void recover(DeadLetters deadLetters, ConsumerRecord<?, ?> record) {
		recover(deadLetters, record, new IllegalStateException("broken"));
	}

	private void recover(DeadLetters deadLetters, ConsumerRecord<?, ?> record, Exception failure) {
		assertThat(deadLetters.recover(record, failure)).succeedsWithin(Duration.ofSeconds(30));
	}

	private DeadLetters deadLetters(KafkaTemplate<?, ?> template) {
		DeadLetters deadLetters = new DeadLetters(template, new DeadLetterTopicPattern(DeadLetterTopicPattern.DEFAULT),
				(name) -> false, "the-group", this.executor,
				new MissingTopics(List.of(), Runnable::run, Runnable::run));
		this.closeables.add(deadLetters);
		return deadLetters;
	}

	private KafkaTemplate<Object, Object> strings() {
		return new KafkaTemplate<>(producers(new HashMap<>()));
	}

	private KafkaTemplate<Object, Object> json() {
		return new KafkaTemplate<>(
				producers(Map.of(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, LongSerializer.class.getName(),
						ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, JacksonJsonSerializer.class.getName())));
	}

	private KafkaTemplate<Object, Object> transactional() {
		return new KafkaTemplate<>(producers(Map.of(ProducerConfig.TRANSACTIONAL_ID_CONFIG, this.topic)));
	}

	private DefaultKafkaProducerFactory<Object, Object> producers(Map<String, Object> more) {
		Map<String, Object> configuration = new HashMap<>();
		configuration.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, SERVERS);
		configuration.put(ProducerConfig.CLIENT_ID_CONFIG, "of-" + this.topic);
		configuration.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, StringSerializer.class);
		configuration.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, StringSerializer.class);
		configuration.putAll(more);
		DefaultKafkaProducerFactory<Object, Object> factory = new DefaultKafkaProducerFactory<>(configuration);
		this.closeables.add(factory::destroy);
		return factory;
	}

	private <K, V> ConsumerRecord<K, V> record(int partition, @Nullable K key, @Nullable V value, Headers headers) {
		return new ConsumerRecord<>(this.topic, partition, 42, 1234, TimestampType.CREATE_TIME, 3, 5, key, value,
				headers, Optional.empty());
	}

	@SuppressWarnings("unchecked")
	private static Serializer<Object> anyType(Serializer<?> serializer) {
		return (Serializer<Object>) serializer;
	}

	private static Headers unreadable(boolean key, byte[] bytes) {
		Headers headers = new RecordHeaders();
		SerializationUtils.deserializationException(headers, bytes, new IllegalArgumentException("poison"), key);
		return headers;
	}

	private void createDeadLetterTopic(int partitions) {
		TestTopics.create(SERVERS, this.topic + "-dlt", partitions);
	}

	private ConsumerRecord<byte[], byte[]> deadLetter() {
		return deadLetters(1).get(0);
	}

	private List<ConsumerRecord<byte[], byte[]>> deadLetters(int count) {
		List<ConsumerRecord<byte[], byte[]>> letters = new ArrayList<>();
		try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
				Map.of("bootstrap.servers", SERVERS, "isolation.level", "read_committed"), new ByteArrayDeserializer(),
				new ByteArrayDeserializer())) {
			List<TopicPartition> partitions = consumer.partitionsFor(this.topic + "-dlt")
				.stream()
				.map((info) -> new TopicPartition(info.topic(), info.partition()))
				.toList();
			consumer.assign(partitions);
			consumer.seekToBeginning(partitions);
			await("dead letters arrived").until(() -> {
				consumer.poll(Duration.ofMillis(100)).forEach(letters::add);
				return letters.size() >= count;
			});
		}
		assertThat(letters).hasSize(count);
		return letters;
	}

	private static int original(ConsumerRecord<byte[], byte[]> letter) {
		return ByteBuffer.wrap(header(letter, KafkaHeaders.DLT_ORIGINAL_PARTITION)).getInt();
	}

	private static byte[] header(ConsumerRecord<?, ?> record, String name) {
		return record.headers().lastHeader(name).value();
	}

	private static String text(byte[] bytes) {
		return new String(bytes, StandardCharsets.UTF_8);
	}

	/**
	 * A value.
	 *
	 * @param item what
	 * @param quantity how many
	 */
	record Order(String item, int quantity) {
	}

}
