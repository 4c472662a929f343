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
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import io.kaffe.spring.engine.worker.ConsumerObserver;
import io.kaffe.spring.engine.worker.ConsumerObservers;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.table.ConsumerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AssignmentLog}.
 */
@ExtendWith(OutputCaptureExtension.class)
class AssignmentLogTests {

	private static final TopicPartition FIRST = new TopicPartition("orders", 0);

	private static final TopicPartition SECOND = new TopicPartition("orders", 1);

	private final ManualExecution execution = new ManualExecution();

	private final MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest");

	private final WorkerContainer adopted = ContainerFixtures.adopted(new ContainerSupervisionTests.Container(),
			this.execution, (record) -> {
				if (record.value().equals("poison")) {
					// Not tried again.
					throw new ClassCastException("On purpose");
				}
				if (record.value().equals("busy")) {
					throw new IllegalStateException("On purpose");
				}
			});

	private final ConsumerSession session = this.adopted.session(this.consumer);

	@Test
	void assignmentRevocationAndLossAreOneLineEach(CapturedOutput output) {
		assign(FIRST, SECOND);
		this.session.revoked(List.of(FIRST), () -> this.execution.advance(Duration.ofMillis(312)));
		this.session.lost(List.of(SECOND));
		assertThat(output.toString().lines().filter((line) -> line.contains("Consumer 'orders'"))).hasSize(3);
		assertThat(output).containsPattern("INFO .* Consumer 'orders': assigned 2 partitions: orders-\\[0-1]\\R")
			.containsPattern("INFO .* Consumer 'orders': revoked 1 partition: orders-0 after a drain of 312 ms\\R")
			.containsPattern(
					"WARN .* Consumer 'orders': lost 1 partition: orders-1; records that were not committed are "
							+ "redelivered to the next owner\\R");
	}

	@Test
	void recordsThatWereAbandonedAreAWarning(CapturedOutput output) {
		AssignmentLog log = new AssignmentLog("orders", new ConsumerObservers("orders", List.of()));
		log.log(revoked(LongStream.range(0, 12).mapToObj((offset) -> "orders-0@" + offset).toList()));
		assertThat(output).containsPattern("WARN .* Consumer 'orders': revoked 1 partition: orders-0 after a drain of "
				+ "20000 ms; abandoned 12 records in progress, to be redelivered to the next owner: orders-0@0, .*, "
				+ "orders-0@9 and 2 more\\R");
		log.log(revoked(LongStream.range(0, 10).mapToObj((offset) -> "orders-0@" + offset).toList()));
		assertThat(output).as("all are shown").containsPattern("orders-0@9\\R");
		log.log(revoked(LongStream.range(0, 100).mapToObj((offset) -> "orders-0@" + offset).toList()));
		assertThat(output).contains("abandoned at least 100 records in progress");
	}

	@Test
	void observersAreNotifiedOfEachRebalance() {
		List<ConsumerSnapshot.Rebalance> observed = new ArrayList<>();
		AssignmentLog log = new AssignmentLog("orders", new ConsumerObservers("orders", List.of(new ConsumerObserver() {

			@Override
			public void rebalanced(String consumer, ConsumerSnapshot.Rebalance rebalance) {
				observed.add(rebalance);
			}

		})));
		assign(FIRST);
		log.assigned(this.session.assignments(), Instant.EPOCH);
		log.revoked(this.session.assignments(), 312, List.of("orders-0@7"), Instant.EPOCH);
		log.lost(this.session.assignments(), Instant.EPOCH);
		assertThat(observed).extracting(ConsumerSnapshot.Rebalance::kind)
			.containsExactly("assigned", "revoked", "lost");
		assertThat(observed.get(1).givenUp()).containsExactly("orders-0@7");
		assertThat(log.history()).containsExactlyInAnyOrderElementsOf(observed);
	}

	@Test
	void stopLogsWhatItLeaves(CapturedOutput output) {
		assign(FIRST, SECOND);
		poll(FIRST, "good", "poison", "good");
		poll(SECOND, "busy");
		this.adopted.stopping(this.consumer, () -> {
		});
		assertThat(output).containsPattern("INFO .* Consumer 'orders': revoked 2 partitions: orders-\\[0-1]")
			.containsPattern("INFO .* Consumer 'orders': stopped; 1 record parked \\(orders-0@1\\) and 1 "
					+ "record backing off \\(orders-1@0\\), to be redelivered to the next owner\\R");
	}

	@Test
	void stopThatLeavesNothingSaysSo(CapturedOutput output) {
		assign(FIRST);
		poll(FIRST, "good");
		this.adopted.stopping(this.consumer, () -> {
		});
		assertThat(output).containsPattern("INFO .* Consumer 'orders': stopped; no record is parked or backing off\\R");
	}

	private static ConsumerSnapshot.Rebalance revoked(List<String> givenUp) {
		return new ConsumerSnapshot.Rebalance(Instant.EPOCH, "revoked", List.of("orders-0"), 20_000L, givenUp);
	}

	private void assign(TopicPartition... partitions) {
		this.consumer.assign(List.of(partitions));
		this.session.assigned(List.of(partitions));
	}

	private void poll(TopicPartition partition, String... values) {
		List<ConsumerRecord<Object, Object>> records = new ArrayList<>();
		LongStream.range(0, values.length)
			.forEach((offset) -> records.add(new ConsumerRecord<>(partition.topic(), partition.partition(), offset,
					"key", values[(int) offset])));
		this.session.dispatch(new ConsumerRecords<>(Map.of(partition, records), Map.of()));
		this.execution.runAll();
	}

}
