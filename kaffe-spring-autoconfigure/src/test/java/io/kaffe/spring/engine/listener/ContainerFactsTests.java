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
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.regex.Pattern;

import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.ContainerProperties.AckMode;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.adapter.HandlerAdapter;
import org.springframework.kafka.listener.adapter.RecordMessagingMessageListenerAdapter;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.support.TopicPartitionOffset;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.invocation.InvocableHandlerMethod;
import org.springframework.util.ReflectionUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ContainerFacts}.
 */
class ContainerFactsTests {

	@Test
	void containerWithTopicsIsAssignedItsPartitionsByItsGroup() {
		ContainerProperties properties = new ContainerProperties("orders", "refunds");
		properties.setGroupId("shop");
		ContainerFacts facts = facts(properties, Map.of());
		assertThat(facts.groupId()).isEqualTo("shop");
		assertThat(facts.isInGroup()).isTrue();
		assertThat(facts.assignsManually()).isFalse();
		assertThat(facts.topics()).containsExactlyInAnyOrder("orders", "refunds");
		assertThat(facts.subscription().groupId()).isEqualTo("shop");
		assertThat(facts.subscription().topics()).containsExactlyInAnyOrder("orders", "refunds");
		assertThat(facts.subscription().consumed()).accepts("orders", "refunds").rejects("payments");
	}

	@Test
	void containerWithPartitionsAssignsThemItselfAndNeedsNoGroup() {
		ContainerFacts facts = facts(new ContainerProperties(new TopicPartitionOffset("orders", 0),
				new TopicPartitionOffset("orders", 1), new TopicPartitionOffset("refunds", 0)), Map.of());
		assertThat(facts.groupId()).isNull();
		assertThat(facts.isInGroup()).isFalse();
		assertThat(facts.assignsManually()).isTrue();
		assertThat(facts.topics()).containsExactlyInAnyOrder("orders", "refunds");
	}

	@Test
	void containerWithAPatternNamesNoTopic() {
		ContainerFacts facts = facts(new ContainerProperties(Pattern.compile("orders-.*")), Map.of());
		assertThat(facts.topics()).isEmpty();
		assertThat(facts.subscription().topics()).isEmpty();
		assertThat(facts.subscription().consumed()).accepts("orders-eu").rejects("orders", "refunds");
	}

	@Test
	void deliveriesAreTimedUnlessTheyAreObserved() {
		ContainerProperties properties = new ContainerProperties("orders");
		properties.setMessageListener((MessageListener<Object, Object>) (record) -> {
		});
		ContainerFacts facts = facts(properties, Map.of());
		ContainerProperties container = facts.container().getContainerProperties();
		assertThat(facts.isTimed()).isTrue();
		assertThat(facts.isObserved()).isFalse();
		container.setObservationEnabled(true);
		assertThat(facts.isTimed()).isFalse();
		assertThat(facts.isObserved()).isTrue();
		container.setMessageListener((BatchMessageListener<Object, Object>) (records) -> {
		});
		assertThat(facts.isTimed()).as("batches are not observed by default").isTrue();
		assertThat(facts.isObserved()).isFalse();
		container.setRecordObservationsInBatch(true);
		assertThat(facts.isTimed()).isFalse();
		assertThat(facts.isObserved()).isTrue();
		container.setObservationEnabled(false);
		assertThat(facts.isTimed()).isTrue();
		container.setMicrometerEnabled(false);
		assertThat(facts.isTimed()).isFalse();
	}

	@Test
	void listenerAcknowledgesInTwoModes() {
		for (AckMode mode : AckMode.values()) {
			ContainerProperties properties = new ContainerProperties("orders");
			properties.setAckMode(mode);
			assertThat(facts(properties, Map.of()).isManual()).as(mode.name())
				.isEqualTo(mode == AckMode.MANUAL || mode == AckMode.MANUAL_IMMEDIATE);
		}
	}

	@Test
	void clientSettingsAreThoseOfTheContainerThenOfTheFactoryThenKafkasOwn() {
		ContainerProperties properties = new ContainerProperties("orders");
		Properties overrides = new Properties();
		overrides.setProperty(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "7");
		properties.setKafkaConsumerProperties(overrides);
		ContainerFacts facts = facts(properties,
				Map.of(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 8, ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, "60000"));
		assertThat(facts.maxPollRecords()).isEqualTo(7);
		assertThat(facts.maxPollInterval()).isEqualTo(Duration.ofMinutes(1));
		assertThat(facts.consumerConfiguration()).containsEntry(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "7");
		ContainerFacts plain = facts(new ContainerProperties("orders"), Map.of());
		assertThat(plain.maxPollRecords()).isEqualTo(500);
		assertThat(plain.maxPollInterval()).isEqualTo(Duration.ofMinutes(5));
	}

	@Test
	void commitThatIsRefusedIsRetriedForAHeartbeatOfTheConsumerProtocol() {
		ContainerProperties properties = new ContainerProperties("orders");
		assertThat(facts(properties, Map.of()).refusalPatience()).isZero();
		assertThat(facts(properties, Map.of(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "classic")).refusalPatience())
			.isZero();
		assertThat(facts(properties, Map.of(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "CONSUMER")).refusalPatience())
			.isEqualTo(Duration.ofSeconds(6));
	}

	@Test
	void pauseIsRequestedOfAPartitionOrOfTheContainer() {
		KafkaMessageListenerContainer<Object, Object> container = container(new ContainerProperties("orders"),
				Map.of());
		ContainerFacts facts = new ContainerFacts(container);
		TopicPartition partition = new TopicPartition("orders", 0);
		assertThat(facts.isPauseRequested(partition)).isFalse();
		container.pausePartition(partition);
		assertThat(facts.isPauseRequested(partition)).isTrue();
		assertThat(facts.isPauseRequested(new TopicPartition("orders", 1))).isFalse();
		container.resumePartition(partition);
		container.pause();
		assertThat(facts.isPauseRequested(partition)).isTrue();
	}

	@Test
	void attemptsAreAskedForByTheContainer() {
		ContainerProperties properties = new ContainerProperties("orders");
		properties.setMessageListener((MessageListener<Object, Object>) (record) -> {
		});
		assertThat(facts(properties, Map.of()).asksForAttempts()).isFalse();
		assertThat(facts(properties, Map.of()).seekAware()).isNull();
		properties.setDeliveryAttemptHeader(true);
		assertThat(facts(properties, Map.of()).asksForAttempts()).isTrue();
	}

	@Test
	void attemptsAreAskedForByAParameterOfAMethod() {
		assertThat(listening(new Counting()).asksForAttempts()).isTrue();
		assertThat(listening(new Plain()).asksForAttempts()).isFalse();
	}

	@Test
	void listenerThatSeeksIsTheListenerOrTheObjectWhoseMethodsItCalls() {
		Counting seeking = new Counting();
		assertThat(listening(seeking).seekAware()).isSameAs(seeking);
		assertThat(listening(new Plain()).seekAware()).isNull();
		ContainerProperties properties = new ContainerProperties("orders");
		Seeking listener = new Seeking();
		properties.setMessageListener(listener);
		assertThat(facts(properties, Map.of()).seekAware()).isSameAs(listener);
		properties.setMessageListener(new RecordMessagingMessageListenerAdapter<>(null, null));
		assertThat(facts(properties, Map.of()).seekAware()).as("an adapter that calls nothing").isNull();
	}

	/**
	 * Return facts of a container that has a bean's method for a listener.
	 */
	private static ContainerFacts listening(Object bean) {
		Method method = Objects
			.requireNonNull(ReflectionUtils.findMethod(bean.getClass(), "handle", (Class<?>[]) null));
		RecordMessagingMessageListenerAdapter<Object, Object> adapter = new RecordMessagingMessageListenerAdapter<>(
				bean, method);
		adapter.setHandlerMethod(new HandlerAdapter(new InvocableHandlerMethod(bean, method)));
		ContainerProperties properties = new ContainerProperties("orders");
		properties.setMessageListener(adapter);
		return facts(properties, Map.of());
	}

	private static ContainerFacts facts(ContainerProperties properties, Map<String, Object> configuration) {
		return new ContainerFacts(container(properties, configuration));
	}

	private static KafkaMessageListenerContainer<Object, Object> container(ContainerProperties properties,
			Map<String, Object> configuration) {
		return new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(configuration), properties);
	}

	static class Counting implements ConsumerSeekAware {

		void handle(String order, @Header(KafkaHeaders.DELIVERY_ATTEMPT) int attempt) {
		}

	}

	static class Plain {

		void handle(String order, @Header(KafkaHeaders.OFFSET) long offset) {
		}

	}

	private static final class Seeking implements MessageListener<Object, Object>, ConsumerSeekAware {

		@Override
		public void onMessage(ConsumerRecord<Object, Object> record) {
		}

	}

}
