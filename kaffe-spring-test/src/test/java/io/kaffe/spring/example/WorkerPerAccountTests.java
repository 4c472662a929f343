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

import java.util.Collection;
import java.util.List;

import org.apache.kafka.clients.consumer.ConsumerRecord;

import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.test.RecordWorkerAllocationStrategyContract;

/**
 * The contract for {@link WorkerPerAccount}, used as applications do.
 */
class WorkerPerAccountTests extends RecordWorkerAllocationStrategyContract {

	@Override
	protected WorkerAllocationStrategy strategy() {
		return new WorkerPerAccount();
	}

	@Override
	protected Collection<? extends ConsumerRecord<?, ?>> records() {
		return List.of(new ConsumerRecord<>("orders", 0, 7, "o-1", new AccountEvent("acme", 1)),
				new ConsumerRecord<>("refunds", 1, 8, "r-1", new AccountEvent("acme", 1)),
				new ConsumerRecord<>("orders", 0, 9, "o-2", new AccountEvent("globex", 1)));
	}

}
