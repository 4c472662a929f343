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

package io.kaffe.spring.listener;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.delivery.BatchLimits;
import io.kaffe.spring.delivery.DeliverySettings;
import io.kaffe.spring.delivery.FailureAction;
import io.kaffe.spring.delivery.FailurePolicy;
import io.kaffe.spring.delivery.LogContext;
import io.kaffe.spring.delivery.RecordDelivery;
import io.kaffe.spring.worker.ConsumerSnapshot;
import io.kaffe.spring.worker.ManualExecution;
import io.kaffe.spring.worker.RestartLimit;
import io.kaffe.spring.worker.StallLimits;
import io.kaffe.spring.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.worker.WorkerManager;
import io.kaffe.spring.worker.WorkerSupervisor;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what {@link ConsumerSession} tells of partitions that come and go, without a
 * broker.
 */
class RebalanceHistoryTests {

	private static final TopicPartition FIRST = new TopicPartition("orders", 0);

	private static final TopicPartition SECOND = new TopicPartition("orders", 1);

	private final ManualExecution execution = new ManualExecution();

	private final MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest");

	private final AdoptedConsumer adopted = adopted();

	private final ConsumerSession session = this.adopted.session(this.consumer);

	@Test
	void partitionsThatComeAndGoAreTold() {
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
	void whatChangesNothingIsNotTold() {
		assign(FIRST);
		this.session.assigned(List.of(FIRST));
		this.session.assigned(List.of());
		this.session.revoked(List.of(SECOND), () -> {
		});
		this.session.lost(List.of(SECOND));
		assertThat(rebalances()).hasSize(1);
	}

	@Test
	void recordsThatWereNotStartedAreNotGivenUp() {
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

	/**
	 * Return a consumer that is in no group, so that it commits nothing.
	 */
	private AdoptedConsumer adopted() {
		StandardWorkerAllocationStrategy strategy = StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION;
		ConsumerSettings settings = new ConsumerSettings(strategy.configurationName(), strategy, null, 10_000,
				64L << 20, 4096, Duration.ofSeconds(1), Duration.ofSeconds(20), new BatchLimits(500, Duration.ZERO),
				new FailurePolicy(0, new FixedBackOff(), null, Set.of(), FailureAction.PARK, Map.of(), null, null, 100),
				new StallLimits(Duration.ofMinutes(5), null), new RestartLimit(10, Duration.ofMinutes(5)), false);
		RecordDelivery delivery = new RecordDelivery((record) -> {
		}, ListenerType.SIMPLE, null, false, false, new DeliverySettings(null, false, settings.failurePolicy(), null,
				new LogContext("orders", false), new MockConsumer<>("earliest"), this.execution));
		return new AdoptedConsumer("orders",
				new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(Map.of()),
						new ContainerProperties("orders")),
				settings, null, delivery, Duration.ofMinutes(5), this.execution,
				new WorkerManager(new WorkerSupervisor(this.execution, this.execution, this.execution)));
	}

}
