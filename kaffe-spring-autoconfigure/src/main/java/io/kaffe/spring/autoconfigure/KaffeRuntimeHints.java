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

import org.apache.kafka.clients.consumer.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.kafka.config.AbstractKafkaListenerContainerFactory;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.ExceptionClassifier;
import org.springframework.kafka.listener.FailedRecordProcessor;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.listener.adapter.BatchMessagingMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.HandlerAdapter;
import org.springframework.kafka.listener.adapter.MessagingMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.RecordMessagingMessageListenerAdapter;
import org.springframework.kafka.support.ExceptionMatcher;

import io.kaffe.spring.engine.adapter.AsyncHandlerAdapter;
import io.kaffe.spring.engine.worker.Worker;

/**
 * Runtime hints for native images: members used by reflection, proxies, and resources.
 * Spring Boot registers the hints of properties, failure analyzers and the endpoint's
 * types.
 */
final class KaffeRuntimeHints implements RuntimeHintsRegistrar {

	@Override
	public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
		hints.resources().registerPattern("io/kaffe/spring/actuate/page/*");
		hints.resources().registerPattern("io/kaffe/spring/once/jdbc/*");
		hints.proxies().registerJdkProxy(Consumer.class).registerJdkProxy(ConsumerFactory.class);
		hints.reflection()
			.registerType(Consumer.class, MemberCategory.INVOKE_PUBLIC_METHODS)
			.registerType(ConsumerFactory.class, MemberCategory.INVOKE_PUBLIC_METHODS)
			.registerType(AbstractMessageListenerContainer.class, (type) -> type.withField("consumerFactory"))
			.registerType(ConcurrentMessageListenerContainer.class)
			.registerType(KafkaMessageListenerContainer.class)
			.registerType(MessagingMessageListenerAdapter.class,
					(type) -> type.withField("handlerMethod").withField("errorHandler"))
			.registerType(BatchMessagingMessageListenerAdapter.class, (type) -> type.withField("batchToRecordAdapter"))
			.registerType(HandlerAdapter.class,
					(type) -> type.withField("delegatingHandler").withField("invokerHandlerMethod"))
			.registerType(RecordMessagingMessageListenerAdapter.class)
			.registerType(AsyncHandlerAdapter.class)
			.registerType(AbstractKafkaListenerContainerFactory.class, (type) -> type.withField("containerCustomizer"))
			.registerType(ConcurrentKafkaListenerContainerFactory.class)
			.registerType(FailedRecordProcessor.class,
					(type) -> type.withField("failureTracker").withField("userBackOffFunction"))
			.registerType(ExceptionClassifier.class, (type) -> type.withField("exceptionMatcher"))
			.registerType(ExceptionMatcher.class, (type) -> type.withField("entries").withField("defaultMatch"))
			.registerType(DefaultErrorHandler.class, MemberCategory.INVOKE_PUBLIC_METHODS)
			.registerTypeIfPresent(classLoader, "org.springframework.kafka.listener.FailedRecordTracker",
					(type) -> type.withField("backOff").withField("recoverer").withField("retryListeners"));
		// Variable handles of a worker and its superclasses look fields up by their
		// names.
		for (Class<?> type = Worker.class; type != Object.class; type = type.getSuperclass()) {
			hints.reflection().registerType(type, MemberCategory.ACCESS_DECLARED_FIELDS);
		}
	}

}
