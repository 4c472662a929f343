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

package io.kaffe.spring.test;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.FailingRecord;

/**
 * Checks what holds whatever disturbs the listeners.
 */
final class Oracles {

	private Oracles() {
	}

	/**
	 * Check that each record was handled, unless it failed, and that each consumer has
	 * kept its order.
	 * @throws AssertionError if not
	 */
	static void check(SimulatedWorld world) {
		everyRecordIsHandled(world);
		orderIsKept(world);
	}

	private static void everyRecordIsHandled(SimulatedWorld world) {
		Set<String> blocked = new HashSet<>();
		for (FailingRecord failing : world.failing()) {
			blocked.add(failing.partition().toString());
		}
		Set<String> ended = new HashSet<>();
		for (HandledRecord handled : world.handled()) {
			if (handled.outcome() != HandledRecord.Outcome.CRASHED) {
				ended.add(handled.consumer() + ' ' + SimulatedWorld.coordinates(handled.record()));
			}
		}
		world.consumed().forEach((consumer, partitions) -> {
			for (TopicPartition partition : partitions) {
				if (!blocked.contains(partition.toString())) {
					world.offsets(partition).forEach((offset) -> {
						if (!ended.contains(consumer + ' ' + partition + '@' + offset)) {
							throw new AssertionError(consumer + " has not handled " + partition + '@' + offset);
						}
					});
				}
			}
		});
	}

	/**
	 * Records may be redelivered, also several of them, but none may be handled for the
	 * first time before an earlier one of the same key or partition.
	 */
	private static void orderIsKept(SimulatedWorld world) {
		Map<List<Object>, Long> last = new HashMap<>();
		Set<String> seen = new HashSet<>();
		for (HandledRecord handled : world.handled()) {
			ConsumerRecord<?, ?> record = handled.record();
			String strategy = world.strategyOf(handled.consumer());
			if (!handled.isSuccessful() || !seen.add(handled.consumer() + ' ' + SimulatedWorld.coordinates(record))) {
				continue;
			}
			List<Object> order = new ArrayList<>(List.of(handled.consumer(), record.topic(), record.partition()));
			if (strategy.equals("worker-per-key") && record.key() != null) {
				order.add(record.key());
			}
			else if (!strategy.equals("worker-per-topic-partition") && !strategy.equals("worker-per-partition")) {
				continue;
			}
			Long before = last.put(order, record.offset());
			if (before != null && before > record.offset()) {
				throw new AssertionError(handled.consumer() + " has handled " + SimulatedWorld.coordinates(record)
						+ " after offset " + before);
			}
		}
	}

}
