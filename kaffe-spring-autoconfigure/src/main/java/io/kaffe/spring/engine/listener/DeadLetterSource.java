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

import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.util.Assert;

import io.kaffe.spring.DeadLetter;
import io.kaffe.spring.engine.deadletter.DeadLetters;
import io.kaffe.spring.engine.deadletter.Letter;
import io.kaffe.spring.engine.worker.DisplayText;

/**
 * Where the dead letters of a consumer are, and what they are: which of the records there
 * are its own, and which records they were.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; nothing blocks but deserializers, which are
 * user code, and what creates consumers. Deserializers belong to one thread at a time.
 */
final class DeadLetterSource {

	/** As many as threads read at once, kept since some are costly to make. */
	private final Queue<UnreadableRecordReader> readers = new ConcurrentLinkedQueue<>();

	private final ConsumerContext context;

	private final Supplier<Set<String>> topics;

	private final Supplier<Collection<PartitionAssignment>> assignments;

	private final Function<Map<String, Object>, Consumer<byte[], byte[]>> consumers;

	private final OffsetCommits.MetadataLimit metadataLimit;

	/**
	 * Create a source.
	 * @param context the consumer
	 * @param topics returns the topics that it consumes
	 * @param assignments returns the partitions that are assigned to it
	 * @param consumers makes a Kafka consumer from its configuration
	 */
	DeadLetterSource(ConsumerContext context, Supplier<Set<String>> topics,
			Supplier<Collection<PartitionAssignment>> assignments,
			Function<Map<String, Object>, Consumer<byte[], byte[]>> consumers) {
		this.context = context;
		this.topics = topics;
		this.assignments = assignments;
		this.consumers = consumers;
		this.metadataLimit = new OffsetCommits.MetadataLimit(context.toString(), true);
	}

	/**
	 * Check that dead letters can be read and replayed.
	 * @throws IllegalStateException if they cannot
	 */
	void check() {
		sender();
		group();
		Assert.state(isRunning(), () -> "Consumer '" + this.context + "' is stopped; start it first");
	}

	boolean isRunning() {
		return this.context.facts().container().isRunning();
	}

	/**
	 * Return what sends the consumer's dead letters.
	 */
	DeadLetters sender() {
		if (this.context.settings().failurePolicy().deadLetters() instanceof DeadLetters sender) {
			return sender;
		}
		throw new IllegalStateException("Consumer '" + this.context
				+ "' has no dead letters: there is no KafkaTemplate bean to send them with, or there are several and none is primary");
	}

	private String group() {
		String group = this.context.facts().groupId();
		Assert.state(group != null, () -> "Consumer '" + this.context
				+ "' has no group, so that it cannot be remembered which dead letters were handled");
		return group;
	}

	/**
	 * Return the dead-letter topics.
	 */
	Set<String> deadLetterTopics() {
		DeadLetters sender = sender();
		return this.topics.get().stream().map(sender::topicFor).collect(Collectors.toSet());
	}

	/**
	 * Create what reads them. May block.
	 */
	DeadLetterReader open() {
		return new DeadLetterReader(this.consumers.apply(DeadLetterReader.configuration(this.context.facts(), group())),
				this.metadataLimit);
	}

	/**
	 * Return the assignment of a partition, or {@code null} if it is not assigned.
	 */
	@Nullable PartitionAssignment assignment(TopicPartition partition) {
		for (PartitionAssignment assignment : this.assignments.get()) {
			if (assignment.partition().equals(partition) && !assignment.isRevoked()) {
				return assignment;
			}
		}
		return null;
	}

	/**
	 * Find out what a record of a dead-letter topic is.
	 */
	Described describe(ConsumerRecord<byte[], byte[]> record) {
		Letter letter = Letter.of(record);
		DeadLetter.Original original = letter.original();
		String problem = problem(letter);
		ConsumerRecord<?, ?> replayable = (problem == null && original != null) ? read(letter, original) : null;
		return new Described(new DeadLetter(new TopicPartition(record.topic(), record.partition()), record.offset(),
				Instant.ofEpochMilli(record.timestamp()), state(problem, original), problem, original, letter.replays(),
				letter.failure(), text((replayable != null) ? replayable.key() : null, record.key()),
				text((replayable != null) ? replayable.value() : null, record.value())), replayable);
	}

	/**
	 * Return why a record is no dead letter of the consumer, or {@code null} if it is.
	 */
	private @Nullable String problem(Letter letter) {
		DeadLetter.Original original = letter.original();
		if (original == null) {
			return "It has no headers that say which record it was";
		}
		String topic = original.partition().topic();
		if (!this.topics.get().contains(topic)) {
			return "It was a record of the topic '" + topic + "', which this consumer does not consume";
		}
		if (!sender().topicFor(topic).equals(letter.record().topic())) {
			return "It was a record of the topic '" + topic + "', whose dead letters this consumer sends to '"
					+ sender().topicFor(topic) + "'";
		}
		if (!group().equals(letter.group())) {
			return (letter.group() != null) ? "It failed in the group '" + letter.group() + "'"
					: "It has no header that says in which group it failed";
		}
		return null;
	}

	private DeadLetter.State state(@Nullable String problem, DeadLetter.@Nullable Original original) {
		if (problem != null || original == null) {
			return DeadLetter.State.FOREIGN;
		}
		return (assignment(original.partition()) != null) ? DeadLetter.State.HERE : DeadLetter.State.ELSEWHERE;
	}

	private ConsumerRecord<?, ?> read(Letter letter, DeadLetter.Original original) {
		UnreadableRecordReader pooled = this.readers.poll();
		UnreadableRecordReader reader = (pooled != null) ? pooled
				: new UnreadableRecordReader(new UnreadableRecordReader.Deserializers(this.context.facts()));
		try {
			return reader.read(letter, original);
		}
		finally {
			this.readers.add(reader);
		}
	}

	/**
	 * Return the text of a key or a value, or of the bytes that could not be
	 * deserialized.
	 */
	private static @Nullable String text(@Nullable Object part, byte @Nullable [] bytes) {
		if (part != null) {
			return DisplayText.of(part);
		}
		return (bytes != null) ? DisplayText.escaped(bytes) : null;
	}

	/**
	 * A record of a dead-letter topic.
	 *
	 * @param letter what it is
	 * @param record the record that it was, to be replayed; {@code null} if it is no dead
	 * letter of the consumer
	 */
	record Described(DeadLetter letter, @Nullable ConsumerRecord<?, ?> record) {
	}

}
