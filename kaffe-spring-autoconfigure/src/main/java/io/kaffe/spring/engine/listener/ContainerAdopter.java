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
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.micrometer.observation.ObservationRegistry;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.ContainerProperties.AckMode;
import org.springframework.kafka.listener.ListenerUtils;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.listener.adapter.FilteringMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.HandlerAdapter;
import org.springframework.kafka.listener.adapter.MessagingMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.support.TopicPartitionOffset;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

import io.kaffe.spring.engine.adapter.AsyncHandlerAdapter;
import io.kaffe.spring.engine.adapter.BatchRecordHandlerListener;
import io.kaffe.spring.engine.adapter.IndexTrackingBatchFilter;
import io.kaffe.spring.engine.adapter.ListenerChain;
import io.kaffe.spring.engine.adapter.SuppressedObservationRegistry;
import io.kaffe.spring.engine.delivery.BatchDelivery;
import io.kaffe.spring.engine.delivery.BatchDelivery.Acknowledgments;
import io.kaffe.spring.engine.delivery.Delivery;
import io.kaffe.spring.engine.delivery.DeliveryObservation;
import io.kaffe.spring.engine.delivery.DeliverySettings;
import io.kaffe.spring.engine.delivery.LogContext;
import io.kaffe.spring.engine.delivery.RecordDelivery;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.Ticker;

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

	private static final long SHORTEST_POLL_MILLIS = 10;

	private final DefaultWorkerManager manager;

	private final WorkerContainers consumers;

	private final Ticker ticker;

	private final ObservationRegistry observationRegistry;

	/**
	 * Create an adopter.
	 * @param manager allocates the workers
	 * @param consumers where containers with workers are entered
	 * @param ticker the time
	 * @param observationRegistry for containers that are to be observed and have no
	 * registry of their own
	 */
	public ContainerAdopter(DefaultWorkerManager manager, WorkerContainers consumers, Ticker ticker,
			ObservationRegistry observationRegistry) {
		this.manager = manager;
		this.consumers = consumers;
		this.ticker = ticker;
		this.observationRegistry = observationRegistry;
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
		ContainerSuitability suitability = new ContainerSuitability(name, container);
		suitability.check();
		WorkerContainer adopted = new WorkerContainer(name, container, settings, seekAware(container),
				delivery(name, container, settings), maxPollInterval(container), this.ticker, this.manager);
		CommonErrorHandler errorHandler = container.getCommonErrorHandler();
		rewire(container, adopted);
		adopted.subscription().installIn(container);
		this.consumers.add(name, adopted);
		if (errorHandler != null) {
			logger.warn("The error handler of listener container '" + name + "' is not asked about failed records: "
					+ "its workers try them again themselves");
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
		new ContainerSuitability(name, container).checkClientSettings();
	}

	/**
	 * Warn if the group of a listener is its id although another is configured: a
	 * listener that was given an id, to be named by it, has left that group.
	 * @param name the consumer's name
	 * @param container the container, with its listener
	 */
	public static void warnIfGroupIsId(String name, AbstractMessageListenerContainer<?, ?> container) {
		Object listener = container.getContainerProperties().getMessageListener();
		HandlerAdapter handler = (listener != null) ? handler(ListenerChain.targetOf(listener)) : null;
		String group = container.getGroupId();
		Object configured = consumerFactory(container).getConfigurationProperties().get(ConsumerConfig.GROUP_ID_CONFIG);
		if (handler == null || group == null || configured == null || configured.equals("") || configured.equals(group)
				|| !group.equals(container.getListenerId()) || !new ListenerMethods(handler).isGroupFromId(group)) {
			return;
		}
		logger.warn("Consumer '" + name + "' is in the group '" + group + "', since that is the id of its "
				+ "@KafkaListener, and not in '" + configured + "', the group.id of its consumer factory. If the "
				+ "listener had no id before, it does not go on where '" + configured + "' is, but starts at "
				+ "auto.offset.reset. Set idIsGroup = false to be in '" + configured + "', or groupId = \"" + group
				+ "\" to stay in '" + group + "'");
	}

	/**
	 * Return how long the consumers of a container may take between polls.
	 * @param container the container
	 * @return {@code max.poll.interval.ms} as they will be given it
	 */
	public static Duration maxPollInterval(AbstractMessageListenerContainer<?, ?> container) {
		return Duration.ofMillis(configured(container, ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG));
	}

	/**
	 * Return how many records the consumers of a container poll at most at a time.
	 */
	static int maxPollRecords(AbstractMessageListenerContainer<?, ?> container) {
		return configured(container, ConsumerConfig.MAX_POLL_RECORDS_CONFIG);
	}

	private static int configured(AbstractMessageListenerContainer<?, ?> container, String key) {
		Object configured = consumerConfiguration(container).get(key);
		Object value = (configured != null) ? ConfigDef.parseType(key, configured, ConfigDef.Type.INT)
				: ConsumerConfig.configDef().defaultValues().get(key);
		return (int) Objects.requireNonNull(value);
	}

	/**
	 * Return the topics of a container.
	 * @param container the container
	 * @return the topics that it names; empty if it has a pattern
	 */
	public static Set<String> topics(AbstractMessageListenerContainer<?, ?> container) {
		String[] topics = container.getContainerProperties().getTopics();
		TopicPartitionOffset[] partitions = container.getContainerProperties().getTopicPartitions();
		if (topics != null) {
			return Set.of(topics);
		}
		return (partitions != null)
				? Stream.of(partitions).map(TopicPartitionOffset::getTopic).collect(Collectors.toSet()) : Set.of();
	}

	static Map<String, Object> consumerConfiguration(AbstractMessageListenerContainer<?, ?> container) {
		Map<String, Object> configuration = new HashMap<>();
		configuration.putAll(consumerFactory(container).getConfigurationProperties());
		var overrides = container.getContainerProperties().getKafkaConsumerProperties();
		overrides.stringPropertyNames().forEach((key) -> configuration.put(key, overrides.getProperty(key)));
		return configuration;
	}

	/**
	 * Return what makes the consumers of a container. Containers do not tell.
	 */
	static ConsumerFactory<?, ?> consumerFactory(AbstractMessageListenerContainer<?, ?> container) {
		Object factory = new DirectFieldAccessor(container).getPropertyValue("consumerFactory");
		return (ConsumerFactory<?, ?>) Objects.requireNonNull(factory);
	}

	@SuppressWarnings("unchecked")
	private Delivery delivery(String name, AbstractMessageListenerContainer<?, ?> container,
			ConsumerSettings settings) {
		Object listener = Objects.requireNonNull(container.getContainerProperties().getMessageListener());
		return (listener instanceof BatchMessageListener<?, ?>)
				? batchDelivery(name, (BatchMessageListener<Object, Object>) listener, container, settings)
				: recordDelivery(name, (MessageListener<Object, Object>) listener, container, settings);
	}

	@SuppressWarnings("unchecked")
	private BatchDelivery batchDelivery(String name, BatchMessageListener<Object, Object> listener,
			AbstractMessageListenerContainer<?, ?> container, ConsumerSettings settings) {
		ContainerProperties properties = container.getContainerProperties();
		Acknowledgments acknowledgments = isManual(properties) ? Acknowledgments.LATER : Acknowledgments.NONE;
		if (ListenerChain.targetOf(listener) instanceof BatchRecordHandlerListener) {
			acknowledgments = Acknowledgments.AT_ONCE;
		}
		BatchInterceptor<Object, Object> interceptor = (BatchInterceptor<Object, Object>) container
			.getBatchInterceptor();
		BatchMessageListener<Object, Object> tracked = IndexTrackingBatchFilter.installIn(listener);
		return new BatchDelivery(tracked, ListenerUtils.determineListenerType(listener),
				ListenerChain.withoutProxies(tracked).wantsPollResult(), interceptor, acknowledgments,
				settings.batchLimits(), properties.isSubBatchPerPartition(),
				deliverySettings(name, container, settings));
	}

	@SuppressWarnings("unchecked")
	private RecordDelivery recordDelivery(String name, MessageListener<Object, Object> listener,
			AbstractMessageListenerContainer<?, ?> container, ConsumerSettings settings) {
		ContainerProperties properties = container.getContainerProperties();
		RecordInterceptor<Object, Object> interceptor = (RecordInterceptor<Object, Object>) container
			.getRecordInterceptor();
		boolean async = AsyncHandlerAdapter.installIn(ListenerChain.targetOf(listener));
		return new RecordDelivery((isManual(properties) && !async) ? acknowledgingDiscarded(listener) : listener,
				ListenerUtils.determineListenerType(listener), interceptor, isManual(properties), async,
				deliverySettings(name, container, settings));
	}

	/**
	 * Return a listener that acknowledges what it filters out, since nobody else would,
	 * and no later record does it as well.
	 * @param listener the listener
	 * @return the same listener if neither it nor what it delegates to filters
	 */
	private static MessageListener<Object, Object> acknowledgingDiscarded(MessageListener<Object, Object> listener) {
		return ListenerChain.replace(listener, ContainerAdopter::acknowledging);
	}

	@SuppressWarnings("unchecked")
	private static MessageListener<Object, Object> acknowledging(MessageListener<Object, Object> listener) {
		if (listener.getClass() != FilteringMessageListenerAdapter.class) {
			return listener;
		}
		FilteringMessageListenerAdapter<Object, Object> filtering = (FilteringMessageListenerAdapter<Object, Object>) listener;
		// Adapters do not tell what they filter with.
		Object filter = new DirectFieldAccessor(filtering).getPropertyValue("recordFilterStrategy");
		return new FilteringMessageListenerAdapter<>(acknowledgingDiscarded(filtering.getDelegate()),
				(RecordFilterStrategy<Object, Object>) Objects.requireNonNull(filter), true);
	}

	private DeliverySettings deliverySettings(String name, AbstractMessageListenerContainer<?, ?> container,
			ConsumerSettings settings) {
		return new DeliverySettings(container.getGroupId(), asksForAttempts(container.getContainerProperties()),
				settings.failurePolicy(), observation(name, container), new LogContext(name, settings.mdc()),
				RejectingConsumer.of(name), this.ticker);
	}

	private static boolean isManual(ContainerProperties properties) {
		return properties.getAckMode() == AckMode.MANUAL || properties.getAckMode() == AckMode.MANUAL_IMMEDIATE;
	}

	private @Nullable DeliveryObservation observation(String name, AbstractMessageListenerContainer<?, ?> container) {
		ContainerProperties properties = container.getContainerProperties();
		ObservationRegistry own = properties.getObservationRegistry();
		ObservationRegistry registry = own.isNoop() ? this.observationRegistry : own;
		if (!properties.isObservationEnabled() || registry.isNoop()) {
			return null;
		}
		SuppressedObservationRegistry.from(Objects.requireNonNull(properties.getMessageListener()));
		return new DeliveryObservation(registry, properties.getObservationConvention(), name, container.getGroupId());
	}

	/**
	 * Return the listener, or the object whose methods it calls, if that wants to seek.
	 */
	private static @Nullable ConsumerSeekAware seekAware(AbstractMessageListenerContainer<?, ?> container) {
		Object listener = ListenerChain
			.targetOf(Objects.requireNonNull(container.getContainerProperties().getMessageListener()));
		HandlerAdapter handler = handler(listener);
		Object candidate = (handler != null) ? handler.getBean() : listener;
		// Adapters are all of that type, whatever they call.
		return (candidate instanceof ConsumerSeekAware seekAware
				&& !(candidate instanceof MessagingMessageListenerAdapter<?, ?>)) ? seekAware : null;
	}

	/**
	 * Return what calls the methods of a listener, or {@code null} if the listener is no
	 * adapter of methods. Adapters do not tell.
	 */
	static @Nullable HandlerAdapter handler(Object listener) {
		return (listener instanceof MessagingMessageListenerAdapter<?, ?> adapter)
				? (HandlerAdapter) new DirectFieldAccessor(adapter).getPropertyValue("handlerMethod") : null;
	}

	/**
	 * Return whether records are to have the header of delivery attempts from the first
	 * one on, rather than when they are tried again: if the container is told so, or if a
	 * method of the listener takes the header as a parameter.
	 */
	private static boolean asksForAttempts(ContainerProperties properties) {
		HandlerAdapter handler = handler(
				ListenerChain.targetOf(Objects.requireNonNull(properties.getMessageListener())));
		return properties.isDeliveryAttemptHeader() || handler != null
				&& Stream.of(ReflectionUtils.getUniqueDeclaredMethods(ClassUtils.getUserClass(handler.getBean())))
					.flatMap((method) -> Stream.of(method.getParameters()))
					.map((parameter) -> AnnotatedElementUtils.findMergedAnnotation(parameter, Header.class))
					.anyMatch((header) -> header != null && KafkaHeaders.DELIVERY_ATTEMPT.equals(header.name()));
	}

	@SuppressWarnings("unchecked")
	private static void rewire(AbstractMessageListenerContainer<?, ?> container, WorkerContainer adopted) {
		ContainerProperties properties = container.getContainerProperties();
		// The proxy that it has made is called by the workers. This listener is to have
		// none.
		properties.setAdviceChain();
		properties.setMessageListener(new DispatchingListener(adopted));
		DrainingRebalanceListener rebalances = new DrainingRebalanceListener(adopted,
				properties.getConsumerRebalanceListener());
		properties.setConsumerRebalanceListener(rebalances);
		((AbstractMessageListenerContainer<Object, Object>) container)
			.setBatchInterceptor(new TickInterceptor(adopted));
		container.setRecordInterceptor(null);
		ConfiguredDeserializers deserializers = new ConfiguredDeserializers(container);
		UnreadableRecords unreadable = new UnreadableRecords(adopted::presentSession, container.getCommonErrorHandler(),
				() -> new UnreadableRecordReader(deserializers));
		container.setCommonErrorHandler(unreadable);
		container.setApplicationEventPublisher(
				new ContainerEventPublisher(adopted, rebalances, unreadable, container.getApplicationEventPublisher()));
		leaveCommitsToWorkers(properties);
		leaveObservationToWorkers(properties);
		adjustTimeouts(properties, adopted.settings());
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
		if (properties.getAssignmentCommitOption() == ContainerProperties.AssignmentCommitOption.ALWAYS) {
			properties.setAssignmentCommitOption(ContainerProperties.AssignmentCommitOption.LATEST_ONLY);
		}
	}

	/**
	 * Keep the container from observing and timing what it does to records: it only hands
	 * them over.
	 */
	private static void leaveObservationToWorkers(ContainerProperties properties) {
		properties.setObservationEnabled(false);
		properties.setMicrometerEnabled(false);
	}

	/**
	 * Let polls end in time for a commit after the last record, without more complaints
	 * about slow polls than before, and let a stop last as long as a drain.
	 */
	private static void adjustTimeouts(ContainerProperties properties, ConsumerSettings settings) {
		long before = properties.getPollTimeout();
		long after = Math.max(SHORTEST_POLL_MILLIS, Math.min(before, settings.commitInterval().toMillis() / 2));
		properties.setPollTimeout(after);
		properties.setNoPollThreshold(properties.getNoPollThreshold() * before / after);
		long stop = settings.drainTimeout().plus(STOP_RESERVE).toMillis();
		properties.setShutdownTimeout(Math.max(properties.getShutdownTimeout(), stop));
	}

}
