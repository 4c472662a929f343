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

package io.kaffe.spring.listener;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.offset.CommitMetadata;
import io.kaffe.spring.offset.CompletedOffsets;
import io.kaffe.spring.worker.Ticker;

/**
 * What a consumer knows of the positions of its partitions: from where they are read,
 * what of them an earlier commit tells to be complete, where they end.
 * <p>
 * <b>Threading.</b> Belongs to the consumer thread.
 */
final class PartitionPositions {

	private static final Log logger = LogFactory.getLog(PartitionPositions.class);

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	private final Consumer<?, ?> consumer;

	private final boolean tellsCompleted;

	private final Ticker ticker;

	/**
	 * Create positions.
	 * @param consumer the consumer
	 * @param tellsCompleted whether commits tell what is complete above their offsets
	 * @param ticker the time
	 */
	PartitionPositions(Consumer<?, ?> consumer, boolean tellsCompleted, Ticker ticker) {
		this.consumer = consumer;
		this.tellsCompleted = tellsCompleted;
		this.ticker = ticker;
	}

	/**
	 * Learn from the last commits what is complete above their offsets. Without an answer
	 * of the broker, nothing is: then records are handled again that need not be.
	 * @param assignments partitions that were just assigned
	 */
	void continueFromCommits(Collection<PartitionAssignment> assignments) {
		if (assignments.isEmpty()) {
			return;
		}
		Map<TopicPartition, PartitionAssignment> byPartition = assignments.stream()
			.collect(Collectors.toMap(PartitionAssignment::partition, Function.identity()));
		try {
			awake(() -> this.consumer.committed(byPartition.keySet(), TIMEOUT)).forEach((partition, commit) -> {
				PartitionAssignment assignment = byPartition.get(partition);
				if (assignment != null && commit != null) {
					assignment.progress().continueFrom(commit, completedAbove(partition, commit));
				}
			});
		}
		catch (KafkaException ex) {
			logger.warn("Could not ask which offsets of " + assignments + " are complete above the committed ones; "
					+ "their records are handled again", ex);
		}
	}

	private CompletedOffsets completedAbove(TopicPartition partition, OffsetAndMetadata commit) {
		if (!this.tellsCompleted) {
			return CompletedOffsets.NONE;
		}
		try {
			return CommitMetadata.read(commit.metadata(), commit.offset());
		}
		catch (CommitMetadata.UnreadableMetadataException ex) {
			logger.info("Ignoring the metadata of the commit of " + partition + "@" + commit.offset() + ": "
					+ ex.getMessage());
			return CompletedOffsets.NONE;
		}
	}

	/**
	 * Look from where a partition that was assigned is going to be read. If that is not
	 * the committed offset, somebody wants to read it from there, whatever was handled
	 * before.
	 */
	void compareWithCommit(PartitionAssignment assignment) {
		PartitionProgress progress = assignment.progress();
		OffsetAndMetadata commit = progress.committed();
		CompletedOffsets completed = progress.completedBefore();
		if (commit == null || completed.isEmpty()) {
			return;
		}
		Long position = position(assignment.partition(), TIMEOUT);
		if (position != null && position == commit.offset()) {
			logger.info("Of " + assignment + ", " + completed.count() + " offsets above " + commit.offset()
					+ " are complete and not handled again");
		}
		else {
			logger.info("Ignoring which offsets of " + assignment + " are complete above " + commit.offset()
					+ ", since it is read from " + position);
			progress.forgetCompletedBefore();
		}
	}

	/**
	 * Follow the consumer's position where nothing is open: what it passed without giving
	 * us records, such as the markers and the records of aborted transactions, is
	 * complete.
	 */
	void passWhatHoldsNoRecord(PartitionAssignment assignment) {
		if (assignment.progress().isAllComplete()) {
			Long position = position(assignment.partition(), Duration.ZERO);
			if (position != null) {
				assignment.progress().passTo(position);
			}
		}
	}

	/**
	 * Note how far the partition's end is, as the client knows it.
	 */
	void refreshEnd(PartitionAssignment assignment) {
		try {
			assignment.progress().refreshEnd(this.consumer.currentLag(assignment.partition()), this.ticker.instant());
		}
		catch (KafkaException | IllegalStateException ex) {
			assignment.progress().refreshEnd(OptionalLong.empty(), this.ticker.instant());
		}
	}

	private @Nullable Long position(TopicPartition partition, Duration timeout) {
		try {
			return awake(() -> this.consumer.position(partition, timeout));
		}
		catch (KafkaException | IllegalStateException ex) {
			logger.debug("The position of " + partition + " is unknown", ex);
			return null;
		}
	}

	/**
	 * Call the consumer again if a wake-up that was meant for a poll ended the call.
	 */
	static <T> T awake(Supplier<T> call) {
		try {
			return call.get();
		}
		catch (WakeupException ex) {
			return call.get();
		}
	}

}
