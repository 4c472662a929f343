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

package io.kaffe.spring.example;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.test.RecordWorkerAllocationStrategyContract;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The contract for {@link WorkerPerTenantHeader}, used as applications do.
 */
class WorkerPerTenantHeaderTests extends RecordWorkerAllocationStrategyContract {

	@Override
	protected WorkerAllocationStrategy strategy() {
		return new WorkerPerTenantHeader();
	}

	@Override
	protected Collection<? extends ConsumerRecord<?, ?>> records() {
		return List.of(record(7, "acme"), record(8, "globex"), record(9, "acme"));
	}

	@Test
	void recordsOfOneTenantShareAWorker() {
		assertThat(strategy().workerKey(record(7, "acme"))).isEqualTo(strategy().workerKey(record(9, "acme")))
			.isNotEqualTo(strategy().workerKey(record(8, "globex")));
	}

	private static ConsumerRecord<String, String> record(long offset, String tenant) {
		ConsumerRecord<String, String> record = new ConsumerRecord<>("orders", 0, offset, "key", "value");
		record.headers().add("tenant", tenant.getBytes(StandardCharsets.UTF_8));
		return record;
	}

}
