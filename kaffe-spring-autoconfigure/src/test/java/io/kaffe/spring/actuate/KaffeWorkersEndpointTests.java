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

package io.kaffe.spring.actuate;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.endpoint.Show;

import io.kaffe.spring.engine.worker.DefaultWorkerManager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

/**
 * Tests for {@link KaffeWorkersEndpoint}.
 */
class KaffeWorkersEndpointTests {

	private final DefaultWorkerManager manager = SnapshotFixtures.manager();

	private final KaffeWorkersEndpoint endpoint = SnapshotFixtures.endpoint(this.manager, Show.NEVER);

	@BeforeEach
	void registerConsumers() {
		SnapshotFixtures.register(this.manager);
	}

	@Test
	void tableHasAllConsumersByName() {
		assertThat(this.endpoint.workerTable().consumers()).containsExactly(entry("orders", SnapshotFixtures.orders()),
				entry("refunds", SnapshotFixtures.refunds()));
	}

	@Test
	void tableIsEmptyWithoutConsumers() {
		assertThat(SnapshotFixtures.endpoint(SnapshotFixtures.manager(), Show.ALWAYS).workerTable().consumers())
			.isEmpty();
	}

	@Test
	void consumerIsFoundByItsName() {
		assertThat(this.endpoint.consumer("orders")).isEqualTo(SnapshotFixtures.orders());
	}

	@Test
	void unknownConsumerIsNotFound() {
		assertThat(this.endpoint.consumer("order")).isNull();
	}

	@Test
	void workerIsFoundByItsName() {
		assertThat(this.endpoint.worker("orders", "worker_0")).isEqualTo(SnapshotFixtures.backingOff());
	}

	@Test
	void valuesAreShownWhereTheyMayBe() {
		KaffeWorkersEndpoint open = SnapshotFixtures.endpoint(this.manager, Show.ALWAYS);
		assertThat(open.consumer("orders")).isEqualTo(SnapshotFixtures.orders(true))
			.isNotEqualTo(SnapshotFixtures.orders());
		assertThat(open.workerTable().consumers()).containsEntry("orders", SnapshotFixtures.orders(true));
		assertThat(open.worker("orders", "worker_0")).isEqualTo(SnapshotFixtures.orders(true).workers().get(0));
	}

	@Test
	void unknownWorkerIsNotFound() {
		assertThat(this.endpoint.worker("orders", "worker_2")).isNull();
	}

	@Test
	void workerOfAnotherConsumerIsNotFound() {
		assertThat(this.endpoint.worker("refunds", "worker_0")).isNull();
		assertThat(this.endpoint.worker("order", "worker_0")).isNull();
	}

}
