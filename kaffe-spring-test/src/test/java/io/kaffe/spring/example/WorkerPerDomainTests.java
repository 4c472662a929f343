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

import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.test.WorkerAllocationStrategyContract;

/**
 * The contract for {@link WorkerPerDomain}, used as applications do.
 */
class WorkerPerDomainTests extends WorkerAllocationStrategyContract {

	@Override
	protected WorkerAllocationStrategy strategy() {
		return new WorkerPerDomain();
	}

	@Override
	protected Collection<TopicPartition> partitions() {
		return List.of(new TopicPartition("sales.orders", 3), new TopicPartition("sales.refunds", 3));
	}

}
