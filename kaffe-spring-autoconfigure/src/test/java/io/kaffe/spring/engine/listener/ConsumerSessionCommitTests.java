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
import java.util.List;

import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ConsumerSession}: which polls are ended for a commit, which is made
 * every second at most. Nothing else ends them.
 */
class ConsumerSessionCommitTests {

	private static final Duration INTERVAL = Duration.ofSeconds(1);

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private final ManualExecution execution = new ManualExecution();

	private final WorkerContainer container = ContainerFixtures
		.handledBy(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION, 10_000, (record) -> {
		}, null, this.execution);

	private final SimulatedSession simulated = new SimulatedSession(this.container);

	private final ConsumerSession session = this.simulated.session();

	private int wakeUpsAtFirst;

	@BeforeEach
	void assign() {
		this.simulated.assign(PARTITION);
		this.execution.advance(INTERVAL);
		this.session.tick();
		this.wakeUpsAtFirst = this.simulated.consumer().wakeups();
	}

	@Test
	void consumerThatIsIdleIsNotWoken() {
		for (int poll = 0; poll < 10; poll++) {
			this.execution.advance(Duration.ofSeconds(5));
			this.session.tick();
			assertThat(this.execution.timers()).isZero();
		}
		assertThat(wakeUps()).isZero();
		assertThat(confirmed()).isZero();
	}

	@Test
	void consumerWhoseHandlersAreSlowLooksOnceMoreAndIsNotWokenAgain() {
		receive(3);
		this.execution.advance(INTERVAL);
		assertThat(wakeUps()).isOne();
		this.session.tick();
		this.execution.advance(Duration.ofMinutes(1));
		assertThat(wakeUps()).isOne();
		assertThat(confirmed()).isZero();
	}

	@Test
	void consumerIsWokenToCommitOneIntervalAfterTheLastLook() {
		receive(3);
		this.execution.runAll();
		this.execution.advance(INTERVAL.minusMillis(1));
		assertThat(wakeUps()).isZero();
		this.execution.advance(Duration.ofMillis(1));
		assertThat(wakeUps()).isOne();
		this.session.tick();
		this.simulated.consumer().answer(true, true);
		assertThat(this.simulated.committed(PARTITION)).isEqualTo(3);
		this.execution.advance(Duration.ofMinutes(1));
		assertThat(wakeUps()).as("nothing else is completed").isOne();
	}

	@Test
	void recordThatIsCompletedLateWakesTheConsumerAtOnce() {
		receive(3);
		this.execution.advance(INTERVAL);
		this.execution.runAll();
		assertThat(wakeUps()).isOne();
	}

	@Test
	void consumerThatReceivesRecordsAllTheTimeCommitsOnceInEachInterval() {
		int followed = 0;
		for (int record = 0; record < 1000; record++) {
			receive(1);
			this.execution.runAll();
			this.execution.advance(Duration.ofMillis(10));
			for (; followed < wakeUps(); followed++) {
				this.session.tick();
			}
			this.simulated.consumer().answer(true, true);
		}
		assertThat(confirmed()).as("in ten seconds").isBetween(9L, 10L);
		assertThat(wakeUps()).isLessThanOrEqualTo(10);
		assertThat(this.simulated.committed(PARTITION)).isGreaterThanOrEqualTo(900);
	}

	@Test
	void commitFollowsAnAnswerThatComesLate() {
		receive(1);
		this.execution.runAll();
		this.execution.advance(INTERVAL);
		this.session.tick();
		receive(1);
		this.execution.runAll();
		this.execution.advance(INTERVAL.multipliedBy(3));
		this.session.tick();
		assertThat(wakeUps()).as("for the first one").isOne();
		this.simulated.consumer().answer(true, true);
		assertThat(wakeUps()).isEqualTo(2);
		this.session.tick();
		this.simulated.consumer().answer(true, true);
		assertThat(this.simulated.committed(PARTITION)).isEqualTo(2);
	}

	@Test
	void commitThatFailsIsMadeAgainThoughNothingElseIsCompleted() {
		receive(1);
		this.execution.runAll();
		this.execution.advance(INTERVAL);
		this.session.tick();
		this.simulated.consumer().answer(false, true);
		this.execution.advance(INTERVAL);
		assertThat(wakeUps()).isEqualTo(2);
		this.session.tick();
		this.simulated.consumer().answer(true, true);
		assertThat(this.simulated.committed(PARTITION)).isOne();
	}

	@Test
	void offsetsWithoutRecordsThatAPollHasPassedAreCommitted() {
		receive(1);
		this.execution.runAll();
		this.execution.advance(INTERVAL);
		this.session.tick();
		this.simulated.consumer().answer(true, true);
		this.simulated.log(PARTITION).appendGap(4);
		this.simulated.poll(10);
		this.session.tick();
		for (int interval = 0; interval < 2; interval++) {
			int before = wakeUps();
			this.execution.advance(INTERVAL);
			assertThat(wakeUps()).isEqualTo(before + 1);
			this.session.tick();
		}
		this.simulated.consumer().answer(true, true);
		assertThat(this.simulated.committed(PARTITION)).isEqualTo(5);
	}

	@Test
	void newPositionThatCouldNotBeCommittedIsCommittedWithTheNextCommit() {
		receive(4);
		this.simulated.consumer().refuse(true);
		this.session.seek(PARTITION, SeekPosition.offset(2));
		this.session.tick();
		int before = wakeUps();
		this.execution.advance(INTERVAL);
		assertThat(wakeUps()).isGreaterThan(before);
	}

	@Test
	void completionsWakeTheConsumerThatHasPolledTheirRecords() {
		SimulatedSession other = new SimulatedSession(this.container);
		TopicPartition partition = new TopicPartition("orders", 1);
		other.assign(partition);
		other.produce(partition, 3);
		other.poll(3);
		other.session().tick();
		this.execution.runAll();
		this.execution.advance(INTERVAL);
		assertThat(other.consumer().wakeups()).isOne();
		assertThat(wakeUps()).isZero();
	}

	@Test
	void consumerLooksAgainWhileItWaitsForWorkersOfAPartitionThatItHasLost() {
		receive(9000);
		this.session.lost(List.of(PARTITION));
		this.simulated.consumer().letGo(List.of(PARTITION));
		TopicPartition partition = new TopicPartition("orders", 1);
		this.simulated.assign(partition);
		this.session.tick();
		assertThat(this.simulated.consumer().paused()).containsExactly(partition);
		int before = wakeUps();
		this.execution.advance(INTERVAL);
		assertThat(wakeUps()).isEqualTo(before + 1);
		this.session.tick();
		this.execution.advance(INTERVAL);
		assertThat(wakeUps()).isEqualTo(before + 2);
		this.execution.runAll();
		this.session.tick();
		assertThat(this.simulated.consumer().paused()).isEmpty();
		int resumed = wakeUps();
		this.execution.advance(Duration.ofMinutes(1));
		assertThat(wakeUps()).isEqualTo(resumed);
	}

	/**
	 * Have a poll return records, and begin the next one.
	 */
	private void receive(int count) {
		this.simulated.produce(PARTITION, count);
		this.simulated.poll(count);
		this.session.tick();
	}

	private int wakeUps() {
		return this.simulated.consumer().wakeups() - this.wakeUpsAtFirst;
	}

	private long confirmed() {
		return this.container.context().commitOutcomes().confirmed();
	}

}
