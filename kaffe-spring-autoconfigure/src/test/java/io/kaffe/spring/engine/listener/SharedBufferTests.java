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
import java.util.Optional;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.listener.PartitionBuffer.Room;
import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.engine.worker.LimitedLog;
import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SharedBuffer}: of four partitions, each has a share of 25 records and
 * 2,500 bytes.
 */
class SharedBufferTests {

	private final ManualExecution time = new ManualExecution();

	private final ConsumerWakeup wakeup = new ConsumerWakeup(new MockConsumer<>("earliest"), this.time);

	private final List<PartitionAssignment> assignments = new ArrayList<>();

	private final SharedBuffer buffer = new SharedBuffer(new Room(100, 10_000), () -> this.assignments);

	SharedBufferTests() {
		for (int partition = 0; partition < 4; partition++) {
			this.assignments.add(new PartitionAssignment(
					new AssignedPartition(new TopicPartition("orders", partition), 1), 0, ContainerFixtures.POLICY,
					this.wakeup, new CommitTimer(this.wakeup, Duration.ofSeconds(1), this.time.runtime()),
					new LateCompletions(new LimitedLog("orders", this.time.runtime())), this.time,
					ContainerFixtures.POLLED_BY));
		}
		this.buffer.assignmentChanged();
	}

	@Test
	void isFullWhenAllPartitionsTogetherHaveTheRecordsOrTheBytes() {
		add(0, 50, 10);
		add(1, 49, 10);
		assertThat(this.buffer.isFull()).isFalse();
		add(2, 1, 10);
		assertThat(this.buffer.isFull()).isTrue();
		assertThat(this.buffer.buffered()).isEqualTo(new Room(100, 1000));
		this.assignments.get(0).drop(record(0, 10));
		assertThat(this.buffer.isFull()).isFalse();
		add(3, 1, 9010);
		assertThat(this.buffer.isFull()).isTrue();
	}

	@Test
	void whatIsLeftOfRevokedPartitionsCountsAndIsTooMuchFromHalfOfTheWholeOn() {
		add(0, 30, 10);
		add(1, 20, 10);
		assertThat(this.buffer.isOverloaded()).as("nothing was revoked").isFalse();
		PartitionAssignment first = revoke(0);
		assertThat(this.buffer.isOverloaded()).as("30 records").isFalse();
		revoke(0);
		assertThat(this.buffer.buffered()).isEqualTo(new Room(50, 500));
		assertThat(this.buffer.isOverloaded()).as("50 records").isTrue();
		first.drop(record(0, 10));
		assertThat(this.buffer.isOverloaded()).as("49 records").isFalse();
	}

	@Test
	void whatIsAdmittedAboveTheCeilingIsHalfOfAShare() {
		add(0, 146, 10);
		add(1, 4, 10);
		SharedBuffer.Admission admission = this.buffer.admission();
		assertThat(admission.admit(this.assignments.get(1).buffer(), records(20, 10))).as("up to 12").isEqualTo(8);
		assertThat(admission.admit(this.assignments.get(2).buffer(), records(20, 10))).isEqualTo(12);
		assertThat(admission.admit(this.assignments.get(0).buffer(), records(20, 10))).isZero();
	}

	@Test
	void whatIsAdmittedIsTwiceTheWholeAndOneRecordOfEachPartitionAtMost() {
		add(0, 194, 10);
		add(1, 4, 10);
		SharedBuffer.Admission admission = this.buffer.admission();
		assertThat(admission.admit(this.assignments.get(1).buffer(), records(20, 10))).as("up to 200").isEqualTo(2);
		assertThat(admission.admit(this.assignments.get(2).buffer(), records(20, 10))).isEqualTo(1);
		assertThat(admission.admit(this.assignments.get(3).buffer(), records(20, 9000))).isEqualTo(1);
	}

	private PartitionAssignment revoke(int index) {
		PartitionAssignment assignment = this.assignments.remove(index);
		assignment.revoke();
		this.buffer.left(assignment);
		return assignment;
	}

	private void add(int partition, int count, int bytes) {
		this.assignments.get(partition).append(records(count, bytes), null);
	}

	private static List<ConsumerRecord<String, String>> records(int count, int bytes) {
		return LongStream.range(0, count).mapToObj((offset) -> record(offset, bytes)).toList();
	}

	private static ConsumerRecord<String, String> record(long offset, int bytes) {
		return new ConsumerRecord<>("orders", 0, offset, 0, TimestampType.CREATE_TIME, 3, bytes - 3, "key", "value",
				new RecordHeaders(), Optional.empty());
	}

}
