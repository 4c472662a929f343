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
import java.util.Objects;
import java.util.Properties;

import io.micrometer.observation.ObservationRegistry;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.ContainerProperties.AckMode;
import org.springframework.kafka.listener.ListenerUtils;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.listener.adapter.HandlerAdapter;
import org.springframework.kafka.transaction.KafkaAwareTransactionManager;

import io.kaffe.spring.engine.adapter.AsyncHandlerAdapter;
import io.kaffe.spring.engine.adapter.BatchRecordHandlerListener;
import io.kaffe.spring.engine.adapter.CompletingFilter;
import io.kaffe.spring.engine.adapter.IndexTrackingBatchFilter;
import io.kaffe.spring.engine.adapter.ListenerChain;
import io.kaffe.spring.engine.adapter.SuppressedObservationRegistry;
import io.kaffe.spring.engine.delivery.Acknowledging;
import io.kaffe.spring.engine.delivery.BatchDelivery;
import io.kaffe.spring.engine.delivery.BatchDelivery.Acknowledgments;
import io.kaffe.spring.engine.delivery.Delivery;
import io.kaffe.spring.engine.delivery.DeliveryObservation;
import io.kaffe.spring.engine.delivery.DeliverySettings;
import io.kaffe.spring.engine.delivery.DeliveryTimer;
import io.kaffe.spring.engine.delivery.KafkaTransactions;
import io.kaffe.spring.engine.delivery.LogContext;
import io.kaffe.spring.engine.delivery.OnceDelivery;
import io.kaffe.spring.engine.delivery.OnceStore;
import io.kaffe.spring.engine.delivery.RecordDelivery;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.LimitedLog;
import io.kaffe.spring.engine.worker.WorkerRuntime;

/**
 * Gives listener containers workers: takes the place of the user's listener in a
 * container that is set up but not started, and keeps that listener, the rebalance
 * listener and the interceptors to call them where they belong.
 * <p>
 * <b>Threading.</b> Called while the application starts, for one container at a time.
 */
public final class ContainerAdopter {

	private static final Log logger = LogFactory.getLog(ContainerAdopter.class);

	private static final Duration STOP_RESERVE = Duration.ofSeconds(10);

	private final DefaultWorkerManager manager;

	private final WorkerContainers consumers;

	private final WorkerRuntime runtime;

	private final ObservationRegistry observationRegistry;

	private final KafkaClients clients;

	/**
	 * Create an adopter.
	 * @param manager allocates the workers
	 * @param consumers where containers with workers are entered
	 * @param runtime what the workers run on
	 * @param observationRegistry for containers that are to be observed and have no
	 * registry of their own
	 */
	public ContainerAdopter(DefaultWorkerManager manager, WorkerContainers consumers, WorkerRuntime runtime,
			ObservationRegistry observationRegistry) {
		this(manager, consumers, runtime, observationRegistry, KafkaClients.OF_BROKERS);
	}

	/**
	 * Create an adopter.
	 * @param clients makes clients other than those that poll
	 */
	ContainerAdopter(DefaultWorkerManager manager, WorkerContainers consumers, WorkerRuntime runtime,
			ObservationRegistry observationRegistry, KafkaClients clients) {
		this.manager = manager;
		this.consumers = consumers;
		this.runtime = runtime;
		this.observationRegistry = observationRegistry;
		this.clients = clients;
	}

	/**
	 * Give a container workers.
	 * @param name the consumer's name
	 * @param container the container, with its listener, before it starts
	 * @param settings how the consumer works
	 * @throws UnsuitableContainerException if the container is set up in a way that
	 * contradicts workers
	 */
	public void adopt(String name, AbstractMessageListenerContainer<?, ?> container, ConsumerSettings settings) {
		adopt(name, container, settings, null);
	}

	/**
	 * Give a container workers, and have its records handled once.
	 * @param name the consumer's name
	 * @param container the container, with its listener, before it starts
	 * @param settings how the consumer works
	 * @param store notes which records are handled; {@code null}: they are handled at
	 * least once
	 * @throws UnsuitableContainerException if the container is set up in a way that
	 * contradicts workers, or handling records once
	 */
	public void adopt(String name, AbstractMessageListenerContainer<?, ?> container, ConsumerSettings settings,
			@Nullable OnceStore store) {
		ContainerFacts facts = new ContainerFacts(container);
		new ContainerSuitability(name, facts).check(settings.completedOffsets());
		if (store != null) {
			new OnceSuitability(name, facts).check();
		}
		OnceDelivery once = (store != null)
				? new OnceDelivery(store, this.runtime.threads(name + "-once-"), new LimitedLog(name, this.runtime))
				: null;
		WorkerContainer adopted = new WorkerContainer(name, facts, settings, facts.seekAware(),
				delivery(name, facts, settings, once), timers(name, facts), this.runtime, this.manager, this.clients);
		rewire(adopted);
		adopted.subscription().installIn(container);
		this.consumers.add(name, adopted);
		IgnoredSettings ignored = adopted.context().ignoredSettings();
		if (!ignored.isEmpty()) {
			logger.warn("These settings of listener container '" + name + "' have no effect with workers: " + ignored);
		}
		logger.info("Listener container '" + name + "' has workers: " + settings.strategyName());
	}

	/**
	 * Check the settings of the consumers of a container, before anything else is made of
	 * them.
	 * @param name the consumer's name
	 * @param container the container
	 * @throws UnsuitableContainerException if Kafka refuses one of them
	 */
	public static void checkClientSettings(String name, AbstractMessageListenerContainer<?, ?> container) {
		new ContainerSuitability(name, new ContainerFacts(container)).checkClientSettings();
	}

	/**
	 * Warn if the group of a listener is its id although another is configured: a
	 * listener that was given an id, to be named by it, has left that group.
	 * @param name the consumer's name
	 * @param container the container, with its listener
	 */
	public static void warnIfGroupIsId(String name, AbstractMessageListenerContainer<?, ?> container) {
		Object listener = container.getContainerProperties().getMessageListener();
		HandlerAdapter handler = (listener != null) ? ContainerFacts.handler(ListenerChain.targetOf(listener)) : null;
		String group = container.getGroupId();
		Object configured = new ContainerFacts(container).consumerFactory()
			.getConfigurationProperties()
			.get(ConsumerConfig.GROUP_ID_CONFIG);
		if (handler == null || group == null || configured == null || configured.equals("") || configured.equals(group)
				|| !group.equals(container.getListenerId()) || !new ListenerMethods(handler).isGroupFromId(group)) {
			return;
		}
		logger.warn("Consumer '" + name + "' is in the group '" + group + "', since that is the id of its "
				+ "@KafkaListener, and not in '" + configured + "', the group.id of its consumer factory. If the "
				+ "listener had no id before, it does not continue from the committed offsets of '" + configured
				+ "', but starts at auto.offset.reset. Set idIsGroup = false to be in '" + configured
				+ "', or groupId = \"" + group + "\" to stay in '" + group + "'");
	}

	@SuppressWarnings("unchecked")
	private Delivery delivery(String name, ContainerFacts facts, ConsumerSettings settings,
			@Nullable OnceDelivery once) {
		Object listener = Objects.requireNonNull(facts.container().getContainerProperties().getMessageListener());
		return (listener instanceof BatchMessageListener<?, ?>)
				? batchDelivery(name, (BatchMessageListener<Object, Object>) listener, facts, settings, once)
				: recordDelivery(name, (MessageListener<Object, Object>) listener, facts, settings, once);
	}

	@SuppressWarnings("unchecked")
	private BatchDelivery batchDelivery(String name, BatchMessageListener<Object, Object> listener,
			ContainerFacts facts, ConsumerSettings settings, @Nullable OnceDelivery once) {
		AbstractMessageListenerContainer<?, ?> container = facts.container();
		Object target = ListenerChain.targetOf(listener);
		Acknowledgments acknowledgments = facts.isManual() ? Acknowledgments.LATER : Acknowledgments.NONE;
		if (target instanceof BatchRecordHandlerListener) {
			acknowledgments = Acknowledgments.AT_ONCE;
		}
		else if (AsyncHandlerAdapter.installIn(target)) {
			acknowledgments = Acknowledgments.WITH_ANSWER;
		}
		BatchInterceptor<Object, Object> interceptor = (BatchInterceptor<Object, Object>) container
			.getBatchInterceptor();
		BatchMessageListener<Object, Object> tracked = IndexTrackingBatchFilter.installIn(listener);
		return new BatchDelivery(tracked, ListenerUtils.determineListenerType(listener),
				ListenerChain.withoutProxies(tracked).wantsPollResult(), interceptor, acknowledgments,
				settings.batchLimits(), container.getContainerProperties().isSubBatchPerPartition(),
				deliverySettings(name, facts, settings, once));
	}

	@SuppressWarnings("unchecked")
	private RecordDelivery recordDelivery(String name, MessageListener<Object, Object> listener, ContainerFacts facts,
			ConsumerSettings settings, @Nullable OnceDelivery once) {
		RecordInterceptor<Object, Object> interceptor = (RecordInterceptor<Object, Object>) facts.container()
			.getRecordInterceptor();
		boolean async = AsyncHandlerAdapter.installIn(ListenerChain.targetOf(listener));
		Acknowledging acknowledging = async ? Acknowledging.NONE : acknowledging(facts, settings);
		if (acknowledging == Acknowledging.SINGLE) {
			logger.info("The listener of '" + name + "' has to acknowledge each record: with " + settings.strategyName()
					+ ", an acknowledgment counts for its record alone");
		}
		return new RecordDelivery(
				(acknowledging != Acknowledging.NONE) ? CompletingFilter.installIn(listener) : listener,
				ListenerUtils.determineListenerType(listener), interceptor, acknowledging, async,
				deliverySettings(name, facts, settings, once));
	}

	private static Acknowledging acknowledging(ContainerFacts facts, ConsumerSettings settings) {
		if (!facts.isManual()) {
			return Acknowledging.NONE;
		}
		if (facts.isOutOfOrder()) {
			return Acknowledging.OUT_OF_ORDER;
		}
		return settings.strategy().isPerRecord() ? Acknowledging.SINGLE : Acknowledging.CUMULATIVE;
	}

	private DeliverySettings deliverySettings(String name, ContainerFacts facts, ConsumerSettings settings,
			@Nullable OnceDelivery once) {
		return new DeliverySettings(facts.groupId(), facts.asksForAttempts(), settings.failurePolicy(),
				observation(facts), new LogContext(name, settings.mdc()), this.runtime.ticker(), once,
				transactions(facts));
	}

	private static @Nullable KafkaTransactions transactions(ContainerFacts facts) {
		ContainerProperties properties = facts.container().getContainerProperties();
		KafkaAwareTransactionManager<?, ?> manager = properties.getKafkaAwareTransactionManager();
		return (manager != null) ? new KafkaTransactions(manager, properties.getTransactionDefinition()) : null;
	}

	private DeliveryTimer.@Nullable Factory timers(String name, ContainerFacts facts) {
		ContainerProperties properties = facts.container().getContainerProperties();
		return facts.isTimed() ? new DeliveryTimer.Factory(facts.applicationContext(), properties.getMicrometerTags(),
				properties.getMicrometerTagsProvider(), new LimitedLog(name, this.runtime)) : null;
	}

	private @Nullable DeliveryObservation observation(ContainerFacts facts) {
		ContainerProperties properties = facts.container().getContainerProperties();
		ObservationRegistry own = properties.getObservationRegistry();
		ObservationRegistry registry = own.isNoop() ? this.observationRegistry : own;
		if (!facts.isObserved() || registry.isNoop()) {
			return null;
		}
		SuppressedObservationRegistry.from(Objects.requireNonNull(properties.getMessageListener()));
		return new DeliveryObservation(registry, properties.getObservationConvention(), facts.groupId(),
				ClusterId.of(facts));
	}

	private static void rewire(WorkerContainer adopted) {
		ContainerProperties properties = adopted.container().getContainerProperties();
		// The proxy that it has made is called by the workers. The listener that is
		// installed here is to have none.
		properties.setAdviceChain();
		ContainerHooks.installIn(adopted);
		leaveCommitsToWorkers(properties);
		switchAutoCommitOff(properties);
		leaveObservationToWorkers(properties);
		letStopsLastAsLongAsDrains(properties, adopted.context().settings());
	}

	/**
	 * Keep the container from committing anything itself. Not its way to commit the
	 * position of a partition that has no commit yet: that is before the first record.
	 */
	private static void leaveCommitsToWorkers(ContainerProperties properties) {
		properties.setAckMode(AckMode.MANUAL);
		properties.setAsyncAcks(false);
		properties.setFixTxOffsets(false);
		properties.setSubBatchPerPartition(false);
		// Attempts have transactions of their own.
		properties.setKafkaAwareTransactionManager(null);
	}

	/**
	 * Keep the consumers from committing anything themselves.
	 */
	private static void switchAutoCommitOff(ContainerProperties properties) {
		Properties before = properties.getKafkaConsumerProperties();
		// It may be that of other containers, too.
		Properties after = new Properties();
		before.stringPropertyNames().forEach((name) -> after.setProperty(name, before.getProperty(name)));
		after.putAll(before);
		after.setProperty(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
		properties.setKafkaConsumerProperties(after);
	}

	/**
	 * Keep the container from observing and timing what it does to records: it only hands
	 * them over.
	 */
	private static void leaveObservationToWorkers(ContainerProperties properties) {
		properties.setObservationEnabled(false);
		properties.setMicrometerEnabled(false);
	}

	private static void letStopsLastAsLongAsDrains(ContainerProperties properties, ConsumerSettings settings) {
		long stop = settings.drainTimeout().plus(STOP_RESERVE).toMillis();
		properties.setShutdownTimeout(Math.max(properties.getShutdownTimeout(), stop));
	}

}
