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
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PartitionSplitWarning}, with two topics of two partitions each.
 */
@ExtendWith(OutputCaptureExtension.class)
class PartitionSplitWarningTests {

	private static final String WARNING = "Partitions that share a worker of 'shop' are assigned to different instances, "
			+ "so they are not processed in sequence: ";

	private static final TopicPartition ORDERS_0 = new TopicPartition("orders", 0);

	private static final TopicPartition ORDERS_1 = new TopicPartition("orders", 1);

	private static final TopicPartition REFUNDS_0 = new TopicPartition("refunds", 0);

	private static final long SETTLED = Duration.ofSeconds(5).toNanos();

	private boolean known = true;

	private final MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest") {

		@Override
		public synchronized List<PartitionInfo> partitionsFor(String topic, Duration timeout) {
			if (!PartitionSplitWarningTests.this.known) {
				throw new TimeoutException("not known yet");
			}
			return IntStream.range(0, 2)
				.mapToObj((partition) -> new PartitionInfo(topic, partition, null, null, null))
				.toList();
		}

	};

	private final PartitionSplitWarning warning = new PartitionSplitWarning("shop",
			StandardWorkerAllocationStrategy.WORKER_PER_PARTITION);

	@Test
	void partitionsOfOneWorkerThatAreElsewhereAreNamedOnceTheAssignmentHasSettled(CapturedOutput output) {
		this.warning.assignmentChanged(0);
		this.warning.warn(this.consumer, List.of(ORDERS_0, ORDERS_1, REFUNDS_0), SETTLED - 1);
		assertThat(output).doesNotContain("WARN");
		this.warning.warn(this.consumer, List.of(ORDERS_0, ORDERS_1, REFUNDS_0), SETTLED);
		assertThat(output).containsOnlyOnce(WARNING + "worker_1 lacks [refunds-1]. Use the range assignor");
		this.warning.assignmentChanged(SETTLED);
		this.warning.warn(this.consumer, List.of(ORDERS_0, REFUNDS_0, ORDERS_1), 2 * SETTLED);
		assertThat(output).as("once").containsOnlyOnce(WARNING);
	}

	@Test
	void assignmentSettlesAnewWithEachRebalance(CapturedOutput output) {
		this.warning.assignmentChanged(0);
		this.warning.assignmentChanged(SETTLED);
		this.warning.warn(this.consumer, List.of(ORDERS_0, ORDERS_1, REFUNDS_0), 2 * SETTLED - 1);
		assertThat(output).doesNotContain("WARN");
		this.warning.warn(this.consumer, List.of(ORDERS_0, ORDERS_1, REFUNDS_0), 2 * SETTLED);
		assertThat(output).containsOnlyOnce(WARNING);
	}

	@Test
	void partitionsThatAreTogetherAreNoReasonToWarn(CapturedOutput output) {
		this.warning.assignmentChanged(0);
		this.warning.warn(this.consumer, List.of(ORDERS_0, REFUNDS_0), SETTLED);
		assertThat(output).doesNotContain("WARN");
	}

	@Test
	void itIsCheckedOnceForEachAssignment(CapturedOutput output) {
		this.warning.warn(this.consumer, List.of(ORDERS_0, ORDERS_1, REFUNDS_0), SETTLED);
		assertThat(output).as("nothing has changed").doesNotContain("WARN");
		this.warning.assignmentChanged(0);
		this.warning.warn(this.consumer, List.of(ORDERS_0, REFUNDS_0), SETTLED);
		this.warning.warn(this.consumer, List.of(ORDERS_0, ORDERS_1, REFUNDS_0), SETTLED);
		assertThat(output).as("it was checked").doesNotContain("WARN");
		this.warning.assignmentChanged(0);
		this.warning.warn(this.consumer, List.of(ORDERS_0, ORDERS_1, REFUNDS_0), SETTLED);
		assertThat(output).containsOnlyOnce(WARNING);
	}

	@Test
	void partitionsThatAreNotKnownAreNoReasonToWarn(CapturedOutput output) {
		this.known = false;
		this.warning.assignmentChanged(0);
		this.warning.warn(this.consumer, List.of(ORDERS_0, ORDERS_1, REFUNDS_0), SETTLED);
		assertThat(output).doesNotContain("WARN");
	}

	@Test
	void otherStrategiesDoNotNeedIt(CapturedOutput output) {
		PartitionSplitWarning none = new PartitionSplitWarning("shop",
				StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION);
		none.assignmentChanged(0);
		none.warn(this.consumer, List.of(ORDERS_0), SETTLED);
		assertThat(output).doesNotContain("WARN");
	}

}
