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

import java.lang.reflect.Method;
import java.util.Map;
import java.util.TreeMap;

import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.ContainerProperties.AckMode;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.kafka.listener.ListenerUtils;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.adapter.AsyncRepliesAware;
import org.springframework.kafka.listener.adapter.BatchMessagingMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.FilteringBatchMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.FilteringMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.HandlerAdapter;
import org.springframework.kafka.listener.adapter.KafkaBackoffAwareMessageListenerAdapter;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.util.ClassUtils;

import io.kaffe.spring.engine.adapter.ListenerChain;
import io.kaffe.spring.engine.adapter.SpringKafkaFields;

/**
 * Checks for what contradicts workers in the set-up of a container.
 */
final class ContainerSuitability {

	private final String name;

	private final ContainerFacts facts;

	private final ContainerProperties properties;

	ContainerSuitability(String name, ContainerFacts facts) {
		this.name = name;
		this.facts = facts;
		this.properties = facts.container().getContainerProperties();
	}

	/**
	 * Throw if Kafka would refuse a client setting, which it would do when the container
	 * starts, without a word about whose setting it is.
	 */
	void checkClientSettings() {
		if (!(this.facts.consumerFactory() instanceof DefaultKafkaConsumerFactory<?, ?> factory)) {
			return;
		}
		Map<String, Object> settings = new TreeMap<>(this.facts.consumerConfiguration());
		if (factory.getKeyDeserializer() != null) {
			settings.remove(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG);
		}
		if (factory.getValueDeserializer() != null) {
			settings.remove(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG);
		}
		settings.forEach(this::checkClientSetting);
	}

	private void checkClientSetting(String setting, Object value) {
		ConfigDef.ConfigKey definition = ConsumerConfig.configDef().configKeys().get(setting);
		if (definition == null) {
			return;
		}
		try {
			new ConfigDef().define(definition).parse(Map.of(setting, value));
		}
		catch (ConfigException ex) {
			throw new UnsuitableContainerException(
					"Kafka refuses the setting '" + setting + "' of consumer '" + this.name + "': " + ex.getMessage(),
					"Correct it where it is set: below 'spring.kafka.consumer' or 'spring.kafka.properties', with the "
							+ "listener or the declared consumer, or in the ConsumerFactory bean.");
		}
	}

	/**
	 * Throw if something contradicts.
	 * @param completedOffsets whether commits say what is complete above their offsets
	 */
	void check(boolean completedOffsets) {
		if (this.facts.container().isRunning()) {
			throw unsuitable("it is running already", "Let it be started by the application context, which starts "
					+ "listener containers after they were given workers.");
		}
		Object listener = checkListener(this.properties.getMessageListener());
		checkAckMode(this.properties.getAckMode(), listener);
		checkAutoCommit();
		checkTransactions(ListenerChain.targetOf(listener), completedOffsets);
	}

	private Object checkListener(@Nullable Object listener) {
		for (Object target = listener; target != null; target = ListenerChain.delegateOf(target)) {
			if (target instanceof KafkaBackoffAwareMessageListenerAdapter) {
				throw retriedByTopics(ListenerChain.targetOf(target));
			}
		}
		if (listener instanceof BatchMessageListener) {
			checkBatchListener(ListenerChain.targetOf(listener));
		}
		else if (!(listener instanceof MessageListener)) {
			throw unsuitable(
					"its listener is none for records or batches of records, but "
							+ ((listener != null) ? "a " + listener.getClass().getName() : "missing"),
					"Give it a MessageListener or a BatchMessageListener, before the application context starts.");
		}
		return listener;
	}

	private UnsuitableContainerException retriedByTopics(Object target) {
		HandlerAdapter handler = ContainerFacts.handler(target);
		String mainListener = this.facts.container().getMainListenerId();
		String why;
		String remedy;
		if (mainListener != null) {
			why = "it is for a retry topic of listener '" + mainListener + "', so that it";
			remedy = "Remove @RetryableTopic from that listener, or its topics from the RetryTopicConfiguration bean";
		}
		else if (handler != null && new ListenerMethods(handler).isRetryable()) {
			why = "its listener is annotated with @RetryableTopic, which";
			remedy = "Remove @RetryableTopic";
		}
		else {
			why = "a RetryTopicConfiguration bean is for its topics " + this.facts.topics() + ", which";
			remedy = "Exclude these topics from the RetryTopicConfiguration bean, or remove that bean";
		}
		return unsuitable(why + " seeks on the consumer thread", remedy
				+ ": workers try failed records again themselves, in order, without holding up others. Or leave the "
				+ "listener without workers: out of 'kaffe.consumers', and without containerFactory = "
				+ "\"kaffeListenerContainerFactory\".");
	}

	private void checkBatchListener(Object target) {
		if (!(target instanceof AsyncRepliesAware async) || !async.isAsyncReplies()) {
			return;
		}
		if (!(target instanceof BatchMessagingMessageListenerAdapter<?, ?> adapter)) {
			throw unsuitable("its listener takes batches and is asynchronous, but no method of a @KafkaListener",
					"Use a method that returns a future or a Mono, or a suspend function.");
		}
		if (SpringKafkaFields.hasBatchToRecordAdapter(adapter)) {
			throw unsuitable(
					"a BatchToRecordAdapter calls its listener for each record of a batch, and the listener is "
							+ "asynchronous (it returns a future, a Mono or is a suspend function)",
					"Use a listener for single records, or for whole batches: both may be asynchronous.");
		}
	}

	private void checkAckMode(AckMode ackMode, Object listener) {
		switch (ackMode) {
			case BATCH, RECORD -> {
			}
			case MANUAL, MANUAL_IMMEDIATE -> checkAcknowledgment(ackMode, listener);
			case TIME, COUNT,
					COUNT_TIME ->
				throw unsuitable("its AckMode is " + ackMode + ", which makes the container commit",
						"Leave 'spring.kafka.listener.ack-mode' out (BATCH) and set how often workers commit with "
								+ "'kaffe.consumers." + this.name + ".commit.interval', or use MANUAL or "
								+ "MANUAL_IMMEDIATE if the listener acknowledges records itself.");
		}
	}

	/**
	 * Refuse a listener that cannot acknowledge anything, so that nothing would ever be
	 * committed. One that is asynchronous is acknowledged when its answer is there.
	 */
	private void checkAcknowledgment(AckMode ackMode, Object listener) {
		Object target = listener;
		for (Object next = listener; next != null; next = passesOn(target) ? ListenerChain.delegateOf(target) : null) {
			target = next;
		}
		if (target instanceof AsyncRepliesAware async && async.isAsyncReplies()) {
			return;
		}
		ListenerType type = ListenerUtils.determineListenerType(target);
		String unable = (type == ListenerType.SIMPLE || type == ListenerType.CONSUMER_AWARE)
				? target.getClass().getName() : methodWithoutAcknowledgment(target);
		if (unable != null) {
			throw unsuitable(
					"its AckMode is " + ackMode + ", but " + unable
							+ " is given no Acknowledgment, so that nothing would ever be committed",
					"Let it take an Acknowledgment, and acknowledge each record. Or leave the AckMode out (BATCH): then "
							+ "a record is completed when the listener returns.");
		}
	}

	/**
	 * Return whether a listener passes on what it is given, and no more.
	 */
	private static boolean passesOn(Object listener) {
		return listener instanceof FilteringMessageListenerAdapter<?, ?>
				|| listener instanceof FilteringBatchMessageListenerAdapter<?, ?> || AopUtils.isAopProxy(listener);
	}

	private static @Nullable String methodWithoutAcknowledgment(Object target) {
		HandlerAdapter handler = ContainerFacts.handler(target);
		Method method = (handler != null) ? new ListenerMethods(handler).withoutAcknowledgment() : null;
		return (method != null) ? ClassUtils.getQualifiedMethodName(method) : null;
	}

	/**
	 * Refuse auto-commit that cannot be switched off for sure: a consumer factory of
	 * another type may not heed the settings of the container.
	 */
	private void checkAutoCommit() {
		Class<?> factory = this.facts.consumerFactory().getClass();
		if (this.facts.isAutoCommit() && factory != DefaultKafkaConsumerFactory.class) {
			throw unsuitable(
					"its consumers have auto-commit switched on, which commits records that are not handled, and its "
							+ "consumer factory, a " + factory.getName() + ", may keep it on",
					"Remove 'enable.auto.commit' ('spring.kafka.consumer.enable-auto-commit') or set it to false.");
		}
	}

	/**
	 * Refuse what cannot be part of a transaction, since it is completed on another
	 * thread, or later, and transaction managers that may be none of Kafka's.
	 */
	@SuppressWarnings("removal")
	private void checkTransactions(Object listener, boolean completedOffsets) {
		PlatformTransactionManager other = this.properties.getTransactionManager();
		if (other != null) {
			throw unsuitable(
					"its transaction manager, a " + other.getClass().getName()
							+ ", was set with the deprecated setTransactionManager",
					"Set one of Kafka's with setKafkaAwareTransactionManager. In place of any other, annotate the "
							+ "listener with @Transactional.");
		}
		if (this.properties.getKafkaAwareTransactionManager() == null) {
			return;
		}
		String why = null;
		String remedy = "Let the listener return when it has handled the record";
		if (listener instanceof AsyncRepliesAware async && async.isAsyncReplies()) {
			why = "its listener is asynchronous (it returns a future, a Mono or is a suspend function), so that what "
					+ "it sends is not part of the transaction";
		}
		else if (this.facts.isManual()) {
			why = "its AckMode is " + this.properties.getAckMode()
					+ ", so that its listener decides when a record is completed, and not the transaction";
			remedy = "Leave 'spring.kafka.listener.ack-mode' out (BATCH)";
		}
		else if (!completedOffsets) {
			why = "'kaffe.consumers." + this.name + ".commit.completed-offsets' is false, so that a commit does not "
					+ "say what is complete above its offset";
			remedy = "Leave that setting out";
		}
		if (why != null) {
			throw unsuitable("it has a Kafka transaction manager, and " + why, remedy
					+ ". Or use containerFactory = \"kaffeListenerContainerFactory\", which leaves the transaction "
					+ "manager out, or another container factory without one. With Spring Boot, every container gets "
					+ "one as soon as 'spring.kafka.producer.transaction-id-prefix' is set.");
		}
	}

	private UnsuitableContainerException unsuitable(String why, String action) {
		return new UnsuitableContainerException(
				"Listener container '" + this.name + "' cannot be given Kaffe workers: " + why + ".", action);
	}

}
