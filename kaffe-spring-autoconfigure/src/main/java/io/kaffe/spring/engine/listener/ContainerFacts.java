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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigDef;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationContext;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.ContainerProperties.AckMode;
import org.springframework.kafka.listener.adapter.HandlerAdapter;
import org.springframework.kafka.listener.adapter.MessagingMessageListenerAdapter;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.support.KafkaUtils;
import org.springframework.kafka.support.TopicPartitionOffset;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

import io.kaffe.spring.engine.adapter.ListenerChain;
import io.kaffe.spring.engine.adapter.SpringKafkaFields;

/**
 * What the configuration of a listener container says. What it says of its listener has
 * to be read before the container is adopted, since another one takes its place then.
 * <p>
 * <b>Threading.</b> Immutable; reads the container's configuration, which does not change
 * while it runs, except for what is paused. A {@code ContainerGroupSequencer} sets the
 * interval of idle events when the container has been adopted.
 */
public final class ContainerFacts {

	/** The broker's default, {@code group.consumer.heartbeat.interval.ms}, and some. */
	private static final Duration CONSUMER_PROTOCOL_HEARTBEAT = Duration.ofSeconds(6);

	/** What is about a membership, records that are not bytes, or the application. */
	private static final List<String> OF_MEMBERS = List.of(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG,
			ConsumerConfig.GROUP_PROTOCOL_CONFIG, ConsumerConfig.GROUP_REMOTE_ASSIGNOR_CONFIG,
			ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG,
			ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG);

	private final AbstractMessageListenerContainer<?, ?> container;

	private final ContainerProperties properties;

	/**
	 * Create facts.
	 * @param container the container
	 */
	public ContainerFacts(AbstractMessageListenerContainer<?, ?> container) {
		this.container = container;
		this.properties = container.getContainerProperties();
	}

	AbstractMessageListenerContainer<?, ?> container() {
		return this.container;
	}

	/**
	 * Return the consumer group, or {@code null} if there is none to commit for.
	 */
	@Nullable String groupId() {
		return this.container.getGroupId();
	}

	/**
	 * Return whether there is a group to commit for.
	 */
	boolean isInGroup() {
		return groupId() != null;
	}

	/**
	 * Return whether partitions are assigned by the application instead of the group, so
	 * that there are no rebalances.
	 */
	boolean assignsManually() {
		return this.properties.getTopicPartitions() != null;
	}

	/**
	 * Return whether the application has requested a pause of a partition.
	 */
	boolean isPauseRequested(TopicPartition partition) {
		return this.container.isPauseRequested() || this.container.isPartitionPauseRequested(partition);
	}

	/**
	 * Return how long a consumer receives nothing until the container takes it for idle.
	 * @return milliseconds, or {@code null} if it never does
	 */
	@Nullable Long idleEventInterval() {
		return this.properties.getIdleEventInterval();
	}

	/**
	 * Return how long nothing of a partition is received until the container takes it for
	 * idle.
	 * @return milliseconds, or {@code null} if it never does
	 */
	@Nullable Long idlePartitionEventInterval() {
		return this.properties.getIdlePartitionEventInterval();
	}

	/**
	 * Return whether the listener acknowledges records itself.
	 */
	boolean isManual() {
		return this.properties.getAckMode() == AckMode.MANUAL
				|| this.properties.getAckMode() == AckMode.MANUAL_IMMEDIATE;
	}

	/**
	 * Return whether the listener acknowledges records out of order.
	 */
	boolean isOutOfOrder() {
		return this.properties.isAsyncAcks();
	}

	/**
	 * Return whether the consumers are configured to commit by themselves.
	 */
	boolean isAutoCommit() {
		Object autoCommit = consumerConfiguration().get(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG);
		return autoCommit != null && Boolean.parseBoolean(autoCommit.toString().trim());
	}

	/**
	 * Return how long the consumers of the container may take between polls.
	 * @return {@code max.poll.interval.ms} as their configuration has it
	 */
	public Duration maxPollInterval() {
		return Duration.ofMillis(configured(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG));
	}

	/**
	 * Return how many records the consumers of the container poll at most at a time.
	 * @return {@code max.poll.records} as their configuration has it
	 */
	public int maxPollRecords() {
		return configured(ConsumerConfig.MAX_POLL_RECORDS_CONFIG);
	}

	private int configured(String key) {
		Object configured = consumerConfiguration().get(key);
		Object value = (configured != null) ? ConfigDef.parseType(key, configured, ConfigDef.Type.INT)
				: ConsumerConfig.configDef().defaultValues().get(key);
		return (int) Objects.requireNonNull(value);
	}

	/**
	 * Return how long a commit of revoked partitions is retried though the broker refuses
	 * it: one heartbeat under the {@code consumer} group protocol.
	 */
	Duration refusalPatience() {
		Object protocol = consumerConfiguration().get(ConsumerConfig.GROUP_PROTOCOL_CONFIG);
		return "consumer".equalsIgnoreCase(String.valueOf(protocol)) ? CONSUMER_PROTOCOL_HEARTBEAT : Duration.ZERO;
	}

	/**
	 * Return the configuration that the container gives its consumers.
	 */
	Map<String, Object> consumerConfiguration() {
		Map<String, Object> configuration = new HashMap<>(consumerFactory().getConfigurationProperties());
		consumerOverrides().forEach((key, value) -> configuration.put(key.toString(), value));
		return configuration;
	}

	/**
	 * Return the configuration of a consumer besides those of the container: one that
	 * connects as they do, and neither joins their group nor deserializes or intercepts
	 * records.
	 * @return a new map
	 */
	Map<String, Object> consumerConfigurationOutsideOfGroup() {
		Map<String, Object> configuration = consumerConfiguration();
		OF_MEMBERS.forEach(configuration::remove);
		return configuration;
	}

	/**
	 * Return what of its configuration the container gives its consumers besides that of
	 * the factory.
	 * @return a copy
	 */
	Properties consumerOverrides() {
		Properties copy = new Properties();
		Properties overrides = this.properties.getKafkaConsumerProperties();
		overrides.stringPropertyNames().forEach((key) -> copy.put(key, overrides.getProperty(key)));
		// Those that are no strings, which consumers are given, too.
		copy.putAll(overrides);
		return copy;
	}

	ConsumerFactory<?, ?> consumerFactory() {
		return SpringKafkaFields.consumerFactory(this.container);
	}

	/**
	 * Return the application context, or {@code null} if the container has none.
	 */
	@Nullable ApplicationContext applicationContext() {
		return SpringKafkaFields.applicationContext(this.container);
	}

	/**
	 * Return whether deliveries are to be observed; of batches, each record.
	 */
	boolean isObserved() {
		return this.properties.isObservationEnabled()
				&& (!(this.properties.getMessageListener() instanceof BatchMessageListener<?, ?>)
						|| this.properties.isRecordObservationsInBatch());
	}

	/**
	 * Return whether deliveries are to be timed: unless they are observed.
	 */
	boolean isTimed() {
		return KafkaUtils.MICROMETER_PRESENT && this.properties.isMicrometerEnabled() && !isObserved();
	}

	/**
	 * Return the topics that the container names; empty if it has a pattern.
	 */
	Set<String> topics() {
		String[] topics = this.properties.getTopics();
		TopicPartitionOffset[] partitions = this.properties.getTopicPartitions();
		if (topics != null) {
			return Set.of(topics);
		}
		return (partitions != null)
				? Stream.of(partitions).map(TopicPartitionOffset::getTopic).collect(Collectors.toSet()) : Set.of();
	}

	/**
	 * Return what the container consumes.
	 * @return its topics and its group
	 */
	public Subscription subscription() {
		return new Subscription(topics(), (topic) -> {
			Pattern pattern = this.properties.getTopicPattern();
			return topics().contains(topic) || (pattern != null && pattern.matcher(topic).matches());
		}, groupId());
	}

	/**
	 * Return the listener without those that delegate to it.
	 */
	Object listener() {
		return ListenerChain.targetOf(Objects.requireNonNull(this.properties.getMessageListener()));
	}

	/**
	 * Return the listener, or the object whose methods it calls, if that is seek-aware.
	 */
	@Nullable ConsumerSeekAware seekAware() {
		Object listener = listener();
		HandlerAdapter handler = handler(listener);
		Object candidate = (handler != null) ? handler.getBean() : listener;
		// Adapters are all of that type, whatever they call.
		return (candidate instanceof ConsumerSeekAware seekAware
				&& !(candidate instanceof MessagingMessageListenerAdapter<?, ?>)) ? seekAware : null;
	}

	/**
	 * Return what calls the methods of a listener, or {@code null} if the listener is no
	 * adapter of methods.
	 */
	static @Nullable HandlerAdapter handler(Object listener) {
		return (listener instanceof MessagingMessageListenerAdapter<?, ?> adapter)
				? SpringKafkaFields.handlerMethod(adapter) : null;
	}

	/**
	 * Return whether records are to have the header of delivery attempts from the first
	 * attempt on, rather than from the second: if the container is configured so, or if a
	 * method of the listener takes the header as a parameter.
	 */
	boolean asksForAttempts() {
		HandlerAdapter handler = handler(listener());
		return this.properties.isDeliveryAttemptHeader() || handler != null
				&& Stream.of(ReflectionUtils.getUniqueDeclaredMethods(ClassUtils.getUserClass(handler.getBean())))
					.flatMap((method) -> Stream.of(method.getParameters()))
					.map((parameter) -> AnnotatedElementUtils.findMergedAnnotation(parameter, Header.class))
					.anyMatch((header) -> header != null && KafkaHeaders.DELIVERY_ATTEMPT.equals(header.name()));
	}

	/**
	 * What a container consumes.
	 *
	 * @param topics the topics that it names; empty if it has a pattern
	 * @param consumed whether it consumes a topic, now
	 * @param groupId the consumer group, or {@code null} if there is none
	 */
	public record Subscription(Set<String> topics, Predicate<String> consumed, @Nullable String groupId) {
	}

}
