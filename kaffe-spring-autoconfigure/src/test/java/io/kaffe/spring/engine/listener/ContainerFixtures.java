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

package io.kaffe.spring.engine.listener;

import java.time.Duration;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.transaction.KafkaTransactionManager;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.delivery.Acknowledging;
import io.kaffe.spring.engine.delivery.BatchDelivery;
import io.kaffe.spring.engine.delivery.DeliverySettings;
import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.delivery.FailurePolicy;
import io.kaffe.spring.engine.delivery.KafkaTransactions;
import io.kaffe.spring.engine.delivery.LogContext;
import io.kaffe.spring.engine.delivery.OnceDelivery;
import io.kaffe.spring.engine.delivery.PollingConsumer;
import io.kaffe.spring.engine.delivery.RecordDelivery;
import io.kaffe.spring.engine.delivery.RecordRecoverer;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.RestartHistory;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.WorkerOwner;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.table.ConsumerProblem;

/**
 * Listener containers with workers as they are by default, but without a broker or a
 * thread: the test polls, runs workers and lets time pass.
 */
final class ContainerFixtures {

	static final PollingConsumer POLLED_BY = new PollingConsumer("orders-0", "client-0", null, null,
			RejectingConsumer.of("orders"));

	/** Parks what fails. */
	static final FailurePolicy POLICY = new FailurePolicy(0, new FixedBackOff(), null, Set.of(), FailureAction.PARK,
			Map.of(), null, null, 100);

	/** None is expected to be made. */
	static final KafkaClients NO_CLIENTS = new KafkaClients((configuration) -> {
		throw new AssertionError("No dead letters are to be read");
	}, (configuration) -> {
		throw new AssertionError("No topics are to be described");
	});

	private ContainerFixtures() {
	}

	/**
	 * Return a container that was not started.
	 * @param group its group, or {@code null}: then it commits nothing
	 */
	static WorkerContainer inGroup(@Nullable String group, ManualExecution execution) {
		ContainerProperties properties = new ContainerProperties("orders");
		if (group != null) {
			properties.setGroupId(group);
		}
		return adopted(new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(Map.of()), properties),
				execution);
	}

	static WorkerContainer adopted(AbstractMessageListenerContainer<Object, Object> container,
			ManualExecution execution) {
		return adopted(container, execution, (record) -> {
		});
	}

	static WorkerContainer adopted(AbstractMessageListenerContainer<Object, Object> container,
			ManualExecution execution, MessageListener<Object, Object> listener) {
		return adopted(container, execution, listener, null, null);
	}

	/**
	 * Return a container that was not started.
	 * @param seekAware seeks, or {@code null}
	 * @param deadLetters sends dead letters, or {@code null}
	 */
	static WorkerContainer adopted(AbstractMessageListenerContainer<Object, Object> container,
			ManualExecution execution, MessageListener<Object, Object> listener, @Nullable ConsumerSeekAware seekAware,
			@Nullable RecordRecoverer deadLetters) {
		return adopted(container, StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION, 10_000, listener,
				seekAware, deadLetters, execution);
	}

	/**
	 * Return a container of group 'orders' that was not started.
	 * @param strategy allocates its workers
	 * @param maxRecords what its buffer holds
	 * @param listener handles its records; they are tried again without end
	 * @param seekAware seeks, or {@code null}
	 */
	static WorkerContainer handledBy(WorkerAllocationStrategy strategy, int maxRecords,
			MessageListener<Object, Object> listener, @Nullable ConsumerSeekAware seekAware,
			ManualExecution execution) {
		ContainerProperties properties = new ContainerProperties("orders");
		properties.setGroupId("orders");
		return adopted(new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(Map.of()), properties),
				strategy, maxRecords, listener, seekAware, null, execution);
	}

	/**
	 * Return a container of group 'orders' that was not started.
	 * @param once notes its records
	 */
	static WorkerContainer handledOnce(OnceDelivery once, ManualExecution execution) {
		return inGroup(once, null, execution);
	}

	/**
	 * Return a container of group 'orders' that was not started, and whose attempts have
	 * Kafka transactions.
	 */
	static WorkerContainer inTransactions(ManualExecution execution) {
		DefaultKafkaProducerFactory<Object, Object> producers = new DefaultKafkaProducerFactory<>(Map.of());
		producers.setTransactionIdPrefix("orders-");
		return inGroup(null, new KafkaTransactions(new KafkaTransactionManager<>(producers), null), execution);
	}

	private static WorkerContainer inGroup(@Nullable OnceDelivery once, @Nullable KafkaTransactions transactions,
			ManualExecution execution) {
		ContainerProperties properties = new ContainerProperties("orders");
		properties.setGroupId("orders");
		return adopted(new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(Map.of()), properties),
				settings(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION, 10_000, POLICY,
						ConsumerProblem.Severity.WARNING),
				(record) -> {
				}, null, once, transactions, execution);
	}

	private static WorkerContainer adopted(AbstractMessageListenerContainer<Object, Object> container,
			WorkerAllocationStrategy strategy, int maxRecords, MessageListener<Object, Object> listener,
			@Nullable ConsumerSeekAware seekAware, @Nullable RecordRecoverer deadLetters, ManualExecution execution) {
		FailurePolicy policy = new FailurePolicy(0, new FixedBackOff(), null, Set.of(), FailureAction.PARK, Map.of(),
				deadLetters, null, 100);
		return adopted(container, settings(strategy, maxRecords, policy, ConsumerProblem.Severity.WARNING), listener,
				seekAware, execution);
	}

	/**
	 * Return settings of which all others are as they are by default.
	 * @param strategy allocates the workers
	 * @param maxRecords what the buffer holds
	 * @param policy what to do about records that fail
	 * @param parkedSeverity how health takes a record that is parked
	 */
	static ConsumerSettings settings(WorkerAllocationStrategy strategy, int maxRecords, FailurePolicy policy,
			ConsumerProblem.Severity parkedSeverity) {
		String name = (strategy instanceof StandardWorkerAllocationStrategy standard) ? standard.configurationName()
				: "custom";
		return new ConsumerSettings(name, strategy, null, maxRecords, 64L << 20, true, Duration.ofSeconds(1),
				Duration.ofSeconds(20), new BatchDelivery.Limits(500, Duration.ZERO), policy,
				new WorkerOwner.StallLimits(Duration.ofHours(1), null),
				new RestartHistory.Limit(10, Duration.ofMinutes(5)), parkedSeverity, false);
	}

	/**
	 * Return a container that was not started.
	 * @param container the listener container
	 * @param settings how it works
	 * @param listener handles its records
	 * @param seekAware seeks, or {@code null}
	 */
	static WorkerContainer adopted(AbstractMessageListenerContainer<Object, Object> container,
			ConsumerSettings settings, MessageListener<Object, Object> listener, @Nullable ConsumerSeekAware seekAware,
			ManualExecution execution) {
		return adopted(container, settings, listener, seekAware, null, null, execution);
	}

	private static WorkerContainer adopted(AbstractMessageListenerContainer<Object, Object> container,
			ConsumerSettings settings, MessageListener<Object, Object> listener, @Nullable ConsumerSeekAware seekAware,
			@Nullable OnceDelivery once, @Nullable KafkaTransactions transactions, ManualExecution execution) {
		RecordDelivery delivery = new RecordDelivery(listener, ListenerType.SIMPLE, null, Acknowledging.NONE, false,
				new DeliverySettings(null, false, settings.failurePolicy(), null, new LogContext("orders", false),
						execution, once, transactions));
		WorkerRuntime runtime = execution.runtime();
		container.setupMessageListener(listener);
		return new WorkerContainer("orders", new ContainerFacts(container), settings, seekAware, delivery, null,
				runtime, new DefaultWorkerManager(runtime), NO_CLIENTS);
	}

}
