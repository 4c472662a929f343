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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;

import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.Ticker;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PartitionRevocation}: how long it waits, and what it does if a
 * rebalance keeps it from committing. The drain timeout is 20 seconds; one of two records
 * is complete.
 */
class PartitionRevocationTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private final ManualExecution execution = new ManualExecution();

	private final RevokingConsumer consumer = new RevokingConsumer();

	private AssignmentParts parts = parts(Duration.ofMinutes(5));

	private PartitionAssignment assignment = this.parts.assign(PARTITION);

	@BeforeEach
	void assign() {
		this.consumer.assign(List.of(PARTITION));
		completeOne();
	}

	@Test
	void handlersAreWaitedForAsLongAsTheDrainTimeoutSaysAndThenThereIsTimeToCommit() {
		assertThat(allowedAfterAPoll(Duration.ZERO)).isEqualTo(Duration.ofSeconds(25));
		assertThat(waitedForAHandler()).isEqualTo(Duration.ofSeconds(20));
		assertThat(this.consumer.commits).containsExactly(1L);
	}

	@Test
	void revocationIsOverBeforeTheGroupTakesTheConsumerForDead() {
		assertThat(allowedAfterAPoll(Duration.ofSeconds(270))).isEqualTo(Duration.ofSeconds(25));
		assertThat(allowedAfterAPoll(Duration.ofSeconds(290))).isEqualTo(Duration.ofSeconds(5));
	}

	@Test
	void lessTimeIsKeptForTheCommitIfPollsMustBeFrequent() {
		this.parts = parts(Duration.ofSeconds(10));
		this.assignment = this.parts.assign(PARTITION);
		completeOne();
		assertThat(allowedAfterAPoll(Duration.ZERO)).isEqualTo(Duration.ofSeconds(9));
		assertThat(waitedForAHandler()).isEqualTo(Duration.ofSeconds(8));
	}

	@Test
	void rebalanceIsNotTakenPartInWithinARebalance() {
		this.consumer.commitFailures.add(new RebalanceInProgressException());
		revoke(false);
		assertThat(this.consumer.polls).isEmpty();
		assertThat(this.consumer.commits).containsExactly(1L);
	}

	@Test
	void consumerThatStopsTakesPartInARebalanceWithoutFetchingAndThenCommits() {
		this.consumer.commitFailures.add(new RebalanceInProgressException());
		revoke(true);
		assertThat(this.consumer.polls).containsExactly(Set.of(PARTITION));
		assertThat(this.consumer.commits).containsExactly(1L, 1L);
	}

	@Test
	void consumerThatStopsCommitsThoughAWakeUpHasEndedItsPoll() {
		this.consumer.commitFailures.add(new RebalanceInProgressException());
		this.consumer.pollFailures.add(new WakeupException());
		revoke(true);
		assertThat(this.consumer.commits).containsExactly(1L, 1L);
	}

	@Test
	void consumerThatStopsGivesUpIfItCannotPoll() {
		this.consumer.commitFailures.add(new RebalanceInProgressException());
		this.consumer.pollFailures.add(new TimeoutException());
		revoke(true);
		assertThat(this.consumer.commits).containsExactly(1L);
	}

	private AssignmentParts parts(Duration maxPollInterval) {
		ContainerProperties properties = new ContainerProperties("orders");
		properties.setGroupId("orders");
		DefaultKafkaConsumerFactory<Object, Object> factory = new DefaultKafkaConsumerFactory<>(
				Map.of(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, (int) maxPollInterval.toMillis()));
		return new AssignmentParts(this.consumer,
				ContainerFixtures.adopted(new KafkaMessageListenerContainer<>(factory, properties), this.execution),
				new WaitingTicker());
	}

	private PartitionRevocation revocation() {
		ConsumerContext context = this.parts.context;
		CommitTimer timer = new CommitTimer(new ConsumerWakeup(this.consumer, this.execution), Duration.ofSeconds(1),
				this.execution.runtime());
		OffsetCommits commits = new OffsetCommits(this.consumer, true, timer, context.metadataLimit(), Duration.ZERO,
				context.commitOutcomes(), context.commitHooks(), context.internalErrors(), this.execution);
		return new PartitionRevocation(this.consumer, this.parts.replacement, this.parts.drain, commits, context);
	}

	private void completeOne() {
		this.assignment.append(AssignmentParts.records(PARTITION, 0, 2), null);
		AssignmentParts.records(PARTITION, 0, 1).forEach(this.assignment::complete);
	}

	/**
	 * Return how long a revocation may take.
	 * @param sincePoll how long ago the last poll began
	 */
	private Duration allowedAfterAPoll(Duration sincePoll) {
		long now = this.execution.nanoTime();
		return Duration.ofNanos(revocation().deadline(now - sincePoll.toNanos()) - now);
	}

	/**
	 * Revoke the partition while a record of it is being handled without end.
	 * @return how long that was waited for
	 */
	private Duration waitedForAHandler() {
		assertThat(this.assignment.enter()).isTrue();
		Instant before = this.execution.instant();
		List<Duration> waited = new ArrayList<>();
		PartitionRevocation revocation = revocation();
		revocation.revoke(this.parts.assignments.all(), revocation.deadline(this.execution.nanoTime()),
				() -> waited.add(Duration.between(before, this.execution.instant())), false);
		assertThat(waited).hasSize(1);
		return waited.get(0);
	}

	private void revoke(boolean stopping) {
		PartitionRevocation revocation = revocation();
		revocation.revoke(this.parts.assignments.all(), revocation.deadline(this.execution.nanoTime()), () -> {
		}, stopping);
		assertThat(this.parts.assignments.all()).isEmpty();
	}

	/**
	 * Notes what it commits and polls, and fails as the test says.
	 */
	private static final class RevokingConsumer extends MockConsumer<Object, Object> {

		private final List<Long> commits = new ArrayList<>();

		private final Deque<KafkaException> commitFailures = new ArrayDeque<>();

		/** What was paused, each time. */
		private final List<Set<TopicPartition>> polls = new ArrayList<>();

		private final Deque<KafkaException> pollFailures = new ArrayDeque<>();

		RevokingConsumer() {
			super("earliest");
		}

		@Override
		public synchronized void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
			offsets.values().forEach((offset) -> this.commits.add(offset.offset()));
			fail(this.commitFailures);
		}

		@Override
		public synchronized ConsumerRecords<Object, Object> poll(Duration timeout) {
			this.polls.add(Set.copyOf(paused()));
			fail(this.pollFailures);
			return ConsumerRecords.empty();
		}

		private static void fail(Deque<KafkaException> failures) {
			KafkaException failure = failures.poll();
			if (failure != null) {
				throw failure;
			}
		}

	}

	/**
	 * Who waits lets time go by.
	 */
	private final class WaitingTicker implements Ticker {

		@Override
		public long nanoTime() {
			return PartitionRevocationTests.this.execution.nanoTime();
		}

		@Override
		public Instant instant() {
			return PartitionRevocationTests.this.execution.instant();
		}

		@Override
		public void park(Object blocker, long nanos) {
			PartitionRevocationTests.this.execution.advance(Duration.ofNanos(nanos));
		}

		@Override
		public void unpark(Thread thread) {
			// Nobody waits.
		}

		@Override
		public void pause(Duration duration) {
			throw new UnsupportedOperationException();
		}

	}

}
