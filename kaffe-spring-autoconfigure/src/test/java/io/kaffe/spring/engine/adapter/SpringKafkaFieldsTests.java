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

package io.kaffe.spring.engine.adapter;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.context.ApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.kafka.config.AbstractKafkaListenerContainerFactory;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.adapter.FilteringBatchMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.FilteringMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.kafka.support.ExceptionMatcher;
import org.springframework.util.ReflectionUtils;
import org.springframework.util.backoff.BackOff;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SpringKafkaFields}: a new version of Spring Kafka in which one of the
 * fields is missing, or has become accessible, fails here first.
 */
class SpringKafkaFieldsTests {

	private static final RecordFilterStrategy<Object, Object> FILTER = (record) -> false;

	@ParameterizedTest
	@CsvSource({ "listener.AbstractMessageListenerContainer, consumerFactory, core.ConsumerFactory",
			"config.AbstractKafkaListenerContainerFactory, containerCustomizer, config.ContainerCustomizer",
			"listener.adapter.MessagingMessageListenerAdapter, handlerMethod, listener.adapter.HandlerAdapter",
			"listener.adapter.RecordMessagingMessageListenerAdapter, errorHandler, listener.KafkaListenerErrorHandler",
			"listener.FailedRecordProcessor, failureTracker, listener.FailedRecordTracker",
			"listener.FailedRecordTracker, recoverer, listener.ConsumerAwareRecordRecoverer",
			"listener.ExceptionClassifier, exceptionMatcher, listener.ExceptionClassifier$ExtendedExceptionMatcher",
			"listener.adapter.BatchMessagingMessageListenerAdapter, batchToRecordAdapter, listener.adapter.BatchToRecordAdapter",
			"listener.adapter.HandlerAdapter, delegatingHandler, listener.adapter.DelegatingInvocableHandler",
			"listener.adapter.AbstractFilteringMessageListener, recordFilterStrategy, listener.adapter.RecordFilterStrategy" })
	void fieldIsThere(String type, String name, String expected) throws ClassNotFoundException {
		Field field = Objects
			.requireNonNull(ReflectionUtils.findField(Class.forName("org.springframework.kafka." + type), name));
		assertThat(field.getType()).isEqualTo(Class.forName("org.springframework.kafka." + expected));
		assertThat(Modifier.isPublic(field.getModifiers())).isFalse();
	}

	@Test
	void otherFieldsAreThere() throws ClassNotFoundException {
		assertThat(ReflectionUtils.findField(Class.forName("org.springframework.kafka.listener.adapter.HandlerAdapter"),
				"invokerHandlerMethod"))
			.isNotNull();
		assertThat(ReflectionUtils.findField(AbstractMessageListenerContainer.class, "applicationContext",
				ApplicationContext.class))
			.isNotNull();
		assertThat(ReflectionUtils.findField(FilteringBatchMessageListenerAdapter.class, "ackDiscarded", boolean.class))
			.isNotNull();
		assertThat(ReflectionUtils.findField(DefaultErrorHandler.class, "userBackOffFunction", BiFunction.class))
			.isNotNull();
		assertThat(ReflectionUtils.findField(ExceptionMatcher.class, "entries", Map.class)).isNotNull();
		assertThat(ReflectionUtils.findField(ExceptionMatcher.class, "defaultMatch", boolean.class)).isNotNull();
		Class<?> tracker = Class.forName("org.springframework.kafka.listener.FailedRecordTracker");
		assertThat(ReflectionUtils.findField(tracker, "backOff", BackOff.class)).isNotNull();
		assertThat(ReflectionUtils.findField(tracker, "retryListeners", List.class)).isNotNull();
	}

	@Test
	void whatTheyHoldIsRead() {
		ConsumerFactory<Object, Object> factory = new DefaultKafkaConsumerFactory<>(Map.of());
		assertThat(SpringKafkaFields
			.consumerFactory(new ConcurrentMessageListenerContainer<>(factory, new ContainerProperties("orders"))))
			.isSameAs(factory);
		ConcurrentMessageListenerContainer<Object, Object> container = new ConcurrentMessageListenerContainer<>(factory,
				new ContainerProperties("orders"));
		assertThat(SpringKafkaFields.applicationContext(container)).isNull();
		ApplicationContext context = new GenericApplicationContext();
		container.setApplicationContext(context);
		assertThat(SpringKafkaFields.applicationContext(container)).isSameAs(context);
		AbstractKafkaListenerContainerFactory<?, Object, Object> containers = new ConcurrentKafkaListenerContainerFactory<>();
		assertThat(SpringKafkaFields.containerCustomizer(containers)).isNull();
		MessageListener<Object, Object> listener = (record) -> {
		};
		assertThat(SpringKafkaFields.recordFilterStrategy(new FilteringMessageListenerAdapter<>(listener, FILTER)))
			.isSameAs(FILTER);
		BatchMessageListener<Object, Object> batchListener = (records) -> {
		};
		FilteringBatchMessageListenerAdapter<Object, Object> filtering = new FilteringBatchMessageListenerAdapter<>(
				batchListener, FILTER, true);
		assertThat(SpringKafkaFields.recordFilterStrategy(filtering)).isSameAs(FILTER);
		assertThat(SpringKafkaFields.acknowledgesDiscarded(filtering)).isTrue();
	}

	@Test
	void customizerIsRead() {
		ConcurrentKafkaListenerContainerFactory<Object, Object> containers = new ConcurrentKafkaListenerContainerFactory<>();
		ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> customizer = (
				container) -> {
		};
		containers.setContainerCustomizer(customizer);
		assertThat(SpringKafkaFields.containerCustomizer(containers)).isSameAs(customizer);
	}

}
