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
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.listener.ReplayedPartition.Outcome;
import io.kaffe.spring.engine.listener.ReplayedPartition.ReplayedLetter;
import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ReplayedPartition}: what workers may do with dead letters, and what is
 * reported of them.
 */
class ReplayedPartitionTests {

	private static final TopicPartition ORDERS = new TopicPartition("orders", 0);

	private final ManualExecution execution = new ManualExecution();

	private final Consumer<?, ?> consumer = new MockConsumer<>("earliest");

	private final ConsumerWakeup wakeup = new ConsumerWakeup(this.consumer, this.execution);

	private final PartitionAssignment assignment = new PartitionAssignment(new AssignedPartition(ORDERS, 1), 0,
			ContainerFixtures.POLICY, this.wakeup,
			new CommitTimer(this.wakeup, Duration.ofSeconds(1), this.execution.runtime()),
			ContainerFixtures.inGroup("sales", this.execution).context().lateCompletions(), this.execution,
			ContainerFixtures.POLLED_BY);

	private final Ended ended = new Ended();

	private final ReplayedPartition replayed = new ReplayedPartition(this.assignment, ContainerFixtures.POLICY,
			(record, failure) -> CompletableFuture.completedFuture(null), this.ended);

	@Test
	void handledLetterIsReplayedOnce() {
		add(5);
		assertThat(this.replayed.isInFlight(5)).isTrue();
		assertThat(this.replayed.isOver(record(5))).isFalse();
		this.replayed.complete(record(5));
		this.replayed.complete(record(5));
		this.replayed.drop(record(5));
		assertThat(this.ended.outcomes).containsExactly("5 REPLAYED");
		assertThat(this.replayed.isOver(record(5))).isTrue();
	}

	@Test
	void completingADeadLetterDoesNotTouchWhatIsCommitted() {
		this.assignment.append(List.of(record(5)), null);
		add(5);
		this.replayed.complete(record(5));
		assertThat(this.assignment.progress().isComplete(5)).isFalse();
		assertThat(this.assignment.buffer().records()).isEqualTo(1);
	}

	@Test
	void letterThatIsSentAgainHasFailed() throws Exception {
		add(5);
		var policy = this.replayed.ownFailurePolicy();
		assertThat(policy.then()).isEqualTo(FailureAction.DEAD_LETTER);
		assertThat(policy.recoverer()).isNull();
		Objects.requireNonNull(policy.deadLetters()).recover(record(5), new IllegalStateException("broken"));
		this.replayed.complete(record(5));
		assertThat(this.ended.outcomes).containsExactly("5 FAILED");
	}

	@Test
	void droppedLetterStays() {
		add(5);
		this.replayed.drop(record(5));
		assertThat(this.ended.outcomes).containsExactly("5 RETURNED");
	}

	@Test
	void nothingStartsOnceThePartitionIsRevokedAndADrainWaitsForWhatHasStarted() {
		add(5);
		assertThat(this.replayed.enter()).isTrue();
		this.assignment.revoke();
		assertThat(this.assignment.isRunning()).as("waited for").isTrue();
		assertThat(this.replayed.isRevoked()).isTrue();
		assertThat(this.replayed.enter()).isFalse();
		this.replayed.complete(record(5));
		this.replayed.exit();
		assertThat(this.assignment.isRunning()).isFalse();
		assertThat(this.ended.outcomes).containsExactly("5 REPLAYED");
	}

	@Test
	void nothingStartsOnceTheReplayIsOver() {
		this.ended.over = true;
		assertThat(this.replayed.isRevoked()).isTrue();
		assertThat(this.replayed.enter()).isFalse();
		assertThat(this.assignment.isRunning()).isFalse();
	}

	@Test
	void whatNobodyWillReportIsReturnedAtTheEndOfTheAssignment() {
		add(5);
		add(6);
		this.replayed.returnIfEnded();
		assertThat(this.ended.outcomes).isEmpty();
		assertThat(this.replayed.isOver(record(5))).isFalse();
		this.assignment.fence();
		assertThat(this.replayed.isOver(record(5))).isTrue();
		this.replayed.returnIfEnded();
		assertThat(this.ended.outcomes).containsExactlyInAnyOrder("5 RETURNED", "6 RETURNED");
		this.replayed.complete(record(5));
		assertThat(this.ended.outcomes).hasSize(2);
	}

	@Test
	void rateIsKeptAndPausesAreNotMadeUpFor() {
		long second = 1_000_000_000L;
		DeadLetterTask.RateLimit rate = new DeadLetterTask.RateLimit(10, 0);
		long now = 0;
		int taken = 0;
		while (now < second) {
			while (rate.left(now) <= 0) {
				rate.taken(now);
				taken++;
			}
			now += second / 1000;
		}
		assertThat(taken).isEqualTo(10);
		now += 60 * second;
		rate.taken(now);
		assertThat(rate.left(now)).as("no burst").isPositive();
	}

	@Test
	void rateIsReachedThoughThreadsAreLate() {
		long second = 1_000_000_000L;
		DeadLetterTask.RateLimit rate = new DeadLetterTask.RateLimit(10_000, 0);
		int taken = 0;
		for (long now = 0; now < second; now += second / 500) {
			while (rate.left(now) <= 0) {
				rate.taken(now);
				taken++;
			}
		}
		assertThat(taken).isBetween(9_900, 10_050);
	}

	private void add(long offset) {
		this.replayed.add(offset,
				new ReplayedLetter(new TopicPartition("orders-dlt", 0), offset, this.assignment.partition(), 1));
	}

	private static ConsumerRecord<String, String> record(long offset) {
		return new ConsumerRecord<>("orders", 0, offset, "key", "value");
	}

	/**
	 * Notes outcomes.
	 */
	private static final class Ended implements ReplayedPartition.Replay {

		private final List<String> outcomes = new ArrayList<>();

		private boolean over;

		@Override
		public boolean isOver() {
			return this.over;
		}

		@Override
		public void ended(ReplayedLetter letter, Outcome outcome) {
			this.outcomes.add(letter.offset() + " " + outcome);
		}

	}

}
