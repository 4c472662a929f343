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

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.kaffe.simulation.Scenario.Protocol;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.delivery.BatchDelivery;
import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.delivery.FailurePolicy;
import io.kaffe.spring.engine.delivery.FailurePolicy.Retryable;
import io.kaffe.spring.engine.delivery.OutageSettings;
import io.kaffe.spring.engine.delivery.RecordRecoverer;
import io.kaffe.spring.engine.listener.ConsumerSettings;
import io.kaffe.spring.engine.worker.RestartHistory;
import io.kaffe.spring.engine.worker.WorkerOwner;
import io.kaffe.spring.table.ConsumerProblem;

/**
 * The configuration of an instance: that of its Kafka consumers, and that of its workers.
 */
final class InstanceConfig {

	private InstanceConfig() {
	}

	/**
	 * Return the configuration of Kafka consumers.
	 * @param service how the service is configured
	 * @param instance the name of the instance
	 */
	static Map<String, Object> ofConsumers(Scenario.Service service, String instance) {
		Map<String, Object> config = new HashMap<>();
		config.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, "simulated:9092");
		config.put(ConsumerConfig.GROUP_ID_CONFIG, World.GROUP);
		config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
		config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
		config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG,
				service.readCommitted() ? "read_committed" : "read_uncommitted");
		config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, service.maxPollRecords());
		config.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, 10_000);
		config.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 3_000);
		config.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, 1_000);
		if (service.protocol() == Protocol.CONSUMER) {
			config.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "consumer");
		}
		else {
			config.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 1_000);
			config.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 200);
			config.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, (service.protocol() == Protocol.COOPERATIVE)
					? CooperativeStickyAssignor.class.getName() : RangeAssignor.class.getName());
		}
		if (service.staticMembers()) {
			config.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, instance);
		}
		return config;
	}

	/**
	 * Return the settings of the workers.
	 * @param world what they are in
	 * @param service how the service is configured
	 * @param recoverer takes dead letters
	 */
	static ConsumerSettings ofWorkers(World world, Scenario.Service service, RecordRecoverer recoverer) {
		FailurePolicy policy = new FailurePolicy(service.maxAttempts(),
				service.setup().oddBackOff() ? new OddBackOff(world, service.backOffMillis())
						: new FixedBackOff(service.backOffMillis(), Long.MAX_VALUE),
				null, Retryable.allBut(Set.of()), service.then(), Map.of(),
				(service.then() == FailureAction.DEAD_LETTER || service.setup().publishesDeadLetters()) ? recoverer
						: null,
				null, 3, List.of(), true,
				new OutageSettings(service.detectsOutages(), 0.5, 3, Duration.ofSeconds(1), Duration.ofMillis(300)),
				Duration.ZERO);
		return new ConsumerSettings(service.strategy().configurationName(), service.strategy(),
				(service.maxConcurrency() > 0) ? service.maxConcurrency() : null, service.maxBuffered(), 64L << 20,
				service.completedOffsets(), Duration.ofMillis(service.commitMillis()),
				Duration.ofMillis(service.drainMillis()), new BatchDelivery.Limits(20, Duration.ZERO), policy,
				new WorkerOwner.StallLimits(Duration.ofSeconds(1), null),
				new RestartHistory.Limit(1000, Duration.ofMillis(1)), ConsumerProblem.Severity.WARNING, false);
	}

}
