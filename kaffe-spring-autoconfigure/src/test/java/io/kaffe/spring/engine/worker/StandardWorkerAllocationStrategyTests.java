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

package io.kaffe.spring.engine.worker;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link StandardWorkerAllocationStrategy}.
 */
class StandardWorkerAllocationStrategyTests {

	private static final ConsumerRecord<?, ?> RECORD = new ConsumerRecord<>("orders", 3, 7, "key", "value");

	@Test
	void areFoundByTheirNamesInEachForm() {
		assertThat(StandardWorkerAllocationStrategy.configurationNames()).containsExactly("worker-per-topic-partition",
				"worker-per-partition", "worker-per-key", "worker-per-record");
		for (StandardWorkerAllocationStrategy strategy : StandardWorkerAllocationStrategy.values()) {
			assertThat(StandardWorkerAllocationStrategy.of(strategy.configurationName())).isSameAs(strategy);
			assertThat(StandardWorkerAllocationStrategy.of(strategy.name())).isSameAs(strategy);
		}
		assertThat(StandardWorkerAllocationStrategy.of("workerPerKey"))
			.isSameAs(StandardWorkerAllocationStrategy.WORKER_PER_KEY);
		assertThat(StandardWorkerAllocationStrategy.of("worker-per-topic")).isNull();
	}

	@Test
	void workersOfPartitionsAreNamedAfterThem() {
		assertThat(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION.workerName("orders", 3))
			.isEqualTo("worker_orders_3");
		assertThat(StandardWorkerAllocationStrategy.WORKER_PER_PARTITION.workerName("orders", 3)).isEqualTo("worker_3");
		assertThat(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION.isPerRecord()).isFalse();
		assertThat(StandardWorkerAllocationStrategy.WORKER_PER_PARTITION.isPerRecord()).isFalse();
	}

	@Test
	void workersOfRecordsHaveTheirKeysOrNone() {
		assertThat(StandardWorkerAllocationStrategy.WORKER_PER_KEY.isPerRecord()).isTrue();
		assertThat(StandardWorkerAllocationStrategy.WORKER_PER_KEY.workerKey(RECORD)).isEqualTo("key");
		assertThat(StandardWorkerAllocationStrategy.WORKER_PER_RECORD.isPerRecord()).isTrue();
		assertThat(StandardWorkerAllocationStrategy.WORKER_PER_RECORD.workerKey(RECORD)).isNull();
		assertThatExceptionOfType(UnsupportedOperationException.class)
			.isThrownBy(() -> StandardWorkerAllocationStrategy.WORKER_PER_KEY.workerName("orders", 3));
	}

}
