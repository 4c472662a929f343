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

package io.kaffe.spring.autoconfigure;

import java.util.Collection;
import java.util.List;
import java.util.Properties;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;
import org.springframework.kafka.config.KafkaListenerEndpoint;
import org.springframework.kafka.listener.ContainerProperties.AckMode;
import org.springframework.kafka.listener.GenericMessageListener;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.kafka.support.TopicPartitionOffset;
import org.springframework.kafka.support.converter.MessageConverter;

/**
 * The endpoint of a declared consumer, configured by {@code kaffe.consumers.<name>} as by
 * a {@code @KafkaListener}; properties that are not set are left to the container
 * factory.
 * <p>
 * <b>Threading.</b> Immutable.
 */
final class DeclaredConsumerEndpoint implements KafkaListenerEndpoint {

	private final String name;

	private final KaffeProperties.Consumer consumer;

	private final @Nullable String groupId;

	private final GenericMessageListener<?> listener;

	/**
	 * Create an endpoint.
	 * @param name the consumer's name
	 * @param consumer its properties, with topics or a topic pattern
	 * @param groupId its group, or {@code null} for that of the consumer factory
	 * @param listener its listener
	 */
	DeclaredConsumerEndpoint(String name, KaffeProperties.Consumer consumer, @Nullable String groupId,
			GenericMessageListener<?> listener) {
		this.name = name;
		this.consumer = consumer;
		this.groupId = groupId;
		this.listener = listener;
	}

	@Override
	public String getId() {
		return this.name;
	}

	@Override
	public @Nullable String getGroupId() {
		return this.groupId;
	}

	@Override
	public @Nullable String getGroup() {
		return null;
	}

	@Override
	public Collection<String> getTopics() {
		return List.copyOf(this.consumer.getTopics());
	}

	@Override
	public TopicPartitionOffset @Nullable [] getTopicPartitionsToAssign() {
		return null;
	}

	@Override
	public @Nullable Pattern getTopicPattern() {
		return this.consumer.getTopicPattern();
	}

	@Override
	public @Nullable String getClientIdPrefix() {
		return null;
	}

	@Override
	public @Nullable Integer getConcurrency() {
		return this.consumer.getConcurrency();
	}

	@Override
	public @Nullable Boolean getAutoStartup() {
		return this.consumer.getAutoStartup();
	}

	@Override
	public Properties getConsumerProperties() {
		Properties properties = new Properties();
		this.consumer.getProperties().forEach(properties::setProperty);
		return properties;
	}

	@Override
	public void setupListenerContainer(MessageListenerContainer listenerContainer,
			@Nullable MessageConverter messageConverter) {
		listenerContainer.setupMessageListener(this.listener);
	}

	@Override
	public boolean isSplitIterables() {
		return true;
	}

	/**
	 * Return the ack mode in which a record is completed when its handler returns,
	 * regardless of {@code spring.kafka.listener.ack-mode}: a handler has no
	 * acknowledgment.
	 */
	@Override
	public String getAckMode() {
		return AckMode.BATCH.name();
	}

}
