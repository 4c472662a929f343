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

package io.kaffe.simulation;

import java.util.List;
import java.util.function.Predicate;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;

import static org.assertj.core.api.Assertions.assertThatCode;

/**
 * What the oracle says of deliveries: it is fed with some that break a promise.
 */
class DeliveryOracleTests {

	@Test
	void filteredRecordIsHandled() {
		assertHandledInVain((setup) -> setup.isFiltered(3), 3);
	}

	@Test
	void skippedRecordIsHandled() {
		assertHandledInVain((setup) -> setup.isSkipped(4), 4);
	}

	@Test
	void unreadableRecordIsHandled() {
		assertHandledInVain((setup) -> setup.isUnreadable(6), 6);
	}

	@Test
	void recordOfAPartitionThatIsNotAssignedIsHandled() {
		try (TestHistory history = new TestHistory((service) -> true)) {
			ServiceInstance instance = history.instance();
			history.assertViolated("is handled although its partition is not assigned to instance-0", 1,
					(facts) -> history.deliveries.begins(instance, record(facts.get(0)), true, List.of()));
		}
	}

	@Test
	void recordIsHandledBeforeAnEarlierOne() {
		try (TestHistory history = new TestHistory(DeliveryOracleTests::isPerPartition)) {
			ServiceInstance instance = history.instance();
			history.assertViolated("orders-0@1 (key) is handled before orders-0@0 (key)", 2,
					(facts) -> history.deliveries.begins(instance, record(facts.get(1)), false, List.of()));
		}
	}

	@Test
	void recordIsHandledBeforeAnEarlierOneThatWasNacked() {
		try (TestHistory history = new TestHistory(
				(service) -> isPerPartition(service) && service.shape() == Scenario.Shape.ACKNOWLEDGED_RECORD)) {
			ServiceInstance instance = history.instance();
			history.assertViolated("orders-0@1 (key) is handled before orders-0@0 (key)", 2, (facts) -> {
				history.deliveries.begins(instance, record(facts.get(0)), false, List.of());
				history.journal.nacked(facts.get(0), 1);
				history.deliveries.begins(instance, record(facts.get(1)), false, List.of());
			});
		}
	}

	@Test
	void recordThatIsAcknowledgedLaterDoesNotHoldUpTheNextOne() {
		try (TestHistory history = new TestHistory(
				(service) -> isPerPartition(service) && service.shape() == Scenario.Shape.ACKNOWLEDGED_RECORD)) {
			ServiceInstance instance = history.instance();
			assertThatCode(() -> history.withRecords(2, (facts) -> {
				history.deliveries.begins(instance, record(facts.get(0)), false, List.of());
				history.deliveries.begins(instance, record(facts.get(1)), false, List.of());
			})).doesNotThrowAnyException();
		}
	}

	@Test
	void recordIsHandledAfterThoseBeforeItOfItsBatch() {
		try (TestHistory history = new TestHistory(DeliveryOracleTests::isPerPartition)) {
			ServiceInstance instance = history.instance();
			assertThatCode(() -> history.withRecords(2,
					(facts) -> history.deliveries.begins(instance, record(facts.get(1)), false, facts.subList(0, 1))))
				.doesNotThrowAnyException();
		}
	}

	private static boolean isPerPartition(Scenario.Service service) {
		return service.strategy() == StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION
				&& service.setup().equals(ListenerSetup.PLAIN);
	}

	private static void assertHandledInVain(Predicate<ListenerSetup> setup, int number) {
		try (TestHistory history = new TestHistory((service) -> setup.test(service.setup()))) {
			ServiceInstance instance = history.instance();
			history.assertViolated("is handled although it is filtered, skipped or unreadable", number + 1,
					(facts) -> history.deliveries.begins(instance, record(facts.get(number)), true, List.of()));
		}
	}

	private static ConsumerRecord<String, String> record(Fact fact) {
		return new ConsumerRecord<>(fact.partition().topic(), fact.partition().partition(), fact.offset, fact.key(),
				String.valueOf(fact.number()));
	}

}
