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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.Worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link WorkerAllocation} with a strategy of the application, which a worker
 * calls.
 */
@ExtendWith(OutputCaptureExtension.class)
class WorkerAllocationTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private final List<String> asked = new ArrayList<>();

	private final Deque<String> names = new ArrayDeque<>();

	private final List<String> handled = new ArrayList<>();

	private final ManualExecution execution = new ManualExecution();

	private final MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest");

	private final WorkerContainer adopted = ContainerFixtures.handledBy((topic, partition) -> {
		this.asked.add(topic + "-" + partition);
		return this.names.remove();
	}, 10_000, (record) -> this.handled.add(record.partition() + "@" + record.offset()), null, this.execution);

	private final ConsumerSession session = this.adopted.session(this.consumer);

	@BeforeEach
	void assign() {
		this.consumer.assign(List.of(PARTITION));
		this.consumer.seek(PARTITION, 0);
		this.session.assigned(List.of(PARTITION));
		this.session.tick();
	}

	@Test
	void partitionIsPausedUntilItsWorkerHasAName() {
		assertThat(this.consumer.paused()).containsExactly(PARTITION);
		assertThat(this.adopted.snapshot(false).partitions()).singleElement()
			.satisfies((partition) -> assertThat(partition.paused()).isEqualTo("worker-allocation"));
		assertThat(this.asked).as("not by the thread that polls").isEmpty();
		this.names.add("dispatcher");
		this.execution.runAll();
		assertThatExceptionOfType(WakeupException.class).as("the poll ends")
			.isThrownBy(() -> this.consumer.poll(Duration.ZERO));
		this.session.tick();
		assertThat(this.consumer.paused()).isEmpty();
		assertThat(this.adopted.context().workers().all()).extracting(Worker::name).containsExactly("dispatcher");
		this.session.dispatch(new ConsumerRecords<>(
				Map.of(PARTITION, List.of(new ConsumerRecord<>("orders", 0, 0, "key", "value"))), Map.of()));
		this.execution.runAll();
		assertThat(this.handled).containsExactly("0@0");
		assertThat(this.asked).containsExactly("orders-0");
	}

	@Test
	void strategyThatGivesNoNameIsAskedAgain(CapturedOutput output) {
		this.names.addAll(List.of(" ", "dispatcher"));
		this.execution.runAll();
		this.session.tick();
		assertThat(this.consumer.paused()).containsExactly(PARTITION);
		assertThat(output).contains("failed to name a worker for orders-0#1; the partition stays paused until it does")
			.contains("named the worker of orders-0 ' '; a name with at least one character is needed");
		this.execution.advance(Duration.ofMinutes(1));
		this.execution.runAll();
		this.session.tick();
		assertThat(this.consumer.paused()).isEmpty();
		assertThat(this.adopted.context().workers().all()).extracting(Worker::name).containsExactly("dispatcher");
		assertThat(this.asked).hasSize(2);
	}

	@Test
	void strategyIsNotAskedForARevokedPartition() {
		this.session.lost(List.of(PARTITION));
		this.execution.runAll();
		assertThat(this.asked).isEmpty();
	}

}
