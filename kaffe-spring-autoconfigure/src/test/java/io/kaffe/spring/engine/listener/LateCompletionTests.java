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

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for records that are completed after their partition was revoked.
 */
class LateCompletionTests {

	private static final TopicPartition ORDERS = new TopicPartition("orders", 0);

	private final ManualExecution execution = new ManualExecution();

	private final MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest");

	private final WorkerContainer adopted = ContainerFixtures.inGroup(null, this.execution);

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void thousandsAreLoggedInTwoLinesAndAllAreCounted(CapturedOutput output) {
		ConsumerSession session = this.adopted.session(this.consumer);
		this.consumer.assign(List.of(ORDERS));
		session.assigned(List.of(ORDERS));
		PartitionAssignment assignment = session.assignments().iterator().next();
		session.lost(List.of(ORDERS));
		for (int offset = 0; offset < 10_000; offset++) {
			assignment.complete(new ConsumerRecord<>("orders", 0, offset, "key", "value"));
		}
		this.execution.advance(Duration.ofSeconds(1));
		assertThat(output.toString().lines().filter((line) -> line.contains("complet"))).satisfiesExactly(
				(line) -> assertThat(line).contains("orders-0@0"),
				(line) -> assertThat(line).contains("9999 more late completions were not logged"));
		assertThat(this.adopted.snapshot(false).counters().lateCompletions()).isEqualTo(10_000);
	}

}
