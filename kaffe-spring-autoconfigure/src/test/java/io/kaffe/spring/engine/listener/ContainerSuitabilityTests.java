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
import java.util.List;
import java.util.Map;
import java.util.Objects;

import org.aopalliance.intercept.MethodInterceptor;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.listener.AcknowledgingConsumerAwareMessageListener;
import org.springframework.kafka.listener.AcknowledgingMessageListener;
import org.springframework.kafka.listener.BatchAcknowledgingMessageListener;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.ContainerProperties.AckMode;
import org.springframework.kafka.listener.DelegatingMessageListener;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.adapter.AsyncRepliesAware;
import org.springframework.kafka.listener.adapter.FilteringBatchMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.FilteringMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.HandlerAdapter;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.kafka.listener.adapter.RecordMessagingMessageListenerAdapter;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.kafka.transaction.KafkaTransactionManager;
import org.springframework.messaging.handler.invocation.InvocableHandlerMethod;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.AbstractPlatformTransactionManager;
import org.springframework.transaction.support.DefaultTransactionStatus;
import org.springframework.util.ReflectionUtils;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

/**
 * Tests for {@link ContainerSuitability}: listeners that delegate to others, and settings
 * that do not count.
 */
class ContainerSuitabilityTests {

	private static final RecordFilterStrategy<Object, Object> FILTER = (record) -> false;

	private static final MessageListener<Object, Object> SIMPLE = (record) -> {
	};

	private final ContainerProperties properties = new ContainerProperties("orders");

	@Test
	void filterIsGivenAnAcknowledgmentForTheListenerThatItDelegatesTo() {
		assertUnableToAcknowledge(new FilteringMessageListenerAdapter<>(SIMPLE, FILTER), SIMPLE.getClass().getName());
		AcknowledgingMessageListener<Object, Object> acknowledging = (record, acknowledgment) -> {
		};
		assertSuitable(AckMode.MANUAL, new FilteringMessageListenerAdapter<>(acknowledging, FILTER));
	}

	@Test
	void filterOfBatchesIsGivenAnAcknowledgmentForTheListenerThatItDelegatesTo() {
		BatchMessageListener<Object, Object> simple = (records) -> {
		};
		assertUnableToAcknowledge(new FilteringBatchMessageListenerAdapter<>(simple, FILTER),
				simple.getClass().getName());
		BatchAcknowledgingMessageListener<Object, Object> acknowledging = (records, acknowledgment) -> {
		};
		assertSuitable(AckMode.MANUAL, new FilteringBatchMessageListenerAdapter<>(acknowledging, FILTER));
	}

	@Test
	void proxyIsGivenAnAcknowledgmentForItsTarget() {
		assertUnableToAcknowledge(proxy(adapter("handle")), getClass().getName() + ".handle");
		assertSuitable(AckMode.MANUAL, proxy(adapter("acknowledge")));
	}

	@Test
	void listenerThatDoesMoreThanPassOnAcknowledgesItself() {
		assertSuitable(AckMode.MANUAL, new AcknowledgingAround());
	}

	@Test
	void asynchronousListenerOfBatchesIsRefused() {
		assertRefused(AckMode.BATCH, new AsynchronousBatches(),
				"its listener takes batches and is asynchronous, but no method of a @KafkaListener");
	}

	@Test
	void transactionsAreRefusedIfTheListenerAcknowledges() {
		useTransactions();
		AcknowledgingMessageListener<Object, Object> acknowledging = (record, acknowledgment) -> {
		};
		assertSuitable(AckMode.RECORD, SIMPLE);
		assertRefused(AckMode.MANUAL, acknowledging, "it has a Kafka transaction manager, and its AckMode is MANUAL");
	}

	@Test
	void transactionsAreRefusedIfTheListenerIsAsynchronous() {
		useTransactions();
		MessageListener<Object, Object> async = new AsynchronousRecords();
		assertRefused(AckMode.BATCH, async, "it has a Kafka transaction manager, and its listener is asynchronous");
	}

	@Test
	void transactionsAreRefusedIfCommitsDoNotSayWhatIsComplete() {
		useTransactions();
		this.properties.setMessageListener(SIMPLE);
		assertThatExceptionOfType(UnsuitableContainerException.class).isThrownBy(() -> check(false))
			.withMessageContaining("'kaffe.consumers.orders.commit.completed-offsets' is false");
	}

	@Test
	@SuppressWarnings("removal")
	void transactionManagerThatMayBeNoneOfKafkasIsRefused() {
		this.properties.setTransactionManager(new OtherTransactionManager());
		assertRefused(AckMode.BATCH, SIMPLE, "was set with the deprecated setTransactionManager");
	}

	private void useTransactions() {
		DefaultKafkaProducerFactory<Object, Object> factory = new DefaultKafkaProducerFactory<>(Map.of());
		factory.setTransactionIdPrefix("orders-");
		this.properties.setKafkaAwareTransactionManager(new KafkaTransactionManager<>(factory));
	}

	@Test
	void configuredDeserializersDoNotCountIfTheFactoryHasSome() {
		Map<String, Object> configuration = Map.of(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, "no.such.Keys",
				ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, "no.such.Values");
		StringDeserializer deserializer = new StringDeserializer();
		assertThatNoException().isThrownBy(() -> checkClientSettings(configuration, deserializer, deserializer));
		assertThatExceptionOfType(UnsuitableContainerException.class)
			.isThrownBy(() -> checkClientSettings(configuration, null, deserializer))
			.withMessageContaining("Kafka refuses the setting 'key.deserializer' of consumer 'orders'");
		assertThatExceptionOfType(UnsuitableContainerException.class)
			.isThrownBy(() -> checkClientSettings(configuration, deserializer, null))
			.withMessageContaining("Kafka refuses the setting 'value.deserializer' of consumer 'orders'");
	}

	private void checkClientSettings(Map<String, Object> configuration, @Nullable Deserializer<String> keyDeserializer,
			@Nullable Deserializer<String> valueDeserializer) {
		new ContainerSuitability("orders",
				new ContainerFacts(new KafkaMessageListenerContainer<>(
						new DefaultKafkaConsumerFactory<>(configuration, keyDeserializer, valueDeserializer),
						this.properties)))
			.checkClientSettings();
	}

	private void assertUnableToAcknowledge(Object listener, String unable) {
		assertRefused(AckMode.MANUAL, listener,
				unable + " is given no Acknowledgment, so that nothing would ever be committed");
	}

	private void assertRefused(AckMode ackMode, Object listener, String why) {
		assertThatExceptionOfType(UnsuitableContainerException.class).isThrownBy(() -> check(ackMode, listener))
			.withMessageStartingWith("Listener container 'orders' cannot be given Kaffe workers: ")
			.withMessageContaining(why);
	}

	private void assertSuitable(AckMode ackMode, Object listener) {
		assertThatNoException().isThrownBy(() -> check(ackMode, listener));
	}

	private void check(AckMode ackMode, Object listener) {
		this.properties.setAckMode(ackMode);
		this.properties.setMessageListener(listener);
		check(true);
	}

	private void check(boolean completedOffsets) {
		new ContainerSuitability("orders", new ContainerFacts(
				new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(Map.of()), this.properties)))
			.check(completedOffsets);
	}

	private Object adapter(String name) {
		Method method = Objects.requireNonNull(ReflectionUtils.findMethod(getClass(), name, (Class<?>[]) null));
		RecordMessagingMessageListenerAdapter<Object, Object> adapter = new RecordMessagingMessageListenerAdapter<>(
				this, method);
		adapter.setHandlerMethod(new HandlerAdapter(new InvocableHandlerMethod(this, method)));
		return adapter;
	}

	void handle(String order) {
	}

	void acknowledge(String order, Acknowledgment acknowledgment) {
	}

	private static Object proxy(Object target) {
		ProxyFactory factory = new ProxyFactory(AcknowledgingConsumerAwareMessageListener.class,
				(MethodInterceptor) (invocation) -> invocation.proceed());
		factory.setTarget(target);
		return factory.getProxy();
	}

	/**
	 * An application's own, which acknowledges when the one that it calls has returned.
	 */
	private static final class AcknowledgingAround implements AcknowledgingMessageListener<Object, Object>,
			DelegatingMessageListener<MessageListener<Object, Object>> {

		@Override
		public void onMessage(ConsumerRecord<Object, Object> record, @Nullable Acknowledgment acknowledgment) {
			SIMPLE.onMessage(record);
			Objects.requireNonNull(acknowledgment).acknowledge();
		}

		@Override
		public MessageListener<Object, Object> getDelegate() {
			return SIMPLE;
		}

	}

	private static final class AsynchronousRecords implements MessageListener<Object, Object>, AsyncRepliesAware {

		@Override
		public void onMessage(ConsumerRecord<Object, Object> record) {
		}

		@Override
		public boolean isAsyncReplies() {
			return true;
		}

	}

	private static final class AsynchronousBatches implements BatchMessageListener<Object, Object>, AsyncRepliesAware {

		@Override
		public void onMessage(List<ConsumerRecord<Object, Object>> records) {
		}

		@Override
		public boolean isAsyncReplies() {
			return true;
		}

	}

	private static final class OtherTransactionManager extends AbstractPlatformTransactionManager {

		@Override
		protected Object doGetTransaction() {
			return this;
		}

		@Override
		protected void doBegin(Object transaction, TransactionDefinition definition) {
		}

		@Override
		protected void doCommit(DefaultTransactionStatus status) {
		}

		@Override
		protected void doRollback(DefaultTransactionStatus status) {
		}

	}

}
