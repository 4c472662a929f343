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

	private static void assertHandledInVain(Predicate<ListenerSetup> setup, int number) {
		try (TestHistory history = new TestHistory(setup)) {
			ServiceInstance instance = history.instance();
			history.assertViolated("is handled although it is filtered, skipped or unreadable", number + 1, (facts) -> {
				Fact fact = facts.get(number);
				history.deliveries.begins(instance, new ConsumerRecord<>(fact.partition().topic(),
						fact.partition().partition(), fact.offset, fact.key(), String.valueOf(fact.number())), true,
						List.of());
			});
		}
	}

}
