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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
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

import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.worker.Ticker;

/**
 * Reads the last commits and positions of partitions: from where they are read, which of
 * their offsets an earlier commit reports as completed or parked, and where they end.
 * <p>
 * <b>Threading.</b> Belongs to the consumer thread.
 */
final class CommitReader {

	private static final Log logger = LogFactory.getLog(CommitReader.class);

	/** How many wake-ups in a row may end a call, so that it is made again. */
	private static final int MOST_WAKEUPS = 20;

	/** How long the answers about all partitions of an assignment are waited for. */
	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	private static final int SHOWN = 10;

	private final Consumer<?, ?> consumer;

	private final String consumerName;

	private final boolean storesCompleted;

	private final @Nullable PassedOffsets passedOffsets;

	private final Ticker ticker;

	/**
	 * Create a reader.
	 * @param consumer the consumer
	 * @param consumerName its name
	 * @param storesCompleted whether commits report what is completed above their offsets
	 * @param passedOffsets commits what holds no record, if offsets are committed in
	 * transactions: then nothing may be handled before the last commit is known;
	 * {@code null} if not
	 * @param ticker the time
	 */
	CommitReader(Consumer<?, ?> consumer, String consumerName, boolean storesCompleted,
			@Nullable PassedOffsets passedOffsets, Ticker ticker) {
		this.consumer = consumer;
		this.consumerName = consumerName;
		this.storesCompleted = storesCompleted;
		this.passedOffsets = passedOffsets;
		this.ticker = ticker;
	}

	/**
	 * Learn from the last commits what is complete above their offsets, and what is
	 * parked. Without an answer of the broker, nothing is: then records are handled again
	 * that need not be. Nothing is believed that is not above the committed offset, or at
	 * it if it is parked, and below the end of the log.
	 * @param assignments partitions that were just assigned
	 * @param uncommitted called with those of which nothing is committed; none if the
	 * broker does not answer
	 * @return those of which nothing may be handled yet, since the broker does not answer
	 * though that is required. A transaction of an earlier owner may be open until it
	 * times out.
	 */
	Collection<PartitionAssignment> continueFromCommits(Collection<PartitionAssignment> assignments,
			java.util.function.Consumer<Set<TopicPartition>> uncommitted) {
		try {
			uncommitted.accept(continueFromCommits(assignments));
			return List.of();
		}
		catch (KafkaException | IllegalStateException ex) {
			if (this.passedOffsets == null) {
				throw ex;
			}
			logger.warn("Consumer '" + this.consumerName + "' could not read the commits of " + assignments
					+ ", which are paused until it can", ex);
			return assignments;
		}
	}

	private Set<TopicPartition> continueFromCommits(Collection<PartitionAssignment> assignments) {
		Map<TopicPartition, PartitionAssignment> byPartition = assignments.stream()
			.collect(Collectors.toMap(PartitionAssignment::partition, Function.identity()));
		long deadline = deadline();
		Set<TopicPartition> uncommitted = new HashSet<>();
		Map<TopicPartition, OffsetAndMetadata> commits = commits(byPartition.keySet(), uncommitted, deadline);
		Map<TopicPartition, CommitMetadata> reports = this.storesCompleted ? reports(commits, deadline) : Map.of();
		commits.forEach((partition, commit) -> {
			PartitionAssignment assignment = byPartition.get(partition);
			if (assignment != null) {
				CommitMetadata report = reports.getOrDefault(partition, CommitMetadata.NONE);
				assignment.progress()
					.continueFrom(commit, new ReportedOffsets(report.completed(), report.parked(), report.blocked(),
							report.leaderEpoch()));
			}
		});
		return uncommitted;
	}

	/**
	 * Return the commits there are.
	 * @param uncommitted where partitions are added that have none
	 */
	private Map<TopicPartition, OffsetAndMetadata> commits(Set<TopicPartition> partitions,
			Set<TopicPartition> uncommitted, long deadline) {
		Map<TopicPartition, OffsetAndMetadata> commits = new HashMap<>();
		if (!partitions.isEmpty()) {
			try {
				awake(() -> this.consumer.committed(partitions, left(deadline))).forEach((partition, commit) -> {
					if (commit != null) {
						commits.put(partition, commit);
					}
				});
				uncommitted.addAll(partitions);
				uncommitted.removeAll(commits.keySet());
			}
			catch (KafkaException ex) {
				throwIfRequired(ex);
				logger.warn(
						"Consumer '" + this.consumerName + "' could not read the committed offsets of "
								+ partitions.size() + " partitions; what was completed above that is handled again",
						ex);
			}
		}
		return commits;
	}

	/**
	 * Return what commits report that can be believed.
	 */
	private Map<TopicPartition, CommitMetadata> reports(Map<TopicPartition, OffsetAndMetadata> commits, long deadline) {
		Map<TopicPartition, CommitMetadata> reports = new HashMap<>();
		List<String> ignored = new ArrayList<>();
		commits.forEach((partition, commit) -> {
			try {
				CommitMetadata report = CommitMetadata.read(commit.metadata(), commit.offset());
				if (!report.isEmpty()) {
					reports.put(partition, report);
				}
			}
			catch (CommitMetadata.UnreadableMetadataException ex) {
				ignored.add(at(partition, commit) + ": " + ex.getMessage());
			}
		});
		Map<TopicPartition, Long> ends = ends(reports.keySet(), deadline);
		commits.forEach((partition, commit) -> {
			CommitMetadata report = reports.get(partition);
			String problem = (report != null) ? problem(report, ends.get(partition)) : null;
			if (problem != null) {
				reports.remove(partition);
				ignored.add(at(partition, commit) + ": " + problem);
			}
		});
		if (!ignored.isEmpty()) {
			logger.warn("Consumer '" + this.consumerName + "' ignores the metadata of commits, so that what was "
					+ "completed above them is handled again: " + brief(ignored));
		}
		return reports;
	}

	private static @Nullable String problem(CommitMetadata report, @Nullable Long end) {
		if (end == null) {
			return "the end of the log is unknown";
		}
		try {
			report.checkBelow(end);
			return null;
		}
		catch (CommitMetadata.UnreadableMetadataException ex) {
			return ex.getMessage();
		}
	}

	/**
	 * Request the end offsets, which is at the first open transaction for a consumer that
	 * reads committed records only: no record from there on can have been polled.
	 * @return the ends; of partitions that have none the end is unknown
	 */
	private Map<TopicPartition, Long> ends(Set<TopicPartition> partitions, long deadline) {
		if (partitions.isEmpty()) {
			return Map.of();
		}
		try {
			return awake(() -> this.consumer.endOffsets(partitions, left(deadline)));
		}
		catch (KafkaException | IllegalStateException ex) {
			throwIfRequired(ex);
			logger.debug("The ends of " + partitions + " are unknown", ex);
			return Map.of();
		}
	}

	private void throwIfRequired(RuntimeException failure) {
		if (this.passedOffsets != null) {
			throw failure;
		}
	}

	/**
	 * Check from where partitions that were assigned are going to be read. If that is not
	 * the committed offset, they are to be read from there, whatever was handled before.
	 * @return those of which nothing may be handled yet, since the position is not known
	 * though that is required
	 */
	Collection<PartitionAssignment> compareWithCommits(Collection<PartitionAssignment> assignments) {
		List<PartitionAssignment> unknown = new ArrayList<>();
		long deadline = deadline();
		List<String> continued = new ArrayList<>();
		List<String> parked = new ArrayList<>();
		List<String> elsewhere = new ArrayList<>();
		for (PartitionAssignment assignment : assignments) {
			PartitionProgress progress = assignment.progress();
			OffsetAndMetadata commit = progress.committed();
			if (commit == null || progress.completedBefore().isEmpty()) {
				continue;
			}
			Long position = position(assignment.partition(), left(deadline));
			if (position != null && position == commit.offset()) {
				note(continued, assignment, commit, progress.completedBefore().offsets().count(), " offsets");
				note(parked, assignment, commit, progress.completedBefore().parked().all().size(), " records");
			}
			else if (position == null && this.passedOffsets != null) {
				unknown.add(assignment);
			}
			else {
				elsewhere.add(at(assignment.partition(), commit) + ": read from " + position);
				progress.forgetCompletedBefore();
			}
		}
		if (!continued.isEmpty()) {
			logger.info("Consumer '" + this.consumerName + "' does not handle again what was completed above commits: "
					+ brief(continued));
		}
		if (!parked.isEmpty()) {
			logger
				.info("Consumer '" + this.consumerName + "' makes one attempt at each record that an earlier owner of "
						+ "its partition has parked: " + brief(parked));
		}
		if (!elsewhere.isEmpty()) {
			logger.info("Consumer '" + this.consumerName + "' ignores what was completed above commits, since it does "
					+ "not continue from them: " + brief(elsewhere));
		}
		return unknown;
	}

	private static void note(List<String> entries, PartitionAssignment assignment, OffsetAndMetadata commit, long count,
			String what) {
		if (count > 0) {
			entries.add(at(assignment.partition(), commit) + ": " + count + what);
		}
	}

	/**
	 * Follow the consumer's position where nothing is open: what it passed without giving
	 * us records, such as the markers and the records of aborted transactions, is
	 * complete.
	 * @return whether there may be something new to commit
	 */
	boolean passWhatHoldsNoRecord(PartitionAssignment assignment) {
		if (!assignment.progress().isAllComplete()) {
			return false;
		}
		Long position = position(assignment.partition(), Duration.ZERO);
		boolean passed = position != null && assignment.progress().passTo(position);
		if (passed && this.passedOffsets != null) {
			this.passedOffsets.commit(assignment);
		}
		return passed;
	}

	/**
	 * Record how far the partition's end is, as the client knows it.
	 */
	void refreshEnd(PartitionAssignment assignment) {
		PartitionProgress progress = assignment.progress();
		Long next = progress.next();
		if (next != null) {
			progress.lag().fetched(end(assignment.partition(), next), next, this.ticker.instant());
		}
	}

	private @Nullable Long end(TopicPartition partition, long next) {
		try {
			OptionalLong lag = this.consumer.currentLag(partition);
			return lag.isPresent() ? (Long) (next + lag.getAsLong()) : null;
		}
		catch (KafkaException | IllegalStateException ex) {
			return null;
		}
	}

	/**
	 * Return the position of a partition, or {@code null} if it is not known yet.
	 */
	@Nullable Long currentPosition(TopicPartition partition) {
		return position(partition, Duration.ZERO);
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

	private long deadline() {
		return this.ticker.nanoTime() + TIMEOUT.toNanos();
	}

	private Duration left(long deadline) {
		return Duration.ofNanos(Math.max(0, deadline - this.ticker.nanoTime()));
	}

	private static String at(TopicPartition partition, OffsetAndMetadata commit) {
		return partition + "@" + commit.offset();
	}

	/**
	 * Return the first ones, and how many there are besides: a consumer may have a
	 * thousand partitions.
	 */
	private static String brief(List<String> entries) {
		return String.join("; ", entries.subList(0, Math.min(SHOWN, entries.size())))
				+ ((entries.size() > SHOWN) ? "; and " + (entries.size() - SHOWN) + " more" : "");
	}

	/**
	 * Call the consumer again if a wake-up that was meant for a poll ended the call.
	 * There may be several: of the container that is resumed, and of workers.
	 */
	static <T> T awake(Supplier<T> call) {
		for (int wakeups = 0; wakeups < MOST_WAKEUPS; wakeups++) {
			try {
				return call.get();
			}
			catch (WakeupException ex) {
				// The next call takes what is left of the time.
			}
		}
		return call.get();
	}

}
