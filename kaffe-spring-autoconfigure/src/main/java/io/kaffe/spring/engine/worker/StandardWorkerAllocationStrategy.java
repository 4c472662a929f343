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

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.WorkerAllocationStrategy;

/**
 * The strategies that can be chosen by their name in configuration. Workers of partitions
 * are named as those of Elixir's Kaffe are.
 */
public enum StandardWorkerAllocationStrategy implements WorkerAllocationStrategy {

	/**
	 * One worker for each topic and partition: {@code worker_<topic>_<partition>}. Keeps
	 * the order of each partition.
	 */
	WORKER_PER_TOPIC_PARTITION {

		@Override
		public String workerName(String topic, int partition) {
			return "worker_" + topic + "_" + partition;
		}

	},

	/**
	 * One worker for each partition number across all topics: {@code worker_<partition>}.
	 * Topics that carry the same keys with the same number of partitions are processed in
	 * sequence.
	 */
	WORKER_PER_PARTITION {

		@Override
		public String workerName(String topic, int partition) {
			return "worker_" + partition;
		}

	},

	/**
	 * One worker for each key in flight, across all topics of the consumer. Records with
	 * equal keys are processed in sequence; those without a key are ordered with nothing.
	 */
	WORKER_PER_KEY {

		@Override
		public boolean isPerRecord() {
			return true;
		}

		@Override
		public @Nullable Object workerKey(ConsumerRecord<?, ?> record) {
			return record.key();
		}

	},

	/**
	 * One worker for each record: no order.
	 */
	WORKER_PER_RECORD {

		@Override
		public boolean isPerRecord() {
			return true;
		}

		@Override
		public @Nullable Object workerKey(ConsumerRecord<?, ?> record) {
			return null;
		}

	};

	@Override
	public String workerName(String topic, int partition) {
		throw new UnsupportedOperationException("Workers are allocated for each record");
	}

	/**
	 * Return the name as it is written in configuration and shown in tables.
	 * @return the name in lower case with dashes, such as {@code worker-per-partition}
	 */
	public String configurationName() {
		return name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

	/**
	 * Return the names of all strategies.
	 * @return the configuration names in the order of declaration
	 */
	public static List<String> configurationNames() {
		return Arrays.stream(values()).map(StandardWorkerAllocationStrategy::configurationName).toList();
	}

	/**
	 * Find a strategy by its name in any of the forms of relaxed binding:
	 * {@code worker-per-partition}, {@code WORKER_PER_PARTITION} or
	 * {@code workerPerPartition}.
	 * @param name the name
	 * @return the strategy, or {@code null} if there is none of that name
	 */
	public static @Nullable StandardWorkerAllocationStrategy of(String name) {
		String uniform = uniform(name);
		for (StandardWorkerAllocationStrategy strategy : values()) {
			if (uniform(strategy.name()).equals(uniform)) {
				return strategy;
			}
		}
		return null;
	}

	private static String uniform(String name) {
		return name.replace("-", "").replace("_", "").toLowerCase(Locale.ROOT);
	}

}
