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

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Predicate;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.core.KafkaOperations;

import io.kaffe.spring.engine.delivery.ListenerFailure;
import io.kaffe.spring.engine.delivery.RecordRecoverer;

/**
 * Dead-letter topics: publishes records whose attempts are exhausted, with Spring Kafka's
 * dead-letter headers, to the partition of the same number or, if there is none, by key.
 * A record is completed when the broker has acknowledged its dead letter.
 * <p>
 * Keys and values that are bytes, because they could not be deserialized or because the
 * listener wants them so, are published as they are; others with the application's
 * template.
 * <p>
 * <b>Threading.</b> Safe for concurrent use. Nothing blocks the caller, except where a
 * record is published in a transaction of its own thread: a send may block for
 * {@code max.block.ms} when its topic or the broker is missing, so sends are made on an
 * executor, those to one topic one after the other. A record that must not be sent any
 * more is withdrawn by canceling its future.
 */
public final class DeadLetters implements RecordRecoverer, AutoCloseable {

	private final Map<String, DeadLetterQueue> queues = new ConcurrentHashMap<>();

	private final PayloadTemplates templates;

	private final DeadLetterTopicPattern pattern;

	private final Predicate<String> consumed;

	private final @Nullable String groupId;

	private final Executor executor;

	private final MissingTopics missingTopics;

	private volatile boolean closed;

	/**
	 * Create dead letters of one consumer.
	 * @param template publishes them; if it is transactional, each in a transaction of
	 * its own
	 * @param pattern names their topics
	 * @param consumed whether the consumer itself consumes a topic, so that dead letters
	 * there would come back; called by workers
	 * @param groupId the consumer group in their headers, or {@code null} if there is
	 * none
	 * @param executor sends; threads that may block, at most one for each dead-letter
	 * topic
	 * @param missingTopics warns of dead-letter topics that do not exist
	 */
	public DeadLetters(KafkaOperations<?, ?> template, DeadLetterTopicPattern pattern, Predicate<String> consumed,
			@Nullable String groupId, Executor executor, MissingTopics missingTopics) {
		this.templates = new PayloadTemplates(template);
		this.pattern = pattern;
		this.consumed = consumed;
		this.groupId = groupId;
		this.executor = executor;
		this.missingTopics = missingTopics;
	}

	@Override
	public void expect(Collection<String> topics) {
		this.missingTopics.warn(topics.stream().map(this.pattern::topicFor).toList());
	}

	/**
	 * Return the dead-letter topic of a topic.
	 * @param topic the topic of failed records
	 * @return the topic they are published to
	 */
	public String topicFor(String topic) {
		return this.pattern.topicFor(topic);
	}

	/**
	 * Publish a record to its dead-letter topic. Does not block.
	 * @param record the record
	 * @param failure what its last attempt failed with
	 * @return completed when the dead letter is acknowledged, exceptionally if it could
	 * not be sent
	 */
	@Override
	public CompletableFuture<?> recover(ConsumerRecord<?, ?> record, Exception failure) {
		try {
			String topic = this.pattern.topicFor(record.topic());
			refuseIfConsumed(topic, record);
			DeadLetterQueue queue = this.queues.computeIfAbsent(topic, this::queue);
			CompletableFuture<?> outcome = queue.add(record, ListenerFailure.of(failure, this.groupId));
			if (this.closed) {
				queue.cancelAll();
			}
			return outcome;
		}
		catch (Throwable ex) {
			return CompletableFuture.failedFuture(ex);
		}
	}

	/**
	 * Publish a record to its dead-letter topic on the calling thread: so it is part of
	 * the Kafka transaction of that thread, if the application's template can publish it
	 * and has the same producer factory.
	 */
	@Override
	public CompletableFuture<?> recoverHere(ConsumerRecord<?, ?> record, Exception failure) {
		String topic = this.pattern.topicFor(record.topic());
		refuseIfConsumed(topic, record);
		return new DeadLetterPublisher(topic, this.templates).publish(record,
				ListenerFailure.of(failure, this.groupId));
	}

	private DeadLetterQueue queue(String topic) {
		return new DeadLetterQueue(new DeadLetterPublisher(topic, this.templates), this.executor);
	}

	private void refuseIfConsumed(String topic, ConsumerRecord<?, ?> record) {
		if (topic.equals(record.topic()) || this.consumed.test(topic)) {
			throw new IllegalStateException("The dead letter of " + record.topic() + "-" + record.partition() + "@"
					+ record.offset() + " would be sent to '" + topic + "', which the same consumer consumes: it would "
					+ "be redelivered for ever. Configure another dead-letter topic than '" + this.pattern
					+ "', or consume none that is named like it");
		}
	}

	/**
	 * Cancel what is not sent yet, and close the producers that were created for bytes.
	 * Blocks for a second at most for each such producer.
	 */
	@Override
	public void close() {
		this.closed = true;
		this.queues.values().forEach(DeadLetterQueue::cancelAll);
		this.templates.close();
	}

}
