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
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.delivery.FailurePolicy;
import io.kaffe.spring.engine.delivery.FailurePolicy.Retryable;
import io.kaffe.spring.engine.delivery.OutageSettings;
import io.kaffe.spring.engine.listener.PartitionBuffer.Room;
import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.engine.worker.LimitedLog;
import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PartitionAssignment}: why it is shown as paused, and when a completion
 * interrupts a poll.
 */
class PartitionAssignmentTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private static final Room SHARE = new Room(4, 4000);

	private final ManualExecution execution = new ManualExecution();

	private final AtomicInteger wakeups = new AtomicInteger();

	private final ConsumerWakeup wakeup = new ConsumerWakeup(new MockConsumer<>("earliest") {

		@Override
		public synchronized void wakeup() {
			PartitionAssignmentTests.this.wakeups.incrementAndGet();
		}

	}, this.execution);

	private final LateCompletions lateCompletions = new LateCompletions(
			new LimitedLog("orders", this.execution.runtime()));

	private final CommitTimer timer = new CommitTimer(this.wakeup, Duration.ofSeconds(1), this.execution.runtime());

	private final PartitionAssignment assignment = new PartitionAssignment(new AssignedPartition(PARTITION, 1), 0,
			ContainerFixtures.POLICY, this.wakeup, this.timer, this.lateCompletions, this.execution,
			ContainerFixtures.POLLED_BY);

	private final List<ConsumerRecord<Object, Object>> records = AssignmentParts.records(PARTITION, 0, 4);

	@Test
	void onlyCompletionsThatLetMoreBeFetchedInterruptThePoll() {
		this.wakeup.polling();
		this.assignment.append(this.records, null);
		this.assignment.holdBack(SHARE, false, false, false);
		this.assignment.complete(this.records.get(0));
		assertThat(this.wakeups).as("there is space").hasValue(1);
		this.assignment.complete(this.records.get(1));
		this.assignment.complete(this.records.get(1));
		assertThat(this.wakeups).as("there was space before").hasValue(1);
	}

	@Test
	void recordThatAnAttemptHasCompletedIsTakenOutOfTheBufferOnce() {
		this.assignment.append(this.records, null);
		this.assignment.complete(this.records.get(0));
		this.assignment.complete(this.records.get(1));
		this.assignment.revoke();
		this.assignment.drop(this.records.get(0));
		assertThat(this.assignment.buffer().records()).isEqualTo(2);
		this.assignment.fence();
		this.assignment.complete(this.records.get(1));
		assertThat(this.assignment.buffer().records()).isEqualTo(2);
		this.assignment.complete(this.records.get(2));
		this.assignment.drop(this.records.get(3));
		assertThat(this.assignment.buffer().records()).isZero();
	}

	@Test
	void recordThatIsLeftTakesNoRoomAndIsCompletedWithTheNextOne() {
		PartitionAssignment assignment = leaving();
		this.wakeup.polling();
		assignment.append(this.records, null);
		assignment.holdBack(SHARE, false, false, false);
		assignment.leaveToNext(this.records.get(1));
		assertThat(this.wakeups).as("there is space").hasValue(1);
		assertThat(assignment.buffer().records()).isEqualTo(3);
		assignment.complete(this.records.get(0));
		assertThat(assignment.progress().isComplete(1)).as("with one before it").isFalse();
		assignment.complete(this.records.get(2));
		assertThat(assignment.progress().isComplete(1)).isTrue();
		assertThat(assignment.buffer().records()).isEqualTo(1);
	}

	@Test
	void recordIsCompletedAtOnceIfTheNextOneIs() {
		PartitionAssignment assignment = leaving();
		assignment.append(this.records, null);
		assignment.complete(this.records.get(2));
		assignment.leaveToNext(this.records.get(1));
		assertThat(assignment.progress().isComplete(1)).isTrue();
		assertThat(assignment.buffer().records()).isEqualTo(2);
	}

	@Test
	void recordThatIsLeftAndAcknowledgedLeavesTheBufferOnce() {
		PartitionAssignment assignment = leaving();
		assignment.append(this.records, null);
		assignment.leaveToNext(this.records.get(1));
		assignment.complete(this.records.get(1));
		assertThat(assignment.progress().isComplete(1)).isTrue();
		assignment.complete(this.records.get(2));
		assignment.leaveToNext(this.records.get(2));
		assertThat(assignment.buffer().records()).isEqualTo(2);
	}

	@Test
	void recordsLeftToANextOneThatNeverComesAreBounded() {
		PartitionAssignment assignment = leaving();
		List<ConsumerRecord<Object, Object>> many = AssignmentParts.records(PARTITION, 0, 1002);
		assignment.append(many, null);
		many.forEach(assignment::leaveToNext);
		assertThat(assignment.buffer().records()).isZero();
		assertThat(assignment.progress().isComplete(1)).isTrue();
		assertThat(assignment.progress().isComplete(2)).isFalse();
	}

	@Test
	void recordIsLateRatherThanLeftAfterTheEnd() {
		PartitionAssignment assignment = leaving();
		assignment.append(this.records, null);
		assignment.fence();
		assignment.leaveToNext(this.records.get(1));
		assertThat(this.lateCompletions.count()).isEqualTo(1);
		assertThat(assignment.progress().isComplete(1)).isFalse();
		assertThat(assignment.buffer().records()).isEqualTo(3);
	}

	private PartitionAssignment leaving() {
		FailurePolicy policy = new FailurePolicy(1, new FixedBackOff(), null, Retryable.allBut(Set.of()),
				FailureAction.SKIP, Map.of(), null, null, 100, List.of(), false, OutageSettings.DISABLED,
				Duration.ZERO);
		return new PartitionAssignment(new AssignedPartition(PARTITION, 1), 0, policy, this.wakeup, this.timer,
				this.lateCompletions, this.execution, ContainerFixtures.POLLED_BY);
	}

	@Test
	void partitionIsShownAsPausedForTheReasonThereIs() {
		assertThat(this.assignment.snapshot(false).paused()).isNull();
		assertThat(this.assignment.snapshot(true).paused()).as("by whomever").isEqualTo("operator");
		this.assignment.append(this.records, null);
		this.assignment.holdBack(SHARE, false, false, false);
		assertThat(this.assignment.snapshot(true).paused()).isEqualTo("back-pressure");
	}

}
