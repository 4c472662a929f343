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

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serial;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.errors.RecordDeserializationException.DeserializationExceptionOrigin;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.core.log.LogAccessor;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.support.KafkaUtils;
import org.springframework.kafka.support.serializer.DeserializationException;
import org.springframework.kafka.support.serializer.SerializationUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link UnreadableRecordReader}.
 */
class UnreadableRecordReaderTests {

	private static final LogAccessor logger = new LogAccessor(LogFactory.getLog(UnreadableRecordReaderTests.class));

	private static final byte[] POISON = { 1, 2, 3 };

	@Test
	void valueIsNullWithItsReasonAndKeyIsRead() {
		ConsumerRecord<?, ?> record = reader(LongDeserializer.class.getName(), Recording.class).read(
				unreadable(DeserializationExceptionOrigin.VALUE, number(77), POISON, new IllegalStateException("no")));
		assertThat(record.topic()).isEqualTo("orders");
		assertThat(record.partition()).isEqualTo(3);
		assertThat(record.offset()).isEqualTo(42);
		assertThat(record.timestamp()).isEqualTo(1234);
		assertThat(record.timestampType()).isEqualTo(TimestampType.LOG_APPEND_TIME);
		assertThat(record.serializedKeySize()).isEqualTo(8);
		assertThat(record.serializedValueSize()).isEqualTo(3);
		assertThat(record.headers().lastHeader("mine").value()).containsExactly(7);
		assertThat((Object) record.key()).isEqualTo(77L);
		assertThat((Object) record.value()).isNull();
		assertThat(failure(record, false)).satisfies((failure) -> {
			assertThat(failure.getData()).isEqualTo(POISON);
			assertThat(failure.isKey()).isFalse();
			assertThat(failure).hasRootCauseInstanceOf(IllegalStateException.class).hasRootCauseMessage("no");
		});
		assertThat(failure(record, true)).isNull();
	}

	@Test
	void keyIsNullWithItsReasonAndValueIsRead() {
		ConsumerRecord<?, ?> record = reader(LongDeserializer.class, Recording.class).read(
				unreadable(DeserializationExceptionOrigin.KEY, POISON, text("value"), new IllegalStateException("no")));
		assertThat((Object) record.key()).isNull();
		assertThat((Object) record.value()).isEqualTo("value");
		assertThat(failure(record, true)).satisfies((failure) -> assertThat(failure.getData()).isEqualTo(POISON));
		assertThat(failure(record, false)).isNull();
	}

	@Test
	void otherPartThatCannotBeReadEitherHasItsReason() {
		ConsumerRecord<?, ?> record = reader(Overflowing.class, Recording.class).read(
				unreadable(DeserializationExceptionOrigin.VALUE, number(77), POISON, new IllegalStateException("no")));
		assertThat((Object) record.key()).isNull();
		assertThat(failure(record, true)).satisfies((failure) -> {
			assertThat(failure.getData()).isEqualTo(number(77));
			assertThat(failure).hasRootCauseInstanceOf(StackOverflowError.class);
		});
		assertThat(failure(record, false)).isNotNull();
	}

	@Test
	void errorThatAnswersNothingIsReportedByItsClass() {
		ConsumerRecord<?, ?> record = reader(Hostile.class, Recording.class).read(
				unreadable(DeserializationExceptionOrigin.VALUE, number(77), POISON, new IllegalStateException("no")));
		assertThat((Object) record.key()).isNull();
		assertThat(failure(record, true)).satisfies((failure) -> {
			assertThat(failure.getData()).isEqualTo(number(77));
			assertThat(failure.getCause()).isNotNull();
		});
	}

	@Test
	void deserializerThatCannotBeMadeIsAFailureOfItsPart() {
		ConsumerRecord<?, ?> record = reader("no.such.Deserializer", Recording.class).read(
				unreadable(DeserializationExceptionOrigin.VALUE, number(77), POISON, new IllegalStateException("no")));
		assertThat((Object) record.key()).isNull();
		assertThat(failure(record, true)).isNotNull();
	}

	@Test
	void absentOtherPartStaysAbsent() {
		ConsumerRecord<?, ?> record = reader(Overflowing.class, Recording.class)
			.read(unreadable(DeserializationExceptionOrigin.VALUE, null, POISON, new IllegalStateException("no")));
		assertThat((Object) record.key()).isNull();
		assertThat(record.serializedKeySize()).isEqualTo(ConsumerRecord.NULL_SIZE);
		assertThat(failure(record, true)).isNull();
	}

	@Test
	void failureThatCannotBeWrittenOrReadBackIsDescribed() {
		for (RuntimeException cause : List.of(new Unwritable("unwritable"), new Unreadable("unreadable"),
				new Refusing("refusing"))) {
			ConsumerRecord<?, ?> record = reader(LongDeserializer.class, Recording.class)
				.read(unreadable(DeserializationExceptionOrigin.VALUE, number(77), POISON, cause));
			assertThat(failure(record, false)).satisfies((failure) -> {
				assertThat(failure.getData()).isEqualTo(POISON);
				assertThat(failure.getCause()).hasMessageContaining(cause.getMessage());
			});
		}
	}

	@Test
	void failureThatDoesNotEvenDescribeItselfIsReportedByItsClass() {
		ConsumerRecord<?, ?> record = reader(LongDeserializer.class, Recording.class)
			.read(unreadable(DeserializationExceptionOrigin.VALUE, number(77), POISON, new Refusing("refusing") {

				@Override
				public String toString() {
					throw new IllegalStateException("Does not answer");
				}

			}));
		assertThat(failure(record, false)).satisfies((failure) -> {
			assertThat(failure.getData()).isEqualTo(POISON);
			assertThat(failure.getCause()).hasMessageContaining(getClass().getName() + "$");
		});
	}

	@Test
	void deserializersOfTheFactoryAreUsedAsTheyAre() {
		UnreadableRecordReader reader = reader(new DefaultKafkaConsumerFactory<>(
				Map.of("key.deserializer", "no.such.Deserializer", "value.deserializer", "no.such.Deserializer"),
				new LongDeserializer(), new StringDeserializer()), new ContainerProperties("orders"));
		ConsumerRecord<?, ?> record = reader
			.read(unreadable(DeserializationExceptionOrigin.VALUE, number(77), POISON, new RuntimeException()));
		assertThat((Object) record.key()).isEqualTo(77L);
		record = reader
			.read(unreadable(DeserializationExceptionOrigin.KEY, POISON, text("value"), new RuntimeException()));
		assertThat((Object) record.value()).isEqualTo("value");
	}

	@Test
	void deserializersAreConfiguredWithTheGroupOfTheContainer() {
		Recording.events.clear();
		ContainerProperties properties = new ContainerProperties("orders");
		properties.setGroupId("shop");
		reader(new DefaultKafkaConsumerFactory<>(Map.of("key.deserializer", Recording.class, "group.id", "store")),
				properties)
			.read(unreadable(DeserializationExceptionOrigin.VALUE, text("key"), POISON, new RuntimeException()));
		assertThat(Recording.events).containsExactly("configured for keys of shop: null");
	}

	@Test
	void deserializersAreMadeOnceConfiguredAndClosed() {
		Recording.events.clear();
		UnreadableRecordReader reader = reader(Recording.class, Recording.class);
		assertThat(Recording.events).isEmpty();
		for (int i = 0; i < 3; i++) {
			reader.read(unreadable(DeserializationExceptionOrigin.VALUE, text("key"), POISON, new RuntimeException()));
		}
		reader.read(unreadable(DeserializationExceptionOrigin.KEY, POISON, text("value"), new RuntimeException()));
		assertThat(Recording.events).containsExactly("configured for keys of null: there",
				"configured for values of null: there");
		reader.close();
		assertThat(Recording.events).hasSize(4).endsWith("closed", "closed");
	}

	private static UnreadableRecordReader reader(Object keyDeserializer, Object valueDeserializer) {
		Map<String, Object> configuration = new HashMap<>();
		configuration.put("bootstrap.servers", "localhost:1");
		configuration.put("key.deserializer", keyDeserializer);
		configuration.put("value.deserializer", valueDeserializer);
		configuration.put("setting", "there");
		return reader(new DefaultKafkaConsumerFactory<>(configuration), new ContainerProperties("orders"));
	}

	private static UnreadableRecordReader reader(DefaultKafkaConsumerFactory<?, ?> factory,
			ContainerProperties properties) {
		return new UnreadableRecordReader(new UnreadableRecordReader.Deserializers(
				new ContainerFacts(new KafkaMessageListenerContainer<>(factory, properties))));
	}

	private static RecordDeserializationException unreadable(DeserializationExceptionOrigin origin,
			byte @Nullable [] key, byte @Nullable [] value, RuntimeException cause) {
		return new RecordDeserializationException(origin, new TopicPartition("orders", 3), 42, 1234,
				TimestampType.LOG_APPEND_TIME, (key != null) ? ByteBuffer.wrap(key) : null,
				(value != null) ? ByteBuffer.wrap(value) : null, new RecordHeaders().add("mine", new byte[] { 7 }),
				"Error deserializing", cause);
	}

	private static @Nullable DeserializationException failure(ConsumerRecord<?, ?> record, boolean key) {
		return SerializationUtils.getExceptionFromHeader(record,
				key ? KafkaUtils.KEY_DESERIALIZER_EXCEPTION_HEADER : KafkaUtils.VALUE_DESERIALIZER_EXCEPTION_HEADER,
				logger);
	}

	private static byte[] number(long number) {
		return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
	}

	private static byte[] text(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	public static class Recording implements Deserializer<String> {

		static final List<String> events = new CopyOnWriteArrayList<>();

		@Override
		public void configure(Map<String, ?> configuration, boolean key) {
			events.add("configured for " + (key ? "keys" : "values") + " of " + configuration.get("group.id") + ": "
					+ configuration.get("setting"));
		}

		@Override
		public String deserialize(String topic, byte[] data) {
			return new String(data, StandardCharsets.UTF_8);
		}

		@Override
		public void close() {
			events.add("closed");
		}

	}

	public static class Hostile implements Deserializer<String> {

		@Override
		public String deserialize(String topic, byte[] data) {
			throw new AssertionError() {

				@Serial
				private static final long serialVersionUID = 1L;

				@Override
				public String toString() {
					throw new AssertionError("Does not answer");
				}

			};
		}

	}

	public static class Overflowing implements Deserializer<String> {

		@Override
		public String deserialize(String topic, byte[] data) {
			throw new StackOverflowError();
		}

	}

	private static final class Unwritable extends RuntimeException {

		private final Object field = new Object();

		Unwritable(String message) {
			super(message);
		}

	}

	private static class Refusing extends RuntimeException {

		Refusing(String message) {
			super(message);
		}

		private void writeObject(ObjectOutputStream stream) {
			throw new UnsupportedOperationException("cannot be written");
		}

	}

	private static final class Unreadable extends RuntimeException {

		Unreadable(String message) {
			super(message);
		}

		private void readObject(ObjectInputStream stream) throws IOException {
			throw new IOException("cannot be read");
		}

	}

}
