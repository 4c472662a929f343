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
import java.util.Set;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.support.KafkaUtils;

import io.kaffe.spring.DeadLetter;

/**
 * A record of a dead-letter topic, and what its headers say: Spring Kafka's, as
 * {@code DeadLetterPublishingRecoverer} writes them, and the number of replays. Anyone
 * may have written them, so what is not exactly of their form counts as absent.
 *
 * @param record the record, not changed
 * @param original where it was before; {@code null} if the headers do not say so
 * @param timestampType what its original timestamp is
 * @param group the consumer group in which it failed, or {@code null}
 * @param failure what it failed with, or {@code null}
 * @param replays how often it was replayed
 */
public record Letter(ConsumerRecord<byte[], byte[]> record, DeadLetter.@Nullable Original original,
		TimestampType timestampType, @Nullable String group, DeadLetter.@Nullable Failure failure, int replays) {

	/** The number of times a dead letter was replayed: 4 bytes. */
	public static final String REPLAYS_HEADER = "kaffe_dlt-replays";

	private static final int MAX_MESSAGE = 200;

	/** Of these there is one for each time that a record was dead-lettered. */
	private static final List<String> ORIGIN = List.of(KafkaHeaders.DLT_ORIGINAL_TOPIC,
			KafkaHeaders.DLT_ORIGINAL_PARTITION, KafkaHeaders.DLT_ORIGINAL_OFFSET, KafkaHeaders.DLT_ORIGINAL_TIMESTAMP,
			KafkaHeaders.DLT_ORIGINAL_TIMESTAMP_TYPE, KafkaHeaders.DLT_ORIGINAL_CONSUMER_GROUP);

	/** These are replaced each time, or belong to one delivery. */
	private static final Set<String> FAILURE = Set.of(KafkaHeaders.DLT_EXCEPTION_FQCN,
			KafkaHeaders.DLT_EXCEPTION_CAUSE_FQCN, KafkaHeaders.DLT_EXCEPTION_MESSAGE,
			KafkaHeaders.DLT_EXCEPTION_STACKTRACE, KafkaHeaders.DLT_KEY_EXCEPTION_FQCN,
			KafkaHeaders.DLT_KEY_EXCEPTION_MESSAGE, KafkaHeaders.DLT_KEY_EXCEPTION_STACKTRACE,
			KafkaHeaders.DELIVERY_ATTEMPT, KafkaUtils.KEY_DESERIALIZER_EXCEPTION_HEADER,
			KafkaUtils.VALUE_DESERIALIZER_EXCEPTION_HEADER, REPLAYS_HEADER);

	/**
	 * Read the headers of a record.
	 * @param record a record of a dead-letter topic
	 * @return what they say
	 */
	public static Letter of(ConsumerRecord<byte[], byte[]> record) {
		Headers headers = record.headers();
		ByteBuffer replays = number(headers, REPLAYS_HEADER, Integer.BYTES);
		return new Letter(record, original(headers), timestampType(headers),
				text(headers, KafkaHeaders.DLT_ORIGINAL_CONSUMER_GROUP), failure(headers),
				(replays != null) ? Math.max(0, replays.getInt()) : 0);
	}

	private static DeadLetter.@Nullable Original original(Headers headers) {
		String topic = text(headers, KafkaHeaders.DLT_ORIGINAL_TOPIC);
		ByteBuffer partition = number(headers, KafkaHeaders.DLT_ORIGINAL_PARTITION, Integer.BYTES);
		ByteBuffer offset = number(headers, KafkaHeaders.DLT_ORIGINAL_OFFSET, Long.BYTES);
		ByteBuffer timestamp = number(headers, KafkaHeaders.DLT_ORIGINAL_TIMESTAMP, Long.BYTES);
		if (topic == null || topic.isEmpty() || partition == null || offset == null || timestamp == null
				|| partition.getInt(0) < 0 || offset.getLong(0) < 0) {
			return null;
		}
		return new DeadLetter.Original(new TopicPartition(topic, partition.getInt()), offset.getLong(),
				Instant.ofEpochMilli(timestamp.getLong()));
	}

	private static TimestampType timestampType(Headers headers) {
		return TimestampType.LOG_APPEND_TIME.toString().equals(text(headers, KafkaHeaders.DLT_ORIGINAL_TIMESTAMP_TYPE))
				? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME;
	}

	/**
	 * Return what it failed with: what the handler threw, rather than what the listener
	 * wraps it with.
	 */
	private static DeadLetter.@Nullable Failure failure(Headers headers) {
		boolean ofKey = headers.lastHeader(KafkaHeaders.DLT_EXCEPTION_FQCN) == null;
		String thrown = text(headers, ofKey ? KafkaHeaders.DLT_KEY_EXCEPTION_FQCN : KafkaHeaders.DLT_EXCEPTION_FQCN);
		if (thrown == null) {
			return null;
		}
		String cause = text(headers, KafkaHeaders.DLT_EXCEPTION_CAUSE_FQCN);
		String message = text(headers,
				ofKey ? KafkaHeaders.DLT_KEY_EXCEPTION_MESSAGE : KafkaHeaders.DLT_EXCEPTION_MESSAGE);
		String exception = (cause != null && thrown.equals(ListenerExecutionFailedException.class.getName())) ? cause
				: thrown;
		return new DeadLetter.Failure(exception, (cause != null) ? cause : thrown,
				(message != null) ? message.substring(0, Math.min(MAX_MESSAGE, message.length())) : null);
	}

	private static @Nullable String text(Headers headers, String name) {
		Header header = headers.lastHeader(name);
		return (header != null && header.value() != null) ? new String(header.value(), StandardCharsets.UTF_8) : null;
	}

	private static @Nullable ByteBuffer number(Headers headers, String name, int bytes) {
		Header header = headers.lastHeader(name);
		return (header != null && header.value() != null && header.value().length == bytes)
				? ByteBuffer.wrap(header.value()) : null;
	}

	/**
	 * Return the headers of the record as it was, and the number of this replay, which a
	 * new dead letter of it has, too.
	 * @return new headers
	 */
	public Headers headersForReplay() {
		Headers headers = new RecordHeaders();
		Header[] all = this.record.headers().toArray();
		for (int index = 0; index < all.length; index++) {
			if (!FAILURE.contains(all[index].key()) && !isLastOfOrigin(all, index)) {
				headers.add(all[index]);
			}
		}
		return headers
			.add(new RecordHeader(REPLAYS_HEADER, ByteBuffer.allocate(Integer.BYTES).putInt(this.replays + 1).array()));
	}

	/**
	 * Return whether a header was added when the record was dead-lettered: others of its
	 * name are the record's own, which came from a dead-letter topic itself.
	 */
	private static boolean isLastOfOrigin(Header[] all, int index) {
		String name = all[index].key();
		if (!ORIGIN.contains(name)) {
			return false;
		}
		for (int later = index + 1; later < all.length; later++) {
			if (all[later].key().equals(name)) {
				return false;
			}
		}
		return true;
	}

}
