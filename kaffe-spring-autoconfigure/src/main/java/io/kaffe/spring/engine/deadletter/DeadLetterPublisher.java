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

import java.util.Objects;
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.core.KafkaOperations;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;

/**
 * Spring Kafka's recoverer for one dead-letter topic, with two differences: the partition
 * is verified with the producer, since the consumer is elsewhere, and it does not wait
 * for the acknowledgment but returns the send's future.
 * <p>
 * <b>Threading.</b> Used by one thread at a time, and what it does for one record happens
 * before what it does for the next. Blocks for {@code max.block.ms} if the topic or the
 * broker is missing, and for a transaction if the template is transactional.
 */
final class DeadLetterPublisher extends DeadLetterPublishingRecoverer {

	private @Nullable CompletableFuture<?> sent;

	DeadLetterPublisher(String topic, PayloadTemplates templates) {
		super(templates::templateFor, (record, failure) -> new TopicPartition(topic, record.partition()));
		// It would return as if the record were published. The caller has made sure that
		// the topic is another one.
		setSkipSameTopicFatalExceptions(false);
	}

	/**
	 * Send a record to the topic.
	 * @return what the send returned
	 * @throws RuntimeException if it cannot be sent
	 */
	CompletableFuture<?> publish(ConsumerRecord<?, ?> record, Exception failure) {
		this.sent = null;
		accept(record, null, failure);
		return Objects.requireNonNull(this.sent, "Nothing was sent");
	}

	@Override
	protected void send(ProducerRecord<Object, Object> outRecord, KafkaOperations<Object, Object> kafkaTemplate,
			ConsumerRecord<?, ?> inRecord) {
		if (kafkaTemplate.isTransactional() && !kafkaTemplate.inTransaction()
				&& !kafkaTemplate.isAllowNonTransactional()) {
			kafkaTemplate.executeInTransaction((operations) -> {
				publish(outRecord, operations, inRecord);
				return null;
			});
		}
		else {
			publish(outRecord, kafkaTemplate, inRecord);
		}
	}

	@Override
	protected void publish(ProducerRecord<Object, Object> outRecord, KafkaOperations<Object, Object> kafkaTemplate,
			ConsumerRecord<?, ?> inRecord) {
		this.sent = kafkaTemplate.send(placed(outRecord, kafkaTemplate));
	}

	/**
	 * Return the record for the partition of its number, or without a partition if the
	 * topic has fewer, so that the producer takes one by key. Else it would wait for that
	 * partition to appear.
	 */
	private ProducerRecord<Object, Object> placed(ProducerRecord<Object, Object> outRecord,
			KafkaOperations<Object, Object> kafkaTemplate) {
		Integer partition = outRecord.partition();
		if (partition == null || partition < partitions(outRecord.topic(), kafkaTemplate)) {
			return outRecord;
		}
		return new ProducerRecord<>(outRecord.topic(), null, outRecord.timestamp(), outRecord.key(), outRecord.value(),
				outRecord.headers());
	}

	private int partitions(String topic, KafkaOperations<Object, Object> kafkaTemplate) {
		try {
			return kafkaTemplate.partitionsFor(topic).size();
		}
		catch (UnsupportedOperationException ex) {
			this.logger.debug(ex, () -> "Not verified whether '" + topic + "' has the partition");
			return Integer.MAX_VALUE;
		}
	}

}
