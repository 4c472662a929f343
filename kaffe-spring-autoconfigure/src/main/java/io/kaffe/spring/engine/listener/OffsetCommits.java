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
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.RetriableCommitFailedException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.listener.Preparation.Awaited;
import io.kaffe.spring.engine.worker.ConsumerObservers;
import io.kaffe.spring.engine.worker.Ticker;

/**
 * Commits completed offsets: asynchronously when a commit is due, synchronously when
 * partitions are revoked.
 * <p>
 * A commit counts when the broker has confirmed it. One that fails changes nothing, so
 * the next one covers it; at most one is in flight at a time, so that they cannot
 * overtake each other.
 * <p>
 * <b>Threading.</b> Everything belongs to the consumer thread; the client calls back on
 * it too. Any thread may call {@link #problem()}.
 */
final class OffsetCommits {

	private static final Log logger = LogFactory.getLog(OffsetCommits.class);

	private static final Duration RETRY_PAUSE = Duration.ofMillis(50);

	/**
	 * Rebalances and coordinators that move make commits fail in normal operation.
	 */
	private static final Duration TOLERATED_FAILURES = Duration.ofSeconds(10);

	private static final Duration SHORTEST_PROBLEM = Duration.ofMinutes(1);

	private static final int INTERVALS_OF_A_PROBLEM = 5;

	private final Consumer<?, ?> consumer;

	private final boolean inGroup;

	private final Ticker ticker;

	private final CommitTimer timer;

	private final MetadataLimit metadataLimit;

	private final long refusalPatienceNanos;

	private final Outcomes outcomes;

	private final CommitHooks hooks;

	private final InternalErrors errors;

	private boolean failuresReported;

	private volatile @Nullable Failing failing;

	/**
	 * Create commits of a consumer.
	 * @param consumer the consumer
	 * @param inGroup whether there is a group to commit for; if not, only the watermarks
	 * are advanced
	 * @param timer when to commit without waiting
	 * @param metadataLimit how long the metadata may be
	 * @param refusalPatience how long a commit of revoked partitions is retried though it
	 * is rejected; zero if a rejection is not retried
	 * @param outcomes counts the commits that succeed and fail
	 * @param hooks what the application has done at each commit
	 * @param errors contains exceptions that concern one partition
	 * @param ticker the time
	 */
	OffsetCommits(Consumer<?, ?> consumer, boolean inGroup, CommitTimer timer, MetadataLimit metadataLimit,
			Duration refusalPatience, Outcomes outcomes, CommitHooks hooks, InternalErrors errors, Ticker ticker) {
		this.consumer = consumer;
		this.inGroup = inGroup;
		this.ticker = ticker;
		this.timer = timer;
		this.metadataLimit = metadataLimit;
		this.outcomes = outcomes;
		this.hooks = hooks;
		this.errors = errors;
		this.refusalPatienceNanos = refusalPatience.toNanos();
	}

	/**
	 * Commit what is complete without waiting, if the interval is over and the last
	 * commit is answered; otherwise as soon as both is so.
	 * @param assignments the partitions of this consumer
	 * @return whether it was looked at what is complete
	 */
	boolean commitIfDue(Collection<PartitionAssignment> assignments) {
		boolean onItsWay = this.timer.isOnItsWay();
		boolean over = this.timer.isIntervalOver();
		if (!over || onItsWay) {
			if (over && this.failing == null) {
				this.failing = failing("is not answered");
			}
			this.timer.arm();
			return false;
		}
		this.timer.look();
		Commit commit = collect(assignments);
		if (commit.isEmpty() || !this.inGroup) {
			// What failed to be committed belonged to a partition that was revoked, if
			// any.
			this.failing = null;
		}
		else {
			this.timer.sent();
			try {
				this.consumer.commitAsync(commit.offsets(), (offsets, failure) -> {
					this.timer.answered();
					answered(commit, failure);
				});
			}
			catch (RuntimeException ex) {
				this.timer.answered();
				answered(commit, ex);
			}
		}
		return true;
	}

	/**
	 * Commit and wait for the broker to confirm, trying again until the deadline if it
	 * does not.
	 * @param assignments the revoked partitions; those that leave the collection
	 * meanwhile are not committed any more
	 * @param deadline the reading of the ticker at which to stop trying
	 * @param takePartInRebalance called when a rebalance in progress keeps the client
	 * from committing; returns whether it is worth trying again
	 * @return whether everything that is complete is committed
	 */
	boolean commitFinally(Collection<PartitionAssignment> assignments, long deadline,
			BooleanSupplier takePartInRebalance) {
		long refusedUntil = Math.min(deadline, this.ticker.nanoTime() + this.refusalPatienceNanos);
		while (true) {
			Commit commit = collect(assignments);
			if (commit.isEmpty()) {
				return true;
			}
			KafkaException failure = tryCommit(commit, deadline);
			long giveUpAt = (failure instanceof CommitFailedException) ? refusedUntil : deadline;
			boolean again = failure != null && giveUpAt - this.ticker.nanoTime() > 0
					&& mayRecover(failure, takePartInRebalance);
			if (!again || failure instanceof OffsetMetadataTooLarge) {
				answered(commit, failure);
			}
			if (!again) {
				return failure == null;
			}
			if (!(failure instanceof RebalanceInProgressException)
					&& (failure instanceof RetriableException || failure instanceof CommitFailedException)) {
				pause();
			}
		}
	}

	/**
	 * Commit from where a partition is read, whatever was complete before, and wait for
	 * the broker to confirm.
	 * @return why that failed, or {@code null} if it did not, or if there is no group
	 */
	@Nullable KafkaException commitPosition(PartitionAssignment assignment, long position, Duration timeout) {
		if (!this.inGroup) {
			return null;
		}
		OffsetAndMetadata offset = new OffsetAndMetadata(position);
		Map<TopicPartition, OffsetAndMetadata> offsets = Map.of(assignment.partition(),
				this.hooks.withMetadata(offset));
		this.hooks.committing(offsets);
		KafkaException failure = null;
		try {
			CommitReader.awake(() -> {
				this.consumer.commitSync(offsets, timeout);
				return true;
			});
			assignment.progress().committed(offset, 0, assignment.progress().revision());
		}
		catch (KafkaException ex) {
			logger.debug("Could not commit " + assignment + " at " + position, ex);
			failure = ex;
			this.timer.arm();
		}
		this.outcomes.add(failure);
		this.hooks.committed(offsets, failure);
		return failure;
	}

	/**
	 * Return whether another try may succeed. A wake-up was meant for a poll and is used
	 * up; metadata is written shorter; a rebalance in progress cannot end before this
	 * thread polls, which it can do only when it is not in the midst of it. A commit that
	 * is refused because the member's epoch is stale succeeds when the next heartbeat of
	 * the {@code consumer} group protocol (KIP-848) has brought the new one; the client
	 * does not distinguish that from a member that was removed.
	 */
	private boolean mayRecover(KafkaException failure, BooleanSupplier takePartInRebalance) {
		if (failure instanceof RebalanceInProgressException) {
			return takePartInRebalance.getAsBoolean();
		}
		return failure instanceof WakeupException || failure instanceof OffsetMetadataTooLarge
				|| (failure instanceof CommitFailedException && this.refusalPatienceNanos > 0)
				|| failure instanceof RetriableException;
	}

	private @Nullable KafkaException tryCommit(Commit commit, long deadline) {
		long left = Math.max(deadline - this.ticker.nanoTime(), RETRY_PAUSE.toNanos());
		try {
			this.consumer.commitSync(commit.offsets(), Duration.ofNanos(left));
			return null;
		}
		catch (KafkaException ex) {
			return ex;
		}
	}

	private void pause() {
		try {
			this.ticker.pause(RETRY_PAUSE);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private Commit collect(Collection<PartitionAssignment> assignments) {
		Commit commit = new Commit(this.hooks);
		int metadataLength = this.inGroup ? this.metadataLimit.length() : 0;
		for (PartitionAssignment assignment : assignments) {
			// A crash must not leave notes where a position was moved to.
			if (!assignment.preparation().isAwaiting(Awaited.NOTES)) {
				this.errors.contain("see what of " + assignment + " is to be committed",
						() -> collect(assignment, metadataLength, commit));
			}
		}
		if (this.inGroup && !commit.isEmpty()) {
			this.hooks.committing(commit.offsets());
		}
		return commit;
	}

	private void collect(PartitionAssignment assignment, int metadataLength, Commit commit) {
		// Read before the offsets: what is completed meanwhile is reported next time.
		long completions = assignment.buffer().finished() + assignment.progress().evicted().completions()
				+ assignment.progress().parkedHistory().changes();
		OffsetAndMetadata offset = assignment.progress().advance(completions, metadataLength, this.ticker.instant());
		// What transactions commit is only looked at.
		if (offset != null && !assignment.polledBy().isTransactional()) {
			commit.add(assignment, offset, completions, assignment.progress().revision());
		}
	}

	private void answered(Commit commit, @Nullable Exception failure) {
		this.outcomes.add(failure);
		if (failure == null) {
			commit.confirmed();
			if (this.failuresReported) {
				logger.info("Commits succeed again: " + commit);
			}
			this.failuresReported = false;
			this.failing = null;
		}
		else {
			this.timer.arm();
			if (failure instanceof OffsetMetadataTooLarge) {
				this.metadataLimit.tooLarge(commit.longestMetadata());
				this.hooks.metadataTooLarge();
			}
			else {
				failed(commit, failure);
			}
		}
		this.hooks.committed(commit.offsets(), failure);
	}

	/**
	 * Return what is wrong if no commit has been confirmed for so long that it is more
	 * than a transient failure, else {@code null}.
	 */
	@Nullable String problem() {
		Failing failing = this.failing;
		long bound = Math.max(SHORTEST_PROBLEM.toNanos(), INTERVALS_OF_A_PROBLEM * this.timer.interval().toNanos());
		return (failing != null && this.ticker.nanoTime() - failing.sinceNanos() >= bound)
				? "commits failing: none has been confirmed since " + failing.since() + ", the last one "
						+ failing.how()
				: null;
	}

	private Failing failing(String how) {
		Failing before = this.failing;
		return (before != null) ? new Failing(before.since(), before.sinceNanos(), how)
				: new Failing(this.ticker.instant(), this.ticker.nanoTime(), how);
	}

	private void failed(Commit commit, Exception failure) {
		Throwable cause = (failure instanceof RetriableCommitFailedException && failure.getCause() != null)
				? failure.getCause() : failure;
		Failing failing = failing("of " + commit.brief() + " with " + cause.getClass().getName());
		this.failing = failing;
		boolean passing = failure instanceof RetriableException || failure instanceof RetriableCommitFailedException;
		String message = (failure instanceof CommitFailedException)
				? "This consumer is no longer a member of its group, so the commit of " + commit
						+ " was refused; the records are redelivered to the current owners of the partitions"
				: "The commit of " + commit + " failed; the next commit covers it";
		boolean lasting = this.ticker.nanoTime() - failing.sinceNanos() >= TOLERATED_FAILURES.toNanos();
		if (!this.failuresReported && (lasting || !passing)) {
			this.failuresReported = true;
			logger.warn(message, failure);
		}
		else {
			logger.debug(message, failure);
		}
	}

	/**
	 * That no commit is confirmed.
	 *
	 * @param when the first one failed
	 * @param sinceNanos the same as a reading of the ticker
	 * @param how the last one failed
	 */
	private record Failing(Instant since, long sinceNanos, String how) {
	}

	/**
	 * What is committed at once.
	 */
	private static final class Commit {

		private final Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();

		private final List<Runnable> confirmations = new ArrayList<>();

		private final CommitHooks hooks;

		Commit(CommitHooks hooks) {
			this.hooks = hooks;
		}

		void add(PartitionAssignment assignment, OffsetAndMetadata offset, long completions, int revision) {
			this.offsets.put(assignment.partition(), this.hooks.withMetadata(offset));
			this.confirmations.add(() -> assignment.progress().committed(offset, completions, revision));
		}

		boolean isEmpty() {
			return this.offsets.isEmpty();
		}

		Map<TopicPartition, OffsetAndMetadata> offsets() {
			return this.offsets;
		}

		/**
		 * Return one of the offsets, and how many there are besides.
		 */
		String brief() {
			Map.Entry<TopicPartition, OffsetAndMetadata> first = this.offsets.entrySet().iterator().next();
			return first.getKey() + "@" + first.getValue().offset()
					+ ((this.offsets.size() > 1) ? " and " + (this.offsets.size() - 1) + " more" : "");
		}

		int longestMetadata() {
			return this.offsets.values().stream().mapToInt((offset) -> offset.metadata().length()).max().orElse(0);
		}

		void confirmed() {
			this.confirmations.forEach(Runnable::run);
		}

		@Override
		public String toString() {
			StringBuilder text = new StringBuilder();
			this.offsets.forEach((partition, offset) -> text.append(text.isEmpty() ? "" : ", ")
				.append(partition)
				.append('@')
				.append(offset.offset()));
			return text.toString();
		}

	}

	/**
	 * Counts the commits of all consumer threads of a container, and keeps the time of
	 * the last one that was confirmed.
	 * <p>
	 * <b>Threading.</b> Safe for concurrent use; nothing blocks. Consumer threads add. Of
	 * commits that are confirmed at the same time, the time of any one is kept: they
	 * differ by what a thread takes from reading the clock to writing.
	 */
	static final class Outcomes {

		private final LongAdder confirmed = new LongAdder();

		private final LongAdder failed = new LongAdder();

		private final ConsumerObservers observers;

		private final Ticker ticker;

		private volatile long lastConfirmedAt;

		Outcomes(ConsumerObservers observers, Ticker ticker) {
			this.observers = observers;
			this.ticker = ticker;
			this.lastConfirmedAt = ticker.nanoTime();
		}

		/**
		 * Add a commit.
		 * @param failure why it failed, or {@code null} if the broker has confirmed it
		 */
		void add(@Nullable Exception failure) {
			if (failure != null) {
				this.failed.increment();
			}
			else {
				this.lastConfirmedAt = this.ticker.nanoTime();
				this.confirmed.increment();
			}
			this.observers.committed(failure);
		}

		/**
		 * Return how many the broker has confirmed.
		 */
		long confirmed() {
			return this.confirmed.sum();
		}

		/**
		 * Return when the broker confirmed the last one, or when this was created if it
		 * has confirmed none.
		 * @return a reading of the ticker, in nanoseconds
		 */
		long lastConfirmedAt() {
			return this.lastConfirmedAt;
		}

		/**
		 * Return how many have failed.
		 */
		long failed() {
			return this.failed.sum();
		}

	}

	/**
	 * Maximum length of the metadata of a commit: the default of the broker's setting
	 * {@code offset.metadata.max.bytes}, or less if the broker turns out to have a
	 * smaller limit, which no client can query.
	 * <p>
	 * <b>Threading.</b> Shared by the consumer threads of a container; one atomic number.
	 */
	static final class MetadataLimit {

		private static final int BROKER_DEFAULT = 4096;

		/** Shorter metadata has room for next to nothing. */
		private static final int SMALLEST = 32;

		private final AtomicInteger length;

		private final String consumerName;

		/**
		 * Create a limit.
		 * @param consumerName the consumer's name
		 * @param completedOffsets whether commits have metadata
		 */
		MetadataLimit(String consumerName, boolean completedOffsets) {
			this.consumerName = consumerName;
			this.length = new AtomicInteger(completedOffsets ? BROKER_DEFAULT : 0);
		}

		/**
		 * Return the maximum length; 0 if commits have no metadata.
		 */
		int length() {
			return this.length.get();
		}

		/**
		 * Record that the broker rejected metadata, and allow half of its length from now
		 * on.
		 * @param rejected the length of the rejected metadata
		 */
		void tooLarge(int rejected) {
			int lowered = (rejected / 2 >= SMALLEST) ? rejected / 2 : 0;
			int before = this.length.getAndUpdate((current) -> Math.min(current, lowered));
			if (lowered < before) {
				logger.warn("Consumer '" + this.consumerName + "': the broker rejected " + rejected
						+ " bytes of commit metadata (its setting 'offset.metadata.max.bytes'); completed offsets are stored "
						+ "in at most " + lowered
						+ " bytes from now on, so more records may be redelivered after a crash");
			}
		}

	}

}
