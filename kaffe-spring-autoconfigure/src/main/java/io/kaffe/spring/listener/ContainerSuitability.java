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

package io.kaffe.spring.listener;

import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.ContainerProperties.AckMode;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.adapter.AsyncRepliesAware;
import org.springframework.kafka.listener.adapter.KafkaBackoffAwareMessageListenerAdapter;

import io.kaffe.spring.delivery.ListenerChain;

/**
 * Looks for what contradicts workers in the set-up of a container.
 */
final class ContainerSuitability {

	private final String name;

	private final AbstractMessageListenerContainer<?, ?> container;

	private final ContainerProperties properties;

	ContainerSuitability(String name, AbstractMessageListenerContainer<?, ?> container) {
		this.name = name;
		this.container = container;
		this.properties = container.getContainerProperties();
	}

	/**
	 * Throw if something contradicts.
	 */
	void check() {
		if (this.container.isRunning()) {
			throw unsuitable("it is running already", "Let it be started by the application context, which starts "
					+ "listener containers after they were given workers.");
		}
		checkListener(this.properties.getMessageListener());
		checkAckMode(this.properties.getAckMode());
		checkAutoCommit();
		checkTransactions();
	}

	private void checkListener(@Nullable Object listener) {
		for (Object target = listener; target != null; target = ListenerChain.delegateOf(target)) {
			if (target instanceof KafkaBackoffAwareMessageListenerAdapter) {
				throw unsuitable("its listener is annotated with @RetryableTopic, which seeks on the consumer thread",
						"Remove @RetryableTopic: workers try failed records again themselves, in order, without "
								+ "holding up others. Or leave the listener without workers: out of 'kaffe.consumers', and "
								+ "without containerFactory = \"kaffeListenerContainerFactory\".");
			}
		}
		if (listener instanceof BatchMessageListener) {
			checkBatchListener(ListenerChain.targetOf(listener));
		}
		else if (!(listener instanceof MessageListener)) {
			throw unsuitable(
					"its listener is none for records or batches of records, but "
							+ ((listener != null) ? "a " + listener.getClass().getName() : "missing"),
					"Give it a MessageListener or a BatchMessageListener.");
		}
	}

	private void checkBatchListener(Object target) {
		if (target instanceof AsyncRepliesAware async && async.isAsyncReplies()) {
			throw unsuitable(
					"its listener takes batches and is asynchronous (it returns a future, a Mono or is a suspend "
							+ "function)",
					"Return when the batch is handled: a worker may block without holding up other workers. Or use "
							+ "a listener for single records, which may be asynchronous.");
		}
	}

	private void checkAckMode(AckMode ackMode) {
		switch (ackMode) {
			case BATCH, MANUAL, MANUAL_IMMEDIATE -> {
			}
			case RECORD, TIME, COUNT,
					COUNT_TIME ->
				throw unsuitable("its AckMode is " + ackMode + ", which makes the container commit",
						"Leave 'spring.kafka.listener.ack-mode' out (BATCH) and set how often workers commit with "
								+ "'kaffe.consumers." + this.name + ".commit.interval', or use MANUAL or "
								+ "MANUAL_IMMEDIATE if the listener acknowledges records itself.");
		}
	}

	private void checkAutoCommit() {
		Object autoCommit = ConsumerAdopter.consumerConfiguration(this.container)
			.get(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG);
		if (autoCommit != null && Boolean.parseBoolean(autoCommit.toString())) {
			throw unsuitable("its consumers have auto-commit switched on, which commits records that are not handled",
					"Remove 'enable.auto.commit' ('spring.kafka.consumer.enable-auto-commit') or set it to false.");
		}
	}

	@SuppressWarnings("removal")
	private void checkTransactions() {
		if (this.properties.getKafkaAwareTransactionManager() != null
				|| this.properties.getTransactionManager() != null) {
			throw unsuitable(
					"it has a Kafka transaction manager, which commits a poll when it is handed over, before "
							+ "it is handled",
					"Use containerFactory = \"kaffeListenerContainerFactory\", which leaves it out, or another "
							+ "container factory without a transaction manager. With Spring Boot, every container gets "
							+ "one as soon as 'spring.kafka.producer.transaction-id-prefix' is set.");
		}
	}

	private UnsuitableContainerException unsuitable(String why, String action) {
		return new UnsuitableContainerException(
				"Listener container '" + this.name + "' cannot be given Kaffe workers: " + why + ".", action);
	}

}
