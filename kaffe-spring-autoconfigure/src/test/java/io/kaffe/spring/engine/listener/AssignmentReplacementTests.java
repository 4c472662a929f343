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

import java.util.List;

import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AssignmentReplacement}: what is left of assignments that were replaced
 * or have ended.
 */
class AssignmentReplacementTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private static final TopicPartition OTHER = new TopicPartition("orders", 1);

	private final ManualExecution execution = new ManualExecution();

	private final MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest");

	private final AssignmentParts parts = new AssignmentParts(this.consumer,
			ContainerFixtures.inGroup("orders", this.execution), this.execution);

	@BeforeEach
	void assign() {
		this.consumer.assign(List.of(PARTITION, OTHER));
	}

	@Test
	void replacedAssignmentIsWaitedForWithItsPartitionAsLongAsItsRecordsAreBeingHandled() {
		PartitionAssignment first = this.parts.assign(PARTITION);
		PartitionAssignment firstOfOther = this.parts.assign(OTHER);
		assertThat(first.enter()).isTrue();
		assertThat(firstOfOther.enter()).isTrue();
		PartitionAssignment second = this.parts.replace(first);
		PartitionAssignment secondOfOther = this.parts.replace(firstOfOther);
		assertThat(outlasting(second)).containsExactly(second, first);
		assertThat(outlasting(secondOfOther)).containsExactly(secondOfOther, firstOfOther);
		first.exit();
		assertThat(outlasting(second)).containsExactly(second);
	}

	@Test
	void workerIsFreeWhenTheLastAssignmentOfItsPartitionHasEnded() {
		PartitionAssignment second = this.parts.replace(this.parts.assign(PARTITION));
		assertThat(this.parts.context.workers().all()).hasSize(1);
		this.parts.replacement.remove(second);
		assertThat(this.parts.context.workers().all()).isEmpty();
	}

	@Test
	void partitionThatComesBackStaysPausedIfTheApplicationHasPausedIt() {
		PartitionAssignment assignment = this.parts.assign(PARTITION);
		this.parts.flow.remember(PARTITION);
		this.parts.replacement.remove(assignment);
		this.consumer.pause(List.of(PARTITION));
		this.parts.flow.regulate(List.of(this.parts.assign(PARTITION)), false);
		assertThat(this.consumer.paused()).containsExactly(PARTITION);
	}

	private List<PartitionAssignment> outlasting(PartitionAssignment leaving) {
		return this.parts.replacement.withOutlasting(List.of(leaving));
	}

}
