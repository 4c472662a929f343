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
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.kafka.listener.DeadLetterRecordManager;
import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.kafka.support.KafkaHeaders;

import io.kaffe.spring.DeadLetter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Letter}, with headers that Spring Kafka writes.
 */
class LetterTests {

	private static final byte[] SEVEN = { 7 };

	@Test
	void headersSayWhichRecordItWasAndWhatItFailedWith() {
		Letter letter = Letter
			.of(deadLetter(record(new RecordHeaders()), wrapped(new IllegalStateException("broken"))));
		assertThat(letter.original())
			.isEqualTo(new DeadLetter.Original(new TopicPartition("orders", 3), 42, Instant.ofEpochMilli(1234)));
		assertThat(letter.timestampType()).isEqualTo(TimestampType.LOG_APPEND_TIME);
		assertThat(letter.group()).isEqualTo("the-group");
		assertThat(letter.failure()).isNotNull().satisfies((failure) -> {
			assertThat(failure.exception()).isEqualTo(IllegalStateException.class.getName());
			assertThat(failure.cause()).isEqualTo(IllegalStateException.class.getName());
			assertThat(failure.message()).contains("broken");
		});
		assertThat(letter.replays()).isZero();
	}

	@Test
	void recordIsReplayedWithItsOwnHeadersAndTheNumberOfReplays() {
		Headers own = new RecordHeaders().add("mine", SEVEN).add("mine", new byte[] { 8 });
		Letter first = Letter.of(deadLetter(record(own), wrapped(new IllegalStateException("broken"))));
		Headers replayed = first.headersForReplay();
		assertThat(replayed.toArray()).extracting(Header::key).containsExactly("mine", "mine", Letter.REPLAYS_HEADER);
		Letter second = Letter.of(deadLetter(record(replayed), wrapped(new UnsupportedOperationException("again"))));
		assertThat(second.replays()).isEqualTo(1);
		assertThat(second.failure()).isNotNull()
			.satisfies(
					(failure) -> assertThat(failure.cause()).isEqualTo(UnsupportedOperationException.class.getName()));
		assertThat(second.headersForReplay().toArray()).extracting(Header::key)
			.containsExactly("mine", "mine", Letter.REPLAYS_HEADER);
		assertThat(Letter.of(deadLetter(record(second.headersForReplay()), wrapped(new Error("")))).replays())
			.isEqualTo(2);
	}

	@Test
	void recordThatWasADeadLetterBeforeKeepsThatOrigin() {
		ConsumerRecord<byte[], byte[]> deadLetter = deadLetter(record(new RecordHeaders()),
				wrapped(new IllegalStateException("broken")));
		Letter twice = Letter.of(deadLetter(deadLetter, wrapped(new IllegalStateException("broken again"))));
		assertThat(twice.original()).isNotNull()
			.satisfies((original) -> assertThat(original.partition().topic()).isEqualTo("orders-dlt"));
		Headers replayed = twice.headersForReplay();
		assertThat(replayed.headers(KafkaHeaders.DLT_ORIGINAL_TOPIC)).singleElement()
			.satisfies((header) -> assertThat(header.value()).asString(StandardCharsets.UTF_8).isEqualTo("orders"));
		assertThat(replayed.lastHeader(KafkaHeaders.DLT_EXCEPTION_FQCN)).isNull();
	}

	@ParameterizedTest
	@ValueSource(strings = { KafkaHeaders.DLT_ORIGINAL_TOPIC, KafkaHeaders.DLT_ORIGINAL_PARTITION,
			KafkaHeaders.DLT_ORIGINAL_OFFSET, KafkaHeaders.DLT_ORIGINAL_TIMESTAMP })
	void headerThatIsMissingOrNotOfItsFormCountsAsAbsent(String name) {
		for (byte[] value : Stream
			.of(new byte[0], new byte[] { -1, -1, -1, -1 }, ByteBuffer.allocate(8).putLong(-1).array())
			.toList()) {
			ConsumerRecord<byte[], byte[]> record = deadLetter(record(new RecordHeaders()),
					wrapped(new IllegalStateException("broken")));
			record.headers().remove(name);
			assertThat(Letter.of(record).original()).isNull();
			record.headers().add(name, value);
			if (!isValid(name, value)) {
				assertThat(Letter.of(record).original()).as("%s: %s", name, List.of(value.length)).isNull();
			}
		}
	}

	private static boolean isValid(String name, byte[] value) {
		return switch (name) {
			case KafkaHeaders.DLT_ORIGINAL_TOPIC -> value.length > 0;
			case KafkaHeaders.DLT_ORIGINAL_TIMESTAMP -> value.length == Long.BYTES;
			default -> false;
		};
	}

	@Test
	void recordWithoutHeadersIsNoDeadLetter() {
		Letter letter = Letter.of(record(new RecordHeaders().add(Letter.REPLAYS_HEADER, SEVEN)));
		assertThat(letter.original()).isNull();
		assertThat(letter.group()).isNull();
		assertThat(letter.failure()).isNull();
		assertThat(letter.replays()).isZero();
	}

	private static ConsumerRecord<byte[], byte[]> record(Headers headers) {
		return new ConsumerRecord<>("orders", 3, 42, 1234, TimestampType.LOG_APPEND_TIME, 1, 1, SEVEN, SEVEN, headers,
				Optional.empty());
	}

	private static ConsumerRecord<byte[], byte[]> deadLetter(ConsumerRecord<byte[], byte[]> record, Exception failure) {
		var sent = new DeadLetterRecordManager().enrichHeadersAndCreateProducerRecord(record, failure,
				new TopicPartition(record.topic() + "-dlt", 3));
		return new ConsumerRecord<>(sent.topic(), 3, 5, 9999, TimestampType.CREATE_TIME, 1, 1, sent.key(), sent.value(),
				sent.headers(), Optional.empty());
	}

	private static Exception wrapped(Throwable failure) {
		return new ListenerExecutionFailedException("Listener failed", "the-group", failure);
	}

}
