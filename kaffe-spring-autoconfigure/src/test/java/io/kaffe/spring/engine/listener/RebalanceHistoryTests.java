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

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.table.ConsumerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what {@link ConsumerSession} records of assigned and revoked partitions,
 * without a broker.
 */
class RebalanceHistoryTests {

	private static final TopicPartition FIRST = new TopicPartition("orders", 0);

	private static final TopicPartition SECOND = new TopicPartition("orders", 1);

	private final ManualExecution execution = new ManualExecution();

	private final MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest");

	private final WorkerContainer adopted = ContainerFixtures.inGroup(null, this.execution);

	private final ConsumerSession session = this.adopted.session(this.consumer);

	@Test
	void assignedAndRevokedPartitionsAreRecorded() {
		assign(SECOND, FIRST);
		this.execution.advance(Duration.ofSeconds(1));
		this.session.revoked(List.of(FIRST), () -> {
		});
		this.execution.advance(Duration.ofSeconds(1));
		this.session.lost(List.of(FIRST, SECOND));
		assertThat(rebalances()).containsExactly(
				new ConsumerSnapshot.Rebalance(this.execution.instant(), "lost", List.of("orders-1"), null, List.of()),
				new ConsumerSnapshot.Rebalance(this.execution.instant().minusSeconds(1), "revoked", List.of("orders-0"),
						0L, List.of()),
				new ConsumerSnapshot.Rebalance(this.execution.instant().minusSeconds(2), "assigned",
						List.of("orders-0", "orders-1"), null, List.of()));
	}

	@Test
	void whatChangesNothingIsNotRecorded() {
		assign(FIRST);
		this.session.assigned(List.of(FIRST));
		this.session.assigned(List.of());
		this.session.revoked(List.of(SECOND), () -> {
		});
		this.session.lost(List.of(SECOND));
		assertThat(rebalances()).hasSize(1);
	}

	@Test
	void recordsThatWereNotStartedAreNotAbandoned() {
		assign(FIRST);
		this.session.dispatch(new ConsumerRecords<>(
				Map.of(FIRST, List.of(new ConsumerRecord<>("orders", 0, 0, "key", "value"))), Map.of()));
		this.session.revoked(List.of(FIRST), () -> {
		});
		assertThat(rebalances()).first()
			.isEqualTo(new ConsumerSnapshot.Rebalance(this.execution.instant(), "revoked", List.of("orders-0"), 0L,
					List.of()));
	}

	@Test
	void lastTwentyAreKept() {
		for (int round = 0; round < 15; round++) {
			assign(FIRST);
			this.session.lost(List.of(FIRST));
		}
		assertThat(rebalances()).hasSize(20)
			.extracting(ConsumerSnapshot.Rebalance::kind)
			.startsWith("lost", "assigned", "lost")
			.endsWith("assigned");
	}

	private void assign(TopicPartition... partitions) {
		this.consumer.assign(List.of(partitions));
		this.session.assigned(List.of(partitions));
	}

	private List<ConsumerSnapshot.Rebalance> rebalances() {
		return this.adopted.snapshot(false).rebalances();
	}

}
