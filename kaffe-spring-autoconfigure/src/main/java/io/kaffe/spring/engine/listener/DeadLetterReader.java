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
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

import io.kaffe.spring.engine.deadletter.HandledLetters;
import io.kaffe.spring.engine.offset.CommitMetadata;

/**
 * Reads dead-letter topics with a consumer of its own that is in no group, and stores
 * which dead letters were handled, as commits of a group that has no members.
 * <p>
 * Several instances may store at the same time. Each reads what is stored, adds what it
 * has handled itself, and reads once more whether that is there, since another one may
 * have written in between.
 * <p>
 * <b>Threading.</b> Belongs to one thread, which it blocks for answers of the broker: 10
 * seconds at most for each call but for {@link #scan}.
 */
final class DeadLetterReader implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(DeadLetterReader.class);

	/** What is appended to the group of the consumer. */
	static final String GROUP_SUFFIX = ".dead-letters";

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	private static final Duration POLL_TIMEOUT = Duration.ofMillis(200);

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

	private static final int MAX_POLL_RECORDS = 100;

	private static final int MAX_FETCH_BYTES = 4 << 20;

	private static final int STORE_ATTEMPTS = 5;

	private static final AtomicInteger numbers = new AtomicInteger();

	private final Consumer<byte[], byte[]> consumer;

	private final OffsetCommits.MetadataLimit limit;

	DeadLetterReader(Consumer<byte[], byte[]> consumer, OffsetCommits.MetadataLimit limit) {
		this.consumer = consumer;
		this.limit = limit;
	}

	/**
	 * Return the configuration of a consumer that reads dead letters.
	 * @param facts the configuration of the container whose dead letters they are
	 * @param group its group
	 */
	static Map<String, Object> configuration(ContainerFacts facts, String group) {
		Map<String, Object> configuration = facts.consumerConfigurationOutsideOfGroup();
		configuration.computeIfPresent(ConsumerConfig.CLIENT_ID_CONFIG,
				(key, id) -> id + "-dead-letters-" + numbers.incrementAndGet());
		configuration.put(ConsumerConfig.GROUP_ID_CONFIG, group + GROUP_SUFFIX);
		configuration.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
		configuration.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
		configuration.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
		configuration.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
		configuration.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, MAX_POLL_RECORDS);
		configuration.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, MAX_FETCH_BYTES);
		return configuration;
	}

	/**
	 * Return the partitions of topics.
	 * @param topics the topics
	 * @param missing where those are added that do not exist
	 * @return the partitions, sorted by topic and number
	 */
	List<TopicPartition> partitions(Set<String> topics, SortedSet<String> missing) {
		List<TopicPartition> partitions = new ArrayList<>();
		for (String topic : new TreeSet<>(topics)) {
			List<PartitionInfo> known = partitionsOf(topic);
			if (known.isEmpty()) {
				missing.add(topic);
			}
			known.stream()
				.map((info) -> new TopicPartition(topic, info.partition()))
				.sorted(Comparator.comparingInt(TopicPartition::partition))
				.forEach(partitions::add);
		}
		return partitions;
	}

	private List<PartitionInfo> partitionsOf(String topic) {
		try {
			List<PartitionInfo> known = this.consumer.partitionsFor(topic, TIMEOUT);
			return (known != null) ? known : List.of();
		}
		catch (UnknownTopicOrPartitionException | InvalidTopicException ex) {
			return List.of();
		}
	}

	/**
	 * Return the offset of the first record of each partition and the one after the last.
	 */
	Map<TopicPartition, Bounds> bounds(List<TopicPartition> partitions) {
		Map<TopicPartition, Long> beginnings = this.consumer.beginningOffsets(partitions, TIMEOUT);
		Map<TopicPartition, Long> ends = this.consumer.endOffsets(partitions, TIMEOUT);
		Map<TopicPartition, Bounds> bounds = new HashMap<>();
		partitions.forEach((partition) -> bounds.put(partition,
				new Bounds(beginnings.getOrDefault(partition, 0L), ends.getOrDefault(partition, 0L))));
		return bounds;
	}

	/**
	 * Return which dead letters of a partition were handled, as it is stored now.
	 */
	HandledLetters handled(TopicPartition partition, Bounds bounds) {
		OffsetAndMetadata commit = this.consumer.committed(Set.of(partition), TIMEOUT).get(partition);
		try {
			return HandledLetters.read(bounds.beginning(), bounds.end(), (commit != null) ? commit.offset() : null,
					(commit != null) ? commit.metadata() : null);
		}
		catch (CommitMetadata.UnreadableMetadataException ex) {
			long watermark = (commit != null) ? commit.offset() : bounds.beginning();
			logger.warn("Which dead letters of " + partition + " above offset " + watermark
					+ " were handled cannot be read, so they are offered again: " + ex.getMessage());
			return HandledLetters.none(Math.max(watermark, bounds.beginning()));
		}
	}

	/**
	 * Store which dead letters were handled, besides what is stored already, which is
	 * added.
	 * @return whether all of it is stored, rather than what fits
	 */
	boolean store(TopicPartition partition, HandledLetters handled) {
		for (int attempt = 0; attempt < STORE_ATTEMPTS; attempt++) {
			Bounds bounds = bounds(List.of(partition)).get(partition);
			HandledLetters stored = handled(partition, (bounds != null) ? bounds : new Bounds(0, 0));
			if (stored.containsAll(handled)) {
				return true;
			}
			handled.addAll(stored);
			CommitMetadata metadata = handled.metadata(this.limit.length());
			if (commit(partition, handled.watermark(), metadata)
					&& metadata.completed().count() < handled.countAbove()) {
				return false;
			}
		}
		return false;
	}

	private boolean commit(TopicPartition partition, long offset, CommitMetadata metadata) {
		try {
			this.consumer.commitSync(Map.of(partition, new OffsetAndMetadata(offset, metadata.text())), TIMEOUT);
			return true;
		}
		catch (OffsetMetadataTooLarge ex) {
			this.limit.tooLarge(metadata.text().length());
			return false;
		}
	}

	/**
	 * Read records of a partition one after the other.
	 * @param partition the partition
	 * @param from the offset to begin at
	 * @param to the offset to end before
	 * @param visitor is given the records
	 */
	void scan(TopicPartition partition, long from, long to, Visitor visitor) {
		this.consumer.assign(List.of(partition));
		this.consumer.seek(partition, from);
		long position = from;
		while (position < to && visitor.isToContinue()) {
			ConsumerRecords<byte[], byte[]> records = this.consumer.poll(POLL_TIMEOUT);
			for (ConsumerRecord<byte[], byte[]> record : records.records(partition)) {
				if (record.offset() >= to) {
					break;
				}
				if (!visitor.visit(record, position)) {
					return;
				}
				position = record.offset() + 1;
			}
			long next = this.consumer.position(partition, TIMEOUT);
			if (next > position) {
				// Records of aborted transactions, markers, or what retention has
				// deleted.
				visitor.skipped(position, Math.min(next, to));
				position = next;
			}
		}
	}

	@Override
	public void close() {
		this.consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT));
	}

	/**
	 * Where a partition begins and ends.
	 *
	 * @param beginning the offset of its first record
	 * @param end the offset after its last one
	 */
	record Bounds(long beginning, long end) {
	}

	/**
	 * What is given records. Called by the thread that reads, which it may block.
	 */
	interface Visitor {

		/**
		 * Return whether to read more.
		 */
		boolean isToContinue();

		/**
		 * Take a record.
		 * @param record the record
		 * @param from the offset after the record before: there is none in between
		 * @return whether to continue
		 */
		boolean visit(ConsumerRecord<byte[], byte[]> record, long from);

		/**
		 * Note that offsets hold no records.
		 * @param from the first one
		 * @param to the one after the last
		 */
		default void skipped(long from, long to) {
		}

	}

}
