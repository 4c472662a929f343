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
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.delivery.AssignmentHandle;
import io.kaffe.spring.engine.delivery.KafkaTransactions;
import io.kaffe.spring.engine.delivery.PostponedCommitException;
import io.kaffe.spring.engine.delivery.TransactionalCommits;
import io.kaffe.spring.engine.worker.Ticker;

/**
 * Commits offsets in the transactions of attempts. What is committed last says all that
 * is complete, so the offsets of a partition are computed, added and committed by one
 * worker at a time, whichever of its assignments it has the record from: the next one
 * sees what this one has committed, and what it has not.
 * <p>
 * If a commit is not answered, it is read back from the broker, which answers when the
 * transaction has ended, one way or the other; until then, nothing more of the partition
 * is committed.
 * <p>
 * <b>Threading.</b> Workers commit and wait for each other, partition by partition, for
 * as long as the broker takes to answer. The membership is that of the last poll or
 * rebalance; it is read before it is checked that the assignment has not ended, and the
 * consumer thread ends an assignment before it notes a later membership: so what an ended
 * assignment commits has the membership that the broker refuses.
 */
final class PartitionTransactions implements TransactionalCommits {

	private static final Log logger = LogFactory.getLog(PartitionTransactions.class);

	private static final Duration READ_TIMEOUT = Duration.ofSeconds(1);

	private static final Duration RETRY_PAUSE = Duration.ofMillis(100);

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);

	private static final Comparator<PartitionAssignment> IN_ORDER = Comparator
		.<PartitionAssignment, String>comparing((assignment) -> assignment.partition().topic())
		.thenComparing((assignment) -> assignment.partition().partition())
		.thenComparing((assignment) -> assignment.assigned().epoch());

	/** Fair, so that nobody waits for longer than its transaction may last. */
	private final Map<TopicPartition, ReentrantLock> locks = new ConcurrentHashMap<>();

	/** Of which it is not known what is committed, since it could not be read back. */
	private final Set<PartitionAssignment> doubtful = ConcurrentHashMap.newKeySet();

	private final OffsetCommits.MetadataLimit metadataLimit;

	private final OffsetCommits.Outcomes outcomes;

	private final Supplier<Consumer<?, ?>> readers;

	private final Ticker ticker;

	/**
	 * Create commits.
	 * @param metadataLimit how long the metadata may be
	 * @param outcomes counts the commits that succeed and fail
	 * @param readers creates consumers that read commits back
	 * @param ticker the time
	 */
	PartitionTransactions(OffsetCommits.MetadataLimit metadataLimit, OffsetCommits.Outcomes outcomes,
			Supplier<Consumer<?, ?>> readers, Ticker ticker) {
		this.metadataLimit = metadataLimit;
		this.outcomes = outcomes;
		this.readers = readers;
		this.ticker = ticker;
	}

	/**
	 * Have a consumer's transactions commit offsets, if it has any. Before the first
	 * record.
	 * @param context the consumer
	 */
	static void join(ConsumerContext context) {
		KafkaTransactions transactions = context.delivery().transactions();
		if (transactions != null) {
			transactions.committingWith(new PartitionTransactions(context.metadataLimit(), context.commitOutcomes(),
					() -> context.clients().byteConsumers().apply(configuration(context.facts())), context.ticker()));
		}
	}

	private static Map<String, Object> configuration(ContainerFacts facts) {
		Map<String, Object> configuration = facts.consumerConfigurationOutsideOfGroup();
		// Kafka makes one up that is no other consumer's.
		configuration.remove(ConsumerConfig.CLIENT_ID_CONFIG);
		configuration.put(ConsumerConfig.GROUP_ID_CONFIG, Objects.requireNonNull(facts.groupId()));
		configuration.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
		return configuration;
	}

	@Override
	public void commit(Map<AssignmentHandle, ? extends Collection<? extends ConsumerRecord<?, ?>>> records,
			Producer<?, ?> producer, Runnable commit, Runnable complete) throws InterruptedException {
		List<Part> parts = new ArrayList<>();
		records.forEach((handle, handled) -> {
			if (handle instanceof PartitionAssignment assignment && assignment.polledBy().isTransactional()) {
				parts.add(new Part(assignment, assignment.progress().revision(), handled));
			}
		});
		parts.sort(Comparator.comparing(Part::assignment, IN_ORDER));
		List<ReentrantLock> locked = new ArrayList<>(parts.size());
		try {
			for (Part part : parts) {
				ReentrantLock lock = this.locks.computeIfAbsent(part.assignment().partition(),
						(partition) -> new ReentrantLock(true));
				lock.lockInterruptibly();
				locked.add(lock);
			}
			commit(parts, producer, commit);
			complete.run();
		}
		finally {
			locked.forEach(ReentrantLock::unlock);
		}
	}

	private void commit(List<Part> parts, Producer<?, ?> producer, Runnable commit) {
		Map<ConsumerGroupMetadata, Map<TopicPartition, OffsetAndMetadata>> offsets = new HashMap<>();
		Map<Part, OffsetAndMetadata> commits = new LinkedHashMap<>();
		for (Part part : parts) {
			ConsumerGroupMetadata membership = membership(part.assignment());
			OffsetAndMetadata offset = offset(part);
			commits.put(part, offset);
			offsets.computeIfAbsent(membership, (key) -> new HashMap<>()).put(part.assignment().partition(), offset);
		}
		try {
			offsets.forEach((membership, added) -> add(added, membership, producer));
			commitOrReadBack(commits, commit);
		}
		catch (PostponedCommitException ex) {
			// It may be waiting for records.
			parts.forEach((part) -> part.assignment().polledBy().membershipRefused());
			throw ex;
		}
		catch (RuntimeException ex) {
			this.outcomes.add(ex);
			throw ex;
		}
		this.outcomes.add(null);
		commits.forEach((part, offset) -> {
			part.assignment().progress().committed(offset, -1, part.revision());
			part.completeIfOver();
		});
	}

	private static ConsumerGroupMetadata membership(PartitionAssignment assignment) {
		ConsumerGroupMetadata membership = assignment.polledBy().groupMetadata();
		if (membership == null) {
			throw new PostponedCommitException("The membership of the consumer of " + assignment + " is not known",
					null);
		}
		return membership;
	}

	/**
	 * Return what is to be committed so that records are complete, of an assignment that
	 * has not ended.
	 */
	private OffsetAndMetadata offset(Part part) {
		if (part.isOver()) {
			throw new PostponedCommitException(part.assignment() + " has ended", null);
		}
		if (this.doubtful.contains(part.assignment())) {
			throw new PostponedCommitException("It is not known what is committed of " + part.assignment(), null);
		}
		OffsetAndMetadata offset = part.assignment()
			.progress()
			.including(part.records().stream().mapToLong(ConsumerRecord::offset).toArray(),
					this.metadataLimit.length());
		if (offset == null) {
			throw new PostponedCommitException("There is no room for all that is complete above the commit of "
					+ part.assignment() + "; smaller offsets are to be completed first", null);
		}
		return offset;
	}

	private void add(Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata membership,
			Producer<?, ?> producer) {
		try {
			producer.sendOffsetsToTransaction(offsets, membership);
		}
		catch (CommitFailedException ex) {
			throw new PostponedCommitException("The consumer is a member of its group in another way by now", ex);
		}
		catch (KafkaException ex) {
			if (ex instanceof OffsetMetadataTooLarge || ex.getCause() instanceof OffsetMetadataTooLarge) {
				this.metadataLimit.tooLarge(
						offsets.values().stream().mapToInt((offset) -> offset.metadata().length()).max().orElse(0));
			}
			throw ex;
		}
	}

	private void commitOrReadBack(Map<Part, OffsetAndMetadata> commits, Runnable commit) {
		try {
			commit.run();
		}
		catch (RuntimeException | Error ex) {
			if (commits.isEmpty() || !wasMade(commits, ex)) {
				throw ex;
			}
		}
	}

	/**
	 * Return whether a transaction was committed, by one of its offsets. If this throws,
	 * nothing more is committed for its assignments.
	 */
	private boolean wasMade(Map<Part, OffsetAndMetadata> commits, Throwable failure) {
		commits.keySet().forEach((part) -> this.doubtful.add(part.assignment()));
		logger.warn(
				"The commit of a transaction with " + text(commits) + " failed; it is read back whether it was made",
				failure);
		boolean made = readBack(commits);
		logger.info("The transaction with " + text(commits)
				+ (made ? " was committed" : " was not committed, as far as this owner knows"));
		commits.keySet().forEach((part) -> this.doubtful.remove(part.assignment()));
		return made;
	}

	private static String text(Map<Part, OffsetAndMetadata> commits) {
		return commits.entrySet()
			.stream()
			.map((commit) -> commit.getKey().assignment().partition() + "@" + commit.getValue().offset())
			.collect(Collectors.joining(", "));
	}

	/**
	 * Read back whether offsets are committed, for which the broker waits until no
	 * transaction is pending. Does not end before there is an answer or all assignments
	 * have ended, since nothing may be committed meanwhile. Of an ended assignment, the
	 * next owner may have committed something else.
	 * @return {@code false} if they are not, or if all assignments have ended
	 */
	private boolean readBack(Map<Part, OffsetAndMetadata> commits) {
		boolean interrupted = Thread.interrupted();
		try {
			while (true) {
				Part part = commits.keySet().stream().filter((each) -> !each.isOver()).findFirst().orElse(null);
				if (part == null) {
					return false;
				}
				try (Reader reader = new Reader(this.readers.get())) {
					OffsetAndMetadata committed = reader.committed(part.assignment().partition());
					if (!part.isOver()) {
						return Objects.equals(committed, commits.get(part));
					}
				}
				catch (RuntimeException ex) {
					logger.debug("What is committed of " + part.assignment() + " is not known yet", ex);
				}
				interrupted |= Thread.interrupted();
				try {
					this.ticker.pause(RETRY_PAUSE);
				}
				catch (InterruptedException ex) {
					interrupted = true;
				}
			}
		}
		finally {
			if (interrupted) {
				Thread.currentThread().interrupt();
			}
		}
	}

	/**
	 * The records of one partition that a transaction has handled.
	 *
	 * @param assignment the assignment that they are of
	 * @param revision which commits of it count, as of before this one
	 * @param records the records
	 */
	private record Part(PartitionAssignment assignment, int revision,
			Collection<? extends ConsumerRecord<?, ?>> records) {

		/**
		 * Return whether the assignment has ended.
		 */
		boolean isOver() {
			TopicPartition partition = this.assignment.partition();
			// Never completed: over when the assignment has ended.
			return this.assignment
				.isOver(new ConsumerRecord<>(partition.topic(), partition.partition(), Long.MAX_VALUE, null, null));
		}

		/**
		 * Note that the records are committed, though the assignment has ended meanwhile:
		 * they are not late.
		 */
		void completeIfOver() {
			if (isOver()) {
				for (ConsumerRecord<?, ?> record : this.records) {
					if (this.assignment.progress().complete(record.offset())) {
						this.assignment.buffer().remove(record);
					}
				}
			}
		}

	}

	/**
	 * Reads a commit, and is closed soon.
	 */
	private record Reader(Consumer<?, ?> consumer) implements AutoCloseable {

		@Nullable OffsetAndMetadata committed(TopicPartition partition) {
			return this.consumer.committed(Set.of(partition), READ_TIMEOUT).get(partition);
		}

		@Override
		public void close() {
			this.consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT));
		}

	}

}
